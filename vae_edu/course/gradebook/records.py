"""Every check as it stands, one line of JSON each: what an appeal is answered from."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from vae_edu.course.gradebook.standing import Graded, Part, mode_of
from vae_edu.course.gradebook.text import write
from vae_edu.course.journal import Entry
from vae_edu.course.scores import Check


def write_records(path: Path, students: Sequence[Graded], session: Mapping[str, Any]) -> None:
    """Write checks.jsonl. Time, seed, versions and hashes are those of the grading that a check is from.

    ASCII only, so that a name cannot carry terminal codes to whoever prints the file.
    """
    lines = (json.dumps(record) for student in students for record in _records(student, session))
    write(path, "".join(f"{line}\n" for line in lines), "ascii")


def suite_digest(entry: Entry) -> str:
    """Hexadecimal SHA-256 of the hidden tests and reference that a submission was graded with, all files together."""
    listed = "".join(f"{digest}  {file}\n" for file, digest in sorted(entry.suite.items()))
    return hashlib.sha256(listed.encode("utf-8", "backslashreplace")).hexdigest()


def _records(student: Graded, session: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for part in student.parts:
        entry = part.entry or student.last
        shared = _shared(part, entry, session)
        for check in part.checks:
            yield {"submission": student.name, **_verdict(check), **shared}


def _verdict(check: Check) -> dict[str, Any]:
    return {
        "exercise": check.exercise,
        "check": check.name,
        "points": check.points,
        "awarded": check.awarded,
        "category": check.category,
        "message": check.message,
        "seconds": check.seconds,
    }


def _shared(part: Part, entry: Entry, session: Mapping[str, Any]) -> dict[str, Any]:
    file = part.exercise.file
    return {
        "file": file,
        "sha256": entry.sha256.get(file),
        "modified": entry.modified.get(file),
        "graded": entry.graded,
        "isolation": mode_of(entry, session),
        "suite": suite_digest(entry),
        "seed": entry.seed,
        "versions": entry.versions or session.get("versions", {}),
        "flags": list(entry.flags),
    }
