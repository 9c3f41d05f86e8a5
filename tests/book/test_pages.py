"""The built pages as HTML: all there, self-contained, every picture described, every inner link leading somewhere."""

from functools import cache
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlparse

import pytest
from bs4 import BeautifulSoup
from equations import chapter_number, read_equations, read_pages

from vae_edu.course import stubs

ROOT = Path(__file__).parents[2]
PAGES = read_pages(ROOT / "book/_toc.yml")
CHAPTERS = [page for page in PAGES if chapter_number(page)]


@cache
def parse(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(params=PAGES)
def page(site: Path, request: pytest.FixtureRequest) -> BeautifulSoup:
    return parse(site / f"{request.param}.html")


def test_every_page_of_the_contents_was_built(site: Path):
    missing = [page for page in [*PAGES, "search", "genindex"] if not (site / f"{page}.html").is_file()]
    assert not missing


def test_every_image_is_described(page: BeautifulSoup):
    assert not [img for img in page.find_all("img") if not img.get("alt", "").strip()]


def test_no_exercise_shows_its_answer(page: BeautifulSoup):
    answers = [
        answer for path in (ROOT / "solutions").glob("ch*.py") for answer in stubs.answers(path.read_text("utf-8"))
    ]
    for box in page.select(".course-exercise"):
        assert len(box.select("details")) == 3  # the hints
        assert not [answer for answer in answers if squeezed(answer) in squeezed(box.get_text())]


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_nothing_is_loaded_from_elsewhere(page: BeautifulSoup):
    loaded = [tag.get("src") for tag in page.select("script, img, iframe, source, video")]
    loaded += [link.get("href") for link in page.select("link") if "canonical" not in link.get("rel", [])]
    assert not [address for address in loaded if address and urlparse(address).netloc]


def test_a_page_with_its_pictures_and_widgets_weighs_at_most_four_and_a_half_megabytes(
    site: Path, page: BeautifulSoup, request: pytest.FixtureRequest
):
    """What every page shares, the theme and MathJax, is not counted."""
    files = {f"{request.node.callspec.params['page']}.html", *(unquote(img["src"]) for img in page.select("img[src]"))}
    for mount in page.select("[data-vae-widget]"):
        names = [mount["data-vae-widget"], *(f"{name}.data" for name in mount.get("data-vae-data", "").split())]
        files |= {f"_static/vae/{name}.js" for name in names} | {"_static/vae/runtime.js", "_static/vae/widgets.css"}
    assert sum((site / file).stat().st_size for file in files if not urlparse(file).scheme) < 4.5e6


def test_figures_are_numbered(page: BeautifulSoup):
    assert not [figure for figure in page.select("main figure") if not figure.select_one(".caption-number")]


def test_no_figure_or_cell_shows_two_copies_of_a_picture(page: BeautifulSoup):
    """A plot function whose figure is the last value of a cell draws twice; a semicolon after the call helps."""
    pictures = [[img["alt"] for img in output.find_all("img")] for output in page.select(".cell_output")]
    assert not [alts for alts in pictures if len(alts) != len(set(alts))]


def test_inner_links_and_anchors_resolve(site: Path, page: BeautifulSoup, request: pytest.FixtureRequest):
    here = f"{request.node.callspec.params['page']}.html"
    broken = []
    for link in page.select("a[href]"):
        address, anchor = urldefrag(link["href"])
        if urlparse(address).scheme or urlparse(address).netloc:
            continue
        target = site / unquote(address or here)
        if not target.is_file() or (anchor and not has_anchor(parse(target), unquote(anchor))):
            broken.append(link["href"])
    assert not broken


def has_anchor(page: BeautifulSoup, anchor: str) -> bool:
    return bool(page.find(id=anchor) or page.find(attrs={"name": anchor}))


def test_the_index_shows_code_test_and_live_check_of_every_equation(site: Path):
    rows = [row.find_all("td") for row in parse(site / "equation_index.html").select(".equation-index tr")]
    bare = [row[0].get_text() for row in rows if row and not all(row[n].find(["code", "a"]) for n in (2, 3, 4, 5))]
    assert len(rows) > 50
    assert not bare
    in_the_reference = [name for row in rows if row for name in row[3].find_all("code") if name.parent.name == "a"]
    assert len(in_the_reference) > 50


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_opens_with_its_number_and_question(site: Path, chapter: str):
    page = parse(site / f"{chapter}.html")
    assert page.find("h1").get_text().startswith(f"{chapter_number(chapter)}. ")
    assert page.select_one(".chapter-question"), "no admonition of class chapter-question"
    assert page.select_one(".chapter-facts"), "no line of class chapter-facts"


def test_the_papers_equations_show_the_papers_numbers(site: Path):
    shown = {number.get_text() for page in CHAPTERS for number in parse(site / f"{page}.html").select(".eqno")}
    shown = {text.partition(")")[0] for text in shown}
    written = {chapter_number(page) for page in CHAPTERS}
    expected = {
        "(" + equation.id.replace("(", "").replace(")", "")
        for equation in read_equations(ROOT / "book/equations.yml").values()
        if equation.chapter in written and "algorithm" not in equation.id
    }
    assert not expected - shown
