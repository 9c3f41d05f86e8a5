"""Hidden tests of handed-in work: `pytest tests/hidden --submission DIR [--submission DIR ...]`.

Without a submission they run on the reference in solutions/. A test marked `points(n)` in a class marked
`exercise(id)` is a check; it calls the fixture `student`, whose function runs in a sandbox, one for each submission.
"""

import hashlib
import os
import platform
import secrets
import signal
import threading
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
import torch

from vae_edu.course import isolation
from vae_edu.course.catalog import load_catalog
from vae_edu.course.causes import slips_of
from vae_edu.course.findings import Finding
from vae_edu.course.marks import marks
from vae_edu.course.scores import Check, Scores
from vae_edu.course.student import AnswerHere, Student, remember_failed_loads
from vae_edu.course.submission import Submission
from vae_edu.course.witness import CALL_SECONDS, SUBMISSION_SECONDS, Witness
from vae_edu.course.workers import Workers
from vae_edu.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
CHECK = "check"
FINDING = pytest.StashKey[Finding]()
ISOLATION = pytest.StashKey[isolation.Isolation]()


def pytest_addoption(parser):
    group = parser.getgroup("grading")
    group.addoption("--submission", action="append", metavar="DIR", help="a folder of handed-in .py files; repeatable")
    group.addoption("--seed", type=int, help="seed of the hidden inputs (default: a fresh secret one)")
    group.addoption("--scores", metavar="FILE", help="write points and findings to this file as JSON")
    group.addoption(
        "--call-seconds",
        type=float,
        default=CALL_SECONDS,
        help="time one call may take (default: %(default)s)",
    )
    group.addoption(
        "--submission-seconds",
        type=float,
        default=SUBMISSION_SECONDS,
        help="time all calls of one submission may take together (default: %(default)s)",
    )
    group.addoption("--share-worker", action="store_true", help="one worker for all submissions: quicker, less apart")
    group.addoption("--follow", type=int, metavar="PID", help="end when that process, which started this one, ends")
    group.addoption("--practice", action="store_true", help="a plain process, no isolation: not for grades")
    group.addoption(
        "--trusted", action="store_true", help="this very process, for authors and debuggers: not for grades"
    )


# These options exist when this folder is named on the command line. In a run of the whole suite pytest reads
# this file too late for that, and the defaults hold.
def pytest_configure(config):
    config.addinivalue_line("markers", "exercise(id): the exercise of the catalog that a class of checks belongs to")
    if config.getoption("seed", None) is None:
        config.option.seed = secrets.randbits(63)
    try:
        folders = [Path(folder) for folder in config.getoption("submission", None) or [ROOT / "solutions"]]
        config.pluginmanager.register(Scoreboard(config, [Submission(folder) for folder in folders]), "scoreboard")
        if parent := config.getoption("follow", None):
            threading.Thread(target=follow, args=[parent], daemon=True).start()
        config.stash[ISOLATION] = chosen_isolation(config)
    except UserError as error:
        raise pytest.UsageError(str(error)) from None


def chosen_isolation(config):
    """Where submissions run. Raises UserError where they cannot be isolated and nobody said that they need not be."""
    if config.getoption("trusted", False):
        return isolation.TRUSTED
    if not config.getoption("submission", None):
        return isolation.REFERENCE
    return isolation.PRACTICE if config.getoption("practice", False) else isolation.sandboxed()


def follow(parent):
    """End this process, and with it its sandboxes, once its parent is another, as it may be from the start."""
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


class Scoreboard:
    """Gathers the checks' reports, also from other processes, and prints the points at the end."""

    def __init__(self, config, submissions):
        self.submissions = {submission.name: submission for submission in submissions}
        if len(self.submissions) < len(submissions):
            raise UserError("two submissions have the same folder name; give each student's folder a name of its own.")
        self.config = config
        self.other_tests = False
        self.scores = Scores(load_catalog(ROOT / "exercises/catalog.yml"))

    def pytest_runtest_logreport(self, report):
        verdicts = [value for name, value in report.user_properties if name == CHECK]
        self.scores.checks += [Check(**value, seconds=round(report.duration, 3)) for value in verdicts]
        self.other_tests |= report.when == "call" and not verdicts

    def pytest_terminal_summary(self, terminalreporter):
        lost = any(check.awarded != check.points for check in self.scores.checks)
        if self.other_tests and not lost:  # a run of the whole suite, where nobody asked for points
            return
        terminalreporter.section("points")
        for submission in self.scores.submissions():
            terminalreporter.write_line("\n".join(self.scores.table(submission)))
        terminalreporter.write_line(f"isolation: {self.config.stash[ISOLATION].mode}")
        seed = self.config.option.seed
        terminalreporter.write_line(f"seed of the hidden inputs: {seed} (--seed {seed} gives them again)")
        if path := self.config.getoption("scores", None):
            try:
                self.write(Path(path))
            except UserError as error:
                terminalreporter.write_line(str(error), red=True)

    def files_graded(self):
        return {self.scores.catalog[check.exercise].file for check in self.scores.checks}

    def write(self, path):
        files = sorted({exercise.file for exercise in self.scores.catalog.values()})
        digests = {name: {file: s.digest(file) for file in files} for name, s in self.submissions.items()}
        session = {
            "seed": self.config.option.seed,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": {"python": platform.python_version(), "torch": str(torch.__version__)},
            "isolation": self.config.stash[ISOLATION].described(),
        }
        catalog = self.scores.catalog
        graded = [exercise for exercise in catalog.values() if exercise.file in self.files_graded()]
        found = {name: marks(graded, s.source, catalog) for name, s in self.submissions.items()}
        self.scores.write(path, session, digests, found)


def pytest_generate_tests(metafunc):
    if "submission" in metafunc.fixturenames:
        names = list(metafunc.config.pluginmanager.getplugin("scoreboard").submissions)
        metafunc.parametrize("submission", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def submission(request, pytestconfig):
    return pytestconfig.pluginmanager.getplugin("scoreboard").submissions[request.param]


@pytest.fixture(scope="session")
def workers(pytestconfig):
    """Processes to run submissions in: the next one starts while one submission is graded."""
    number = len(pytestconfig.pluginmanager.getplugin("scoreboard").submissions)
    shared = pytestconfig.getoption("share_worker", False)
    # Loaded before the clock runs, if any exercise needs them.
    options = ["optimizers"] * any("optim" in path.read_text("utf-8") for path in ROOT.glob("solutions/*.py"))
    workers = Workers(partial(pytestconfig.stash[ISOLATION].start, *options), expected=number, shared=shared)
    yield workers
    workers.close()


@pytest.fixture(scope="session")
def witness(submission, workers, pytestconfig):
    """What asks the worker of one submission."""
    limits = [
        pytestconfig.getoption("call_seconds", CALL_SECONDS),
        pytestconfig.getoption("submission_seconds", SUBMISSION_SECONDS),
    ]
    witness = Witness(workers, *limits)
    yield witness
    witness.close()


@pytest.fixture
def exercise(request, pytestconfig):
    """The exercise that the test's class is about."""
    catalog = pytestconfig.pluginmanager.getplugin("scoreboard").scores.catalog
    return catalog[request.node.get_closest_marker("exercise").args[0]]


@pytest.fixture(scope="session")
def answer(request, submission, pytestconfig):
    if pytestconfig.stash[ISOLATION] is isolation.TRUSTED:
        return AnswerHere(submission.folder)
    return remember_failed_loads(request.getfixturevalue("witness").answer)


@pytest.fixture
def student(exercise, submission, answer):
    """The submitted function, in a fresh process."""
    return Student(exercise, submission.source, answer, slips_of(exercise))


@pytest.fixture
def generator(request, pytestconfig):
    """Random inputs for one test: other ones for another seed, the same ones for every submission."""
    name = (
        f"{pytestconfig.option.seed} {request.node.path.name} {request.node.cls.__name__} {request.node.originalname}"
    )
    seed = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])
    return torch.Generator().manual_seed(seed)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A finding fails its check with its sentence alone: a traceback would show hidden inputs."""
    try:
        return (yield)
    except Finding as error:
        item.stash[FINDING] = finding = error
    pytest.fail(str(finding), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Attach the verdict to the report of a check."""
    report = yield
    mark = item.get_closest_marker("points")
    if mark and call.when != "teardown" and (call.when == "call" or not report.passed):
        report.user_properties = [(CHECK, verdict(item, mark.args[0], report, item.stash.get(FINDING, None)))]
    return report


def verdict(item, points, report, finding):
    """The fields of a Check, as data that travels between test processes."""
    if finding:
        outcome = {"awarded": 0, "category": str(finding.category), "message": finding.message}
    elif report.passed:
        outcome = {"awarded": points}
    else:
        reason = "the check was skipped." if report.skipped else "the check itself failed; see its traceback."
        outcome = {"awarded": None, "category": "not graded", "message": reason}
    return {
        "submission": item.callspec.params["submission"],
        "exercise": item.get_closest_marker("exercise").args[0],
        "name": item.originalname.removeprefix("test_").replace("_", " "),
        "points": points,
        **outcome,
    }
