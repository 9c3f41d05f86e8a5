"""The linear-Gaussian model against quadrature over z, joint Gaussians, and torch.distributions."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import LowRankMultivariateNormal, Normal

from vae_edu.models import LinearGaussian


def random_model(seed: int, latent: int = 3, pixels: int = 5) -> tuple[LinearGaussian, torch.Generator]:
    """A random decoder with a random encoder, in general far from the posterior."""
    generator = torch.Generator().manual_seed(seed)
    model = LinearGaussian(normal(generator, pixels, latent), normal(generator, pixels), float(normal(generator).exp()))
    with torch.no_grad():
        model.encoder_weight.copy_(normal(generator, latent, pixels))
        model.encoder_log_var.copy_(normal(generator, latent))
    return model, generator


def normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


# One latent dimension: every integral over z is a sum over a fine grid. On a Gaussian that has died out at
# the ends, the trapezoid rule errs by less than rounding once the step is below the standard deviation.

SPAN = torch.linspace(-13, 13, 40001, dtype=torch.float64)
STEP = float(SPAN[1] - SPAN[0])


class OneLatent:
    """log p(x, z) on a grid over the prior, and every density on a grid over q."""

    def __init__(self, seed: int):
        self.model, generator = random_model(seed, latent=1, pixels=3)
        self.x = 2 * normal(generator, 4, 3)
        self.evidence = torch.logsumexp(self.log_joint(self.z_grid()), 0) + math.log(STEP)
        mean, log_var = self.model.encode(self.x)
        self.q = Normal(mean.squeeze(-1), (log_var / 2).exp().squeeze(-1))
        self.z = (self.q.mean + self.q.stddev * SPAN.unsqueeze(1)).detach().unsqueeze(-1)

    def z_grid(self) -> Tensor:
        return SPAN.reshape(-1, 1, 1).expand(-1, len(self.x), -1)

    def log_prior(self, z: Tensor) -> Tensor:
        return Normal(0.0, 1.0).log_prob(z).squeeze(-1)

    def log_likelihood(self, z: Tensor) -> Tensor:
        noise = (self.model.log_noise_var / 2).exp()
        return Normal(self.model.bias + z * self.model.weight.squeeze(-1), noise).log_prob(self.x).sum(-1)

    def log_joint(self, z: Tensor) -> Tensor:
        return self.log_likelihood(z) + self.log_prior(z)

    def log_q(self) -> Tensor:
        return self.q.log_prob(self.z.squeeze(-1))

    def under_q(self, values: Tensor) -> Tensor:
        return (self.log_q().exp() * values).sum(0) * STEP * self.q.stddev


@pytest.fixture(params=range(4))
def one(request: pytest.FixtureRequest) -> OneLatent:
    with torch.no_grad():
        return OneLatent(request.param)


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.equation("D16 (1)")
@torch.no_grad()
def test_log_marginal_is_the_integral_of_likelihood_times_prior(one: OneLatent) -> None:
    close(one.model.log_marginal(one.x), one.evidence)


@torch.no_grad()
def test_posterior_is_bayes_rule_on_a_grid(one: OneLatent) -> None:
    density = (one.log_joint(one.z_grid()) - one.evidence).exp() * STEP
    z = one.z_grid().squeeze(-1)
    mean = (density * z).sum(0)
    variance = (density * (z - mean) ** 2).sum(0)

    actual_mean, actual_covariance = one.model.posterior(one.x)

    close(actual_mean.squeeze(-1), mean)
    close(actual_covariance.expand(len(mean), 1, 1).flatten(), variance)


@pytest.mark.equation("D16 (2)")
@torch.no_grad()
def test_gap_is_the_divergence_from_the_posterior_by_its_definition(one: OneLatent) -> None:
    log_posterior = one.log_joint(one.z) - one.evidence
    close(one.model.gap(one.x), one.under_q(one.log_q() - log_posterior))


@pytest.mark.equation("D16 (3)")
@torch.no_grad()
def test_gap_after_bayes_rule_needs_the_posterior_no_more(one: OneLatent) -> None:
    cost = one.under_q(one.log_q() - one.log_likelihood(one.z) - one.log_prior(one.z))
    close(one.model.gap(one.x), cost + one.evidence)


@pytest.mark.equation("K13 (2)")
@torch.no_grad()
def test_elbo_is_the_expected_log_joint_minus_log_q(one: OneLatent) -> None:
    close(one.model.elbo(one.x), one.under_q(one.log_joint(one.z) - one.log_q()))


@pytest.mark.equation("K13 (3)")
@pytest.mark.equation("D16 (4)")
@torch.no_grad()
def test_elbo_is_expected_reconstruction_minus_divergence_from_the_prior(one: OneLatent) -> None:
    reconstruction = one.under_q(one.log_likelihood(one.z))
    divergence = one.under_q(one.log_q() - one.log_prior(one.z))
    close(one.model.elbo(one.x), reconstruction - divergence)
    close(one.evidence - one.model.gap(one.x), reconstruction - divergence)


# Several latent dimensions: identities of Gaussians, and routes that the code does not take.


@pytest.mark.equation("K13 (1)")
@pytest.mark.equation("D16 (5)")
@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**31), st.integers(1, 4), st.integers(1, 6), st.sampled_from([0, 1, 5]),
    st.floats(-6, 6), st.floats(-4, 4),
)  # fmt: skip
@torch.no_grad()
def test_evidence_is_bound_plus_gap(
    seed: int, latent: int, pixels: int, batch: int, log_noise_var: float, shift: float
) -> None:
    model, generator = random_model(seed, latent, pixels)
    model.log_noise_var.fill_(log_noise_var)
    model.encoder_log_var.add_(shift)
    x = 3 * normal(generator, batch, pixels)

    evidence, bound, gap = model.log_marginal(x), model.elbo(x), model.gap(x)

    assert evidence.shape == bound.shape == gap.shape == (batch,)
    # The terms can be 1e7 nats large and cancel, so the error is measured against the larger ones.
    torch.testing.assert_close(bound + gap, evidence, rtol=1e-9, atol=1e-9 * (1 + float(gap.sum())))
    assert (gap >= -1e-9 * (1 + bound.abs())).all()


@torch.no_grad()
def test_log_marginal_agrees_with_the_low_rank_density() -> None:
    model, generator = random_model(0, latent=2, pixels=40)
    x = normal(generator, 7, 40)
    oracle = LowRankMultivariateNormal(model.bias, model.weight, model.log_noise_var.exp().expand(40))
    close(model.log_marginal(x), oracle.log_prob(x))


@torch.no_grad()
def test_posterior_is_the_joint_gaussian_conditioned_on_x() -> None:
    model, generator = random_model(1)
    x = normal(generator, 6, 5)
    # cov(z, x) = Wᵀ and cov(x) = W Wᵀ + noise: the D×D route, where the code takes the J×J one.
    gain = model.weight.mT @ torch.linalg.inv(
        model.weight @ model.weight.mT + model.log_noise_var.exp() * torch.eye(5, dtype=x.dtype)
    )
    mean, covariance = model.posterior(x)
    close(mean, (x - model.bias) @ gain.mT)
    close(covariance, torch.eye(3, dtype=x.dtype) - gain @ model.weight)


def test_fit_encoder_is_the_optimum_among_diagonal_gaussians() -> None:
    model, generator = random_model(2)
    x = normal(generator, 8, 5)
    model.fit_encoder()

    model.elbo(x).sum().backward()

    close(model.encoder_weight.grad, torch.zeros(3, 5, dtype=x.dtype))
    close(model.encoder_log_var.grad, torch.zeros(3, dtype=x.dtype))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.floats(1e-3, 3))
@torch.no_grad()
def test_no_other_encoder_gives_a_higher_bound_for_any_data_point(seed: int, size: float) -> None:
    model, generator = random_model(seed)
    x = normal(generator, 8, 5)
    model.fit_encoder()
    best = model.elbo(x)
    model.encoder_weight.add_(size * normal(generator, 3, 5))
    model.encoder_log_var.add_(size * normal(generator, 3))
    assert (model.elbo(x) <= best + 1e-9 * (1 + best.abs())).all()


@torch.no_grad()
def test_a_new_model_starts_at_the_best_encoder() -> None:
    model, _ = random_model(3)
    fresh = LinearGaussian(model.weight, model.bias, float(model.log_noise_var.exp()))
    model.fit_encoder()
    close(fresh.encoder_weight, model.encoder_weight)
    close(fresh.encoder_log_var, model.encoder_log_var)


@torch.no_grad()
def test_gap_of_the_best_diagonal_encoder_is_that_of_the_decoders_angles() -> None:
    model, generator = random_model(4, latent=2)
    model.fit_encoder()
    x = normal(generator, 5, 5)
    covariance = model.posterior(x)[1]
    correlation = covariance[0, 1] / (covariance[0, 0] * covariance[1, 1]).sqrt()
    close(model.gap(x), -0.5 * torch.log(1 - correlation**2).expand(5))


@torch.no_grad()
def test_gap_closes_when_the_decoders_columns_are_orthogonal() -> None:
    model, generator = random_model(5)
    columns = torch.linalg.qr(model.weight).Q * torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    orthogonal = LinearGaussian(columns, model.bias, 0.7)
    x = normal(generator, 5, 5)
    close(orthogonal.gap(x), torch.zeros(5, dtype=x.dtype))
    close(orthogonal.elbo(x), orthogonal.log_marginal(x))


@torch.no_grad()
def test_turning_the_latent_axes_keeps_the_evidence_and_moves_the_bound() -> None:
    model, generator = random_model(6)
    x = normal(generator, 5, 5)
    rotation = torch.linalg.qr(normal(generator, 3, 3)).Q
    model.fit_encoder()
    turned = LinearGaussian(model.weight @ rotation, model.bias, float(model.log_noise_var.exp()))
    close(turned.log_marginal(x), model.log_marginal(x))
    assert (turned.elbo(x) - model.elbo(x)).abs().min() > 1e-3


@torch.no_grad()
def test_extra_gap_of_a_misplaced_mean_is_its_squared_distance_in_the_posteriors_metric() -> None:
    model, generator = random_model(7)
    x = normal(generator, 5, 5)
    model.fit_encoder()
    before = model.gap(x)
    model.encoder_weight.add_(normal(generator, 3, 5))
    mean, covariance = model.posterior(x)
    error = model.encode(x)[0] - mean
    extra = 0.5 * (error @ torch.linalg.inv(covariance) * error).sum(-1)
    close(model.gap(x) - before, extra)


@pytest.mark.parametrize("shift", [-80.0, 80.0])
@torch.no_grad()
def test_extreme_encoder_variances_stay_finite_and_exact(shift: float) -> None:
    model, generator = random_model(8, latent=2)
    model.encoder_log_var.fill_(shift)
    x = normal(generator, 4, 5)
    torch.testing.assert_close(
        model.elbo(x) + model.gap(x), model.log_marginal(x), rtol=1e-9, atol=1e-9 * math.exp(max(shift, 0))
    )
    single = model.float()
    for value in (single.elbo(x.float()), single.gap(x.float()), single.log_marginal(x.float())):
        assert value.isfinite().all()
        assert value.dtype == torch.float32


@pytest.mark.parametrize("noise_var", [1e-8, 1e8])
@torch.no_grad()
def test_extreme_noise_stays_exact(noise_var: float) -> None:
    model, generator = random_model(9, latent=2, pixels=2)
    best = LinearGaussian(model.weight, model.bias, noise_var)
    x = normal(generator, 4, 2)
    torch.testing.assert_close(best.elbo(x) + best.gap(x), best.log_marginal(x), rtol=1e-6, atol=1e-6)


@torch.no_grad()
def test_gap_agrees_with_torchs_divergence_of_two_gaussians() -> None:
    model, generator = random_model(10)
    x = normal(generator, 1, 5)
    mean, log_var = model.encode(x)
    posterior = torch.distributions.MultivariateNormal(*model.posterior(x))
    q = torch.distributions.MultivariateNormal(mean, torch.diag_embed(log_var.exp()))
    close(model.gap(x), torch.distributions.kl_divergence(q, posterior))


def test_every_parameter_is_where_the_decoder_is() -> None:
    """On the device that stores nothing: it stands for a GPU."""
    weight, bias = torch.empty(5, 3, device="meta", dtype=torch.float64), torch.empty(5, device="meta")
    assert {p.device.type for p in LinearGaussian(weight, bias, 0.5).parameters()} == {"meta"}
