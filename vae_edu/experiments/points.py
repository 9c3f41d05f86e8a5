"""An experiment's points: trainings of minutes or hours, each run once, kept on disk, and taken up again after a kill.

The record itself remembers what is done: after each point it is written anew, whole, with that point in it. A second
process that runs the same command takes the points that nobody is running yet, so two terminals share the work.
"""

import json
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from filelock import FileLock, Timeout
from tqdm.auto import tqdm

from vae_edu.errors import UserError
from vae_edu.files import writable_folder
from vae_edu.learning.interrupt import Interrupted, stop_on_interrupt
from vae_edu.recording import machine

Result = dict[str, Any]
UNFINISHED = "unfinished"  # below the record's folder: the states of points begun, and who is at work on them


@dataclass(frozen=True)
class Point:
    """One training or measurement: `run` is told where it may keep a state to resume from, and returns its numbers.

    `cost` is relative to the other points' and only serves to estimate the time left. One that may have been resumed
    also returns "seconds": how long it learned in all its sittings.
    """

    run: Callable[[Path], Result]
    cost: float = 1.0


@dataclass(frozen=True)
class Ledger:
    """The points of one record: `folder`/run.json holds those finished, for one budget and seed."""

    folder: Path
    budget: str
    seed: int
    write: Callable[[Result, Mapping[str, str]], object]  # numbers and data checksums into run.json

    def finished(self) -> dict[str, Result]:
        """Each finished point by name: its result, seconds, date and machine.

        Raises UserError when the record is of another budget or seed, which must not be mixed with this one.
        """
        path = self.folder / "run.json"
        if not path.exists():
            return {}
        record = json.loads(path.read_text(encoding="utf-8"))
        found = (record["results"].get("budget"), record["seed"])
        if "points" in record["results"] and found != (self.budget, self.seed):
            raise UserError(
                f"{path} holds points of budget {found[0]}, seed {found[1]}, and was asked for {self.budget}, "
                f"seed {self.seed}; delete it to start anew, or give another folder with --out."
            )
        return record["results"].get("points", {})

    def add(self, name: str, entry: Result, names: list[str], data: Mapping[str, str]) -> None:
        """Write one more point; the others, perhaps another process's, stay."""
        with FileLock(self.folder / UNFINISHED / "record.lock"):
            points = self.finished() | {name: entry}
            self.write({"points": {known: points[known] for known in names if known in points}}, data)


class Unfinished(UserError):
    """Not a mistake: some points were left for another time."""


def run_points(
    points: Mapping[str, Point],
    ledger: Ledger | None,
    data: Mapping[str, str],
    progress: bool = True,
    only: Collection[str] = (),
) -> dict[str, Result]:
    """Run every point not finished yet, or of them those named in `only`, and return all results by name.

    `data` are the checksums behind them. Without a ledger nothing is kept. Raises UserError on Ctrl-C, once the point
    at work has saved its state, for a record of another budget or seed, and for a name in `only` that is no point;
    Unfinished if points are left.
    """
    if ledger is None:
        with TemporaryDirectory() as folder:
            return {name: point.run(Path(folder) / f"{name}.pt") for name, point in points.items()}
    unknown = set(only) - points.keys()
    if unknown:
        raise UserError(f"there is no point {min(unknown)!r}; this experiment has: {', '.join(points)}.")
    wanted = [name for name in only or points if name not in ledger.finished()]
    with writable_folder(ledger.folder / UNFINISHED):
        bar = tqdm(
            total=sum(points[name].cost for name in wanted), disable=not progress, dynamic_ncols=True,
            bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed} so far, about {remaining} left",
        )  # fmt: skip
    try:
        with bar, stop_on_interrupt(whole_only=True) as stop:
            for wait in (False, True):  # first what nobody is at, then what another process began and may have left
                for name in wanted:
                    if stop:
                        raise Interrupted
                    if name not in ledger.finished():
                        _run_one(name, points[name], list(points), ledger, data, wait, bar)
    except Interrupted:
        done = f"{len(ledger.finished())} of {len(points)} points finished"
        raise UserError(f"stopped with {done}; the same command goes on from there.") from None
    entries = ledger.finished()
    left = points.keys() - entries.keys()
    if left:
        raise Unfinished(f"still to run: {', '.join(name for name in points if name in left)}.")
    return {name: entries[name]["result"] for name in points}


def _run_one(
    name: str, point: Point, names: list[str], ledger: Ledger, data: Mapping[str, str], wait: bool, bar: tqdm
) -> None:
    unfinished = ledger.folder / UNFINISHED
    lock = FileLock(unfinished / f"{name}.lock")
    try:
        lock.acquire(timeout=-1 if wait else 0)
    except (Timeout, FileNotFoundError):  # another process is at it, or has finished everything and tidied up
        return
    try:
        done = ledger.finished()
        if name in done:  # by another process, while this one waited for the lock
            bar.total = (bar.total or 0) - point.cost
            return
        bar.set_description(f"{name} ({len(done) + 1} of {len(names)})")
        ledger.add(name, _timed(point, unfinished / f"{name}.pt"), names, data)
        (unfinished / f"{name}.pt").unlink(missing_ok=True)
        bar.update(point.cost)
    finally:
        lock.release()


def _timed(point: Point, state: Path) -> Result:
    started = time.perf_counter()
    result = dict(point.run(state))
    learned = result.pop("seconds", 0.0)
    return {
        "result": result,
        "seconds": round(max(learned, time.perf_counter() - started), 1),
        "date": date.today().isoformat(),
        "machine": machine(),
    }
