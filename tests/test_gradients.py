"""Both estimators against exact expectations: Gauss-Hermite quadrature, closed forms, float64 autograd.

Estimates are polynomials in the noise here, or smooth: averaged over quadrature nodes in place of draws they give their
expectation and their variance exactly, and no test can fail by chance.
"""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from vae_edu.gradients import (
    PATHWISE_VARIANCE,
    expectation,
    mean_of_the_others,
    pathwise_gradient,
    score_function_gradient,
    score_function_variance,
    score_surrogate,
)

ESTIMATORS = pytest.mark.parametrize("estimator", [score_function_gradient, pathwise_gradient])
MEAN = torch.tensor([0.7, -1.2], dtype=torch.float64)
LOG_VAR = torch.tensor([0.3, -0.8], dtype=torch.float64)


def close(actual: Tensor, expected: Tensor | float) -> None:
    torch.testing.assert_close(actual, torch.as_tensor(expected, dtype=actual.dtype), rtol=1e-9, atol=1e-9)


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gauss_hermite(dimensions: int, nodes: int) -> tuple[Tensor, Tensor]:
    """Noise of shape (nodes^dimensions, dimensions) and its weights: exact for N(0, I) up to degree 2·nodes − 1."""
    points, weights = map(torch.from_numpy, np.polynomial.hermite_e.hermegauss(nodes))
    weights = weights / weights.sum()
    eps = torch.cartesian_prod(*[points] * dimensions).reshape(-1, dimensions)
    return eps, torch.cartesian_prod(*[weights] * dimensions).reshape(-1, dimensions).prod(-1)


def average(weights: Tensor, values: Tensor) -> Tensor:
    return torch.tensordot(weights, values, dims=1)


def squared_norm(z: Tensor) -> Tensor:
    return z.square().sum(-1)


# What both estimate


@pytest.mark.equation("K13 §2.2")
@pytest.mark.equation("D16 (10)")
@ESTIMATORS
def test_quadratic_has_its_exact_gradient(estimator):
    """E‖z − c‖² = ‖mean − c‖² + Σ exp(log_var)."""
    c = torch.tensor([0.4, 2.0], dtype=torch.float64)
    eps, weights = gauss_hermite(2, nodes=4)
    gradient = estimator(lambda z: squared_norm(z - c), MEAN, LOG_VAR, eps)
    close(average(weights, gradient.mean), 2 * (MEAN - c))
    close(average(weights, gradient.log_var), LOG_VAR.exp())


@pytest.mark.equation("K13 §2.2")
@pytest.mark.equation("K13 (5)")
@ESTIMATORS
def test_cosine_has_its_exact_gradient(estimator):
    """E cos(z₁ + 2z₂) = cos(m)·exp(−v/2) with m and v the mean and variance of the sum."""
    mean, log_var = MEAN.clone().requires_grad_(), LOG_VAR.clone().requires_grad_()
    direction = torch.tensor([1.0, 2.0], dtype=torch.float64)
    exact = torch.cos(direction @ mean) * torch.exp(-0.5 * direction.square() @ log_var.exp())
    expected = torch.autograd.grad(exact, [mean, log_var])
    eps, weights = gauss_hermite(2, nodes=40)
    gradient = estimator(lambda z: torch.cos(z @ direction), MEAN, LOG_VAR, eps)
    for actual, wanted in zip(gradient, expected, strict=True):
        close(average(weights, actual), wanted)


def step_gradients() -> tuple[Tensor, Tensor, Tensor]:
    """For f = 1 where z > 0: mean of either estimate over 10⁶ equally probable values of the noise, and the truth."""
    n, mean, log_var = 1_000_000, MEAN[:1], LOG_VAR[:1]
    eps = torch.special.ndtri((torch.arange(n, dtype=torch.float64) + 0.5) / n).unsqueeze(-1)
    score = score_function_gradient(lambda z: (z > 0).double().sum(-1), mean, log_var, eps).mean.mean()
    path = pathwise_gradient(lambda z: ((z > 0) + 0 * z).sum(-1), mean, log_var, eps).mean.mean()
    sigma = (0.5 * log_var).exp()
    return score, path, Normal(0.0, 1.0).log_prob(mean / sigma).exp() / sigma  # E f = Φ(mean/sigma)


@pytest.mark.equation("K13 §2.2")
def test_a_step_is_nothing_to_the_score_function_and_everything_to_the_path():
    score, path, expected = step_gradients()
    assert abs(score - expected) < 1e-5
    assert path == 0


@pytest.mark.equation("K13 §2.2")
@pytest.mark.parametrize("baseline", [3.0, torch.tensor(-7.5, dtype=torch.float64)])
def test_a_baseline_leaves_the_expectation_as_it_is(baseline):
    eps, weights = gauss_hermite(2, nodes=4)
    plain = score_function_gradient(squared_norm, MEAN, LOG_VAR, eps)
    moved = score_function_gradient(squared_norm, MEAN, LOG_VAR, eps, baseline)
    for one, other in zip(plain, moved, strict=True):
        assert not torch.allclose(one, other)
        close(average(weights, other), average(weights, one))


# In what they differ


def variance_of_one_draw(estimator, n: int, **options) -> Tensor:
    """Of ∂/∂mean₁ of E‖z‖² at q = N(0, I_n), exactly: its square has degree 6, five nodes are exact to degree 9."""
    eps, weights = gauss_hermite(n, nodes=5)
    zero = torch.zeros(n, dtype=torch.float64)
    first = estimator(squared_norm, zero, zero, eps, **options).mean[:, 0]
    mean = average(weights, first)
    close(mean, 0.0)
    return average(weights, (first - mean) ** 2)


@pytest.mark.equation("K13 §2.2")
@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_variances_in_closed_form(n: int):
    close(variance_of_one_draw(score_function_gradient, n), (n + 2) * (n + 4))
    close(variance_of_one_draw(score_function_gradient, n), score_function_variance(n))
    close(variance_of_one_draw(pathwise_gradient, n), PATHWISE_VARIANCE)


@pytest.mark.equation("K13 §2.2")
@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize("baseline", [-1.0, 3.0, 6.0])
def test_variance_with_a_baseline(n: int, baseline: float):
    variance = variance_of_one_draw(score_function_gradient, n, baseline=baseline)
    close(variance, score_function_variance(n, baseline))
    assert variance >= score_function_variance(n, n + 2.0) - 1e-9  # the best one
    assert score_function_variance(n, n + 2.0) == 2 * (n + 2)


# The same things by autograd


@pytest.mark.equation("K13 §2.2")
def test_the_score_is_the_gradient_of_the_log_density():
    """Through torch.distributions: f·∇log q for each draw, with one copy of the parameters per draw."""
    eps = normal(0, 5, 2)
    mean, log_var = (p.expand(5, 2).clone().requires_grad_() for p in (MEAN, LOG_VAR))
    q = Normal(mean, (0.5 * log_var).exp())
    z = (mean + (0.5 * log_var).exp() * eps).detach()
    expected = torch.autograd.grad((squared_norm(z) * q.log_prob(z).sum(-1)).sum(), [mean, log_var])
    for one, other in zip(score_function_gradient(squared_norm, MEAN, LOG_VAR, eps), expected, strict=True):
        close(one, other)


@pytest.mark.equation("K13 (5)")
@pytest.mark.equation("D16 (10)")
def test_mean_pathwise_gradient_is_the_gradient_of_the_mean():
    """autograd of the estimate against finite differences at common noise, and against the mean over draws."""
    eps = normal(1, 7, 3, 2)
    mean, log_var = normal(2, 3, 2).requires_grad_(), normal(3, 3, 2).requires_grad_()

    def f(z: Tensor) -> Tensor:
        return torch.sin(z).prod(-1)

    def estimate(mean: Tensor, log_var: Tensor) -> Tensor:
        return expectation(f, mean, log_var, eps)

    assert torch.autograd.gradcheck(estimate, (mean, log_var))
    expected = torch.autograd.grad(estimate(mean, log_var).sum(), [mean, log_var])
    for one, other in zip(pathwise_gradient(f, mean, log_var, eps), expected, strict=True):
        assert one.shape == eps.shape
        close(one.mean(0), other)


@pytest.mark.equation("K13 (5)")
def test_expectation_by_quadrature():
    eps, weights = gauss_hermite(1, nodes=3)
    nodes = eps.repeat_interleave((weights * 6).round().long(), dim=0)  # weights 1/6, 4/6, 1/6
    close(expectation(squared_norm, MEAN[:1], LOG_VAR[:1], nodes), (MEAN[0] ** 2 + LOG_VAR[0].exp()).item())


@pytest.mark.equation("K13 §2.2")
@pytest.mark.parametrize("centered", [False, True])
def test_the_surrogate_has_the_values_of_f_and_the_gradient_of_the_score_function(centered: bool):
    mean, log_var, eps = normal(4, 3, 2).requires_grad_(), normal(5, 3, 2).requires_grad_(), normal(6, 4, 3, 2)
    z = (mean + (0.5 * log_var).exp() * eps).detach()
    value = squared_norm(z)
    baseline = mean_of_the_others(value) if centered else 0.0
    log_q = Normal(mean, (0.5 * log_var).exp()).log_prob(z).sum(-1)
    surrogate = score_surrogate(value, log_q, baseline)
    assert torch.equal(surrogate, value)
    actual = torch.autograd.grad(surrogate.mean(0).sum(), [mean, log_var])
    if centered:  # each draw has a baseline of its own
        each = [
            score_function_gradient(squared_norm, mean, log_var, one.unsqueeze(0), b)
            for one, b in zip(eps, baseline, strict=True)
        ]
        expected = [torch.cat(part).mean(0) for part in zip(*each, strict=True)]
    else:
        expected = [part.mean(0) for part in score_function_gradient(squared_norm, mean, log_var, eps)]
    for one, other in zip(actual, expected, strict=True):
        close(one, other)


def test_the_surrogate_keeps_the_gradient_of_its_value():
    """What f itself depends on, a decoder's weights, is learned as ever."""
    weight = torch.tensor(3.0, dtype=torch.float64, requires_grad=True)
    z = normal(7, 4, 1)
    surrogate = score_surrogate(weight * squared_norm(z), torch.zeros(4, dtype=torch.float64))
    close(torch.autograd.grad(surrogate.sum(), weight)[0], squared_norm(z).sum())


# The baseline of the others


def test_mean_of_the_others():
    value = torch.tensor([[1.0, 10.0], [2.0, 20.0], [6.0, 60.0]])
    close(mean_of_the_others(value), torch.tensor([[4.0, 40.0], [3.5, 35.0], [1.5, 15.0]]))


def test_one_draw_has_no_others():
    with pytest.raises(ValueError, match="expected at least 2 draws, of which each has others, got 1"):
        mean_of_the_others(torch.zeros(1, 3))


# Extremes


@ESTIMATORS
@pytest.mark.parametrize("log_var", [-60.0, 60.0])
def test_extreme_variances_stay_finite(estimator, log_var: float):
    mean = torch.zeros(2)
    gradient = estimator(lambda z: torch.tanh(z).sum(-1), mean, torch.full((2,), log_var), torch.randn(9, 2))
    assert all(part.isfinite().all() for part in gradient)


@ESTIMATORS
def test_an_empty_batch(estimator):
    gradient = estimator(squared_norm, torch.zeros(0, 2), torch.zeros(0, 2), torch.zeros(3, 0, 2))
    assert gradient.mean.shape == gradient.log_var.shape == (3, 0, 2)


def test_the_ratio_of_variances_grows_with_the_square_of_the_dimension():
    ratio = [score_function_variance(n) / PATHWISE_VARIANCE for n in (100, 1000, 10_000)]
    assert all(math.isclose(later / earlier, 100, rel_tol=0.07) for earlier, later in itertools.pairwise(ratio))
