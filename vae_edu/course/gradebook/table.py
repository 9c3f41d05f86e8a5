"""The gradebook: one row a student, one column an exercise."""

from collections.abc import Sequence
from pathlib import Path

from vae_edu.course.catalog import Catalog
from vae_edu.course.gradebook.standing import Graded
from vae_edu.course.gradebook.text import write_csv
from vae_edu.course.scores import Total

# Excel takes a CSV file for UTF-8 only if it begins with this mark; LibreOffice, Numbers, pandas and R do not mind it.
ENCODING = "utf-8-sig"


def write_table(path: Path, students: Sequence[Graded], catalog: Catalog) -> None:
    """Write gradebook.csv.

    An exercise with checks that came to no verdict is text, such as "3 (4 not graded)", so that no sum takes it for
    a number; `total` counts what was awarded, `of` is the catalog's.
    """
    header = ["submission", *catalog, "total", "of", "not graded", "flags", "notes", "isolation", "graded (UTC)"]
    write_csv(path, [header, *map(_row, students)], ENCODING)


def points(total: Total) -> int | str:
    """An exercise's cell."""
    if not total.not_graded:
        return total.points
    return "not graded" if total.not_graded == total.of else f"{total.points} ({total.not_graded} not graded)"


def _row(student: Graded) -> list[object]:
    total = student.total
    return [
        student.name,
        *(points(part.total) for part in student.parts),
        total.points,
        total.of,
        total.not_graded,
        " ".join(student.flags),
        " ".join(student.notes),
        student.mode,
        student.last.graded,
    ]
