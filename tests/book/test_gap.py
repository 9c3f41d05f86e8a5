"""The gap: whatever q is, what the widget shows adds up to what Python computes."""

import math

import numpy as np
import pytest
import torch
from widget_page import check_frames, drag, frame_times, numbers, settle, touch_drag, values

from vae_edu.models import LinearGaussian

MEAN, SD = ".vae-handle[aria-label='mean of q']", ".vae-handle[aria-label='standard deviation of q']"
# From where to where something opaque is drawn, in nats, across the bars at a height of their axis, from 0 to 3.
EXTENT = """(canvas, height) => {
  const [top, bottom, left, right] = [8, canvas.height - 40, 14, canvas.width - 14];
  const row = Math.round(bottom - (height / 3) * (bottom - top));
  const alpha = canvas.getContext("2d").getImageData(0, row, canvas.width, 1).data.filter((_, i) => i % 4 === 3);
  const nats = (column) => 12 * ((column + 0.5 - left) / (right - left) - 1);
  return [alpha.findIndex((a) => a > 200), alpha.findLastIndex((a) => a > 200)].map(nats);
}"""
UPPER_EDGES = (2.8, 1.8, 0.8)  # of the bars of bound, gap and log p(x), inside and above their labels


def expected(mean: float, sd: float, x: float) -> list[float]:
    """Bound, gap and log p(x) by the package, in float64."""
    model = LinearGaussian(torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64), 1.0)
    model.requires_grad_(False)
    model.encoder_weight.fill_(mean / x)
    model.encoder_log_var.fill_(2 * math.log(sd))
    data = torch.tensor([[x]], dtype=torch.float64)
    return [model.elbo(data).item(), model.gap(data).item(), model.log_marginal(data).item()]


@pytest.fixture
def page(open_widget):
    return open_widget("gap")


def check_all_that_is_shown(page) -> list[float]:
    """Words and drawn bars against Python; returns bound, gap and log p(x)."""
    now = values(page)
    terms = bound, gap, evidence = expected(**now)
    assert numbers(page.inner_text(".vae-readout").partition("Bound")[2]) == pytest.approx(terms, abs=0.0051)
    bars = [page.locator("canvas").nth(1).evaluate(EXTENT, height) for height in UPPER_EDGES]
    for drawn, ends in zip(bars, [(bound, 0), (bound, bound + gap), (evidence, 0)], strict=True):
        assert drawn == pytest.approx(ends, abs=0.06)  # two or three pixels
    return terms


@pytest.mark.equation("K13 (1)")
def test_the_arithmetic_is_pythons(script):
    rng = np.random.default_rng(0)
    cases = [dict(zip(("mean", "sd", "x"), rng.uniform([-1, 0.3, 0.1], [3, 1.6, 3]), strict=True)) for _ in range(50)]
    got = script(["gap"], "return argument.map((values) => gap_js.termsOf(values));", cases)
    got = np.array([[terms["bound"], terms["gap"], terms["evidence"]] for terms in got])
    assert np.abs(got - [expected(**case) for case in cases]).max() < 1e-12
    assert np.abs(got[:, 0] + got[:, 1] - got[:, 2]).max() < 1e-12


def test_it_begins_with_the_prior_of_the_chapters_example(page):
    assert values(page) == {"mean": 0, "sd": 1, "x": 2}
    assert check_all_that_is_shown(page)[1] == pytest.approx(1 + 0.5 * (1 - math.log(2)))


def test_dragging_keeps_the_sum_and_moves_the_cut(page):
    before = check_all_that_is_shown(page)
    drag(page, MEAN, 60, 0)
    moved = check_all_that_is_shown(page)
    drag(page, SD, -25, 0)
    stretched = check_all_that_is_shown(page)
    touch_drag(page, MEAN, -200, 0)
    assert check_all_that_is_shown(page)[1] > moved[1]
    assert values(page)["sd"] < 0.9
    assert stretched[1] < moved[1] < before[1]
    assert stretched[2] == moved[2] == before[2]


def test_with_keys_the_gap_can_be_closed(page):
    for key in ["Shift+ArrowRight"] * 2:
        page.locator(MEAN).press(key)
    for key in ["ArrowLeft"] * 6:
        page.locator(SD).press(key)
    assert values(page) == pytest.approx({"mean": 1, "sd": 0.7, "x": 2})
    assert check_all_that_is_shown(page)[1] < 0.001
    assert page.inner_text(".vae-readout").endswith("q is the posterior.")


def test_another_observation_moves_the_evidence(page):
    slider = page.get_by_role("slider", name="observation x")
    for _ in range(5):
        slider.press("ArrowRight")
    assert values(page)["x"] == pytest.approx(2.5)
    assert check_all_that_is_shown(page)[2] == pytest.approx(-0.5 * math.log(4 * math.pi) - 2.5**2 / 4)
    page.get_by_role("button", name="Reset").click()
    assert values(page) == {"mean": 0, "sd": 1, "x": 2}


@pytest.mark.parametrize("handle", [MEAN, SD])
def test_every_bar_the_controls_can_reach_fits_its_axis(page, handle):
    page.get_by_role("slider", name="observation x").fill("0.1")
    for key in ("End", "Home"):
        page.locator(handle).press(key)
        check_all_that_is_shown(page)
    page.locator(MEAN).press("End")
    page.locator(SD).press("End")
    assert check_all_that_is_shown(page)[0] > -12


def test_it_is_the_same_on_a_phone(page):
    page.set_viewport_size({"width": 400, "height": 860})
    settle(page)
    now, width = values(page), page.locator("canvas").first.bounding_box()["width"]
    drag(page, MEAN, (width - 38 - 14) / 8, 0)  # one unit of z
    assert values(page)["mean"] == pytest.approx(now["mean"] + 1, abs=0.05)


def test_frames_keep_coming_while_dragging(page, record_property):
    """60 a second on an idle machine; the bounds leave room for a busy one."""
    box = page.locator(MEAN).bounding_box()
    x, y = box["x"] + 16, box["y"] + 16
    page.mouse.move(x, y)
    page.mouse.down()
    between = frame_times(page, lambda i: page.mouse.move(x + 120 * math.sin(i / 10), y))
    check_frames(between, record_property)
