"""Visible checks of your own work: `pytest exercises`, or one exercise with `pytest exercises -k kl_full`.

They run your files right here, so print() and breakpoint() work. The hidden tests that decide the grade are others.
"""

from pathlib import Path

import pytest

from vae_edu.course import visible
from vae_edu.course.catalog import load_catalog
from vae_edu.course.findings import Finding

HERE = Path(__file__).parent
CHECK = "visible check"
FINDING = pytest.StashKey[Finding]()


def pytest_configure(config):
    config.addinivalue_line("markers", "exercise(id): the exercise of the catalog that a class of checks belongs to")
    config.pluginmanager.register(Summary(), "visible-summary")
    config.option.reportchars = ""  # the summary below takes the place of pytest's own


@pytest.fixture(scope="session")
def catalog():
    return load_catalog(HERE / "catalog.yml")


@pytest.fixture
def student(request, catalog):
    """The function that the exercise asks for, as it stands in your file."""
    return visible.student_here(catalog[request.node.get_closest_marker("exercise").args[0]], HERE)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A finding fails its check in its own words, without a traceback of the check."""
    try:
        return (yield)
    except Finding as error:
        item.stash[FINDING] = finding = error
    pytest.fail("\n".join(filter(None, [str(finding), visible.evidence(finding, HERE)])), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Tell the summary which exercise the check belongs to and what it found."""
    report = yield
    mark = item.get_closest_marker("exercise")
    if mark and call.when == "call":
        report.user_properties = [(CHECK, (mark.args[0], str(item.stash.get(FINDING, ""))))]
    return report


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
            terminalreporter.write_line(f"{exercise:{width}}  {visible.state(problems)}")
        everything = [problem for problems in self.checks.values() for problem in problems]
        terminalreporter.write_line(visible.conclusion(everything))
