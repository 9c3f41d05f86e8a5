"""The convolutional VAE: its layers against sums written out, its size, its shapes, its use as a VAE."""

import itertools

import numpy as np
import pytest
import torch
from torch import distributions

from vae_edu.bounds import elbo
from vae_edu.evaluation.latent_space import jacobian
from vae_edu.models import conv_vae


def make(pixels: int = 64, channels=(3, 2), latent: int = 2):
    torch.manual_seed(0)
    model = conv_vae(pixels, channels, latent).double()
    for parameter in model.parameters():  # of size 1, so that a forgotten bias or ReLU shows
        parameter.data = torch.randn(parameter.shape, dtype=torch.float64)
    return model


def convolve(image: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Unpadded cross-correlation, one output pixel after another."""
    outputs, _, height, width = weight.shape
    rows, columns = image.shape[1] - height + 1, image.shape[2] - width + 1
    result = np.empty((outputs, rows, columns))
    for o, i, j in itertools.product(range(outputs), range(rows), range(columns)):
        result[o, i, j] = bias[o] + (weight[o] * image[:, i : i + height, j : j + width]).sum()
    return result


def transposed(image: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """Each input pixel stamps the kernel, scaled by its value, onto the output."""
    inputs, outputs, height, width = weight.shape
    result = np.zeros((outputs, image.shape[1] + height - 1, image.shape[2] + width - 1)) + bias[:, None, None]
    for c, i, j in itertools.product(range(inputs), range(image.shape[1]), range(image.shape[2])):
        result[:, i : i + height, j : j + width] += image[c, i, j] * weight[c]
    return result


def arrays(layer) -> tuple[np.ndarray, np.ndarray]:
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


def relu(t: np.ndarray) -> np.ndarray:
    return np.maximum(t, 0)


def test_the_encoder_is_two_convolutions_a_pool_and_two_linear_heads():
    model = make()
    x = torch.rand(4, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    first, second = (layer for layer in model.encoder.features if isinstance(layer, torch.nn.Conv2d))
    second.bias.data -= 4  # puts some units to rest, or a forgotten ReLU would go unnoticed
    zeros = 0
    for one, mean, log_var in zip(x, *model.encode(x), strict=True):
        h = relu(convolve(relu(convolve(one.numpy().reshape(1, 8, 8), *arrays(first))), *arrays(second)))
        h = h.reshape(2, 2, 2, 2, 2).max((2, 4)).ravel()
        zeros += (h == 0).sum()
        for head, output in ((model.encoder.mean, mean), (model.encoder.log_var, log_var)):
            weight, bias = arrays(head)
            np.testing.assert_allclose(output.detach().numpy(), weight @ h + bias, rtol=1e-10)
    assert 0 < zeros < 4 * 8


def test_the_decoder_is_linear_upsampling_and_two_transposed_convolutions():
    model = make()
    z = torch.randn(2, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    linear = model.decoder.layers[0]
    first, second = (layer for layer in model.decoder.layers if isinstance(layer, torch.nn.ConvTranspose2d))
    weight, bias = arrays(linear)
    h = relu(weight @ z.numpy() + bias).reshape(2, 2, 2).repeat(2, axis=1).repeat(2, axis=2)
    assert 0 < (h == 0).sum() < h.size
    logits = transposed(relu(transposed(h, *arrays(first))), *arrays(second))
    np.testing.assert_allclose(model.decode(z).detach().numpy(), logits.ravel(), rtol=1e-10)


def test_the_mnist_model_has_the_seed_projects_number_of_parameters():
    by_layer = {
        "convolutions": (9 * 1 + 1) * 32 + (9 * 32 + 1) * 16,
        "heads": 2 * (2304 + 1) * 20,
        "decoder's linear layer": (20 + 1) * 2304,
        "transposed convolutions": (9 * 16 * 32 + 32) + (9 * 32 * 1 + 1),
    }
    assert sum(by_layer.values()) == 150_457
    assert sum(p.numel() for p in conv_vae(784, (32, 16), 20).parameters()) == 150_457


@pytest.mark.parametrize("leading", [(), (0,), (5,), (3, 0), (2, 3)])
@pytest.mark.parametrize(("pixels", "latent"), [(64, 2), (784, 20)])
def test_pictures_are_flat_at_the_interface_and_leading_axes_pass_through(leading, pixels, latent):
    model = conv_vae(pixels, (4, 3), latent)
    mean, log_var = model.encode(torch.rand(*leading, pixels))
    assert mean.shape == log_var.shape == (*leading, latent)
    assert model.decode(mean).shape == model.images(mean).shape == (*leading, pixels)


def test_decoding_a_stack_is_decoding_its_parts():
    model = make()
    z = torch.randn(3, 4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    for s, b in itertools.product(range(3), range(4)):
        torch.testing.assert_close(model.decode(z)[s, b], model.decode(z[s, b]))


@pytest.mark.equation("K13 (10)")
def test_its_bound_is_k13_10_like_any_other_vaes():
    model = make()
    x = torch.rand(4, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(4)).round()
    eps = torch.randn(3, 4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    mean, log_var = model.encode(x)
    q = distributions.Normal(mean, (log_var / 2).exp())
    kl = distributions.kl_divergence(q, distributions.Normal(0.0, 1.0)).sum(-1)
    likelihood = sum(
        distributions.Bernoulli(logits=model.decode(mean + (log_var / 2).exp() * e)).log_prob(x).sum(-1) for e in eps
    )
    torch.testing.assert_close(elbo(model, x, eps=eps, samples=3), likelihood / 3 - kl)


def test_its_pictures_can_be_differentiated_in_z():
    model = make()
    z, step = torch.tensor([[0.3, -0.2]], dtype=torch.float64), 1e-6
    sides = [model.decode(z + sign * step * torch.eye(2, dtype=torch.float64)) for sign in (1, -1)]
    torch.testing.assert_close(
        jacobian(model.decode, z)[0].mT, (sides[0] - sides[1]) / (2 * step), rtol=1e-4, atol=1e-6
    )


@pytest.mark.parametrize("pixels", [560, 49, 16])
def test_pictures_that_do_not_fit_are_refused(pixels):
    with pytest.raises(ValueError, match=f"even side of at least 6 pixels, got {pixels} pixels"):
        conv_vae(pixels, (3, 2), 2)
