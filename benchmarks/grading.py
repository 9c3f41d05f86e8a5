"""A class graded whole: how long it takes, and whether killing the grader changes anything.

Run by hand from the repository's root, on an otherwise idle machine, with bubblewrap installed:

    python benchmarks/grading.py size 100          # so many submissions through the whole hidden suite
    python benchmarks/grading.py kills 20          # a class of twelve on one chapter, its grader killed so many times

The submissions are those of tests/grading/class_of_twelve.py, over and over.
"""

import argparse
import csv
import json
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from of_the_tests import load

from vae_edu.course.journal import Entry, Journal
from vae_edu.course.suite import load_suite
from vae_edu.recording import results_folder, write_record

ROOT = Path(__file__).resolve().parents[1]
CHAPTER = "ch03"


def class_of(size: int, folder: Path) -> None:
    """Hand in the class of twelve again and again until there are `size` submissions."""
    with tempfile.TemporaryDirectory() as twelve:
        load("class_of_twelve").write(Path(twelve))
        entries = sorted(Path(twelve).iterdir())
        for number in range(size):
            entry = entries[number % len(entries)]
            copy = shutil.copytree if entry.is_dir() else shutil.copy
            copy(entry, folder / f"{number:03}-{entry.name}")


def command(submissions: Path, out: Path, seed: int, *ids: str) -> list[str]:
    """The grader's command line."""
    return [sys.executable, "-m", "vae_edu.cli", "grade", str(submissions), *ids, f"--out={out}", f"--seed={seed}"]


def size(number: int, seed: int, place: Path) -> dict[str, Any]:
    """Grade `number` submissions on every exercise."""
    submissions, out = place / "class", place / "grades"
    submissions.mkdir()
    class_of(number, submissions)
    started = time.perf_counter()
    subprocess.run(command(submissions, out, seed), cwd=ROOT, check=True)
    seconds = time.perf_counter() - started
    entries = Journal(out / "journal.jsonl").entries
    checks = [check for entry in entries for check in entry.checks]
    times = [check.seconds for check in checks]
    return {
        "submissions": len(entries),
        "checks of each": len(entries[0].checks),
        "seconds, the grader's own check included": round(seconds),
        "seconds a submission": round(seconds / number, 1),
        "cores": len(os.sched_getaffinity(0)),
        "check p50 s": round(statistics.median(times), 3),
        "check p95 s": round(statistics.quantiles(times, n=20)[-1], 3),
        "points by kind of submission": points_by_kind(entries),
        "not graded": sum(check.awarded is None for check in checks),
    }


def points_by_kind(entries: list[Entry]) -> dict[str, list[int]]:
    """The totals that the copies of each submission got; one number where they agree, as they must."""
    kinds: dict[str, set[int]] = {}
    for entry in entries:
        total = sum(check.awarded or 0 for check in entry.checks)
        kinds.setdefault(entry.submission.partition("-")[2], set()).add(total)
    return {kind: sorted(totals) for kind, totals in sorted(kinds.items())}


def kills(number: int, seed: int, place: Path) -> dict[str, Any]:
    """Grade twelve undisturbed, then again with the grader killed at random moments."""
    submissions = place / "class"
    submissions.mkdir()
    class_of(12, submissions)
    started = time.perf_counter()
    subprocess.run(command(submissions, place / "undisturbed", seed, CHAPTER), cwd=ROOT, check=True)
    seconds = time.perf_counter() - started
    chance, killed, results = random.Random(seed), 0, []
    while killed < number:
        out = place / f"killed-{len(results)}"
        here = 0
        while not finished(out, 12):
            with subprocess.Popen(command(submissions, out, seed, CHAPTER), cwd=ROOT) as grader:
                try:
                    grader.wait(chance.uniform(1, seconds / 3) if killed < number else None)
                except subprocess.TimeoutExpired:
                    grader.send_signal(signal.SIGKILL)
                    killed, here = killed + 1, here + 1
        results.append({"kills": here, **compare(place / "undisturbed", out)})
    return {"undisturbed, seconds": round(seconds), "kills": killed, "gradings": results}


def finished(out: Path, number: int) -> bool:
    """Whether a grading's gradebook is there and whole."""
    path = out / "journal.jsonl"
    return path.exists() and len(path.read_bytes().splitlines()) == number and (out / "gradebook.csv").exists()


def compare(undisturbed: Path, killed: Path) -> dict[str, Any]:
    """What a killed grading has lost, done twice, or come out with otherwise."""
    entries = Journal(killed / "journal.jsonl").entries
    names = [entry.submission for entry in entries]
    return {
        "lost": 12 - len(set(names)),
        "graded twice": len(names) - len(set(names)),
        "same gradebook": gradebook(undisturbed) == gradebook(killed),
        "same verdicts": verdicts(undisturbed) == verdicts(killed),
    }


def gradebook(out: Path) -> list[list[str]]:
    """The gradebook without its last column, when each was graded."""
    with (out / "gradebook.csv").open(encoding="utf-8-sig", newline="") as file:
        return [row[:-1] for row in csv.reader(file)]


def verdicts(out: Path) -> list[Any]:
    """All that was found, without times."""
    standing = Journal(out / "journal.jsonl").standing(list(load_suite().catalog))
    return [(n, c.exercise, c.name, c.awarded, c.category, c.message) for n, e in standing.items() for c in e.checks]


def main() -> None:
    """Measure, print and record under book/results/grading."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["size", "kills"])
    parser.add_argument("number", type=int)
    parser.add_argument("--seed", type=int, default=20301014)
    parser.add_argument("--out", type=Path, help="folder of the record (default: book/results/grading)")
    given = parser.parse_args()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        results = {"size": size, "kills": kills}[given.what](given.number, given.seed, Path(place))
    results["load average"] = [round(load, 1) for load in os.getloadavg()]
    path = write_record(
        given.out or results_folder("grading"),
        results,
        command=f"python benchmarks/grading.py {given.what} {given.number}",
        seed=given.seed,
        data={},
        duration=time.perf_counter() - started,
        name=given.what,
    )
    print(json.dumps(json.loads(path.read_text(encoding="utf-8"))["results"], indent=1))


if __name__ == "__main__":
    main()
