"""How much of a printed training loss is luck: the seed project's recipes, trained with one seed after another."""

from statistics import mean, stdev
from typing import Any

from tqdm.auto import tqdm

from vae_edu.data import load
from vae_edu.experiments import Outcome, Request
from vae_edu.recipes import recipe

SEEDS = {"vanilla": 10, "two-latents": 40}  # the second spreads more


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
