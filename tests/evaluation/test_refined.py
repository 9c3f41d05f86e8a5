"""Posteriors fitted image by image: on linear-Gaussian models they must become the exact ones."""

import pytest
import torch

from vae_edu.evaluation.refined import WithPosterior, refined_posterior
from vae_edu.gaussians import kl_full
from vae_edu.importance import importance_weighted_bound
from vae_edu.models import LinearGaussian


@pytest.fixture
def model_and_x() -> tuple[LinearGaussian, torch.Tensor]:
    """Decoder columns at right angles, so that the exact posterior is of the family; an encoder that is far off."""
    generator = torch.Generator().manual_seed(0)
    columns = torch.linalg.qr(torch.randn(5, 2, generator=generator, dtype=torch.float64)).Q * 2
    model = LinearGaussian(columns, torch.zeros(5, dtype=torch.float64), 0.5)
    with torch.no_grad():
        model.encoder_weight.neg_()
        model.encoder_log_var.sub_(3)
    return model, torch.randn(8, 5, generator=generator, dtype=torch.float64)


def test_it_finds_the_exact_posterior_of_each_image(model_and_x) -> None:
    model, x = model_and_x
    generator = torch.Generator().manual_seed(1)
    mean, log_var = refined_posterior(lambda: model, x, 1500, 0.02, generator)
    with torch.no_grad():
        gap = kl_full(mean, torch.diag_embed(log_var.exp()), *model.posterior(x))
        assert model.gap(x).min() > 1
        # Adam's steps of 0.02 leave a mean or log-variance that far from its place, time and again.
        assert gap.max() < 0.1


def test_models_and_their_encoders_are_left_alone(model_and_x) -> None:
    model, x = model_and_x
    before = [p.detach().clone() for p in model.parameters()]
    refined_posterior(lambda: model, x, 3)
    assert all(torch.equal(p, old) and p.grad is None for p, old in zip(model.parameters(), before, strict=True))


def test_without_steps_it_is_the_encoders(model_and_x) -> None:
    model, x = model_and_x
    for part, expected in zip(refined_posterior(lambda: model, x, 0), model.encode(x), strict=True):
        torch.testing.assert_close(part, expected.detach())


@torch.no_grad()
def test_the_given_posterior_takes_the_encoders_place(model_and_x) -> None:
    model, x = model_and_x
    mean, covariance = model.posterior(x)
    exact = WithPosterior(model, mean, covariance.diagonal().log().expand_as(mean))
    torch.testing.assert_close(importance_weighted_bound(exact, x, samples=3), model.log_marginal(x))
