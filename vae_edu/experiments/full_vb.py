"""Full variational Bayes beside its two short cuts: the decoder's weights integrated out, penalized, or simply fitted.

K13 derives the method (appendix F) and shows no experiment; this one is ours. Few images are where it should matter.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import LatentVariableModel
from vae_edu.data import binarize, load
from vae_edu.evaluation.refined import WithPosterior, refined_posterior
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.points import Point, Result
from vae_edu.gaussians import kl_standard_normal
from vae_edu.importance import importance_weighted_bound
from vae_edu.learning import History, fit
from vae_edu.learning.full_vb import estimator_a, full_vb, full_vb_terms
from vae_edu.likelihoods import Bernoulli
from vae_edu.models import VAE, BayesianVAE, mlp_vae

FULL_VB = "full VB"
LARGER_STEPS = ", larger steps"  # the same learner on full VB's schedule: what is due to the method, what to the steps
MAP = partial(fit, weight_prior=True)  # on encoder and decoder, as in K13 §5
LEARNERS: dict[str, Callable[..., History]] = {
    "ML": fit,
    "MAP": MAP,
    FULL_VB: full_vb,
    "ML" + LARGER_STEPS: fit,
    "MAP" + LARGER_STEPS: MAP,
}
Stages = tuple[tuple[float, int], ...]  # learning rate, epochs
BATCH = 100
START_LOG_VAR = -4.0  # of every weight under q(θ)
IN_USE = 10.0  # nats that a hidden unit's weights must cost, for it to count as used
DRAWS_OF_WEIGHTS = 20  # for the log-likelihood of test images; all methods get as many draws (θ, z) in all
Score = tuple[int, int, int]  # images, draws, and steps that refine each image's own posterior


@dataclass(frozen=True)
class Plan:
    """How much to do. An epoch is `steps` steps, however many images there are."""

    data: str = "mnist"
    images: tuple[int, ...] = (100, 1000, 10_000)
    hidden: int = 200
    latent: int = 10
    stages: Stages = ((1e-3, 20),)
    full_vb_stages: Stages = ((1e-2, 14), (1e-3, 6))  # Adam's steps are even, and log-variances have far to go
    steps: int = 300
    test_images: int = 2000
    each_epoch: Score = (100, 200, 150)
    in_the_end: Score = (500, 1000, 300)


QUICK = Plan("digits", (100,), 20, 4, ((1e-2, 1),), ((1e-2, 1),), 20, 100, (20, 40, 10), (20, 40, 10))


def reproduce(request: Request) -> Outcome:
    """The three methods on so many training images: same network, optimizer, number of steps and seed.

    ML and MAP twice: with the steps of `stages`, and with the larger ones that full VB needs.

    Pixels are 0 or 1 by threshold, so that p(X) is the probability of something and X stays the same.

    Source: K13 App. F in use; K13 §5 for MAP.
    """
    plan = QUICK if request.budget == "quick" else Plan()
    train, test = (load(plan.data, split, request.data_root) for split in ("train", "test"))
    x, x_test = (binarize(data.x, "threshold") for data in (train, test))
    points = {
        f"{method}, {n} images": Point(
            partial(run, method, x[:n], x_test[: plan.test_images], plan, request.seed),
            3.0 if method == FULL_VB else 1.0,
        )
        for n in plan.images
        for method in LEARNERS
    }
    request.run(points, checksums(train, test))
    numbers = {
        "data": plan.data,
        "network": f"{x.shape[1]}–{plan.hidden}–{plan.latent}",
        "stages (learning rate, epochs)": {method: stages_of(method, plan) for method in LEARNERS},
        "steps per epoch": plan.steps,
        "images, draws and refining steps behind a log-likelihood": {
            "each epoch": plan.each_epoch,
            "in the end": plan.in_the_end,
        },
        "K13": "appendix F has no experiment: there is nothing published to lay beside these numbers",
    }
    return Outcome(numbers, data=checksums(train, test))


def stages_of(method: str, plan: Plan) -> Stages:
    """The schedule of one method."""
    return plan.full_vb_stages if method == FULL_VB or method.endswith(LARGER_STEPS) else plan.stages


def run(
    method: str,
    x: Float[Tensor, "n pixels"],
    x_test: Float[Tensor, "n_test pixels"],
    plan: Plan,
    seed: int,
    state: Path,
) -> Result:
    """Train by one method; bounds per data point after each epoch, and what the decoder is worth in the end."""
    model = new_model(method, x.shape[1], plan, seed)

    def score(images: int, draws: int, steps: int) -> dict[str, float]:
        return {"test log-likelihood": log_likelihood(model, x_test[:images], draws, steps, seed)}

    history = History()
    for number, (rate, epochs) in enumerate(stages_of(method, plan)):
        history.records += LEARNERS[method](
            model, x, x_test=x_test, epochs=epochs, passes=max(1, plan.steps * BATCH // len(x)), batch_size=BATCH,
            learning_rate=rate, seed=seed + number, resume=state.with_suffix(f".{number}.pt"), device="cpu",
            measure=partial(score, *plan.each_epoch), progress=False,
        ).records  # fmt: skip
    images, draws, _ = plan.in_the_end
    names = ("bound", "test bound", "test log-likelihood")
    curve = {name: [round(value, 3) for value in history[name]] for name in names}
    return {
        "bound": curve["bound"][-1],
        "test bound": curve["test bound"][-1],
        "best test bound": max(curve["test bound"]),
        "best test log-likelihood": max(curve["test log-likelihood"]),
        **score(*plan.in_the_end),
        "test log-likelihood by way of the encoder": log_likelihood(model, x_test[:images], draws, 0, seed),
        **(what_weights_cost(model, x, seed) if isinstance(model, BayesianVAE) else {}),
        "curve": curve,
    }


def new_model(method: str, pixels: int, plan: Plan, seed: int) -> VAE | BayesianVAE:
    """The same network for all, from the same weights; for full VB they are the means of q(θ)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        vae = mlp_vae(pixels, (plan.hidden,), plan.latent)
    return BayesianVAE(vae.encoder, vae.decoder, Bernoulli(), plan.latent, START_LOG_VAR) if method == FULL_VB else vae


def log_likelihood(
    model: VAE | BayesianVAE, x: Float[Tensor, "batch pixels"], draws: int, steps: int, seed: int
) -> float:
    """Mean over images of log p(x), by importance-weighted draws, in nats; under q(θ), of log E_q(θ)[p(x|θ)].

    The draws come from posteriors refined by so many steps for each image: those of an encoder that has learned a
    hundred images by heart are so far off that no number of draws makes up for it.
    """
    generator = Generator().manual_seed(seed)

    def decoder() -> LatentVariableModel:
        return model.at(model.weights.sample(generator=generator)) if isinstance(model, BayesianVAE) else model

    with torch.no_grad():
        q = refined_posterior(decoder, x, steps, generator=generator)
        each = [
            importance_weighted_bound(
                WithPosterior(decoder(), *q), x, samples=draws // DRAWS_OF_WEIGHTS, generator=generator
            )
            for _ in range(DRAWS_OF_WEIGHTS)
        ]
        return float((torch.logsumexp(torch.stack(each), 0) - math.log(len(each))).mean())


@torch.no_grad()
def what_weights_cost(model: BayesianVAE, x: Float[Tensor, "n pixels"], seed: int) -> Result:
    """KL(q(θ) || p(θ)) in nats, how many hidden units it pays for, and how much the two estimates of the bound vary."""
    generator = Generator().manual_seed(seed)
    deviation = {
        name: float(torch.stack([estimate(model, x[:BATCH], len(x), generator) for _ in range(100)]).std()) / len(x)
        for name, estimate in {"K13 (22)": sampled_bound, "K13 (24)": closed_bound}.items()
    }
    costs = unit_costs(model)
    return {
        "KL of weights": float(model.weights.kl()),
        "KL of weights per data point": float(model.weights.kl()) / len(x),
        "hidden units in use": int((costs > IN_USE).sum()),
        "KL by hidden unit": [round(cost, 1) for cost in costs.sort(descending=True).values.tolist()],
        "standard deviation of the estimated bound per data point": deviation,
    }


def sampled_bound(model: BayesianVAE, x: Float[Tensor, "batch pixels"], n: int, generator: Generator) -> Tensor:
    """K13 (22)."""
    return estimator_a(model, x, n, generator=generator)


def closed_bound(model: BayesianVAE, x: Float[Tensor, "batch pixels"], n: int, generator: Generator) -> Tensor:
    """K13 (24)."""
    return n * torch.stack(list(full_vb_terms(model, x, n=n, generator=generator).values())).sum(0).mean()


@torch.no_grad()
def unit_costs(model: BayesianVAE) -> Float[Tensor, "hidden"]:
    """KL(q || p) of the weights that leave each hidden unit, in nats: near 0 where q(θ) has given the unit up."""
    each = kl_standard_normal(model.weights.mean.unsqueeze(-1), model.weights.log_var.unsqueeze(-1))
    *_, shape = model.shapes.values()
    return each[-shape.numel() :].view(shape).sum(0)
