"""Draws from the prior: what is measured of a VAE that is known, and how D16's net is trained."""

import pytest
import torch
from torch import nn

from vae_edu.data import ImageData, load
from vae_edu.experiments import Request, d16_latents, prior_samples
from vae_edu.experiments.pictures import unpack
from vae_edu.experiments.released_vae import WEIGHT_DECAY, Plan, decayed_adam, train
from vae_edu.experiments.seed_subjects import judge
from vae_edu.models import mlp_vae

QUICK = Request("quick", progress=False)


@pytest.fixture(scope="module")
def test_digits() -> ImageData:
    return load("digits", "test")


@pytest.fixture(scope="module")
def critic():
    return judge(QUICK)


def test_what_is_seen_of_a_vae_that_ignores_its_latents(test_digits, critic):
    """Every posterior is the prior, every draw the same grey picture: all numbers are known."""
    model = mlp_vae(64, (5,), 3).requires_grad_(False)
    for parameter in model.parameters():
        parameter.zero_()
    numbers = prior_samples.look(model, test_digits, critic, seed=0)
    assert numbers["test bound"]["mean"] == pytest.approx(64 * torch.tensor(0.5).log().item(), rel=1e-5)
    assert numbers["test bound"]["standard error"] < 1e-5
    assert numbers["KL(q(z|x) || p(z))"] == numbers["active latents"] == 0
    grey = critic.classify(torch.full((1, 64), 0.5)).softmax(-1)
    assert numbers["prior draws"]["confidence"] == pytest.approx(grey.max().item(), rel=1e-4)


def test_active_latents_are_those_whose_means_follow_the_image(test_digits, critic):
    model = mlp_vae(64, (), 3).requires_grad_(False)  # linear: the mean of latent j is pixel 26 + j times a factor
    for parameter in model.parameters():
        parameter.zero_()
    for latent, factor in enumerate((1.0, 0.5, 0.01)):
        model.encoder.mean.weight[latent, 26 + latent] = factor
    variance = (test_digits.x[:, 26:29] * torch.tensor([1.0, 0.5, 0.01])).var(0)
    numbers = prior_samples.look(model, test_digits, critic, seed=0)
    assert numbers["active latents"] == int((variance > 0.01).sum()) == 2


def test_pictures_of_the_record_are_prior_draws_to_a_64th(test_digits):
    torch.manual_seed(0)
    model = mlp_vae(64, (5,), 3)
    drawn = model.sample(100, torch.Generator().manual_seed(4))
    kept = unpack(prior_samples.pictures(model, 4)["pictures"], 64)
    assert (kept - drawn).abs().max() < 0.5 / 63 + 0.5 / 255 + 1e-6
    figure = prior_samples.draw(prior_samples.pictures(model, 4), test_digits)
    assert figure.axes[0].images[0].get_array().shape == (80, 80)


def test_weight_decay_is_a_gaussian_penalty_on_weights_alone():
    """Its gradient, by autograd, is what Adam is handed: a step of either is the same, and biases feel nothing."""
    plain, decayed = (nn.Linear(3, 2) for _ in range(2))
    plain.load_state_dict(decayed.state_dict())
    x = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    optimizers = torch.optim.Adam(plain.parameters(), lr=1e-3), decayed_adam(decayed.parameters(), lr=1e-3)
    for _ in range(3):
        (plain(x).square().sum() + 0.5 * WEIGHT_DECAY * plain.weight.square().sum()).backward()
        decayed(x).square().sum().backward()
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
    torch.testing.assert_close(decayed.weight, plain.weight, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(decayed.bias, plain.bias, rtol=1e-6, atol=1e-7)


def test_training_is_repeatable_and_resumes(test_digits, digits, tmp_path):
    plan = Plan((16,), 2)
    first, _ = train(plan, 2, digits, test_digits, 0, tmp_path / "a.pt")
    train(Plan((16,), 1), 2, digits, test_digits, 0, tmp_path / "b.pt")
    second, history = train(plan, 2, digits, test_digits, 0, tmp_path / "b.pt")
    assert len(history) == 2
    for a, b in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(a, b)


def test_d16_s_own_sizes():
    for plan in (prior_samples.RELEASED["paper"], d16_latents.PLANS["paper"]):
        assert plan == Plan((1000, 500, 250), 60_000 * 100 // 60_000)  # iterations × batch / images
    widths = [784, 1000, 500, 250]
    layers = sum(a * b + b for a, b in zip(widths, widths[1:], strict=False))
    back = sum(a * b + b for a, b in [(30, 250), (250, 500), (500, 1000), (1000, 784)])
    model = mlp_vae(784, prior_samples.RELEASED["cpu"].hidden, 30)
    assert sum(p.numel() for p in model.parameters()) == layers + 2 * (250 * 30 + 30) + back


@pytest.mark.parametrize(
    ("reproduce", "pictures"),
    [
        (prior_samples.d16_fig7, ["samples"]),
        (prior_samples.k13_fig5, ["2-latents", "5-latents", "10-latents", "20-latents"]),
        (d16_latents.reproduce, ["samples"]),
    ],
)
def test_quick_runs_need_no_mnist(no_data, reproduce, pictures):
    outcome = reproduce(QUICK)
    assert list(outcome.figures) == pictures
    assert set(outcome.data) == {"digits train", "digits test"}
