"""The posterior over weights against torch.distributions, the VAE at fixed weights against the plain VAE."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from vae_edu.likelihoods import Bernoulli
from vae_edu.models import BayesianVAE, WeightPosterior, mlp_vae


def normal(seed: int, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture
def posterior() -> WeightPosterior:
    weights = WeightPosterior(normal(0, 5), 0.0)
    with torch.no_grad():
        weights.log_var.copy_(normal(1, 5))
    return weights


def bayesian() -> BayesianVAE:
    torch.manual_seed(0)
    vae = mlp_vae(6, (4,), 2).double()
    return BayesianVAE(vae.encoder, vae.decoder, Bernoulli(), 2, log_var=-3.0)


def as_normal(posterior: WeightPosterior) -> Normal:
    return Normal(posterior.mean, (posterior.log_var / 2).exp())


@pytest.mark.equation("K13 (23)")
@torch.no_grad()
def test_log_ratio_is_the_prior_over_the_posterior(posterior: WeightPosterior) -> None:
    theta = normal(2, 7, 5)
    expected = (Normal(0.0, 1.0).log_prob(theta) - as_normal(posterior).log_prob(theta)).sum(-1)
    torch.testing.assert_close(posterior.log_ratio(theta), expected)


@pytest.mark.equation("K13 (24)")
@torch.no_grad()
def test_divergence_of_the_weights_is_torchs(posterior: WeightPosterior) -> None:
    prior = Normal(torch.zeros(5, dtype=torch.float64), torch.ones(5, dtype=torch.float64))
    torch.testing.assert_close(posterior.kl(), kl_divergence(as_normal(posterior), prior).sum())


@pytest.mark.equation("K13 (19)")
@torch.no_grad()
def test_draws_have_the_posteriors_mean_and_variance(posterior: WeightPosterior) -> None:
    n = 100_000
    theta = posterior.sample(normal(3, n, 5))
    variance = posterior.log_var.exp()
    # Mean and sample variance of n normal draws have standard errors σ/√n and σ²·√(2/n); 10 numbers, 6 of each: 2e-8.
    assert ((theta.mean(0) - posterior.mean).abs() < 6 * (variance / n).sqrt()).all()
    assert ((theta.var(0) - variance).abs() < 6 * variance * (2 / n) ** 0.5).all()


@pytest.mark.equation("K13 (19)")
def test_gradients_pass_through_the_draw_to_mean_and_log_variance() -> None:
    """Autograd against finite differences of the decoder's output, with the noise held still."""
    model, z, x = bayesian(), normal(4, 3, 2), (normal(5, 3, 6) > 0).double()
    zeta = normal(6, len(model.weights.mean))

    def value(mean: torch.Tensor, log_var: torch.Tensor) -> torch.Tensor:
        return model.at(mean + (log_var / 2).exp() * zeta).log_likelihood(x, z).sum()

    model.at(model.weights.sample(zeta)).log_likelihood(x, z).sum().backward()
    for parameter, move in [(model.weights.mean, (1.0, 0.0)), (model.weights.log_var, (0.0, 1.0))]:
        direction, step = normal(7, len(zeta)), 1e-6
        with torch.no_grad():
            ahead, behind = (
                value(model.weights.mean + s * move[0] * direction, model.weights.log_var + s * move[1] * direction)
                for s in (step, -step)
            )
        assert float(parameter.grad @ direction) == pytest.approx(float(ahead - behind) / (2 * step), rel=1e-6)


@torch.no_grad()
def test_at_fixed_weights_it_is_the_vae_with_these_weights() -> None:
    model = bayesian()
    theta = normal(8, len(model.weights.mean))
    torch.manual_seed(0)
    plain = mlp_vae(6, (4,), 2).double()  # the same biases
    first, last = plain.decoder.hidden[0].weight, plain.decoder.logits.weight
    first.copy_(theta[: first.numel()].view_as(first))
    last.copy_(theta[first.numel() :].view_as(last))
    x, z = (normal(9, 3, 6) > 0).double(), normal(10, 4, 3, 2)
    given = model.at(theta)
    torch.testing.assert_close(given.decode(z), plain.decode(z))
    torch.testing.assert_close(given.log_likelihood(x, z), plain.log_likelihood(x, z))
    torch.testing.assert_close(given.encode(x), plain.encode(x))


def test_every_weight_of_the_decoder_has_a_posterior_and_no_bias_has() -> None:
    model = bayesian()
    assert len(model.weights.mean) == 2 * 4 + 4 * 6
    learned = {name for name, p in model.named_parameters() if p.requires_grad and "encoder" not in name}
    assert learned == {"weights.mean", "weights.log_var", "decoder.hidden.0.bias", "decoder.logits.bias"}
