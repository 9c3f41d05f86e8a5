"""One member of each family: its law by Kolmogorov-Smirnov, its gradient against the known moments."""

import pytest
import torch
from scipy import stats
from torch import Generator, Tensor

from vae_edu.gaussians import reparameterize
from vae_edu.reparameterizations import exponential, gamma, laplace

N = 20_000
FALSE_ALARM = 1e-7  # of each of the ten comparisons below
RATES = pytest.mark.parametrize("rate", [0.3, 4.0])


def uniform(seed: int, *shape: int) -> Tensor:
    return torch.rand(shape, generator=Generator().manual_seed(seed), dtype=torch.float64)


def double(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def has_law(sample: Tensor, law) -> None:
    """The two-sided Kolmogorov-Smirnov test, with its exact distribution."""
    result = stats.kstest(sample.numpy(), law.cdf)
    assert result.pvalue > FALSE_ALARM, f"distance {result.statistic:.4f} from the law"


@pytest.mark.equation("K13 §2.4")
@RATES
def test_inverse_cdf(rate: float):
    has_law(exponential(double(rate), uniform(0, N)), stats.expon(scale=1 / rate))


@pytest.mark.equation("K13 §2.4")
@pytest.mark.parametrize(("location", "scale"), [(0.0, 1.0), (-3.0, 0.2)])
def test_location_and_scale(location: float, scale: float):
    standard = torch.from_numpy(stats.laplace.ppf(uniform(1, N).numpy()))
    has_law(laplace(double(location), double(scale), standard), stats.laplace(location, scale))


@pytest.mark.equation("K13 §2.4")
@RATES
@pytest.mark.parametrize("shape", [1, 3])
def test_composition(rate: float, shape: int):
    has_law(gamma(double(rate), uniform(2, shape, N)), stats.gamma(shape, scale=1 / rate))


@pytest.mark.equation("K13 (4)")
@pytest.mark.equation("K13 §2.4")
@pytest.mark.parametrize(("mean", "log_var"), [(0.0, 0.0), (5.0, -3.0)])
def test_the_gaussian_is_of_the_second_family(mean: float, log_var: float):
    z = reparameterize(double(mean).expand(N, 1), double(log_var).expand(N, 1), generator=Generator().manual_seed(3))
    has_law(z.squeeze(-1), stats.norm(mean, torch.tensor(log_var / 2).exp().item()))


@pytest.mark.equation("K13 §2.4")
@pytest.mark.parametrize("wrong", [lambda rate, u: -torch.log1p(-u) * rate, lambda rate, u: u / rate])
def test_a_wrong_law_is_seen(wrong):
    with pytest.raises(AssertionError, match="from the law"):
        has_law(wrong(double(4.0), uniform(0, N)), stats.expon(scale=1 / 4))


@pytest.mark.equation("K13 §2.4")
def test_the_change_of_variables():
    """q(z)·dz = p(u)·du: the density is the slope of the way back from z to u."""
    rate = double(1.7)
    u = uniform(4, 50).requires_grad_()
    z = exponential(rate, u)
    (slope,) = torch.autograd.grad(z.sum(), u)
    torch.testing.assert_close(1 / slope, torch.from_numpy(stats.expon(scale=1 / 1.7).pdf(z.detach().numpy())))


@pytest.mark.equation("K13 (5)")
@pytest.mark.equation("K13 §2.4")
@pytest.mark.parametrize("shape", [1, 3])
def test_the_gradient_reaches_the_rate(shape: int):
    """E z = shape/rate, and z is proportional to 1/rate: each draw's gradient is exactly −z/rate."""
    rate = double(2.5).requires_grad_()
    z = gamma(rate, uniform(5, shape, N))
    (gradient,) = torch.autograd.grad(z.mean(), rate)
    torch.testing.assert_close(gradient, -z.mean().detach() / 2.5)


def test_zero_and_nearly_one_are_finite():
    u = torch.tensor([0.0, torch.finfo(torch.float32).smallest_normal, 1 - 2**-24])
    z = exponential(torch.tensor(1.0), u)
    assert z.isfinite().all()
    assert (z.diff() > 0).all()
