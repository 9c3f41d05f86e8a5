"""`vae-edu check`: runs the visible checks and shows a line per exercise, what failed first, and where one stands."""

from collections.abc import Sequence
from pathlib import Path
from time import strftime

from vae_edu.cli_text import console, say, waiting
from vae_edu.course import visible
from vae_edu.course.catalog import Exercise, load_catalog
from vae_edu.course.desk import CATALOG, chapter, chosen, exercises_folder
from vae_edu.course.own_work import attempted, chapter_title, digest, flags
from vae_edu.course.practice import Practice, Result
from vae_edu.course.progress import Progress
from vae_edu.course.settings import load_settings
from vae_edu.errors import UserError


def check(names: Sequence[str], named_folder: Path | None, seconds: float, watch: bool) -> bool:
    """Check the exercises named, or all; with `watch` again whenever their file is saved, until Ctrl-C.

    Returns whether each of them passes now.
    """
    session = Session(exercises_folder(named_folder), seconds)
    exercises = chosen(session.catalog, names)
    try:
        session.run(exercises, overview=not names)
        if watch:
            session.watch(exercises)
    except KeyboardInterrupt:
        say("")
    finally:
        session.close()
    return all(exercise.id in session.passing for exercise in exercises)


class Session:
    """A student's folder of exercises, and what is known of each in this session."""

    def __init__(self, folder: Path, seconds: float) -> None:
        self.folder, self.seconds = folder, seconds
        self.catalog = load_catalog(folder / CATALOG)
        self.settings = load_settings(folder / "course.yml")
        self.passing: dict[str, str] = {}  # the digests of the answers that pass
        self._practice: Practice | None = None
        self._told: set[str] = set()
        self._stamps: dict[str, object] = {}

    def run(self, exercises: Sequence[Exercise], overview: bool = False) -> None:
        """Check what is attempted, a line each; the rest is a line each too, or with `overview` a line per chapter."""
        self._told = set()
        self._stamps |= {exercise.file: stamp(self.folder / exercise.file) for exercise in exercises}
        problems: list[visible.Problem] = []
        width = max(len(exercise.id) for exercise in exercises)
        for exercise in exercises:
            if attempted(exercise, self.folder):
                problems += self._check(exercise, width)
            else:
                self.passing.pop(exercise.id, None)
                if not overview:
                    say(f"{exercise.id:{width}}  not attempted", "yellow")
        self._remember()
        if overview:
            self._overview()
        for flag in flags(exercises, self.folder, self.catalog):
            say(f"Note: {flag}", "yellow")
        self._end(problems, exercises)

    def watch(self, exercises: Sequence[Exercise]) -> None:
        """Check the exercises of each file that is saved; torch stays loaded."""
        from watchfiles import watch

        files = sorted({exercise.file for exercise in exercises})
        say(f"Watching {self.folder}: save a file to check it again; Ctrl-C leaves.", "dim")
        self._ready()
        # The second's timeout finds what was saved while nobody looked, and makes up for folders without notices.
        for _ in watch(self.folder, recursive=False, step=20, debounce=200, rust_timeout=1000, yield_on_timeout=True):
            changed = [file for file in files if self._stamps.get(file) != stamp(self.folder / file)]
            if changed:
                console.clear()
                say(f"{strftime('%H:%M:%S')}  {', '.join(changed)}", "bold")
                self.run([exercise for exercise in exercises if exercise.file in changed])
                say("Watching; Ctrl-C leaves.", "dim")

    def close(self) -> None:
        if self._practice:
            self._practice.close()

    def _ready(self) -> Practice:
        self._practice = self._practice or Practice(self.folder, self.seconds)
        return self._practice

    def _check(self, exercise: Exercise, width: int) -> list[visible.Problem]:
        answer = digest(exercise, self.folder, self.catalog)  # now: the file may be saved while it is checked
        with waiting(f"{exercise.id} …"):
            results = self._ready().run(exercise)
        problems = [result.problem for result in results]
        passed = visible.first(problems) is None
        self.passing.pop(exercise.id, None)
        self.passing |= {exercise.id: answer} if passed else {}
        record = Progress(self.folder).of(exercise.id)
        earlier = f"; passed on {record.passed_on}, edited since" if record.passed and not passed else ""
        say(f"{exercise.id:{width}}  {visible.state(problems)}{earlier}", "green" if passed else "red")
        self._explain(results)
        return problems

    def _explain(self, results: Sequence[Result]) -> None:
        """The first failed check in full, and what was printed there; where all pass, what was printed in all."""
        failed = next((result for result in results if result.problem), None)
        printed = failed.printed if failed else "".join(result.printed for result in results)
        if failed and failed.problem:
            repeated = failed.problem in self._told
            say("as above" if repeated else f"{failed.check}: {failed.problem.partition(': ')[2]}", indent=4)
            if failed.evidence and not repeated:
                say(failed.evidence, indent=4)
            self._told.add(failed.problem)
        if printed:
            say("printed:", "dim", indent=4)
            say(printed, indent=8)

    def _remember(self) -> None:
        progress = Progress(self.folder)  # read again: another terminal may have written
        if all(progress.of(name).passed == answer for name, answer in self.passing.items()):
            return
        for name, answer in self.passing.items():
            progress.passed(name, answer)
        try:
            progress.save()
        except UserError as error:
            say(f"Not remembered: {error}", "yellow")

    def _overview(self) -> None:
        """A line per chapter: what passes, what is not begun, hints taken, when it is due."""
        progress = Progress(self.folder)
        by_chapter: dict[str, list[Exercise]] = {}
        if self.settings.title:
            say(self.settings.title, "bold")
        for exercise in self.catalog.values():
            by_chapter.setdefault(chapter(exercise), []).append(exercise)
        for name, exercises in by_chapter.items():
            fresh = [e.function for e in exercises if not attempted(e, self.folder)]
            hints = sum(len(progress.of(e.id).hints) for e in exercises)
            parts = [f"{sum(e.id in self.passing for e in exercises)} of {len(exercises)} pass"]
            parts += [f"not attempted: {', '.join(fresh)}"] if fresh else []
            parts += [f"hints taken: {hints}"] if hints else []
            parts += [f"due {self.settings.due[name]}"] if name in self.settings.due else []
            say(f"{name}  {chapter_title(exercises[0].file, self.folder)}: {'; '.join(parts)}")

    def _end(self, problems: Sequence[visible.Problem], exercises: Sequence[Exercise]) -> None:
        """Where the student stands in the course, what this run was, and the conclusion."""
        progress = Progress(self.folder)
        passed = [e for e in self.catalog.values() if progress.of(e.id).passed]
        edited = [e.id for e in passed if progress.of(e.id).passed != digest(e, self.folder, self.catalog)]
        since = f" Passed once and edited since: {', '.join(edited)}." if edited else ""
        say(f"{len(passed) - len(edited)} of {len(self.catalog)} exercises of the course pass.{since}")
        if failing := [e.id for e in exercises if attempted(e, self.folder) and e.id not in self.passing]:
            say(f"Stuck? vae-edu hint {failing[0]}", "dim")
        say("This is practice in a process on your own machine, not grading.", "dim")
        complete = all(exercise.id in self.passing for exercise in exercises)
        say(visible.conclusion(problems, complete), "green" if complete else "bold")


def stamp(path: Path) -> object:
    """What changes when a file is saved."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
