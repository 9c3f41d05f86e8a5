"""Importance sampling in parts against exact evidence.

q is made wider than the posterior, so the weights are bounded, their variance follows by quadrature, and Bernstein's
inequality bounds the error of the mean of n: P(|mean − p| ≥ t) ≤ 2·exp(−n·t²/(2·(variance + bound·t/3))).
"""

import math

import pytest
import torch
from torch import Tensor

from vae_edu.bounds import LatentVariableModel, log_weights
from vae_edu.evaluation.marginal_likelihood import importance_sampling
from vae_edu.gaussians import log_standard_normal
from vae_edu.models import LinearGaussian, mlp_vae

FALSE_ALARM = 1e-7
SAMPLES = 5000


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def moments(model: LatentVariableModel, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """log p(x), and variance and maximum of one weight in units of p(x), for one latent variable."""
    nodes = torch.linspace(-10, 10, 2001, dtype=torch.float64)
    log_mass = log_standard_normal(nodes.unsqueeze(-1)) + (nodes[1] - nodes[0]).log()
    log_w = log_weights(model, x, eps=nodes.reshape(-1, 1, 1).expand(-1, len(x), 1))
    log_p = (log_w + log_mass.unsqueeze(-1)).logsumexp(0)
    relative = (log_w - log_p).exp()
    return log_p, (relative**2 * log_mass.exp().unsqueeze(-1)).sum(0) - 1, relative.max(0).values


def assert_close(model: LatentVariableModel, x: Tensor) -> None:
    log_p, variance, bound = moments(model, x)
    log_odds = math.log(2 * len(x) / FALSE_ALARM)
    half = log_odds * bound / 3
    error = (half + (half**2 + 2 * SAMPLES * variance * log_odds).sqrt()) / SAMPLES
    assert (error < 0.2).all(), "the test would be blind"
    estimate = importance_sampling(model, x, SAMPLES, torch.Generator().manual_seed(0))
    assert (estimate <= log_p + torch.log1p(error)).all()
    assert (estimate >= log_p + torch.log1p(-error)).all()


@pytest.mark.equation("D16 (1)")
@torch.no_grad()
def test_linear_gaussian_evidence_is_met() -> None:
    model, x = LinearGaussian(normal(0, 5, 1), normal(1, 5), noise_var=0.5), normal(2, 30, 5)
    model.encoder_log_var.add_(0.6)
    model.encoder_weight.mul_(0.9)
    torch.testing.assert_close(moments(model, x)[0], model.log_marginal(x))
    assert_close(model, x)


@pytest.mark.equation("D16 (1)")
@torch.no_grad()
def test_quadrature_of_a_neural_decoder_is_met() -> None:
    torch.manual_seed(0)
    model = mlp_vae(4, (16,), 1, torch.nn.Tanh).double()
    for weight in model.decoder.parameters():
        weight.mul_(3)
    model.encoder.log_var.bias.fill_(0.5)
    assert_close(model, torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 4))


@pytest.mark.parametrize("samples", [1, 49, 50, 51, 120])
@pytest.mark.parametrize("batch", [1, 19, 41])
def test_parts_of_any_size_add_up(samples: int, batch: int) -> None:
    """A model whose draws are numbered from 0: the n-th weighs n·x, so the estimate is known."""

    class Numbered:
        drawn: dict[float, int]

        def log_weights(self, x: Tensor, *, samples: int = 1, generator=None) -> Tensor:
            start = self.drawn.get(x[0, 0].item(), 0)
            self.drawn[x[0, 0].item()] = start + samples
            return torch.arange(start, start + samples).double().unsqueeze(1) * x.sum(-1)

    model, x = Numbered(), torch.linspace(-0.2, 0.3, 3 * batch, dtype=torch.float64).reshape(batch, 3)
    model.drawn = {}
    weights = (torch.arange(samples).double().unsqueeze(1) * x.sum(-1)).exp()
    torch.testing.assert_close(importance_sampling(model, x, samples), weights.mean(0).log())


@torch.no_grad()
def test_no_variance_when_q_is_the_posterior() -> None:
    columns = torch.linalg.qr(normal(3, 5, 3)).Q * torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    model, x = LinearGaussian(columns, normal(4, 5), noise_var=0.4), normal(5, 25, 5)
    torch.testing.assert_close(importance_sampling(model, x, 3), model.log_marginal(x))


def test_parameters_get_no_gradient() -> None:
    assert not importance_sampling(mlp_vae(4, (3,), 2), torch.zeros(2, 4), 3).requires_grad
