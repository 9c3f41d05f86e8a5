"""What must stay with the instructor, and the search for it in what students get.

A secret is an answer or a formula of one, a formula of a slip, three lines in a row of a hidden check, of a slip or of
a mutant, or a hidden check's name. What the stubs, the visible checks, the hints or the package's models say as well is
none: the book prints the package, and that checks and hints leave an answer to be written is proved in the tests.
"""

import ast
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_edu.course import stubs
from vae_edu.course.catalog import load_catalog

# A formula of so many names, numbers, operations and calls is somebody's own; log(2 * pi), of 7, is everybody's.
OWN = 8
LINES = 60  # characters, without spaces, of three lines in a row that are somebody's own
START = 16  # characters by which a secret is looked up, and the least that one has
STEP = START // 2
SLIPS = "vae_edu/course/slips"
TAG = re.compile(r"<[^>]*>")
Secrets = dict[str, str]  # the text without spaces, and what it is


@dataclass(frozen=True)
class Leak:
    """A secret found: in which file, what it is, and its text without spaces."""

    file: str
    what: str
    text: str


def secrets(project: Path) -> Secrets:
    """Everything in a checkout of the course that no student may get."""
    answers: Secrets = {}
    checks: Secrets = {}
    for path, text in _sources(project, "solutions"):
        for answer in stubs.answers(text):
            answers |= dict.fromkeys([squeezed(answer), *formulas(answer)], f"an answer in {path}")
    for path, text in _sources(project, SLIPS):
        answers |= dict.fromkeys([*formulas(text), *runs(text)], f"a formula in {path}")
    for path, text in _sources(project, "tests/mutants"):
        checks |= dict.fromkeys(runs(text), f"an answer in {path}")
    for path, text in _sources(project, "tests/hidden"):
        checks |= dict.fromkeys([*names(text), *runs(text)], f"a hidden check in {path}")
    public, machinery = _public(project), _machinery(project)
    found = answers | {text: what for text, what in checks.items() if text not in machinery}
    return {text: what for text, what in found.items() if len(text) >= START and text not in public}


def leaks(files: Mapping[str, bytes], known: Secrets) -> Iterator[Leak]:
    """The secrets that files, given by path, hold: as text, as code in a page, or in the cells of a notebook."""
    search = Search(known)
    for path, content in files.items():
        found = {secret for text in readings(path, content) for secret in search(squeezed(text))}
        yield from (Leak(path, known[secret], secret) for secret in sorted(found))


class Search:
    """Finds thousands of secrets in a text that is read once, and in steps.

    The start of a secret, wherever it lies, holds a piece of half its length that begins at a step.
    """

    def __init__(self, known: Iterable[str]) -> None:
        self.by_start: dict[str, list[str]] = {}
        for secret in known:
            self.by_start.setdefault(secret[:START], []).append(secret)
        self.pieces = {start[shift : shift + STEP] for start in self.by_start for shift in range(STEP)}

    def __call__(self, text: str) -> Iterator[str]:
        for piece in range(0, len(text), STEP):
            if text[piece : piece + STEP] in self.pieces:
                for place in range(max(0, piece - STEP + 1), piece + 1):
                    for secret in self.by_start.get(text[place : place + START], ()):
                        if text.startswith(secret, place):
                            yield secret


def readings(path: str, content: bytes) -> Iterator[str]:
    """The texts that a file can be read as; none where it is no text."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return
    if path.endswith((".html", ".svg")):
        yield html.unescape(TAG.sub("", text))  # code in a page is cut up by the tags that color it
    if path.endswith((".ipynb", ".json")):
        yield "\n".join(_strings(json.loads(text)))
    elif not path.endswith(".svg"):  # whose tags hold nothing but numbers
        yield html.unescape(text)


def formulas(source: str) -> Iterator[str]:
    """The larger values that a program returns, assigns, computes or puts into a dictionary."""
    for node in ast.walk(ast.parse(source)):
        values: list[Any] = []
        if isinstance(node, ast.Return | ast.Assign | ast.AugAssign | ast.Expr):
            values = [node.value]
        elif isinstance(node, ast.Dict):
            values = node.values
        for value in values:
            if value is not None and not isinstance(value, ast.Dict) and size(value) >= OWN:
                yield squeezed(ast.get_source_segment(source, value) or "")


def runs(source: str) -> Iterator[str]:
    """Each three lines in a row, blank lines and imports apart."""
    lines = [line for line in map(squeezed, source.splitlines()) if line and not line.startswith(("import", "from"))]
    for three in zip(lines, lines[1:], lines[2:], strict=False):
        if len("".join(three)) >= LINES:
            yield "".join(three)


def names(source: str) -> Iterator[str]:
    """The names of the checks in a file of them."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name


def size(node: ast.AST) -> int:
    """How many names, numbers, operations and calls a formula consists of."""
    counted = (ast.Name, ast.Constant, ast.operator, ast.unaryop, ast.Attribute, ast.Call)
    return sum(isinstance(part, counted) for part in ast.walk(node))


def squeezed(text: str) -> str:
    """A text without spaces and ends of lines, so that layout hides nothing."""
    return "".join(text.split())


def _public(project: Path) -> str:
    """What students get by decision, the package `course` apart: a formula that turns up in it is a leak."""
    package = [text for path, text in _sources(project, "vae_edu") if not path.startswith("vae_edu/course/")]
    exercises = [stubs.stub(text) for _, text in _sources(project, "solutions")]
    exercises += [text for path, text in _sources(project, "exercises") if not path.startswith("exercises/ch")]
    hints = [hint for exercise in load_catalog(project / "exercises/catalog.yml").values() for hint in exercise.hints]
    return squeezed("\n".join([*package, *exercises, *hints]))


def _machinery(project: Path) -> str:
    """The code that checks are written with, whose lines they share."""
    return squeezed("\n".join(t for path, t in _sources(project, "vae_edu/course") if not path.startswith(SLIPS)))


def _sources(project: Path, folder: str) -> Iterator[tuple[str, str]]:
    for path in sorted((project / folder).rglob("*.py")):
        yield path.relative_to(project).as_posix(), path.read_text(encoding="utf-8")


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *_strings(item))
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield "".join(value)  # a notebook's cell is a list of its lines
        else:
            for item in value:
                yield from _strings(item)
