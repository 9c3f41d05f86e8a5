"""Every submission of tests/grading/attacks.yml, each in a sandbox of its own, and what a sandbox costs.

Run by hand from the repository's root, with bubblewrap installed; about ten minutes:

    python benchmarks/attacks.py

An honest submission is graded after every ten others. Then times: a worker's start, and a check's load, call and end,
in a sandbox and in a plain process. benchmarks/fuzz.py tries what no attacker has thought of.
"""

import argparse
import inspect
import os
import secrets
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from of_the_tests import load

from vae_edu.course import isolation, sandbox, scenarios
from vae_edu.course.student import POSTPONED
from vae_edu.course.witness import Witness
from vae_edu.course.workers import Worker, Workers, start_plain
from vae_edu.recording import results_folder, write_record

ROOT = Path(__file__).resolve().parents[1]
SEED = secrets.randbits(32)  # as in real grading: nobody knew it before
STARTS, CHECKS = 5, 200


arena = load("arena")


def with_honest_ones(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries, and the reference solutions after every ten of them and at the end."""
    honest = {"kind": "honest", "earns": arena.FUNCTIONS, "first": None, "source": arena.MASTER}
    mixed = []
    for number, entry in enumerate(entries):
        mixed.append(entry)
        if number % 10 == 9 or entry is entries[-1]:
            mixed.append({**honest, "name": f"honest_after_{number + 1}"})
    return mixed


def attack(folder: Path) -> dict[str, Any]:
    """Grade them all and say what was undeserved, left, written or reached."""
    watch = arena.Watch(folder)
    entries = with_honest_ones(arena.SUBMISSIONS)
    for entry in entries:
        arena.write(entry, folder / "in" / entry["name"], watch.places())
    folders = [folder / "in" / entry["name"] for entry in entries]
    options = ["--call-seconds=3", f"--seed={SEED}"]
    started = time.perf_counter()
    scores, session, _ = arena.grade(folders, folder / "scores.json", *options, timeout=3600)
    seconds = time.perf_counter() - started
    wrong = {entry["name"]: arena.verdict(entry, scores[entry["name"]]) for entry in entries}
    kinds = Counter(entry["kind"] for entry in entries)
    earned = Counter(name for name in scores for check in scores[name]["checks"] if check["awarded"])
    hostile = [entry["name"] for entry in entries if entry["kind"] != "honest" and not entry.get("earns")]
    results = {
        "graded as": "root" if os.getuid() == 0 else "an ordinary user",
        "isolation": session["isolation"],
        "submissions by kind": dict(sorted(kinds.items())),
        "hostile or broken": len(hostile),
        "of these with points": [name for name in hostile if earned[name]],
        "not as they must be": {name: what for name, what in wrong.items() if what},
        "honest, all of them with every point": sum(entry["name"].startswith("honest_after") for entry in entries),
        "partly right, with exactly their part": [e["name"] for e in entries if 0 < len(e.get("earns", [])) < 3],
        "listeners": sorted(watch.listeners),
        "connections": watch.connections(),
        "files outside": [str(path) for path in watch.files()],
        "processes left": len(watch.processes()),
        "flagged": {name: scores[name]["flags"] for name in scores if scores[name]["flags"]},
        "checks": sum(len(graded["checks"]) for graded in scores.values()),
        "seconds": round(seconds),
    }
    watch.close()
    return results


def times(start: Callable[[], Worker]) -> dict[str, float]:
    """Of one kind of worker: seconds to the first answer, cold and warmed up, and milliseconds of a check."""

    def warmed_up() -> Worker:
        worker = start()
        worker.hello()
        return worker

    cold = [first_answer(start)[1] for _ in range(STARTS)]
    warm = [first_answer(warmed_up)[0] for _ in range(STARTS)]
    witness = Witness(Workers(start), 30.0)
    load, run = requests()
    witness.answer(load)
    checks = []
    for _ in range(CHECKS):
        started = time.perf_counter()
        witness.answer(load)  # ends the check before
        witness.answer(run)
        checks.append(1000 * (time.perf_counter() - started))
    witness.close()
    return {
        "cold start to first answer, median s": round(statistics.median(cold), 2),
        "warm start to first answer, median s": round(statistics.median(warm), 4),
        "check p50 ms": round(statistics.median(checks), 1),
        "check p95 ms": round(statistics.quantiles(checks, n=20)[-1], 1),
    }


def first_answer(start: Callable[[], Worker]) -> tuple[float, float]:
    """Seconds to a first answer: once the worker was returned by `start`, and from the beginning."""
    began = time.perf_counter()
    workers = Workers(start)
    started = time.perf_counter()
    witness = Witness(workers, 30.0)
    for request in requests():
        witness.answer(request)
    ended = time.perf_counter()
    witness.close()
    return ended - started, ended - began


def requests() -> list[dict[str, Any]]:
    """One check of log_normal: load the reference solution, call it."""
    request = {"file": arena.FILE, "function": "log_normal"}
    inputs = [torch.zeros(100, 20)] * 3
    text = POSTPONED + inspect.getsource(scenarios.call)
    return [
        {**request, "op": "load", "source": arena.MASTER},
        {**request, "op": "run", "scenario": text, "name": "call", "inputs": inputs},
    ]


def main() -> None:
    """Attack, measure; print and record under book/results/grading."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder of the record (default: book/results/grading)")
    out = parser.parse_args().out
    started = time.perf_counter()
    isolation.sandboxed()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        results = {"attacks": attack(Path(folder))}
    results["times"] = {
        "sandbox": times(sandbox.start),
        "sandbox, optimizers loaded as well": times(partial(sandbox.start, "optimizers")),
        "plain process": times(start_plain),
    }
    results["times"]["load average"] = [round(load, 1) for load in os.getloadavg()]
    path = write_record(
        out or results_folder("grading"),
        results,
        command="python benchmarks/attacks.py",
        seed=SEED,
        data={},
        duration=time.perf_counter() - started,
        name="attacks",
    )
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
