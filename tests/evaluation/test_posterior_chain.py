"""Chains in the posterior and the evidence estimated from them, against exact posteriors and quadrature."""

import math

import pytest
import torch
from scipy import stats
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal

from vae_edu.evaluation.density import gaussian_log_density, kernel_log_density
from vae_edu.evaluation.marginal_likelihood import (
    harmonic_estimate,
    harmonic_log_marginal,
    likely_prior_draws,
    posterior_chain,
)
from vae_edu.gaussians import log_standard_normal
from vae_edu.models import VAE, LinearGaussian, mlp_vae

FALSE_ALARM = 1e-7


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def linear_gaussian(batch: int, latent: int = 2, pixels: int = 6) -> tuple[LinearGaussian, Tensor]:
    """A narrow, correlated posterior, and data from the model itself."""
    model = LinearGaussian(normal(0, pixels, latent), normal(1, pixels), noise_var=0.05).requires_grad_(False)
    return model, model.likelihood.sample(model.decode(normal(2, batch, latent)), generator(3))


# The estimator


@pytest.mark.equation("K13 App. D")
def test_no_variance_when_q_is_the_posterior() -> None:
    model, x = linear_gaussian(batch=7)
    mean, covariance = model.posterior(x)
    anywhere = mean + normal(4, 5, 7, 2)
    log_joint = model.log_likelihood(x, anywhere) + log_standard_normal(anywhere)
    log_q = MultivariateNormal(mean, covariance).log_prob(anywhere)
    for one in range(5):
        each = harmonic_estimate(log_joint[one : one + 1], log_q[one : one + 1])
        torch.testing.assert_close(each, model.log_marginal(x))
    torch.testing.assert_close(harmonic_estimate(log_joint, log_q), model.log_marginal(x))


@pytest.mark.equation("K13 App. D")
@pytest.mark.parametrize(("shift", "scale"), [(0.0, 0.5), (0.7, 0.8), (-1.0, 0.3)])
def test_any_density_will_do(shift: float, scale: float) -> None:
    """One latent, the posterior's quantiles as draws, a q that is off center and too narrow."""
    model, x = linear_gaussian(batch=4, latent=1)
    mean, covariance = model.posterior(x)
    posterior = Normal(mean, covariance.sqrt())
    z = posterior.icdf((torch.arange(100_000).double() + 0.5).reshape(-1, 1, 1) / 100_000)
    q = Normal(mean + shift * posterior.stddev, scale * posterior.stddev)
    log_joint = model.log_likelihood(x, z) + log_standard_normal(z)
    estimate = harmonic_estimate(log_joint, q.log_prob(z).squeeze(-1))
    torch.testing.assert_close(estimate, model.log_marginal(x), rtol=0, atol=1e-3)


# The chain


@pytest.mark.equation("K13 App. D")
def test_the_chain_draws_from_the_posterior() -> None:
    """Its last draw, whitened by the exact posterior, over 20,000 chains: DKW's inequality on each axis."""
    model, x = linear_gaussian(batch=20_000)
    z = posterior_chain(model, x, 5, generator=generator(5))
    assert z.shape == (5, 20_000, 2)
    mean, covariance = model.posterior(x)
    white = torch.linalg.solve_triangular(torch.linalg.cholesky(covariance), (z[-1] - mean).mT, upper=False)
    allowed = math.sqrt(math.log(2 / FALSE_ALARM) / (2 * len(x)))
    for axis in (*white, white.sum(0) / math.sqrt(2)):
        assert stats.kstest(axis.numpy(), stats.norm.cdf).statistic <= allowed


@pytest.mark.equation("K13 App. E")
@pytest.mark.parametrize("batch", [40, 1000])
def test_nine_of_ten_proposals_are_accepted(batch: int) -> None:
    model, x = linear_gaussian(batch)
    z = posterior_chain(model, x, 200, burn_in=100, generator=generator(6))
    moved = (z[1:] != z[:-1]).any(-1).double().mean().item()
    assert moved == pytest.approx(0.9, abs=0.05)


def two_hills() -> tuple[VAE, Tensor]:
    """Half the pixels are on near z = 1 and near z = −1.5: the posterior has two modes far apart."""
    model = mlp_vae(16, (2,), 1, torch.nn.Tanh).double().requires_grad_(False)
    hidden = model.decoder.hidden[0]
    hidden.weight.copy_(torch.tensor([[4.0], [-4.0]]))
    hidden.bias.copy_(torch.tensor([-4.0, -6.0]))
    model.decoder.logits.weight.fill_(4.0)
    model.decoder.logits.bias.fill_(4.0)
    return model, (torch.arange(16) < 8).double().unsqueeze(0)


def grid_evidence(model: VAE, x: Tensor, latent: int, points: int = 401) -> tuple[Tensor, Tensor, Tensor]:
    """log p(x) by the trapezoidal rule, with its nodes and their log p(x, z)."""
    axis = torch.linspace(-7, 7, points, dtype=torch.float64)
    z = torch.cartesian_prod(*[axis] * latent).reshape(-1, latent)
    log_joint = torch.stack([model.log_likelihood(one, z) + log_standard_normal(z) for one in x])
    return log_joint.logsumexp(1) + latent * (axis[1] - axis[0]).log(), z, log_joint


@pytest.mark.equation("K13 App. D")
def test_a_chain_started_in_one_mode_misses_the_other_and_likely_draws_of_the_prior_do_not() -> None:
    """All chains share 2,000 candidates: the right-hand mode's share is its probability but for their chance.

    The candidates' weights w = p(x|z) count like 2,000·E[w]²/E[w²] equal ones, and the normal limit does the rest.
    """
    model, x = two_hills()
    evidence, z, log_joint = grid_evidence(model, x, 1, 4001)
    square = (2 * log_joint - log_standard_normal(z)).logsumexp(1) + (z[1] - z[0]).log()
    right = log_joint.softmax(1)[0, z.squeeze(-1) > 0].sum().item()
    assert 0.6 < right < 0.8
    x = x.expand(5000, -1)
    ones = torch.ones(5000, 1, dtype=torch.float64)
    stuck = posterior_chain(model, x, 1, z0=ones, step_size=0.1, generator=generator(7))
    assert (stuck > 0).double().mean() > 0.99
    free = posterior_chain(model, x, 1, z0=likely_prior_draws(model, x, 2000, generator(7)), generator=generator(8))
    effective = 2000 * (2 * evidence - square).exp().item()  # candidates that count
    allowed = 5.4 * math.sqrt(right * (1 - right) / effective)
    assert allowed < 0.3, "the test would be blind"
    assert (free > 0).double().mean().item() == pytest.approx(right, abs=allowed)


def test_likely_draws_are_drawn_in_proportion_to_their_likelihood() -> None:
    """Many copies of one data point share five candidates: their frequencies by a chi-squared test."""
    model, x = linear_gaussian(batch=1, latent=1)
    model.log_noise_var.fill_(2.0)
    z = likely_prior_draws(model, x.expand(20_000, -1), 5, generator(9)).squeeze(-1)
    values, counts = z.unique(return_counts=True)
    assert len(values) == 5
    expected = 20_000 * model.log_likelihood(x, values.unsqueeze(-1)).softmax(0)
    assert stats.chisquare(counts.numpy(), expected.numpy()).pvalue > FALSE_ALARM


# Both together


def assert_mean_is_zero(errors: Tensor, bias: float) -> None:
    """By the normal limit, 5.4 standard errors for one false alarm in 10⁷; `bias` is what 25 draws may cost."""
    assert errors.isfinite().all()
    allowed = bias + 5.4 * errors.std().item() / math.sqrt(len(errors))
    assert allowed < 0.15, "the test would be blind"
    assert abs(errors.mean().item()) < allowed


@pytest.mark.equation("K13 App. D")
@pytest.mark.parametrize("fit_density", [kernel_log_density, gaussian_log_density])
@pytest.mark.parametrize("latent", [1, 3])
def test_linear_gaussian_evidence_is_met(fit_density, latent: int) -> None:
    model, x = linear_gaussian(batch=1000, latent=latent)
    estimate = harmonic_log_marginal(model, x, fit_density=fit_density, generator=generator(10))
    assert_mean_is_zero(estimate - model.log_marginal(x), bias=0.08)


@pytest.mark.equation("K13 App. D")
def test_more_draws_come_nearer() -> None:
    model, x = linear_gaussian(batch=300)
    errors = [
        harmonic_log_marginal(model, x, draws, generator=generator(11)) - model.log_marginal(x) for draws in (20, 320)
    ]
    assert errors[1].abs().mean() < 0.5 * errors[0].abs().mean()


@pytest.mark.equation("K13 App. D")
@pytest.mark.parametrize("latent", [1, 2])
def test_quadrature_of_a_neural_decoder_is_met(latent: int) -> None:
    torch.manual_seed(0)
    model = mlp_vae(12, (16,), latent, torch.nn.Tanh).double().requires_grad_(False)
    for weight in model.decoder.parameters():
        weight.mul_(3)
    x = model.likelihood.sample(model.decode(normal(12, 30, latent)), generator(13))
    log_p, _, _ = grid_evidence(model, x, latent)
    estimate = harmonic_log_marginal(model, x.repeat(20, 1), generator=generator(14))
    assert_mean_is_zero(estimate - log_p.repeat(20), bias=0.08)


def test_a_generator_repeats_it_and_parameters_get_no_gradient() -> None:
    model = mlp_vae(6, (5,), 2)
    x = torch.rand(3, 6).round()
    first, second, other = (harmonic_log_marginal(model, x, 20, generator=generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert not first.requires_grad
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_chain_that_never_moves_has_no_estimate() -> None:
    """A likelihood without a derivative anywhere but at the start: every proposal is refused."""

    class Spike:
        latent = 2

        def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
            return torch.where((z == 0.5).all(-1), 0.0, -math.inf) + 0 * z.sum(-1)

    x, z0 = torch.zeros(3, 4), torch.full((3, 2), 0.5)
    assert harmonic_log_marginal(Spike(), x, 10, burn_in=5, z0=z0).isnan().all()
