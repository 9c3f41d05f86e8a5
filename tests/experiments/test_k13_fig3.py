"""K13 figure 3's experiment: the setup, what is scored, and a marginal likelihood that a second method confirms."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from vae_edu.data import load
from vae_edu.errors import UserError
from vae_edu.evaluation.marginal_likelihood import importance_sampling
from vae_edu.experiments import Request, k13_fig3
from vae_edu.experiments.k13_fig3 import CHANGES, EVALUATED, FEW, FURTHER, MANY, METHODS, PARTS, SWEEPS, Setup
from vae_edu.models import LinearGaussian, mlp_vae
from vae_edu.recording import read_record

QUIET = Request("quick", progress=False)
SMALL = Setup("digits", (200,), 10, 2, images=6000, trial_images=3000, gather=10, scored=30, evaluations=3, draws=40)


def test_the_setup_is_the_papers():
    setup = Setup()
    assert (setup.hidden, setup.latent, setup.sizes, setup.draws, setup.scored) == (100, 3, (1000, 50_000), 50, 1000)
    assert list(METHODS) == ["AEVB", "WS", "MCEM"]
    assert setup.weight_prior == "decoder"


@pytest.mark.parametrize("method", METHODS)
def test_each_method_raises_the_marginal_likelihood_of_both_splits(method, tmp_path):
    curve = k13_fig3.curve(SMALL, method, 200, QUIET, tmp_path / "state.pt")
    assert curve["samples"] == [2000, 4000, 6000]
    for split in ("train", "test"):
        assert curve[split][-1] > curve[split][0] + 0.5


@pytest.fixture
def calls(monkeypatch):
    """What each method was given, in order: the model, the number of images, the options."""
    seen = []

    def listening(method):
        def learner(model, x, **options):
            seen.append((model, len(x), options))
            return method(model, x, **options)

        return learner

    for name, method in METHODS.items():
        monkeypatch.setitem(METHODS, name, listening(method))
    return seen


@pytest.mark.parametrize(("size", "steps"), [(FEW, {0.01, 0.02, 0.1}), (MANY, {0.1})])
def test_sweeps_move_every_chain_before_an_update(tmp_path, calls, size, steps):
    curve = k13_fig3.curve(replace(SMALL, **CHANGES["MCEM", size]), "MCEM", 200, QUIET, tmp_path / "state.pt")
    assert {(n, options["batch_size"], options["update_size"]) for _, n, options in calls} == {(200, 200, None)}
    assert {options["learning_rate"] for _, _, options in calls} == steps
    assert curve["step size"] in steps


def test_counting_evaluations_stretches_the_axis_and_changes_nothing_else(tmp_path):
    """Ten leapfrog steps and five updates look at each image of a sweep."""
    once = k13_fig3.curve(replace(SMALL, **SWEEPS), "MCEM", 200, QUIET, tmp_path / "once.pt")
    evaluated = replace(SMALL, **EVALUATED, images=15 * SMALL.images)
    each = k13_fig3.curve(evaluated, "MCEM", 200, QUIET, tmp_path / "each.pt")
    assert each["samples"] == [15 * seen for seen in once["samples"]]
    for split in ("train", "test"):
        assert each[split] == once[split]


def test_a_setup_reaches_the_learner(tmp_path, calls):
    setup = replace(SMALL, **PARTS, weight_prior=False, seed_shift=3)
    k13_fig3.curve(setup, "MCEM", 200, QUIET, tmp_path / "state.pt")
    told = {(options["update_size"], options["weight_prior"], options["seed"]) for _, _, options in calls}
    assert told == {(100, False, 3)}


def test_slow_log_variances_and_the_seed_are_the_first_models(tmp_path, calls):
    for shift in (0, 1):
        setup = replace(SMALL, log_var_share=0.1, seed_shift=shift, step_sizes=(0.0,), images=600)
        k13_fig3.curve(setup, "AEVB", 200, QUIET, tmp_path / f"{shift}.pt")
    models = [model for model, _, _ in calls]
    assert {model.encoder.log_var.share for model in models} == {0.1}
    weights = [model.decoder.logits.weight for model in models]  # nothing was learned: those of the start
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[-1])


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


def test_a_method_that_diverged_with_every_step_is_told_and_the_others_are_ranked(monkeypatch):
    def broken(*arguments, **options):
        raise UserError("a term is no longer finite")

    monkeypatch.setitem(METHODS, "WS", broken)
    numbers = k13_fig3.reproduce(QUIET).numbers
    assert numbers["beside K13"]["WS, N = 200"] == {}
    assert set(numbers["best first, at the end"]["N = 200, test"]) == {"AEVB", "MCEM"}


def test_the_recorded_curves_are_as_long_as_the_code_makes_them():
    points = read_record("k13-fig3", Path(__file__).parents[2])["results"]["points"]
    assert set(FURTHER) <= set(points)
    for name, point in points.items():
        length = FURTHER.get(name, {}).get("images", Setup.images)
        assert point["result"]["samples"][-1] == pytest.approx(length, rel=0.02), name


@pytest.mark.parametrize(("budget", "longest"), [("quick", 800), ("paper", 60_000_000)])
def test_only_the_recorded_budget_takes_some_curves_further(monkeypatch, budget, longest):
    seen = []
    monkeypatch.setattr(k13_fig3, "curve", lambda setup, method, n, request, state: seen.append(setup.images) or {})
    monkeypatch.setattr(k13_fig3, "_best_first", lambda curves, split: [])
    k13_fig3.reproduce(Request(budget, progress=False))
    assert set(seen) == {longest}


def test_values_stand_beside_those_of_the_paper_after_about_as_many_images():
    curve = {"samples": [900_000, 1_010_000, 9_900_000], "train": [-3.0, -2.0, -1.0], "test": [-6.0, -5.0, -4.0]}
    table = k13_fig3.beside("MCEM, N = 1000", curve)
    assert {at: row["test"] for at, row in table.items()} == {"1e+06": -5.0, "1e+07": -4.0}
    assert table["1e+07"]["K13 test"] == pytest.approx(-142.4, abs=0.1)


def test_methods_are_ranked_after_as_many_images():
    long = {"samples": [10, 20, 30], "test": [-9.0, -5.0, -1.0]}
    short = {"samples": [10, 21], "test": [-4.0, -3.0]}
    assert k13_fig3._best_first({"MCEM": long, "AEVB": short, "WS": {"diverged": True}}, "test") == ["AEVB", "MCEM"]
