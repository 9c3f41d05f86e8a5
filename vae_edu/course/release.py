"""The student edition on disk: a folder and a zip of it, whole or not at all, and the same bytes every time."""

import ctypes
import hashlib
import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from vae_edu.course.edition import MANIFEST, Files, edition
from vae_edu.course.leaks import Leak, leaks, secrets
from vae_edu.errors import UserError
from vae_edu.files import writable_folder

LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can name
CACHES = {"__pycache__", ".pytest_cache", ".venv", "build", "vae_edu.egg-info"}  # what trying an edition out leaves


@dataclass(frozen=True)
class Release:
    """A student edition as written: where, how many files, and how many secrets were looked for in them."""

    folder: Path
    archive: Path
    files: int
    secrets: int

    @property
    def digest(self) -> str:
        """SHA-256 of the zip."""
        return hashlib.sha256(self.archive.read_bytes()).hexdigest()


def release(project: Path, folder: Path, book: Path | None) -> Release:
    """Write the student edition of the course in `project` to `folder` and to a zip beside it.

    Raises UserError, and leaves what is there as it is, where the edition would give something away, or the place is
    taken by something else than an earlier edition.
    """
    folder = folder.resolve()
    archive = folder.with_name(f"{folder.name}.zip")
    _check_place(folder, archive)
    files, known = edition(project, book), secrets(project)
    _refuse(leaks(files, known))
    _refuse_paths(files, [project.resolve(), Path.home()])
    write(folder, archive, files)
    return Release(folder, archive, len(files), len(known))


def write(folder: Path, archive: Path, files: Files) -> None:
    """Write files to a folder and to a zip; whoever kills this finds either as it was or as it is to be."""
    with _workplace(folder) as work:
        _write_tree(work / "tree", files)
        _write_zip(work / "zip", folder.name, files)
        _put(work / "tree", folder)
        (work / "zip").replace(archive)


def _check_place(folder: Path, archive: Path) -> None:
    """Raise UserError unless folder and zip are free, or an earlier edition that nobody has worked in."""
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file; name a folder for the edition.")
    if folder.exists() and any(folder.iterdir()) and (strange := _strange(folder)):
        raise UserError(f"{folder} is not empty: {strange}. Name another folder, or move that away.")
    if archive.exists() and not _is_edition(archive):
        raise UserError(f"{archive} is there and is no student edition; name another folder, or move it away.")


def _strange(folder: Path) -> str:
    """What in a folder no release has written, in words; nothing in an edition that is as it was written."""
    try:
        written = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return "it holds something else than an earlier edition"
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if CACHES & set(name.parts) or (path.is_dir() and not path.is_symlink()) or str(name) == MANIFEST:
            continue
        if name.as_posix() not in written:
            return f"{name} is not part of the earlier edition"
        if hashlib.sha256(path.read_bytes()).hexdigest() != written[name.as_posix()]:
            return f"{name} was changed since the edition was written"
    return ""


def _is_edition(archive: Path) -> bool:
    try:
        with zipfile.ZipFile(archive) as opened:
            return f"{archive.stem}/{MANIFEST}" in opened.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _refuse(found: Iterable[Leak]) -> None:
    """Raise UserError for the first leak; in a page of the book it means that the book is the instructors'."""
    for leak in found:
        if leak.file.startswith("book/") and leak.what.startswith("an answer"):
            raise UserError(
                f"the book shows solutions: {leak.file.removeprefix('book/')} holds {leak.what}. It was built as the "
                "instructors' edition; `make book` builds the students'. Nothing was written."
            )
        raise UserError(
            f"{leak.file} would give away {leak.what}: {leak.text[:100]!r} (without spaces). Nothing was written."
        )


def _refuse_paths(files: Files, folders: Iterable[Path]) -> None:
    """Raise UserError where a file names a folder of this machine; /root and its like are too short to be evidence."""
    for place in {str(folder) for folder in folders if len(folder.parts) > 2}:
        for name, content in files.items():
            if place.encode() in content:
                raise UserError(f"{name} names {place}, a folder of this machine. Nothing was written.")


@contextmanager
def _workplace(folder: Path) -> Iterator[Path]:
    """A folder beside the edition for what is unfinished; one that a killed run has left is cleared."""
    work = folder.with_name(f".{folder.name}.partial")
    with writable_folder(folder.parent):
        work.mkdir(exist_ok=True)
        lock = FileLock(work / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(f"another run is writing {folder}; wait until it is done.") from None
        try:
            for name in ("tree", "old"):
                shutil.rmtree(work / name, ignore_errors=True)
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
            lock.release()


def _write_tree(tree: Path, files: Files) -> None:
    for name, content in files.items():
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o644)


def _write_zip(path: Path, top: str, files: Files) -> None:
    """A zip with one folder on top, without times, owners or anything else of this machine."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"{top}/{name}", LONG_AGO)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # as on Unix, wherever it is made
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED, 9)


def _put(tree: Path, folder: Path) -> None:
    """Give a finished folder its name; it trades places with what bears it, in one step where that is possible."""
    if folder.exists() and not _trade(tree, folder):
        folder.rename(tree.with_name("old"))
    if tree.exists() and not folder.exists():
        tree.rename(folder)


def _trade(first: Path, second: Path) -> bool:
    """Exchange two folders' names; False where the system cannot do it at once."""
    exchange: Callable[..., int] | None = (
        getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    )
    here, swap = -100, 2  # AT_FDCWD, RENAME_EXCHANGE
    return exchange is not None and exchange(here, os.fsencode(first), here, os.fsencode(second), swap) == 0
