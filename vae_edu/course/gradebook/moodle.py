"""Points for Moodle: a file for its grade import."""

from collections.abc import Sequence
from pathlib import Path

from vae_edu.course.catalog import Catalog
from vae_edu.course.gradebook.roster import Roster
from vae_edu.course.gradebook.standing import Graded
from vae_edu.course.gradebook.text import write_csv

IDENTITY = ("First name", "Last name", "ID number", "Email address")


def write_moodle(path: Path, students: Sequence[Graded], catalog: Catalog, roster: Roster) -> None:
    """Write moodle.csv: who, a column an exercise, named by its id, and the total.

    On import map `Username` to the user name, or another column of the roster to its like, and each exercise to a grade
    item or to a new one. An exercise with checks not graded, and its total, stay empty. Checked against Moodle's
    documentation alone.
    """
    unfit = "NOT FOR GRADES " if any(student.warning for student in students) else ""
    header = ["Username", *IDENTITY, *(f"{unfit}{exercise}" for exercise in catalog), f"{unfit}total"]
    write_csv(path, [header, *(_row(student, roster) for student in students)])


def _row(student: Graded, roster: Roster) -> list[object]:
    person = roster.of(student.name)
    totals = [*(part.total for part in student.parts), student.total]
    return [
        person.get("login", student.name),
        *(person.get(column.lower(), "") for column in IDENTITY),
        *("" if total.not_graded else total.points for total in totals),
    ]
