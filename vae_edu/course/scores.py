"""Points: what each check gave, what an exercise comes to, the table and the JSON.

An exercise counts what the catalog says, whether its checks ran or not. Points of a check that was skipped, left out or
stopped by an error of the grader's own are not awarded and not lost: they are shown as not graded.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vae_edu.course.catalog import Catalog
from vae_edu.course.findings import FLAGGED
from vae_edu.files import written_atomically


@dataclass(frozen=True)
class Check:
    """One hidden check of one submission; `awarded` is None when it came to no verdict."""

    submission: str
    exercise: str
    name: str
    points: int
    awarded: int | None
    category: str = ""
    message: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Total:
    """What an exercise, or a whole submission, comes to."""

    points: int
    of: int
    not_graded: int

    def __str__(self) -> str:
        return f"{self.points:3} / {self.of}" + (f"   ({self.not_graded} not graded)" if self.not_graded else "")


class Scores:
    """The checks of one session, by submission."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.checks: list[Check] = []

    def submissions(self) -> list[str]:
        """The names of the submissions that had a check, in order of appearance."""
        return list(dict.fromkeys(check.submission for check in self.checks))

    def of(self, submission: str, exercise: str) -> list[Check]:
        """The checks of one exercise of one submission."""
        return [check for check in self.checks if (check.submission, check.exercise) == (submission, exercise)]

    def exercise(self, submission: str, exercise: str) -> Total:
        """What one exercise comes to."""
        verdicts = [check for check in self.of(submission, exercise) if check.awarded is not None]
        worth = self.catalog[exercise].points
        return Total(
            points=sum(check.awarded or 0 for check in verdicts),
            of=worth,
            not_graded=worth - sum(check.points for check in verdicts),
        )

    def total(self, submission: str) -> Total:
        """What a submission comes to."""
        parts = [self.exercise(submission, exercise) for exercise in self.catalog]
        return Total(
            points=sum(part.points for part in parts),
            of=sum(part.of for part in parts),
            not_graded=sum(part.not_graded for part in parts),
        )

    def table(self, submission: str) -> list[str]:
        """One line per exercise, and below it what cost points."""
        width = max(map(len, self.catalog))
        lines = [submission]
        for exercise in self.catalog:
            lines.append(f"  {exercise:{width}} {self.exercise(submission, exercise)}")
            lines += [f"      {line}" for line in self._losses(submission, exercise)]
        lines.append(f"  {'total':{width}} {self.total(submission)}")
        flags = self.flags(submission)
        return [*lines, f"  flagged, for a person to look at: {', '.join(flags)}"] if flags else lines

    def flags(self, submission: str) -> list[str]:
        """What in a submission's checks a person has to look at before the points are final."""
        found = {check.category for check in self.checks if check.submission == submission}
        return sorted(found & {*FLAGGED, "not graded"})

    def _losses(self, submission: str, exercise: str) -> list[str]:
        """What cost points, checks with one finding taken together."""
        checks = self.of(submission, exercise)
        lost: dict[str, list[Check]] = {}
        for check in checks:
            if check.awarded != check.points:
                lost.setdefault(f"{check.category}: {check.message}", []).append(check)
        return [
            f"{sum(check.points for check in group)} for "
            f"{'everything' if len(group) == len(checks) else ', '.join(check.name for check in group)}: {what}"
            for what, group in lost.items()
        ]

    def write(
        self,
        path: Path,
        session: dict[str, Any],
        digests: dict[str, dict[str, str | None]],
        marks: dict[str, list[str]],
    ) -> None:
        """Write everything as JSON.

        `session` says how it came about; by submission, `digests` what it was and `marks` what in its source a person
        should look at.
        """
        submissions = [
            {
                "submission": submission,
                "sha256": digests.get(submission, {}),
                "total": asdict(self.total(submission)),
                "flags": self.flags(submission),
                "marks": marks.get(submission, []),
                "exercises": {exercise: asdict(self.exercise(submission, exercise)) for exercise in self.catalog},
                "checks": [asdict(check) for check in self.checks if check.submission == submission],
            }
            for submission in self.submissions()
        ]
        with written_atomically(path) as temporary:
            temporary.write_text(json.dumps({**session, "submissions": submissions}, indent=1), encoding="utf-8")
