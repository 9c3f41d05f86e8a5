"""K13's two estimators of one bound: which varies less, near the exact posterior, away from it, and in trained VAEs.

The paper says of B that it typically varies less.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import LatentVariableModel, Objective, Terms, elbo_a, elbo_terms
from vae_edu.checkpoints import load_pretrained
from vae_edu.data import ImageData, load
from vae_edu.evaluation.gradient_noise import gradient_draws, gradient_noise, mean_gradient
from vae_edu.evaluation.spread import variance_with_error
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.moved_posterior import ESTIMATORS, moved_off_the_posterior
from vae_edu.experiments.points import Point, Result
from vae_edu.learning import fit
from vae_edu.models import VAE, mlp_vae
from vae_edu.recipes import recipe


@dataclass(frozen=True)
class Plan:
    """How much is done at one budget."""

    data: str
    images: int
    draws: int
    linear_draws: int


def reproduce(request: Request) -> Outcome:
    """Variances of one draw of A and of B, in nats squared.

    Source: K13 (6), K13 (7).
    """
    quick = request.budget == "quick"
    size = Plan("digits", 50, 20, 200) if quick else Plan("mnist", 1000, 200, 20_000)
    data = {split: load(size.data, split, request.data_root) for split in ("train", "test")}
    models = digits_models(data["train"], request.seed) if quick else mnist_models()
    points = {"linear-Gaussian": Point(partial(moved_off_the_posterior, size.linear_draws, request.seed), cost=0.5)}
    for name, model in models.items():
        points[name] = Point(partial(on_images, model, data["test"].x, size, request.seed))
    results = request.run(points, checksums(*data.values()))
    numbers = {
        "linear-Gaussian": results["linear-Gaussian"],
        "images": size.images,
        "draws": size.draws,
        "VAEs": {name: results[name] for name in models},
    }
    return Outcome(numbers, data=checksums(*data.values()))


def mnist_models() -> dict[str, VAE]:
    """The shipped weights, and what they were before learning."""
    models = {}
    for name in ("vanilla", "two-latents"):
        models[f"{name}, untrained"] = recipe(name).new_model()
        models[f"{name}, trained"] = load_pretrained(name)
    return models


def digits_models(train: ImageData, seed: int) -> dict[str, VAE]:
    """A small VAE of the digits before and after a little learning."""
    models = {}
    for name, epochs in (("digits, untrained", 0), ("digits, trained", 2)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            models[name] = mlp_vae(64, (50,), 4)
        fit(models[name], train.x, epochs=epochs, seed=seed, progress=False, device="cpu")
    return models


def on_images(model: VAE, x: Float[Tensor, "n pixels"], size: Plan, seed: int, _state: Path) -> Result:
    """Image by image, on how many B varies less; and the variance of the encoder's gradient from either."""
    x = x[: size.images]
    variance = {name: image_variances(model, x, estimator, size.draws, seed) for name, estimator in ESTIMATORS.items()}
    share = (variance["B"] < variance["A"]).double().mean().item()
    ratio = (variance["A"] / variance["B"]).quantile(torch.tensor([0.05, 0.5, 0.95], dtype=torch.float64))
    return {
        "mean variance": {name: values.mean().item() for name, values in variance.items()},
        "share of images where B varies less": share,
        "standard error of the share": math.sqrt(share * (1 - share) / len(x)),
        "A over B, 5 %, 50 %, 95 % of the images": ratio.tolist(),
        "encoder gradient, batch of 100": encoder_gradients(model, x[:100], size.draws, seed),
    }


@torch.no_grad()
def image_variances(
    model: VAE, x: Float[Tensor, "n pixels"], estimator: Callable[..., Tensor], draws: int, seed: int
) -> Float[Tensor, "n"]:
    """The variance of one draw for each image; one seed gives either estimator the same noise."""
    generator = Generator().manual_seed(seed)
    values = torch.stack([estimator(model, x, generator=generator) for _ in range(draws)])
    return variance_with_error(values.double())[0]


def encoder_gradients(model: VAE, x: Float[Tensor, "batch pixels"], draws: int, seed: int) -> Result:
    """Total variance of the gradient of A and of B with respect to the encoder's parameters, and their ratio."""
    parameters = list(model.encoder.parameters())

    def sampled(objective: Objective, seed: int) -> Any:
        return gradient_draws(model, x, objective, parameters, draws, Generator().manual_seed(seed))

    reference = mean_gradient(sampled(elbo_terms, seed))
    noise = {"A": gradient_noise(sampled(a_terms, seed + 1), reference)}
    noise["B"] = gradient_noise(sampled(elbo_terms, seed + 1), reference)
    return {
        "total variance": {name: found.total for name, found in noise.items()},
        "standard error": {name: found.standard_error for name, found in noise.items()},
        "A over B": noise["A"].total / noise["B"].total,
    }


def a_terms(model: LatentVariableModel, x: Tensor, *, generator: Generator | None = None) -> Terms:
    """Estimator A as an objective. Source: K13 (6)."""
    return {"bound": elbo_a(model, x, generator=generator)}
