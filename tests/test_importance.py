"""Importance weights and the bound L_k, against torch.distributions, quadrature and exact inequalities."""

from itertools import combinations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Bernoulli, Normal

from vae_edu.bounds import elbo_a, log_weights
from vae_edu.gaussians import log_standard_normal
from vae_edu.importance import effective_sample_size, importance_weighted_bound, iwae_terms, normalized_weights
from vae_edu.learning import fit
from vae_edu.models import VAE, LinearGaussian, gaussian_mlp_vae, mlp_vae


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)


def bernoulli_vae(latent: int) -> tuple[VAE, Tensor]:
    """A decoder far from linear in float64, and binary images."""
    torch.manual_seed(0)
    model = mlp_vae(4, (16,), latent, torch.nn.Tanh).double()
    with torch.no_grad():
        for weight in model.decoder.parameters():
            weight.mul_(3)
    return model, torch.tensor([[0, 0, 0, 0], [1, 1, 1, 1], [1, 0, 1, 0]], dtype=torch.float64)


def axis() -> tuple[Tensor, Tensor]:
    """The trapezoidal rule for N(0, 1), which for smooth functions is all but exact: nodes and log-weights."""
    nodes = torch.linspace(-10, 10, 401, dtype=torch.float64)
    return nodes, log_standard_normal(nodes.unsqueeze(-1)) + (nodes[1] - nodes[0]).log()


def exact_encoder() -> tuple[LinearGaussian, Tensor]:
    """A decoder with orthogonal columns: the posterior is a diagonal Gaussian, and it is q."""
    columns = torch.linalg.qr(normal(1, 5, 3)).Q * torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    return LinearGaussian(columns, normal(2, 5), noise_var=0.4), normal(3, 4, 5)


# Weights


@pytest.mark.equation("K13 (2)")
@pytest.mark.equation("K13 (6)")
@pytest.mark.parametrize("build", [mlp_vae, gaussian_mlp_vae])
@torch.no_grad()
def test_log_weights_are_joint_minus_proposal(build) -> None:
    torch.manual_seed(1)
    model = build(6, (5,), 2).double()
    x, eps = torch.rand(3, 6).round().double(), normal(4, 4, 3, 2)
    mean, log_var = model.encode(x)
    q = Normal(mean, (log_var / 2).exp())
    z = q.mean + q.stddev * eps
    out = model.decode(z)
    p = Bernoulli(logits=out) if build is mlp_vae else Normal(out[0], (out[1] / 2).exp())
    expected = p.log_prob(x).sum(-1) + Normal(0.0, 1.0).log_prob(z).sum(-1) - q.log_prob(z).sum(-1)

    close(log_weights(model, x, eps=eps), expected)
    close(elbo_a(model, x, eps=eps), expected.mean(0))


@pytest.mark.equation("D16 (1)")
@torch.no_grad()
def test_weights_average_to_the_evidence() -> None:
    """E_q[w] = p(x), whatever q: both sides by quadrature, and exactly for the linear-Gaussian model."""
    nodes, log_mass = axis()
    model, x = bernoulli_vae(latent=1)
    eps = nodes.reshape(-1, 1, 1).expand(-1, len(x), 1)
    z = nodes.unsqueeze(-1)
    evidence = torch.stack([(model.log_likelihood(one, z) + log_mass).logsumexp(0) for one in x])
    close((log_weights(model, x, eps=eps) + log_mass.unsqueeze(-1)).logsumexp(0), evidence)

    linear = LinearGaussian(normal(5, 3, 1), normal(6, 3), noise_var=0.7)
    linear.encoder_log_var.add_(0.5)  # wider than the posterior, so that weights stay bounded
    x = normal(7, 3, 3)
    close((log_weights(linear, x, eps=eps) + log_mass.unsqueeze(-1)).logsumexp(0), linear.log_marginal(x))


def test_a_model_of_several_layers_weighs_its_own_draws() -> None:
    class Deep:
        def log_weights(self, x: Tensor, *, samples: int = 1, generator=None) -> Tensor:
            return torch.arange(samples).double().unsqueeze(1) * x.sum(-1)

    x = torch.ones(2, 3, dtype=torch.float64)
    close(log_weights(Deep(), x, samples=3), torch.tensor([[0.0, 0], [3, 3], [6, 6]]).double())
    close(elbo_a(Deep(), x, samples=3), torch.tensor([3.0, 3]).double())
    with pytest.raises(ValueError, match="several"):
        log_weights(Deep(), x, eps=torch.zeros(1, 2, 3))


# The bound L_k


@pytest.mark.equation("K13 (6)")
@torch.no_grad()
def test_with_one_sample_it_is_estimator_a() -> None:
    model, x = bernoulli_vae(latent=2)
    eps = normal(8, 1, 3, 2)
    close(importance_weighted_bound(model, x, eps=eps), elbo_a(model, x, eps=eps))


@torch.no_grad()
def test_it_is_the_log_of_the_plain_mean() -> None:
    model, x = bernoulli_vae(latent=2)
    eps = normal(9, 6, 3, 2)
    close(importance_weighted_bound(model, x, eps=eps), log_weights(model, x, eps=eps).exp().mean(0).log())


@torch.no_grad()
def test_it_is_the_evidence_without_variance_when_q_is_the_posterior() -> None:
    model, x = exact_encoder()
    for samples in (1, 2, 7):
        bound = importance_weighted_bound(model, x, samples=samples, generator=torch.Generator().manual_seed(0))
        close(bound, model.log_marginal(x))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 5))
@torch.no_grad()
def test_more_samples_never_lower_the_mean(seed: int, k: int) -> None:
    """Of any k draws, L_k is at least the mean of L_m over all subsets of m: Jensen's inequality, no chance in it."""
    model, x = bernoulli_vae(latent=2)
    eps = normal(seed, k, 3, 2)

    def mean_over_subsets(m: int) -> Tensor:
        subsets = [list(subset) for subset in combinations(range(k), m)]
        return torch.stack([importance_weighted_bound(model, x, eps=eps[subset]) for subset in subsets]).mean(0)

    means = [mean_over_subsets(m) for m in range(1, k + 1)]
    for fewer, more in zip(means[:-1], means[1:], strict=True):
        assert (more >= fewer - 1e-12).all()


@torch.no_grad()
def test_two_samples_lie_strictly_between_the_bound_and_the_evidence() -> None:
    """E[L_1] and E[L_2] by quadrature over the noise of one and of two draws."""
    nodes, log_mass = axis()
    nodes, log_mass = nodes[::5], log_mass[::5] + torch.tensor(5.0).log()
    model, x = bernoulli_vae(latent=1)
    pairs = torch.cartesian_prod(nodes, nodes).mT.reshape(2, -1, 1)
    mass = torch.cartesian_prod(log_mass, log_mass).sum(-1).exp()
    z = nodes.unsqueeze(-1)
    for one in x:
        images = one.expand(pairs.shape[1], -1)
        first = (mass * importance_weighted_bound(model, images, eps=pairs[:1])).sum()
        second = (mass * importance_weighted_bound(model, images, eps=pairs)).sum()
        evidence = (model.log_likelihood(one, z) + log_mass).logsumexp(0)
        assert first + 0.01 < second < evidence - 0.01


def test_its_gradient_is_the_weighted_gradient_of_the_log_weights() -> None:
    model, x = bernoulli_vae(latent=2)
    eps, parameters = normal(10, 5, 3, 2), list(model.parameters())
    each = log_weights(model, x, eps=eps)
    expected = torch.autograd.grad((normalized_weights(each).detach() * each).sum(), parameters)
    actual = torch.autograd.grad(importance_weighted_bound(model, x, eps=eps).sum(), parameters)
    for one, other in zip(actual, expected, strict=True):
        close(one, other)


@pytest.mark.parametrize("log_weight", [-1e5, 1e5])
def test_extreme_weights_stay_finite(log_weight: float) -> None:
    class Constant:
        def log_weights(self, x: Tensor, *, samples: int = 1, generator=None) -> Tensor:
            return x.sum(-1).expand(samples, -1) + log_weight

    x = torch.zeros(2, 3, dtype=torch.float64, requires_grad=True)
    bound = iwae_terms(Constant(), x, samples=4)["bound"]
    bound.sum().backward()
    close(bound.detach(), torch.full((2,), log_weight).double())
    close(x.grad, torch.ones(2, 3).double())


def test_fit_maximizes_it() -> None:
    """One latent for two-dimensional data: the exact evidence rises, and L_5 stays below it but for chance."""
    torch.manual_seed(3)
    model = LinearGaussian(torch.randn(4, 2), torch.zeros(4), noise_var=1.0)
    x = 0.3 * torch.randn(500, 4) + torch.randn(500, 1)
    before = model.log_marginal(x).mean().item()
    history = fit(model, x, iwae_terms, epochs=20, learning_rate=1e-2, progress=False)
    after = model.log_marginal(x).mean().item()
    assert after > before + 1
    assert history["bound"][-1] == pytest.approx(after, abs=0.2)


# How many draws the weights are worth


def test_equal_weights_count_fully_and_a_giant_counts_alone() -> None:
    for log_w, size in [([-300.0] * 7, 7.0), ([0.0, -400.0, -400.0], 1.0), ([2.0, 2.0, -500.0], 2.0)]:
        close(effective_sample_size(torch.tensor(log_w).double()), torch.tensor(size).double())


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=8), st.floats(-1e4, 1e4))
def test_effective_size_is_the_squared_sum_over_the_sum_of_squares(values: list[float], shift: float) -> None:
    log_w = torch.tensor(values, dtype=torch.float64)
    w = (log_w - log_w.max()).exp()
    size = effective_sample_size(log_w)
    close(size, w.sum() ** 2 / (w**2).sum())
    torch.testing.assert_close(effective_sample_size(log_w + shift), size, rtol=1e-6, atol=1e-6)
    assert 1 - 1e-9 <= size <= len(values) + 1e-9
