"""The Bayesian VAE of one weight: evidence, bounds and gaps against quadrature, and against one another."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Normal

from vae_edu.models import ConjugateGaussian

# A Gaussian summed on a grid that is finer than its width and ends where it has died out: exact to rounding.
GRID = torch.linspace(-10, 10, 2001, dtype=torch.float64)
STEP = float(GRID[1] - GRID[0])


def random_model(seed: int, slope: float = 0.8, noise_var: float = 0.5, n: int = 4) -> tuple[ConjugateGaussian, Tensor]:
    """Posteriors anywhere in their families, and data from the model."""
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    model = ConjugateGaussian(slope, noise_var).double()
    with torch.no_grad():
        for parameter in (*model.weights.parameters(), *model.encoder.parameters()):
            parameter.copy_(0.5 * normal(1))
    x = normal(1) + slope * normal(n, 1) + noise_var**0.5 * normal(n, 1)
    return model, x


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)


def log_likelihood_of_weights(model: ConjugateGaussian, x: Tensor) -> Tensor:
    """log p(X|θ) on the grid of θ, with z summed out on its own grid."""
    theta, z = GRID.view(-1, 1, 1), GRID.view(1, 1, -1)
    log_joint = Normal(model.slope * z + theta, model.noise_var**0.5).log_prob(x) + Normal(0.0, 1.0).log_prob(z)
    return (torch.logsumexp(log_joint, -1) + math.log(STEP)).sum(-1)


def q_theta(model: ConjugateGaussian) -> Normal:
    return Normal(model.weights.mean, (model.weights.log_var / 2).exp())


@pytest.fixture(params=range(3))
def one(request: pytest.FixtureRequest) -> tuple[ConjugateGaussian, Tensor]:
    return random_model(request.param, n=3)


@torch.no_grad()
def test_evidence_and_posterior_of_the_weight_are_those_of_a_grid(one) -> None:
    model, x = one
    log_joint = log_likelihood_of_weights(model, x) + Normal(0.0, 1.0).log_prob(GRID)
    evidence = torch.logsumexp(log_joint, 0) + math.log(STEP)
    close(model.log_evidence(x), evidence)
    density = (log_joint - evidence).exp() * STEP
    mean, log_var = model.weight_posterior(x)
    close(mean.squeeze(), (density * GRID).sum())
    close(log_var.exp().squeeze(), (density * (GRID - mean) ** 2).sum())


@pytest.mark.equation("K13 (14)")
@torch.no_grad()
def test_bound_over_weights_is_the_integral_over_q(one) -> None:
    model, x = one
    q = q_theta(model)
    inside = log_likelihood_of_weights(model, x) + Normal(0.0, 1.0).log_prob(GRID) - q.log_prob(GRID)
    close(model.bound_over_weights(x), (q.log_prob(GRID).exp() * inside).sum() * STEP)


@pytest.mark.equation("K13 (13)")
@torch.no_grad()
def test_evidence_is_divergence_over_the_weights_plus_bound(one) -> None:
    model, x = one
    close(model.weight_gap(x) + model.bound_over_weights(x), model.log_evidence(x))


@pytest.mark.equation("K13 (15)")
@torch.no_grad()
def test_for_each_data_point_likelihood_is_divergence_plus_bound(one) -> None:
    """(15), averaged over q(θ) and summed over the data: (14) minus what the latent variables lose."""
    model, x = one
    close(model.bound(x) + model.latent_gap(x).sum(), model.bound_over_weights(x))


@pytest.mark.equation("K13 (16)")
@torch.no_grad()
def test_bound_is_the_integral_over_the_weight_and_every_latent_variable(one) -> None:
    model, x = one
    mean, log_var = model.encode(x)
    q, q_z = q_theta(model), Normal(mean.unsqueeze(-1), (log_var / 2).exp().unsqueeze(-1))
    z, theta = GRID.view(1, 1, -1), GRID.view(1, -1, 1)
    inside = Normal(model.slope * z + theta, model.noise_var**0.5).log_prob(x.unsqueeze(-1))
    inside = inside + Normal(0.0, 1.0).log_prob(z) - q_z.log_prob(z)
    given_theta = ((q_z.log_prob(z).exp() * inside).sum(-1) * STEP).sum(0)
    inside = given_theta + Normal(0.0, 1.0).log_prob(GRID) - q.log_prob(GRID)
    close(model.bound(x), (q.log_prob(GRID).exp() * inside).sum() * STEP)


@pytest.mark.equation("K13 (13)")
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.floats(-3, 3), st.floats(0.05, 5), st.integers(1, 30))
@torch.no_grad()
def test_no_bound_exceeds_the_evidence(seed: int, slope: float, noise_var: float, n: int) -> None:
    model, x = random_model(seed, slope, noise_var, n)
    slack = 1e-9 * (1 + float(model.bound(x).abs()))
    assert model.bound(x) <= model.bound_over_weights(x) + slack
    assert model.bound_over_weights(x) <= model.log_evidence(x) + slack


def test_the_fitted_posteriors_are_where_the_gradient_vanishes() -> None:
    model, x = random_model(5, n=10)
    model.fit_posteriors(x)
    model.bound(x).backward()
    for parameter in (*model.weights.parameters(), *model.encoder.parameters()):
        close(parameter.grad, torch.zeros(1, dtype=torch.float64))


@torch.no_grad()
def test_no_other_posteriors_give_a_larger_bound() -> None:
    model, x = random_model(6, n=10)
    model.fit_posteriors(x)
    best = float(model.bound(x))
    for seed in range(50):
        assert float(random_model(seed)[0].bound(x)) < best


@pytest.mark.equation("K13 (13)")
@torch.no_grad()
def test_where_the_data_do_not_need_z_the_bound_is_tight() -> None:
    model, x = random_model(7, slope=0.0, n=10)
    model.fit_posteriors(x)
    close(model.bound(x), model.log_evidence(x))


@torch.no_grad()
def test_independent_posteriors_lose_half_the_log_of_a_ratio_of_variances() -> None:
    """For a Gaussian with precision matrix P the best independent one is off by ½(Σ log P_ii − log det P)."""
    slope, noise_var, n = 0.8, 0.5, 10
    model, x = random_model(8, slope, noise_var, n)
    model.fit_posteriors(x)
    precision = torch.eye(n + 1, dtype=torch.float64)
    loading = torch.cat([torch.ones(n, 1, dtype=torch.float64), slope * torch.eye(n, dtype=torch.float64)], dim=1)
    precision = precision + loading.mT @ loading / noise_var  # of (θ, z₁, …, z_n), given X
    loss = 0.5 * (precision.diagonal().log().sum() - torch.logdet(precision))
    close(model.log_evidence(x) - model.bound(x), loss)
    assert loss > 0.1
