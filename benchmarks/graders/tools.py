"""The graders that are compared: how each is set up, and how it grades one submission or all."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from attacks import arena
from graders import formats

SUPERVISE = Path(__file__).with_name("supervise.py")
LIMIT = 240  # seconds a submission may take; nbgrader gives each of five looping cells its default of 30
ASSIGNMENT, NOTEBOOK = "ch03", "ch03.ipynb"
NO_PLACES: dict[str, object] = {}


@dataclass(frozen=True)
class Run:
    """A command that came to an end: its seconds by the clock, and why it failed if it did."""

    seconds: float
    failure: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a grader made of one submission: without points where it came to none, without times where to no end."""

    points: float | None
    run: Run | None
    reason: str = ""


def run(command: list[str], folder: Path, variables: dict[str, str], limit: float = LIMIT) -> Run:
    """Run a command; what it prints goes to folder/log. Raises TimeoutError, and none of its processes is left then."""
    report = folder / "report.json"
    program = [sys.executable, str(SUPERVISE), str(report), str(limit), *command]
    with (folder / "log").open("w+b") as log:
        subprocess.run(program, cwd=folder, env=variables, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=True)
        log.seek(0)
        lines = log.read().decode(errors="replace").split("\n")
    ended = json.loads(report.read_text(encoding="utf-8"))
    if ended["status"] is None:
        raise TimeoutError(f"no end within {limit} s")
    said = [line.strip() for line in lines if "Error" in line and line.isprintable()]
    return Run(ended["seconds"], (said or ["it failed"])[-1][:200] if ended["status"] else "")


def inside(environment: Path, home: Path) -> dict[str, str]:
    """The variables of a command that finds a virtual environment, and nothing of this course."""
    path = f"{environment / 'bin'}{os.pathsep}{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(home), "OMP_NUM_THREADS": "1", "LANG": "C.UTF-8"}


def write_notebook(released: Path, entry: dict[str, Any], path: Path) -> None:
    """Hand in: the stubs as they were released, everything else in the first answer cell."""
    notebook = nbformat.read(released, 4)
    if entry["name"] != "stubs":
        notebook = formats.hand_in(notebook, arena.source(entry, NO_PLACES))
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


class Otter:
    """`otter assign`, then `otter run` for each submission."""

    name = "otter-grader"

    def __init__(self, environment: Path, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self.variables = inside(environment, folder)
        self.command = [str(environment / "bin/otter")]
        nbformat.write(formats.otter_master(), folder / NOTEBOOK)
        # It also runs the tests on the master and fails unless they all pass.
        if failure := run([*self.command, "assign", "--no-pdfs", NOTEBOOK, "dist"], folder, self.variables).failure:
            raise RuntimeError(failure)

    def grade(self, entry: dict[str, Any]) -> Outcome:
        """One submission in a temporary folder."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            write_notebook(self.folder / "dist/student" / NOTEBOOK, entry, folder / NOTEBOOK)
            archive = next(self.folder.glob("dist/autograder/*.zip"))
            finished = run([*self.command, "run", "--autograder", str(archive), NOTEBOOK], folder, self.variables)
            if finished.failure:
                return Outcome(None, finished, finished.failure)
            tests = json.loads((folder / "results.json").read_text(encoding="utf-8"))["tests"]
            scores = [test["score"] for test in tests if "score" in test]
            return Outcome(sum(scores), finished) if scores else Outcome(None, finished, tests[0]["output"][:200])


class Nbgrader:
    """`nbgrader generate_assignment`, then `nbgrader autograde` for one student or all."""

    name = "nbgrader"

    def __init__(self, environment: Path, folder: Path) -> None:
        self.folder = folder
        self.variables = inside(environment, folder)
        self.command = [str(environment / "bin/nbgrader")]
        source = folder / "source" / ASSIGNMENT / NOTEBOOK
        source.parent.mkdir(parents=True)
        nbformat.write(formats.nbgrader_source(), source)
        (folder / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "course"\n')
        if failure := run([*self.command, "generate_assignment", ASSIGNMENT], folder, self.variables).failure:
            raise RuntimeError(failure)

    def grade(self, entry: dict[str, Any]) -> Outcome:
        """One submission in a copy of the course."""
        points, finished = self.grade_all([entry], LIMIT)
        return Outcome(points.get(entry["student"]), finished, "" if points else finished.failure)

    def grade_all(self, entries: list[dict[str, Any]], limit: float) -> tuple[dict[str, float], Run]:
        """The points of those who were graded."""
        with tempfile.TemporaryDirectory() as scratch:
            course = Path(shutil.copytree(self.folder, Path(scratch) / "course"))
            for entry in entries:
                path = course / "submitted" / entry["student"] / ASSIGNMENT / NOTEBOOK
                write_notebook(course / "release" / ASSIGNMENT / NOTEBOOK, entry, path)
            finished = run([*self.command, "autograde", ASSIGNMENT], course, self.variables, limit)
            run([*self.command, "export"], course, self.variables)
            with (course / "grades.csv").open(newline="", encoding="utf-8") as file:
                points = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
            # Where grading failed the student's notebook is gone, while the export says 0.
            graded = {name for name in points if (course / "autograded" / name / ASSIGNMENT / NOTEBOOK).exists()}
            return {name: points[name] for name in graded}, finished


class Ours:
    """`pytest tests/hidden --submission`, sandbox and all."""

    name = "vae-edu"

    def grade(self, entry: dict[str, Any]) -> Outcome:
        """One submission by a command of its own."""
        points, finished = self.grade_all([entry], LIMIT)
        return Outcome(points[entry["student"]], finished)

    def grade_all(self, entries: list[dict[str, Any]], limit: float) -> tuple[dict[str, float], Run]:
        """The points of all."""
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            for entry in entries:
                arena.write(entry, folder / entry["student"], NO_PLACES)
            named = [f"--submission={folder / entry['student']}" for entry in entries]
            command = [
                sys.executable,
                "-m",
                "pytest",
                str(arena.ROOT / arena.TESTS),
                f"--rootdir={arena.ROOT}",
                "--tb=short",
            ]
            scores = folder / "scores.json"
            finished = run([*command, f"--scores={scores}", *named], folder, dict(os.environ), limit)
            graded = json.loads(scores.read_text(encoding="utf-8"))["submissions"]
        return {one["submission"]: sum(c["awarded"] or 0 for c in one["checks"]) for one in graded}, finished
