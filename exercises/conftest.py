"""Visible checks of your own work: `pytest exercises`, or one exercise with `pytest exercises -k kl_full`.

They run your files right here, so print() and breakpoint() work. The hidden tests that decide the grade are others.
"""

import os
import traceback
from pathlib import Path

import pytest

from vae_edu.course.catalog import load_catalog
from vae_edu.course.causes import written_slips
from vae_edu.course.findings import Category, Finding
from vae_edu.course.student import AnswerHere, Student

HERE = Path(__file__).parent
CHECK = "visible check"
FINDING = pytest.StashKey[Finding]()


def pytest_configure(config):
    config.addinivalue_line("markers", "exercise(id): the exercise of the catalog that a class of checks belongs to")
    config.pluginmanager.register(Summary(), "visible-summary")
    config.option.reportchars = ""  # the summary below takes the place of pytest's own


@pytest.fixture
def student(request):
    """The function that the exercise asks for, as it stands in your file."""
    exercise = load_catalog(HERE / "catalog.yml")[request.node.get_closest_marker("exercise").args[0]]
    causes = written_slips(HERE / "causes.json", exercise)
    return Student(exercise, lambda file: (HERE / file).read_text(encoding="utf-8"), AnswerHere(HERE), causes)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A finding fails its check in its own words, without a traceback of the check."""
    try:
        return (yield)
    except Finding as error:
        item.stash[FINDING] = finding = error
    pytest.fail(explanation(finding), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Tell the summary which exercise the check belongs to and what it found."""
    report = yield
    mark = item.get_closest_marker("exercise")
    if mark and call.when == "call":
        report.user_properties = [(CHECK, (mark.args[0], str(item.stash.get(FINDING, ""))))]
    return report


def explanation(finding):
    """The finding, the call, and the lines of the student's own file that an exception passed through."""
    parts = [str(finding), finding.details]
    if finding.__cause__ and finding.category is not Category.NOT_ATTEMPTED:
        own = [
            frame
            for frame in traceback.extract_tb(finding.__cause__.__traceback__)
            if frame.filename.startswith(str(HERE) + os.sep)
        ]
        parts += ["".join(traceback.format_list(own)), *traceback.format_exception_only(finding.__cause__)]
    return "\n".join(part.rstrip() for part in parts if part)


class Summary:
    """One line per exercise at the end."""

    def __init__(self):
        self.checks = {}

    def pytest_runtest_logreport(self, report):
        for name, value in report.user_properties:
            if name == CHECK:
                exercise, problem = value
                self.checks.setdefault(exercise, []).append(problem if report.failed else None)

    def pytest_terminal_summary(self, terminalreporter):
        if not self.checks:
            return
        terminalreporter.section("exercises")
        width = max(map(len, self.checks))
        for exercise, problems in self.checks.items():
            terminalreporter.write_line(f"{exercise:{width}}  {state(problems)}")
        everything = [problem for problems in self.checks.values() for problem in problems]
        passed = everything.count(None)
        count = (
            "visible checks passed"
            if passed == len(everything)
            else f"{passed} of {len(everything)} visible checks passed"
        )
        terminalreporter.write_line(f"{count}; hidden tests not run")


def state(problems):
    first = next((problem for problem in problems if problem is not None), None)
    if first is None:
        return f"{len(problems)} of {len(problems)} visible checks passed"
    if first.startswith(Category.NOT_ATTEMPTED):
        return "not attempted"
    return f"{problems.count(None)} of {len(problems)} visible checks passed ({first.partition(':')[0]})"
