"""How alike answers are that were written apart, how alike disguised copies stay, and how long a class takes.

Run by hand from the repository's root; half a minute:

    python benchmarks/similarity.py

The thresholds in `vae_edu/course/gradebook/similarity.py` are set by this: between the two kinds, nearer to the copies.
"""

import ast
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

from vae_edu.course.catalog import load_catalog
from vae_edu.course.gradebook.similarity import ALIKE, LONG, RUN, Runs, answers, runs, similar_pairs
from vae_edu.course.other_answers import other_answers
from vae_edu.recording import results_folder, write_record

ROOT = Path(__file__).resolve().parents[1]
CATALOG = load_catalog(ROOT / "exercises/catalog.yml")
GIVEN = answers(ROOT / "exercises", CATALOG)
SOLUTIONS = answers(ROOT / "solutions", CATALOG, GIVEN)
FUNCTIONS = {exercise.function for exercise in CATALOG.values()}
CLASS = 100


def other_name(name: str) -> str:
    """A name that says nothing about where it came from, as far as this comparison can tell."""
    return name if name in FUNCTIONS else f"{name}_"


class Renamed(ast.NodeTransformer):
    """Other names for every variable and for every function that the exercise did not name."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.name = other_name(node.name)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.ClassDef:
        self.generic_visit(node)
        node.name = other_name(node.name)
        return node

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(other_name(node.id), node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(f"{node.arg}_")


class Padded(Renamed):
    """Other names, and a statement that does nothing at the head of every function and loop."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        super().visit_FunctionDef(node)
        node.body.insert(0, ast.parse("unused = None").body[0])
        return node

    def visit_For(self, node: ast.For) -> ast.For:
        self.generic_visit(node)
        node.body.insert(0, ast.parse("unused = None").body[0])
        return node


class Shuffled(Renamed):
    """Other names, and the second and third statement of every function changing places."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        super().visit_FunctionDef(node)
        if len(node.body) > 3:
            node.body[1], node.body[2] = node.body[2], node.body[1]
        return node


def share(one: Runs, other: Runs) -> float:
    """The runs that both have over those that either has."""
    return round(len(one & other) / len(one | other), 3)


def written_apart() -> list[tuple[float, str]]:
    """The share of each pair of an exercise's solution and right answers that are long enough."""
    found = []
    for exercise in CATALOG.values():
        right = {"solution": SOLUTIONS[exercise.id]}
        for answer in other_answers(exercise, ROOT / "tests/mutants"):
            if not answer.says:
                right[answer.name] = runs(exercise.function, ast.parse(answer.source)) - GIVEN[exercise.id]
        long = {name: one for name, one in right.items() if len(one) >= LONG}
        found += [(share(long[a], long[b]), f"{exercise.id}: {a}, {b}") for a, b in combinations(long, 2)]
    return sorted(found, reverse=True)


def copied(disguise: Callable[[], ast.NodeTransformer]) -> list[float]:
    """The share that each long solution has with its disguised copy."""
    shares = []
    for exercise in CATALOG.values():
        if len(SOLUTIONS[exercise.id]) >= LONG:
            tree = ast.parse((ROOT / "solutions" / exercise.file).read_text(encoding="utf-8"))
            copy = runs(exercise.function, disguise().visit(tree), FUNCTIONS) - GIVEN[exercise.id]
            shares.append(share(SOLUTIONS[exercise.id], copy))
    return sorted(shares)


def seconds_for_a_class() -> float:
    """Processor time for submissions that all answer everything, the slowest case there is."""
    with tempfile.TemporaryDirectory() as folder:
        names = [f"student{number}" for number in range(CLASS)]
        for name in names:
            shutil.copytree(ROOT / "solutions", Path(folder) / name)
        started = time.process_time()
        similar_pairs(Path(folder), names, CATALOG, ROOT / "exercises")
        return time.process_time() - started


def summary(shares: list[float]) -> dict[str, Any]:
    """Shares of copies in four numbers."""
    return {
        "answers": len(shares),
        "lowest": shares[0],
        "median": round(statistics.median(shares), 3),
        "found": sum(one >= ALIKE for one in shares),
    }


def main() -> None:
    started = time.perf_counter()
    apart = written_apart()
    results = {
        "nodes in a run": RUN,
        "runs an answer needs": LONG,
        "share from which on a pair is listed": ALIKE,
        "exercises long enough": sum(len(one) >= LONG for one in SOLUTIONS.values()),
        "right answers written differently": {
            "pairs": len(apart),
            "median": round(statistics.median(value for value, _ in apart), 3),
            "most alike": {what: value for value, what in apart[:5]},
            "listed": sum(value >= ALIKE for value, _ in apart),
        },
        "copies with other names": summary(copied(Renamed)),
        "copies with other names and an idle statement in every function and loop": summary(copied(Padded)),
        "copies with other names and two statements of every function swapped": summary(copied(Shuffled)),
        f"processor seconds for {CLASS} submissions that answer everything": round(seconds_for_a_class(), 1),
    }
    for name, value in results.items():
        print(f"{name}: {value}")
    write_record(
        results_folder("grading"),
        results,
        command="python benchmarks/similarity.py",
        seed=0,
        data={},
        duration=time.perf_counter() - started,
        name="similarity",
    )


if __name__ == "__main__":
    main()
