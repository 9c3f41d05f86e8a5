"""Prior sampling: the runs shown are Python's estimate of the same draws, and they settle where the variance says."""

import math

import pytest
import torch
from widget_page import check_frames, frame_times, numbers, settle, values

from vae_edu.evaluation.marginal_likelihood import prior_sampling
from vae_edu.models import LinearGaussian

MARKS = [round(10 ** (1 + i / 20) + 1e-9) for i in range(61)]
# Of the first run of 12 dimensions, its first so many draws, dimension by dimension.
DRAWS = """const random = new random_js.Random(1);
  return Array.from({length: argument}, () => [...random.normals(50000)].slice(0, 1000));"""
ERRORS = "return argument.map((values) => prior_sampling_js.errors(prior_sampling_js.squares(1), values));"
CASES = [(1, 1.0), (2, 0.3), (5, 0.1), (12, 0.3)]


def model_of(dimension: int, sigma: float) -> tuple[LinearGaussian, torch.Tensor]:
    """The model and its data point."""
    identity = torch.eye(dimension, dtype=torch.float64)
    model = LinearGaussian(identity, torch.zeros(dimension, dtype=torch.float64), sigma**2)
    return model, torch.zeros(1, dimension, dtype=torch.float64)


def relative_variance(dimension: int, sigma: float) -> float:
    """E[w²]/E[w]² − 1, from the densities of x with half the noise variance and with all of it."""
    model, x = model_of(dimension, sigma)
    half = LinearGaussian(model.weight.detach(), model.bias.detach(), sigma**2 / 2)
    log_square = half.log_marginal(x) - dimension / 2 * math.log(4 * math.pi * sigma**2)
    return (log_square - 2 * model.log_marginal(x)).exp().item() - 1


@pytest.fixture
def page(open_widget):
    return open_widget("prior-sampling")


def last_errors(page) -> list[float]:
    settle(page)
    return numbers(page.inner_text(".vae-readout").partition("off by")[2])


def test_the_runs_are_pythons_estimate(script):
    normals = torch.tensor(script(["random"], DRAWS, 12), dtype=torch.float64).T
    each = [{"dimension": dimension, "sigma": sigma} for dimension, sigma in CASES]
    for runs, (dimension, sigma) in zip(script(["prior-sampling"], ERRORS, each), CASES, strict=True):
        model, x = model_of(dimension, sigma)
        for n in (10, 100, 1000):
            estimate = prior_sampling(model, x, normals[:n, :dimension]) - model.log_marginal(x)
            assert runs[0][MARKS.index(n)] == pytest.approx(estimate.item(), rel=1e-9, abs=1e-9)


def test_the_relative_variance_is_that_of_the_chapter(script):
    each = [{"dimension": dimension, "sigma": sigma} for dimension, sigma in CASES]
    got = script(["prior-sampling"], "return argument.map((v) => prior_sampling_js.relativeVariance(v));", each)
    assert got == pytest.approx([relative_variance(*case) for case in CASES], rel=1e-9)


def test_few_dimensions_settle_and_many_do_not(page):
    """In 2 dimensions ρ/n is below 1/1000: five runs are off by 5.5 √(ρ/n) once in five million tests."""
    few = last_errors(page)
    assert len(few) == 5
    assert max(map(abs, few)) < 5.5 * math.sqrt(relative_variance(2, 0.3) / 10_000)
    slider = page.get_by_role("slider", name="dimensions of z")
    slider.press("End")
    settle(page)
    assert values(page)["dimension"] == 12
    many = last_errors(page)
    assert min(many) < -1
    page.get_by_role("slider", name="noise").press("Home")
    assert max(last_errors(page)) < -10  # no draw comes near
    page.get_by_role("slider", name="noise").press("End")
    assert max(map(abs, last_errors(page))) < 5.5 * math.sqrt(relative_variance(12, 1.0) / 10_000)


def test_the_words_give_the_variance_and_the_draws_it_asks_for(page):
    for key in ("Home", "ArrowRight", "ArrowRight"):
        page.get_by_role("slider", name="dimensions of z").press(key)
        settle(page)
        now = values(page)
        rho = relative_variance(int(now["dimension"]), now["sigma"])
        shown = numbers(page.inner_text(".vae-readout").partition("ρ =")[2])
        assert shown[0] == pytest.approx(rho, abs=0.51 if rho >= 10 else 0.0051)
        assert shown[2] == pytest.approx(100 * rho, abs=0.51)


def test_new_draws_and_reset(page):
    before = page.inner_text(".vae-readout")
    page.get_by_role("button", name="New draws").click()
    settle(page)
    assert page.inner_text(".vae-readout") != before
    page.get_by_role("slider", name="noise").press("ArrowLeft")
    page.get_by_role("button", name="Reset").click()
    settle(page)
    assert page.inner_text(".vae-readout") == before
    assert values(page) == {"dimension": 2, "sigma": 0.3, "seed": 1}


def test_frames_keep_coming_while_dragging(page, record_property):
    """60 a second on an idle machine; the bounds leave room for a busy one."""
    box = page.get_by_role("slider", name="noise").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    between = frame_times(page, lambda i: page.mouse.move(x + 0.4 * box["width"] * math.sin(i / 10), y))
    check_frames(between, record_property)
