"""What the experiment measures with, on cases whose answer is known."""

from pathlib import Path

import pytest
import torch
from scipy import stats

from vae_edu.bounds import elbo_terms
from vae_edu.data import load
from vae_edu.evaluation.gradient_noise import GradientNoise
from vae_edu.experiments import gradient_variance as experiment
from vae_edu.learning import evaluate, fit


@pytest.mark.equation("K13 §2.2")
def test_the_first_components_by_hand():
    eps = torch.randn(50, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    squared, first = eps.square().sum(-1), eps[:, 0]
    found = experiment.first_components(eps)
    torch.testing.assert_close(found["score function"], squared * first)
    torch.testing.assert_close(found["score function, best baseline"], (squared - 5) * first)
    torch.testing.assert_close(found["pathwise"], 2 * first)


@pytest.mark.equation("K13 §2.2")
def test_measured_pathwise_variances_are_chi_square():
    """n·(sample variance)/4 is χ² with n − 1 degrees of freedom: a false alarm once in 10⁷ for each dimension."""
    size = experiment.plan("quick")
    found = experiment.against_closed_form(size, 0, Path("unused"))
    low, high = stats.chi2(size.toy_draws - 1).ppf([5e-8, 1 - 5e-8]) * 4 / size.toy_draws
    assert all(low <= variance <= high for variance in found["pathwise"]["measured"])
    assert found["score function"]["exact"] == [(n + 2) * (n + 4) for n in found["dimensions"]]
    assert found["dimensions"] == [1, 34, 67, 100]


def test_ratios_leave_out_parameters_that_never_move():
    model = experiment.small_vae(0)
    sizes = [parameter.numel() for parameter in model.encoder.parameters()]
    path = torch.ones(sum(sizes), dtype=torch.float64)
    path[:10] = 0
    score = 7 * path
    score[-sizes[-1] :] = 21  # the last layer's
    ratio = experiment.ratios(model, *(GradientNoise(v, v.sum().item(), 0.0, 0.0) for v in (score, path)))
    layers = list(ratio["by layer"].values())
    assert layers == [7.0] * (len(sizes) - 1) + [21.0]
    assert ratio["5 %, 50 %, 95 % of the parameters"][:2] == [7.0, 7.0]
    assert ratio["total"] == pytest.approx(score.sum().item() / path.sum().item())


def test_learning_is_fit_and_its_score_the_bound(tmp_path):
    size = experiment.plan("quick")
    train, test = load("digits"), load("digits", "test")
    found = experiment.learn(size, train, test, elbo_terms, 1e-3, 3, tmp_path / "state.pt")
    model = size.new_model(3)
    fit(model, train.x, epochs=size.epochs, seed=3, progress=False)
    assert found["test bound"][-1] == evaluate(model, test.x)
    assert found["steps"] == 15
