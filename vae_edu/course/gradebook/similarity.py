"""Answers that are too alike: a flag for a person to look at, never a verdict.

An answer becomes the sequence of its syntax tree's nodes: names do not count, nor comments, layout, docstrings,
annotations, and what the stub already says; functions of the student's own count where the answer uses them. Two
answers are as alike as the runs of `RUN` nodes that they share: the number of runs both have over the number that
either has (Jaccard). Nothing here recurses: a file may be nested as deep as Python reads it.

`ALIKE` lies between what `benchmarks/similarity.py` finds for answers written apart (each exercise's solution and right
answers in `tests/mutants`) and for disguised copies; `book/results/grading/similarity.json` has both.
"""

import ast
import os
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, islice
from pathlib import Path

from vae_edu.course.catalog import Catalog
from vae_edu.course.findings import Finding
from vae_edu.course.own_work import Definition
from vae_edu.course.rules import parsed
from vae_edu.course.submission import Submission

RUN = 8  # nodes of the syntax tree: about one operation with its operands
LONG = 60  # runs an answer needs to be compared at all: short closed forms are alike by nature
ALIKE = 0.7
WITHOUT_EFFECT = ("annotation", "returns", "ctx")
MOST = 5000  # nodes looked at; the longest right answer has some 400

Runs = frozenset[int]
NOTHING: Runs = frozenset()


@dataclass(frozen=True)
class Pair:
    """Two submissions whose answers to an exercise are alike; `share` is between `ALIKE` and 1."""

    exercise: str
    first: str
    second: str
    share: float


def similar_pairs(folder: Path, names: Iterable[str], catalog: Catalog, stubs: Path) -> list[Pair]:
    """The pairs among the submissions `folder`/NAME, exercise by exercise, the most alike first.

    `stubs` is the folder of the files as handed out. A file that cannot be read or does not parse is alike to nothing.
    """
    given = answers(stubs, catalog)
    # A name is a folder's here, whatever it says.
    handed_in = {name: answers(folder / name, catalog, given) for name in names if Path(name).name == name != ".."}
    pairs = []
    for exercise in catalog:
        long = [(name, found[exercise]) for name, found in handed_in.items() if len(found[exercise]) >= LONG]
        for (first, one), (second, other) in combinations(long, 2):
            if (share := alike(one, other)) >= ALIKE:
                pairs.append(Pair(exercise, first, second, round(share, 2)))
    place = {exercise: number for number, exercise in enumerate(catalog)}
    return sorted(pairs, key=lambda pair: (-pair.share, place[pair.exercise], pair.first, pair.second))


def alike(one: Runs, other: Runs) -> float:
    """The runs that two answers share, over all they have; 0 where their lengths alone rule out `ALIKE`."""
    if min(len(one), len(other)) < ALIKE * max(len(one), len(other)):
        return 0.0
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared)


def answers(folder: Path, catalog: Catalog, given: Mapping[str, Runs] | None = None) -> dict[str, Runs]:
    """By exercise, the runs of the answer in a folder, without those `given` with the exercise."""
    files = dict.fromkeys(exercise.file for exercise in catalog.values())
    trees = {file: _parsed(Submission(folder), file) for file in files} if os.path.isdir(folder) else {}
    functions = {exercise.function for exercise in catalog.values()}
    return {
        exercise.id: runs(exercise.function, trees[exercise.file], functions) - (given or {}).get(exercise.id, NOTHING)
        if exercise.file in trees
        else NOTHING
        for exercise in catalog.values()
    }


def runs(function: str, tree: ast.Module, functions: Container[str] = ()) -> Runs:
    """The runs of a function or class and of what it uses in its file, other `functions` of the catalog left out."""
    words = list(islice((word for node in _reached(function, tree, functions) for word in _words(node)), MOST))
    return frozenset(hash(tuple(words[start : start + RUN])) for start in range(len(words) - RUN + 1))


def _parsed(submission: Submission, file: str) -> ast.Module:
    try:
        return parsed(submission.source(file)) or ast.Module([], [])
    except Finding:
        return ast.Module([], [])


def _reached(function: str, tree: ast.Module, functions: Container[str]) -> Iterator[Definition]:
    """A function or class, and the file's other ones that it uses, directly or not."""
    definitions = [node for node in tree.body if isinstance(node, Definition)]
    named = {node.name: node for node in definitions if node.name == function or node.name not in functions}
    waiting = [function]
    while waiting:
        if node := named.pop(waiting.pop(), None):
            yield node
            waiting += [used.id for used in ast.walk(node) if isinstance(used, ast.Name)]


def _words(definition: Definition) -> Iterator[str]:
    """A definition's nodes in the order of its text, without what a student changes to hide where it came from."""
    waiting: list[ast.AST] = list(reversed(definition.body))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):  # a docstring, or one left behind
            continue
        yield _word(node)
        waiting += reversed(list(_children(node)))


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for field in node._fields:
        value = None if field in WITHOUT_EFFECT else getattr(node, field, None)
        if isinstance(value, ast.AST):
            yield value
        elif isinstance(value, list):
            yield from (child for child in value if isinstance(child, ast.AST))


def _word(node: ast.AST) -> str:
    """A node's kind; of an attribute and a number also which, because these say what is computed."""
    kind = type(node).__name__
    if isinstance(node, ast.Attribute):
        return f"{kind} {node.attr}"
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float | complex):
        return f"{kind} {hash(node.value)}"  # not its digits, of which a hexadecimal number may have too many
    return kind
