"""The VAE as a whole: its objective K13 (10) by hand, its shapes, its size, and where its gradients go."""

import math

import pytest
import torch
from torch import distributions, nn

from vae_edu.bounds import elbo, elbo_terms
from vae_edu.models import gaussian_mlp_vae, mlp_vae

PIXELS, LATENT = 11, 3
MAKERS = [mlp_vae, gaussian_mlp_vae]


def make(maker, seed: int = 0, dtype=torch.float64):
    torch.manual_seed(seed)
    return maker(PIXELS, [6], LATENT, nn.Tanh).to(dtype)


def batch(n: int, dtype=torch.float64) -> torch.Tensor:
    return torch.rand(n, PIXELS, generator=torch.Generator().manual_seed(1), dtype=dtype)


def noise(samples: int, n: int) -> torch.Tensor:
    return torch.randn(samples, n, LATENT, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def by_hand(model, x: torch.Tensor, eps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The two terms of K13 (10) for each data point, from torch.distributions and one Python loop over ε."""
    mean, log_var = model.encode(x)
    q = distributions.Normal(mean, torch.exp(log_var / 2))
    kl = distributions.kl_divergence(q, distributions.Normal(0.0, 1.0)).sum(-1)
    total = torch.zeros(len(x), dtype=x.dtype)
    for e in eps:
        parameters = model.decode(mean + torch.exp(log_var / 2) * e)
        if isinstance(parameters, tuple):
            p = distributions.Normal(parameters[0], torch.exp(parameters[1] / 2))
        else:
            p = distributions.Bernoulli(logits=parameters)
        total = total + p.log_prob(x).sum(-1)
    return total / len(eps), -kl


@pytest.mark.equation("K13 (10)")
@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("n", [0, 1, 4])
@pytest.mark.parametrize("samples", [1, 3])
def test_elbo_is_k13_10_computed_by_hand(maker, n, samples):
    model, x, eps = make(maker), batch(n).round(), noise(samples, n)
    reconstruction, minus_kl = by_hand(model, x, eps)
    terms = elbo_terms(model, x, eps=eps, samples=samples)
    torch.testing.assert_close(terms["reconstruction"], reconstruction)
    torch.testing.assert_close(terms["-KL"], minus_kl)
    torch.testing.assert_close(elbo(model, x, eps=eps, samples=samples), reconstruction + minus_kl)


@pytest.mark.equation("K13 (10)")
def test_weights_scale_their_own_term_and_nothing_else():
    model, x, eps = make(mlp_vae), batch(4), noise(2, 4)
    plain = elbo_terms(model, x, eps=eps)
    weighted = elbo_terms(model, x, eps=eps, reconstruction_weight=0.25, kl_weight=3.0)
    torch.testing.assert_close(weighted["reconstruction"], 0.25 * plain["reconstruction"])
    torch.testing.assert_close(weighted["-KL"], 3 * plain["-KL"])


def gradient_norms(model, bound: torch.Tensor) -> tuple[float, float]:
    model.zero_grad()
    bound.mean().backward()
    parts = (model.encoder, model.decoder)
    return tuple(math.sqrt(sum((p.grad**2).sum() for p in part.parameters() if p.grad is not None)) for part in parts)


def test_both_networks_learn_from_the_reconstruction_and_only_the_encoder_from_the_kl():
    model, x = make(mlp_vae), batch(4)
    terms = elbo_terms(model, x, eps=noise(1, 4))
    encoder, decoder = gradient_norms(model, terms["reconstruction"])
    assert encoder > 0
    assert decoder > 0
    encoder, decoder = gradient_norms(model, elbo_terms(model, x, eps=noise(1, 4))["-KL"])
    assert encoder > 0
    assert decoder == 0


def test_with_kl_weight_zero_the_prior_has_no_pull():
    model, x, eps = make(mlp_vae), batch(4), noise(1, 4)
    with_zero = elbo_terms(model, x, eps=eps, kl_weight=0.0)
    plain = elbo_terms(model, x, eps=eps)
    left = gradient_norms(model, sum(with_zero.values()))
    right = gradient_norms(model, plain["reconstruction"])
    assert left == pytest.approx(right)


@pytest.mark.equation("K13 (10)")
@pytest.mark.parametrize("maker", MAKERS)
def test_gradient_in_every_encoder_weight_agrees_with_finite_differences(maker):
    """With ε held still the estimate is a smooth function of φ: autograd must see the path through z."""
    model, x, eps = make(maker), batch(2), noise(1, 2)
    weight = model.encoder.log_var.weight
    (gradient,) = torch.autograd.grad(elbo(model, x, eps=eps).sum(), weight)
    step, numeric = 1e-5, torch.zeros_like(weight)
    with torch.no_grad():
        for index in range(weight.numel()):
            sides = []
            for sign in (1, -1):
                weight.view(-1)[index] += sign * step
                sides.append(elbo(model, x, eps=eps).sum())
                weight.view(-1)[index] -= sign * step
            numeric.view(-1)[index] = (sides[0] - sides[1]) / (2 * step)
    torch.testing.assert_close(gradient, numeric, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("n", [0, 1, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shapes_for_no_one_and_many_images(maker, n, dtype):
    model, x = make(maker, dtype=dtype), batch(n, dtype)
    mean, log_var = model.encode(x)
    assert mean.shape == log_var.shape == (n, LATENT)
    z = torch.zeros(2, n, LATENT, dtype=dtype)
    parameters = model.decode(z)
    for part in parameters if isinstance(parameters, tuple) else (parameters,):
        assert part.shape == (2, n, PIXELS)
    assert model.log_likelihood(x, z).shape == (2, n)
    assert model.images(z).shape == (2, n, PIXELS)
    assert elbo(model, x).shape == (n,)
    assert elbo(model, x).dtype == dtype


@pytest.mark.parametrize("n", [0, 1, 5])
def test_prior_samples_are_probabilities_and_repeat_with_their_generator(n):
    model = make(mlp_vae)
    first, second = (model.sample(n, torch.Generator().manual_seed(3)) for _ in range(2))
    assert first.shape == (n, PIXELS)
    assert not first.requires_grad
    assert torch.equal(first, second)
    assert ((first > 0) & (first < 1)).all()


def test_frey_style_means_are_squashed_into_the_unit_interval():
    mean, _ = make(gaussian_mlp_vae).decode(50 * torch.randn(20, LATENT, dtype=torch.float64))
    assert ((mean >= 0) & (mean <= 1)).all()


@pytest.mark.parametrize(("hidden", "latent", "parameters"), [(400, 20, 652_824), (512, 2, 807_700), (400, 2, 631_188)])
def test_the_mnist_models_have_the_seed_projects_number_of_parameters(hidden, latent, parameters):
    model = mlp_vae(784, [hidden], latent)
    assert sum(p.numel() for p in model.parameters()) == parameters
    by_layer = 784 * hidden + hidden + 2 * (hidden * latent + latent) + latent * hidden + hidden + hidden * 784 + 784
    assert by_layer == parameters
