"""What holds for every widget that the book places, whatever it shows; each alone in a page, without a build."""

import re
from pathlib import Path

import pytest
from widget_page import settle

from vae_edu.widgets.bundle import widget_names

ROOT = Path(__file__).parents[2]
DIRECTIVE = re.compile(r"^:{3,}\{vae-widget\} (?P<widget>\S+)\n(?P<options>(?::.*\n)*)", re.MULTILINE)
DATA = re.compile(r"^:data: (.*)$", re.MULTILINE)
# What is drawn in the theme's colors: plots, or words alone where there are only pictures, which are gray in any theme.
DRAWN = """() => {
  const plots = [...document.querySelectorAll(".vae-widget canvas:not(.vae-picture)")];
  const words = getComputedStyle(document.querySelector(".vae-parts")).color;
  return plots.length ? plots.map((canvas) => canvas.toDataURL()) : words;
}"""
NEW_NAMES = """() => {
  const untouched = document.body.appendChild(document.createElement("iframe")).contentWindow;
  return Object.getOwnPropertyNames(window).filter((name) => !(name in untouched) && Number.isNaN(Number(name)));
}"""
CONTROLS = """() => {
  const controls = [...document.querySelectorAll(".vae-widget *")].filter((node) => node.tabIndex >= 0);
  return controls.map((node) => ({
    html: node.outerHTML.slice(0, 100),
    named: Boolean(node.ariaLabel || node.labels?.length || node.textContent.trim()),
    keeps_keys: node.hasAttribute("data-lm-suppress-shortcuts"),
  }));
}"""


def placements() -> list[tuple[str, ...]]:
    """(widget, words of :data:, …) for each place in the book."""
    pages = [page.read_text(encoding="utf-8") for page in sorted((ROOT / "book").glob("*.md"))]
    found = [match for page in pages for match in DIRECTIVE.finditer(page)]
    return [(m["widget"], *(data[1].split() if (data := DATA.search(m["options"])) else ())) for m in found]


PLACED = sorted(set(placements()))


@pytest.fixture(params=PLACED, ids=" ".join)
def page(request, open_widget):
    return open_widget(*request.param)


def test_every_widget_is_placed_in_the_book():
    assert {widget for widget, *_ in PLACED} == set(widget_names())


def test_it_starts_is_accessible_and_fits_a_phone(page, axe):
    assert page.locator(".vae-failure").count() == 0
    controls = page.evaluate(CONTROLS)
    assert [control["html"] for control in controls if not control["named"]] == []
    assert [control["html"] for control in controls if not control["keeps_keys"]] == []  # Jupyter would take the arrows
    assert controls
    for theme, width in [("light", 1280), ("dark", 400)]:
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size({"width": width, "height": 860})
        settle(page)
        found = axe.run(page, context=".vae-widget", options={"preload": False}).response["violations"]
        assert [f"{rule['id']}: {node['html'][:150]}" for rule in found for node in rule["nodes"]] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_it_follows_the_theme_tells_what_it_shows_and_can_be_reset(page):
    settle(page)
    light = page.evaluate(DRAWN)
    page.emulate_media(color_scheme="dark")
    settle(page)
    settle(page)
    assert page.evaluate(DRAWN) != light
    assert page.locator(".vae-widget [role=status]").count() >= 1
    assert page.get_by_role("button", name=re.compile("Reset|Back")).count() >= 1


def test_it_leaves_one_global_name(page):
    assert set(page.evaluate(NEW_NAMES)) == {"vaeEdu"}
