"""Every page in a real browser without network: from disk and from a server, wide and narrow, light and dark."""

from collections.abc import Callable
from pathlib import Path

import pytest
from equations import read_pages

ROOT = Path(__file__).parents[2]
PAGES = [*read_pages(ROOT / "book/_toc.yml"), "search"]
LOOKS = [(400, "light"), (1024, "light"), (1280, "light"), (1280, "dark"), (768, "dark"), (400, "dark")]

# What axe finds in the theme (label..., region), in docutils' bibliography (aria...) and in Sphinx's signatures on
# several lines (definition-list). Anything else is ours.
KNOWN_FINDINGS = {
    "label-content-name-mismatch",
    "region",
    "definition-list",
    "aria-allowed-role",
    "aria-deprecated-role",
    "aria-required-children",
}

# An error that MathJax shows, an unknown command (red), a formula it left alone (unbalanced braces).
MATH_ERRORS = "mjx-merror, mjx-mtext[style*='color: red'], .math:not(:has(mjx-container))"
RENDERED = "() => window.MathJax?.startup?.promise?.then(() => true) ?? true"
# MathJax answers for its own markup, which is three quarters of a chapter's elements and of axe's time.
REMOVE_FORMULAS = "() => document.querySelectorAll('mjx-container').forEach((formula) => formula.replaceChildren('x'))"
# Words of one kind in a listing look the same: one of each is enough, the longest, as axe passes over single letters.
REMOVE_REPETITIONS = """() => {
  const kind = (span) => span.className + getComputedStyle(span.closest("pre")).backgroundColor;
  const visible = [...document.querySelectorAll("pre span")].filter((span) => span.checkVisibility());
  const longestFirst = visible.sort((a, b) => b.textContent.length - a.textContent.length);
  const seen = new Set();
  for (const [span, its] of longestFirst.map((span) => [span, kind(span)]))
    seen.has(its) ? span.replaceWith(...span.childNodes) : seen.add(its);
}"""
OVERFLOWING = """() => {
  const clipped = (node) => node && (getComputedStyle(node).overflowX !== "visible" || clipped(node.parentElement));
  const wide = [...document.querySelectorAll("main *:not(mjx-container *)")].filter(
    (node) => node.getBoundingClientRect().right > innerWidth + 1
      && node.checkVisibility({visibilityProperty: true}) && !clipped(node));
  const page = document.documentElement.scrollWidth > innerWidth ? ["the page"] : [];
  return page.concat(wide.map((node) => node.outerHTML.slice(0, 120)));
}"""


def show(page, width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme)
    page.wait_for_selector(f"html[data-theme={theme}]")


def settled(page, check: Callable[[], list[str]]) -> list[str]:
    """What `check` still finds after the theme has moved its sidebars and made scrolling boxes focusable."""
    trouble = check()
    for _ in range(5):
        if not trouble:
            break
        page.wait_for_timeout(500)
        trouble = check()
    return trouble


def look(page) -> list[str]:
    """What is wrong with how the page shows now."""
    broken = page.locator(MATH_ERRORS).evaluate_all("nodes => nodes.map((node) => node.outerHTML.slice(0, 200))")
    return [f"MathJax: {what}" for what in broken] + [f"too wide: {what}" for what in page.evaluate(OVERFLOWING)]


def findings(axe, page, **options: object) -> list[str]:
    # Without preload axe reads no style sheet anew, which a page opened by double click may not do.
    found = axe.run(page, options={"preload": False, "resultTypes": ["violations"], **options}).response["violations"]
    return [
        f"axe: {rule['id']}: {node['html'][:200]}"
        for rule in found
        if rule["id"] not in KNOWN_FINDINGS
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in PAGES])
def test_a_page_opened_by_double_click(name: str, site: Path, page_offline, axe):
    page_offline.goto((site / f"{name}.html").as_uri())
    page_offline.evaluate(RENDERED)
    trouble = []
    for width, theme in LOOKS:
        show(page_offline, width, theme)
        found = settled(page_offline, lambda: look(page_offline))
        trouble += [f"{theme}, {width} px wide: {what}" for what in found]

    page_offline.evaluate(REMOVE_FORMULAS)
    page_offline.evaluate(REMOVE_REPETITIONS)
    narrow = ["color-contrast", "scrollable-region-focusable"]
    trouble += settled(page_offline, lambda: findings(axe, page_offline, runOnly=narrow))
    show(page_offline, 1280, "light")
    trouble += settled(page_offline, lambda: findings(axe, page_offline)) + page_offline.trouble
    assert not trouble, "\n".join(trouble)


# The files are the same; one page of each kind shows that they also work from another origin.
@pytest.mark.parametrize("name", ["index", "ch07_latent_plane", "equation_index", "search"])
def test_a_page_from_a_server(name: str, server: str, page_offline):
    page_offline.goto(f"{server}/{name}.html")
    page_offline.evaluate(RENDERED)
    trouble = settled(page_offline, lambda: look(page_offline)) + page_offline.trouble
    assert not trouble, "\n".join(trouble)


def test_no_heading_of_the_equation_index_runs_into_the_next(site: Path, page_offline):
    page_offline.set_viewport_size({"width": 400, "height": 900})
    page_offline.goto((site / "equation_index.html").as_uri())
    cut = "cells => cells.filter(cell => cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent)"
    assert page_offline.locator(".equation-index th").evaluate_all(cut) == []


def test_the_search_finds_a_word(site: Path, page_offline):
    page_offline.goto((site / "search.html").as_uri() + "?q=posterior")
    page_offline.wait_for_selector("ul.search li a")
    assert page_offline.trouble == []


def test_pictures_without_background_turn_light_in_dark_mode(site: Path, page_offline):
    pages = [page for page in PAGES if ".svg" in (site / f"{page}.html").read_text(encoding="utf-8")]
    page_offline.emulate_media(color_scheme="dark")
    page_offline.goto((site / f"{pages[0]}.html").as_uri())
    picture = page_offline.locator(".cell_output img[src$='.svg'], figure img[src$='.svg']").first
    style = picture.evaluate("node => [getComputedStyle(node).filter, getComputedStyle(node).backgroundColor]")
    assert style == ["invert(1) hue-rotate(180deg)", "rgba(0, 0, 0, 0)"]
