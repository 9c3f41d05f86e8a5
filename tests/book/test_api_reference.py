"""The reference describes every module once; docstrings reach it as they are meant; chapters link to it."""

import ast
from collections import Counter
from pathlib import Path

import pytest
from api_reference import expand, linked
from bs4 import BeautifulSoup
from equations import read_equations, read_pages

ROOT = Path(__file__).parents[2]
PAGES = [page for page in read_pages(ROOT / "book/_toc.yml") if page.startswith("api_")]


def described() -> list[str]:
    texts = [(ROOT / f"book/{page}.md").read_text(encoding="utf-8") for page in PAGES]
    lines = [line for text in texts for line in text.partition("```{api}\n")[2].partition("```")[0].split()]
    return [module for line in lines for module in expand(line)]


def modules() -> set[str]:
    """The package's modules that have something to describe, folders of tests' wrong answers left out."""
    found = set()
    for path in (ROOT / "vae_edu").rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        public = not any(part.startswith("_") and part != "__init__" for part in parts) and "slips" not in parts
        own = any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in ast.parse(path.read_text()).body)
        if public and own:
            found.add(".".join(parts).removesuffix(".__init__"))
    return found


def test_every_module_is_described_once():
    counts = Counter(described())
    assert not modules() - counts.keys()
    assert [module for module, n in counts.items() if n > 1] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Source: K13 (10), K13 App. B.", "Source: :eq:`eq-k13-10`, :eq:`eq-k13-app-b`."),
        ("as in K13 §5 and K13 algorithm 1", "as in K13 §5 and K13 algorithm 1"),
    ],
)
def test_identifiers_become_links_where_there_is_an_equation(text: str, expected: str):
    assert linked(text, read_equations(ROOT / "book/equations.yml")) == expected


def test_an_entry_has_shapes_unit_and_source(site: Path):
    page = BeautifulSoup((site / "api_probability.html").read_text(encoding="utf-8"), "html.parser")
    entry = page.find(id="vae_edu.gaussians.kl_standard_normal").parent
    assert "Float[Tensor, '*batch latent']" in entry.get_text()
    assert "in nats" in entry.get_text()
    assert entry.select_one("a[href='ch03_gaussians.html#equation-eq-k13-app-b']")


def test_a_protocol_and_a_widget_show_no_arguments_that_say_nothing(site: Path):
    for page, name in [("api_probability", "vae_edu.bounds.Objective"), ("api_drawing", "vae_edu.widgets.faces.Gap")]:
        entry = BeautifulSoup((site / f"{page}.html").read_text(encoding="utf-8"), "html.parser").find(id=name)
        assert "args" not in entry.get_text()


def test_code_shown_in_a_chapter_links_to_its_entry(site: Path):
    dead = []
    for name in read_pages(ROOT / "book/_toc.yml"):
        page = BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        dead += [f"{name}: {line.get_text()}" for line in page.select("p.in-reference:not(:has(a))")]
    assert not dead
