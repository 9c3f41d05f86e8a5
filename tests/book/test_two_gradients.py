"""Two gradients: estimates are Python's on the same noise, and the variances shown are theirs and the derived ones."""

import math

import numpy as np
import pytest
import torch
from widget_page import check_frames, frame_times, numbers, settle, values

from vae_edu.gradients import PATHWISE_VARIANCE, pathwise_gradient, score_function_gradient

CASES = [(1, 1), (5, 3), (20, 2)]
FIRST = "return argument.map(([dimension, samples]) => new two_gradients_js.Estimates({dimension, samples}).first(50));"
NOISE = "return [...new random_js.Random(1).normals(argument)];"


def pythons(script, dimension: int, samples: int, count: int) -> dict[str, torch.Tensor]:
    """Estimates of ∂/∂mean₁ by the package, in float64, on the widget's noise."""
    noise = torch.tensor(script(["random"], NOISE, count * samples * dimension), dtype=torch.float64)
    eps = noise.view(count, samples, dimension).movedim(1, 0)
    zero = torch.zeros(count, dimension, dtype=torch.float64)
    both = {"score": score_function_gradient, "pathwise": pathwise_gradient}
    square = lambda z: z.square().sum(-1)  # noqa: E731
    return {name: estimator(square, zero, zero, eps).mean.mean(0)[:, 0] for name, estimator in both.items()}


def shown(page) -> list[float]:
    """Measured and derived variance of the score function, the same of the pathwise gradient, and the ratio."""
    settle(page)
    score, pathwise = page.inner_text(".vae-readout").partition("variance ")[2].split("Pathwise:")
    measured, _, _, derived = numbers(score)
    own, _, exact, ratio = numbers(pathwise)
    return [measured, derived, own, exact, ratio]


@pytest.fixture
def page(open_widget):
    return open_widget("two-gradients")


@pytest.mark.equation("K13 §2.2")
def test_each_estimate_is_pythons_on_the_same_noise(script):
    for got, case in zip(script(["two-gradients"], FIRST, CASES), CASES, strict=True):
        for name, expected in pythons(script, *case, 50).items():
            assert got[name] == pytest.approx(expected.tolist(), rel=1e-11, abs=1e-11)


def test_many_estimates_have_the_derived_variances(script):
    """With z₁² = QB, Q = ‖z‖² and B ~ Beta apart from it, E[g⁴] = E[B²] E[Q⁶] bounds what 20,000 estimates show."""
    many = """return argument.map((dimension) => {
      const {score, pathwise} = new two_gradients_js.Estimates({dimension, samples: 1}).first(20000);
      return [two_gradients_js.variance(score), two_gradients_js.variance(pathwise),
        two_gradients_js.derived({dimension, samples: 1})];
    });"""
    for (score, pathwise, derived), n in zip(script(["two-gradients"], many, [1, 5, 30]), [1, 5, 30], strict=True):
        exact, fourth = (n + 2) * (n + 4), 3 / (n * (n + 2)) * math.prod(n + 2 * i for i in range(6))
        assert derived == {"score": exact, "pathwise": PATHWISE_VARIANCE}
        assert abs(score - exact) < 5.5 * math.sqrt((fourth - exact**2) / 20_000)
        assert abs(pathwise - 4) < 5.5 * math.sqrt((3 * 16 - 16) / 20_000)


def test_bars_are_shares_of_all_estimates(script):
    estimates = np.random.default_rng(0).normal(0, 4, 500)
    bars = script(["two-gradients"], "return [...two_gradients_js.shares(argument, 10)];", estimates.tolist())
    assert bars == pytest.approx(np.histogram(estimates, bins=60, range=(-10, 10))[0] / 500)
    assert 0.97 < sum(bars) < 1  # some lie outside the axis


def test_the_words_are_the_variances_of_what_is_drawn(page, script):
    page.get_by_role("slider", name="draws per estimate").press("ArrowRight")
    page.get_by_role("button", name="100 more").click()
    settle(page)
    assert values(page) == {"dimension": 5, "samples": 2, "count": 300}
    drawn = pythons(script, 5, 2, 300)
    expected = [drawn["score"].var().item(), 63 / 2, drawn["pathwise"].var().item(), 2, 63 / 4]
    assert shown(page) == pytest.approx(expected, abs=0.051)


def test_the_dimension_widens_the_score_function_alone(page):
    few = shown(page)
    page.get_by_role("slider", name="dimension N").press("End")
    many = shown(page)
    assert [few[1], few[3], few[4]] == [63, 4, 15.8]
    assert [many[1], many[3], many[4]] == [52 * 54, 4, 702]
    assert many[0] > 20 * few[0]
    assert many[2] == pytest.approx(few[2], rel=0.5)
    page.get_by_role("slider", name="draws per estimate").press("End")
    averaged = shown(page)
    assert averaged[1] == pytest.approx(52 * 54 / 16, abs=0.51)
    assert averaged[3] == 0.25
    page.get_by_role("button", name="Reset").click()
    assert values(page) == {"dimension": 5, "samples": 1, "count": 200}
    assert shown(page) == few


def test_it_fills_while_the_reader_lets_it(page):
    page.get_by_role("button", name="Keep drawing").click()
    page.wait_for_function("document.querySelector('.vae-widget').model.get('count') > 200")
    page.get_by_role("button", name="Pause").click()
    count = values(page)["count"]
    assert 200 < count <= 5000
    page.get_by_role("slider", name="dimension N").press("ArrowRight")
    assert values(page) == {"dimension": 6, "samples": 1, "count": 200}


def test_frames_keep_coming_while_dragging(page, record_property):
    """60 a second on an idle machine; the bounds leave room for a busy one."""
    box = page.get_by_role("slider", name="dimension N").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    between = frame_times(page, lambda i: page.mouse.move(x + 0.4 * box["width"] * math.sin(i / 10), y))
    check_frames(between, record_property)
