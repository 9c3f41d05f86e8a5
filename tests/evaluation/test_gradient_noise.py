"""What is said of gradients' draws, on draws made by hand and on a linear model's exact gradient."""

import math

import numpy as np
import pytest
import torch

from vae_edu.bounds import elbo_terms, score_function_terms
from vae_edu.evaluation.gradient_noise import gradient_draws, gradient_noise, gradient_of_each, mean_gradient
from vae_edu.models import LinearGaussian

DRAWS = torch.tensor([[1.0, 0.0], [3.0, 0.0], [2.0, 2.0], [2.0, -2.0]])
REFERENCE = torch.tensor([2.0, 0.0], dtype=torch.float64)


def linear_model() -> tuple[LinearGaussian, torch.Tensor, list[torch.Tensor]]:
    torch.manual_seed(0)
    model = LinearGaussian(torch.randn(3, 2), torch.zeros(3), 0.5).double()
    return model, torch.randn(4, 3, dtype=torch.float64), [model.encoder_weight, model.encoder_log_var]


def test_moments_of_draws_made_by_hand():
    noise = gradient_noise(iter(DRAWS), REFERENCE)
    assert noise.variance.tolist() == [0.5, 2.0]
    assert noise.total == 2.5  # of 1, 1, 4 and 4
    assert noise.standard_error == pytest.approx(math.sqrt(3) / 2)
    assert noise.cosine == pytest.approx((1 + 1 + 2 * math.cos(math.pi / 4)) / 4)


def test_the_mean_is_taken_in_double_precision():
    """1 + 2⁻³⁰ is 1 in single precision."""
    mean = mean_gradient(iter([torch.ones(1), torch.full((1,), 2.0**-30)]))
    assert mean.item() == (1 + 2.0**-30) / 2


def test_a_draw_is_the_gradient_of_the_mean_bound():
    model, x, parameters = linear_model()
    eps = torch.randn(1, 4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    expected = torch.autograd.grad(sum(elbo_terms(model, x, eps=eps).values()).mean(), parameters)
    (actual,) = gradient_draws(model, x, elbo_terms, parameters, 1, torch.Generator().manual_seed(5))
    torch.testing.assert_close(actual, torch.cat([part.flatten() for part in expected]))


def test_the_mean_of_each_ones_gradient_is_the_gradient_of_the_mean():
    model, x, _ = linear_model()
    eps = torch.randn(3, 4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(6))
    each = gradient_of_each(model, x, elbo_terms, eps)
    parameters = list(model.parameters())
    for i in range(4):
        bound = sum(elbo_terms(model, x[i : i + 1], eps=eps[:, i : i + 1]).values()).sum()
        alone = torch.autograd.grad(bound, parameters)
        torch.testing.assert_close(each[i], torch.cat([part.flatten() for part in alone]))


def test_one_generator_gives_draws_that_differ_and_can_be_had_again():
    model, x, parameters = linear_model()
    first, again = (
        list(gradient_draws(model, x, score_function_terms, parameters, 3, torch.Generator().manual_seed(1)))
        for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], first[1])


@pytest.mark.equation("K13 §2.2")
@pytest.mark.parametrize("objective", [elbo_terms, score_function_terms])
def test_total_variance_about_the_exact_gradient(objective):
    """One latent, one image: over 1,001 equally probable values of the noise, and by Gauss-Hermite quadrature.

    The square of the score function's gradient has degree 8 in the noise, and five nodes are exact to degree 9.
    """
    torch.manual_seed(0)
    model = LinearGaussian(torch.randn(3, 1), torch.zeros(3), 0.5).double()
    with torch.no_grad():
        model.encoder_weight += 0.3  # away from the optimum, where the exact gradient is zero
    x, parameters = torch.randn(1, 3, dtype=torch.float64), [model.encoder_weight, model.encoder_log_var]

    def flat(bound: torch.Tensor) -> torch.Tensor:
        return torch.cat([part.flatten() for part in torch.autograd.grad(bound.sum(), parameters)])

    def at(values: torch.Tensor) -> list[torch.Tensor]:
        return [flat(sum(objective(model, x, eps=eps.reshape(1, 1, 1)).values())) for eps in values]

    exact = flat(model.elbo(x))
    nodes, weights = map(torch.from_numpy, np.polynomial.hermite_e.hermegauss(5))
    weights = weights / weights.sum()
    expected = sum(w * (g - exact).square().sum() for w, g in zip(weights, at(nodes), strict=True))
    equally_probable = torch.special.ndtri((torch.arange(1001, dtype=torch.float64) + 0.5) / 1001)
    noise = gradient_noise(at(equally_probable), exact)
    assert noise.total == pytest.approx(expected.item(), rel=0.03)
    assert noise.variance.sum().item() == pytest.approx(noise.total)
