"""How long a student waits for `vae-edu check`, and an instructor for the hidden suite on one submission.

Run by hand from the repository's root, on an otherwise idle machine; records in book/results/exercises/times:

    python benchmarks/check_times.py
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect

from vae_edu.recording import results_folder, write_record

ROOT = Path(__file__).resolve().parents[1]
REPEATS = 7
EXERCISE, PROJECT = "ch03.log_normal", "ch06.train_vae"
COMMAND = [sys.executable, "-m", "vae_edu.cli"]


def medians(attempt: Callable[[], float]) -> dict[str, float]:
    """Median and slowest of a few attempts, in seconds."""
    seconds = [attempt() for _ in range(REPEATS)]
    return {"median s": round(statistics.median(seconds), 2), "slowest s": round(max(seconds), 2)}


def once(folder: Path, *names: str) -> float:
    """Seconds from the command to the end of its answer."""
    started = time.perf_counter()
    subprocess.run([*COMMAND, "check", *names, f"--exercises={folder}"], check=True, capture_output=True)
    return time.perf_counter() - started


def watched(folder: Path) -> dict[str, float]:
    """Seconds from saving a file to the line about its exercise, in a session that is open already."""
    session = pexpect.spawn(
        COMMAND[0], [*COMMAND[1:], "check", EXERCISE, "--watch", f"--exercises={folder}"], timeout=60
    )
    session.expect("Watching")
    file = folder / "ch03_gaussians.py"

    def save() -> float:
        time.sleep(1.5)
        started = time.perf_counter()
        file.write_text(file.read_text(encoding="utf-8") + "\n", encoding="utf-8")
        session.expect("Watching; ")
        return time.perf_counter() - started

    found = medians(save)
    session.close(force=True)
    return found


def hidden_suite(scores: Path) -> dict[str, Any]:
    """The masters through all hidden tests, in one process and one sandbox."""
    command = [sys.executable, "-m", "pytest", "tests/hidden", "--submission=solutions", f"--scores={scores}", "-q"]
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    seconds = time.perf_counter() - started
    [submission] = json.loads(scores.read_text(encoding="utf-8"))["submissions"]
    slowest = max(submission["checks"], key=lambda check: check["seconds"])
    return {
        "seconds": round(seconds, 1), "tests": len(submission["checks"]), "points": submission["total"],
        "slowest test": f"{slowest['exercise']}, {slowest['name']}", "its seconds": slowest["seconds"],
    }  # fmt: skip


def main() -> None:
    """Measure, print and record."""
    os.environ["OMP_NUM_THREADS"] = "1"
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "exercises"
        shutil.copytree(ROOT / "exercises", folder)
        for master in (ROOT / "solutions").glob("ch*.py"):
            shutil.copy(master, folder)
        results = {
            f"check {EXERCISE}": medians(lambda: once(folder, EXERCISE)),
            f"check {EXERCISE} --watch, after a save": watched(folder),
            "check ch03": medians(lambda: once(folder, "ch03")),
            f"check {PROJECT}": medians(lambda: once(folder, PROJECT)),
            "check, the whole course": {"s": round(once(folder), 1)},
            "hidden suite": hidden_suite(Path(place) / "scores.json"),
            "load average": [round(load, 1) for load in os.getloadavg()],
        }
    path = write_record(
        results_folder("exercises") / "times", results, command="python benchmarks/check_times.py", seed=0, data={},
        duration=time.perf_counter() - started,
    )  # fmt: skip
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
