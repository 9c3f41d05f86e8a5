"""A student's own run of the visible checks: in a process apart, with a deadline for each check and a limit on memory.

This is practice, not grading: the student's file and the checks share a process, so that what was printed and where it
stopped can be shown. Where the system can fork safely, every exercise has a process of its own, and torch is loaded
once in the parent; elsewhere one process loads torch and goes on until it has to be replaced.
"""

import io
import math
import multiprocessing
import re
import signal
import sys
import time
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from vae_edu.course.catalog import Exercise
from vae_edu.course.checks import Check, checks_of, outcome, spoken
from vae_edu.course.findings import Category, Finding, finding
from vae_edu.course.visible import Problem, evidence, student_here
from vae_edu.errors import UserError

METHOD = "fork" if sys.platform == "linux" else "spawn"  # macOS can fork, but its libraries may not survive it
# Of the processor, so that a busy machine makes no right answer late. A check that has used them up is interrupted in
# its own process; one that does not let itself be interrupted is killed this much later.
SECONDS = 5.0
GRACE_SECONDS = 1.0
# So many times as long by the clock is given to a check that only waits; on Windows, without such signals, to any.
PATIENCE = 2.0 if sys.platform == "win32" else 10.0
START_SECONDS = 120.0
# What makes torch load its compiler, which takes a second.
LOADED_LATE = re.compile(r"\boptim\b|\btorch\.func\b")
MEMORY = 2 * 2**30  # bytes, as in grading
PRINTED = 2000  # characters kept


@dataclass(frozen=True)
class Result:
    """What one check found, the call and the student's own lines, and what the student's code printed."""

    check: str
    problem: Problem = None
    evidence: str = ""
    printed: str = ""


class Practice:
    """Runs exercises of `folder`; a check may take `seconds` of the processor."""

    def __init__(self, folder: Path, seconds: float = SECONDS, method: str = METHOD) -> None:
        self.folder, self.seconds = folder.resolve(), seconds
        self._forks = method == "fork"
        if self._forks:
            import pytest  # noqa: F401  the checks are marked with it
            import torch

            torch.set_num_threads(1)
        self._context: Any = multiprocessing.get_context(method)
        self._process: Any = None
        self._pipe: Connection

    def run(self, exercise: Exercise) -> list[Result]:
        """The results of the visible checks of one exercise. Raises UserError where its checks cannot be read."""
        results: list[Result] = []
        names = [""]
        while len(results) < len(names):
            try:
                self._start(exercise)
                self._pipe.send((exercise, len(results)))
                names = self._receive(START_SECONDS)
                while len(results) < len(names):
                    results.append(self._receive(PATIENCE * self.seconds + GRACE_SECONDS))
            except (EOFError, OSError) as end:
                late = isinstance(end, TimeoutError) or self._used_up()
                self.close()
                category = Category.TIMEOUT if late else Category.CRASH
                results.append(Result(names[len(results)], str(ended(category, exercise))))
        if self._forks:
            self.close()
        return results

    def close(self) -> None:
        """End the process, whatever it is doing."""
        if self._process:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None

    def _start(self, exercise: Exercise) -> None:
        if self._forks:
            load_once(exercise, self.folder)
        if not self._process:
            self._pipe, theirs = self._context.Pipe()
            work = (theirs, self._pipe if self._forks else None, self.folder, self.seconds)
            self._process = self._context.Process(target=serve, args=work, daemon=True)
            self._process.start()
            theirs.close()

    def _used_up(self) -> bool:
        """Whether the process, which hung up, was ended for its use of the processor."""
        self._process.join(GRACE_SECONDS)
        return sys.platform != "win32" and self._process.exitcode == -signal.SIGXCPU

    def _receive(self, seconds: float) -> Any:
        if not self._pipe.poll(seconds):
            raise TimeoutError
        message = self._pipe.recv()
        if isinstance(message, UserError):
            raise message
        return message


def load_once(exercise: Exercise, folder: Path) -> None:
    """Load here, not in every process, the checks with the libraries they need, and what torch loads late."""
    with suppress(Exception):  # the process meets it again, and reports it
        checks_of(exercise, folder)
    paths = (folder / exercise.file, folder / f"test_{exercise.file}")
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in paths if path.is_file()]
    if any(map(LOADED_LATE.search, texts)):
        import torch._dynamo  # noqa: F401


def ended(category: Category, exercise: Exercise) -> Finding:
    """The finding for a check that came to no end of its own."""
    return finding({"category": category, "type": "", "line": None}, exercise.file, exercise.function)


def serve(parent: Connection, other_end: Connection | None, folder: Path, seconds: float) -> None:
    """What the process does: for each (exercise, number of checks to leave out) the names, then the results."""
    if other_end:  # a copy that came with the fork; while it is open, the parent's end goes unnoticed
        other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this process
    limit_memory()
    import torch

    torch.set_num_threads(1)
    with suppress(EOFError):
        while True:
            exercise, skipped = parent.recv()
            try:
                checks = checks_of(exercise, folder)
            except Exception as error:
                parent.send(error if isinstance(error, UserError) else unreadable(exercise, folder, error))
                continue
            parent.send([spoken(name) for name in checks])
            for name, check in list(checks.items())[skipped:]:
                parent.send(result(spoken(name), check, exercise, folder, seconds))


def limit_memory() -> None:
    """At most MEMORY of data, and no core dumps; on Windows, and for most of macOS, there is no such limit."""
    try:
        import resource
    except ImportError:
        return
    for limit, value in ((resource.RLIMIT_DATA, MEMORY), (resource.RLIMIT_CORE, 0)):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))


def unreadable(exercise: Exercise, folder: Path, error: Exception) -> UserError:
    path = folder / f"test_{exercise.file}"
    return UserError(f"{path} cannot be used ({type(error).__name__}: {error}); take it anew from the course.")


def result(name: str, check: Check, exercise: Exercise, folder: Path, seconds: float) -> Result:
    """Run one check for at most `seconds`, and keep what it printed."""
    printed = Printed()
    try:
        with redirect_stdout(printed), redirect_stderr(printed), Alarm(seconds):
            found = outcome(check, student_here(exercise, folder))
    except KeyboardInterrupt as interrupt:
        found = ended(Category.TIMEOUT, exercise)
        found.__cause__ = interrupt
    except Exception as error:
        problem = f"not checked: the check itself stopped ({type(error).__name__}: {error}); tell your instructor."
        return Result(name, problem, "", printed.getvalue())
    if found is None:
        return Result(name, None, "", printed.getvalue())
    return Result(name, str(found), evidence(found, folder), printed.getvalue())


class Alarm:
    """Interrupts the block after some seconds of the processor, so that its place can be told; soon after, ends it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __enter__(self) -> None:
        if sys.platform != "win32":
            import resource

            end = math.ceil(time.process_time() + self.seconds + GRACE_SECONDS)
            resource.setrlimit(resource.RLIMIT_CPU, (end, resource.getrlimit(resource.RLIMIT_CPU)[1]))
            signal.signal(signal.SIGPROF, signal.default_int_handler)
            signal.setitimer(signal.ITIMER_PROF, self.seconds)

    def __exit__(self, *_: object) -> None:
        if sys.platform != "win32":
            signal.setitimer(signal.ITIMER_PROF, 0)


class Printed(io.StringIO):
    """Keeps the beginning of what is printed."""

    def write(self, text: str) -> int:
        room = PRINTED - self.tell()
        if room > 0:
            super().write(text if len(text) <= room else f"{text[:room]} … (and more)")
        return len(text)
