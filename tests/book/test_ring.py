"""The ring: points go where Python's ring sends them, and their distances follow the derived law."""

import math

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from widget_page import check_frames, drag, frame_times, numbers, settle, touch_drag, values

from vae_edu.models import ring

HANDLE = ".vae-handle"
UNIT = (351 - 38 - 14) / 6.4  # pixels: one of two columns without the frame of its plot, over the range
BENT = "return argument.points.map((z) => ring_js.bent(z, argument.bend));"
# How many of the canvas' pixels within a distance of the center are drawn on.
INSIDE = """(canvas, distance) => {
  const context = canvas.getContext("2d");
  const [left, right, top, bottom] = [38, canvas.width - 14, 26, canvas.height - 40];
  const [x, y, unit] = [(left + right) / 2, (top + bottom) / 2, (right - left) / 6.4];
  let drawn = 0;
  for (let a = 0; a < 360; a++) for (let d = 0; d < distance * unit; d++) {
    const place = [x + d * Math.cos(a * Math.PI / 180), y + d * Math.sin(a * Math.PI / 180)].map(Math.round);
    drawn += context.getImageData(...place, 1, 1).data[3] > 0;
  }
  return drawn;
}"""


@pytest.fixture
def page(open_widget):
    return open_widget("ring")


def check_words(page) -> None:
    """Where the point is said to be, against Python."""
    bend, z = values(page)["bend"], torch.tensor(values(page)["z"], dtype=torch.float64)
    there = (1 - bend) * z + bend * ring(z)
    r = z.norm().item()
    expected = [*z.tolist(), r, *there.tolist(), there.norm().item(), 100 * stats.rayleigh.cdf(r)]
    shown = numbers(page.inner_text(".vae-readout"))
    assert shown == pytest.approx(expected, abs=0.51)
    assert shown[:-1] == pytest.approx(expected[:-1], abs=0.0051)


def test_points_go_where_pythons_ring_sends_them(script):
    z = torch.randn(100, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for bend in (0, 0.3, 1):
        got = torch.tensor(script(["ring"], BENT, {"points": z.tolist(), "bend": bend}), dtype=torch.float64)
        torch.testing.assert_close(got, (1 - bend) * z + bend * ring(z), rtol=1e-13, atol=1e-13)


def test_the_derived_density_is_the_chapters_and_the_dots_follow_it(script):
    distances = np.linspace(0, 12, 2401)
    for bend in (0, 0.6, 1):
        shown = """return [argument.distances.map((d) => ring_js.distanceDensity(d, argument.bend)),
          ring_js.histogram(ring_js.cloudOf(800), argument.bend).edges,
          [...ring_js.histogram(ring_js.cloudOf(800), argument.bend).heights], ring_js.cloudOf(800)];"""
        density, edges, heights, cloud = script(["ring"], shown, {"distances": distances.tolist(), "bend": bend})
        assert integrate.simpson(density, x=distances) == pytest.approx(1, abs=1e-4)
        z = torch.tensor(cloud, dtype=torch.float64)
        radius = ((1 - bend) * z + bend * ring(z)).norm(dim=-1).numpy()
        counts = np.array(heights) * np.diff(edges) * 800
        assert counts == pytest.approx(np.histogram(radius, bins=edges)[0], abs=1e-6)
        assert counts.sum() == pytest.approx(800)
        law = stats.rayleigh(loc=bend, scale=1 - 0.9 * bend)
        assert density == pytest.approx(law.pdf(distances), abs=1e-10)
        assert stats.kstest(radius, law.cdf).pvalue > 1e-6
    assert density == pytest.approx(
        np.where(distances > 1, 100 * (distances - 1) * np.exp(-50 * (distances - 1) ** 2), 0)
    )


def test_the_slider_opens_a_hole(page):
    plane = page.locator("canvas").first
    assert plane.evaluate(INSIDE, 0.8) > 100
    page.get_by_role("slider", name="from cloud to ring").press("End")
    settle(page)
    assert values(page)["bend"] == 1
    assert plane.evaluate(INSIDE, 0.9) == 0
    check_words(page)
    page.get_by_role("button", name="Reset").click()
    settle(page)
    assert values(page) == {"bend": 0, "z": [1.5, 1]}
    assert plane.evaluate(INSIDE, 0.8) > 100


def test_a_point_can_be_followed(open_widget):
    page = open_widget("ring", bend=1)
    drag(page, HANDLE, UNIT, -UNIT)
    assert values(page)["z"] == pytest.approx([2.5, 0], abs=0.05)
    check_words(page)
    touch_drag(page, HANDLE, -2 * UNIT, UNIT)
    assert values(page)["z"] == pytest.approx([0.5, 1], abs=0.1)
    check_words(page)
    page.locator(HANDLE).press("Shift+ArrowUp")
    assert values(page)["z"][1] == pytest.approx(1.5, abs=0.1)
    check_words(page)


def test_across_the_center_it_jumps_and_at_the_center_there_is_no_place(open_widget):
    page = open_widget("ring", bend=1, z=[0.1, 0])
    assert numbers(page.inner_text(".vae-readout"))[3] == pytest.approx(1.01)
    page.locator(HANDLE).press("ArrowLeft")
    settle(page)
    assert "no direction" in page.inner_text(".vae-readout")
    page.locator(HANDLE).press("ArrowLeft")
    settle(page)
    assert numbers(page.inner_text(".vae-readout"))[3] == pytest.approx(-1.01)


def test_frames_keep_coming_while_dragging(page, record_property):
    """60 a second on an idle machine; the bounds leave room for a busy one."""
    box = page.locator(HANDLE).bounding_box()
    x, y = box["x"] + 16, box["y"] + 16
    page.mouse.move(x, y)
    page.mouse.down()
    between = frame_times(page, lambda i: page.mouse.move(x + 60 * math.sin(i / 10), y))
    check_frames(between, record_property)
