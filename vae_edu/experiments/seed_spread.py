"""How much of a printed training loss is luck: the seed project's recipes, trained with one seed after another."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from jaxtyping import Float
from torch import Tensor
from tqdm.auto import tqdm

from vae_edu.data import load
from vae_edu.experiments import Outcome, Request
from vae_edu.experiments.points import Point, Result
from vae_edu.models import VAE, conv_vae, mlp_vae
from vae_edu.recipes import Recipe, recipe

SEEDS = {"vanilla": 10, "two-latents": 40}  # the second spreads more
CNN_SEEDS = {"quick": 2, "cpu": 5, "paper": 20}
NO_KL_SEEDS = {"quick": 2, "cpu": 10, "paper": 40}


def reproduce(request: Request) -> Outcome:
    """Train loss per image of the last epoch, in nats, for each recipe and seed; budget "quick" on 1,000 images."""
    train, test = load("mnist", "train", request.data_root), load("mnist", "test", request.data_root)
    x = train.x[:1000] if request.budget == "quick" else train.x
    numbers: dict[str, Any] = {}
    for name, seeds in SEEDS.items():
        plan = recipe(name)
        losses = {}
        for seed in tqdm(range(2 if request.budget == "quick" else seeds), desc=name, disable=not request.progress):
            history = plan.fit(plan.new_model(seed), x, seed=seed, progress=False)
            losses[str(seed)] = -history["bound"][-1]
        numbers[name] = {"train loss by seed": losses, "mean": mean(losses.values()), "spread": stdev(losses.values())}
    return Outcome(numbers, data={f"mnist {data.split}": data.checksum for data in (train, test)})


def cnn(request: Request) -> Outcome:
    """The same for the CNN; budget "quick" trains a small one on the embedded digits."""
    return _spread(recipe("cnn"), partial(conv_vae, 64, (8, 4), 20), [168.80, 115.67, 110.93], CNN_SEEDS, request)


def no_kl(request: Request) -> Outcome:
    """The same for the VAE without the KL term: the negative of its objective, which is not the bound."""
    return _spread(recipe("no-kl"), partial(mlp_vae, 64, (16,), 2), [180.86, 150.70], NO_KL_SEEDS, request)


def _spread(
    plan: Recipe, small: "partial[VAE]", printed: list[float], seeds_by_budget: dict[str, int], request: Request
) -> Outcome:
    if request.budget == "quick":
        plan = replace(plan, data="digits", build=small, epochs=1)
    train = load(plan.data, "train", request.data_root)
    seeds = range(seeds_by_budget[request.budget])
    results = request.run({f"{plan.name}, seed {seed}": Point(partial(_loss, plan, train.x, seed)) for seed in seeds})
    losses = {str(seed): results[f"{plan.name}, seed {seed}"]["train loss"][-1] for seed in seeds}
    numbers = {
        plan.name: {"train loss by seed": losses, "mean": mean(losses.values()), "spread": stdev(losses.values())},
        "seed project": {"train loss, first and last epochs": printed},
    }
    return Outcome(numbers, data={f"{train.name} {train.split}": train.checksum})


def _loss(plan: Recipe, x: Float[Tensor, "n pixels"], seed: int, state: Path) -> Result:
    history = plan.fit(plan.new_model(seed), x, seed=seed, resume=state, progress=False)
    return {"train loss": [-bound for bound in history["bound"]]}
