"""Whatever must stay with the instructor is known for a secret, and found in every shape in which it might get out."""

import ast
import html
import json
from functools import cache
from pathlib import Path

import pytest
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from vae_edu.course import leaks, stubs
from vae_edu.course.catalog import load_catalog

ROOT = Path(__file__).resolve().parents[2]
CATALOG = load_catalog(ROOT / "exercises/catalog.yml")
# The book prints the line that is the answer, where it derives it. Hidden checks can ask for no less.
PRINTED = {"ch03.kl_standard_normal", "ch06.log_bernoulli"}


@cache
def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def page(code):
    """Code as Sphinx puts it into a page."""
    return f"<html><body>{highlight(code, PythonLexer(), HtmlFormatter())}</body></html>".encode()


def points(function):
    """Whether a function of a file of hidden checks is one."""
    return "points(" in "".join(map(ast.unparse, function.decorator_list))


@pytest.fixture(scope="module")
def search(known):
    """The secrets in one file."""

    def found(name, content):
        return list(leaks.leaks({name: content}, known))

    return found


@pytest.mark.parametrize("exercise", [e for e in CATALOG.values() if e.id not in PRINTED], ids=lambda e: e.id)
def test_every_solution_is_found_in_a_page(exercise, search):
    shown = stubs.solution(text(f"solutions/{exercise.file}"), exercise.function)
    assert search("book/ch.html", page(shown))


def test_the_answers_that_the_book_prints_are_these(known):
    for key in PRINTED:
        exercise = CATALOG[key]
        shown = stubs.solution(text(f"solutions/{exercise.file}"), exercise.function)
        answer = ast.get_source_segment(shown, ast.parse(shown).body[0].body[-1])
        package = leaks.squeezed(text("vae_edu/gaussians.py") + text("vae_edu/likelihoods.py"))
        assert leaks.squeezed(answer) in package


@pytest.mark.parametrize("path", sorted((ROOT / "tests/hidden").glob("test_*.py")), ids=lambda path: path.stem)
def test_every_hidden_check_is_found_in_a_page(path, search):
    source = path.read_text(encoding="utf-8")
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    checks = {n.name: source.splitlines()[n.decorator_list[0].lineno - 1 : n.end_lineno] for n in nodes if points(n)}
    assert checks
    assert [name for name, lines in checks.items() if not search("book/ch.html", page("\n".join(lines)))] == []


@pytest.mark.parametrize("path", sorted((ROOT / "vae_edu/course/slips").glob("ch*.py")), ids=lambda path: path.stem)
def test_every_function_of_slips_is_found_in_a_page(path, search):
    source = path.read_text(encoding="utf-8")
    missed = [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and not search("book/ch.html", page(ast.get_source_segment(source, node)))
    ]
    assert not missed


@pytest.mark.parametrize("path", sorted((ROOT / "solutions").glob("ch*.py")), ids=lambda path: path.stem)
def test_a_master_is_found_whatever_it_is_called(path, search):
    assert search("vae_edu/course/helper.py", path.read_bytes())
    assert not search("exercises/helper.py", stubs.stub(path.read_text(encoding="utf-8")).encode())


@pytest.fixture
def formula(known):
    """A formula of an answer, with an operator that HTML escapes or not."""
    source = stubs.solution(text("solutions/ch03_gaussians.py"), "kl_full")
    values = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Assign | ast.Return)]
    found = [ast.get_source_segment(source, value) for value in values]
    return max((f for f in found if leaks.squeezed(f) in known), key=len)


def test_a_formula_is_found_in_every_kind_of_file(formula, search):
    spread = formula.replace("(", "(\n    ")
    kinds = {
        "page.html": page(f"kl = {spread}"),
        "comment.html": f"<!-- {html.escape(formula)} > -->".encode(),
        "attribute.html": f'<div data-state="{html.escape(formula)}"></div>'.encode(),
        "page.md": f"So it is\n```python\n{spread}\n```".encode(),
        "notebook.ipynb": json.dumps({"cells": [{"source": spread.splitlines(keepends=True)}]}).encode(),
        "causes.json": json.dumps({"ch03": [{"why": formula}]}).encode(),
        "figure.svg": f"<svg><text>{html.escape(formula)}</text></svg>".encode(),
        "script.js": f"const right = '{formula}';".encode(),
        "README.md": formula.encode(),
    }
    assert [name for name, content in kinds.items() if not search(name, content)] == []
    assert not search("picture.png", b"\x89PNG\xff" + formula.encode())  # no text, and nothing that is read


def test_what_a_leak_is_said_to_be(formula, search):
    (leak,) = search("README.md", formula.encode())
    assert leak.file == "README.md"
    assert leak.what == "an answer in solutions/ch03_gaussians.py"
    assert leak.text == leaks.squeezed(formula)


def test_what_everybody_writes_is_no_secret(search):
    code = "import torch\nfrom torch import nn\n\nlog_2pi = math.log(2 * math.pi)\nkl = kl_full(mean, covariance)\n"
    assert not search("page.html", page(code))


@pytest.mark.parametrize("before", range(20))
def test_a_secret_is_found_wherever_it_begins(before):
    secret = "thequickbrownfoxjumps"
    assert list(leaks.Search([secret])("x" * before + secret)) == [secret]
    assert list(leaks.Search([secret])("x" * before + secret[:-1])) == []
