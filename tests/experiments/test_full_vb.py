"""Full variational Bayes' experiment: its log-likelihood against the conjugate model, its unit costs, a small run."""

import math

import pytest
import torch
from torch.distributions import Normal

from vae_edu.experiments import full_vb
from vae_edu.gaussians import kl_standard_normal
from vae_edu.models import BayesianVAE, ConjugateGaussian


def test_log_likelihood_without_doubt_about_the_weight_is_that_of_the_model():
    """With the exact posterior over z every importance weight is p(x|θ), however few the draws."""
    x = torch.tensor([[0.5], [2.0]])
    model = ConjugateGaussian(0.8, 0.5)
    model.fit_posteriors(x)
    model.weights.log_var.data.fill_(-80.0)
    expected = Normal(model.weights.mean.detach(), math.sqrt(model.spread)).log_prob(x).mean()
    assert full_vb.log_likelihood(model, x, 40, 0, seed=0) == pytest.approx(float(expected), abs=1e-5)


def test_doubt_about_the_weight_is_averaged_over(monkeypatch):
    """E_q(θ)[p(x|θ)] is a wider Gaussian."""
    monkeypatch.setattr(full_vb, "DRAWS_OF_WEIGHTS", 500)
    x = torch.tensor([[3.0]])
    model = ConjugateGaussian(0.0, 0.5)
    model.weights.log_var.data.fill_(0.0)
    estimate = full_vb.log_likelihood(model, x, 500, 0, seed=0)
    # p(x|θ) = N(x; θ, ½) has mean N(x; 0, 1½) and second moment N(x; 0, 1¼)/√(4π·½) under θ ~ N(0, 1).
    mean = Normal(0.0, math.sqrt(1.5)).log_prob(x).exp()
    second = Normal(0.0, math.sqrt(1.25)).log_prob(x).exp() / math.sqrt(2 * math.pi)
    error = ((second - mean**2) / 500).sqrt()
    assert abs(math.exp(estimate) - mean) < 6 * error


@torch.no_grad()
def test_a_unit_costs_what_its_outgoing_weights_cost():
    model = full_vb.new_model(full_vb.FULL_VB, 64, full_vb.QUICK, seed=0)
    assert isinstance(model, BayesianVAE)
    given_up = model.weights.mean[-64 * 20 :].view(64, 20)
    given_up[:, 3] = 0
    model.weights.log_var[-64 * 20 :].view(64, 20)[:, 3] = 0
    costs = full_vb.unit_costs(model)
    assert costs[3] == 0
    assert costs.sum() == pytest.approx(
        float(kl_standard_normal(model.weights.mean[-64 * 20 :], model.weights.log_var[-64 * 20 :])), rel=1e-5
    )


def test_all_methods_start_from_the_same_network():
    plain, bayesian = (full_vb.new_model(method, 64, full_vb.QUICK, seed=3) for method in ("ML", full_vb.FULL_VB))
    z = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(bayesian.at(bayesian.weights.mean).decode(z), plain.decode(z))


def test_a_small_run_is_taken_up_where_it_was_left(digits, tmp_path):
    x = (digits.x > 0.5).float()
    first = full_vb.run(full_vb.FULL_VB, x[:100], x[100:200], full_vb.QUICK, 0, tmp_path / "a.pt")
    again = full_vb.run(full_vb.FULL_VB, x[:100], x[100:200], full_vb.QUICK, 0, tmp_path / "a.pt")
    assert first == again
    assert len(first["curve"]["bound"]) == 1
    # The bound on log p(X) pays for the weights, the test bound does not.
    assert first["bound"] < -first["KL of weights per data point"]
    assert first["test log-likelihood"] > first["test bound"]


def test_larger_steps_are_those_of_full_vb():
    plan = full_vb.Plan()
    for method in ("ML", "MAP"):
        assert full_vb.stages_of(method, plan) == plan.stages
        assert full_vb.stages_of(method + full_vb.LARGER_STEPS, plan) == full_vb.stages_of(full_vb.FULL_VB, plan)
