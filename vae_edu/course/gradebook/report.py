"""What a student gets back: one page that says what each answer earned and what to do next."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from vae_edu.course.catalog import Exercise
from vae_edu.course.checks import spoken
from vae_edu.course.findings import Category
from vae_edu.course.gradebook.pages import page
from vae_edu.course.gradebook.standing import Graded, Part
from vae_edu.course.gradebook.text import write
from vae_edu.course.own_work import chapter_title
from vae_edu.course.scores import Check
from vae_edu.course.settings import Settings

UNDECIDED = "This came to no verdict; a person will look at it."
ODD = "Something about this needs a person's eye before the points are final."


@dataclass(frozen=True)
class Chapter:
    """A chapter to read again; without the book's address there is no link."""

    number: int
    title: str
    link: str = ""

    def __str__(self) -> str:
        return f"Chapter {self.number}: {self.title}" if self.title else f"Chapter {self.number}"


@dataclass(frozen=True)
class Loss:
    """A diagnosis, and the checks that came to it."""

    message: str
    checks: tuple[Check, ...]

    @property
    def names(self) -> list[str]:
        """The checks' names as a student reads them."""
        return [spoken(check.name) for check in self.checks]


def chapters(exercises: Sequence[Exercise], folder: Path, book: str) -> dict[str, Chapter]:
    """The chapters of exercises by file; their titles stand in the students' files in `folder`."""
    return {
        file: Chapter(
            number=int(file[2:4]) if file[2:4].isdecimal() else 0,
            title=chapter_title(file, folder),
            link=f"{book.rstrip('/')}/{Path(file).stem}.html" if book else "",
        )
        for file in dict.fromkeys(exercise.file for exercise in exercises)
    }


def write_report(path: Path, student: Graded, about: dict[str, Chapter], settings: Settings) -> None:
    """Write one student's page. Of flags it tells only that a person will look; seeds and inputs are not in it."""
    write(path, page("report.html", **_contents(student, about, settings)))


def losses(part: Part) -> list[Loss]:
    """What cost points in an exercise, checks with one diagnosis taken together."""
    found: dict[str, list[Check]] = {}
    for check in part.lost:
        found.setdefault(_told(check), []).append(check)
    return [Loss(message, tuple(checks)) for message, checks in found.items()]


def _told(check: Check) -> str:
    """A check's diagnosis as a student may read it."""
    if check.awarded is None:
        return UNDECIDED
    return ODD if check.category == Category.PROTOCOL else check.message


def _contents(student: Graded, about: dict[str, Chapter], settings: Settings) -> dict[str, Any]:
    short = [part for part in student.parts if part.total.points < part.total.of and part.checks]
    unloaded = _unloaded(short)
    apart = [part for those in unloaded.values() for part in those]
    return {
        "student": student,
        "settings": settings,
        "chapters": [(about[file], list(parts)) for file, parts in groupby(student.parts, lambda p: p.exercise.file)],
        "unloaded": unloaded,
        "to_mend": [(p, losses(p), about[p.exercise.file]) for p in short if p.attempted and p not in apart],
        "not_attempted": [part for part in short if not part.attempted],
        "never_run": [part for part in student.parts if not part.checks],
        "about": about,
        "due": {chapter: str(day) for chapter, day in settings.due.items()},
        "files": _files(student),
    }


def _unloaded(parts: Sequence[Part]) -> dict[str, list[Part]]:
    """By diagnosis, the exercises none of whose checks could run because their file does not load: told once a file."""
    found: dict[str, list[Part]] = {}
    for part in parts:
        if all(check.category == Category.IMPORT_ERROR for check in part.checks):
            found.setdefault(part.checks[0].message, []).append(part)
    return found


def _files(student: Graded) -> list[dict[str, str]]:
    """The files as the standing points were given for; a file graded twice in two states has two lines."""
    lines: dict[tuple[str, str], dict[str, str]] = {}
    for part in student.parts:
        if part.entry:
            file, digest = part.exercise.file, part.entry.sha256.get(part.exercise.file) or ""
            lines[file, digest] = {
                "name": file,
                "sha256": digest,
                "modified": part.entry.modified.get(file, ""),
                "graded": part.entry.graded,
            }
    return list(lines.values())
