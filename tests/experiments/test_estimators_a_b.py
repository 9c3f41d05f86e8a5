"""The variances of A and B: closed forms for a moved posterior, autograd for the rest; what is counted over images."""

from pathlib import Path

import pytest
import torch

from vae_edu.bounds import elbo, elbo_a
from vae_edu.experiments import estimators_a_b as experiment
from vae_edu.experiments.moved_posterior import (
    ESTIMATORS,
    Moved,
    both_variances,
    each_draw,
    exact_variances,
    moved_off_the_posterior,
    orthogonal_model,
)

WAYS = [(0.0, 0.0), (0.7, 0.0), (0.0, -0.4), (1.2, 0.5)]


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.mark.equation("K13 (6)")
@pytest.mark.parametrize(("shift", "log_width"), WAYS)
def test_variance_of_a_is_that_of_the_log_ratio(shift: float, log_width: float):
    """A draw of A is log p(x) − log(q/posterior). In units of the posterior, z = t + s·eps for each of J latents:

    the ratio's logarithm is ½(t + s·eps)² − ½eps² + const, of variance (t·s)² + ½(s² − 1)², J times.
    """
    model, x = orthogonal_model(generator())
    s = torch.tensor(log_width, dtype=torch.float64).exp()
    expected = 3 * ((shift * s) ** 2 + 0.5 * (s**2 - 1) ** 2)
    actual = exact_variances(Moved(model, shift, log_width), x)["A"]
    torch.testing.assert_close(actual, expected.expand(len(x)), rtol=1e-9, atol=1e-12)


@pytest.mark.equation("K13 (7)")
@pytest.mark.parametrize("name", ["A", "B"])
@pytest.mark.parametrize(("shift", "log_width"), WAYS)
def test_exact_variances_against_autograd(name: str, shift: float, log_width: float):
    """Of one data point: gradient b and Hessian H of a draw in its noise give ‖b‖² + ½‖H‖²."""
    model, x = orthogonal_model(generator())
    moved = Moved(model, shift, log_width)

    def draw(eps: torch.Tensor) -> torch.Tensor:
        return ESTIMATORS[name](moved, x[:1], eps=eps.reshape(1, 1, 3)).sum()

    zero = torch.zeros(3, dtype=torch.float64)
    b, h = torch.func.grad(draw)(zero), torch.func.hessian(draw)(zero)
    expected = b.square().sum() + 0.5 * h.square().sum()
    torch.testing.assert_close(exact_variances(moved, x)[name][0], expected, rtol=1e-9, atol=1e-12)


@pytest.mark.equation("K13 (6)")
@pytest.mark.equation("K13 (7)")
def test_on_the_posterior_a_is_certain_and_b_is_not():
    row = both_variances(Moved(orthogonal_model(generator())[0]), orthogonal_model(generator())[1], 50, generator())
    assert row["gap"] == pytest.approx(0, abs=1e-12)
    assert row["A exact"] == pytest.approx(0, abs=1e-12)
    assert row["A measured"] == pytest.approx(0, abs=1e-12)
    assert row["B exact"] > 1
    assert row["B measured"] > 0.1


def test_the_gap_of_a_shift():
    """J·t²/2 nats, for J latents shifted by t standard deviations."""
    model, x = orthogonal_model(generator())
    assert both_variances(Moved(model, shift=0.5), x, 2, generator())["gap"] == pytest.approx(3 * 0.25 / 2)


@pytest.mark.parametrize("estimator", [elbo_a, elbo])
def test_draws_one_by_one(estimator):
    model, x = orthogonal_model(generator())
    eps = torch.randn(4, 20, 3, dtype=torch.float64, generator=generator())
    together = each_draw(estimator, Moved(model, 0.3), x, eps)
    assert together.shape == (4, 20)
    for values, one in zip(together, eps, strict=True):
        torch.testing.assert_close(values, estimator(Moved(model, 0.3), x, eps=one.unsqueeze(0)))


def test_both_ways_start_or_pass_at_the_posterior():
    found = moved_off_the_posterior(10, 0, Path("unused"))
    for way, at in (("shift in standard deviations", 0), ("log of the width", 8)):
        assert found[way]["at"][at] == 0
        assert found[way]["gap"][at] == min(found[way]["gap"]) == pytest.approx(0, abs=1e-12)
        assert len(found[way]["A exact"]) == len(found[way]["at"])


def test_images_are_counted_with_common_noise(digits):
    """Two times the same estimator: the same variances, so that neither is ever the lower one."""
    model = experiment.digits_models(digits, seed=0)["digits, untrained"]
    a, b = (experiment.image_variances(model, digits.x[:5], elbo, 7, seed=1) for _ in range(2))
    assert torch.equal(a, b)
    assert (a > 0).all()
    no_noise = experiment.image_variances(model, digits.x[:5], lambda model, x, generator: x.sum(1), 7, seed=1)
    assert (no_noise == 0).all()


@pytest.mark.equation("K13 (6)")
def test_estimator_a_as_an_objective(digits):
    model = experiment.digits_models(digits, seed=0)["digits, untrained"]
    x = digits.x[:5]
    terms = experiment.a_terms(model, x, generator=generator())
    torch.testing.assert_close(sum(terms.values()), elbo_a(model, x, generator=generator()))
