"""Everything that is made of a grading's journal, written in one go."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vae_edu.course.catalog import Catalog
from vae_edu.course.gradebook.canvas import write_canvas
from vae_edu.course.gradebook.gradescope import write_gradescope
from vae_edu.course.gradebook.moodle import write_moodle
from vae_edu.course.gradebook.overview import write_overview
from vae_edu.course.gradebook.records import write_records
from vae_edu.course.gradebook.report import chapters, write_report
from vae_edu.course.gradebook.roster import read_roster
from vae_edu.course.gradebook.similarity import Pair, similar_pairs
from vae_edu.course.gradebook.standing import Graded, graded
from vae_edu.course.gradebook.table import ENCODING, write_table
from vae_edu.course.gradebook.text import file_names, write_csv
from vae_edu.course.journal import Journal
from vae_edu.course.settings import Settings


def publish(
    out: Path,
    journal: Journal,
    catalog: Catalog,
    settings: Settings,
    session: Mapping[str, Any],
    *,
    exercises: Path,
    roster: Path | None = None,
    similar: bool = True,
) -> list[Graded]:
    """Write gradebook, records, exports, reports and overview into `out`, and return the submissions as they stand.

    `catalog` holds the exercises that count, `exercises` is the folder of the students' files as handed out;
    `out`/submissions/NAME holds what each student handed in. A submission graded in any way but the sandbox is marked
    as not for grades wherever it appears. The same journal gives the same bytes, and a journal of half a class the
    books of half a class. Raises UserError when the roster is not one, or `out` cannot be written to.
    """
    people = read_roster(roster)
    students = graded(journal, catalog, session)
    files = file_names(student.name for student in students)
    about = chapters(list(catalog.values()), exercises, settings.book)
    for student in students:
        write_report(out / "reports" / f"{files[student.name]}.html", student, about, settings)
        write_gradescope(out / "gradescope" / files[student.name] / "results.json", student)
    write_table(out / "gradebook.csv", students, catalog)
    write_records(out / "checks.jsonl", students, session)
    write_canvas(out / "canvas.csv", students, catalog, people)
    write_moodle(out / "moodle.csv", students, catalog, people)
    pairs = _similar(out, list(files), catalog, exercises) if similar else None
    links = {name: f"reports/{file}.html" for name, file in files.items()}
    missing = people.without(list(files))
    write_overview(out / "overview.html", students, catalog, settings, session, pairs, missing, links)
    return students


def _similar(out: Path, names: list[str], catalog: Catalog, exercises: Path) -> list[Pair]:
    """The pairs of similar answers, all of which similar.csv lists."""
    pairs = similar_pairs(out / "submissions", names, catalog, exercises)
    rows = [[pair.exercise, pair.first, pair.second, pair.share] for pair in pairs]
    write_csv(out / "similar.csv", [["exercise", "submission", "and", "shared"], *rows], ENCODING)
    return pairs
