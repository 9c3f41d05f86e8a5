"""Two Gaussians: the divergences shown are those of torch.distributions, and the shaded areas integrate to them."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence
from widget_page import check_frames, drag, frame_times, numbers, touch_drag, values

UNIT = (736 - 10 - 38 - 14) / 16  # pixels of one z: the plot's width without its frame, over its range


def handle(name: str) -> str:
    return f".vae-handle[aria-label='{name}']"


def pair(q_mean: float, q_sd: float, p_mean: float, p_sd: float) -> tuple[Normal, Normal]:
    q_mean, q_sd, p_mean, p_sd = torch.tensor([q_mean, q_sd, p_mean, p_sd], dtype=torch.float64)
    return Normal(q_mean, q_sd), Normal(p_mean, p_sd)


@pytest.fixture
def page(open_widget):
    return open_widget("two-gaussians")


def check_words(page) -> tuple[float, float]:
    """KL(q ‖ p) and KL(p ‖ q) in words against PyTorch at what the handles say."""
    q, p = pair(**values(page))
    both = kl_divergence(q, p).item(), kl_divergence(p, q).item()
    assert numbers(page.inner_text(".vae-readout").partition(":")[2]) == pytest.approx(both, abs=0.0051)
    return both


def test_the_arithmetic_is_torchs_and_the_areas_are_the_divergences(script):
    rng = np.random.default_rng(0)
    cases = rng.uniform([-3, 0.4, -3, 0.4], [3, 2.5, 3, 2.5], (10, 4))
    z = np.linspace(-40, 40, 2001)
    each = """const {cases, z} = argument;
      return cases.map(([qm, qs, pm, ps]) => {
        const [q, p] = [{mean: qm, logVar: 2 * Math.log(qs)}, {mean: pm, logVar: 2 * Math.log(ps)}];
        return [two_gaussians_js.divergence(q, p), z.map((x) => two_gaussians_js.integrand(x, q, p))];
      });"""
    for (shown, integrand), case in zip(
        script(["two-gaussians"], each, {"cases": cases.tolist(), "z": z.tolist()}), cases, strict=True
    ):
        q, p = pair(*case)
        assert shown == pytest.approx(kl_divergence(q, p).item(), rel=1e-11)
        assert np.trapezoid(integrand, z) == pytest.approx(shown, rel=1e-8)


def test_it_begins_with_the_chapters_example(page):
    assert check_words(page) == pytest.approx((2.5 - 0.5 - math.log(2), (math.log(4) - 0.5) / 2))


def test_dragging_moves_and_stretches_both(page):
    for name, right, expected in [
        ("mean of q", 1, {"q_mean": 2}),
        ("standard deviation of q", -0.5, {"q_sd": 1.5}),
        ("mean of p", -2, {"p_mean": -2}),
        ("standard deviation of p", -1, {"p_sd": 2}),
    ]:
        drag(page, handle(name), right * UNIT, 0)
        assert values(page) | expected == pytest.approx(values(page), abs=0.03)
        check_words(page)
    touch_drag(page, handle("mean of p"), UNIT, 0)
    assert values(page)["p_mean"] == pytest.approx(-1, abs=0.06)
    check_words(page)


def test_equal_widths_make_it_symmetric_and_swapping_exchanges_the_two(page):
    page.locator(handle("standard deviation of q")).press("Home")
    one, other = check_words(page)
    page.get_by_role("button", name="Swap").click()
    assert check_words(page) == pytest.approx((other, one))
    assert values(page) == {"q_mean": 0, "q_sd": 1, "p_mean": 1, "p_sd": 0.4}
    page.locator(handle("standard deviation of q")).press("Home")
    one, other = check_words(page)
    assert one == pytest.approx(other)
    page.get_by_role("button", name="Reset").click()
    assert values(page) == {"q_mean": 1, "q_sd": 2, "p_mean": 0, "p_sd": 1}


@pytest.mark.parametrize(("q_sd", "shown"), [(1, ["4.50", "4.50"]), (0.4, ["0.50", "1.71"])])
def test_the_numbers_that_the_chapter_asks_to_guess(open_widget, q_sd, shown):
    page = open_widget("two-gaussians", q_mean=3 if q_sd == 1 else 0, q_sd=q_sd, p_mean=0, p_sd=1)
    assert [f"{value:.2f}" for value in check_words(page)] == shown


def test_where_q_is_p_every_handle_can_still_be_taken(open_widget):
    page = open_widget("two-gaussians", q_mean=0, q_sd=1, p_mean=0, p_sd=1)
    assert check_words(page) == (0, 0)
    for name in ("mean of q", "mean of p", "standard deviation of q", "standard deviation of p"):
        before = values(page)
        drag(page, handle(name), 20, 0)
        assert sum(before[key] != value for key, value in values(page).items()) == 1


def test_the_shading_follows_and_colors_are_not_all(page):
    shaded = [page.locator(".vae-pair canvas").nth(i).evaluate("canvas => canvas.toDataURL()") for i in (0, 1)]
    drag(page, handle("mean of p"), 60, 0)
    after = [page.locator(".vae-pair canvas").nth(i).evaluate("canvas => canvas.toDataURL()") for i in (0, 1)]
    assert all(one != other for one, other in zip(shaded, after, strict=True))
    marks = (
        "nodes => nodes.map((node) => [getComputedStyle(node).backgroundImage, getComputedStyle(node).borderTopStyle])"
    )
    assert len(set(map(tuple, page.locator(".vae-swatch").evaluate_all(marks)))) == 4


def test_frames_keep_coming_while_dragging(page, record_property):
    """60 a second on an idle machine; the bounds leave room for a busy one."""
    box = page.locator(handle("mean of q")).bounding_box()
    x, y = box["x"] + 16, box["y"] + 16
    page.mouse.move(x, y)
    page.mouse.down()
    between = frame_times(page, lambda i: page.mouse.move(x + 120 * math.sin(i / 10), y))
    check_frames(between, record_property)
