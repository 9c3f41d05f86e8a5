"""Each step of appendix A against the posterior itself, derivatives against those of a closed form."""

import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Gumbel, Normal, kl_divergence

from vae_edu.evaluation.vanishing_noise import (
    constant_and_decoder,
    f_derivatives,
    limit,
    log_expanded_decoder,
    log_gaussian_form,
    log_rescaled_posterior,
    normalized,
    quadratic_coefficient,
    rescale,
    taylor_terms,
)
from vae_edu.models.one_dimension import OneDimensionalVAE, mixture

POINTS = [-2.0, 0.0, 1.3]


def scalar(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def bumps() -> OneDimensionalVAE:
    return OneDimensionalVAE(mixture([0.4, 0.6], [-1.5, 1.0], [0.6, 0.8]))


def around(model: OneDimensionalVAE, x: float, widths: float = 8.0, n: int = 1001) -> Tensor:
    """A grid of z⁰ over ± so many standard deviations of the limit."""
    g, slope = model.g(scalar(x)), model.g_slope(scalar(x))
    return g + slope * torch.linspace(-widths, widths, n, dtype=torch.float64)


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)


# From the posterior to (21)


@pytest.mark.equation("D16 (18)")
@pytest.mark.parametrize("x", POINTS)
@pytest.mark.parametrize("sigma", [0.4, 0.01])
def test_rescaled_posterior_is_the_posterior_on_another_axis(x: float, sigma: float):
    """It integrates to 1, and gives an interval of z⁰ what the posterior gives the interval's image."""
    model = bumps()
    z0 = around(model, x, widths=20.0, n=4001)
    density = log_rescaled_posterior(model, z0, scalar(x), sigma).exp()
    assert torch.trapezoid(density, z0).item() == pytest.approx(1, abs=1e-4)
    r = rescale(model, z0[1900:2200], scalar(x), sigma)
    expected = torch.trapezoid(model.log_posterior(r, scalar(x), sigma).exp(), r)
    close(torch.trapezoid(density[1900:2200], z0[1900:2200]), expected)


@pytest.mark.equation("D16 (17)")
@pytest.mark.equation("D16 (18)")
def test_the_divergence_does_not_change_on_the_way():
    model, x, sigma = bumps(), scalar(0.0), 0.1
    z0, q0 = around(model, 0.0), limit(model, x)
    log_ratio = q0.log_prob(z0) - log_rescaled_posterior(model, z0, x, sigma)
    divergence = torch.trapezoid(q0.log_prob(z0).exp() * log_ratio, z0)
    assert divergence.item() == pytest.approx(model.divergence(x, sigma).item(), rel=1e-9)


@pytest.mark.equation("D16 (19)")
@pytest.mark.parametrize("x", POINTS)
def test_constant_times_decoder_is_the_rescaled_posterior(x: float):
    model, sigma = bumps(), 0.2
    z0 = around(model, x)
    log_c, log_decoder = constant_and_decoder(model, z0, scalar(x), sigma)
    close(log_c + log_decoder, log_rescaled_posterior(model, z0, scalar(x), sigma))
    prior = Normal(scalar(0.0), 1.0).log_prob(model.g(scalar(x)) + (z0 - model.g(scalar(x))) * sigma)
    close(log_c, prior + math.log(sigma) - model.log_marginal(scalar(x), sigma))


@pytest.mark.equation("D16 (19)")
def test_the_constant_becomes_one():
    """Over ± 3 standard deviations C varies in proportion to σ, and log C − log σ tends to log P(g)/P(X)."""
    model, x = bumps(), scalar(1.3)
    z0 = around(model, 1.3, widths=3.0)
    spread = {}
    for sigma in (0.1, 0.01, 0.001):
        log_c, _ = constant_and_decoder(model, z0, x, sigma)
        spread[sigma] = (log_c.max() - log_c.min()).item()
    assert spread[0.01] == pytest.approx(spread[0.1] / 10, rel=0.05)
    assert spread[0.001] == pytest.approx(spread[0.01] / 10, rel=0.05)
    middle = log_c[len(z0) // 2].item() - math.log(0.001)
    assert middle == pytest.approx((Normal(0.0, 1.0).log_prob(model.g(x)) - model.data.log_prob(x)).item(), abs=1e-5)


@pytest.mark.equation("D16 (20)")
def test_derivatives_of_the_decoder_against_a_closed_form():
    """Gumbel data have f(z) = m − s·log(−log G(z)), which autograd differentiates directly."""
    model = OneDimensionalVAE(Gumbel(scalar(0.3), scalar(1.5), validate_args=False))
    z = scalar(-0.6).requires_grad_()
    expected = [0.3 - 1.5 * torch.log(-torch.log(torch.special.ndtr(z)))]
    for _ in range(5):
        expected += torch.autograd.grad(expected[-1], z, create_graph=True)
    for one, other in zip(f_derivatives(model, expected[0].detach(), 5), expected, strict=True):
        torch.testing.assert_close(one, other.detach(), rtol=1e-7, atol=1e-9)


@pytest.mark.equation("D16 (20)")
@pytest.mark.parametrize("order", [1, 2, 4])
def test_what_the_taylor_polynomial_leaves_out_is_of_the_next_order(order: int):
    model, x = bumps(), scalar(0.0)
    z0 = around(model, 0.0, widths=3.0, n=7)[[0, 2, 6]]
    left = []
    for sigma in (0.02, 0.01):
        f = model.f(rescale(model, z0, x, sigma))
        left.append((f - taylor_terms(model, z0, x, sigma, order).sum(0)).abs())
    halvings = torch.log2(left[0] / left[1])
    assert (halvings - (order + 1)).abs().max() < 0.25


@pytest.mark.equation("D16 (20)")
def test_the_expanded_decoder_tends_to_the_decoder():
    model, x, sigma = bumps(), scalar(0.0), 0.05
    z0 = around(model, 0.0, widths=3.0)
    _, exact = constant_and_decoder(model, z0, x, sigma)
    errors = [(log_expanded_decoder(model, z0, x, sigma, order) - exact).abs().max().item() for order in (1, 3, 5, 8)]
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 1e-3


@pytest.mark.equation("D16 (21)")
@pytest.mark.parametrize("x", POINTS)
@pytest.mark.parametrize("order", [1, 2, 5])
def test_the_gaussian_form_is_the_expanded_decoder(x: float, order: int):
    """Equal as they stand, with 1/(σ·f′) in front; with D16's f′/σ the two differ by the factor f′²."""
    model, sigma = bumps(), 0.1
    z0 = around(model, x, widths=3.0)
    expanded = log_expanded_decoder(model, z0, scalar(x), sigma, order)
    gaussian = log_gaussian_form(model, z0, scalar(x), sigma, order)
    close(gaussian, expanded)
    f_slope = f_derivatives(model, scalar(x), 1)[1]
    printed = gaussian + (sigma * f_slope).log() + (f_slope / sigma).log()
    close(printed - expanded, (2 * f_slope.log()).expand(len(z0)))
    close(normalized(printed, z0), normalized(expanded, z0))


@pytest.mark.equation("D16 (21)")
def test_normalizing_makes_a_density():
    z0 = around(bumps(), 0.0)
    density = normalized(log_gaussian_form(bumps(), z0, scalar(0.0), 0.01, 2), z0).exp()
    assert torch.trapezoid(density, z0).item() == pytest.approx(1, abs=1e-9)


# The limit


@pytest.mark.equation("D16 (22)")
@pytest.mark.parametrize("x", POINTS)
def test_rescaled_posterior_tends_to_the_gaussian(x: float):
    """Each step to a tenth of σ brings it ten times nearer, at every z⁰ within four standard deviations."""
    model = bumps()
    z0 = around(model, x, widths=4.0)
    distances = [
        (log_rescaled_posterior(model, z0, scalar(x), sigma) - limit(model, scalar(x)).log_prob(z0)).abs().max().item()
        for sigma in (1e-2, 1e-3, 1e-4)
    ]
    assert distances[1] == pytest.approx(distances[0] / 10, rel=0.3)
    assert distances[2] == pytest.approx(distances[1] / 10, rel=0.03)


@pytest.mark.equation("D16 (22)")
def test_the_limit_is_q_at_the_noise_one():
    model, x = bumps(), scalar(0.6)
    for sigma in (0.3, 0.003):
        q = model.q(x, sigma)
        close(limit(model, x).mean, q.mean)
        close(limit(model, x).stddev, q.stddev / sigma)


@pytest.mark.equation("D16 (22)")
@pytest.mark.parametrize("x", POINTS)
def test_divergence_goes_with_the_square_of_sigma(x: float):
    model = bumps()
    sigmas = np.array([0.008, 0.004, 0.002, 0.001])
    divergences = np.array([model.divergence(scalar(x), sigma).item() for sigma in sigmas])
    slope, _ = np.polyfit(np.log(sigmas), np.log(divergences), 1)
    assert slope == pytest.approx(2, abs=0.01)
    assert divergences[-1] / sigmas[-1] ** 2 == pytest.approx(quadratic_coefficient(model, scalar(x)), rel=1e-3)


def test_the_coefficient_of_gaussian_data():
    """N(0, s²): the posterior is a Gaussian, and D tends to ½·(g/s)²·σ²."""
    s, x, sigma = scalar(1.6), scalar(0.9), 1e-3
    model = OneDimensionalVAE(Normal(scalar(0.0), s))
    precision = 1 + s**2 / sigma**2
    exact = kl_divergence(Normal(x / s, sigma / s), Normal(s * x / sigma**2 / precision, precision**-0.5))
    assert quadratic_coefficient(model, x) == pytest.approx(((x / s) ** 2 / s**2 / 2).item(), rel=1e-9)
    assert exact.item() / sigma**2 == pytest.approx(quadratic_coefficient(model, x), rel=1e-4)
