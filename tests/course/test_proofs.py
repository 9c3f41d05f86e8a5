"""What must hold for every exercise of the catalog, as exercises arrive; points are proved in tests/grading."""

import ast
import copy
import re
from functools import cache
from pathlib import Path

import pytest

from vae_edu.course import stubs
from vae_edu.course.catalog import load_catalog
from vae_edu.course.checks import checks_of, outcome
from vae_edu.course.findings import Category
from vae_edu.course.own_work import attempted, chapter_title
from vae_edu.course.student import AnswerHere, Student

ROOT = Path(__file__).resolve().parents[2]
CATALOG = load_catalog(ROOT / "exercises/catalog.yml")
FILES = sorted({exercise.file for exercise in CATALOG.values()})
EXERCISE = pytest.mark.parametrize("exercise", CATALOG.values(), ids=list(CATALOG))

# Expressions of so many names, numbers, operations and calls are an answer's own; log(2 * pi), of 7, is everybody's.
OWN = 8
SHARED_NAMES = {"torch", "math", "np", "self", "sum", "len", "range", "zip", "min", "max", "float", "int", "abs"}


@cache
def master(file):
    return (ROOT / "solutions" / file).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A student's folder that nobody has touched."""
    written = tmp_path_factory.mktemp("exercises")
    stubs.write_stubs(ROOT / "solutions", written)
    return written


@EXERCISE
def test_every_visible_check_fails_on_the_stub_as_not_attempted(exercise, folder):
    checks = checks_of(exercise, ROOT / "exercises")
    assert len(checks) >= 2
    for name, check in checks.items():
        student = Student(exercise, lambda file: (folder / file).read_text(encoding="utf-8"), AnswerHere(folder))
        finding = outcome(check, student)
        assert finding is not None, name
        assert finding.category is Category.NOT_ATTEMPTED, f"{name}: {finding}"


@EXERCISE
def test_a_stub_is_known_without_running_it_and_so_is_an_answer(exercise, folder, tmp_path):
    assert not attempted(exercise, folder)
    (tmp_path / exercise.file).write_text(master(exercise.file), encoding="utf-8")
    assert attempted(exercise, tmp_path)


@EXERCISE
def test_a_solution_can_be_shown_by_itself(exercise):
    shown = stubs.solution(master(exercise.file), exercise.function)
    (definition,) = ast.parse(shown).body
    assert definition.name == exercise.function
    assert ast.get_docstring(definition) is None
    assert not any(marker in shown for marker in stubs.MARKERS)


@pytest.mark.parametrize("file", FILES)
def test_a_file_begins_with_its_chapters_title(file, folder):
    assert chapter_title(file, folder)


@pytest.mark.parametrize("file", FILES)
def test_no_visible_check_holds_a_part_of_an_answer(file):
    checks = ast.parse((ROOT / f"exercises/test_{file}").read_text(encoding="utf-8"))
    shown = {anonymous(node): ast.unparse(node) for node in ast.walk(checks) if isinstance(node, ast.expr)}
    told = {ast.unparse(part): shown[anonymous(part)] for part in own_parts(file) if anonymous(part) in shown}
    assert not told, "part of the answer: the same in the checks"


@EXERCISE
def test_hints_leave_something_to_write(exercise):
    """The last is near the answer: it may say one statement or another, but not all that make the answer."""
    hints = squeezed("\n".join(exercise.hints))
    solution = stubs.solution(master(exercise.file), exercise.function)
    own = [ast.unparse(value) for value in statements(solution) if size(value) >= OWN]
    assert not own or not all(squeezed(text) in hints for text in own), own


@pytest.mark.parametrize("file", FILES)
def test_causes_hold_no_statement_of_an_answer(file):
    causes = squeezed((ROOT / "exercises/causes.json").read_text(encoding="utf-8"))
    own = [ast.unparse(value) for value in all_statements(file) if size(value) >= OWN]
    assert own
    assert not [text for text in own if squeezed(text) in causes]


def test_an_answer_under_other_names_is_found():
    told = ast.parse("0.5 * (m**2 + v.exp() - 1 - v).sum(-1)").body[0].value
    assert anonymous(told) in map(anonymous, own_parts("ch03_gaussians.py"))


def statements(answer):
    """The values that an answer returns, assigns or computes."""
    for node in ast.walk(ast.parse(answer)):
        if isinstance(node, (ast.Return, ast.Assign, ast.AugAssign, ast.Expr)) and node.value is not None:
            yield node.value


def all_statements(file):
    return [value for answer in stubs.answers(master(file)) for value in statements(answer)]


def own_parts(file):
    """The expressions of a master's answers that are more than anybody's."""
    for value in all_statements(file):
        yield from (part for part in ast.walk(value) if isinstance(part, ast.expr) and size(part) >= OWN)


def size(node):
    counted = (ast.Name, ast.Constant, ast.operator, ast.unaryop, ast.Attribute, ast.Call)
    return sum(isinstance(part, counted) for part in ast.walk(node))


def anonymous(node):
    """The expression with its own names numbered in their order, so that renaming hides nothing."""
    numbers = {}
    renamed = copy.deepcopy(node)
    for part in ast.walk(renamed):
        if isinstance(part, ast.Name) and part.id not in SHARED_NAMES:
            part.id = numbers.setdefault(part.id, f"n{len(numbers)}")
    return ast.unparse(renamed)


def squeezed(text):
    return re.sub(r"\s", "", text)
