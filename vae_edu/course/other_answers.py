"""The wrong answers to an exercise and the other right ones, as `tests/mutants` keeps them: each as a whole file."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vae_edu.course.catalog import Exercise


@dataclass(frozen=True)
class OtherAnswer:
    """An answer's name, its file's text, and what the finding about it has to say; nothing of a right one."""

    name: str
    source: str
    says: str | None


def other_answers(exercise: Exercise, mutants: Path) -> Iterator[OtherAnswer]:
    """Every answer in an exercise's file of `mutants`; what begins with _ there is shared by all."""
    path = mutants / f"{exercise.id.replace('.', '_')}.py"
    nodes = ast.parse(path.read_text(encoding="utf-8")).body
    shared = [node for node in nodes if getattr(node, "name", "_").startswith("_")]
    for node in nodes:
        if node not in shared and isinstance(node, ast.FunctionDef | ast.ClassDef):
            name, node.name = node.name, exercise.function
            yield OtherAnswer(name, ast.unparse(ast.Module([*shared, node], [])), ast.get_docstring(node))
