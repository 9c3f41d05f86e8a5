"""K13 §2.2's "high variance" measured: against closed forms, in a real VAE's encoder, and in what can be learned."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import Objective, detached_terms, elbo_terms, score_function_terms
from vae_edu.data import ImageData, load
from vae_edu.evaluation.gradient_noise import GradientNoise, gradient_draws, gradient_noise, mean_gradient
from vae_edu.evaluation.spread import variance_with_error
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.points import Point, Result
from vae_edu.gradients import PATHWISE_VARIANCE, pathwise_gradient, score_function_gradient, score_function_variance
from vae_edu.learning import evaluate, fit
from vae_edu.models import VAE, mlp_vae
from vae_edu.recipes import recipe

KINDS: dict[str, Objective] = {
    "pathwise": elbo_terms,
    "score function": score_function_terms,
    "pathwise, 2 draws": partial(elbo_terms, samples=2),
    "score function with baseline, 2 draws": partial(score_function_terms, samples=2, baseline=True),
}
TRAININGS: dict[str, tuple[Objective, float]] = {  # objective, learning rate
    **{kind: (objective, 1e-3) for kind, objective in KINDS.items()},
    "score function, a tenth of the step": (score_function_terms, 1e-4),
    "no gradient through z": (detached_terms, 1e-3),
}
BATCH = 100


@dataclass(frozen=True)
class Plan:
    """How much is done at one budget."""

    dimensions: range
    toy_draws: int
    data: str
    new_model: Callable[[int], VAE]
    network: str
    epochs: int
    draws: int
    reference_draws: int


def plan(budget: str) -> Plan:
    """Digits for "quick"; else the seed project's VAE on MNIST, as long as it was trained there."""
    if budget == "quick":
        return Plan(range(1, 101, 33), 1000, "digits", small_vae, "64-50-4", 1, 10, 20)
    return Plan(range(1, 101), 20_000, "mnist", recipe("vanilla").new_model, "784-400-20", 5, 200, 1000)


def small_vae(seed: int) -> VAE:
    """A VAE of the digits; torch's global stream is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return mlp_vae(64, (50,), 4)


def reproduce(request: Request) -> Outcome:
    """Both estimators' variances, and the bounds learned with each in equally many steps.

    Source: K13 §2.2.
    """
    size = plan(request.budget)
    train, test = (load(size.data, split, request.data_root) for split in ("train", "test"))
    points = {
        "closed form": Point(partial(against_closed_form, size, request.seed), cost=0.3),
        "encoder": Point(partial(encoder_noise, size, train, request.seed), cost=2.0),
    }
    for kind, (objective, rate) in TRAININGS.items():
        points[f"train {kind}"] = Point(partial(learn, size, train, test, objective, rate, request.seed))
    results = request.run(points, checksums(train, test))
    numbers = {
        "expectation of ‖z‖², q = N(0, I)": results["closed form"],
        "network": size.network,
        "data": size.data,
        "encoder gradient, batch of 100": results["encoder"],
        "learned": {kind: results[f"train {kind}"] for kind in TRAININGS},
    }
    return Outcome(numbers, data=checksums(train, test))


def against_closed_form(size: Plan, seed: int, _state: Path) -> Result:
    """Variance of one draw of ∂/∂mean₁ of E‖z‖² by dimension: measured, with its standard error, and exact."""
    exact = {
        "score function": score_function_variance,
        "score function, best baseline": lambda n: score_function_variance(n, n + 2.0),
        "pathwise": lambda n: PATHWISE_VARIANCE,
    }
    found: dict[str, Any] = {name: {"measured": [], "standard error": [], "exact": []} for name in exact}
    for n in size.dimensions:
        eps = torch.randn(size.toy_draws, n, generator=Generator().manual_seed(seed + n), dtype=torch.float64)
        for name, first in first_components(eps).items():
            variance, error = variance_with_error(first)
            found[name]["measured"].append(round(variance.item(), 4))
            found[name]["standard error"].append(round(error.item(), 4))
            found[name]["exact"].append(exact[name](n))
    return {"dimensions": list(size.dimensions), "draws": size.toy_draws, **found}


def first_components(eps: Float[Tensor, "samples n"]) -> dict[str, Float[Tensor, "samples"]]:
    """Draws of ∂/∂mean₁ of E‖z‖² by each estimator, from the same noise."""
    n, zero = eps.shape[1], torch.zeros_like(eps[0])

    def f(z: Tensor) -> Tensor:
        return z.square().sum(-1)

    return {
        "score function": score_function_gradient(f, zero, zero, eps).mean[:, 0],
        "score function, best baseline": score_function_gradient(f, zero, zero, eps, baseline=n + 2.0).mean[:, 0],
        "pathwise": pathwise_gradient(f, zero, zero, eps).mean[:, 0],
    }


def encoder_noise(size: Plan, train: ImageData, seed: int, _state: Path) -> Result:
    """The noise of each kind of gradient on one minibatch, before learning and after each epoch of it."""
    model, found = size.new_model(seed), []
    measure = partial(at_this_moment, model, train.x[:BATCH], size, seed)
    found.append({"epoch": 0, **measure()})
    callback = [lambda history: found.append({"epoch": len(history), **measure()})]
    fit(model, train.x, epochs=size.epochs, seed=seed, progress=False, device="cpu", callbacks=callback)
    return {"draws": size.draws, "draws of the reference": size.reference_draws, "by epoch": found}


def at_this_moment(model: VAE, x: Float[Tensor, "batch pixels"], size: Plan, seed: int) -> Result:
    """Total variance of each kind, how many times the pathwise one's of as many draws, and the angle to the mean."""
    parameters = list(model.encoder.parameters())

    def draws(objective: Objective, n: int, seed: int) -> Any:
        return gradient_draws(model, x, objective, parameters, n, Generator().manual_seed(seed))

    reference = mean_gradient(draws(elbo_terms, size.reference_draws, seed))
    noise = {kind: gradient_noise(draws(what, size.draws, seed + 1), reference) for kind, what in KINDS.items()}
    one, two = list(KINDS)[:2], list(KINDS)[2:]
    return {
        "squared norm of the gradient": reference.square().sum().item(),
        "total variance": {kind: found.total for kind, found in noise.items()},
        "standard error": {kind: found.standard_error for kind, found in noise.items()},
        "cosine to the mean gradient": {kind: found.cosine for kind, found in noise.items()},
        "ratio to pathwise": {score: ratios(model, noise[score], noise[path]) for path, score in (one, two)},
    }


def ratios(model: VAE, score: GradientNoise, path: GradientNoise) -> Result:
    """Of the total variances, of each layer's, and quantiles of the ratios parameter by parameter."""
    sizes = {name: parameter.numel() for name, parameter in model.encoder.named_parameters()}
    layers = zip(*(noise.variance.split(list(sizes.values())) for noise in (score, path)), strict=True)
    alive = path.variance > 0  # a pixel that is black in every image moves no weight
    each = score.variance[alive] / path.variance[alive]
    quantiles = torch.tensor([0.05, 0.5, 0.95], dtype=each.dtype)
    return {
        "total": score.total / path.total,
        "by layer": {name: (s.sum() / p.sum()).item() for name, (s, p) in zip(sizes, layers, strict=True)},
        "5 %, 50 %, 95 % of the parameters": torch.quantile(each, quantiles).tolist(),
    }


def learn(
    size: Plan, train: ImageData, test: ImageData, objective: Objective, rate: float, seed: int, state: Path
) -> Result:
    """The bound on test images, one z per image, after each epoch of learning with that objective's gradient."""
    model = size.new_model(seed)
    history = fit(
        model, train.x, objective, epochs=size.epochs, learning_rate=rate, seed=seed, resume=state, progress=False,
        measure=lambda: {"test bound": evaluate(model, test.x)},
    )  # fmt: skip
    return {
        "learning rate": rate,
        "steps": size.epochs * math.ceil(len(train) / BATCH),
        "train bound, running": history["bound"],
        "test bound": history["test bound"],
        "KL, last epoch": -history["-KL"][-1],
    }
