"""Every right answer under many seeds: how often a hidden check fails one, and how long the checks take.

Run by hand from the repository's root:

    python benchmarks/right_answers.py             # every exercise; records in book/results/exercises/right-answers
    python benchmarks/right_answers.py ch03        # one chapter or exercise, shown and not recorded

The right answers are the masters and those that tests/mutants writes in another way.
"""

import ast
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import torch
from tqdm.auto import tqdm

from vae_edu.course.catalog import Exercise, load_catalog
from vae_edu.course.checks import checks_of, outcome, spoken
from vae_edu.course.student import AnswerHere, Student
from vae_edu.recording import results_folder, write_record

ROOT = Path(__file__).resolve().parents[1]
SEEDS = 200


def right_answers(exercise: Exercise) -> Iterator[tuple[str, str]]:
    """(name, source of the file) of the master and of every alternative, which has no docstring."""
    yield "master", (ROOT / "solutions" / exercise.file).read_text(encoding="utf-8")
    nodes = ast.parse((ROOT / "tests/mutants" / f"{exercise.id.replace('.', '_')}.py").read_text("utf-8")).body
    shared = [node for node in nodes if getattr(node, "name", "_").startswith("_")]
    for node in nodes:
        if node not in shared and isinstance(node, ast.FunctionDef | ast.ClassDef) and not ast.get_docstring(node):
            name, node.name = node.name, exercise.function
            yield name, ast.unparse(ast.Module([*shared, node], []))


def trials(exercise: Exercise) -> dict[str, object]:
    """Seeds, failures with what they said, and the median seconds of the slowest check of the master."""
    failures, seconds = [], {}
    answers = dict(right_answers(exercise))
    for answer, source in answers.items():
        for seed in tqdm(range(SEEDS), desc=f"{exercise.id} {answer}", leave=False):
            for name, check in checks_of(exercise, ROOT / "tests/hidden").items():
                started = time.perf_counter()
                student = Student(exercise, lambda file, source=source: source, AnswerHere(Path("submitted")))
                if finding := outcome(check, student, torch.Generator().manual_seed(seed)):
                    failures.append(f"{answer}, seed {seed}, {spoken(name)}: {finding}")
                if answer == "master":
                    seconds.setdefault(name, []).append(time.perf_counter() - started)
    slowest = max(seconds, key=lambda name: median(seconds[name]))
    return {
        "answers": len(answers), "seeds": SEEDS, "checks": len(seconds), "failures": failures,
        "slowest check": spoken(slowest), "its median seconds": round(median(seconds[slowest]), 3),
        "median seconds of all": round(sum(map(median, seconds.values())), 3),
    }  # fmt: skip


def main() -> None:
    """Try what is asked for, print it, and record a run of everything."""
    torch.set_num_threads(1)
    asked, started, numbers = sys.argv[1:], time.perf_counter(), {}
    for exercise in load_catalog(ROOT / "exercises/catalog.yml").values():
        if not asked or any(exercise.id.startswith(name) for name in asked):
            found = numbers[exercise.id] = trials(exercise)
            tried = f"{found['answers']} answers × {SEEDS} seeds × {found['checks']} checks"
            print(f"{exercise.id}: {tried}: {len(found['failures'])} failures; {found['median seconds of all']} s")
            print("".join(f"    {failure}\n" for failure in found["failures"][:3]), end="", flush=True)
    if not asked:
        path = write_record(
            results_folder("exercises") / "right-answers", {"exercises": numbers},
            command="python benchmarks/right_answers.py", seed=0, data={}, duration=time.perf_counter() - started,
        )  # fmt: skip
        print(f"Recorded in {path}")


if __name__ == "__main__":
    main()
