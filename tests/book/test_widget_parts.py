"""What widgets share: arithmetic against PyTorch and SciPy in float64, controls against what a reader does."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch.distributions import Normal, kl_divergence
from widget_page import drag, settle, touch_drag

from vae_edu.models import LinearGaussian
from vae_edu.widgets import bundle

EXACT = {"rel": 1e-12, "abs": 1e-12}
EXTREMES = [[-1e4, -1e4 - 1], [800.0, 799.0, 0.0], [-3.0, 0.5, 2.0], [5.0], [-math.inf, 0.0]]


@pytest.mark.parametrize("values", EXTREMES)
def test_log_sum_exp(script, values):
    words = [str(value).replace("inf", "Infinity") for value in values]
    got = script(["numbers"], f"return numbers_js.logSumExp([{','.join(words)}]);")
    assert got == pytest.approx(torch.tensor(values, dtype=torch.float64).logsumexp(0).item(), **EXACT)


def test_log_sum_exp_of_nothing_probable(script):
    assert script(["numbers"], "return numbers_js.logSumExp([-Infinity, -Infinity]) === -Infinity;")


def test_numbers_as_words(script):
    cases = {0: "0.00", -0.001: "0.00", -0.01: "−0.01", 1.006: "1.01", -12: "−12.00"}
    assert script(["numbers"], "return argument.map((x) => numbers_js.fixed(x));", list(cases)) == list(cases.values())


def test_gaussian_arithmetic(script):
    generator = torch.Generator().manual_seed(0)
    x, mean, log_var, other_mean, other_log_var = 2 * torch.randn(5, 50, generator=generator, dtype=torch.float64)
    one, other = Normal(mean, (log_var / 2).exp()), Normal(other_mean, (other_log_var / 2).exp())
    rows = torch.stack([x, mean, log_var, other_mean, other_log_var], 1).tolist()
    each = """return argument.map(([x, m, v, om, ov]) =>
      [gaussian_js.logNormal(x, m, v), gaussian_js.kl(m, v, om, ov), gaussian_js.kl(m, v)]);"""
    got = torch.tensor(script(["gaussian"], each, rows), dtype=torch.float64)
    standard = Normal(torch.zeros_like(x), torch.ones_like(x))
    expected = torch.stack([one.log_prob(x), kl_divergence(one, other), kl_divergence(one, standard)], 1)
    torch.testing.assert_close(got, expected, rtol=1e-11, atol=1e-11)


LINEAR = """const [weight, bias, noiseVar, x, m, v] = argument;
  const model = new gaussian_js.LinearGaussian({weight, bias, noiseVar});
  const {mean, logVar} = model.posterior(x);
  return [model.logMarginal(x), model.elbo(x, m, v), model.gap(x, m, v), mean, logVar];"""


@pytest.mark.equation("K13 (1)")
def test_the_linear_gaussian_model(script):
    for case in [(1, 0, 1, 2, 0, 0), (-2, 0.5, 0.3, 1, 3, -1.5), (0.1, -1, 2, 0, -1, 1)]:
        weight, bias, noise_var, x, mean, log_var = case
        model = LinearGaussian(*(torch.tensor(v, dtype=torch.float64) for v in ([[weight]], [bias])), float(noise_var))
        model.requires_grad_(False)
        model.encoder_weight.fill_(mean / (x - bias))  # its mean is encoder_weight · (x − bias)
        model.encoder_log_var.fill_(log_var)
        data = torch.tensor([[x]], dtype=torch.float64)
        posterior_mean, covariance = model.posterior(data)
        expected = [model.log_marginal(data), model.elbo(data), model.gap(data), posterior_mean, covariance.log()]
        got = script(["gaussian"], LINEAR, case)
        assert got == pytest.approx([value.item() for value in expected], **EXACT)


def test_random_numbers(script):
    """Kolmogorov-Smirnov: each bound is passed by chance at most once in a million seeds; the seed is fixed besides."""
    draw = """const random = new random_js.Random(7);
      return [Array.from({length: 50_000}, () => random.uniform()), Array.from(random.normals(50_000))];"""
    uniform, normal = np.array(script(["random"], draw))
    assert stats.kstest(uniform, "uniform").pvalue > 1e-6
    assert stats.kstest(normal, "norm").pvalue > 1e-6
    for lag in (1, 2, 3):  # z-scores of correlations along the sequence; 5.5 is passed once in 26 million
        assert abs(np.corrcoef(normal[:-lag], normal[lag:])[0, 1]) * math.sqrt(len(normal)) < 5.5
        assert abs(np.corrcoef(uniform[:-lag], uniform[lag:])[0, 1]) * math.sqrt(len(uniform)) < 5.5


def test_a_seed_repeats_and_another_does_not(script):
    first, again, other = script(
        ["random"], "return [3, 3, 4].map((seed) => Array.from(new random_js.Random(seed).normals(5)));"
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize(("ends", "expected"), [((-3, 5), [-2, 0, 2, 4]), ((0, 0.31), [0, 0.1, 0.2, 0.3])])
def test_ticks_are_round(script, ends, expected):
    assert script(["scale"], "return scale_js.ticks(argument);", ends) == pytest.approx(expected)


STAGE = """
  const model = new runtime_js.PageModel({mean: 0, point: [0, 0], kind: "a"});
  const state = new state_js.State(model, ["mean", "point", "kind"]);
  const plot = new plot_js.Plot(state, {label: "A plot", x: {range: [-4, 4], title: "x"},
    y: {range: [0, 2], title: "y"},
    paint: (pen) => {
      pen.histogram([-3, -2, -1], [1, 0.5], {series: 1});
      pen.dots([[0, 1]], {series: 2});
      pen.rule({x: state.get("mean")});
    }});
  handle_js.handle(state, plot, {name: "mean", label: "mean", min: -2, max: 3, at: () => [state.get("mean"), 1]});
  handle_js.pointHandle(state, plot, {name: "point", label: "a point", series: 2});
  const clock = new clock_js.Clock(state, plot.element, (seconds) => { window.ticks.push(seconds); });
  window.ticks = [];
  document.body.innerHTML = '<div class="vae-widget" style="width: 600px"></div>';
  document.body.firstChild.append(plot.element,
    controls_js.slider(state, {name: "mean", label: "the mean", min: -2, max: 3, step: 0.5}),
    controls_js.choice(state, {name: "kind", label: "kind", options: [["a", "first"], ["b", "second"]]}),
    controls_js.resetButton(state),
    controls_js.playButton(clock),
    readout_js.readout(state, () => `mean ${numbers_js.fixed(state.get("mean"))}`));
  window.shown = () => state.all();
  window.stop = state.cleanup();
"""
PARTS = ["runtime", "state", "plot", "handle", "clock", "controls", "readout", "numbers"]
MEAN, POINT = ".vae-handle[aria-label=mean]", ".vae-handle[aria-label='a point']"


@pytest.fixture
def stage(page_offline):
    """One of each part, in a page."""
    page_offline.add_style_tag(content=bundle.stylesheet())
    page_offline.evaluate(f"() => {{ {bundle.inlined(*PARTS)} {STAGE} }}")
    settle(page_offline)
    yield page_offline
    assert page_offline.trouble == []


def shown(page, name: str = "mean"):
    settle(page)
    return page.evaluate("shown()")[name]


def test_a_handle_follows_mouse_and_finger_and_stays_in_its_limits(stage):
    unit = (600 - 38 - 10) / 8  # pixels: the frame, and the numbers of the axis
    drag(stage, MEAN, 2 * unit, 0)
    assert shown(stage) == pytest.approx(2, abs=0.02)
    touch_drag(stage, MEAN, -unit, 30)
    assert shown(stage) == pytest.approx(1, abs=0.04)
    drag(stage, MEAN, 400, 0)
    assert shown(stage) == 3
    assert stage.locator(".vae-readout").inner_text() == "mean 3.00"


def test_a_handle_taken_at_its_rim_does_not_jump_to_the_pointer(stage):
    box = stage.locator(MEAN).bounding_box()
    x, y = box["x"] + 4, box["y"] + 16
    stage.mouse.move(x, y)
    stage.mouse.down()
    stage.mouse.move(x + 1, y)
    stage.mouse.move(x, y)
    assert shown(stage) == pytest.approx(0)


def test_a_handle_is_a_slider_to_keys_and_screen_readers(stage):
    handle = stage.locator(MEAN)
    for keys, expected in {
        "ArrowRight ArrowUp": 0.2, "ArrowLeft": 0.1, "Shift+ArrowRight": 0.6, "PageDown": 0.1, "End": 3, "Home": -2,
    }.items():  # fmt: skip
        for key in keys.split():
            handle.press(key)
        assert shown(stage) == pytest.approx(expected)
    values = [handle.get_attribute(f"aria-value{name}") for name in ("min", "max", "now", "text")]
    assert values == ["-2", "3", "-2", "−2.00"]


def test_a_point_moves_in_two_directions(stage):
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp"):
        stage.locator(POINT).press(key)
    assert shown(stage, "point") == pytest.approx([0.2, 0.5])
    assert stage.locator(POINT).get_attribute("aria-valuetext") == "(0.20, 0.50)"
    drag(stage, POINT, 0, 2000)
    assert shown(stage, "point") == pytest.approx([0.2, 2], abs=0.01)


def test_slider_choice_and_reset(stage):
    slider = stage.get_by_role("slider", name="the mean", exact=True)
    slider.press("ArrowRight")
    assert shown(stage) == 0.5
    assert slider.get_attribute("aria-valuetext") == stage.locator("output").inner_text() == "0.50"
    stage.get_by_label("kind").select_option("second")
    assert shown(stage, "kind") == "b"
    stage.get_by_role("button", name="Reset").click()
    assert stage.evaluate("shown()") == {"mean": 0, "point": [0, 0], "kind": "a"}
    settle(stage)
    assert slider.input_value() == "0"


def test_what_is_shown_is_spoken_once_it_rests_and_not_before_anything_happens(stage):
    spoken = stage.locator("[role=status]")
    stage.wait_for_timeout(700)
    assert spoken.text_content() == ""
    stage.locator(MEAN).press("ArrowRight")
    assert spoken.text_content() == ""
    stage.wait_for_function("document.querySelector('[role=status]').textContent === 'mean 0.10'")


def test_a_clock_flows_until_paused_and_steps_where_less_motion_is_wanted(stage):
    stage.emulate_media(reduced_motion="no-preference")
    stage.get_by_role("button", name="Play").click()
    stage.wait_for_function("ticks.length > 10")
    assert sum(stage.evaluate("ticks")) < 5
    stage.get_by_role("button", name="Pause").click()
    stopped = stage.evaluate("ticks.length")
    stage.emulate_media(reduced_motion="reduce")
    settle(stage)
    assert stage.evaluate("ticks.length") == stopped
    stage.get_by_role("button", name="Play").click()
    stage.wait_for_function(f"ticks.length > {stopped}")
    assert stage.evaluate("ticks.at(-1)") >= 1


def test_a_widget_that_is_taken_away_listens_no_more(stage):
    stage.get_by_role("button", name="Play").click()
    stage.evaluate("stop()")
    before = stage.locator(".vae-readout").inner_text()
    stage.locator(MEAN).press("ArrowRight")
    assert shown(stage) == pytest.approx(0.1)
    assert stage.locator(".vae-readout").inner_text() == before
    assert stage.get_by_role("button", name="Play").count() == 1
