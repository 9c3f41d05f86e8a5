"""Prior sampling against exact evidence: the linear-Gaussian model's, and quadrature's for a neural decoder.

One draw's likelihood w = p(x|z) is bounded, and its variance is known here in closed form or by quadrature.
So Bernstein's inequality bounds the error of the mean of n draws, at any n and without the normal limit:

    P(|mean − p| ≥ t) ≤ 2·exp(−n·t² / (2·(variance + bound·t/3))).
"""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from torch import Tensor
from torch.distributions import MultivariateNormal

from vae_edu.evaluation.marginal_likelihood import prior_draws, prior_sampling
from vae_edu.gaussians import log_standard_normal
from vae_edu.models import VAE, LinearGaussian, mlp_cvae, mlp_vae

FALSE_ALARM = 1e-6
DRAWS = 100_000


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def linear_gaussian(pixels: int, latent: int, noise_var: float, dtype=torch.float64) -> LinearGaussian:
    weight = torch.randn(pixels, latent, generator=generator(pixels + 10 * latent), dtype=dtype)
    return LinearGaussian(weight, torch.linspace(-1, 1, pixels, dtype=dtype), noise_var)


def bernstein(variance: Tensor, bound: Tensor | float, points: int) -> Tensor:
    """Smallest t that the inequality above allows, with the false-alarm rate shared among all points."""
    log_odds = math.log(2 * points / FALSE_ALARM)
    half = log_odds * bound / 3
    return (half + (half**2 + 2 * DRAWS * variance * log_odds).sqrt()) / DRAWS


def assert_close(estimate: Tensor, log_p: Tensor, variance: Tensor, bound: Tensor | float) -> None:
    relative_error = bernstein(variance, bound, len(log_p)) / log_p.exp()
    assert (relative_error < 0.15).all(), "the test would be blind"
    assert (estimate <= log_p + torch.log1p(relative_error)).all()
    assert (estimate >= log_p + torch.log1p(-relative_error)).all()


def variance_of_one_draw(model: LinearGaussian, x: Tensor) -> Tensor:
    """E[w²] − p²: N(x; m, s) squared is (4πs)^(−D/2)·N(x; m, s/2), and then z is integrated out."""
    noise_var, pixels = model.log_noise_var.exp(), len(model.bias)
    covariance = model.weight @ model.weight.mT + noise_var / 2 * torch.eye(pixels, dtype=x.dtype)
    square = MultivariateNormal(model.bias, covariance).log_prob(x).exp() / (4 * math.pi * noise_var) ** (pixels / 2)
    return square - (2 * model.log_marginal(x)).exp()


@pytest.mark.equation("D16 (1)")
@pytest.mark.parametrize(("pixels", "latent", "noise_var"), [(1, 1, 1.0), (1, 1, 0.1), (3, 2, 1.0), (2, 5, 0.5)])
@torch.no_grad()
def test_linear_gaussian_evidence_is_met(pixels, latent, noise_var):
    model = linear_gaussian(pixels, latent, noise_var)
    x = model.likelihood.sample(model.decode(prior_draws(4, latent, generator(1), torch.float64)), generator(2))
    estimate = prior_sampling(model, x, prior_draws(DRAWS, latent, generator(3), torch.float64))
    highest = (2 * math.pi * model.log_noise_var.exp()) ** (-pixels / 2)
    assert_close(estimate, model.log_marginal(x), variance_of_one_draw(model, x), highest)


def quadrature(model: VAE, x: Tensor, latent: int, points: int) -> tuple[Tensor, Tensor]:
    """log p(x) and E[w²] by the trapezoidal rule on [−9, 9] in each dimension, for smooth w all but exact."""
    axis = torch.linspace(-9, 9, points, dtype=torch.float64)
    z = torch.cartesian_prod(*[axis] * latent).reshape(-1, latent)
    cell = (axis[1] - axis[0]) ** latent
    log_likelihood = torch.stack([model.log_likelihood(image, z) for image in x])
    log_weight = log_standard_normal(z) + cell.log()
    return (log_likelihood + log_weight).logsumexp(1), (2 * log_likelihood + log_weight).exp().sum(1)


@pytest.mark.equation("D16 (1)")
@pytest.mark.parametrize("latent", [1, 2])
@torch.no_grad()
def test_quadrature_of_a_neural_decoder_is_met(latent):
    """Binary pixels: p(x|z) ≤ 1 bounds the draw."""
    torch.manual_seed(0)
    model = mlp_vae(pixels=4, hidden=(16,), latent=latent, activation=torch.nn.Tanh).double()
    for weight in model.decoder.parameters():
        weight.mul_(3)  # far from linear
    x = torch.tensor([[0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 1, 0]], dtype=torch.float64)
    log_p, square = quadrature(model, x, latent, points=241)
    torch.testing.assert_close(log_p, quadrature(model, x, latent, points=121)[0], rtol=1e-9, atol=1e-9)
    estimate = prior_sampling(model, x, prior_draws(DRAWS, latent, generator(4), torch.float64))
    assert_close(estimate, log_p, square - (2 * log_p).exp(), 1.0)


@pytest.mark.equation("D16 (1)")
@torch.no_grad()
def test_probabilities_of_all_binary_images_sum_to_one():
    """With the same draws for every x the estimates are the evidence of one finite mixture, which adds up."""
    torch.manual_seed(1)
    model = mlp_vae(pixels=5, hidden=(8,), latent=3).double()
    x = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 5)
    estimate = prior_sampling(model, x, prior_draws(50, 3, generator(5), torch.float64))
    torch.testing.assert_close(estimate.exp().sum(), torch.ones((), dtype=torch.float64))


@torch.no_grad()
def test_with_one_draw_the_logarithm_is_too_low_by_the_known_amount():
    """D = J = 1: log w = const − ratio·y/2, and sums of y are noncentral chi-squared: exact quantiles."""
    model, repeats = linear_gaussian(1, 1, 0.5), 2000
    x = torch.tensor([[0.3]], dtype=torch.float64)
    z = prior_draws(repeats, 1, generator(6), torch.float64)
    log_w = torch.stack([prior_sampling(model, x, one.unsqueeze(0)) for one in z])
    ratio = model.weight.item() ** 2 / model.log_noise_var.exp().item()
    offset = (0.3 - model.bias.item()) ** 2 / model.weight.item() ** 2
    const = -0.5 * (math.log(2 * math.pi) + model.log_noise_var.item())
    low, high = stats.ncx2(df=repeats, nc=repeats * offset).ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2])
    mean_log_w = log_w.mean().item()
    assert const - ratio * high / (2 * repeats) <= mean_log_w <= const - ratio * low / (2 * repeats)
    assert mean_log_w < model.log_marginal(x).item() - 0.1


@settings(max_examples=40, deadline=None)
@given(
    samples=st.integers(1, 20),
    batch=st.integers(0, 4),
    latent=st.integers(1, 4),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
@torch.no_grad()
def test_is_the_log_of_the_plain_mean(samples, batch, latent, dtype):
    """Against exp, mean and log done in the open, for empty and one-item batches too."""
    model = linear_gaussian(3, latent, 1.0, dtype)
    x = torch.randn(batch, 3, generator=generator(7), dtype=dtype)
    z = prior_draws(samples, latent, generator(8), dtype)
    estimate = prior_sampling(model, x, z)
    assert estimate.shape == (batch,)
    assert estimate.dtype == z.dtype == dtype
    for one, value in zip(x, estimate, strict=True):
        plain = model.log_likelihood(one, z).double().exp().sum() / samples
        torch.testing.assert_close(value.double(), plain.log(), rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_one_data_point_does_not_see_the_others():
    model = linear_gaussian(3, 2, 1.0)
    x = torch.randn(5, 3, generator=generator(9), dtype=torch.float64)
    z = prior_draws(30, 2, generator(10), torch.float64)
    alone = torch.cat([prior_sampling(model, one.unsqueeze(0), z) for one in x])
    torch.testing.assert_close(prior_sampling(model, x, z), alone)


@pytest.mark.parametrize("log_var", [-80.0, 80.0])
@torch.no_grad()
def test_extreme_noise_stays_finite_where_probabilities_underflow(log_var):
    model = linear_gaussian(2, 1, 1.0, torch.float32)
    model.log_noise_var.fill_(log_var)
    estimate = prior_sampling(model, torch.tensor([[5.0, -5.0]]), prior_draws(10, 1, generator(11)))
    assert estimate.isfinite().all()
    if log_var == 80.0:  # z no longer matters: the evidence is the noise's own density at its center
        torch.testing.assert_close(estimate, torch.tensor([-math.log(2 * math.pi) - 80.0]))


@pytest.mark.parametrize("logit", [-1e4, -80.0, 80.0, 1e4])
@torch.no_grad()
def test_saturated_logits_give_the_logit_itself(logit):
    """Two pixels, one as the decoder is sure of, one against it: log p = −|logit|."""
    model = mlp_vae(pixels=2, hidden=(4,), latent=1)
    model.decoder.logits.weight.zero_()
    model.decoder.logits.bias.fill_(logit)
    estimate = prior_sampling(model, torch.tensor([[0.0, 1.0]]), prior_draws(10, 1, generator(12)))
    torch.testing.assert_close(estimate, torch.tensor([-abs(logit)]))


def test_prior_draws_are_standard_normal_and_repeatable():
    """Kolmogorov-Smirnov for the law, the chi-squared law of Σz² for the scale; false alarm 1e-6 each."""
    z = prior_draws(5000, 4, generator(13), torch.float64)
    assert z.shape == (5000, 4)
    torch.testing.assert_close(z, prior_draws(5000, 4, generator(13), torch.float64))
    assert stats.kstest(z.flatten().numpy(), stats.norm.cdf).pvalue > FALSE_ALARM
    low, high = stats.chi2(z.numel()).ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2])
    assert low < z.square().sum() < high


@torch.no_grad()
def test_the_prior_of_a_conditional_model_decodes_with_each_condition():
    model = mlp_cvae(6, range(2), (), (5,), 3)
    x, z = torch.rand(4, 6, generator=generator(13)), prior_draws(7, 3, generator(14))
    each = torch.stack([model.log_likelihood(x, one.expand(4, -1)) for one in z])
    torch.testing.assert_close(prior_sampling(model, x, z), each.exp().mean(0).log())


@torch.no_grad()
def test_a_prior_draw_is_decoded_once_for_all_data_points():
    model, seen = mlp_vae(6, (5,), 3), []
    model.decoder.register_forward_hook(lambda _module, inputs, _output: seen.append(inputs[0].numel() // 3))
    prior_sampling(model, torch.rand(4, 6), prior_draws(7, 3))
    assert seen == [7]
