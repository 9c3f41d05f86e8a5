"""`vae-edu grade`: grades a class, shows how far it is, and says where everything lies."""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from vae_edu.cli_text import say
from vae_edu.course import assess, isolation
from vae_edu.course.assess import Task
from vae_edu.course.desk import chosen
from vae_edu.course.gradebook.publish import publish
from vae_edu.course.gradebook.roster import read_roster
from vae_edu.course.gradebook.standing import Graded
from vae_edu.course.grading import Grading
from vae_edu.course.intake import collect
from vae_edu.course.session import opened
from vae_edu.course.settings import load_settings
from vae_edu.course.suite import load_suite
from vae_edu.errors import UserError


def grade(
    submissions: Path,
    out: Path,
    names: Sequence[str] = (),
    *,
    again: Sequence[str] = (),
    jobs: int | None = None,
    scheduler: str | None = None,
    practice: bool = False,
    seed: int | None = None,
    roster: Path | None = None,
    similar: bool = True,
    **limits: float,
) -> None:
    """Grade what is not graded yet, and write gradebook and reports; stopped at any moment, the same call goes on.

    Raises UserError for what a user can mend; what was graded before it stays.
    """
    if sys.platform == "win32":
        raise UserError("grading needs Linux; on Windows grade in a container (grading/README.md says how).")
    suite = load_suite()
    exercises = [exercise.id for exercise in chosen(suite.catalog, names)]
    people = read_roster(roster)  # refused now rather than when everything is graded
    if out.resolve().is_relative_to(submissions.resolve()):
        raise UserError(f"{out} lies among the submissions; name a folder elsewhere with --out.")
    handed_in = collect(submissions, suite.files(suite.catalog))
    if strangers := people.strangers([each.name for each in handed_in]):
        say(f"Note: not on the roster, and so without a name in canvas.csv: {', '.join(strangers)}.", "yellow")
    with opened(out, seed, practice) as session:
        grading = Grading(out, suite, session)
        if again and not names:  # one student anew is not the rest of the course for everybody
            exercises = grading.at_hand(exercises, again)
        for remark in grading.remarks(handed_in) if not again else ():
            say(f"Note: {remark}", "yellow")
        tasks = grading.tasks(handed_in, exercises, again, **limits)
        stopped = bool(tasks) and _graded(grading, exercises, tasks, jobs, scheduler, limits)
        counted = {name: suite.catalog[name] for name in grading.graded}
        about = (load_settings(suite.root / "exercises" / "course.yml"), {"practice": practice, "begun": session.begun})
        books = publish(
            *(out, grading.journal, counted, *about), exercises=suite.root / "exercises", roster=roster, similar=similar
        )
        _say_what_came_out(out, books, len(grading.tasks(handed_in, exercises, ())))
        if stopped:
            say("Stopped; the same command goes on from here.", "yellow")


def _say_what_came_out(out: Path, students: Sequence[Graded], left: int) -> None:
    """How far it is, what a person has to look at, and where things lie."""
    say(f"{len(students)} submissions are graded{f', {left} are left' if left else ''}.", "bold")
    for student in students:
        missing = [f"{student.total.not_graded} points not graded."] if student.total.not_graded else []
        for why in [*student.flags, *missing]:
            say(f"{student.name}: {why}", "yellow", indent=2)
    if warnings := {student.warning for student in students if student.warning}:
        say(" ".join(sorted(warnings)), "red")
    say(f"Gradebook: {out / 'gradebook.csv'}; overview: {out / 'overview.html'}; reports: {out / 'reports'}")


def _graded(
    grading: Grading,
    exercises: Sequence[str],
    tasks: Sequence[Task],
    jobs: int | None,
    scheduler: str | None,
    limits: dict[str, float],
) -> bool:
    """Do the tasks; whether that was stopped before the end."""
    if not grading.session.practice and not scheduler:
        isolation.sandboxed()
    with _executor(jobs, scheduler) as executor, tqdm(total=len(tasks), unit="submission", dynamic_ncols=True) as bar:
        try:
            bar.set_description("the grader's own check")
            grading.check_itself(exercises, executor, **limits)
            for entry in grading.run(tasks, executor):
                bar.set_description(entry.submission)
                bar.update()
        except KeyboardInterrupt:
            return True
    return False


def _cores() -> int:
    """Those that this process may use, where the system says so; macOS does not."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _executor(jobs: int | None, scheduler: str | None) -> Iterator[Executor]:
    """Threads that each wait for a process here, or the workers of a dask cluster."""
    if not scheduler:
        with ThreadPoolExecutor(jobs or _cores()) as threads, assess.started():
            yield threads
        return
    try:
        from distributed import Client
    except ImportError:
        raise UserError("a scheduler needs the package distributed: pip install 'vae-edu[cluster]'.") from None
    try:
        client = Client(scheduler, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise UserError(f"there is no dask scheduler at {scheduler} ({error}).") from None
    with client, client.get_executor(pure=False, retries=3) as workers:
        yield workers
