"""From a recipe's name to weights, a model card and a recorded run: what `vae-edu train` does."""

import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import torch

from vae_edu.checkpoints import load_weights, save_weights
from vae_edu.data import ImageData, load
from vae_edu.files import written_atomically
from vae_edu.learning import History, choose_device, evaluate
from vae_edu.likelihoods import Gaussian
from vae_edu.models import VAE
from vae_edu.recipes import Recipe, recipe
from vae_edu.recording import machine, write_record


@dataclass(frozen=True)
class Trained:
    """One finished (or interrupted) run of a recipe. Bounds are those of the float16 weights as written, in nats."""

    recipe: Recipe
    history: History
    weights: Path
    bounds: dict[str, float]


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
    started = time.perf_counter()
    state = out / "state.pt"
    history = plan.fit(model, train_data.x, x_test=test_data.x, seed=seed, epochs=epochs, resume=state, **options)
    weights = out / f"{name}.safetensors"
    save_weights(model, weights)
    shipped = load_weights(plan.new_model(seed), weights)
    bounds: dict[str, float] = {data.split: _bound(plan, shipped, data) for data in (train_data, test_data)}
    write_record(
        out,
        {
            "recipe": name,
            "epochs": history.records,
            "interrupted": history.interrupted,
            "bounds of float16 weights": bounds,
        },
        command=command,
        seed=seed,
        data={f"{data.name} {data.split}": data.checksum for data in (train_data, test_data)},
        duration=time.perf_counter() - started,
    )
    with written_atomically(out / f"{name}.md") as temporary:
        temporary.write_text(
            _card(plan, command, seed, len(history), (train_data, test_data), bounds), encoding="utf-8"
        )
    return Trained(plan, history, weights, bounds)


def _bound(plan: Recipe, model: VAE, data: ImageData) -> float:
    return evaluate(model, data.x, plan.objective, binarization=plan.binarization)


def _card(
    plan: Recipe, command: str, seed: int, epochs: int, data: tuple[ImageData, ...], bounds: dict[str, float]
) -> str:
    checksums = "\n".join(f"| {part.name}, {part.split} split, SHA-256 | `{part.checksum}` |" for part in data)
    return f"""# {plan.name}

{plan.title}. Source: {plan.source}.

| | |
| --- | --- |
| command | `{command}` |
| schedule | {epochs} epochs, batch {plan.batch_size}, Adam {plan.learning_rate:g}, binarization: {plan.binarization} |
| seed | {seed} |
{checksums}
| date | {date.today().isoformat()} |
| machine | {machine()}, torch {torch.__version__} |
| bound on train | {bounds["train"]:.2f} nats per image |
| bound on test | {bounds["test"]:.2f} nats per image |

The weights are float16; both bounds are of these weights, with z sampled once per image. {_pixels(plan)}
Made for teaching: to be looked at, taken apart and beaten.
"""


def _pixels(plan: Recipe) -> str:
    if isinstance(plan.new_model().likelihood, Gaussian):
        return "Pixels have\ndensities here, so the bound depends on their unit and may be positive (chapter 7)."
    return (
        "Grey\npixels under Bernoulli decoders make it a negative cross-entropy minus a divergence, "
        "not a log-probability (chapter 6)."
    )
