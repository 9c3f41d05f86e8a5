"""gaussians.py against torch.distributions, quadrature, exact identities, and at its numerical limits."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from torch.distributions import Independent, MultivariateNormal, Normal, kl_divergence

from vae_edu.gaussians import (
    affine,
    expected_log_standard_normal,
    kl_diagonal,
    kl_full,
    kl_full_standard_normal,
    kl_standard_normal,
    log_normal,
    log_standard_normal,
    negative_entropy,
    reparameterize,
)

DTYPES = [torch.float32, torch.float64]
EXTREMES = [-80.0, 80.0]
EXAMPLES = [(0.0, 0.0), (1.0, math.log(4)), (-2.5, -3.0), (0.3, 1.7)]
seeds = st.integers(0, 2**32 - 1)
quick = settings(max_examples=30, deadline=None)  # the first call into LAPACK can take a second


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def randn(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def covariances(batch: int, dim: int, seed: int) -> torch.Tensor:
    factor = randn(batch, dim, dim, seed=seed)
    return factor @ factor.mT + 0.5 * torch.eye(dim, dtype=torch.float64)


def diagonal(mean: torch.Tensor, log_var: torch.Tensor) -> Independent:
    return Independent(Normal(mean, torch.exp(0.5 * log_var)), 1)


def integral_under(mean: float, log_var: float, function) -> float:
    """∫ N(z; mean, exp(log_var)) function(z) dz, by adaptive quadrature on ±12 standard deviations."""
    sigma = math.exp(0.5 * log_var)

    def integrand(z: float) -> float:
        return math.exp(-0.5 * ((z - mean) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi)) * function(z)

    return integrate.quad(integrand, mean - 12 * sigma, mean + 12 * sigma, points=[mean], epsabs=1e-11)[0]


def log_density(z: float, mean: float, log_var: float) -> float:
    return math.log(stats.norm.pdf(z, mean, math.exp(0.5 * log_var)))


def row(value: float) -> torch.Tensor:
    return torch.tensor([[value]], dtype=torch.float64)


# Log-densities


@pytest.mark.equation("K13 (9)")
@pytest.mark.equation("K13 (12)")
@quick
@given(seed=seeds, batch=st.integers(1, 5), dim=st.integers(1, 7))
def test_log_normal_equals_torch_distributions(seed, batch, dim):
    x, mean, log_var = randn(3, batch, dim, seed=seed)
    result = log_normal(x, mean, log_var)
    assert result.shape == (batch,)
    torch.testing.assert_close(result, diagonal(mean, log_var).log_prob(x))


@quick
@given(seed=seeds, samples=st.integers(1, 3), batch=st.integers(1, 4))
def test_log_normal_broadcasts_parameters_over_samples(seed, samples, batch):
    x = randn(samples, batch, 3, seed=seed)
    mean, log_var = randn(2, batch, 3, seed=seed + 1)
    torch.testing.assert_close(log_normal(x, mean, log_var), diagonal(mean, log_var).log_prob(x))


@pytest.mark.parametrize(("mean", "log_var"), EXAMPLES)
def test_density_integrates_to_one(mean, log_var):
    sigma = math.exp(0.5 * log_var)
    total, _ = integrate.quad(
        lambda z: log_normal(row(z), row(mean), row(log_var)).exp().item(),
        mean - 12 * sigma,
        mean + 12 * sigma,
    )
    assert total == pytest.approx(1, abs=1e-9)


def test_log_standard_normal_is_log_normal_at_mean_zero_and_variance_one():
    z = randn(6, 4, seed=0)
    zero = torch.zeros_like(z)
    torch.testing.assert_close(log_standard_normal(z), log_normal(z, zero, zero))
    torch.testing.assert_close(log_standard_normal(z), diagonal(zero, zero).log_prob(z))


# The integrals of K13's appendix B, and their difference


@pytest.mark.equation("K13 App. B")
@pytest.mark.parametrize(("mean", "log_var"), EXAMPLES)
def test_first_integral_of_appendix_b_equals_quadrature(mean, log_var):
    expected = integral_under(mean, log_var, lambda z: log_density(z, 0, 0))
    assert expected_log_standard_normal(row(mean), row(log_var)).item() == pytest.approx(expected, abs=1e-8)


@pytest.mark.equation("K13 App. B")
@pytest.mark.parametrize(("mean", "log_var"), EXAMPLES)
def test_second_integral_of_appendix_b_equals_quadrature(mean, log_var):
    expected = integral_under(mean, log_var, lambda z: log_density(z, mean, log_var))
    assert negative_entropy(row(log_var)).item() == pytest.approx(expected, abs=1e-8)


@pytest.mark.equation("K13 App. B")
@quick
@given(seed=seeds, batch=st.integers(1, 5), dim=st.integers(1, 7))
def test_integrals_of_appendix_b_sum_over_dimensions_and_differ_by_the_kl(seed, batch, dim):
    mean, log_var = randn(2, batch, dim, seed=seed)
    first, second = expected_log_standard_normal(mean, log_var), negative_entropy(log_var)
    assert first.shape == second.shape == (batch,)
    torch.testing.assert_close(second, -diagonal(mean, log_var).entropy())
    torch.testing.assert_close(second - first, kl_standard_normal(mean, log_var))


# Divergences of diagonal Gaussians


@pytest.mark.equation("K13 (10)")
@quick
@given(seed=seeds, batch=st.integers(1, 5), dim=st.integers(1, 7))
def test_kl_standard_normal_equals_torch_distributions(seed, batch, dim):
    mean, log_var = randn(2, batch, dim, seed=seed)
    zero = torch.zeros_like(mean)
    expected = kl_divergence(diagonal(mean, log_var), diagonal(zero, zero))
    torch.testing.assert_close(kl_standard_normal(mean, log_var), expected)


@pytest.mark.parametrize(("mean", "log_var"), EXAMPLES)
def test_kl_standard_normal_equals_quadrature(mean, log_var):
    expected = integral_under(mean, log_var, lambda z: log_density(z, mean, log_var) - log_density(z, 0, 0))
    assert kl_standard_normal(row(mean), row(log_var)).item() == pytest.approx(expected, abs=1e-8)


def test_kl_standard_normal_is_zero_with_zero_gradient_exactly_at_the_prior():
    mean, log_var = (torch.zeros(2, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    kl = kl_standard_normal(mean, log_var)
    kl.sum().backward()
    assert kl.eq(0).all()
    assert mean.grad.eq(0).all()
    assert log_var.grad.eq(0).all()


@quick
@given(
    mean=st.floats(-50, 50, allow_subnormal=False),
    log_var=st.floats(-80, 80, allow_subnormal=False),
)
def test_kl_standard_normal_is_never_negative_beyond_rounding(mean, log_var):
    assert kl_standard_normal(row(mean), row(log_var)).item() >= -1e-15


@quick
@given(seed=seeds)
def test_gradient_of_the_kl_is_mean_and_half_of_variance_minus_one(seed):
    mean, log_var = (randn(4, 3, seed=seed + i).requires_grad_() for i in range(2))
    kl_standard_normal(mean, log_var).sum().backward()
    torch.testing.assert_close(mean.grad, mean.detach())
    torch.testing.assert_close(log_var.grad, 0.5 * (log_var.detach().exp() - 1))


@quick
@given(seed=seeds, batch=st.integers(1, 5), dim=st.integers(1, 7))
def test_kl_diagonal_equals_torch_distributions(seed, batch, dim):
    mean_q, log_var_q, mean_p, log_var_p = randn(4, batch, dim, seed=seed)
    expected = kl_divergence(diagonal(mean_q, log_var_q), diagonal(mean_p, log_var_p))
    torch.testing.assert_close(kl_diagonal(mean_q, log_var_q, mean_p, log_var_p), expected)


def test_kl_diagonal_to_the_prior_is_kl_standard_normal_and_to_itself_is_zero():
    mean, log_var = randn(2, 5, 4, seed=1)
    zero = torch.zeros(4, dtype=torch.float64)
    torch.testing.assert_close(kl_diagonal(mean, log_var, zero, zero), kl_standard_normal(mean, log_var))
    assert kl_diagonal(mean, log_var, mean, log_var).eq(0).all()


# Divergences of Gaussians with full covariance


@pytest.mark.equation("D16 (6)")
@quick
@given(seed=seeds, batch=st.integers(1, 4), dim=st.integers(1, 5))
def test_kl_full_equals_torch_distributions(seed, batch, dim):
    mean_0, mean_1 = randn(2, batch, dim, seed=seed)
    covariance_0, covariance_1 = covariances(batch, dim, seed + 1), covariances(batch, dim, seed + 2)
    result = kl_full(mean_0, covariance_0, mean_1, covariance_1)
    assert result.shape == (batch,)
    expected = kl_divergence(MultivariateNormal(mean_0, covariance_0), MultivariateNormal(mean_1, covariance_1))
    torch.testing.assert_close(result, expected)


@pytest.mark.equation("D16 (6)")
def test_kl_full_equals_a_two_dimensional_integral():
    mean_0, covariance_0 = np.array([0.5, -1.0]), np.array([[1.0, 0.6], [0.6, 2.0]])
    mean_1, covariance_1 = np.array([-0.3, 0.4]), np.array([[2.0, -0.5], [-0.5, 0.8]])
    q, p = stats.multivariate_normal(mean_0, covariance_0), stats.multivariate_normal(mean_1, covariance_1)
    # The trapezoid rule on a smooth integrand that vanishes at the ends converges faster than any power.
    axis = np.linspace(-15, 15, 601)
    points = np.stack(np.meshgrid(axis, axis, indexing="ij"), -1)
    expected = (q.pdf(points) * (q.logpdf(points) - p.logpdf(points))).sum() * (axis[1] - axis[0]) ** 2
    result = kl_full(*(torch.from_numpy(a) for a in (mean_0, covariance_0, mean_1, covariance_1)))
    assert result.item() == pytest.approx(expected, abs=1e-9)


@pytest.mark.equation("D16 (7)")
@quick
@given(seed=seeds, batch=st.integers(1, 4), dim=st.integers(1, 5))
def test_kl_full_standard_normal_equals_torch_distributions(seed, batch, dim):
    mean, covariance = randn(batch, dim, seed=seed), covariances(batch, dim, seed + 1)
    standard = MultivariateNormal(torch.zeros_like(mean), torch.eye(dim, dtype=torch.float64))
    expected = kl_divergence(MultivariateNormal(mean, covariance), standard)
    torch.testing.assert_close(kl_full_standard_normal(mean, covariance), expected)


@pytest.mark.equation("D16 (6)")
@pytest.mark.equation("D16 (7)")
@quick
@given(seed=seeds, dim=st.integers(1, 5))
def test_full_divergences_reduce_to_one_another_and_to_the_diagonal_case(seed, dim):
    mean_0, log_var_0, mean_1, log_var_1 = randn(4, 3, dim, seed=seed)
    covariance_0, covariance_1 = (torch.diag_embed(v.exp()) for v in (log_var_0, log_var_1))
    torch.testing.assert_close(
        kl_full(mean_0, covariance_0, mean_1, covariance_1), kl_diagonal(mean_0, log_var_0, mean_1, log_var_1)
    )
    torch.testing.assert_close(kl_full_standard_normal(mean_0, covariance_0), kl_standard_normal(mean_0, log_var_0))
    covariance = covariances(3, dim, seed + 1)
    zero, identity = torch.zeros(dim, dtype=torch.float64), torch.eye(dim, dtype=torch.float64)
    torch.testing.assert_close(kl_full(mean_0, covariance, zero, identity), kl_full_standard_normal(mean_0, covariance))


def test_kl_full_shares_one_covariance_among_a_batch_of_means():
    mean_0, mean_1 = randn(2, 4, 3, seed=2)
    covariance_0, covariance_1 = covariances(2, 3, seed=3)
    each = [kl_full(m0, covariance_0, m1, covariance_1) for m0, m1 in zip(mean_0, mean_1, strict=True)]
    torch.testing.assert_close(kl_full(mean_0, covariance_0, mean_1, covariance_1), torch.stack(each))


def test_kl_full_keeps_its_log_determinants_where_determinants_underflow():
    dim = 400
    covariance = 0.1 * torch.eye(dim, dtype=torch.float64)
    assert torch.linalg.det(covariance) == 0
    # D16 (7) by hand: ½·dim·(0.1 − 1 − log 0.1).
    expected = 0.5 * dim * (0.1 - 1 - math.log(0.1))
    assert kl_full_standard_normal(torch.zeros(dim, dtype=torch.float64), covariance).item() == pytest.approx(expected)


@pytest.mark.parametrize("bad", [[[1.0, 2.0], [2.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]], [[-1.0, 0.0], [0.0, 1.0]]])
def test_covariance_that_is_not_positive_definite_raises(bad):
    mean, good, bad = torch.zeros(2), torch.eye(2), torch.tensor(bad)
    with pytest.raises(torch.linalg.LinAlgError):
        kl_full(mean, bad, mean, good)
    with pytest.raises(torch.linalg.LinAlgError):
        kl_full(mean, good, mean, bad)
    with pytest.raises(torch.linalg.LinAlgError):
        kl_full_standard_normal(mean, bad)


# Affine maps


def invertible(dim: int, seed: int) -> torch.Tensor:
    """A random matrix with singular values between 0.3 and 3, so that rounding stays small."""
    left, right = (torch.linalg.qr(randn(dim, dim, seed=seed + i)).Q for i in range(2))
    scale = 0.3 * 10 ** torch.rand(dim, generator=generator(seed), dtype=torch.float64)
    return left @ torch.diag(scale) @ right


@pytest.mark.equation("D16 (17)")
@quick
@given(seed=seeds, dim=st.integers(1, 5))
def test_divergence_is_invariant_under_invertible_affine_maps(seed, dim):
    mean_0, mean_1 = randn(2, 3, dim, seed=seed)
    covariance_0, covariance_1 = covariances(3, dim, seed + 1), covariances(3, dim, seed + 2)
    matrix, shift = invertible(dim, seed + 3), randn(dim, seed=seed + 4)
    mapped = kl_full(*affine(mean_0, covariance_0, matrix, shift), *affine(mean_1, covariance_1, matrix, shift))
    torch.testing.assert_close(mapped, kl_full(mean_0, covariance_0, mean_1, covariance_1), rtol=1e-8, atol=1e-8)


@quick
@given(seed=seeds, dim=st.integers(1, 4), out=st.integers(1, 4))
def test_affine_maps_mean_and_covariance_of_any_set_of_points(seed, dim, out):
    points = randn(dim + 3, dim, seed=seed)
    matrix, shift = randn(out, dim, seed=seed + 1), randn(out, seed=seed + 2)
    images = points @ matrix.mT + shift
    mean, covariance = affine(points.mean(0), torch.atleast_2d(points.mT.cov()), matrix, shift)
    torch.testing.assert_close(mean, images.mean(0))
    torch.testing.assert_close(covariance, torch.atleast_2d(images.mT.cov()))


def test_affine_carries_the_density_with_the_jacobian():
    mean, covariance, matrix, shift = (
        randn(3, seed=5),
        covariances(1, 3, 6)[0],
        invertible(3, 7),
        randn(3, seed=8),
    )
    z = randn(10, 3, seed=9)
    before = MultivariateNormal(mean, covariance).log_prob(z)
    after = MultivariateNormal(*affine(mean, covariance, matrix, shift)).log_prob(z @ matrix.mT + shift)
    torch.testing.assert_close(after, before - torch.linalg.det(matrix).abs().log())


# The reparameterized sample


@pytest.mark.equation("K13 §2.4")
@pytest.mark.parametrize("dtype", DTYPES)
def test_samples_have_the_mean_variance_and_distribution_asked_for(dtype):
    # Exact laws if the code is right: the sample mean is Gaussian, (n − 1)s²/σ² is chi-squared, and the
    # p-value of Kolmogorov and Smirnov is uniform. Three tests of level 1e-7 for each of 3 coordinates: over
    # choices of the seed, a false alarm with probability at most 9e-7.
    n, level = 20_000, 1e-7
    mean = torch.tensor([0.0, 3.0, -1.0], dtype=dtype).expand(n, 3)
    log_var = torch.tensor([0.0, 2.0, -6.0], dtype=dtype).expand(n, 3)
    z = reparameterize(mean, log_var, generator=generator(0)).double()
    sigma = torch.exp(0.5 * log_var[0]).double()
    standard = (z - mean[0].double()) / sigma
    assert (standard.mean(0).abs() * math.sqrt(n) < stats.norm.isf(level / 2)).all()
    squares = (n - 1) * standard.var(0)
    assert (squares > stats.chi2.ppf(level / 2, n - 1)).all()
    assert (squares < stats.chi2.isf(level / 2, n - 1)).all()
    for column in standard.T:
        assert stats.kstest(column.numpy(), "norm").pvalue > level


def test_coordinates_and_data_points_get_independent_noise():
    # For independent Gaussian columns (r + 1)/2 has the Beta((n − 2)/2, (n − 2)/2) law. Three pairs, each of
    # level 1e-7: a false alarm with probability at most 3e-7.
    n = 20_000
    zero = torch.zeros(n, 3, dtype=torch.float64)
    correlation = reparameterize(zero, zero, generator=generator(1)).mT.corrcoef()
    bound = 2 * stats.beta.isf(1e-7 / 2, (n - 2) / 2, (n - 2) / 2) - 1
    assert (correlation - torch.eye(3)).abs().max() < bound


@pytest.mark.equation("K13 (4)")
@pytest.mark.equation("D16 (10)")
def test_gradient_of_a_sample_is_one_for_the_mean_and_half_sigma_eps_for_the_log_variance():
    mean, log_var = (randn(4, 3, seed=i).requires_grad_() for i in range(2))
    eps = randn(4, 3, seed=2)
    reparameterize(mean, log_var, eps).sum().backward()
    torch.testing.assert_close(mean.grad, torch.ones_like(mean))
    torch.testing.assert_close(log_var.grad, 0.5 * torch.exp(0.5 * log_var.detach()) * eps)


@pytest.mark.equation("K13 (4)")
def test_gradient_of_a_function_of_samples_equals_finite_differences():
    mean, log_var = (randn(2, 3, seed=i).requires_grad_() for i in range(2))
    eps = randn(5, 2, 3, seed=2)
    assert torch.autograd.gradcheck(lambda m, v: reparameterize(m, v, eps).sin().mean(0), (mean, log_var))


def test_noise_with_leading_axes_gives_several_samples_per_data_point():
    mean, log_var, eps = randn(2, 3, seed=0), randn(2, 3, seed=1), randn(5, 2, 3, seed=2)
    z = reparameterize(mean, log_var, eps)
    each = torch.stack([reparameterize(mean, log_var, e) for e in eps])
    torch.testing.assert_close(z, each, rtol=0, atol=0)


def test_a_generator_reproduces_the_sample_and_leaves_the_global_one_alone():
    mean, log_var = randn(2, 3, 4, seed=0)
    state = torch.get_rng_state()
    first, second = (reparameterize(mean, log_var, generator=generator(7)) for _ in range(2))
    other = reparameterize(mean, log_var, generator=generator(8))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), state)


# Numerical limits

DIAGONAL_FUNCTIONS = {
    "log_normal": lambda mean, log_var: log_normal(torch.ones_like(mean), mean, log_var),
    "reparameterize": lambda mean, log_var: reparameterize(mean, log_var, torch.full_like(mean, -6.0)),
    "expected_log_standard_normal": expected_log_standard_normal,
    "negative_entropy": lambda mean, log_var: negative_entropy(log_var) + 0 * mean.sum(-1),
    "kl_standard_normal": kl_standard_normal,
    "kl_diagonal as q": lambda m, v: kl_diagonal(m, v, torch.zeros_like(m), torch.zeros_like(v)),
    "kl_diagonal as p": lambda m, v: kl_diagonal(torch.zeros_like(m), torch.zeros_like(v), m, v),
    "kl_diagonal as both": lambda m, v: kl_diagonal(m, v, -m, v),
}


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("log_var", EXTREMES)
@pytest.mark.parametrize("name", DIAGONAL_FUNCTIONS)
def test_values_and_gradients_are_finite_and_right_at_log_variances_of_80(name, log_var, dtype):
    mean = torch.tensor([[-10.0, 0.0, 10.0]], dtype=dtype, requires_grad=True)
    log_var = torch.full_like(mean, log_var, requires_grad=True)
    result = DIAGONAL_FUNCTIONS[name](mean, log_var)
    result.sum().backward()
    for tensor in (result, mean.grad, log_var.grad):
        assert tensor.dtype == dtype
        assert tensor.isfinite().all()
    expected = DIAGONAL_FUNCTIONS[name](mean.detach().double(), log_var.detach().double())
    # exp(80) turns a rounding error of its argument, 80 · 2^-24, into a relative error of 5e-6.
    torch.testing.assert_close(result.detach().double(), expected, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", DTYPES)
def test_log_normal_at_its_mean_survives_variances_that_underflow(dtype):
    x = torch.ones(1, 2, dtype=dtype)
    for log_var in (-100.0, -120.0):
        expected = -(math.log(2 * math.pi) + log_var)
        assert log_normal(x, x, torch.full_like(x, log_var)).item() == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("log_var", EXTREMES)
def test_full_divergences_are_finite_at_log_variances_of_80(log_var):
    mean = torch.ones(1, 3)
    covariance, identity = math.exp(log_var) * torch.eye(3), torch.eye(3)
    diagonal_log_var = torch.full_like(mean, log_var)
    zero = torch.zeros_like(mean)
    for result, expected in (
        (kl_full_standard_normal(mean, covariance), kl_standard_normal(mean, diagonal_log_var)),
        (kl_full(mean, covariance, zero, identity), kl_standard_normal(mean, diagonal_log_var)),
        (kl_full(zero, identity, mean, covariance), kl_diagonal(zero, zero, mean, diagonal_log_var)),
    ):
        assert result.isfinite().all()
        torch.testing.assert_close(result, expected, rtol=2e-5, atol=1e-5)


def calls(seed: int, batch: int, dim: int) -> list[tuple]:
    """Every function with tensors that fit it; the first axis of each tensor is the batch."""
    mean, log_var, x = randn(3, batch, dim, seed=seed)
    covariance_0, covariance_1 = covariances(batch, dim, seed + 1), covariances(batch, dim, seed + 2)
    return [
        (log_normal, x, mean, log_var),
        (log_standard_normal, x),
        (reparameterize, mean, log_var, x),
        (expected_log_standard_normal, mean, log_var),
        (negative_entropy, log_var),
        (kl_standard_normal, mean, log_var),
        (kl_diagonal, mean, log_var, x, log_var.flip(-1)),
        (kl_full, mean, covariance_0, x, covariance_1),
        (kl_full_standard_normal, mean, covariance_0),
    ]


@quick
@given(seed=seeds, batch=st.integers(1, 3), dim=st.integers(1, 6))
def test_float32_agrees_with_float64(seed, batch, dim):
    # Rounding errors grow with the condition number of the covariances, which is a few hundred here.
    for function, *arguments in calls(seed, batch, dim):
        result = function(*(a.float() for a in arguments))
        assert result.dtype == torch.float32
        expected = function(*(a.float().double() for a in arguments))
        torch.testing.assert_close(result.double(), expected, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_empty_batch_gives_an_empty_result(dtype):
    for function, *arguments in calls(seed=0, batch=2, dim=3):
        empty = [a[:0].to(dtype) for a in arguments]
        result = function(*empty)
        assert result.shape == ((0, 3) if function is reparameterize else (0,))
        assert result.dtype == dtype
    mean, covariance = affine(empty[0], empty[1], torch.ones(2, 3, dtype=dtype), torch.ones(2, dtype=dtype))
    assert mean.shape == (0, 2)
    assert covariance.shape == (0, 2, 2)


def test_batches_of_one_and_data_points_without_a_batch_give_the_rows_of_the_batch():
    for function, *arguments in calls(seed=0, batch=4, dim=3):
        whole = function(*arguments)
        for i in range(4):
            torch.testing.assert_close(function(*(a[i : i + 1] for a in arguments)), whole[i : i + 1])
            torch.testing.assert_close(function(*(a[i] for a in arguments)), whole[i])


def test_strided_tensors_give_the_result_of_their_contiguous_copies():
    for function, *arguments in calls(seed=0, batch=8, dim=3):
        strided = [a[::2] for a in arguments]
        assert not any(a.is_contiguous() for a in strided)
        torch.testing.assert_close(function(*strided), function(*(a.contiguous() for a in strided)))
