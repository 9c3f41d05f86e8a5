"""The perceptrons of K13's appendix C, against the same formulas in NumPy, matrix by matrix."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from vae_edu.models import BernoulliMLP, GaussianMLP, conv_vae
from vae_edu.models.networks import draw_glorot_weights, draw_small_biases, draw_small_weights, trunk


def matrices(layer: nn.Linear) -> tuple[np.ndarray, np.ndarray]:
    return layer.weight.detach().numpy(), layer.bias.detach().numpy()


def sigmoid(t: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-t))


def randomized(network: nn.Module) -> nn.Module:
    """Weights of size 1 instead of PyTorch's small ones, so that a forgotten tanh or bias shows."""
    generator = torch.Generator().manual_seed(0)
    for parameter in network.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    return network


@pytest.mark.equation("K13 (11)")
def test_bernoulli_mlp_is_sigmoid_of_linear_of_tanh_of_linear():
    network = randomized(BernoulliMLP((2, 5, 7), nn.Tanh))
    (w1, b1), (w2, b2) = matrices(network.hidden[0]), matrices(network.logits)
    z = np.random.default_rng(0).normal(size=(4, 2))
    y = sigmoid(np.tanh(z @ w1.T + b1) @ w2.T + b2)
    np.testing.assert_allclose(torch.sigmoid(network(torch.from_numpy(z))).detach().numpy(), y, rtol=1e-12)


@pytest.mark.equation("K13 (12)")
@pytest.mark.parametrize("squash_mean", [False, True])
def test_gaussian_mlp_is_two_linear_heads_on_one_tanh_layer(squash_mean):
    network = randomized(GaussianMLP((2, 5, 7), nn.Tanh, squash_mean=squash_mean))
    (w3, b3), (w4, b4), (w5, b5) = map(matrices, (network.hidden[0], network.mean, network.log_var))
    z = np.random.default_rng(0).normal(size=(4, 2))
    h = np.tanh(z @ w3.T + b3)
    mean, log_var = (part.detach().numpy() for part in network(torch.from_numpy(z)))
    np.testing.assert_allclose(mean, sigmoid(h @ w4.T + b4) if squash_mean else h @ w4.T + b4, rtol=1e-12)
    np.testing.assert_allclose(log_var, h @ w5.T + b5, rtol=1e-12)


def test_deeper_trunks_apply_the_activation_after_every_hidden_layer():
    network = randomized(BernoulliMLP((2, 3, 4, 5), nn.ReLU))
    h = np.random.default_rng(0).normal(size=(6, 2))
    z = torch.from_numpy(h)
    for layer in (network.hidden[0], network.hidden[2]):
        weight, bias = matrices(layer)
        h = np.maximum(h @ weight.T + bias, 0)
    weight, bias = matrices(network.logits)
    np.testing.assert_allclose(network(z).detach().numpy(), h @ weight.T + bias, rtol=1e-12)


def test_without_a_hidden_layer_the_trunk_is_the_identity():
    z = torch.randn(3, 2)
    assert torch.equal(trunk((2,), nn.Tanh)(z), z)


@settings(deadline=None, max_examples=30)
@given(
    leading=st.lists(st.integers(0, 4), max_size=3),
    sizes=st.lists(st.integers(1, 6), min_size=2, max_size=4),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_leading_axes_and_dtype_pass_through(leading, sizes, dtype):
    inputs = torch.zeros(*leading, sizes[0], dtype=dtype)
    outputs = [BernoulliMLP(sizes).to(dtype)(inputs), *GaussianMLP(sizes).to(dtype)(inputs)]
    assert all(output.shape == (*leading, sizes[-1]) and output.dtype == dtype for output in outputs)


@pytest.mark.parametrize(("inputs", "outputs"), [(300, 100), (50, 400)])
def test_glorot_weights_have_their_variance_and_biases_are_zero(inputs, outputs):
    """Uniform on ±√(6/(inputs + outputs)): the range exactly, the law by Dvoretzky, Kiefer, Wolfowitz and Massart."""
    network = draw_glorot_weights(BernoulliMLP((inputs, outputs, 7)), torch.Generator().manual_seed(0))
    limit = (6 / (inputs + outputs)) ** 0.5
    u = network.hidden[0].weight.detach().flatten() / (2 * limit) + 0.5
    assert ((u >= 0) & (u <= 1)).all()
    distance = (u.sort().values - torch.arange(1, len(u) + 1) / len(u)).abs().max()
    assert distance < (math.log(2 / 1e-7) / (2 * len(u))) ** 0.5 + 1 / len(u)
    assert not network.hidden[0].bias.any()
    assert not network.logits.bias.any()


def test_glorot_weights_reach_convolutions():
    model = draw_glorot_weights(conv_vae(64, (4, 3), 2), torch.Generator().manual_seed(0))
    assert all(parameter.any() != name.endswith("bias") for name, parameter in model.named_parameters())


def test_small_biases_are_drawn_but_for_log_variances_and_leave_the_weights_as_they_are():
    generator = torch.Generator().manual_seed(0)
    model = draw_small_weights(GaussianMLP((3, 5000, 2)), generator=generator)
    weights = model.hidden[0].weight.clone()
    draw_small_biases(model, 0.01, generator)
    torch.testing.assert_close(model.hidden[0].weight, weights)
    assert model.hidden[0].bias.std().item() == pytest.approx(0.01, rel=0.05)  # of 5,000: 1 % is the standard error
    assert (model.mean.bias != 0).all()
    assert (model.log_var.bias == 0).all()
