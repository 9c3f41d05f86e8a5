"""Stubs are their masters without the answers, and nobody's work is overwritten."""

import json
import shutil
from pathlib import Path

import pytest

from vae_edu.course.catalog import load_catalog
from vae_edu.course.causes import record
from vae_edu.course.stubs import NOT_ANSWERED, stub, write_stubs
from vae_edu.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
MASTER = """\
def double(x):
    \"\"\"Twice x.\"\"\"
    # answer
    return 2 * x
    # end


def half(x):
    # answer
    if x:
        return x / 2
    return 0
    # end


def broken_half(x):
    return x // 2
"""
STUB = f"""\
def double(x):
    \"\"\"Twice x.\"\"\"
    {NOT_ANSWERED}


def half(x):
    {NOT_ANSWERED}


def broken_half(x):
    return x // 2
"""


@pytest.mark.parametrize("master", sorted((ROOT / "solutions").glob("ch*.py")), ids=lambda path: path.name)
def test_the_exercises_are_those_of_the_masters(master):
    assert (ROOT / "exercises" / master.name).read_text(encoding="utf-8") == stub(master.read_text(encoding="utf-8")), (
        f"exercises/{master.name} is not what its master gives. If you changed the master, run "
        "`python -m vae_edu.course.stubs`; if you solved the exercise in place, that is fine, and only this test minds."
    )


def test_an_answer_becomes_one_line():
    assert stub(MASTER) == STUB


@pytest.mark.parametrize(
    "lines",
    [["# answer", "x"], ["x", "# end"], ["# answer", "x", "# answer", "y", "# end"], ["# end", "x", "# answer"]],
    ids=" ".join,
)
def test_markers_come_in_pairs(lines):
    with pytest.raises(UserError, match="lacks its partner"):
        stub("\n".join(lines) + "\n")


def test_stubs_are_written_again_but_answers_are_not_lost(tmp_path):
    solutions, exercises = tmp_path / "solutions", tmp_path / "exercises"
    solutions.mkdir()
    (solutions / "ch01_double.py").write_text(MASTER)
    written = write_stubs(solutions, exercises)
    assert written == [exercises / "ch01_double.py"]
    assert write_stubs(solutions, exercises) == written
    (exercises / "ch01_double.py").write_text(STUB.replace(NOT_ANSWERED, "return x + x", 1))
    with pytest.raises(UserError, match=r"has answers in it \(double\)"):
        write_stubs(solutions, exercises)
    write_stubs(solutions, exercises, force=True)
    assert written[0].read_text() == STUB


def test_without_masters_it_says_where_to_run(tmp_path):
    with pytest.raises(UserError, match="no masters"):
        write_stubs(tmp_path, tmp_path)


def test_masters_name_their_functions_as_the_package_does():
    from vae_edu import gaussians

    for name in ("log_normal", "kl_standard_normal", "kl_full"):
        assert callable(getattr(gaussians, name))


def test_a_file_with_a_syntax_error_counts_as_somebodys_work(tmp_path):
    shutil.copytree(ROOT / "solutions", tmp_path / "solutions")
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises/ch03_gaussians.py").write_text("def log_normal(:")
    with pytest.raises(UserError, match="does not parse"):
        write_stubs(tmp_path / "solutions", tmp_path / "exercises")


def test_the_written_causes_are_those_of_the_slips(tmp_path):
    shutil.copytree(ROOT / "exercises", tmp_path / "exercises", ignore=shutil.ignore_patterns("__pycache__"))
    catalog = load_catalog(ROOT / "exercises/catalog.yml")
    record(catalog, tmp_path / "exercises", ROOT / "solutions", ROOT / "tests")
    written, kept = (
        json.loads((folder / "exercises/causes.json").read_text(encoding="utf-8")) for folder in (tmp_path, ROOT)
    )
    for exercise, calls in written.items():
        assert calls.keys() == kept[exercise].keys(), f"`make stubs` writes the causes of {exercise} anew"
        assert [list(call) for call in calls.values()] == [list(call) for call in kept[exercise].values()]
        assert calls or "project" in catalog[exercise].tags
