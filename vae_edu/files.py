"""Where data files are looked for, how they are verified, and how results are written: whole or not at all."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs

from vae_edu.errors import UserError


def data_roots(root: str | Path | None = None) -> list[Path]:
    """Folders searched for data, in order: the argument, VAE_EDU_DATA, the user's cache."""
    named = [root, os.environ.get("VAE_EDU_DATA")]
    return [Path(place).expanduser() for place in named if place] + [cache_folder()]


def cache_folder() -> Path:
    """The user's cache folder of this package; it need not exist."""
    return Path(platformdirs.user_cache_dir("vae_edu"))


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(path: Path, expected: str) -> None:
    """Raise UserError unless the file has the expected SHA-256."""
    try:
        found = sha256(path)
    except OSError as error:
        raise UserError(f"{path} could not be read ({error.strerror}); check that it is a file you may read.") from None
    if found != expected:
        raise UserError(
            f"{path} is truncated or not the expected file: SHA-256 begins {found[:12]}, not {expected[:12]} "
            f"({path.stat().st_size:,} bytes); delete it and put the original in its place."
        )


@contextmanager
def written_atomically(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its name if the block succeeds, and vanishes if it does not.

    Raises UserError when the folder cannot be written to.
    """
    with writable_folder(path.parent):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".partial")
        os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)  # mkstemp's files are for their owner alone
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def writable_folder(folder: Path) -> Iterator[None]:
    """Make sure the folder exists; failing to create it or to write inside the block is a UserError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise UserError(
            f"{folder} cannot be written to ({error.strerror}); choose another folder or change its permissions."
        ) from None
