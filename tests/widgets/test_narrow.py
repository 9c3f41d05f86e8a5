"""A decoder made narrow: exact where its last layer has few directions, left alone where that makes it no smaller."""

import pytest
import torch

from vae_edu.models import VAE, gaussian_mlp_vae, mlp_vae
from vae_edu.widgets.narrow import TOLERANCE, head_of, narrowed


def of_rank(model: VAE, rank: int) -> VAE:
    """The model with a random last layer of the decoder, of so many directions."""
    _, head = head_of(model.decoder)
    left, right = torch.randn(head.out_features, rank), torch.randn(rank, head.in_features)
    head.weight.data = left @ right / rank**0.5
    head.bias.data.normal_()
    return model


@pytest.mark.parametrize("build", [mlp_vae, gaussian_mlp_vae])
def test_a_layer_of_few_directions_is_kept_whole(build):
    model = of_rank(build(100, (60,), 2), rank=6)
    before = [tensor.clone() for tensor in model.decoder.parameters()]
    small, z = narrowed(model.decoder, half=4.0), 3 * torch.randn(500, 2)
    _, head = head_of(small)
    assert [layer.weight.shape for layer in head] == [(8, 60), (100, 8)]
    pictures = VAE(model.encoder, small, model.likelihood, 2).images(z)
    assert (pictures - model.images(z)).abs().max() < TOLERANCE
    assert all(torch.equal(*pair) for pair in zip(before, model.decoder.parameters(), strict=True))


def test_no_pixel_of_the_window_moves_by_more_than_the_tolerance_and_fewer_units_would_not_do():
    torch.manual_seed(0)
    model = of_rank(mlp_vae(300, (200,), 2, torch.nn.Tanh), rank=200)
    small = narrowed(model.decoder, half=4.0)
    pair, line = small.logits, torch.linspace(-4, 4, 61)
    z = torch.cartesian_prod(line, line)
    narrow, exact = VAE(model.encoder, small, model.likelihood, 2).images(z), model.images(z)
    assert (narrow - exact).abs().max() < TOLERANCE + 1e-4
    # The nearest matrix of 8 directions less, by an independent road: the singular values of the window's logits.
    h, weight = model.decoder.hidden(z), model.decoder.logits.weight
    _, _, right = torch.linalg.svd(h @ weight.T, full_matrices=False)
    kept = right[: len(pair[0].weight) - 8]
    fewer = (h @ weight.T @ kept.T @ kept + model.decoder.logits.bias).sigmoid()
    assert (fewer - exact).abs().max() > 0.9 * TOLERANCE


def test_a_decoder_that_would_not_get_smaller_is_left_alone():
    model = of_rank(mlp_vae(16, (8,), 2), rank=8)
    assert narrowed(model.decoder, half=4.0) is model.decoder
