"""A page about the class for the instructor: how it went, what was hard, what went wrong, and who needs a look."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any

from vae_edu.course.catalog import Catalog, Exercise
from vae_edu.course.checks import spoken
from vae_edu.course.findings import Category
from vae_edu.course.gradebook import pictures
from vae_edu.course.gradebook.pages import page
from vae_edu.course.gradebook.similarity import ALIKE, Pair
from vae_edu.course.gradebook.standing import Graded, Part
from vae_edu.course.gradebook.text import write
from vae_edu.course.settings import Settings

LISTED = 20
PAIRS = 100  # shown here; all of them are in similar.csv
NO_DIAGNOSIS = (Category.NOT_ATTEMPTED, "not graded", "")


@dataclass(frozen=True)
class ExerciseLine:
    """How an exercise went; `percent` is the mean of all submissions, `of_attempts` that of those with an answer."""

    exercise: Exercise
    attempted: int
    full: int
    percent: float
    of_attempts: float | None


@dataclass(frozen=True)
class CheckLine:
    """How a check went among those who attempted its exercise."""

    exercise: str
    name: str
    passed: int
    of: int


@dataclass(frozen=True)
class Mistake:
    """A diagnosis and who got it."""

    exercise: str
    message: str
    who: tuple[str, ...]


def write_overview(
    path: Path,
    students: Sequence[Graded],
    catalog: Catalog,
    settings: Settings,
    session: Mapping[str, Any],
    pairs: Sequence[Pair] | None,
    missing: Sequence[str],
    reports: Mapping[str, str],
) -> None:
    """Write overview.html; `pairs` is None where nobody looked for similar answers, `reports` says where pages are."""
    percentages = [100 * student.share for student in students]
    lines = [_exercise_line(exercise, number, students) for number, exercise in enumerate(catalog.values())]
    counts = pictures.histogram(percentages)
    contents = {
        "students": students, "settings": settings, "session": session, "lines": lines, "counts": counts,
        "middle": median(percentages) if students else 0.0, "mean": mean(percentages) if students else 0.0,
        "distribution": pictures.distribution(counts),
        "shares": pictures.shares([line.exercise.id for line in lines], [line.percent for line in lines]),
        "hardest": hardest(students), "mistakes": mistakes(students),
        "flagged": [student for student in students if student.flags],
        "not_graded": [student for student in students if student.total.not_graded],
        "pairs": None if pairs is None else pairs[:PAIRS], "all_pairs": len(pairs or ()), "alike": ALIKE,
        "missing": missing, "reports": reports, "listed": LISTED,
        "warnings": sorted({student.warning for student in students if student.warning}),
    }  # fmt: skip
    write(path, page("overview.html", **contents))


def hardest(students: Iterable[Graded]) -> list[CheckLine]:
    """The checks that the smallest share of those who attempted their exercise passed, and that somebody failed."""
    verdicts = _gathered(students, lambda part, check: check.name, lambda check: check.awarded is not None)
    lines = [
        CheckLine(exercise, spoken(name), sum(check.awarded == check.points for _, check in found), len(found))
        for (exercise, name), found in verdicts.items()
    ]
    return sorted((line for line in lines if line.passed < line.of), key=lambda line: line.passed / line.of)[:LISTED]


def mistakes(students: Iterable[Graded]) -> list[Mistake]:
    """The commonest diagnoses; a student counts once for each."""
    found = _gathered(students, lambda part, check: check.message, lambda check: check.category not in NO_DIAGNOSIS)
    every = [
        Mistake(exercise, message, tuple(dict.fromkeys(name for name, _ in those)))
        for (exercise, message), those in found.items()
    ]
    return sorted(every, key=lambda mistake: -len(mistake.who))[:LISTED]


def _gathered(students: Iterable[Graded], key: Callable, wanted: Callable) -> dict[tuple[str, str], list]:
    """(student, check) of each wanted check of an attempted exercise, by exercise and key."""
    gathered: dict[tuple[str, str], list] = {}
    for student in students:
        for part in student.parts:
            for check in part.checks if part.attempted else ():
                if wanted(check):
                    gathered.setdefault((part.exercise.id, key(part, check)), []).append((student.name, check))
    return gathered


def _exercise_line(exercise: Exercise, number: int, students: Sequence[Graded]) -> ExerciseLine:
    parts: list[Part] = [student.parts[number] for student in students]
    attempts = [part for part in parts if part.attempted]
    return ExerciseLine(
        exercise=exercise,
        attempted=len(attempts),
        full=sum(part.total.points == part.total.of for part in parts),
        percent=100 * mean(part.share for part in parts) if parts else 0.0,
        of_attempts=100 * mean(part.share for part in attempts) if attempts else None,
    )
