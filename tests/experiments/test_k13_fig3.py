"""K13 figure 3's experiment: the setup, what is scored, and a marginal likelihood that a second method confirms."""

from dataclasses import replace

import pytest
import torch

from vae_edu.data import load
from vae_edu.evaluation.marginal_likelihood import importance_sampling
from vae_edu.experiments import Request, k13_fig3
from vae_edu.experiments.k13_fig3 import CHANGES, METHODS, Setup
from vae_edu.learning import monte_carlo_em
from vae_edu.models import LinearGaussian, mlp_vae

QUIET = Request("quick", progress=False)
SMALL = Setup("digits", (200,), 10, 2, images=6000, trial_images=3000, gather=10, scored=30, evaluations=3, draws=40)


def test_the_setup_is_the_papers():
    setup = Setup()
    assert (setup.hidden, setup.latent, setup.sizes, setup.draws, setup.scored) == (100, 3, (1000, 50_000), 50, 1000)
    assert list(METHODS) == ["AEVB", "WS", "MCEM"]
    assert setup.prior_on == "the decoder"


@pytest.mark.parametrize("method", METHODS)
def test_each_method_raises_the_marginal_likelihood_of_both_splits(method, tmp_path):
    curve = k13_fig3.curve(SMALL, method, 200, QUIET, tmp_path / "state.pt")
    assert curve["samples"] == [2000, 4000, 6000]
    for split in ("train", "test"):
        assert curve[split][-1] > curve[split][0] + 0.5


@pytest.mark.parametrize(("where", "decayed"), [("both networks", 5), ("the decoder", 2), ("nothing", 0)])
def test_the_prior_is_on_the_weights_of_the_networks_named(where, decayed):
    """Without a gradient from the data, a step of Adagrad follows log N(w; 0, I) alone: it moves towards 0, or not."""
    model = mlp_vae(6, (5,), 2, torch.nn.Tanh)
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    optimizer = k13_fig3._adagrad(Setup(prior_on=where, gather=0), model, 200, model.parameters(), 1e-3)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    moved = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert len(moved) == decayed
    assert all(name.endswith("weight") for name in moved)
    assert where != "the decoder" or all(name.startswith("decoder") for name in moved)
    assert sum(len(group["params"]) for group in optimizer.param_groups) == len(before)


def test_sweeps_move_every_chain_before_an_update(tmp_path, monkeypatch):
    batches = []

    def spy(model, x, **options):
        batches.append((len(x), options["batch_size"]))
        return monte_carlo_em(model, x, **options)

    monkeypatch.setitem(METHODS, "MCEM", spy)
    setup = replace(SMALL, **CHANGES["MCEM"])
    curve = k13_fig3.curve(setup, "MCEM", 200, QUIET, tmp_path / "state.pt")
    assert set(batches) == {(200, 200)}
    assert curve["step size"] == 0.02


def test_what_is_scored_is_the_models_own_evidence():
    """A linear model, whose evidence is exact, in place of the network."""
    generator = torch.Generator().manual_seed(0)
    model = LinearGaussian(torch.randn(64, 2, generator=generator) * 0.3, torch.full((64,), 0.3), 0.1)
    images = {split: load("digits", split).x[:100] for split in ("train", "test")}
    found = k13_fig3.marginals(model, images, draws=800)
    assert found["chains that never moved"] == 0
    for split, x in images.items():
        # With 800 draws the estimate of one image strays by about 0.6 nat, a mean over 100 by a tenth of that.
        assert found[split] == pytest.approx(model.log_marginal(x).mean().item(), abs=0.4)


def test_an_image_whose_chain_never_moved_is_told_and_does_not_count(monkeypatch):
    values = torch.tensor([-1.0, float("nan"), -3.0])
    monkeypatch.setattr(k13_fig3, "harmonic_log_marginal", lambda model, x, draws, generator: values)
    images = {"train": torch.zeros(3, 4), "test": torch.zeros(3, 4)}
    assert k13_fig3.marginals(None, images, 4) == {"train": -2.0, "test": -2.0, "chains that never moved": 2}


def test_importance_sampling_agrees_after_training(tmp_path):
    """Two estimators with nothing in common but the model."""
    state = tmp_path / "state.pt"
    curve = k13_fig3.curve(SMALL, "AEVB", 200, QUIET, state)
    model = mlp_vae(64, (10,), 2, torch.nn.Tanh)
    model.load_state_dict(torch.load(state, weights_only=True)["parts"]["model"])
    x = load("digits", "test").x[:30]
    other = importance_sampling(model, x, samples=2000, generator=torch.Generator().manual_seed(3)).mean().item()
    assert curve["at the end, with 8 times the draws"]["test"] == pytest.approx(other, abs=0.3)
