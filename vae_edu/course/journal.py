"""The journal of a grading: one line of JSON for each time a submission was graded, only ever appended.

A line is written whole and reaches the disk before the next submission counts as graded. What a kill leaves of a last
line is dropped when the journal is opened again; everything else the gradebook shows follows from these lines.
"""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from vae_edu.course.scores import Check
from vae_edu.errors import UserError
from vae_edu.files import writable_folder


@dataclass(frozen=True)
class Entry:
    """A submission as it was graded once.

    `exercises` are those graded this time, `checks` their verdicts. By file of these exercises: `sha256` (None where it
    is missing or could not be read), `modified` (UTC) and `suite`, the SHA-256 of hidden tests and reference.
    `notes` are sentences about what was handed in; `flags`, each beginning with a file's name, say what a person has to
    look at.
    """

    submission: str
    origin: str
    graded: str
    sha256: dict[str, str | None]
    modified: dict[str, str]
    exercises: tuple[str, ...]
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    seed: int = 0
    isolation: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    suite: dict[str, str] = field(default_factory=dict)

    def line(self) -> bytes:
        """Itself as a line of the journal."""
        return (json.dumps(asdict(self)) + "\n").encode("ascii")

    @classmethod
    def of_line(cls, line: bytes) -> "Entry":
        """The entry of a line. Raises ValueError or TypeError when it is none."""
        values = json.loads(line)
        lists = {name: tuple(values[name]) for name in ("exercises", "notes", "flags")}
        return cls(**{**values, **lists, "checks": tuple(Check(**check) for check in values["checks"])})


class Journal:
    """The file, and where each submission stands by it."""

    def __init__(self, path: Path) -> None:
        """Read what is there. Raises UserError when it is no journal."""
        self.path = path
        self.entries: list[Entry] = []
        whole = b""
        content = path.read_bytes() if path.exists() else b""
        for number, line in enumerate(content.splitlines(keepends=True), start=1):
            if not line.endswith(b"\n"):
                break
            try:
                self.entries.append(Entry.of_line(line))
            except (ValueError, TypeError, KeyError):
                raise UserError(
                    f"line {number} of {path} is not a line of a grading's journal; put the original back, or name "
                    "another folder with --out."
                ) from None
            whole += line
        if len(whole) < len(content):
            with path.open("r+b") as file:
                file.truncate(len(whole))

    def append(self, entry: Entry) -> None:
        """Write an entry, whole and to the disk. Raises UserError when it cannot be, as on a full disk."""
        with writable_folder(self.path.parent), self.path.open("ab") as file:
            file.write(entry.line())
            file.flush()  # which writes all of it or fails, as one unbuffered write does not
            os.fsync(file.fileno())
        self.entries.append(entry)

    def standing(self, order: Sequence[str]) -> dict[str, Entry]:
        """Of each submission its last entry, with the checks of each exercise from the last entry that graded it.

        By name; exercises and checks in the given order of exercises. Notes and flags are the last entry's alone.
        """
        latest: dict[str, Entry] = {}
        for entry in self.entries:
            latest[entry.submission] = _over(latest.get(entry.submission), entry, order)
        return dict(sorted(latest.items()))


def _over(before: Entry | None, entry: Entry, order: Sequence[str]) -> Entry:
    """An entry, and of an earlier one the exercises that it did not grade again; those not in `order` are left out."""
    if before is None:
        return entry
    exercises = [name for name in order if name in {*before.exercises, *entry.exercises}]
    kept = [check for check in before.checks if check.exercise not in entry.exercises]
    return replace(
        entry,
        exercises=tuple(exercises),
        checks=_ordered([*kept, *entry.checks], exercises),
        sha256=before.sha256 | entry.sha256,
        modified=before.modified | entry.modified,
        suite=before.suite | entry.suite,
    )


def _ordered(checks: Iterable[Check], exercises: Sequence[str]) -> tuple[Check, ...]:
    counted = [check for check in checks if check.exercise in exercises]
    return tuple(sorted(counted, key=lambda check: exercises.index(check.exercise)))
