"""Two stochastic layers against torch.distributions, quadrature, and a chain of linear Gaussians solved exactly."""

import pytest
import torch
from torch import Tensor, nn
from torch.distributions import Bernoulli, Normal

from vae_edu.bounds import elbo_a, log_weights
from vae_edu.gaussians import log_standard_normal
from vae_edu.importance import importance_weighted_bound, iwae_terms
from vae_edu.learning import fit
from vae_edu.likelihoods import Gaussian
from vae_edu.models import TwoLayerVAE, two_layer_vae


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def small(latents: tuple[int, int] = (3, 2)) -> tuple[TwoLayerVAE, Tensor]:
    torch.manual_seed(0)
    model = two_layer_vae(5, ((7, 6), (4,)), latents).double()
    return model, torch.tensor([[0, 1, 1, 0, 1], [1, 1, 0, 0, 0]], dtype=torch.float64)


class Line(nn.Module):
    """N(slope·input, variance), one number in, one out."""

    def __init__(self, slope: float, variance: float):
        super().__init__()
        self.slope, self.log_var = slope, torch.tensor(variance, dtype=torch.float64).log()

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return self.slope * z, self.log_var.expand_as(z)


@torch.no_grad()
def test_log_weights_are_joint_minus_proposal() -> None:
    model, x = small()
    eps = normal(1, 4, 2, 3), normal(2, 4, 2, 2)

    def gaussian(network: nn.Module, inputs: Tensor) -> Normal:
        mean, log_var = network(inputs)
        return Normal(mean, (log_var / 2).exp())

    q1 = gaussian(model.lower_encoder, x)
    h1 = q1.mean + q1.stddev * eps[0]
    q2 = gaussian(model.upper_encoder, h1)
    h2 = q2.mean + q2.stddev * eps[1]
    log_p = Normal(0.0, 1.0).log_prob(h2).sum(-1) + gaussian(model.upper_decoder, h2).log_prob(h1).sum(-1)
    log_p = log_p + Bernoulli(logits=model.lower_decoder(h1)).log_prob(x).sum(-1)
    expected = log_p - q1.log_prob(h1).sum(-1) - q2.log_prob(h2).sum(-1)

    torch.testing.assert_close(model.log_weights(x, eps=eps), expected, rtol=1e-9, atol=1e-9)


def axes() -> tuple[Tensor, Tensor]:
    """The trapezoidal rule on a plane, under N(0, I): nodes, and log-masses."""
    axis = torch.linspace(-8, 8, 161, dtype=torch.float64)
    nodes = torch.cartesian_prod(axis, axis)
    return nodes, log_standard_normal(nodes) + 2 * (axis[1] - axis[0]).log()


@pytest.mark.equation("D16 (1)")
@torch.no_grad()
def test_weights_average_to_the_evidence() -> None:
    """One unit per layer: both ∫ p(x, h) dh and E_q[w] by quadrature."""
    model, x = small(latents=(1, 1))
    nodes, log_mass = axes()
    eps = tuple(nodes[:, i].reshape(-1, 1, 1).expand(-1, 2, 1) for i in (0, 1))
    averaged = (model.log_weights(x, eps=eps) + log_mass.unsqueeze(-1)).logsumexp(0)

    h2 = nodes[:, :1]
    mean, log_var = model.upper_decoder(h2)
    h1 = mean + (log_var / 2).exp() * nodes[:, 1:]
    log_likelihood = torch.stack([model.likelihood.log_prob(one, model.lower_decoder(h1)) for one in x])
    evidence = (log_likelihood + log_mass).logsumexp(1)

    torch.testing.assert_close(averaged, evidence, rtol=1e-7, atol=1e-7)


@torch.no_grad()
def test_a_chain_of_linear_gaussians_with_its_exact_posterior_has_one_weight() -> None:
    """h2 ~ N(0, 1), h1 = 2·h2 + N(0, ½), x = 3·h1 + N(0, 0.1): every weight is p(x)."""
    h1_var = 4.5
    x_var = 9 * h1_var + 0.1
    model = TwoLayerVAE(
        (Line(3 * h1_var / x_var, h1_var - (3 * h1_var) ** 2 / x_var), Line(2 / h1_var, 1 - 4 / h1_var)),
        (Line(2.0, 0.5), Line(3.0, 0.1)),
        Gaussian(),
        (1, 1),
    )
    x = normal(3, 6, 1) * 5
    weights = log_weights(model, x, samples=4, generator=torch.Generator().manual_seed(0))
    expected = Normal(0.0, torch.tensor(x_var, dtype=torch.float64).sqrt()).log_prob(x).squeeze(-1)
    torch.testing.assert_close(weights, expected.expand(4, -1), rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(elbo_a(model, x), expected, rtol=1e-9, atol=1e-9)
    torch.testing.assert_close(importance_weighted_bound(model, x, samples=3), expected, rtol=1e-9, atol=1e-9)


@torch.no_grad()
def test_posterior_means_of_linear_encoders() -> None:
    """The upper mean is linear in h1, so its expectation is 0.5·0.8·x, but for the chance in 10,000 draws."""
    model = TwoLayerVAE((Line(0.8, 0.3), Line(0.5, 0.2)), (Line(1.0, 1.0), Line(1.0, 1.0)), Gaussian(), (1, 1))
    x = normal(4, 5, 1)
    lower, upper = model.posterior_means(x, 10_000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(lower, 0.8 * x)
    assert (upper - 0.4 * x).abs().max() < 5.6 * 0.5 * 0.3**0.5 / 100  # two-sided normal tails, 5 times 2e-8


def test_it_trains_through_the_common_loop() -> None:
    torch.manual_seed(1)
    model = two_layer_vae(8, ((6,), (5,)), (3, 2))
    x = (torch.rand(200, 1) < 0.5).float().expand(-1, 8).contiguous()
    history = fit(model, x, iwae_terms, epochs=25, learning_rate=1e-2, batch_size=20, progress=False)
    assert history["bound"][-1] > history["bound"][0] + 1
    assert all(parameter.grad is not None and parameter.grad.norm() > 0 for parameter in model.parameters())


def test_shapes_and_draws_of_the_papers_size() -> None:
    model = two_layer_vae(784)
    assert model.log_weights(torch.rand(2, 784).round(), samples=3).shape == (3, 2)
    sizes = [tuple(p.shape) for name, p in model.named_parameters() if name.endswith("mean.weight")]
    assert sizes == [(100, 200), (50, 100), (100, 100)]
    first, second, other = (model.sample(4, torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert first.shape == (4, 784)
    assert ((first > 0) & (first < 1)).all()
    assert torch.equal(first, second)
    assert not torch.equal(first, other)
