"""What a student's file holds, read and never run: what is attempted, and what it should do without."""

import ast
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path

from vae_edu.course.bench import code_lines
from vae_edu.course.catalog import Catalog, Exercise
from vae_edu.course.findings import Finding
from vae_edu.course.rules import forbidden_uses, parsed
from vae_edu.course.stubs import NOT_ANSWERED
from vae_edu.course.visible import source

UNTOUCHED = ast.unparse(ast.parse(NOT_ANSWERED))
Definition = ast.FunctionDef | ast.ClassDef


def attempted(exercise: Exercise, folder: Path) -> bool:
    """Whether an answer is more than its stub; a file that cannot be read or does not parse is somebody's attempt."""
    tree = _tree(exercise, folder)
    return tree is None or not any(
        untouched(node) for node in tree.body if getattr(node, "name", "") == exercise.function
    )


def untouched(definition: ast.stmt) -> bool:
    """Whether a function, or every method of a class, is as in the stub."""
    if isinstance(definition, ast.ClassDef):
        methods = [node for node in definition.body if isinstance(node, ast.FunctionDef)]
        return bool(methods) and all(map(untouched, methods))
    return isinstance(definition, ast.FunctionDef) and UNTOUCHED in map(ast.unparse, definition.body)


def own_part(exercise: Exercise, folder: Path, catalog: Catalog) -> str:
    """An exercise's file without the answers to other exercises, whose lines are left blank.

    Empty where the file cannot be read or does not parse.
    """
    try:
        return part(exercise, source(folder / exercise.file), catalog)
    except Finding:
        return ""


def part(exercise: Exercise, text: str, catalog: Catalog) -> str:
    """The same of the file's text."""
    tree = parsed(text)
    if tree is None:
        return ""
    lines = code_lines(text)
    others = {other.function for other in catalog.values() if other.file == exercise.file} - {exercise.function}
    for node in tree.body:
        if isinstance(node, Definition) and node.name in others:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            for number in range(first - 1, node.end_lineno or first):
                lines[number] = ""
    return "\n".join(lines)


def digest(exercise: Exercise, folder: Path, catalog: Catalog) -> str:
    """A short name for an answer and what it may use of its file; comments and layout do not count."""
    tree = parsed(own_part(exercise, folder, catalog))
    return hashlib.sha256(ast.unparse(tree).encode()).hexdigest()[:16] if tree and tree.body else ""


def flags(exercises: Iterable[Exercise], folder: Path, catalog: Catalog) -> list[str]:
    """A sentence for each use in a file of what exercises of it ask to do without."""

    def text(file: str) -> str:
        return source(folder / file)

    return [f"{use}; an instructor sees a flag." for use in forbidden(exercises, text, catalog)]


def forbidden(exercises: Iterable[Exercise], text: Callable[[str], str], catalog: Catalog) -> list[str]:
    """File, line and name of each use of what exercises ask to do without; `text` reads a file or raises Finding."""
    found: dict[tuple[str, int, str], list[str]] = {}
    for exercise in exercises:
        try:
            own = part(exercise, text(exercise.file), catalog)
        except Finding:
            continue
        for name, line in forbidden_uses(own, exercise.forbidden).items():
            found.setdefault((exercise.file, line, name), []).append(exercise.function)
    return [
        f"{file}, line {line}: {name}, which {_listed(names)} should do without"
        for (file, line, name), names in found.items()
    ]


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + " and " * (len(names) > 1) + names[-1]


def chapter_title(file: str, folder: Path) -> str:
    """The chapter's title, from the first line of its file: the docstring begins "Chapter 3: Gaussians ..."."""
    try:
        first_line = source(folder / file).lstrip('"').partition("\n")[0]
    except Finding:
        return ""
    return first_line.partition(": ")[2].rstrip('."')


def _tree(exercise: Exercise, folder: Path) -> ast.Module | None:
    try:
        return parsed(source(folder / exercise.file))
    except Finding:
        return None
