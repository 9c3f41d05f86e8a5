"""Every equation of a written chapter has its derivation, code and check; the survey sees every defect."""

from pathlib import Path

import chapter_table
import pytest
from equation_survey import defects, survey
from equations import chapter_number, label, read_equations, read_pages

ROOT = Path(__file__).parents[2]

CELL = "```{code-cell} ipython3\n:checks: [K13 (1)]\n\nassert a == b\n```\n"
PAGE = f"# 2. A chapter\n\n$$\na = b\n$$ (eq-k13-1)\n\nSee {{eq}}`eq-k13-2`.\n\n{CELL}"
CODE = '''def bound():
    """The bound.

    Source: K13 (1); setup as in K13 §5 and K13 App. C.
    """
'''
TEST = """import pytest

@pytest.mark.equation("K13 (1)")
def test_bound():
    pass
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project without defects: chapter 2 is written, chapter 5 is not."""
    write(
        tmp_path / "book/equations.yml",
        "K13:\n- {id: K13 (1), chapter: 2, says: a}\n- {id: K13 (8), chapter: 5, says: b}\n",
    )
    write(
        tmp_path / "book/_toc.yml",
        "{root: index, parts: [{chapters: [{file: ch02_bound}, {file: ch03_other}]}]}",
    )
    write(tmp_path / "book/ch02_bound.md", PAGE)
    write(tmp_path / "book/ch03_other.md", "# 3. Other\n")
    write(tmp_path / "vae_edu/bounds.py", CODE)
    write(tmp_path / "tests/test_bounds.py", TEST)
    write(tmp_path / "exercises/catalog.yml", "ch02.bound: {equation: K13 (1)}\n")
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_no_equation_of_a_written_chapter_is_an_orphan():
    found = defects(survey(ROOT))
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ("K13 (10)", "eq-k13-10"),
        ("K13 App. B", "eq-k13-app-b"),
        ("K13 §2.2", "eq-k13-s2-2"),
        ("D16 (7)", "eq-d16-7"),
        ("K13 algorithm 1", "eq-k13-algorithm-1"),
    ],
)
def test_label_rule(identifier: str, expected: str):
    assert label(identifier) == expected


def test_the_list_is_complete_and_labels_differ():
    equations = read_equations(ROOT / "book/equations.yml")
    numbered = {f"K13 ({n})" for n in range(1, 25)} | {f"D16 ({n})" for n in range(1, 23)}
    assert numbered <= equations.keys()
    assert len({equation.label for equation in equations.values()}) == len(equations)
    assert all(1 <= equation.chapter <= 16 and equation.says for equation in equations.values())


def test_chapter_number():
    assert [chapter_number(page) for page in ("ch06_vae", "ch12_wake_sleep", "index")] == [6, 12, None]


def test_a_sound_project_has_no_defects(project: Path):
    found = survey(project)
    assert defects(found) == []
    assert [found.of("K13 (1)", kind) for kind in ("labels", "functions", "tests", "cells", "exercises")] == [
        ["eq-k13-1"],
        ["bounds.bound"],
        ["test_bound"],
        ["ch02_bound"],
        ["ch02.bound"],
    ]


@pytest.mark.parametrize(
    ("path", "text", "complaint"),
    [
        (
            "book/ch02_bound.md",
            "# 2. A chapter\n\nSee {eq}`eq-k13-1`.\n",
            "nothing there is labelled (eq-k13-1)",
        ),
        ("vae_edu/bounds.py", "def bound():\n    pass\n", 'no docstring in vae_edu names "K13 (1)"'),
        ("vae_edu/bounds.py", '"""K13 (1)"""\n', "has no code"),
        (
            "vae_edu/bounds.py",
            CODE.replace("K13 (1);", "K13 (1), K13 (99);"),
            "bounds.py:1 (bounds.bound) names",
        ),
        ("vae_edu/bounds.py", CODE.replace("K13 (1);", "K13 (1), (8);"), 'shortens "K13 (1), (8)"'),
        ("vae_edu/bounds.py", CODE.replace("K13 (1);", "K13 (1)–(8);"), "spell out every identifier"),
        ("tests/test_bounds.py", "def test_bound():\n    pass\n", "no test is marked"),
        ("tests/test_bounds.py", TEST.replace("(1)", "(7)"), 'test_bounds.py:3 (test_bound) names "K13 (7)"'),
        ("tests/test_bounds.py", TEST.replace("K13 (1)", "K13 §5"), "does not list"),
        ("book/ch02_bound.md", PAGE.replace(CELL, ""), "K13 (1) has no live check"),
        (
            "book/ch02_bound.md",
            PAGE.replace("assert a", "print(a"),
            "ch02_bound.md:9 (ch02_bound) is said to check K13 (1), and",
        ),
        ("book/ch02_bound.md", PAGE.replace("[K13 (1)]", "[K13 (1), K13 (2)]"), 'names "K13 (2)"'),
        ("exercises/catalog.yml", "ch02.bound: {equation: [K13 (1), K13 (3)]}\n", "(ch02.bound) names"),
        ("book/ch02_bound.md", PAGE + "\n$$ a $$ (eq-d16-77)\n", "(eq-d16-77) names"),
        (
            "book/ch03_other.md",
            "```{math}\n:label: eq-k13-1\na\n```\n",
            "wrong chapter: book/equations.yml says 2",
        ),
    ],
)
def test_every_defect_is_seen(project: Path, path: str, text: str, complaint: str):
    write(project / path, text)
    found = defects(survey(project))
    assert any(complaint in sentence for sentence in found), found


def test_a_hidden_test_is_no_check_of_the_package(project: Path):
    (project / "tests/hidden").mkdir()
    (project / "tests/test_bounds.py").rename(project / "tests/hidden/test_bounds.py")
    assert any("no test is marked" in sentence for sentence in defects(survey(project)))


@pytest.mark.parametrize(
    "source",
    [
        'pytestmark = pytest.mark.equation("K13 (1)")',
        '@pytest.mark.equation("K13 (8)", "K13 (1)")\nclass TestBound:\n    pass',
        '@parametrize("a", [param(1, marks=mark.equation("K13 (1)"))])\ndef test_a(a):\n    pass',
    ],
    ids=["module", "class", "parameter"],
)
def test_marks_are_found_wherever_pytest_allows_them(project: Path, source: str):
    write(project / "tests/test_bounds.py", source)
    assert survey(project).of("K13 (1)", "tests")


def test_the_landing_page_lists_every_chapter_with_its_question_and_minutes():
    rows = "\n".join(chapter_table.markdown(ROOT / "book"))
    chapters = [page for page in read_pages(ROOT / "book/_toc.yml") if chapter_number(page)]
    assert [chapter_number(page) for page in chapters] == list(range(1, 17))
    assert [page for page in chapters if f"({page}.md)" not in rows] == []


def test_a_chapter_without_minutes_is_named(tmp_path: Path):
    write(
        tmp_path / "ch01_a.md",
        "# 1. A\n\n:::{admonition} Why?\n:class: chapter-question\n:::\n\n{.chapter-facts}\nNeeds a\n",
    )
    with pytest.raises(ValueError, match=r"ch01_a\.md should open with"):
        chapter_table.chapter_facts(tmp_path / "ch01_a.md")
