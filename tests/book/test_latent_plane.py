"""The latent plane, on a page opened by double click, with the network cut off."""

import re

import numpy as np
import pytest
import torch
from widget_page import check_frames, frame_times, settle

NAME = "two-latents"


@pytest.fixture
def page(open_widget):
    """The widget, started. Jumps are instant, as for those who asked for less motion."""
    return open_widget("latent-plane", NAME)


def z_shown(page) -> tuple[float, ...]:
    settle(page)
    return tuple(float(part) for part in re.findall(r"-?\d+\.\d+", page.inner_text(".vae-point").replace("−", "-")))


def picture_shown(page) -> np.ndarray:
    """Gray values in [0, 1] of the decoder's canvas."""
    settle(page)
    read = "c => Array.from(c.getContext('2d').getImageData(0, 0, c.width, c.height).data)"
    return np.array(page.locator(".vae-picture").evaluate(read)).reshape(-1, 4)[:, 0] / 255


def scatter_shown(page) -> str:
    settle(page)
    return page.locator(".vae-plane canvas").first.evaluate("canvas => canvas.toDataURL()")


def place(page, across: float, up: float) -> tuple[float, float]:
    """Window coordinates of a place in the plane, from (0, 0) at its bottom left to (1, 1)."""
    box = page.locator(".vae-plane").bounding_box()
    return box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"]


def test_dragging_moves_z_and_the_picture_follows(page):
    shown = [(z_shown(page), picture_shown(page))]
    page.mouse.move(*place(page, 0.3, 0.3))
    page.mouse.down()
    shown.append((z_shown(page), picture_shown(page)))
    page.mouse.move(*place(page, 0.7, 0.8), steps=5)
    shown.append((z_shown(page), picture_shown(page)))
    page.mouse.up()
    page.mouse.move(*place(page, 0.5, 0.5))
    assert z_shown(page) == shown[2][0]
    (start, _), (pressed, _), (dragged, _) = shown
    half = pressed[0] / (2 * 0.3 - 1)
    assert start == (0, 0)
    assert pressed == pytest.approx((-0.4 * half, -0.4 * half), abs=0.02)
    assert dragged == pytest.approx((0.4 * half, 0.6 * half), abs=0.02)
    for one, other in [(0, 1), (1, 2)]:
        assert np.abs(shown[one][1] - shown[other][1]).mean() > 0.02


def test_a_drag_that_leaves_the_plane_stops_at_its_edge(page):
    page.mouse.move(*place(page, 0.5, 0.5))
    page.mouse.down()
    page.mouse.move(*place(page, 1.2, 0.5), steps=3)
    page.mouse.up()
    z1, z2 = z_shown(page)
    assert z1 >= 3
    assert abs(z2) < 0.02
    assert z1 == round(2 * z1) / 2  # the window is cut at half units


def test_the_arrow_keys_move_z_and_the_picture_is_pytorchs(page):
    plane = page.locator(".vae-plane")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowUp", "Shift+ArrowLeft"):
        plane.press(key)
    assert z_shown(page) == (-0.3, 0.4)
    from vae_edu.checkpoints import load_pretrained

    with torch.no_grad():
        expected = load_pretrained(NAME).images(torch.tensor([-0.3, 0.4])).numpy()
    assert np.abs(picture_shown(page) - expected).max() < 1e-2
    plane.press("Home")
    assert z_shown(page) == (0, 0)


def test_no_minus_sign_stands_before_zero(page):
    for key in ["ArrowRight"] * 3 + ["ArrowLeft"] * 3:  # 3·0.1 − 0.1 − 0.1 − 0.1 is a little less than 0
        page.locator(".vae-plane").press(key)
    settle(page)
    assert page.inner_text(".vae-point") == "z = (0.00, 0.00)"


def test_the_page_does_not_scroll_under_the_keys_and_other_keys_pass(page):
    before = page.evaluate("scrollY")
    for key in ("ArrowDown", "Shift+ArrowDown", "Home"):
        page.locator(".vae-plane").press(key)
    page.wait_for_timeout(200)
    assert page.evaluate("scrollY") == before
    page.locator(".vae-plane").press("Tab")
    assert page.evaluate("document.activeElement.matches('.vae-choice select')")


def test_a_finger_drags_and_does_not_scroll(page):
    touch = page.context.new_cdp_session(page)
    before = page.evaluate("scrollY")

    def send(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    send("touchStart", place(page, 0.5, 0.5))
    for up in (0.6, 0.7, 0.8):
        send("touchMove", place(page, 0.5, up))
    send("touchEnd")
    z1, z2 = z_shown(page)
    assert abs(z1) < 0.02
    assert z2 > 1
    assert page.evaluate("scrollY") == before


def test_reset_and_a_press_glide_unless_less_motion_is_wanted(page):
    page.emulate_media(reduced_motion="no-preference")
    page.mouse.click(*place(page, 0.9, 0.9))
    on_the_way = z_shown(page)
    page.wait_for_timeout(1500)
    there = z_shown(page)
    assert 0 < on_the_way[0] < there[0]
    page.emulate_media(reduced_motion="reduce")
    page.get_by_role("button", name="Back to the origin").click()
    assert z_shown(page) == (0, 0)


def test_words_say_where_z_is_once_it_rests(page):
    page.locator(".vae-plane").press("ArrowRight")
    page.wait_for_function("document.querySelector('.vae-spoken').textContent !== ''")
    words = page.inner_text(".vae-spoken")
    place = r"z = \(0\.10, 0\.00\)\. 0\.10 standard deviations of the prior from its center\. "
    assert re.fullmatch(place + r"(Nearest|Far from all; nearest) cloud: \d\. Of the 20 .*\. Within 2 .*", words)
    label = re.search(r"cloud: (\d)", words)[1]
    assert re.search(rf"images, \d+ (is|are) {label}\b", words)


def test_the_legend_lets_a_digit_stand_out(page):
    plain, seven = scatter_shown(page), page.get_by_role("button", name="7", exact=True)
    seven.click()
    page.mouse.move(0, 0)
    highlighted = scatter_shown(page)
    assert seven.get_attribute("aria-pressed") == "true"
    assert highlighted != plain
    seven.click()
    page.mouse.move(0, 0)
    assert scatter_shown(page) == plain
    seven.hover()
    assert scatter_shown(page) == highlighted


def test_the_plane_follows_the_theme_and_the_width(page):
    light, wide = scatter_shown(page), page.locator(".vae-plane").bounding_box()["width"]
    page.emulate_media(color_scheme="dark")
    page.wait_for_selector("html[data-theme=dark]")
    assert scatter_shown(page) != light
    page.set_viewport_size({"width": 400, "height": 860})
    plane, picture = (page.locator(name).bounding_box() for name in (".vae-plane", ".vae-picture"))
    assert wide > plane["width"] > 300
    assert plane["width"] == pytest.approx(plane["height"], abs=1)
    assert picture["width"] == pytest.approx(picture["height"], abs=1)
    assert picture["y"] >= plane["y"] + plane["height"]


def test_frames_keep_coming_while_dragging(page, record_property):
    """60 a second on an idle machine; the bounds leave room for a busy one."""

    def around(i: int) -> None:
        angle = 2 * np.pi * i / 60
        page.mouse.move(*place(page, 0.5 - 0.3 * np.cos(angle), 0.5 + 0.3 * np.sin(angle)))

    page.mouse.move(*place(page, 0.2, 0.5))
    page.mouse.down()
    between = frame_times(page, around, 60)
    page.mouse.up()
    check_frames(between, record_property)
