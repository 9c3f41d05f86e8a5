"""K13 figure 2's experiment: the setup as the paper has it, the published curves, and what is laid beside them."""

import csv
import math
from dataclasses import replace
from importlib.resources import files

import pytest
import torch

from vae_edu.data import load
from vae_edu.errors import UserError
from vae_edu.experiments import Request, k13_fig2
from vae_edu.experiments.k13_fig2 import FREY, MNIST
from vae_edu.experiments.published import published
from vae_edu.experiments.step_sizes import choose_step_size
from vae_edu.learning import evaluate
from vae_edu.learning.interrupt import Interrupted
from vae_edu.likelihoods import Bernoulli, Gaussian

QUIET = Request("quick", progress=False)


def test_panels_are_the_papers():
    assert (MNIST.hidden, MNIST.latents, FREY.hidden, FREY.latents) == (500, (3, 5, 10, 20, 200), 200, (2, 5, 10, 20))
    digits, faces = MNIST.new_model(20, 784, seed=0), FREY.new_model(2, 560, seed=0)
    assert isinstance(digits.likelihood, Bernoulli)
    assert isinstance(faces.likelihood, Gaussian)
    assert faces.decoder.squash_mean
    assert isinstance(digits.encoder.hidden[1], torch.nn.Tanh)
    weights = digits.decoder.logits.weight
    assert weights.std().item() == pytest.approx(0.01, rel=0.01)  # 392,000 draws: 0.1 % is the standard error
    assert digits.decoder.logits.bias.abs().max() == 0
    drawn = replace(MNIST, draw_biases=True).new_model(20, 784, seed=0)
    torch.testing.assert_close(drawn.decoder.logits.weight, weights)
    assert drawn.decoder.logits.bias.std().item() == pytest.approx(0.01, rel=0.15)  # of 784: 2.5 % is the error


def test_a_curve_is_the_bound_of_the_model_it_trained(tmp_path):
    """The state left by a training without a record's framework holds the model: score it again."""
    panel = replace(MNIST, data="digits", n=500, hidden=16, images=10_000, gather=0, step_sizes=(0.02,))
    state = tmp_path / "state.pt"
    curve = k13_fig2.curve(panel, "AEVB", 2, QUIET, state)
    assert curve["samples"] == [500 * k for k in range(1, 21)]
    assert curve["test"][-1] > curve["test"][0] + 1
    model = panel.new_model(2, 64, seed=0)
    model.load_state_dict(torch.load(state, weights_only=True)["parts"]["model"])
    assert curve["test"][-1] == pytest.approx(evaluate(model, load("digits", "test").x), abs=0.01)


def test_the_step_size_is_the_one_that_comes_farthest_and_is_not_tried_twice(tmp_path):
    asked, ends = [], {0.01: -5.0, 0.02: -3.0, 0.1: None}

    def trial(step):
        asked.append(step)
        if ends[step] is None:
            raise UserError("the term was no longer finite")
        return ends[step]

    for _ in range(2):
        step, found = choose_step_size(trial, tmp_path / "state.pt")
        assert step == 0.02
        assert found == {"0.01": -5.0, "0.02": -3.0, "0.1": None}
    assert asked == [0.01, 0.02, 0.1]


def test_a_trial_cut_short_is_not_remembered(tmp_path):
    def cut_short(step):
        raise Interrupted

    with pytest.raises(Interrupted):
        choose_step_size(cut_short, tmp_path / "state.pt")
    assert list(tmp_path.iterdir()) == []


def test_a_step_that_breaks_training_is_not_chosen(tmp_path):
    panel = replace(MNIST, data="digits", n=500, hidden=16, images=2000, trial_images=1000, gather=0)
    curve = k13_fig2.curve(replace(panel, step_sizes=(1e6, 0.02)), "AEVB", 2, QUIET, tmp_path / "s.pt")
    assert curve["step size"] == 0.02
    assert curve["train bound after each trial"]["1000000.0"] is None


def test_published_curves_interpolate_between_their_points():
    lines = (files("vae_edu.experiments.published") / "k13_curves.csv").read_text(encoding="utf-8").splitlines()
    rows = [
        (float(row["samples"]), float(row["value"]))
        for row in csv.DictReader(lines)
        if [row[key] for key in ("figure", "panel", "method", "split")] == ["2", "MNIST Nz=20", "AEVB", "test"]
    ]
    (n0, v0), (n1, v1) = sorted(rows)[10:12]
    middle = published("2", "MNIST Nz=20", "AEVB", "test", math.sqrt(n0 * n1))
    assert middle == pytest.approx((v0 + v1) / 2, abs=0.06)
    assert published("2", "MNIST Nz=20", "AEVB", "test", 1.0) is None
    assert published("2", "MNIST Nz=21", "AEVB", "test", 1e6) is None


def test_ours_stand_beside_the_published_ones_where_both_are():
    curve = {"samples": [500_000, 1_000_000, 9_980_000], "train": [-1.0, -2.0, -3.0], "test": [-4.0, -5.0, -6.0]}
    table = k13_fig2.beside(MNIST, "WS 200", curve)
    assert table == {
        "1e+06": {"train": -2.0, "test": -5.0, "K13 train": -133.4, "K13 test": -130.7},
        "1e+07": {"train": -3.0, "test": -6.0, "K13 train": -109.0, "K13 test": -109.0},
    }


def test_pixel_marginals_on_their_own_images_are_an_entropy():
    x = torch.rand(500, 7, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    entropy = torch.distributions.Normal(x.mean(0), x.std(0, correction=0)).entropy().sum()
    marginals = k13_fig2.pixel_marginals(x, x + 1)
    assert marginals["train"] == pytest.approx(-entropy.item(), abs=0.01)
    moved = (1 / x.var(0, correction=0)).sum() / 2  # the squared distance grows by 1 in every pixel
    assert marginals["test"] == pytest.approx((-entropy - moved).item(), abs=0.01)


def test_a_method_that_diverged_with_every_step_is_told_and_the_others_are_reported(monkeypatch):
    def broken(*arguments, **options):
        raise UserError("a term is no longer finite")

    monkeypatch.setitem(k13_fig2.METHODS, "WS", broken)
    numbers = k13_fig2.mnist(QUIET).numbers
    assert numbers["beside K13"]["WS 3"] == {}
    assert numbers["AEVB above wake-sleep on test at the end"] == {}
