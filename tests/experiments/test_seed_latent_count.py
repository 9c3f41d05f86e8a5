"""The seed project's experiment 9: its measures against NumPy, its control, and what a quick run records."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import entropy, sem

from vae_edu.experiments import Request, seed_latent_count
from vae_edu.experiments.pictures import pack, unpack
from vae_edu.experiments.seed_latent_count import verdict
from vae_edu.experiments.seed_subjects import Judge, with_latents
from vae_edu.recipes import recipe


class FirstTen(torch.nn.Module):
    """Reads the first ten pixels, scaled, as logits."""

    def __init__(self, scale: float):
        super().__init__()
        self.scale = scale

    def forward(self, x):
        return self.scale * x[..., :10]


def pictures(n: int = 200) -> torch.Tensor:
    return torch.rand(n, 16, generator=torch.Generator().manual_seed(0))


def test_a_verdict_is_confidence_and_entropy_with_their_standard_errors():
    x = pictures()
    weights = np.exp(5 * x[:, :10].double().numpy())
    p = weights / weights.sum(1, keepdims=True)
    found = verdict(Judge(FirstTen(5.0), 1.0), x, threshold=0.4)
    for name, values in {
        "confidence": p.max(1),
        "entropy, nats": entropy(p, axis=1),
        "share unsure": (p.max(1) < 0.4).astype(float),
    }.items():
        assert found[name] == pytest.approx(values.mean(), rel=1e-4)
        assert found[f"{name}, standard error"] == pytest.approx(sem(values), rel=1e-4)


def test_a_judge_who_knows_nothing_is_unsure_of_everything():
    found = verdict(Judge(FirstTen(0.0), 0.1), pictures(), threshold=0.5)
    assert found["confidence"] == pytest.approx(0.1)
    assert found["entropy, nats"] == pytest.approx(math.log(10))
    assert found["share unsure"] == 1


def test_packed_pictures_come_back_to_half_a_grey_step():
    x = pictures(12)
    torch.testing.assert_close(unpack(pack(x), 16), x, rtol=0, atol=0.5 / 255 + 1e-6)


@pytest.fixture(scope="module")
def outcome():
    return seed_latent_count.seed_9(Request("quick", progress=False))


def test_the_threshold_is_set_on_test_images(outcome):
    """Of n images a quantile leaves the share 0.05 below it, to one image."""
    n = 297
    assert outcome.numbers["test images"]["share unsure"] == pytest.approx(0.05, abs=1.5 / n)


def test_every_count_of_latents_has_its_row_of_pictures(outcome):
    assert len(outcome.figures["samples"].axes) == len(outcome.numbers["latents"]) * seed_latent_count.SHOWN


def test_a_model_of_j_latents_is_measured(tmp_path):
    request = Request("quick", progress=False)
    train, test = seed_latent_count.images(request)
    plan = with_latents(recipe("vanilla"), 3, request)
    result = seed_latent_count._measure(
        plan, 0, tmp_path / "state.pt", train=train, test=test, critic=Judge(FirstTen(1.0), 1.0), threshold=0.2
    )
    assert 0 <= result["active latents"] <= 3
    assert result["KL(q(z|x) || p(z)), nats"] > 0
    assert result["test bound"] > -len(test.x[0]) * math.log(2)  # a decoder that learned nothing has ½ everywhere
    assert unpack(result["pictures"], 64).shape == (seed_latent_count.SHOWN, 64)
