"""The `{course-exercise}` directive: an exercise of the course as a numbered, linkable box.

Everything in the box comes from where the exercise lives: the catalog (title, points, time, hints) and the
stub that the student edits (signature and docstring, which is the task). In the instructor edition, and only there, the
answer is folded below the hints; `VAE_EDU_INSTRUCTOR=1 jupyter-book build book` makes it, or `instructor_edition: true`
in `_config.yml`.
"""

import ast
import os
import re
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from equation_survey import as_list, book_labels
from sphinx.application import Sphinx
from sphinx_exercise.directive import ExerciseDirective

from vae_edu.course.stubs import solution

WIDEST = 77  # columns of code in an exercise's box
OUTER_COMMA = re.compile(r", (?![^\[(]*[\])])")  # between arguments, not inside `tuple[int, int]`

SPECIAL = re.compile(
    r"(`[^`]*`)"  # code
    r"|(?<=\b[a-zA-Z])('{1,2})(?![a-zA-Z])"  # a derivative
    r"|([\\*_\[\]{}<>$#|~]|(?:(?<=^\d)|(?<=^\d\d))[.)](?= ))",  # markup; a number that ends a sentence is no list's
    re.MULTILINE,
)


class CourseExercise(ExerciseDirective):
    """`{course-exercise} ch03.kl_standard_normal`; its label is `ex-ch03-kl-standard-normal`."""

    required_arguments = 1
    optional_arguments = 0
    final_argument_whitespace = False

    def run(self) -> list[nodes.Node]:
        key = self.arguments[0]
        root = Path(self.env.srcdir).parent
        catalog = root / "exercises/catalog.yml"
        entries = yaml.safe_load(catalog.read_text(encoding="utf-8"))
        if key not in entries:
            raise self.error(f'exercises/catalog.yml has no exercise "{key}"; it has {", ".join(entries)}.')
        entry = entries[key]
        stub = root / "exercises" / entry["file"]
        master = root / "solutions" / entry["file"] if self.config.instructor_edition else None
        for source in filter(None, (catalog, stub, master)):
            self.env.note_dependency(str(source))

        labelled = {mention.identifier: mention.name for mention in book_labels(root)}
        lines = markdown(key, entry, stub, labelled, master).splitlines()
        self.name = "exercise"  # sphinx-exercise names box and number after the directive
        self.arguments = [entry["title"]]
        self.options = {"label": exercise_label(key), "class": ["course-exercise"]}
        self.content = StringList(lines, source=str(catalog))
        boxes = super().run()
        for section in (part for box in boxes for part in box.findall(nodes.section)):
            section["ids"] = [f"{exercise_label(key)}-content"]  # sphinx-exercise gives all of them the same
        return boxes


def exercise_label(key: str) -> str:
    return "ex-" + key.replace(".", "-").replace("_", "-")


def markdown(key: str, entry: dict[str, Any], stub: Path, labelled: dict[str, str], master: Path | None) -> str:
    """The box's content as MyST; with the answer where a master is given."""
    equations = ", ".join(
        reference(identifier, labelled[identifier]) if identifier in labelled else identifier
        for identifier in as_list(entry.get("equation"))
    )
    facts = [f"{entry['points']} points", f"{entry['minutes']} minutes", str(entry["difficulty"]), equations]
    signature, docstring = task(stub, entry["function"])
    hints = [f":::{{dropdown}} Hint {number}\n{plain(hint)}\n:::" for number, hint in enumerate(entry["hints"], 1)]
    file, function = entry["file"], entry["function"]
    answer = ()
    if master:
        code = solution(master.read_text(encoding="utf-8"), function)
        answer = (f"::::{{dropdown}} Solution\n```python\n{code}\n```\n::::",)
    return "\n\n".join(
        [
            "{.exercise-facts}\n" + " · ".join(fact for fact in facts if fact),
            f"```python\n{signature}\n```",
            plain(docstring),
            f"Write it in `exercises/{file}` ({{download}}`download <../exercises/{file}>`). "
            f"`vae-edu check {key}` checks it, as does `pytest exercises -k {function}`.",
            *hints,
            *answer,
        ]
    )


def reference(identifier: str, label: str) -> str:
    """A link to a numbered equation, or to an algorithm by its name."""
    return f"{{prf:ref}}`{identifier} <{label}>`" if "algorithm" in identifier else f"{{eq}}`{label}`"


def task(stub: Path, function: str) -> tuple[str, str]:
    """The stub's signature, a class's with those of its methods, and its docstring."""
    source = stub.read_text(encoding="utf-8")
    for node in ast.parse(source).body:
        if getattr(node, "name", None) == function:
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef)]
            heads = [head(part, source) for part in [node, *methods * isinstance(node, ast.ClassDef)]]
            return "\n".join(heads), ast.get_docstring(node) or ""
    raise ValueError(f"{stub} defines no {function}.")


def head(node: ast.ClassDef | ast.FunctionDef, source: str) -> str:
    """The lines of a definition before its docstring or body; one argument a line where they would not fit the page."""
    lines = source.splitlines()[node.lineno - 1 : node.body[0].lineno - 1]
    signature, indent = " ".join(line.strip() for line in lines), " " * node.col_offset
    if len(indent + signature) <= WIDEST:
        return "\n".join(lines)
    name, rest = signature.split("(", 1)
    arguments, returns = rest.rsplit(")", 1)
    inside = [f"{indent}    {argument}," for argument in OUTER_COMMA.split(arguments.strip(" ,"))]
    return "\n".join([f"{indent}{name}(", *inside, f"{indent}){returns}"])


def plain(text: str) -> str:
    """Docstrings and hints are plain text, read in editors and terminals too: escape what MyST would act upon.

    Between backticks it acts upon nothing, and a backslash would show. The strokes of f' are typeset as primes, not as
    quotation marks.
    """

    def shown(found: re.Match[str]) -> str:
        code, strokes, special = found.groups()
        return code or (f"\\{special}" if special else "′" * len(strokes))

    return SPECIAL.sub(shown, text.strip())


def setup(app: Sphinx) -> dict[str, bool]:
    app.setup_extension("sphinx_exercise")
    app.add_config_value("instructor_edition", os.environ.get("VAE_EDU_INSTRUCTOR", "") == "1", "env")
    app.add_directive("course-exercise", CourseExercise)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
