"""p(x|z): Bernoulli and Gaussian pixels against torch.distributions and finite differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import distributions

from vae_edu.likelihoods import Bernoulli, Gaussian, log_bernoulli

# Beyond 20, PyTorch's softplus is the identity: a pixel's term moves by at most log(1 + e^-20) < 2.1e-9.
SOFTPLUS_CUT = 2.1e-9


def binary_images(generator: torch.Generator, *shape: int, dtype=torch.float64) -> torch.Tensor:
    return torch.randint(2, shape, generator=generator).to(dtype)


@pytest.mark.equation("K13 (11)")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("batch", [0, 1, 7])
def test_log_bernoulli_is_the_log_probability_of_binary_pixels(dtype, batch):
    generator = torch.Generator().manual_seed(0)
    x = binary_images(generator, batch, 30, dtype=dtype)
    logits = 4 * torch.randn(batch, 30, generator=generator, dtype=dtype)
    expected = distributions.Bernoulli(logits=logits).log_prob(x).sum(-1)
    torch.testing.assert_close(log_bernoulli(x, logits), expected)


@pytest.mark.equation("K13 (11)")
def test_log_bernoulli_is_k13s_formula_at_grey_pixels():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(5, 20, generator=generator, dtype=torch.float64)
    logits = 3 * torch.randn(5, 20, generator=generator, dtype=torch.float64)
    y = 1 / (1 + torch.exp(-logits))
    expected = (x * torch.log(y) + (1 - x) * torch.log(1 - y)).sum(-1)
    torch.testing.assert_close(log_bernoulli(x, logits), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_saturated_logits_cost_what_they_should(dtype):
    """log p = −softplus(∓logit): −10⁴ where the decoder is sure and wrong, 0 where it is sure and right."""
    x = torch.tensor([[1.0], [0.0], [1.0], [0.0], [0.25]], dtype=dtype)
    logits = torch.tensor([[1e4], [1e4], [-1e4], [-1e4], [1e4]], dtype=dtype)
    expected = torch.tensor([0.0, -1e4, -1e4, 0.0, -7500.0], dtype=dtype)
    torch.testing.assert_close(log_bernoulli(x, logits), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("logit", [0.0, 15.0, 25.0, 100.0, -100.0, 1e4, -1e4])
@pytest.mark.parametrize("pixel", [0.0, 0.3, 1.0])
def test_gradient_in_the_logit_is_pixel_minus_probability(dtype, logit, pixel):
    logits = torch.tensor([[logit]], dtype=dtype, requires_grad=True)
    log_bernoulli(torch.tensor([[pixel]], dtype=dtype), logits).sum().backward()
    expected = pixel - 1 / (1 + math.exp(min(-logit, 700.0)))
    torch.testing.assert_close(logits.grad.item(), expected, rtol=1e-6, atol=SOFTPLUS_CUT + torch.finfo(dtype).eps)


def test_gradient_agrees_with_finite_differences():
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(3, 6, generator=generator, dtype=torch.float64)
    logits = 3 * torch.randn(3, 6, generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda value: log_bernoulli(x, value), logits.requires_grad_())


images = hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=3, min_side=0, max_side=5), elements=st.just(0.0))


@settings(deadline=None, max_examples=60)
@given(images, st.data())
def test_any_shape_any_logit_is_finite_and_at_most_zero(zeros, data):
    x = data.draw(hnp.arrays(np.float64, zeros.shape, elements=st.floats(0, 1)))
    logits = data.draw(hnp.arrays(np.float64, zeros.shape, elements=st.floats(-1e4, 1e4)))
    value = log_bernoulli(torch.from_numpy(x), torch.from_numpy(logits))
    assert value.shape == zeros.shape[:-1]
    assert torch.isfinite(value).all()
    assert (value <= 5 * SOFTPLUS_CUT).all()  # at most 5 pixels an image


@pytest.mark.equation("K13 (11)")
def test_grey_cross_entropy_is_the_expected_log_probability_of_the_binarized_image():
    """Both are linear in x: the sum over all 2³ binary images, each weighted by its probability, is exact."""
    x = torch.tensor([0.2, 0.5, 0.9], dtype=torch.float64)
    logits = torch.tensor([-1.0, 0.3, 2.0], dtype=torch.float64)
    b = torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=torch.float64)] * 3)
    probability = torch.where(b == 1, x, 1 - x).prod(-1)
    torch.testing.assert_close(probability @ log_bernoulli(b, logits), log_bernoulli(x, logits))


def test_the_best_logits_for_grey_pixels_reach_minus_their_entropy_and_not_zero():
    x = torch.tensor([[0.1, 0.5, 0.8]], dtype=torch.float64)
    entropy = distributions.Bernoulli(probs=x).entropy().sum(-1)
    torch.testing.assert_close(log_bernoulli(x, torch.logit(x)), -entropy)
    assert (log_bernoulli(x, torch.logit(x) + 0.1) < -entropy).all()


@pytest.mark.equation("K13 (12)")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("batch", [0, 1, 7])
def test_gaussian_log_prob_is_torchs(dtype, batch):
    generator = torch.Generator().manual_seed(0)
    x, mean, log_var = (torch.randn(batch, 9, generator=generator, dtype=dtype) for _ in range(3))
    expected = distributions.Normal(mean, (log_var / 2).exp()).log_prob(x).sum(-1)
    torch.testing.assert_close(Gaussian().log_prob(x, (mean, log_var)), expected)


@pytest.mark.parametrize("log_var", [-80.0, 80.0])
def test_gaussian_log_prob_survives_extreme_variances(log_var):
    """Against the formula in float64 at the same float32 inputs."""
    x, mean = torch.tensor([[0.5, 0.5]]), torch.tensor([[0.5, 0.25]])
    value = Gaussian().log_prob(x, (mean, torch.full_like(mean, log_var)))
    squared = np.array([0.0, 0.0625])
    expected = -0.5 * (2 * (math.log(2 * math.pi) + log_var) + (squared * math.exp(-log_var)).sum())
    torch.testing.assert_close(value.double().item(), expected, rtol=1e-5, atol=0)


def test_means_are_the_expectations():
    logits = torch.tensor([[-1e4, 0.0, 1e4, math.log(3)]])
    torch.testing.assert_close(Bernoulli().mean(logits), torch.tensor([[0.0, 0.5, 1.0, 0.75]]))
    mean = torch.tensor([[0.1, 0.2]])
    assert Gaussian().mean((mean, torch.zeros(2))) is mean


def test_bernoulli_samples_have_their_mean():
    """Hoeffding: P(|mean of n draws − p| > t) ≤ 2·exp(−2nt²); false alarm 10⁻⁷ over the four pixels."""
    n = 20_000
    probability = torch.tensor([0.0, 0.05, 0.6, 1.0])
    logits = torch.tensor([-1e4, *torch.logit(probability[1:3]).tolist(), 1e4])
    draws = Bernoulli().sample(logits.expand(n, 4), torch.Generator().manual_seed(0))
    assert draws.unique().tolist() == [0.0, 1.0]
    bound = math.sqrt(math.log(8e7) / (2 * n))
    assert ((draws.mean(0) - probability).abs() < bound).all()


def test_gaussian_samples_have_their_mean_and_variance():
    """False alarm below 3·10⁻⁷.

    Means: 5.5 standard errors, 4Φ(−5.5) < 8·10⁻⁸. Variances: k = n−1 times the ratio to the true one is χ²_k,
    which leaves [k − 2√(kt), k + 2√(kt) + 2t] with probability at most 2e⁻ᵗ (Laurent and Massart); t = 17.
    """
    n, t = 20_000, 17
    mean, log_var = torch.tensor([-1.0, 2.0]).double(), torch.tensor([-3.0, 1.0]).double()
    draws = Gaussian().sample((mean.expand(n, 2), log_var), torch.Generator().manual_seed(0))
    assert draws.shape == (n, 2)
    assert ((draws.mean(0) - mean).abs() < 5.5 * (log_var.exp() / n).sqrt()).all()
    bound = 2 * math.sqrt(t / (n - 1)) + 2 * t / (n - 1)
    assert ((draws.var(0) / log_var.exp() - 1).abs() < bound).all()


@pytest.mark.parametrize("likelihood", [Bernoulli(), Gaussian()])
def test_sampling_repeats_with_its_generator(likelihood):
    logits = torch.zeros(3, 5)
    parameters = logits if isinstance(likelihood, Bernoulli) else (logits, logits)
    first, second = (likelihood.sample(parameters, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first, second)
