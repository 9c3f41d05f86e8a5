"""`vae-edu grade` on a class of twelve: the hidden tests' own results, killed on the way, regraded, on a cluster."""

import errno
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psutil
import pytest
from filelock import FileLock

from vae_edu import cli_grade
from vae_edu.cli_grade import grade as grade_class
from vae_edu.course import assess
from vae_edu.course.grading import Grading
from vae_edu.course.intake import HandedIn
from vae_edu.course.journal import Journal
from vae_edu.course.session import Session, opened
from vae_edu.course.suite import Suite, load_suite
from vae_edu.errors import UserError

pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("a class")]
IDS = ("ch03.log_normal", "ch03.kl_standard_normal")
SEED = 20_301_014


def arguments(class_folder, out, *more, practice=False):
    options = [*(["--practice"] if practice else []), f"--seed={SEED}", "--call-seconds=8", "--out", str(out), *more]
    return [sys.executable, "-m", "vae_edu.cli", "grade", str(class_folder), *IDS, *options]


def lines(out):
    path = out / "journal.jsonl"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


@pytest.fixture(scope="module")
def twelve(tmp_path_factory, class_of_twelve):
    """The folder with what they handed in."""
    folder = tmp_path_factory.mktemp("class")
    class_of_twelve.write(folder)
    return folder


@pytest.fixture(scope="module")
def practice(without_isolation):
    return bool(without_isolation)


@pytest.fixture(scope="module")
def graded(twelve, practice, tmp_path_factory, pytestconfig):
    """The folder of a grading that was killed once some results were there, and gone on with."""
    out = tmp_path_factory.mktemp("graded") / "grades"
    command = arguments(twelve, out, practice=practice)
    with subprocess.Popen(command, cwd=pytestconfig.rootpath, stderr=subprocess.DEVNULL) as first:
        while len(lines(out)) < 4:
            assert first.poll() is None
            time.sleep(0.05)
        first.send_signal(signal.SIGKILL)
    before = lines(out)
    habits = os.environ | {"PYTEST_ADDOPTS": "-x"}
    second = subprocess.run(command, cwd=pytestconfig.rootpath, env=habits, capture_output=True, text=True, check=False)
    assert second.returncode == 0, second.stdout + second.stderr
    assert lines(out)[: len(before)] == before
    assert "12 submissions are graded." in second.stdout
    return out


@pytest.fixture(scope="module")
def standing(graded):
    return Journal(graded / "journal.jsonl").standing(list(load_suite().catalog))


def points(entry):
    return {exercise: sum(c.awarded for c in entry.checks if c.exercise == exercise) for exercise in entry.exercises}


def test_killed_and_gone_on_with_it_loses_nothing_and_grades_nothing_twice(graded, standing):
    assert Counter(json.loads(line)["submission"] for line in lines(graded)) == dict.fromkeys(standing, 1)
    assert len(standing) == 12
    assert {entry.exercises for entry in standing.values()} == {IDS}


def test_everybody_gets_what_is_due(standing):
    catalog = load_suite().catalog
    full = {exercise: catalog[exercise].points for exercise in IDS}
    got = {name: points(entry) for name, entry in standing.items()}
    for name in ("ada", "ben", "chen", "hana", "lea"):
        assert got[name] == full
    for name in ("dora", "emil", "gus", "ivo", "kim"):
        assert got[name] == dict.fromkeys(IDS, 0)
    late = [check.name for check in standing["jun"].checks if check.category == "timeout"]
    assert late == ["one data point and none"]
    assert sum(got["jun"].values()) == sum(full.values()) - next(c.points for c in standing["jun"].checks if c.category)
    assert all(0 <= got["fay"][exercise] < full[exercise] for exercise in IDS)


def test_the_files_and_what_is_to_be_said_of_them_are_kept(graded, standing, twelve):
    assert "ch03_gaussians.ipynb is a notebook and was not graded; hand in ch03_gaussians.py." in standing["emil"].notes
    assert "1 path in the zip would lead out of it; nothing there was read." in standing["kim"].notes
    [flag] = standing["hana"].flags
    assert "torch.distributions, which log_normal should do without." in flag
    assert not standing["ada"].flags + standing["ada"].notes
    kept = graded / "submissions"
    assert (kept / "ada/ch03_gaussians.py").read_bytes() == (twelve / "ada/ch03_gaussians.py").read_bytes()
    assert standing["dora"].sha256.keys() == {"ch03_gaussians.py"}


def test_it_is_what_pytest_itself_finds(standing, grade, twelve, pytestconfig):
    names = [name for name in standing if (twelve / name).is_dir()]
    tests = load_suite().tests(IDS)
    [*folders] = (twelve / name for name in names)
    options = ["--share-worker", "--call-seconds=8", f"--seed={SEED}", *tests[1:]]
    scores, _, _ = grade(folders, *options, tests=tests[0], timeout=400)
    for name in names:
        by_pytest = [(c["exercise"], c["name"], c["awarded"], c["category"]) for c in scores[name]["checks"]]
        by_grade = [(c.exercise, c.name, c.awarded, c.category) for c in standing[name].checks]
        assert Counter(by_pytest) == Counter(by_grade)


def test_again_grades_one_anew_and_leaves_the_others_as_they_are(graded, twelve, practice, standing):
    before = lines(graded)
    again = ["hana", "ch03.kl_standard_normal"]
    grade_class(twelve, graded, IDS, again=again, practice=practice, jobs=1, call_seconds=8.0)
    after = lines(graded)
    assert after[: len(before)] == before
    [new] = map(json.loads, after[len(before) :])
    assert (new["submission"], new["exercises"]) == ("hana", ["ch03.kl_standard_normal"])
    now = Journal(graded / "journal.jsonl").standing(list(load_suite().catalog))

    def found(entry):
        return entry.flags, [(c.exercise, c.name, c.awarded, c.category, c.message) for c in entry.checks]

    assert {name: found(entry) for name, entry in now.items()} == {n: found(e) for n, e in standing.items()}
    with pytest.raises(UserError, match="--again zoe: there is no submission, exercise or chapter"):
        grade_class(twelve, graded, IDS, again=["zoe"], practice=practice)


def test_it_goes_on_only_as_it_was_begun(graded, twelve, practice, capsys):
    with pytest.raises(UserError, match="begun with another seed"):
        grade_class(twelve, graded, IDS, seed=SEED + 1, practice=practice)
    if not practice:
        with pytest.raises(UserError, match="begun for grades"):
            grade_class(twelve, graded, IDS, practice=True)
    (twelve / "ada/ch03_gaussians.py").write_text("# changed my mind\n")
    before = lines(graded)
    grade_class(twelve, graded, IDS, practice=practice)
    assert "changed since graded, and not graded again (--again NAME does that): ada." in capsys.readouterr().out
    assert lines(graded) == before


def test_a_torn_line_is_dropped_and_a_strange_one_refused(tmp_path, standing):
    path = tmp_path / "journal.jsonl"
    whole = standing["ada"].line()
    path.write_bytes(whole + standing["ben"].line()[:-20])
    assert [entry.submission for entry in Journal(path).entries] == ["ada"]
    assert path.read_bytes() == whole
    assert Journal(path).entries == [standing["ada"]]
    path.write_bytes(whole + b"[]\n" + whole)
    with pytest.raises(UserError, match=r"line 2 of .* is not a line of a grading's journal"):
        Journal(path)


def test_an_instructor_is_told_what_the_points_do_not_show(tmp_path, standing):
    suite = load_suite()
    grading = Grading(tmp_path, suite, Session(SEED, True, "2030-02-01"))
    grading.journal.append(standing["ada"])
    same = standing["ada"].sha256.keys()
    other = HandedIn("ada", "ada.zip", {file: suite.reference().files[file] for file in same})
    remarks = grading.remarks([other, HandedIn("zoe", "zoe", notes=("not looked at: work.rar.",))])
    assert "none of the course's files was found in what these handed in: zoe." in remarks
    assert "graded earlier from another folder or zip than the one that bears the name now: ada." in remarks
    assert not any(remark.startswith("changed") for remark in remarks)


def test_a_student_anew_is_not_the_rest_of_the_course(twelve, practice, standing, tmp_path, monkeypatch):
    out = tmp_path / "grades"
    with opened(out, SEED, practice):
        Journal(out / "journal.jsonl").append(standing["ada"])
    asked = []
    monkeypatch.setattr(cli_grade, "_graded", lambda grading, exercises, *_: asked.append(exercises) or False)
    for again in (["ada"], ["ch04.reparameterize"]):
        grade_class(twelve, out, again=again, practice=practice, similar=False)
    grade_class(twelve, out, practice=practice, similar=False)
    assert asked[:2] == [list(IDS), [*IDS, "ch04.reparameterize"]]
    assert asked[2] == list(load_suite().catalog)


def test_the_graders_own_check_is_made_anew_once_the_grader_has_changed(tmp_path, standing, monkeypatch):
    suite, made = load_suite(), []
    grading, worth = Grading(tmp_path, suite, Session(SEED, True, "2030-02-01")), suite.catalog[IDS[0]].points

    def graded(task):
        made.append(task.handed_in.name)
        check = replace(standing["ada"].checks[0], points=worth, awarded=worth if made[-1] == "reference" else 0)
        return replace(standing["ada"], checks=(check,))

    monkeypatch.setattr(assess, "assess", graded)
    with ThreadPoolExecutor(1) as executor:
        for ground, times in (("one", 1), ("one", 1), ("two", 2)):
            monkeypatch.setattr(Suite, "ground", lambda self, ground=ground: ground)
            grading.check_itself(IDS[:1], executor)
            assert made == times * ["reference", "stubs"]


def test_on_windows_grading_says_where_it_can_be_done(twelve, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(UserError, match="on Windows grade in a container"):
        grade_class(twelve, tmp_path / "grades", IDS)


def test_a_new_folder_is_its_owners_alone_and_one_that_was_there_stays_as_it_is(tmp_path):
    (tmp_path / "shared").mkdir(mode=0o750)
    for name, mode in (("shared", 0o750), ("new", 0o700)):
        with opened(tmp_path / name, None, True):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == mode


def test_a_folder_that_may_not_be_written_to_is_told_in_a_sentence(tmp_path, monkeypatch):
    def refuse(self, timeout):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(FileLock, "acquire", refuse)
    with pytest.raises(UserError, match=r"cannot be written to \(Permission denied\)"), opened(tmp_path, None, True):
        pass


def test_two_graders_do_not_share_a_folder(graded, twelve, practice):
    with FileLock(graded / ".lock"), pytest.raises(UserError, match="another process is grading into"):
        grade_class(twelve, graded, IDS, practice=practice)


def test_what_would_fail_at_the_end_is_refused_at_the_start(twelve, practice, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.tex").touch()
    with pytest.raises(UserError, match="is not empty and no grading's folder"):
        grade_class(twelve, tmp_path / "mine", IDS, practice=practice)
    with pytest.raises(UserError, match="lies among the submissions"):
        grade_class(twelve, twelve / "grades", IDS, practice=practice)
    with pytest.raises(UserError, match="roster"):
        grade_class(twelve, tmp_path / "grades", IDS, practice=practice, roster=tmp_path / "roster.csv")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["mine", "thesis.tex"]


def test_a_cluster_does_it_too_though_a_worker_dies_on_the_way(twelve, practice, tmp_path):
    distributed = pytest.importorskip("distributed")
    for name in ("ada", "dora", "hana"):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "ch03_gaussians.py").write_bytes((twelve / "lea/ch03_gaussians.py").read_bytes())
    out = tmp_path / "grades"
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        options = {"scheduler": cluster.scheduler_address, "practice": practice, "call_seconds": 20.0}
        grading = threading.Thread(target=grade_class, args=[tmp_path / "class", out, IDS[:1]], kwargs=options)
        grading.start()
        worker, pytest_run = busy_worker([worker.process.pid for worker in cluster.workers.values()])
        worker.kill()
        gone, _ = psutil.wait_procs([pytest_run], timeout=60)
        grading.join()
    assert gone, "what a dead worker was grading goes on"
    entries = Journal(out / "journal.jsonl").entries
    assert sorted(entry.submission for entry in entries) == ["ada", "dora", "hana"]
    assert {sum(check.awarded for check in entry.checks) for entry in entries} == {8}


def busy_worker(workers):
    """A worker that is grading, and the process by which it does."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for worker in map(psutil.Process, workers):
            for child in worker.children():
                if f"--follow={worker.pid}" in child.cmdline():
                    return worker, child
        time.sleep(0.05)
    raise AssertionError("no worker has begun to grade")


def test_grading_does_not_begin_once_its_worker_is_dead():
    with subprocess.Popen([sys.executable, "-c", ""]) as worker:
        pass
    suite = load_suite()
    command = [sys.executable, "-m", "pytest", "-q", f"--follow={worker.pid}", *suite.tests(IDS[:1])]
    assert subprocess.run(command, cwd=suite.root, capture_output=True, timeout=120).returncode == -signal.SIGKILL


def test_without_a_scheduler_there_it_says_so(twelve, tmp_path):
    pytest.importorskip("distributed")
    with pytest.raises(UserError, match="there is no dask scheduler at tcp://127"):
        grade_class(twelve, tmp_path / "grades", IDS, scheduler="tcp://127.0.0.1:1")
