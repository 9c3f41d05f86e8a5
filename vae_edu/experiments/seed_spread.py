"""How much of a printed training loss is luck: the seed project's recipes, trained with one seed after another."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from jaxtyping import Float
from torch import Tensor

from vae_edu.data import load
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.points import Point, Result
from vae_edu.models import VAE, conv_vae, mlp_vae
from vae_edu.recipes import Recipe, recipe

SEEDS = {
    "vanilla": {"quick": 2, "cpu": 10, "paper": 40},
    "two-latents": {"quick": 2, "cpu": 40, "paper": 40},  # it spreads more
    "cnn": {"quick": 2, "cpu": 5, "paper": 20},
    "no-kl": {"quick": 2, "cpu": 10, "paper": 40},
}


def reproduce(request: Request) -> Outcome:
    """Train loss per image of the last epoch, in nats, for each seed: VAEs of 20 and of 2 latents."""
    small = {"vanilla": partial(mlp_vae, 64, (16,), 20), "two-latents": partial(mlp_vae, 64, (16,), 2)}
    return _spread(small, request)


def cnn(request: Request) -> Outcome:
    """The same for the CNN."""
    return _spread({"cnn": partial(conv_vae, 64, (8, 4), 20)}, request, printed=[168.80, 115.67, 110.93])


def no_kl(request: Request) -> Outcome:
    """The same for the VAE without the KL term: the negative of its objective, which is not the bound."""
    return _spread({"no-kl": partial(mlp_vae, 64, (16,), 2)}, request, printed=[180.86, 150.70])


def _spread(small: "dict[str, partial[VAE]]", request: Request, printed: list[float] | None = None) -> Outcome:
    """Each recipe with one seed after another; at "quick" the small networks on the embedded digits."""
    plans = {name: recipe(name) for name in small}
    if request.budget == "quick":
        plans = {name: replace(plan, data="digits", build=small[name], epochs=1) for name, plan in plans.items()}
    data = {name: load(plan.data, "train", request.data_root) for name, plan in plans.items()}
    seeds = {name: range(SEEDS[name][request.budget]) for name in plans}
    points = {
        f"{name}, seed {seed}": Point(partial(_loss, plan, data[name].x, seed))
        for name, plan in plans.items()
        for seed in seeds[name]
    }
    results = request.run(points, checksums(*data.values()))
    numbers: dict[str, Any] = {}
    for name in plans:
        losses = {str(seed): results[f"{name}, seed {seed}"]["train loss"][-1] for seed in seeds[name]}
        numbers[name] = {"train loss by seed": losses, "mean": mean(losses.values()), "spread": stdev(losses.values())}
    if printed:
        numbers["seed project"] = {"train loss, first and last epochs": printed}
    return Outcome(numbers, data=checksums(*data.values()))


def _loss(plan: Recipe, x: Float[Tensor, "n pixels"], seed: int, state: Path) -> Result:
    history = plan.fit(plan.new_model(seed), x, seed=seed, resume=state, progress=False)
    return {"train loss": [-bound for bound in history["bound"]]}
