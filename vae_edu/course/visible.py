"""Visible checks as a student meets them, the same under `pytest exercises` and `vae-edu check`."""

import traceback
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from vae_edu.course.catalog import Exercise
from vae_edu.course.causes import written_slips
from vae_edu.course.findings import Category, Finding
from vae_edu.course.student import AnswerHere, Student

# What a check found, as "category: message"; None where it passed.
Problem = str | None


def student_here(exercise: Exercise, folder: Path) -> Student:
    """The function or class that an exercise asks for, as it stands in the student's file in `folder`."""
    causes = partial(written_slips, folder / "causes.json", exercise)
    return Student(exercise, lambda file: source(folder / file), AnswerHere(folder), causes(), causes)


def source(path: Path) -> str:
    """The text of a student's file. Raises Finding where there is none."""
    try:
        return path.read_text(encoding="utf-8-sig")  # as in Submission.source
    except FileNotFoundError:
        raise Finding(Category.NOT_ATTEMPTED, f"there is no file {path.name} in {path.parent}.") from None
    except (OSError, UnicodeDecodeError):
        raise Finding(Category.IMPORT_ERROR, f"{path.name} cannot be read as text in UTF-8.") from None


def evidence(finding: Finding, folder: Path) -> str:
    """The call, and the lines of the student's own file that an exception passed through."""
    parts = [finding.details]
    if (cause := finding.__cause__) and finding.category is not Category.NOT_ATTEMPTED:
        frames = traceback.extract_tb(cause.__traceback__)
        own = [f for f in frames if Path(f.filename).parent == folder and not Path(f.filename).match("test_*")]
        parts.append("".join(traceback.format_list(own)))
        if not isinstance(cause, KeyboardInterrupt):  # the sign that time was over, not the student's doing
            parts += traceback.format_exception_only(cause)
    return "\n".join(part.rstrip() for part in parts if part)


def first(problems: Sequence[Problem]) -> Problem:
    """What the first check found that did not pass."""
    return next((problem for problem in problems if problem is not None), None)


def state(problems: Sequence[Problem]) -> str:
    """An exercise in one line."""
    problem = first(problems)
    if problem is None:
        return f"{len(problems)} of {len(problems)} visible checks passed"
    if problem.startswith(Category.NOT_ATTEMPTED):
        return "not attempted"
    return f"{problems.count(None)} of {len(problems)} visible checks passed ({problem.partition(':')[0]})"


def conclusion(problems: Sequence[Problem], complete: bool = True) -> str:
    """The last line of a run: what passed, and that it is not the grade; not `complete` if exercises were left out."""
    if not problems:
        return "no visible checks run; hidden tests not run"
    passed = "" if complete and first(problems) is None else f"{problems.count(None)} of {len(problems)} "
    return f"{passed}visible checks passed; hidden tests not run"
