"""Appendix A's one-dimensional VAE against SciPy's root finding and quadrature, and where it is Gaussian, exactly."""

import numpy as np
import pytest
import torch
from scipy import integrate, optimize, stats
from torch import Tensor
from torch.distributions import Gumbel, Normal, kl_divergence

from vae_edu.models.one_dimension import OneDimensionalVAE, mixture

WEIGHTS, MEANS, STDS = [0.4, 0.6], [-1.5, 1.0], [0.6, 0.8]
POINTS = [-2.3, -0.4, 0.0, 1.7]


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def bumps() -> OneDimensionalVAE:
    return OneDimensionalVAE(mixture(WEIGHTS, MEANS, STDS))


def bumps_cdf(x: float) -> float:
    return float(np.dot(WEIGHTS, stats.norm.cdf(x, MEANS, STDS)))


def f(z: float) -> float:
    """F⁻¹(G(z)) by Brent's method."""
    return optimize.brentq(lambda x: bumps_cdf(x) - stats.norm.cdf(z), -20, 20, xtol=1e-14, rtol=1e-14)


def test_decoder_and_encoder_against_root_finding():
    model, z = bumps(), double(-3.0, -1.1, 0.0, 0.4, 2.5)
    expected = double(*[f(value) for value in z.tolist()])
    torch.testing.assert_close(model.f(z), expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(model.g(expected), z, rtol=1e-9, atol=1e-9)


def test_slope_of_the_encoder_is_that_of_autograd():
    model, x = bumps(), double(*POINTS).requires_grad_()
    (expected,) = torch.autograd.grad(model.g(x).sum(), x)
    torch.testing.assert_close(model.g_slope(x), expected)


def test_decoded_prior_is_distributed_as_the_data():
    """Equally probable values of z, decoded, are equally probable values of the data."""
    probability = (torch.arange(999, dtype=torch.float64) + 1) / 1000
    model = bumps()
    torch.testing.assert_close(model.data.cdf(model.f(torch.special.ndtri(probability))), probability)


@pytest.mark.parametrize("sigma", [0.025, 0.4, 1.0])
def test_evidence_is_a_blurred_mixture(sigma: float):
    """Gaussian bumps convolved with Gaussian noise: variances add."""
    expected = mixture(WEIGHTS, MEANS, [(s**2 + sigma**2) ** 0.5 for s in STDS]).log_prob(double(*POINTS))
    torch.testing.assert_close(bumps().log_marginal(double(*POINTS), sigma), expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize("sigma", [0.1, 0.4])
@pytest.mark.parametrize("x", POINTS)
def test_posterior_integrates_to_one(x: float, sigma: float):
    model = bumps()
    z = model.g(double(x)) + torch.linspace(-2.5, 2.5, 2001, dtype=torch.float64)
    density = model.log_posterior(z, double(x), sigma).exp()
    assert torch.trapezoid(density, z).item() == pytest.approx(1, abs=1e-8)


def divergence_by_scipy(x: float, sigma: float) -> float:
    """Everything anew: Brent's f, a finite-difference g′, the trapezoidal rule in z for P_σ(X) and for D."""
    g = stats.norm.ppf(bumps_cdf(x))
    slope = (stats.norm.ppf(bumps_cdf(x + 1e-5)) - stats.norm.ppf(bumps_cdf(x - 1e-5))) / 2e-5
    q = stats.norm(g, slope * sigma)
    z = g + 12 * slope * sigma * np.linspace(-1, 1, 301)
    log_joint = stats.norm.logpdf(x, [f(value) for value in z], sigma) + stats.norm.logpdf(z)
    log_evidence = np.log(integrate.trapezoid(np.exp(log_joint), z))
    return integrate.trapezoid(q.pdf(z) * (q.logpdf(z) - log_joint), z) + log_evidence


@pytest.mark.equation("D16 (16)")
@pytest.mark.parametrize(("x", "sigma"), [(0.0, 0.4), (0.0, 0.1), (1.7, 0.2)])
def test_bound_and_divergence_against_scipy(x: float, sigma: float):
    model, expected = bumps(), divergence_by_scipy(x, sigma)
    blurred = stats.norm.pdf(x, MEANS, np.sqrt(np.square(STDS) + sigma**2)) @ WEIGHTS
    assert model.divergence(double(x), sigma).item() == pytest.approx(expected, rel=1e-6)
    assert model.bound(double(x), sigma).item() == pytest.approx(np.log(blurred) - expected, rel=1e-6)


@pytest.mark.equation("D16 (16)")
@pytest.mark.parametrize("sigma", [0.05, 0.5, 1.0])
def test_gaussian_data_are_probabilistic_pca(sigma: float):
    """f is linear and the posterior a Gaussian of precision 1 + s²/σ²."""
    m, s, x = torch.tensor(0.7, dtype=torch.float64), 1.6, double(*POINTS)
    model = OneDimensionalVAE(Normal(m, s))
    torch.testing.assert_close(model.f(double(-1.0, 2.0)), m + s * double(-1.0, 2.0))
    precision = 1 + s**2 / sigma**2
    posterior = Normal(s * (x - m) / sigma**2 / precision, precision**-0.5)
    q = Normal((x - m) / s, torch.full_like(x, sigma / s))
    evidence = Normal(m, (s**2 + sigma**2) ** 0.5).log_prob(x)
    torch.testing.assert_close(model.bound(x, sigma), evidence - kl_divergence(q, posterior), rtol=1e-9, atol=1e-9)


@pytest.mark.equation("D16 (16)")
def test_the_bound_tends_to_the_log_density_of_the_data():
    model, x = bumps(), double(*POINTS)
    gaps = torch.stack([model.data.log_prob(x) - model.bound(x, sigma) for sigma in (0.1, 0.01, 0.001)])
    assert (gaps[1:].abs() < gaps[:-1].abs() / 50).all()  # a tenth of σ, a hundredth of the gap


def test_any_data_density_will_do():
    gumbel = Gumbel(double(0.3).squeeze(), double(1.5).squeeze(), validate_args=False)  # bisection starts far out
    z = double(-2.0, 0.0, 1.5)
    model = OneDimensionalVAE(gumbel)
    torch.testing.assert_close(model.f(z), gumbel.icdf(torch.special.ndtr(z)))
