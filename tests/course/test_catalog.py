"""The catalog is read as it is meant, and a mistake in it is one sentence that says where."""

import ast
from pathlib import Path

import pytest
import yaml

from vae_edu.course.catalog import load_catalog
from vae_edu.course.stubs import NOT_ANSWERED, stub
from vae_edu.errors import UserError

ROOT = Path(__file__).resolve().parents[2]
ENTRY = {
    "title": "A title",
    "points": 3,
    "minutes": 10,
    "difficulty": "easy",
    "equation": "K13 (10)",
    "file": "ch03_gaussians.py",
    "function": "kl",
    "hints": ["one", "two", "three"],
}


def test_the_course_has_every_function_and_class_that_a_stub_leaves_to_write_and_no_other():
    untouched = ast.unparse(ast.parse(NOT_ANSWERED))
    texts = {path.name: stub(path.read_text(encoding="utf-8")) for path in (ROOT / "solutions").glob("ch*.py")}
    to_write = {
        (file, node.name)
        for file, text in texts.items()
        for node in ast.parse(text).body
        if untouched in ast.unparse(node)
    }
    listed = {(exercise.file, exercise.function) for exercise in load_catalog(ROOT / "exercises/catalog.yml").values()}
    assert listed == to_write


def test_every_equation_is_one_of_the_papers():
    papers = yaml.safe_load((ROOT / "book/equations.yml").read_text(encoding="utf-8"))
    known = {equation["id"] for equations in papers.values() for equation in equations}
    for exercise in load_catalog(ROOT / "exercises/catalog.yml").values():
        assert set(exercise.equation) <= known


def test_one_text_stands_for_a_list_of_one(tmp_path):
    path = tmp_path / "catalog.yml"
    path.write_text(yaml.safe_dump({"ch03.kl": ENTRY}))
    assert load_catalog(path)["ch03.kl"].equation == ("K13 (10)",)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"points": 0}, "points should be a whole number above 0, got 0"),
        ({"points": True}, "points should be a whole number above 0, got True"),
        ({"hints": ["only one"]}, "hints should be three"),
        ({"equation": []}, "equation should be a text or a list of texts"),
        ({"title": None}, "title should be a text, got None"),
        ({"difficulty": "brutal"}, "difficulty should be easy, medium, hard, got 'brutal'"),
        ({"function": "kl2"}, "function should be 'kl' as in the id"),
        ({"file": "../ch03_gaussians.py"}, "file should be the name of a file ch03_*.py"),
        ({"pionts": 3}, "unknown field pionts"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_mistake_is_named(tmp_path, change, says):
    path = tmp_path / "catalog.yml"
    path.write_text(yaml.safe_dump({"ch03.kl": ENTRY | change}))
    with pytest.raises(UserError, match=r"exercise ch03\.kl: ") as error:
        load_catalog(path)
    assert says in str(error.value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ch03.kl: {title: A}", "points, minutes, difficulty, equation, file, function, hints missing"),
        ("ch03.kl: 3", "expected fields such as title and points, got 3"),
        ("- a list", "should map exercise ids"),
        ("a: [", "is not valid YAML"),
        ("ch03.kl: 1\nch03.kl: 2", "has ch03.kl twice"),
    ],
)
def test_a_catalog_of_the_wrong_form_is_named(tmp_path, text, says):
    path = tmp_path / "catalog.yml"
    path.write_text(text)
    with pytest.raises(UserError) as error:
        load_catalog(path)
    assert says in str(error.value)


def test_a_missing_catalog_or_one_that_is_no_text_is_named(tmp_path):
    (tmp_path / "latin.yml").write_bytes("ä: 1".encode("latin-1"))
    with pytest.raises(UserError, match=r"latin\.yml could not be read"):
        load_catalog(tmp_path / "latin.yml")
    with pytest.raises(UserError, match="could not be read"):
        load_catalog(tmp_path / "catalog.yml")
