"""The runtime of pages without Python: weights come when a reader comes near, and failures are told in their place."""

from functools import partial

import pytest
import torch
from widget_page import PAGE, write_page

from vae_edu.models import mlp_vae
from vae_edu.widgets import LatentPlane
from vae_edu.widgets.page import Mount
from vae_edu.widgets.plane import live_plane

ALT = "Ten clouds of dots."
LOADED = "[...document.querySelectorAll('head script[src]')].map((script) => script.src.split('/').pop())"


def plane(*data: str, **own: bytes) -> Mount:
    state = LatentPlane.defaults() | {"model": "live" if own else "small"}
    return Mount("latent-plane", ALT, own or data, state)


@pytest.fixture
def packed() -> dict[str, bytes]:
    return live_plane(mlp_vae(64, (8,), 2), torch.rand(40, 64), torch.arange(40) % 10)


@pytest.fixture
def place(tmp_path, packed, monkeypatch):
    """Writes a page with mounts far down, and what they need; returns its address."""
    files = {f"small.{name.partition('.')[2]}": content for name, content in packed.items()}
    monkeypatch.setattr("vae_edu.widgets.page.shipped", files.get)
    monkeypatch.setattr("widget_page.PAGE", PAGE.replace("{mounts}", '<div style="height: 5000px"></div>{mounts}'))
    return partial(write_page, tmp_path)


def test_nothing_is_loaded_before_a_reader_comes_near(place, page_offline):
    page_offline.goto(place(plane("small.plane", "small.decoder")))
    page_offline.wait_for_timeout(300)
    assert page_offline.evaluate(LOADED) == ["runtime.js"]
    page_offline.locator("[data-vae-widget]").scroll_into_view_if_needed()
    page_offline.wait_for_selector(".vae-plane")
    assert sorted(page_offline.evaluate(LOADED)) == [
        "latent-plane.js",
        "runtime.js",
        "small.decoder.data.js",
        "small.plane.data.js",
    ]
    assert page_offline.trouble == []


def test_two_widgets_share_their_weights_and_a_third_brings_its_own(place, page_offline, packed):
    shared = plane("small.plane", "small.decoder")
    page_offline.goto(place(shared, shared, plane(**packed)))
    for mount in page_offline.locator("[data-vae-widget]").all():
        mount.scroll_into_view_if_needed()
    page_offline.wait_for_function("document.querySelectorAll('.vae-plane').length === 3")
    assert page_offline.evaluate(LOADED).count("small.decoder.data.js") == 1
    page_offline.locator(".vae-plane").first.press("ArrowUp")
    points = page_offline.locator(".vae-point")
    page_offline.wait_for_function("document.querySelector('.vae-point').textContent === 'z = (0.00, 0.10)'")
    assert points.nth(1).inner_text() == "z = (0.00, 0.00)"


@pytest.mark.parametrize(
    ("content", "why"), [(None, "could not be loaded"), ('vaeEdu.register("dam', "is damaged")], ids=["absent", "cut"]
)
def test_a_widget_that_cannot_start_says_so_and_tells_what_it_shows(place, page_offline, tmp_path, content, why):
    address, file = place(plane("small.plane", "small.decoder")), tmp_path / "small.plane.data.js"
    file.unlink() if content is None else file.write_text(content)
    page_offline.goto(address)
    page_offline.locator("[data-vae-widget]").scroll_into_view_if_needed()
    notice = page_offline.locator(".vae-failure")
    assert notice.inner_text() == f"This figure could not start: small.plane.data.js {why}. What it shows: {ALT}"


def test_without_scripts_the_words_stand_in_its_place(place, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(place(plane("small.plane", "small.decoder")))
    assert page.locator("[data-vae-widget]").inner_text() == ALT
    context.close()


def test_the_page_gains_one_global_name(place, page_offline, tmp_path):
    (tmp_path / "plain.html").write_text("<!doctype html><title>t</title>")
    page_offline.goto((tmp_path / "plain.html").as_uri())
    usual = set(page_offline.evaluate("Object.getOwnPropertyNames(window)"))
    page_offline.goto(place(plane("small.plane", "small.decoder")))
    page_offline.locator("[data-vae-widget]").scroll_into_view_if_needed()
    page_offline.wait_for_selector(".vae-plane")
    assert set(page_offline.evaluate("Object.getOwnPropertyNames(window)")) - usual == {"vaeEdu"}
