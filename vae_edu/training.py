"""From a recipe's name to weights, a model card and a recorded run: what `vae-edu train` does."""

import math
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import torch

from vae_edu.bounds import Objective
from vae_edu.checkpoints import load_weights, save_weights
from vae_edu.data import ImageData, load
from vae_edu.files import written_atomically
from vae_edu.learning import History, choose_device, evaluate
from vae_edu.likelihoods import Gaussian
from vae_edu.objectives import regression_terms
from vae_edu.recipes import Recipe, recipe
from vae_edu.recording import machine, write_record


@dataclass(frozen=True)
class Trained:
    """One finished (or interrupted) run of a recipe. Bounds are those of the float16 weights as written, in nats.

    `objective` is what was maximized, on the same weights, where that is not the bound: where its terms are weighted.
    """

    recipe: Recipe
    history: History
    weights: Path
    bounds: dict[str, float]
    objective: dict[str, float]


def train(
    name: str,
    out: Path,
    *,
    command: str,
    seed: int | None = None,
    epochs: int | None = None,
    data_root: Path | None = None,
    device: str | None = None,
    **options: Any,
) -> Trained:
    """Train a recipe into the folder `out`: NAME.safetensors, its model card NAME.md, run.json, and state.pt to resume.

    Raises UserError for an unknown recipe, missing data, a folder that cannot be written, and a run that breaks.
    """
    plan = recipe(name)
    seed = plan.seed if seed is None else seed
    options["device"] = choose_device(device)  # before anything is downloaded or trained
    train_data, test_data = (load(plan.data, split, data_root) for split in ("train", "test"))
    model = plan.new_model(seed)
    state = out / "state.pt"
    x, x_test = plan.rows(train_data), plan.rows(test_data)
    history = plan.fit(model, x, x_test=x_test, seed=seed, epochs=epochs, resume=state, **options)
    weights = out / f"{name}.safetensors"
    save_weights(model, weights)
    shipped = load_weights(plan.new_model(seed), weights)
    splits = (train_data, test_data)
    bounds = {data.split: _mean(plan, plan.bound, shipped, data) for data in splits}
    objective = {data.split: _mean(plan, plan.objective, shipped, data) for data in splits if plan.term_weights}
    write_record(
        out,
        {
            "recipe": name,
            "objective": plan.objective_in_words,
            "epochs": history.records,
            "interrupted": history.interrupted,
            "bounds of float16 weights": bounds,
            **({"objective of float16 weights": objective} if objective else {}),
        },
        command=command,
        seed=seed,
        data={f"{data.name} {data.split}": data.checksum for data in splits},
        duration=math.fsum(history["seconds"]),  # of all sittings, if it was resumed
    )
    trained = Trained(plan, history, weights, bounds, objective)
    with written_atomically(out / f"{name}.md") as temporary:
        temporary.write_text(_card(trained, command, seed, splits), encoding="utf-8")
    return trained


def _mean(plan: Recipe, goal: Objective, model: Any, data: ImageData) -> float:
    return evaluate(model, plan.rows(data), goal, binarization=plan.binarization)


def _card(trained: Trained, command: str, seed: int, data: tuple[ImageData, ...]) -> str:
    plan = trained.recipe
    checksums = "\n".join(f"| {part.name}, {part.split} split, SHA-256 | `{part.checksum}` |" for part in data)
    return f"""# {plan.name}

{plan.title}. Source: {plan.source}.

| | |
| --- | --- |
| command | `{command}` |
| objective | {_objective(plan)} |
| schedule | {_schedule(plan, trained.history)} |
| seed | {seed} |
{checksums}
| date | {date.today().isoformat()} |
| machine | {machine()}, torch {torch.__version__} |
{_results(trained)}

The weights are float16; the values are of these weights, {_sampling(plan)}. {_pixels(plan)}
Made for teaching: to be looked at, taken apart and beaten.
"""


def nats(value: float) -> str:
    """A number of nats in two decimals, or in powers of ten where those would all be zeros."""
    return f"{value:.2f}" if abs(value) >= 0.005 or value == 0 else f"{value:.1e}"


def _schedule(plan: Recipe, history: History) -> str:
    rate, how = plan.learning_rate, plan.binarization
    stages = "".join(f"{s.epochs} × {s.learning_rate:g} with KL weight {s.kl_weight:g}, " for s in plan.warm_up)
    before = f", of them {stages}then" if stages else ","
    partly = " and the part of the next that was done when it was stopped" if history.interrupted else ""
    return f"{len(history)} epochs{partly}{before} Adam {rate:g}, batch {plan.batch_size}, binarization: {how}"


def _objective(plan: Recipe) -> str:
    words = f"`{plan.objective_in_words}`"
    return f"{words}: terms weighted, so no bound on log p(x); the bound has both at 1" if plan.term_weights else words


def _results(trained: Trained) -> str:
    return "\n".join(
        f"| {name} on {split} | {nats(value)} nats per image |"
        for name, values in {"objective": trained.objective, "bound": trained.bounds}.items()
        for split, value in values.items()
    )


def _sampling(plan: Recipe) -> str:
    if plan.objective is regression_terms:
        return "with no z: the bound is log p(y|c) itself"
    return "with z sampled once per image"


def _pixels(plan: Recipe) -> str:
    if isinstance(plan.new_model().likelihood, Gaussian):
        return "Pixels have\ndensities here, so the bound depends on their unit and may be positive (chapter 7)."
    divergence = "" if plan.objective is regression_terms else " minus a divergence"
    return (
        f"Grey\npixels under Bernoulli decoders make the bound a negative cross-entropy{divergence}, "
        "not a log-probability (chapter 6)."
    )
