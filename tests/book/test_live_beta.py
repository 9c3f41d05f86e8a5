"""β, live: gradients, steps and the bound reached are PyTorch's; the controls do to the terms what chapter 9 says."""

import base64
import math

import numpy as np
import pytest
import torch
from safetensors.numpy import load
from torch.nn.utils import parameters_to_vector, vector_to_parameters
from widget_page import frame_times, numbers, values

from vae_edu.bounds import elbo_terms
from vae_edu.data import binarize
from vae_edu.gaussians import kl_standard_normal
from vae_edu.learning import evaluate, fit
from vae_edu.models import VAE, mlp_vae
from vae_edu.widgets.shipped import shipped

HIDDEN, BATCH, RATE = 64, 50, 0.002  # those of trainer.js and the widget's default
UNPACK = """const files = {"digits.bits": runtime_js.bytesOf(argument.file)};
  const {images, labels, imageShape} = digits_js.readDigits({get: () => files});"""
STEPS = """const {latent, theta, x, eps, beta, rate} = argument;
  const vae = new tiny_vae_js.TinyVAE({pixels: 64, hidden: 64, latent}, new random_js.Random());
  vae.parameters.set(theta);
  const adam = new tiny_vae_js.Adam(theta.length);
  return eps.map((noise) => {
    x.forEach((image, i) => vae.addGradient(image, noise[i], beta, 1 / x.length));
    const gradient = Array.from(vae.gradient);
    adam.step(vae.parameters, vae.gradient, rate);
    return {gradient, parameters: Array.from(vae.parameters)};
  });"""
TRAIN = """const images = argument.x.map((image) => Float64Array.from(image));
  const training = new trainer_js.Training(images, argument.latent);
  const work = training.answer({train: {passes: argument.passes, beta: 1, learningRate: 0.002}});
  let step;
  do step = work.next(); while (!step.done);
  const {reconstruction, ...arrays} = step.value;
  const [parameters, divergences, means, ...samples] =
    [training.vae.parameters, arrays.divergences, arrays.means, ...arrays.samples].map((part) => Array.from(part));
  return {parameters, reconstruction, divergences, means, samples};"""
PASSED = "(passes) => document.querySelector('.vae-widget').model.state.passes >= passes"
REFUSALS = {
    "at once": "window.Worker = class { constructor() { throw new Error('refused'); } };",
    "later": "window.Worker = class { constructor() { setTimeout(() => this.onerror()); } terminate() {} };",
}


@pytest.fixture(scope="module")
def black_and_white(digits) -> torch.Tensor:
    return binarize(digits.x, "threshold")


def test_the_digits_are_packed_small_and_whole(script, digits, black_and_white):
    packed = shipped("digits.bits")
    assert len(packed) < 14_000
    get = UNPACK + "return {images: images.map((x) => Array.from(x)), labels: Array.from(labels), imageShape};"
    got = script(["runtime", "digits"], get, {"file": base64.b64encode(packed).decode()})
    assert torch.equal(torch.tensor(got["images"]), black_and_white.long())
    assert got["labels"] == digits.labels.tolist() == load(packed)["labels"].tolist()
    assert got["imageShape"] == [8, 8]


@pytest.mark.equation("K13 (10)")
@pytest.mark.parametrize(("latent", "beta"), [(2, 1.0), (4, 0.0), (8, 4.0)])
def test_gradients_and_steps_are_those_of_pytorch(script, black_and_white, latent: int, beta: float):
    """Same weights, data and noise, in float64: the gradient by autograd, then Adam's steps uphill."""
    torch.manual_seed(0)
    model, x = mlp_vae(64, (HIDDEN,), latent).double(), black_and_white[:10].double()
    eps = torch.randn(4, len(x), latent, dtype=torch.float64)
    theta = parameters_to_vector(model.parameters()).tolist()
    argument = {"latent": latent, "theta": theta, "x": x.tolist(), "eps": eps.tolist(), "beta": beta, "rate": 0.01}
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for noise, got in zip(eps, script(["tiny-vae", "random"], STEPS, argument), strict=True):
        optimizer.zero_grad()
        (-sum(elbo_terms(model, x, eps=noise[None], kl_weight=beta).values()).mean()).backward()
        expected = -parameters_to_vector([parameter.grad for parameter in model.parameters()])
        assert np.abs(got["gradient"] - expected.numpy()).max() < 1e-9
        optimizer.step()
        assert np.abs(got["parameters"] - parameters_to_vector(model.parameters()).detach().numpy()).max() < 1e-6


@pytest.fixture(scope="module")
def trained(browser, black_and_white) -> dict:
    """What 20 passes in JavaScript lead to, with noise, order and first weights of its own."""
    from vae_edu.widgets import bundle

    page = browser.new_page()
    argument = {"x": black_and_white.long().tolist(), "latent": 2, "passes": 20}
    report = page.evaluate(f"(argument) => {{ {bundle.inlined('trainer')} {TRAIN} }}", argument)
    page.close()
    return report


def as_model(parameters: list[float]) -> VAE:
    model = mlp_vae(64, (HIDDEN,), 2).requires_grad_(False)
    vector_to_parameters(torch.tensor(parameters), model.parameters())
    return model


def test_training_reaches_the_bound_that_pytorch_reaches(trained, black_and_white):
    torch.manual_seed(0)
    model = mlp_vae(64, (HIDDEN,), 2)
    fit(model, black_and_white, epochs=20, batch_size=BATCH, learning_rate=RATE, progress=False)
    reached = evaluate(as_model(trained["parameters"]), black_and_white)
    assert reached == pytest.approx(evaluate(model, black_and_white), abs=1)
    assert reached > -22.5  # and both have learned: at first it is −45, and −25 with the best single picture


def test_a_report_says_of_the_weights_what_python_says(trained, black_and_white):
    model = as_model(trained["parameters"])
    mean, log_var = model.encode(black_and_white)
    assert np.abs(np.reshape(trained["means"], (-1, 2)) - mean.numpy()).max() < 1e-4
    assert sum(trained["divergences"]) == pytest.approx(kl_standard_normal(mean, log_var).mean().item(), abs=1e-4)
    terms = elbo_terms(model, black_and_white, samples=20, generator=torch.Generator().manual_seed(0))
    once = elbo_terms(model, black_and_white, generator=torch.Generator().manual_seed(1))["reconstruction"]
    error = (once - terms["reconstruction"]).std().item() / math.sqrt(len(once))  # of a mean with one z per image
    assert trained["reconstruction"] == pytest.approx(terms["reconstruction"].mean().item(), abs=6 * error)
    assert np.shape(trained["samples"]) == (16, 64)
    assert 0 < np.min(trained["samples"]) < np.max(trained["samples"]) < 1


@pytest.fixture
def page(open_widget):
    page = open_widget("live-beta")
    page.wait_for_function("document.querySelector('.vae-readout').textContent.startsWith('After 0 passes')")
    return page


def press(page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def train(page, passes: int) -> dict:
    """Let it learn so many passes more, and pause; returns the values."""
    press(page, "Train")
    page.wait_for_function(PASSED, arg=values(page)["passes"] + passes)
    press(page, "Pause")
    return at_rest(page)


def at_rest(page) -> dict:
    """The values when nothing is on its way any more; checks that the words say the same, and that they add up."""
    page.wait_for_timeout(500)
    now = values(page)
    words = numbers(page.inner_text(".vae-readout"))
    bound = now["reconstruction"] - now["divergence"]
    assert words[:5] == pytest.approx(
        [now["passes"], now["beta"], now["reconstruction"], now["divergence"], bound], abs=0.0051
    )
    return now


def used(page) -> list[float]:
    """How many latents are in use, of how many."""
    return numbers(page.inner_text(".vae-readout"))[5:]


def test_the_bound_rises_and_beta_moves_nats_between_the_terms(page):
    begun = at_rest(page)
    learned = train(page, 20)
    assert learned["reconstruction"] - learned["divergence"] > begun["reconstruction"] - begun["divergence"] + 20
    assert used(page) == [2, 2]
    page.get_by_role("slider", name="β").press("Home")
    free = train(page, 10)
    assert free["beta"] == 0
    assert free["divergence"] > learned["divergence"] + 1
    assert free["reconstruction"] > learned["reconstruction"]


def test_it_collapses_on_demand_and_comes_back(page):
    train(page, 10)
    before = page.locator(".vae-samples").evaluate("canvas => canvas.toDataURL()")
    press(page, "Collapse")
    page.wait_for_function(PASSED, arg=values(page)["passes"] + 20)
    press(page, "Pause")
    collapsed = at_rest(page)
    assert collapsed["beta"] == 8
    assert collapsed["divergence"] < 0.1
    assert used(page) == [0, 2]
    assert page.locator(".vae-samples").evaluate("canvas => canvas.toDataURL()") != before
    page.get_by_role("slider", name="β").fill("1")
    assert train(page, 20)["divergence"] > 1


def test_pause_holds_and_reset_begins_anew(page):
    begun = at_rest(page)
    drawn = "() => [...document.querySelectorAll('.vae-widget canvas')].map((canvas) => canvas.toDataURL())"
    first = page.evaluate(drawn)
    learned = train(page, 10)
    page.wait_for_timeout(1200)
    assert values(page) == learned
    press(page, "Reset")
    assert at_rest(page) == begun
    assert page.evaluate(drawn) == first


def test_another_number_of_latents_begins_anew(page):
    train(page, 10)
    page.get_by_role("combobox", name="latents").select_option("8")
    page.wait_for_function("document.querySelector('.vae-readout').textContent.includes('of 8 latents')")
    assert at_rest(page)["passes"] == 0
    assert train(page, 20)["latents"] == 8
    assert used(page)[0] > 3


@pytest.mark.parametrize("when", REFUSALS)
def test_without_a_worker_it_learns_the_same_on_the_page(page_offline, open_widget, trained, when: str):
    page_offline.add_init_script(REFUSALS[when])
    page = open_widget("live-beta")
    page.wait_for_function("document.querySelector('.vae-readout').textContent.startsWith('After 0 passes')")
    if when == "later":
        learned = train(page, 20)
        assert learned["passes"] == 20
        assert learned["reconstruction"] == pytest.approx(trained["reconstruction"], abs=1e-9)
        assert learned["divergence"] == pytest.approx(sum(trained["divergences"]), abs=1e-9)


def test_frames_keep_coming_while_it_learns(page, record_property):
    """60 a second on an idle machine; the bounds leave room for a busy one, where the worker needs a core too."""
    page.emulate_media(reduced_motion="no-preference")
    press(page, "Train")
    box = page.get_by_role("slider", name="β").bounding_box()
    x, y = box["x"] + box["width"] / 8, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    between = frame_times(page, lambda i: page.mouse.move(x + 60 * (1 + math.sin(i / 10)), y))
    page.mouse.up()
    median, p95 = np.quantile(between, [0.5, 0.95]).tolist()
    record_property("frame_ms", {"median": round(median, 1), "p95": round(p95, 1), "frames": len(between)})
    print(f"frames while learning: median {median:.1f} ms, p95 {p95:.1f} ms of {len(between)}")
    assert values(page)["passes"] > 0
    assert median < 34
    assert p95 < 100
