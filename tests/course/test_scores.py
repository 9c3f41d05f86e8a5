"""The denominator is the catalog's: nothing that goes wrong while grading makes the total smaller or costs points."""

import json

import pytest

from vae_edu.course.catalog import Exercise
from vae_edu.course.scores import Check, Scores, Total


def exercise(name, points):
    hints = ("one", "two", "three")
    return Exercise(f"ch03.{name}", "A title", points, 10, "easy", ("K13 (9)",), "ch03_gaussians.py", name, hints)


CATALOG = {entry.id: entry for entry in (exercise("log_normal", 8), exercise("kl_full", 18))}


def check(name, points, awarded, message=""):
    return Check("ada", "ch03.log_normal", name, points, awarded, "wrong value" if message else "", message)


@pytest.fixture
def scores():
    """Three points earned, one lost, one without verdict, and three that no check asked for."""
    scores = Scores(CATALOG)
    scores.checks += [check("values", 3, 3), check("gradients", 1, 0, "no gradient."), check("floats", 1, None)]
    return scores


def test_checks_without_verdict_and_missing_ones_are_not_graded(scores):
    assert scores.exercise("ada", "ch03.log_normal") == Total(points=3, of=8, not_graded=4)
    assert scores.total("ada") == Total(points=3, of=26, not_graded=22)


def test_the_table_has_a_line_for_every_exercise_and_every_loss(scores):
    table = "\n".join(scores.table("ada"))
    assert "ch03.log_normal   3 / 8   (4 not graded)" in table
    assert "1 for gradients: wrong value: no gradient." in table
    assert "ch03.kl_full      0 / 18   (18 not graded)" in table
    assert "total             3 / 26   (22 not graded)" in table


def test_the_json_says_the_same(scores, tmp_path):
    scores.write(tmp_path / "scores.json", {"seed": 7}, {"ada": {"ch03_gaussians.py": "00ff"}}, {"ada": ["a mark"]})
    written = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert written["seed"] == 7
    (ada,) = written["submissions"]
    assert ada["sha256"] == {"ch03_gaussians.py": "00ff"}
    assert ada["total"] == {"points": 3, "of": 26, "not_graded": 22}
    assert [entry["awarded"] for entry in ada["checks"]] == [3, 0, None]


def test_what_a_person_has_to_look_at_is_flagged(scores):
    assert scores.flags("ada") == []
    for category in ("protocol", "gave up", "not graded"):
        scores.checks.append(Check("ada", "ch03.kl_full", "values", 6, 0, category, "odd."))
    assert scores.flags("ada") == ["gave up", "not graded", "protocol"]
    assert scores.table("ada")[-1] == "  flagged, for a person to look at: gave up, not graded, protocol"
