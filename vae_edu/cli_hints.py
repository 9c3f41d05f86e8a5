"""`vae-edu hint` and `vae-edu solution`: help in stages, and the course's answer where its settings allow."""

from pathlib import Path

from vae_edu.cli_text import say
from vae_edu.course import stubs
from vae_edu.course.catalog import load_catalog
from vae_edu.course.desk import CATALOG, exercises_folder, one
from vae_edu.course.progress import Progress
from vae_edu.course.settings import load_settings
from vae_edu.errors import UserError


def hint(name: str, named_folder: Path | None, again: bool) -> None:
    """Give the next hint of an exercise, or repeat those taken."""
    folder = exercises_folder(named_folder)
    exercise, progress = one(load_catalog(folder / CATALOG), name), Progress(folder)
    taken = len(progress.of(exercise.id).hints)
    if again and not taken:
        raise UserError(f"no hint for {exercise.id} has been taken; `vae-edu hint {exercise.id}` gives the first.")
    if not again and taken < len(exercise.hints):
        progress.take_hint(exercise.id)
        progress.save()
        taken += 1
        shown = [taken]
    else:
        shown = list(range(1, min(taken, len(exercise.hints)) + 1))
    for number in shown:
        say(f"Hint {number} of {len(exercise.hints)} for {exercise.id}, {exercise.title}", "bold")
        say(exercise.hints[number - 1], indent=4)
    left = max(0, len(exercise.hints) - taken)
    say({0: "That was the last hint.", 1: "One more hint is left."}.get(left, f"{left} more hints are left."), "dim")


def solution(name: str, named_folder: Path | None) -> None:
    """Show the course's answer, where its settings allow. Raises UserError, saying why, where they do not."""
    folder = exercises_folder(named_folder)
    exercise = one(load_catalog(folder / CATALOG), name)
    settings = load_settings(folder / "course.yml")
    master, ask = folder.resolve().parent / "solutions" / exercise.file, settings.contact or "your instructor"
    if settings.solutions == "never":
        raise UserError(f"this course shows no solutions; ask {ask}.")
    if not master.is_file():
        raise UserError(f"solutions are not part of this student edition; {ask} may hand them out later.")
    if settings.solutions == "after-passing" and not Progress(folder).of(exercise.id).passed:
        raise UserError(
            f"the solution of {exercise.id} is shown once its visible checks pass: `vae-edu check {exercise.id}`; "
            f"until then `vae-edu hint {exercise.id}` helps."
        )
    say(stubs.solution(master.read_text(encoding="utf-8"), exercise.function))
