"""A class is graded: what is left to do by the journal, done one submission at a time, each result kept at once.

In the folder of a grading: `grading.json`, how it was begun; `journal.jsonl`, what came out; `submissions/`, the files
graded. The rest is made from these.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, as_completed
from pathlib import Path

from vae_edu.course import assess
from vae_edu.course.assess import Task
from vae_edu.course.desk import chapter
from vae_edu.course.intake import HandedIn
from vae_edu.course.journal import Entry, Journal
from vae_edu.course.session import Session
from vae_edu.course.suite import Suite
from vae_edu.errors import UserError
from vae_edu.files import written_atomically


class Grading:
    """One grading in its folder."""

    def __init__(self, out: Path, suite: Suite, session: Session) -> None:
        self.out, self.suite, self.session = out, suite, session
        self.journal = Journal(out / "journal.jsonl")

    @property
    def standing(self) -> dict[str, Entry]:
        """Where each submission stands."""
        return self.journal.standing(list(self.suite.catalog))

    @property
    def graded(self) -> list[str]:
        """The exercises graded so far, in the catalog's order."""
        names = {name for entry in self.journal.entries for name in entry.exercises}
        return [name for name in self.suite.catalog if name in names]

    def at_hand(self, exercises: Sequence[str], again: Sequence[str]) -> list[str]:
        """Of the exercises those graded so far and those that `again` names; all where none was graded."""
        graded = self.graded
        named = [name for name in exercises if {name, chapter(self.suite.catalog[name])} & {*again}]
        return [name for name in exercises if not graded or name in graded or name in named]

    def tasks(
        self, handed_in: Sequence[HandedIn], exercises: Sequence[str], again: Sequence[str], **limits: float
    ) -> list[Task]:
        """What is to be done: what was not graded, and what of the rest `again` names.

        `again` holds names of submissions, exercises and chapters. Raises UserError for one that is none of these.
        """
        known = {*self.suite.catalog, *map(chapter, self.suite.catalog.values()), *(each.name for each in handed_in)}
        if strangers := [name for name in again if name not in known]:
            raise UserError(f"--again {strangers[0]}: there is no submission, exercise or chapter of this name.")
        standing = self.standing
        tasks = []
        for each in handed_in:
            done = standing[each.name].exercises if each.name in standing else ()
            left = tuple(n for n in exercises if n not in done or self._again(each.name, n, again))
            if left:
                tasks.append(self.task(each, left, **limits))
        return tasks

    def task(self, handed_in: HandedIn, exercises: tuple[str, ...], **limits: float) -> Task:
        """A task of this grading."""
        session, digests = self.session, self.suite.digests(exercises)
        return Task(handed_in, exercises, session.seed, digests, practice=session.practice, **limits)

    def _again(self, submission: str, exercise: str, again: Sequence[str]) -> bool:
        exercises = [name for name in again if name in self.suite.catalog or name in self._chapters()]
        submissions = [name for name in again if name not in exercises]
        meant = exercise in exercises or chapter(self.suite.catalog[exercise]) in exercises
        return bool(again) and (meant or not exercises) and (submission in submissions or not submissions)

    def _chapters(self) -> set[str]:
        return {chapter(exercise) for exercise in self.suite.catalog.values()}

    def run(self, tasks: Sequence[Task], executor: Executor) -> Iterator[Entry]:
        """Do the tasks, keep and give each result as it comes. Raises UserError where nothing can be graded."""
        futures = {executor.submit(assess.assess, task): task for task in tasks}
        try:
            for future in as_completed(futures):
                entry = future.result()
                self._keep(futures.pop(future))
                self.journal.append(entry)
                yield entry
        finally:
            for future in futures:
                future.cancel()

    def check_itself(self, exercises: Sequence[str], executor: Executor, **limits: float) -> None:
        """Grade the reference and the stubs, unless that was done with these tests, this grader and this torch.

        Raises UserError unless the reference earns every point and the stubs none.
        """
        digests = self.suite.digests(exercises)
        ground = self.suite.ground()
        proofs = {name: f"{digests[self.suite.catalog[name].file]} {ground}" for name in exercises}
        left = tuple(name for name in exercises if self.session.proven.get(name) != proofs[name])
        if not left:
            return
        both = [self.task(each, left, **limits) for each in (self.suite.reference(), self.suite.stubs())]
        reference, stubs = executor.map(assess.assess, both)
        missed = [check for check in reference.checks if check.awarded != check.points]
        given = [check for check in stubs.checks if check.awarded != 0]
        due = sum(self.suite.catalog[name].points for name in left)
        if missed or given or sum(check.points for check in reference.checks) != due:
            what = "; ".join(f"{c.exercise}, {c.name}: {c.category} {c.message}" for c in [*missed, *given][:3])
            raise UserError(
                f"nothing was graded: the hidden tests do not hold on this machine. {what or 'Some gave no verdict.'}"
            )
        self.session = self.session.with_proof(self.out, proofs)

    def _keep(self, task: Task) -> None:
        """Put the files that were graded beside the journal: they are what the points are about."""
        folder = self.out / "submissions" / task.handed_in.name
        for file in self.suite.files(task.exercises):
            content = task.handed_in.files.get(file)
            if content is None:
                (folder / file).unlink(missing_ok=True)
            else:
                with written_atomically(folder / file) as temporary:
                    temporary.write_bytes(content)

    def remarks(self, handed_in: Sequence[HandedIn]) -> list[str]:
        """What an instructor should know before relying on results of an earlier run."""
        standing, here = self.standing, {each.name: each for each in handed_in}
        changed = [name for name, entry in standing.items() if name in here and _differs(entry, here[name])]
        moved = [name for name, entry in standing.items() if name in here and entry.origin != here[name].origin]
        gone = [name for name in standing if name not in here]
        digests = self.suite.digests(self.suite.catalog)
        files = sorted({f for entry in standing.values() for f, d in entry.suite.items() if digests.get(f) != d})
        said = {
            "none of the course's files was found in what these handed in": [e.name for e in handed_in if not e.files],
            "graded earlier from another folder or zip than the one that bears the name now": moved,
            "changed since graded, and not graded again (--again NAME does that)": changed,
            "graded earlier and no longer handed in; they keep their points": gone,
            "graded before by other hidden tests than today's (--again CHAPTER grades anew)": files,
        }
        return [f"{what}: {', '.join(which)}." for what, which in said.items() if which]


def _differs(entry: Entry, handed_in: HandedIn) -> bool:
    return any(handed_in.digest(file) != digest for file, digest in entry.sha256.items())
