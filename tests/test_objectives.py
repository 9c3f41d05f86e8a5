"""Objectives without a latent variable: by hand, by autograd's path, and through `fit`."""

from functools import partial

import pytest
import torch
from torch import nn

from vae_edu.learning import fit
from vae_edu.models import VAE, mlp_vae
from vae_edu.models.conditional import mlp_regressor
from vae_edu.objectives import regression_terms, sparse_autoencoder_terms

PIXELS, LATENT = 11, 3


@pytest.fixture
def model() -> VAE:
    torch.manual_seed(0)
    return mlp_vae(PIXELS, [6], LATENT, nn.Tanh).double()


@pytest.fixture
def x() -> torch.Tensor:
    return torch.rand(4, PIXELS, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.mark.equation("D16 (11)")
@pytest.mark.parametrize("norm", [0, 1])
def test_sparse_autoencoder_by_hand(model, x, norm):
    with torch.no_grad():  # dead and living code units, so that counting them means something
        model.encoder.mean.weight[0] = model.encoder.mean.bias[0] = 0
    error, size = sparse_autoencoder_terms(model, x, sparsity=0.3, norm=norm).values()
    for i, row in enumerate(x):
        code = model.encoder.mean(model.encoder.hidden(row))
        picture = torch.sigmoid(model.decoder(code))
        torch.testing.assert_close(error[i], -(torch.dist(picture, row) ** 2))
        torch.testing.assert_close(size[i], -0.3 * torch.linalg.vector_norm(code, ord=norm))
        assert norm == 1 or size[i] == pytest.approx(-0.3 * (LATENT - 1))


@pytest.mark.equation("D16 (11)")
def test_the_count_has_no_gradient_and_the_sum_has_the_signs(model, x):
    code, _ = model.encode(x)
    bias = model.encoder.mean.bias
    plain, counted, summed = (
        torch.autograd.grad(sum(sparse_autoencoder_terms(model, x, sparsity=s, norm=n).values()).sum(), bias)[0]
        for s, n in ((0.0, 0), (2.0, 0), (2.0, 1))
    )
    torch.testing.assert_close(counted, plain)
    torch.testing.assert_close(summed, plain - 2 * code.sign().sum(0))


@pytest.mark.equation("D16 (11)")
def test_a_heavier_penalty_shrinks_the_code(digits):
    sizes = []
    for sparsity in (0.0, 1.0):
        torch.manual_seed(0)
        model = mlp_vae(64, (32,), 8)
        fit(model, digits.x, partial(sparse_autoencoder_terms, sparsity=sparsity, norm=1), epochs=3, progress=False)
        sizes.append(model.encode(digits.x)[0].abs().sum(-1).mean())
    assert sizes[1] < 0.5 * sizes[0]


def test_regression_terms_are_the_target_s_log_likelihood_given_the_condition(x):
    torch.manual_seed(0)
    model = mlp_regressor(PIXELS, range(3, 6), (7,)).double()
    (value,) = regression_terms(model, x.round()).values()
    p = torch.sigmoid(model.network(x.round()[:, 3:6]))
    y = x.round()[:, [0, 1, 2, 6, 7, 8, 9, 10]]
    torch.testing.assert_close(value, torch.where(y == 1, p, 1 - p).log().sum(-1))
