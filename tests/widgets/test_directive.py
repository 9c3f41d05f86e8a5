"""The {vae-widget} directive on a book of two pages: a numbered figure, and complaints that say what exists."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

pytest.importorskip("myst_parser", reason="the book's tools are not installed: pip install -e '.[book]'")

from sphinx.application import Sphinx
from sphinx.errors import SphinxWarning
from sphinx.util.docutils import docutils_namespace

ROOT = Path(__file__).parents[2]
WIDGET = """
:::{vae-widget} latent-plane
:data: small
:name: the-plane
:alt: Clouds of dots.
A *moving* caption.
:::
"""
CELL = '\n```{raw} html\n<div class="vae-widget" data-vae-widget="latent-plane"></div>\n```\n'


@pytest.fixture
def build(shelf, tmp_path, monkeypatch):
    """Builds pages from name=source into a folder of HTML, with warnings as errors."""
    monkeypatch.setenv("VAE_EDU_BOOK", "1")
    monkeypatch.syspath_prepend(ROOT / "book/_ext")
    source = tmp_path / "book"
    source.mkdir()

    def run(**pages: str) -> Path:
        for name, text in pages.items():
            (source / f"{name}.md").write_text(f"# {name}\n\n{text}", encoding="utf-8")
        settings = {
            "extensions": ["myst_parser", "vae_widget"],
            "myst_enable_extensions": ["colon_fence"],
            "numfig": True,
        }
        with docutils_namespace():
            out, trees = tmp_path / "html", tmp_path / "doctrees"
            Sphinx(source, None, out, trees, "html", settings, status=None, warning=None, warningiserror=True).build()
        return out

    return run


def test_a_widget_is_a_numbered_figure_with_a_caption_and_words_instead(build):
    out = build(index=f"{WIDGET}\nSee {{numref}}`the-plane`.\n")
    page = BeautifulSoup((out / "index.html").read_text(encoding="utf-8"), "html.parser")
    figure = page.select_one("figure#the-plane")
    assert figure.select_one("figcaption em").get_text() == "moving"
    assert figure.select_one(".caption-number").get_text(strip=True) == "Fig. 1"
    assert page.select_one("a.reference.internal[href='#the-plane']").get_text() == "Fig. 1"
    assert figure.select_one("[data-vae-widget='latent-plane'][data-vae-data^='small.plane'] noscript").get_text() == (
        "Clouds of dots."
    )


def test_only_pages_with_a_widget_load_it_and_each_from_its_own_depth(build):
    out = build(index="Nothing.\n\n```{toctree}\nplaced\ncell\n```\n", placed=WIDGET, cell=CELL)
    loads = {name: "vae/" in (out / f"{name}.html").read_text(encoding="utf-8") for name in ("index", "placed", "cell")}
    assert loads == {"index": False, "placed": True, "cell": True}
    page = BeautifulSoup((out / "placed.html").read_text(encoding="utf-8"), "html.parser")
    for address in page.select_one("script[src*=vae]")["src"], page.select_one("link[href*=vae]")["href"]:
        path, checksum = address.split("?v=")
        assert (out / path).exists()
        assert checksum
    assert (out / "_static/vae/small.decoder.data.js").exists()


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (WIDGET.replace("latent-plane", "latent-plan"), "no widget 'latent-plan'; choose one of: .*latent-plane"),
        (WIDGET.replace("small", "smal"), "latent-plane: no .* of 'smal' is shipped; choose one of: small"),
        (WIDGET.replace(":data: small\n", ""), "latent-plane: expected names of pretrained models"),
        (WIDGET.replace(":alt: Clouds of dots.\n", ""), "needs :alt:"),
        (WIDGET.replace("A *moving* caption.\n", ""), "and a caption"),
    ],
)
def test_a_mistake_in_the_page_stops_the_build(build, wrong, complaint):
    with pytest.raises(SphinxWarning, match=complaint):
        build(index=wrong)
