"""The wild loss, written as it is found in the wild, has the gradient of the β-weighted bound."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vae_edu.bounds import elbo_terms
from vae_edu.evaluation.effective_beta import effective_beta, factors_of, honest_variance, reduction_factor
from vae_edu.likelihoods import Bernoulli, Gaussian
from vae_edu.models import VAE, BernoulliMLP, GaussianMLP

BATCH, PIXELS, LATENT = 5, 12, 3
REDUCTIONS = [(d, b) for d in ("sum", "mean") for b in ("sum", "mean")]


class FixedVariance(nn.Module):
    """A decoder whose Gaussian has one known variance at every pixel."""

    def __init__(self, variance: float):
        super().__init__()
        self.mean = BernoulliMLP((LATENT, 7, PIXELS), nn.Tanh)
        self.log_var = torch.tensor(variance, dtype=torch.float64).log()

    def forward(self, z):
        mean = self.mean(z)
        return mean, self.log_var.expand_as(mean)


def make_model(error: str, variance: float) -> VAE:
    torch.manual_seed(0)
    encoder = GaussianMLP((PIXELS, 7, LATENT), nn.Tanh)
    gaussian = error == "squared error"
    decoder = FixedVariance(variance) if gaussian else BernoulliMLP((LATENT, 7, PIXELS), nn.Tanh)
    return VAE(encoder, decoder, Gaussian() if gaussian else Bernoulli(), LATENT).double()


def reduce(term: torch.Tensor, over_dimensions: str, over_batch: str) -> torch.Tensor:
    return getattr(getattr(term, over_dimensions)(-1), over_batch)()


def gradient(loss: torch.Tensor, model: VAE) -> torch.Tensor:
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(model.parameters()))])


@pytest.mark.parametrize("error", ["squared error", "cross-entropy"])
@pytest.mark.parametrize("rec_over", REDUCTIONS)
@pytest.mark.parametrize("kl_over", REDUCTIONS)
@pytest.mark.parametrize(("weight", "variance"), [(1.0, 1.0), (0.1, 0.3)])
def test_gradients_agree_up_to_one_positive_factor(error, rec_over, kl_over, weight, variance):
    model = make_model(error, variance)
    generator = torch.Generator().manual_seed(1)
    x = torch.rand(BATCH, PIXELS, generator=generator, dtype=torch.float64)
    eps = torch.randn(1, BATCH, LATENT, generator=generator, dtype=torch.float64)

    mean, log_var = model.encode(x)
    z = mean + (log_var / 2).exp() * eps[0]
    if error == "squared error":
        pixel_errors = (model.decode(z)[0] - x) ** 2
    else:
        pixel_errors = F.binary_cross_entropy(model.decode(z).sigmoid(), x, reduction="none")
    kl = -0.5 * (1 + log_var - mean**2 - log_var.exp())
    wild = gradient(reduce(pixel_errors, *rec_over) + weight * reduce(kl, *kl_over), model)

    r = reduction_factor(PIXELS, BATCH, *rec_over)
    k = weight * reduction_factor(LATENT, BATCH, *kl_over)
    beta = effective_beta(r, k, error, variance)
    terms = elbo_terms(model, x, eps=eps, kl_weight=beta)
    loss = gradient(-(terms["reconstruction"] + terms["-KL"]).mean(), model)
    scale = r * (2 * variance if error == "squared error" else 1)
    torch.testing.assert_close(wild, scale * loss, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("error", ["squared error", "cross-entropy"])
@pytest.mark.parametrize("rec_over", REDUCTIONS)
@pytest.mark.parametrize("kl_over", REDUCTIONS)
def test_factors_are_found_by_calling_the_loss(error, rec_over, kl_over):
    def loss(x_hat, x, mean, log_var):
        squares = (x_hat - x) ** 2
        errors = squares if error == "squared error" else F.binary_cross_entropy(x_hat, x, reduction="none")
        kl = -0.5 * (1 + log_var - mean**2 - log_var.exp())
        return reduce(errors, *rec_over) + 0.3 * reduce(kl, *kl_over)

    r, k = factors_of(loss, error, PIXELS, LATENT, BATCH)
    assert r == pytest.approx(reduction_factor(PIXELS, BATCH, *rec_over))
    assert k == pytest.approx(0.3 * reduction_factor(LATENT, BATCH, *kl_over))


def test_two_reductions_give_what_torch_gives():
    pixels = torch.rand(BATCH, PIXELS, dtype=torch.float64)
    per_datum = pixels.sum(-1).mean()
    for over_dimensions, over_batch in REDUCTIONS:
        factor = reduction_factor(PIXELS, BATCH, over_dimensions, over_batch)
        torch.testing.assert_close(factor * per_datum, reduce(pixels, over_dimensions, over_batch))


def test_at_the_honest_variance_beta_is_one():
    r, k = reduction_factor(784, 100, "mean", "mean"), 0.1 * reduction_factor(5, 100, "mean", "mean")
    assert effective_beta(r, k, variance=honest_variance(r, k)) == pytest.approx(1)


def test_without_the_kl_term_beta_is_zero():
    assert effective_beta(1.0, 0.0) == 0


@pytest.mark.parametrize(
    ("r", "k", "variance"),
    [(0.0, 1.0, 1.0), (-1.0, 1.0, 1.0), (1.0, -0.1, 1.0), (1.0, 1.0, 0.0), (float("nan"), 1.0, 1.0)],
)
def test_factors_out_of_range_are_refused(r, k, variance):
    with pytest.raises(ValueError, match="expected reconstruction_factor > 0"):
        effective_beta(r, k, variance=variance)
