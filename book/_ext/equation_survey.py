"""Where the book, the package, the tests and the exercises name the papers' equations, and what is missing.

Pure Python without Sphinx or imports of what it surveys: sources are read as text and syntax trees.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from equations import IDENTIFIER, Equation, chapter_number, read_equations, read_pages

# `$$ (eq-k13-1)`, `:label: eq-k13-1` and `(eq-k13-1)=` define a label; {eq}`eq-k13-1` only refers to one.
LABEL = re.compile(r"(?:^\s*:?label: +|\$\$ *\(|^\()(?P<label>eq-(?:k13|d16)-[\w-]+)", re.MULTILINE)
# In prose `K13 §5` may point at a place in the paper; a number in parentheses is always an equation.
PLACE = re.compile(r"§|App\.")
SHORTHAND = re.compile(rf"{IDENTIFIER.pattern}(?:, | and | to |[-–] ?)(?:\(\d+\)|§)")

# A code cell of a page: its options, `:checks: [...]` or the same in a block of YAML, and its code.
CELL = re.compile(r"^```\{code-cell\}.*?^```$", re.MULTILINE | re.DOTALL)
CHECKS = re.compile(r"^:?checks: *\[(?P<identifiers>.*)\] *$", re.MULTILINE)

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Mention:
    """One place that names an equation; `name` is the function, test, exercise or label found there."""

    identifier: str
    name: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line} ({self.name})"


@dataclass(frozen=True)
class Survey:
    """The list of equations and everything found about them."""

    equations: dict[str, Equation]
    chapters: dict[int, str]
    labels: list[Mention]
    functions: list[Mention]
    tests: list[Mention]
    cells: list[Mention]
    idle_cells: list[Mention]  # said to check, without an assertion
    exercises: list[Mention]
    shorthand: list[Mention]

    def of(self, identifier: str, kind: str) -> list[str]:
        """The names of one kind (a field: "labels", "tests" ...) tied to an equation, each once."""
        return list(dict.fromkeys(m.name for m in getattr(self, kind) if m.identifier == identifier))


def survey(root: Path) -> Survey:
    """Read the whole project below `root`."""
    equations = read_equations(root / "book/equations.yml")
    pages = read_pages(root / "book/_toc.yml")
    package = sorted((root / "vae_edu").rglob("*.py"))
    return Survey(
        equations=equations,
        chapters={number: page for page in pages if (number := chapter_number(page))},
        labels=book_labels(root),
        functions=[m for path in package for m in docstring_mentions(root, path, IDENTIFIER)],
        tests=[m for path in package_tests(root) for m in test_marks(root, path)],
        cells=[mention for _, mention in checking_cells(root)],
        idle_cells=[mention for code, mention in checking_cells(root) if not re.search(r"\bassert", code)],
        exercises=exercise_mentions(root / "exercises/catalog.yml"),
        shorthand=[m for path in package for m in docstring_mentions(root, path, SHORTHAND)],
    )


def book_labels(root: Path) -> list[Mention]:
    """The paper labels that the book's pages define; a label of no equation keeps its own name as identifier."""
    equations = read_equations(root / "book/equations.yml").values()
    identifiers = {equation.label: equation.id for equation in equations}
    return [mention for page in book_pages(root) for mention in page_labels(root, page, identifiers)]


def book_pages(root: Path) -> list[Path]:
    """The pages of the table of contents that are written by hand."""
    return [page for name in read_pages(root / "book/_toc.yml") if (page := root / f"book/{name}.md").exists()]


def page_labels(root: Path, page: Path, identifiers: dict[str, str]) -> Iterator[Mention]:
    text = page.read_text(encoding="utf-8")
    for match in LABEL.finditer(text):
        line = text.count("\n", 0, match.start("label")) + 1
        name = match["label"]
        yield Mention(identifiers.get(name, name), name, page.relative_to(root).as_posix(), line)


def checking_cells(root: Path) -> Iterator[tuple[str, Mention]]:
    """The live cells that say which equations they check, with their code; named by their page."""
    for page in book_pages(root):
        text = page.read_text(encoding="utf-8")
        for cell in CELL.finditer(text):
            line = text.count("\n", 0, cell.start()) + 1
            for option in CHECKS.finditer(cell[0]):
                for identifier in option["identifiers"].split(","):
                    where = Mention(identifier.strip(), page.stem, page.relative_to(root).as_posix(), line)
                    yield cell[0], where


def docstring_mentions(root: Path, path: Path, pattern: re.Pattern[str]) -> Iterator[Mention]:
    """What `pattern` finds in docstrings of functions and classes, named like `gaussians.kl_full`."""
    module = ".".join(path.relative_to(root / "vae_edu").with_suffix("").parts)
    for node, name in definitions(path):
        docstring = " ".join((ast.get_docstring(node) or "").split())
        for match in pattern.finditer(docstring):
            yield Mention(match[0], f"{module}.{name}", path.relative_to(root).as_posix(), node.lineno)


def test_marks(root: Path, path: Path) -> Iterator[Mention]:
    """The arguments of `@pytest.mark.equation(...)`, on tests, classes, parameters or modules."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    marked = [(statement, path.stem) for statement in tree.body if isinstance(statement, ast.Assign)]
    marked += [(decorator, name) for node, name in definitions(path) for decorator in node.decorator_list]
    for source, name in marked:
        for call in ast.walk(source):
            if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "equation":
                for argument in call.args:
                    if isinstance(argument, ast.Constant):
                        yield Mention(argument.value, name, path.relative_to(root).as_posix(), call.lineno)


def definitions(path: Path) -> Iterator[tuple[Function, str]]:
    """Every function and class of a file with its qualified name."""

    def below(node: ast.AST, prefix: str) -> Iterator[tuple[Function, str]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                yield child, prefix + child.name
                yield from below(child, f"{prefix}{child.name}.")

    return below(ast.parse(path.read_text(encoding="utf-8")), "")


def package_tests(root: Path) -> list[Path]:
    """The test files that check the package; hidden tests and mutants judge students' answers instead."""
    return [
        path
        for path in sorted((root / "tests").rglob("test_*.py"))
        if path.relative_to(root / "tests").parts[0] not in ("hidden", "mutants")
    ]


def exercise_mentions(catalog: Path) -> list[Mention]:
    """The equations that the catalog's entries ask for."""
    entries = yaml.safe_load(catalog.read_text(encoding="utf-8")) if catalog.exists() else {}
    path = f"{catalog.parent.name}/{catalog.name}"
    return [
        Mention(identifier, name, path, 1)
        for name, entry in (entries or {}).items()
        for identifier in as_list(entry.get("equation"))
    ]


def as_list(value: str | list[str] | None) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def defects(found: Survey) -> list[str]:
    """What is wrong, a sentence each: orphans, unknown identifiers, labels in a wrong chapter."""
    written = [equation for equation in found.equations.values() if equation.chapter in found.chapters]
    return [
        *(sentence for equation in written for sentence in orphan(found, equation)),
        *unknown(found),
        *misplaced(found),
        *(f"{m} is said to check {m.identifier}, and asserts nothing." for m in found.idle_cells),
        *(f'{m} shortens "{m.identifier}": spell out every identifier.' for m in found.shorthand),
    ]


def orphan(found: Survey, equation: Equation) -> Iterator[str]:
    page = found.chapters[equation.chapter]
    if not found.of(equation.id, "labels"):
        yield f"{equation.id} is missing from book/{page}.md: nothing there is labelled ({equation.label})."
    if not found.of(equation.id, "functions"):
        yield f'{equation.id} has no code: no docstring in vae_edu names "{equation.id}".'
    if not found.of(equation.id, "tests"):
        yield f'{equation.id} has no check: no test is marked @pytest.mark.equation("{equation.id}").'
    if not found.of(equation.id, "cells"):
        yield f"{equation.id} has no live check: no cell of the book has it in its option `:checks: [...]`."


def unknown(found: Survey) -> Iterator[str]:
    code = [m for m in found.functions if not PLACE.search(m.identifier)]
    for mention in [*found.labels, *code, *found.tests, *found.cells, *found.exercises]:
        if mention.identifier not in found.equations:
            yield f'{mention} names "{mention.identifier}", which book/equations.yml does not list.'


def misplaced(found: Survey) -> Iterator[str]:
    for mention in found.labels:
        equation = found.equations.get(mention.identifier)
        if equation and chapter_number(Path(mention.path).stem) != equation.chapter:
            yield f"{mention} stands in a wrong chapter: book/equations.yml says {equation.chapter}."
