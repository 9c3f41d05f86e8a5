"""`pytest tests/hidden --submission ...` as an instructor runs it: isolated, for practice, trusted."""

import subprocess
import sys

import pytest

from vae_edu.course.catalog import load_catalog

pytestmark = pytest.mark.timeout(600)  # every hidden check of the course runs here, twice


@pytest.fixture(scope="module")
def references(grade, pytestconfig):
    """The masters and the stubs, graded on every exercise there is."""
    folders = [pytestconfig.rootpath / "solutions", pytestconfig.rootpath / "exercises"]
    return grade(folders, "--share-worker", tests="tests/hidden", timeout=540)[0]


@pytest.fixture(scope="module")
def catalog(pytestconfig):
    return load_catalog(pytestconfig.rootpath / "exercises/catalog.yml")


def test_the_masters_earn_everything(references, catalog):
    everything = sum(exercise.points for exercise in catalog.values())
    assert references["solutions"]["total"] == {"points": everything, "of": everything, "not_graded": 0}
    assert references["solutions"]["flags"] == []


def test_the_stubs_earn_nothing(references):
    stubs = references["exercises"]
    assert stubs["total"]["points"] == stubs["total"]["not_graded"] == 0
    assert {check["category"] for check in stubs["checks"]} == {"not attempted"}


def test_points_of_the_hidden_checks_are_those_of_the_catalog(references, catalog):
    for exercise in catalog.values():
        checks = [check for check in references["solutions"]["checks"] if check["exercise"] == exercise.id]
        assert sum(check["points"] for check in checks) == exercise.points


@pytest.mark.parametrize(("option", "says"), [("--practice", "practice: "), ("--trusted", "trusted: ")])
def test_what_is_not_isolated_says_so_in_output_and_scores(option, says, arena, tmp_path, pytestconfig):
    graded, session, output = arena.grade(
        [pytestconfig.rootpath / "solutions"], tmp_path / "scores.json", option, "-k", "log_normal"
    )
    assert session["isolation"]["mode"].startswith(says)
    assert session["isolation"]["mode"].endswith("not for grades")
    assert f"isolation: {says}" in output
    assert graded["solutions"]["exercises"]["ch03.log_normal"] == {"points": 8, "of": 8, "not_graded": 0}


def test_without_bubblewrap_grading_refuses_and_says_what_to_install(tmp_path, pytestconfig):
    command = [sys.executable, "-m", "pytest", "tests/hidden", "--submission=solutions", f"--scores={tmp_path / 'no'}"]
    refused = subprocess.run(
        command, cwd=pytestconfig.rootpath, capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)}
    )
    assert refused.returncode == 4
    assert "sudo apt-get install bubblewrap" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "no").exists()
