"""How a grading was begun, in its folder's `grading.json`: it goes on in the same way, and by one process at a time."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from vae_edu.errors import UserError
from vae_edu.files import writable_folder, written_atomically

FILE = "grading.json"
LOCK = ".lock"


@dataclass(frozen=True)
class Session:
    """The seed of the hidden inputs; whether it is for practice; by exercise the digests of what was proven to hold."""

    seed: int
    practice: bool
    begun: str
    proven: dict[str, str] = field(default_factory=dict)

    def with_proof(self, out: Path, digests: dict[str, str]) -> "Session":
        """Itself with more proven, and so saved."""
        session = replace(self, proven=self.proven | digests)
        session.save(out)
        return session

    def save(self, out: Path) -> None:
        with written_atomically(out / FILE) as temporary:
            temporary.write_text(json.dumps(asdict(self), indent=1) + "\n", encoding="utf-8")


@contextmanager
def opened(out: Path, seed: int | None, practice: bool) -> Iterator[Session]:
    """The session in the folder `out`, begun or gone on with, which is nobody else's meanwhile.

    Raises UserError when another process is at it, or it was begun in another way.
    """
    if out.is_dir() and not (out / FILE).exists() and any(map(_foreign, out.iterdir())):
        raise UserError(f"{out} is not empty and no grading's folder; name a new folder with --out.")
    lock, fresh = FileLock(out / LOCK), not out.exists()
    with writable_folder(out):
        if fresh:
            out.chmod(0o700)  # the seed is secret, and grades are nobody else's business
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(f"another process is grading into {out}; wait for it, or name another folder.") from None
    try:
        yield _read(out, seed, practice) if (out / FILE).exists() else _begun(out, seed, practice)
    finally:
        lock.release()


def _foreign(entry: Path) -> bool:
    """Whether it is nothing that a kill at the very beginning leaves."""
    return entry.name != LOCK and not entry.name.endswith(".partial")


def _begun(out: Path, seed: int | None, practice: bool) -> Session:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    session = Session(secrets.randbits(53) if seed is None else seed, practice, now)
    session.save(out)
    return session


def _read(out: Path, seed: int | None, practice: bool) -> Session:
    try:
        session = Session(**json.loads((out / FILE).read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        raise UserError(f"{out / FILE} cannot be read; put the original back, or name a new folder.") from None
    if practice != session.practice:
        begun = "for practice" if session.practice else "for grades"
        raise UserError(f"{out} was begun {begun}; go on as it was begun, or name a new folder with --out.")
    if seed not in (None, session.seed):
        raise UserError(f"{out} was begun with another seed; leave --seed out, or name a new folder with --out.")
    return session
