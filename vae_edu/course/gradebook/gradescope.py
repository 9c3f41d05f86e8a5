"""Results for Gradescope, in the format that its autograders write."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vae_edu.course.checks import spoken
from vae_edu.course.gradebook.standing import Graded, Part
from vae_edu.course.gradebook.text import shown, write
from vae_edu.course.scores import Check

REVIEW = "A person will look at this submission before its points are final."


def write_gradescope(path: Path, student: Graded) -> None:
    """Write one student's results.json: a test a check, shown to students when the grades are published.

    Everything is declared plain text. What was not graded has no score of its own, so that it does not look like a
    zero; the score above all is what was awarded. Checked against Gradescope's documentation alone.
    """
    results = {
        "score": student.total.points,
        "output": "\n".join(_remarks(student)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "after_published",
        "stdout_visibility": "hidden",
        "extra_data": {"sha256": student.last.sha256, "graded": student.last.graded, "isolation": student.mode},
        "tests": [test for part in student.parts for test in _tests(part)],
    }
    write(path, json.dumps(results) + "\n", "ascii")


def _remarks(student: Graded) -> list[str]:
    total = student.total
    remarks = [student.warning] if student.warning else []
    remarks.append(f"{total.points} of {total.of} points.")
    if total.not_graded:
        remarks.append(f"{total.not_graded} points are not graded yet.")
    if student.needs_a_person:
        remarks.append(REVIEW)
    return [*remarks, *map(shown, student.notes)]


def _tests(part: Part) -> Iterator[dict[str, Any]]:
    for check in part.checks:
        yield {"name": f"{part.exercise.id}: {shown(spoken(check.name))}", "visibility": "after_published"} | (
            _verdict(check)
        )
    missing = part.total.not_graded - sum(check.points for check in part.checks if check.awarded is None)
    if missing > 0:
        yield {
            "name": f"{part.exercise.id}: not graded yet",
            "output": f"{missing} points are not graded yet.",
            "visibility": "after_published",
        }


def _verdict(check: Check) -> dict[str, Any]:
    output = {"output": shown(f"{check.category}: {check.message}")} if check.category else {}
    if check.awarded is None:
        return {"output": f"{check.points} points are not graded yet."}
    status = "passed" if check.awarded == check.points else "failed"
    return {"score": check.awarded, "max_score": check.points, "status": status} | output
