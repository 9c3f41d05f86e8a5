"""One class through this course's grader, otter-grader and nbgrader: time per submission, and points nobody earned.

Run by hand from the repository's root, with bubblewrap installed and each of the other graders in an environment of its
own that also has torch, numpy and ipykernel; about half an hour:

    python benchmarks/other_graders.py --otter PATH --nbgrader PATH

The class does chapter 3: right, partly right and blank work, the submissions of tests/grading/attacks.yml that are safe
in an ordinary process, and those of classic_attacks.yml. The three tools grade it at the same time, so under the same
load, a command for each submission; nbgrader and this course also grade all of it by one command. The other tools run
without containers, as their documentation has it, in temporary folders.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from attacks import arena
from graders.tools import ASSIGNMENT, LIMIT, Nbgrader, Otter, Ours, Outcome, Run

from vae_edu.course.catalog import load_catalog
from vae_edu.course.isolation import sandboxed
from vae_edu.recording import results_folder, write_record

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
SAFE = ("forged values", "patches", "exits", "forged reports", "snooping", "global state", "honest")

TRUST = {
    "otter-grader": "The documentation recommends grading in containers (otter grade, Gradescope), where submissions "
    "are apart from the machine, and calls grading without them, as it was run here (otter run), less secure. In "
    "either, the tests run in the kernel of the student's notebook.",
    "nbgrader": "The FAQ says that nbgrader itself does not protect against unsafe code, and refers to a kernel in a "
    "Docker container. In either, the tests are cells of the student's notebook and run in its kernel.",
    "vae-edu": "The tests run outside of the sandbox that the student's code runs in.",
}


def submissions() -> list[dict[str, Any]]:
    """The class: what is safe outside a sandbox, with honest work at the beginning, in the middle and at the end."""
    classic = yaml.safe_load((HERE / "graders/classic_attacks.yml").read_text(encoding="utf-8"))
    safe = [e for e in arena.SUBMISSIONS if e["kind"] in SAFE and not {"sandbox", "forger", "files"} & e.keys()]
    stub = (ROOT / "exercises" / arena.FILE).read_text(encoding="utf-8")
    chosen = [*safe, *classic, {"name": "stubs", "kind": "honest", "source": stub}]
    for place in (0, len(chosen) // 2, len(chosen) + 2):
        right = {"kind": "honest", "earns": arena.FUNCTIONS, "source": arena.MASTER}
        chosen.insert(place, {**right, "name": f"right_{place}"})
    return [{**entry, "student": f"s{number:02}-{entry['name']}"} for number, entry in enumerate(chosen)]


def grade_each(tool: Otter | Nbgrader | Ours, entries: list[dict[str, Any]]) -> dict[str, Outcome]:
    """The outcome of every submission, a command each; also of those that come to no end."""
    outcomes = {}
    for entry in entries:
        try:
            outcomes[entry["name"]] = tool.grade(entry)
        except TimeoutError as error:
            outcomes[entry["name"]] = Outcome(None, None, str(error))
        print(f"{tool.name}, {entry['name']}: {outcomes[entry['name']]}", flush=True)
    return outcomes


def due(entry: dict[str, Any]) -> int:
    """The points that a submission has earned."""
    catalog = load_catalog(ROOT / "exercises/catalog.yml")
    return sum(catalog[f"{ASSIGNMENT}.{function}"].points for function in entry.get("earns", []))


def summary(entries: list[dict[str, Any]], outcomes: dict[str, Outcome]) -> dict[str, Any]:
    """Of one tool: its times, and whose points are not what they earned."""
    runs = [outcome.run for outcome in outcomes.values() if outcome.run]
    points = {entry["name"]: (outcomes[entry["name"]].points, due(entry)) for entry in entries}
    return {
        "submissions that came to an end": len(runs),
        "seconds": median_and_p95([run.seconds for run in runs]),
        "points not earned": {name: came - right for name, (came, right) in points.items() if (came or 0) > right},
        "points withheld": {
            n: right - came for n, (came, right) in points.items() if came is not None and came < right
        },
        "no grade": {name: outcome.reason for name, outcome in outcomes.items() if outcome.points is None},
    }


def median_and_p95(seconds: list[float]) -> dict[str, float]:
    """The two figures, rounded."""
    p95 = statistics.quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
    return {"median": round(statistics.median(seconds), 2), "p95": round(p95, 2)}


def whole_class(
    entries: list[dict[str, Any]], graded: tuple[dict[str, float], Run], alone: dict[str, Outcome]
) -> dict[str, Any]:
    """Of all submissions by one command: seconds for each, and who fares otherwise than alone."""
    points, finished = graded
    both = {entry["name"]: [points.get(entry["student"]), alone[entry["name"]].points] for entry in entries}
    return {
        "seconds per submission": round(finished.seconds / len(entries), 2),
        "points with the class and alone, where they differ": {
            n: pair for n, pair in both.items() if pair[0] != pair[1]
        },
    }


def versions(environment: Path, *names: str) -> dict[str, str]:
    """Versions of packages in a virtual environment."""
    code = "import sys, importlib.metadata as m, json; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    return json.loads(subprocess.check_output([environment / "bin/python", "-c", code, *names], text=True))


def compare(otter: Path, nbgrader: Path, folder: Path, only: str) -> dict[str, Any]:
    """Grade the class with each tool, all at the same time."""
    ours, theirs, third = Ours(), Nbgrader(nbgrader, folder / "nbgrader"), Otter(otter, folder / "otter")
    entries = [entry for entry in submissions() if only in entry["name"]]
    before = os.getloadavg()[0]
    with ThreadPoolExecutor() as pool:
        each = {tool.name: pool.submit(grade_each, tool, entries) for tool in (third, theirs, ours)}
        together = {t.name: pool.submit(t.grade_all, entries, LIMIT * len(entries)) for t in (theirs, ours)}
        outcomes = {name: future.result() for name, future in each.items()}
        classes = {name: future.result() for name, future in together.items()}
    tools = {name: summary(entries, of) for name, of in outcomes.items()}
    for name, graded in classes.items():
        tools[name]["one command for the class"] = whole_class(entries, graded, outcomes[name])
    medians = {name: tool["seconds"]["median"] for name, tool in tools.items()}
    return {
        "tools": tools,
        "median seconds, times those of vae-edu": {n: round(m / medians[ours.name], 2) for n, m in medians.items()},
        "seconds a submission may take": LIMIT,
        "points in all": due({"earns": arena.FUNCTIONS}),
        "load average before and after": [round(before, 1), round(os.getloadavg()[0], 1)],
        "submissions": {entry["name"]: row(entry, outcomes) for entry in entries},
    }


def row(entry: dict[str, Any], outcomes: dict[str, dict[str, Outcome]]) -> dict[str, Any]:
    """What every tool gave one submission."""
    known = {"known": entry["known"]} if "known" in entry else {}
    points = {name: of[entry["name"]].points for name, of in outcomes.items()}
    return {"kind": entry["kind"], **known, "points earned": due(entry), "points given": points}


def not_run() -> dict[str, str]:
    """What a fuller comparison would have."""
    docker = (
        shutil.which("docker") and not subprocess.run(["docker", "info"], capture_output=True, check=False).returncode
    )
    reason = "" if docker else "no Docker daemon on this machine; "
    left_out = [entry for entry in arena.SUBMISSIONS if entry["name"] not in {e["name"] for e in submissions()}]
    return {
        "containers": f"{reason}they keep a submission from the machine, not from tests in its own kernel",
        "one command for the class, otter-grader": "otter grade, which has it, needs Docker",
        f"{len(left_out)} submissions of attacks.yml": "not safe, or no notebooks, outside of a sandbox",
    }


def main() -> None:
    """Compare, print and record under book/results/grading."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--otter", type=Path, required=True, help="virtual environment with otter-grader")
    parser.add_argument("--nbgrader", type=Path, required=True, help="virtual environment with nbgrader")
    parser.add_argument("--only", default="", help="submissions whose names contain this, shown and not recorded")
    arguments = parser.parse_args()
    otter, nbgrader = (path.absolute() for path in (arguments.otter, arguments.nbgrader))
    sandboxed()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        results = compare(otter, nbgrader, Path(folder), arguments.only)
    results["trust"], results["not run"] = TRUST, not_run()
    results["versions"] = {
        "otter-grader": versions(otter, "otter-grader", "torch", "nbconvert", "ipykernel"),
        "nbgrader": versions(nbgrader, "nbgrader", "torch", "nbconvert", "ipykernel"),
    }
    if arguments.only:
        print(json.dumps(results, indent=1))
        return
    path = write_record(
        results_folder("grading"),
        results,
        command="python benchmarks/other_graders.py --otter PATH --nbgrader PATH",
        seed=0,  # every run draws its own
        data={},
        duration=time.perf_counter() - started,
        name="other-graders",
    )
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
