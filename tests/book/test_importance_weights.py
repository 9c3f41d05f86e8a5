"""Importance weights: what the widget shows of its draws is Python's, and its exact bound is what draws average to."""

import math

import numpy as np
import pytest
import torch
from widget_page import check_frames, drag, frame_times, numbers, touch_drag, values

from vae_edu.bounds import log_weights
from vae_edu.importance import effective_sample_size, importance_weighted_bound
from vae_edu.models import LinearGaussian

MEAN, SD = ".vae-handle[aria-label='mean of q']", ".vae-handle[aria-label='standard deviation of q']"
X = torch.tensor([[2.0]], dtype=torch.float64)
CASES = [(0.0, 1.0), (1.0, 0.45), (1.3, 0.8), (-0.5, 1.5), (2.5, 0.4)]
SCENES = "return argument.map((values) => importance_weights_js.scene(values));"
NOISE = "return argument.map((seed) => [...new random_js.Random(seed).normals(128)]);"
# The drawn bars' tops as shares of the axis' height, one for each column of pixels inside the axes.
TOPS = """(canvas) => {
  const [top, bottom, left, right] = [26, canvas.height - 40, 39, canvas.width - 15];
  const {data} = canvas.getContext("2d").getImageData(left, top, right - left, bottom - top);
  const [width, height] = [right - left, bottom - top];
  const inked = (row, column) => data[4 * (row * width + column) + 3] > 200;
  return Array.from({length: width}, (_, column) => {
    for (let row = 0; row < height - 2; row++) if (inked(row, column)) return 1 - row / height;
    return 0;
  });
}"""


def model_with(mean: float, sd: float) -> LinearGaussian:
    """z ~ N(0, 1), x | z ~ N(z, 1), whose encoder gives N(mean, sd²) at x = 2; in float64."""
    model = LinearGaussian(torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64), 1.0)
    model.requires_grad_(False)
    model.encoder_weight.fill_(mean / 2)
    model.encoder_log_var.fill_(2 * math.log(sd))
    return model


def shown(page) -> dict[str, float]:
    """The numbers of the readout."""
    words = page.inner_text(".vae-readout")
    k, bound, _, first, evidence, *_ = numbers(words.partition("nats")[0])
    run, effective = numbers(words.partition("give")[2].partition(";")[0])
    return {"k": k, "bound": bound, "first": first, "evidence": evidence, "run": run, "effective": effective}


@pytest.fixture
def page(open_widget):
    return open_widget("importance-weights")


@pytest.fixture
def check_words(page, script):
    """Holds what is said of the draws against the package; returns what is said."""

    def check() -> dict[str, float]:
        now, said = values(page), shown(page)
        model, k = model_with(now["mean"], now["sd"]), 2 ** int(now["doublings"])
        eps = torch.tensor(script(["random"], NOISE, [now["seed"]])[0], dtype=torch.float64)[:k, None, None]
        assert said["k"] == k
        assert said["first"] == pytest.approx(model.elbo(X).item(), abs=0.00051)
        assert said["evidence"] == pytest.approx(model.log_marginal(X).item(), abs=0.00051)
        assert said["run"] == pytest.approx(importance_weighted_bound(model, X, eps=eps).item(), abs=0.00051)
        weights = log_weights(model, X, eps=eps)
        assert said["effective"] == pytest.approx(effective_sample_size(weights).item(), abs=0.051)
        assert said["first"] <= said["bound"] <= said["evidence"]
        return said

    return check


def test_weights_and_their_worth_are_the_packages(script):
    each = [{"mean": mean, "sd": sd, "doublings": 5, "seed": 3} for mean, sd in CASES]
    eps = torch.tensor(script(["random"], NOISE, [3])[0], dtype=torch.float64)[:, None, None]
    for scene, case in zip(script(["importance-weights"], SCENES, each), CASES, strict=True):
        model = model_with(*case)
        weights = log_weights(model, X, eps=eps)[:, 0]
        assert scene["shares"] == pytest.approx(weights[:32].softmax(0).tolist(), rel=1e-10)
        assert scene["effective"] == pytest.approx(effective_sample_size(weights[:32]).item(), rel=1e-10)
        running = weights.logcumsumexp(0) - torch.arange(1.0, 129).log()
        assert scene["run"] == pytest.approx(running.tolist(), rel=1e-6)
        assert scene["evidence"] == pytest.approx(model.log_marginal(X).item(), rel=1e-12)


@pytest.mark.equation("K13 (2)")
def test_the_exact_bound_is_that_of_draws(script):
    each = [{"mean": mean, "sd": sd, "doublings": 0, "seed": 1} for mean, sd in CASES]
    nodes = torch.arange(-9, 9.01, 0.05, dtype=torch.float64)
    mass = torch.distributions.Normal(0, 1).log_prob(nodes).exp() * 0.05
    for scene, case in zip(script(["importance-weights"], SCENES, each), CASES, strict=True):
        model, bounds = model_with(*case), scene["bounds"]
        assert bounds[0] == pytest.approx(model.elbo(X).item(), abs=1e-6)
        weights = log_weights(model, X, eps=nodes[:, None, None])[:, 0]
        pairs = torch.logaddexp(weights[:, None], weights[None]) - math.log(2)
        assert bounds[1] == pytest.approx((mass @ pairs @ mass).item(), abs=1e-6)
        for doublings, repetitions in ((3, 4000), (7, 900)):
            generator = torch.Generator().manual_seed(doublings)
            many = importance_weighted_bound(
                model, X.expand(repetitions, 1), samples=2**doublings, generator=generator
            )  # too high or too low by 5.5 standard errors in one of 25 million tests
            assert bounds[doublings] == pytest.approx(
                many.mean().item(), abs=5.5 * many.std().item() / repetitions**0.5
            )
        assert np.all(np.diff(bounds) > 0)
        assert bounds[-1] < scene["evidence"]


def test_what_very_many_draws_are_worth(script):
    each = [{"mean": mean, "sd": sd, "doublings": 0, "seed": 1} for mean, sd in CASES]
    nodes = torch.arange(-30, 30, 0.01, dtype=torch.float64)
    for scene, (mean, sd) in zip(script(["importance-weights"], SCENES, each), CASES, strict=True):
        if sd <= 0.5:
            assert scene["share"] == 0
            continue
        log_u = log_weights(model_with(mean, sd), X, eps=nodes[:, None, None])[:, 0] - scene["evidence"]
        mass = torch.distributions.Normal(0, 1).log_prob(nodes)
        assert scene["share"] == pytest.approx(1 / ((2 * log_u + mass).exp().sum().item() * 0.01), rel=1e-9)


def test_more_draws_tighten_the_bound(page, check_words):
    slider = page.get_by_role("slider", name="draws k")
    slider.press("Home")
    said = [check_words()]
    for _ in range(7):
        slider.press("ArrowRight")
        said.append(check_words())
    assert [each["k"] for each in said] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert np.all(np.diff([each["bound"] for each in said]) > 0)
    assert said[0]["bound"] == said[0]["first"]
    assert said[-1]["evidence"] - said[-1]["bound"] < 0.02 * (said[0]["evidence"] - said[0]["bound"])


def test_on_the_posterior_one_draw_is_enough_and_all_count_the_same(open_widget):
    page = open_widget("importance-weights", mean=1, sd=math.sqrt(0.5), doublings=3)
    said = shown(page)
    assert said["bound"] == said["first"] == said["run"] == said["evidence"]
    assert said["effective"] == said["k"] == 8
    tops = np.array(page.locator(".vae-pair canvas").first.evaluate(TOPS))
    assert np.median(tops) == pytest.approx(0.125 / 0.2, abs=0.03)  # every bar, on an axis up to 0.2
    assert tops.max() < 0.125 / 0.2 + 0.03


def test_a_guess_too_narrow_gives_no_alarm(page, check_words):
    """Weights that have not been drawn are not in the effective sample size: even weights, and yet a gap."""
    page.locator(MEAN).press("End")
    drag(page, MEAN, -2 * (736 - 62) / 8, 0)  # two units of z: onto the posterior's peak
    page.locator(SD).press("Home")
    said = check_words()
    assert values(page)["mean"] == pytest.approx(1, abs=0.05)
    assert said["effective"] > 0.9 * said["k"]
    assert said["evidence"] - said["bound"] > 0.2
    warning = page.locator(".vae-readout", has_text="so narrow")
    warning.wait_for()
    touch_drag(page, SD, 40, 0)
    warning.wait_for(state="detached")
    assert check_words()["bound"] > said["bound"]


def test_new_draws_change_the_run_alone(page, check_words):
    before = check_words()
    page.get_by_role("button", name="New draws").click()
    after = check_words()
    assert (after["bound"], after["evidence"]) == (before["bound"], before["evidence"])
    assert after["run"] != before["run"]
    page.get_by_role("button", name="Reset").click()
    assert values(page) == {"mean": 0, "sd": 1, "doublings": 3, "seed": 1}
    assert check_words() == before


def test_frames_keep_coming_while_dragging(page, record_property):
    """60 a second on an idle machine; the bounds leave room for a busy one."""
    page.get_by_role("slider", name="draws k").press("End")
    box = page.locator(MEAN).bounding_box()
    x, y = box["x"] + 16, box["y"] + 16
    page.mouse.move(x, y)
    page.mouse.down()
    between = frame_times(page, lambda i: page.mouse.move(x + 100 * math.sin(i / 10), y))
    check_frames(between, record_property)
