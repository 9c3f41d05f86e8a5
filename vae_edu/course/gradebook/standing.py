"""Each submission as it stands by the journal: points by exercise, and from which grading each of them is."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vae_edu.course.catalog import Catalog, Exercise
from vae_edu.course.findings import FLAGGED, Category
from vae_edu.course.journal import Entry, Journal
from vae_edu.course.scores import Check, Scores, Total

FOR_GRADES = "sandbox"


@dataclass(frozen=True)
class Part:
    """An exercise of a submission; `entry` is the grading its checks are from, None if it was never graded."""

    exercise: Exercise
    total: Total
    checks: tuple[Check, ...]
    entry: Entry | None

    @property
    def lost(self) -> list[Check]:
        """The checks that did not pass, those without a verdict among them."""
        return [check for check in self.checks if check.awarded != check.points]

    @property
    def attempted(self) -> bool:
        """Whether there is an answer: some check found something other than none."""
        return any(check.category != Category.NOT_ATTEMPTED for check in self.checks)

    @property
    def share(self) -> float:
        """The points over what the exercise is worth."""
        return self.total.points / self.total.of


@dataclass(frozen=True)
class Graded:
    """A submission as it stands; `last` is the latest time it was graded, `warning` says so if it is not for grades."""

    name: str
    last: Entry
    parts: tuple[Part, ...]
    total: Total
    flags: tuple[str, ...]
    notes: tuple[str, ...]
    mode: str
    warning: str

    @property
    def checks(self) -> list[Check]:
        """All checks, in the catalog's order."""
        return [check for part in self.parts for check in part.checks]

    @property
    def share(self) -> float:
        """The points over what all exercises are worth."""
        return self.total.points / self.total.of if self.total.of else 0.0

    @property
    def needs_a_person(self) -> bool:
        """Whether somebody has to look at it before its points are final."""
        return bool(self.flags or self.total.not_graded)


def graded(journal: Journal, catalog: Catalog, session: Mapping[str, Any]) -> list[Graded]:
    """The submissions of a journal by name; where an entry does not say how it was isolated, the session does."""
    history: dict[str, list[Entry]] = {}
    for entry in journal.entries:
        history.setdefault(entry.submission, []).append(entry)
    # The journal may hold more exercises than count here.
    order = dict.fromkeys([*catalog, *(name for entry in journal.entries for name in entry.exercises)])
    standing = journal.standing(list(order))
    return [_graded(entry, history[name], catalog, session) for name, entry in standing.items()]


def mode_of(entry: Entry, session: Mapping[str, Any]) -> str:
    """How a submission was kept apart when it was graded."""
    isolation = entry.isolation or session.get("isolation") or {}
    return str(isolation.get("mode", "unknown") if isinstance(isolation, Mapping) else isolation)


def _graded(entry: Entry, history: list[Entry], catalog: Catalog, session: Mapping[str, Any]) -> Graded:
    scores = Scores(catalog)
    scores.checks += [check for check in entry.checks if check.exercise in catalog]
    sources = {name: source for source in history for name in source.exercises if name in catalog}
    parts = tuple(
        Part(exercise, scores.exercise(entry.submission, name), tuple(scores.of(entry.submission, name)),
             sources.get(name))
        for name, exercise in catalog.items()
    )  # fmt: skip
    # An earlier grading counts as long as some exercise stands by it.
    standing = [source for source in history if source is history[-1] or any(source is s for s in sources.values())]
    modes = sorted({mode_of(source, session) for source in standing})
    mode = "; ".join(modes)
    return Graded(
        name=entry.submission,
        last=entry,
        parts=parts,
        total=scores.total(entry.submission),
        flags=(*_from_sources(sources, catalog), *_from_checks(scores.checks)),
        notes=entry.notes,
        mode=mode,
        warning="" if modes == [FOR_GRADES] else f"Not for grades: {mode}.",
    )


def _from_sources(sources: Mapping[str, Entry], catalog: Catalog) -> list[str]:
    """The flags of each file in every state of it that an exercise stands by; what names no file stays too."""
    found: dict[str, None] = {}
    for name, source in sources.items():
        others = source.sha256.keys() - {catalog[name].file}
        found |= dict.fromkeys(flag for flag in source.flags if flag.partition(",")[0] not in others)
    return list(found)


def _from_checks(checks: Iterable[Check]) -> list[str]:
    counts = Counter(check.category for check in checks)
    return [f"{counts[category]} checks ended with '{category}'." for category in FLAGGED if counts[category]]
