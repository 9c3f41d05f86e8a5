"""Points for Canvas: the file that its gradebook imports."""

from collections.abc import Sequence
from pathlib import Path

from vae_edu.course.catalog import Catalog
from vae_edu.course.gradebook.roster import Roster
from vae_edu.course.gradebook.standing import Graded
from vae_edu.course.gradebook.text import write_csv

IDENTITY = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
WORTH = "Points Possible"


def write_canvas(path: Path, students: Sequence[Graded], catalog: Catalog, roster: Roster) -> None:
    """Write canvas.csv: a column an exercise, named by its id, and the points possible in the second row.

    Canvas finds a student by ID, else by SIS User ID, else by SIS Login ID, which is the submission's name; the other
    columns come from the roster. An exercise with checks not graded stays empty. Canvas offers to make an assignment
    for each title it does not know. Checked against Canvas's documentation and the source of its importer, not
    against a running Canvas.
    """
    unfit = any(student.warning for student in students)
    titles = [f"{'NOT FOR GRADES ' if unfit else ''}{exercise}" for exercise in catalog]
    worth = [f"    {WORTH}", "", "", "", "", *(exercise.points for exercise in catalog.values())]
    write_csv(path, [[*IDENTITY, *titles], worth, *(_row(student, roster) for student in students)])


def _row(student: Graded, roster: Roster) -> list[object]:
    person = roster.of(student.name)
    names = [person.get(column.lower(), "") for column in IDENTITY]
    names[0] = (names[0] or _full_name(person.get("first name", ""), person.get("last name", ""))).replace(WORTH, "")
    names[3] = person.get("login", student.name)
    names[0] = names[0] or names[3].replace(WORTH, "?")  # a row that has these words is not taken for a student's
    return [*names, *("" if part.total.not_graded else part.total.points for part in student.parts)]


def _full_name(first: str, last: str) -> str:
    return f"{last}, {first}" if first and last else first or last
