"""Chapters as notebooks: the book's numbers, nothing of MyST left, a reader's changes kept; one is run."""

import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from chapter_notebooks import as_notebook, write_notebooks
from equations import chapter_number, read_pages
from myst_to_markdown import Converter
from page_numbers import page_numbers

ROOT = Path(__file__).parents[2]
CHAPTERS = [page for page in read_pages(ROOT / "book/_toc.yml") if chapter_number(page)]
NUMBERS = {"eq-k13-1": "K13 (1)", "eq-gap": "(2.1)", "fig-gap": "Figure 2.1", "ex-ch03-kl-full": "Exercise 3.2"}
# What Jupyter would show raw: a directive, a role, a label behind a formula, a line of attributes.
MYST = re.compile(r"^[`:]{3,}\{|\{[a-z:]+\}`|^\$\$ *\(|^\{\.", re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebooks")
    assert write_notebooks(ROOT, folder) == []
    return folder


@pytest.fixture
def converter() -> Converter:
    return Converter(ROOT, "ch02_variational_bound", NUMBERS)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_notebook_is_valid_and_plain(folder: Path, chapter: str):
    notebook = nbformat.read(folder / f"{chapter}.ipynb", 4)
    nbformat.validate(notebook)
    markdown = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert markdown[0].startswith(f"# {chapter_number(chapter)}. ")
    assert not [match[0] for text in markdown for match in MYST.finditer(text)]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_numbers_are_those_of_the_page(site: Path, chapter: str):
    page = BeautifulSoup((site / f"{chapter}.html").read_text(encoding="utf-8"), "html.parser")
    shown = {}
    for link in page.select("main a.reference.internal"):
        target, text = link["href"].rpartition("#")[2], link.get_text()
        if re.match(r"(Figure|Listing|Exercise) \d|\(\d+\.\d+\)$|(K13|D16) ", text):
            shown[target.removeprefix("equation-")] = text
    numbers = page_numbers(ROOT)
    ours = {target: numbers[target] for target in shown if target in numbers}
    assert ours == {target: shown[target] for target in ours}
    assert len(ours) >= len(shown) / 2


def test_every_page_offers_its_notebook(site: Path):
    for chapter in CHAPTERS:
        page = BeautifulSoup((site / f"{chapter}.html").read_text(encoding="utf-8"), "html.parser")
        (link,) = {a["href"] for a in page.select("a[href$='.ipynb']")}
        assert (site / link).is_file()


@pytest.mark.parametrize(
    ("myst", "markdown"),
    [
        ("By {eq}`eq-k13-1` and {numref}`fig-gap`.", "By K13 (1) and Figure 2.1."),
        ("a {term}`posterior`, {term}`nats <nat>`", "a posterior, nats"),
        ("[there](ch03_gaussians.md#the-gap)", "[there](ch03_gaussians.ipynb)"),
        ("$$\na = b\n$$ (eq-gap)", '<a id="eq-gap"></a>\n\n$$\na = b\n\\tag{2.1}\n$$'),
        ("$$ a = b $$", "$$\n a = b \n$$"),
        (":::{admonition} Try it\n:class: try-it\nDo $x$.\n:::", "> **Try it**\n>\n> Do $x$."),
        ("```{dropdown} Answer\nNo.\n```", "<details><summary>Answer</summary>\n\nNo.\n\n</details>"),
        (":::{margin}\nA slip.\n:::", "> A slip."),
        ("{.chapter-facts}\nNeeds nothing", "Needs nothing"),
        ("(a-place)=\n## There", '<a id="a-place"></a>\n## There'),
        ("```python\nx = {eq}\n```", "```python\nx = {eq}\n```"),
        ("````{admonition} Outer\n```{dropdown} Inner\nx\n```\n````", "Inner"),
    ],
)
def test_myst_becomes_markdown(converter: Converter, myst: str, markdown: str):
    assert markdown in converter.markdown(myst)


def test_a_widget_becomes_code_to_run(converter: Converter):
    converter.numbers |= {"w": "Figure 7.1"}
    myst = (
        "Before.\n\n:::{vae-widget} latent-plane\n:data: two-latents\n:name: w\n:alt: a plane\nThe plane.\n:::\nAfter."
    )
    blocks = list(converter.blocks(myst))
    assert [is_code for is_code, _ in blocks] == [False, True, False]
    assert 'latent_plane("two-latents")' in blocks[1][1]
    assert blocks[2][1] == "**Figure 7.1.** The plane.\nAfter."


def test_included_code_is_the_package_code(converter: Converter):
    text = converter.markdown(
        "```{literalinclude} ../vae_edu/models/linear.py\n:pyobject: LinearGaussian.posterior\n```"
    )
    assert text.startswith("```python\ndef posterior(")
    assert "*From `vae_edu/models/linear.py`*" in text


def test_what_a_reader_wrote_is_kept_and_the_rest_renewed(tmp_path: Path):
    write_notebooks(ROOT, tmp_path)
    mine, stale = tmp_path / "ch02_variational_bound.ipynb", tmp_path / "ch03_gaussians.ipynb"
    notebook = nbformat.read(mine, 4)
    notebook.cells[0].source += "\nMy note."
    nbformat.write(notebook, mine)
    run = nbformat.read(stale, 4)
    run.cells[1].outputs = [nbformat.v4.new_output("stream", text="run")]
    nbformat.write(run, stale)
    assert write_notebooks(ROOT, tmp_path) == [mine]
    assert "My note." in mine.read_text(encoding="utf-8")
    assert nbformat.read(stale, 4).cells[1].outputs == []


def test_a_notebook_runs(tmp_path: Path):
    """In a folder beside book/, as `make lab` puts it."""
    nbclient = pytest.importorskip("nbclient")
    notebook = as_notebook(
        ROOT, "ch02_variational_bound", Converter(ROOT, "ch02_variational_bound", page_numbers(ROOT)), ""
    )
    client = nbclient.NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT / "book")}})
    client.execute()
    assert any(
        output.get("data", {}).get("image/svg+xml") for cell in notebook.cells for output in cell.get("outputs", [])
    )


def test_elsewhere_a_notebook_says_what_it_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    converter = Converter(ROOT, "ch02_variational_bound", page_numbers(ROOT))
    notebook = as_notebook(ROOT, "ch02_variational_bound", converter, "")
    with pytest.raises(AssertionError, match="make lab"):
        exec(notebook.cells[1].source, {})
