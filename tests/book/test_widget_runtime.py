"""The runtime of pages without Python: weights come when a reader comes near, and failures are told in their place."""

import base64
from pathlib import Path

import pytest
import torch

from vae_edu.models import mlp_vae
from vae_edu.widgets import page as pages
from vae_edu.widgets.plane import live_plane

ALT = "Ten clouds of dots."
LOADED = "[...document.querySelectorAll('head script')].map((script) => script.src.split('/').pop())"


@pytest.fixture
def packed() -> bytes:
    return live_plane(mlp_vae(64, (8,), 2), torch.rand(40, 64), torch.arange(40) % 10)


@pytest.fixture
def place(tmp_path, packed):
    """Writes a page with mounts far down, and what they need; returns its address."""
    pages.write_assets(tmp_path)
    data = base64.b64encode(packed).decode()
    (tmp_path / "small.data.js").write_text(f'vaeEdu.register("small", "{data}");')
    (tmp_path / "damaged.data.js").write_text('vaeEdu.register("dam')

    def write(*mounts: str) -> str:
        file: Path = tmp_path / "page.html"
        style = '<link rel="stylesheet" href="widgets.css"><script defer src="runtime.js"></script>'
        spacer = '<div style="height: 5000px"></div>'
        file.write_text(f'<!doctype html><html lang="en"><title>t</title>{style}{spacer}{"".join(mounts)}')
        return file.as_uri()

    return write


def test_nothing_is_loaded_before_a_reader_comes_near(place, page_offline):
    page_offline.goto(place(pages.mount("latent-plane", ALT, "small")))
    page_offline.wait_for_timeout(300)
    assert page_offline.evaluate(LOADED) == ["runtime.js"]
    page_offline.locator("[data-vae-widget]").scroll_into_view_if_needed()
    page_offline.wait_for_selector(".vae-plane")
    assert sorted(page_offline.evaluate(LOADED)) == ["latent-plane.js", "runtime.js", "small.data.js"]
    assert page_offline.trouble == []


def test_two_widgets_share_their_weights_and_a_third_brings_its_own(place, page_offline, packed):
    mounts = [pages.mount("latent-plane", ALT, data) for data in ("small", "small", packed)]
    page_offline.goto(place(*mounts))
    for mount in page_offline.locator("[data-vae-widget]").all():
        mount.scroll_into_view_if_needed()
    page_offline.wait_for_function("document.querySelectorAll('.vae-plane').length === 3")
    assert page_offline.evaluate(LOADED).count("small.data.js") == 1
    page_offline.locator(".vae-plane").first.press("ArrowUp")
    points = page_offline.locator(".vae-point")
    page_offline.wait_for_function("document.querySelector('.vae-point').textContent === 'z = (0.00, 0.10)'")
    assert points.nth(1).inner_text() == "z = (0.00, 0.00)"


@pytest.mark.parametrize(("data", "why"), [("absent", "could not be loaded"), ("damaged", "is damaged")])
def test_a_widget_that_cannot_start_says_so_and_tells_what_it_shows(place, page_offline, data, why):
    page_offline.goto(place(pages.mount("latent-plane", ALT, data)))
    page_offline.locator("[data-vae-widget]").scroll_into_view_if_needed()
    notice = page_offline.locator(".vae-failure")
    assert notice.inner_text() == f"This figure could not start: {data}.data.js {why}. What it shows: {ALT}"


def test_without_scripts_the_words_stand_in_its_place(place, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(place(pages.mount("latent-plane", ALT, "small")))
    assert page.locator("[data-vae-widget]").inner_text() == ALT
    context.close()


def test_the_page_gains_one_global_name(place, page_offline, tmp_path):
    (tmp_path / "plain.html").write_text("<!doctype html><title>t</title>")
    page_offline.goto((tmp_path / "plain.html").as_uri())
    usual = set(page_offline.evaluate("Object.getOwnPropertyNames(window)"))
    page_offline.goto(place(pages.mount("latent-plane", ALT, "small")))
    page_offline.locator("[data-vae-widget]").scroll_into_view_if_needed()
    page_offline.wait_for_selector(".vae-plane")
    assert set(page_offline.evaluate("Object.getOwnPropertyNames(window)")) - usual == {"vaeEdu"}
