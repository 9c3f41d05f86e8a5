"""One submission through the hidden tests: a pytest process of its own, and the entry for the journal.

A task is plain data and what comes back is too, so that it can be done here or on another machine.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vae_edu.course.intake import HandedIn
from vae_edu.course.journal import Entry
from vae_edu.course.scores import Check
from vae_edu.course.suite import Suite, load_suite
from vae_edu.course.witness import CALL_SECONDS, SUBMISSION_SECONDS
from vae_edu.errors import UserError

STARTING_SECONDS = 300.0  # on top of a submission's own time, for the grader's
USAGE_ERROR = 4
_running: set["subprocess.Popen[str]"] = set()
_stopped = threading.Event()
STOPPED = "the grading process ended without a result; a person has to look at this."


@dataclass(frozen=True)
class Task:
    """A submission, and how to grade it; `suite` are the digests of the tests it is meant for."""

    handed_in: HandedIn
    exercises: tuple[str, ...]
    seed: int
    suite: dict[str, str]
    practice: bool = False
    call_seconds: float = CALL_SECONDS
    submission_seconds: float = SUBMISSION_SECONDS


def assess(task: Task) -> Entry:
    """Grade one submission.

    Raises UserError where nothing can be graded: no isolation, or another suite than the task is meant for.
    """
    suite = load_suite()
    if suite.digests(task.exercises) != task.suite:
        raise UserError(
            f"the hidden tests or solutions in {suite.root} are not those that this grading began with; bring every "
            "machine to the same version."
        )
    with tempfile.TemporaryDirectory(prefix="vae_edu-grading-") as place:
        folder = Path(place) / task.handed_in.name
        task.handed_in.write(folder)
        scores = Path(place) / "scores.json"
        said = _run(task, suite, folder, scores)
        graded = json.loads(scores.read_text(encoding="utf-8")) if scores.exists() else {}
    if said:
        raise UserError(" ".join(said.removeprefix("ERROR: ").split()))
    return _entry(task, suite, graded)


def _run(task: Task, suite: Suite, folder: Path, scores: Path) -> str:
    """Run pytest; what it said where it refused to begin."""
    command = [
        *(sys.executable, "-m", "pytest", "-q", "--tb=no", "-p", "no:cacheprovider", f"--follow={os.getpid()}"),
        *suite.tests(task.exercises),
        *(f"--submission={folder}", f"--scores={scores}", f"--seed={task.seed}"),
        *(f"--call-seconds={task.call_seconds}", f"--submission-seconds={task.submission_seconds}"),
        *(["--practice"] if task.practice else []),
    ]
    with subprocess.Popen(
        command,
        cwd=suite.root,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        # A core for each job, the same sums on every machine, and no habits of whoever grades, such as -x.
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTEST_ADDOPTS": ""},
        start_new_session=True,  # Ctrl-C is for the one who waits here
    ) as process:
        _running.add(process)
        try:
            if _stopped.is_set():
                _kill(process)
            _, said = process.communicate(timeout=task.submission_seconds + STARTING_SECONDS)
        except subprocess.TimeoutExpired:
            said = ""
        finally:
            _kill(process)
            _running.discard(process)
    return said if process.returncode == USAGE_ERROR else ""


@contextmanager
def started() -> Iterator[None]:
    """What is still being graded in this process when the block is left is ended, and nothing of it kept."""
    _stopped.clear()
    try:
        yield
    finally:
        _stopped.set()
        for process in list(_running):
            _kill(process)


def _kill(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def _entry(task: Task, suite: Suite, graded: dict[str, Any]) -> Entry:
    """What the scores of pytest amount to; without any, checks that were not graded and a flag."""
    files = suite.files(task.exercises)
    [result] = graded.get("submissions") or [{"checks": [], "marks": [f"{files[0]}, everything: {STOPPED}"]}]
    return Entry(
        submission=task.handed_in.name,
        origin=task.handed_in.origin,
        graded=datetime.now(UTC).isoformat(timespec="seconds"),
        sha256={file: task.handed_in.digest(file) for file in files},
        modified={file: time for file, time in task.handed_in.modified.items() if file in files},
        exercises=task.exercises,
        checks=tuple(Check(**check) for check in result["checks"]),
        notes=task.handed_in.notes,
        flags=tuple(result["marks"]),
        seed=task.seed,
        isolation=graded.get("isolation", {}),
        versions=graded.get("versions", {}),
        suite=task.suite,
    )
