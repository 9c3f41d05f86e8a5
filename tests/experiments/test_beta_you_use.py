"""Each loss has the gradients of the bound with the β said to be its own, and its factors are those one reads off."""

import pytest
import torch

from vae_edu.bounds import elbo_terms
from vae_edu.data import load
from vae_edu.evaluation.effective_beta import effective_beta, factors_of, reduction_factor
from vae_edu.experiments import beta_you_use as experiment
from vae_edu.experiments.wild_losses import WILD, as_objective
from vae_edu.gaussians import kl_standard_normal

PIXELS, LATENT, BATCH = 12, 3, 5
SIZE = experiment.Plan("made up", 0, PIXELS, 7, LATENT, 1)

# Reductions of the error and of the KL, over dimensions and over the batch, and the KL's weight: read off by eye.
READ_OFF = {
    "cross-entropy and KL summed": ("sum", "sum", "sum", "sum", 1),
    "both over the pixels": ("mean", "mean", "sum", "sum", 1 / (PIXELS * BATCH)),
    "mean cross-entropy, summed KL": ("mean", "mean", "sum", "mean", 1),
    "mean cross-entropy, mean KL": ("mean", "mean", "mean", "mean", 1),
    "summed cross-entropy, mean KL": ("sum", "mean", "mean", "mean", 1),
    "squares and KL summed": ("sum", "sum", "sum", "sum", 1),
    "mean square, summed KL": ("mean", "mean", "sum", "mean", 1),
    "mean square, 0.1 mean KL": ("mean", "mean", "mean", "mean", 0.1),
    "mean square, 0.00025 KL": ("mean", "mean", "sum", "mean", 0.00025),
}


def images() -> torch.Tensor:
    return torch.rand(BATCH, PIXELS, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def flat_gradient(terms: dict[str, torch.Tensor], model: torch.nn.Module) -> torch.Tensor:
    loss = -torch.stack(list(terms.values())).sum(0).mean()
    return torch.cat([part.flatten() for part in torch.autograd.grad(loss, list(model.parameters()))])


@pytest.mark.parametrize("name", WILD)
def test_factors_are_those_read_off(name: str):
    loss, error = WILD[name]
    pixels_over, error_batch, latents_over, kl_batch, weight = READ_OFF[name]
    r, k = factors_of(loss, error, PIXELS, LATENT, BATCH)
    assert r == pytest.approx(reduction_factor(PIXELS, BATCH, pixels_over, error_batch))
    assert k == pytest.approx(weight * reduction_factor(LATENT, BATCH, latents_over, kl_batch))


@pytest.mark.equation("D16 §2.4.3")
@pytest.mark.parametrize("name", WILD)
def test_gradients_are_those_of_the_bound_up_to_one_factor(name: str):
    loss, error = WILD[name]
    model = experiment.new_model(SIZE, error, seed=0).double()
    r, k = factors_of(loss, error, PIXELS, LATENT, BATCH)
    beta = effective_beta(r, k, error)

    found = flat_gradient(as_objective(loss)(model, images(), generator=torch.Generator().manual_seed(2)), model)
    honest = elbo_terms(model, images(), kl_weight=beta, generator=torch.Generator().manual_seed(2))

    factor = r * (2 if error == "squared error" else 1)
    torch.testing.assert_close(found, factor * flat_gradient(honest, model), rtol=1e-9, atol=1e-12)


def test_betas_of_mnist():
    """The sizes of the recorded run, by hand: 784 pixels and 20 latents."""
    betas = {
        name: effective_beta(*factors_of(loss, error, 784, 20, 100), error) for name, (loss, error) in WILD.items()
    }
    expected = [1, 1, 784, 39.2, 0.05, 0.5, 392, 1.96, 0.098]
    assert list(betas.values()) == pytest.approx(expected)


def test_both_errors_start_from_the_same_weights():
    bernoulli, gaussian = (experiment.new_model(SIZE, error, 3) for error in ("cross-entropy", "squared error"))
    for one, other in zip(bernoulli.parameters(), gaussian.parameters(), strict=True):
        assert torch.equal(one, other)
    z = torch.randn(4, LATENT)
    assert torch.equal(bernoulli.images(z), gaussian.images(z))


def test_a_loss_and_its_bound_learn_the_same(digits, tmp_path):
    """Adam does not see the factor between them: after 15 steps the two agree but for rounding."""
    size = experiment.Plan("digits", 1500, 64, 20, 5, 1)
    loss, error = WILD["mean square, 0.1 mean KL"]
    beta = effective_beta(*factors_of(loss, error, 64, 5, 100), error)
    test = load("digits", "test")

    def bound(model, x, *, generator=None):
        return elbo_terms(model, x, kl_weight=beta, generator=generator)

    found, honest = (
        experiment.learn(size, digits, test, objective, error, 0, tmp_path / f"{i}.pt")
        for i, objective in enumerate((as_objective(loss), bound))
    )
    assert found == pytest.approx(honest, rel=1e-3)


def test_scores_of_a_model_that_knows_nothing():
    """Zero weights: the posterior is the prior, every pixel ½."""
    model = experiment.new_model(SIZE, "cross-entropy", 0).double()
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    x = images()
    score = experiment.score(model, x, seed=0)
    square = (x - 0.5).square().sum(-1).mean().item()
    best = torch.distributions.Normal(0.5, (square / PIXELS) ** 0.5).log_prob(x).sum(-1).mean().item()
    assert score["KL"] == kl_standard_normal(*model.encode(x)).mean().item() == 0
    assert score["active latents"] == 0
    assert score["squared error"] == pytest.approx(square)
    assert score["cross-entropy"] == pytest.approx(PIXELS * torch.tensor(2.0).log().item())
    assert score["Bernoulli bound"] == -score["cross-entropy"]
    assert score["Gaussian bound, best variance"] == pytest.approx(best, rel=1e-6)
