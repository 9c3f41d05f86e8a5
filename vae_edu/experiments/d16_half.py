"""D16 §5: why a column and not half a digit is given. Half a digit says which training image it is from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import Objective, Terms, elbo_terms
from vae_edu.data import ImageData, binarize
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.d16_fig8 import IMAGES, about_pictures, measure_cvae, measure_regressor
from vae_edu.experiments.points import Point, Result
from vae_edu.experiments.released_vae import decayed_adam
from vae_edu.experiments.seed_subjects import Judge, images, judge
from vae_edu.learning import evaluate, fit
from vae_edu.models import mlp_cvae, mlp_regressor
from vae_edu.models.conditional import Conditional
from vae_edu.objectives import regression_terms

SEEN = 10_000  # training images that are looked at again after each epoch


@dataclass(frozen=True)
class Plan:
    """Widths and schedule. The regressor's are D16's; the CVAE is that of recipe cvae-column."""

    regressor: tuple[int, ...] = (1000, 500, 250, 250, 500, 1000)
    cvae: tuple[tuple[int, ...], tuple[int, ...], int] = ((256, 128), (400, 200), 16)
    epochs: int = 30


PLANS = {"quick": Plan((32, 32), ((16,), (32,), 4), 2), "cpu": Plan(), "paper": Plan(epochs=100)}


def reproduce(request: Request) -> Outcome:
    """Regressor and CVAE, given the center column or the left half: on images learned from and on others.

    Conditions are drawn as 0 or 1 at every presentation, as D16 does.

    Source: D16 §5.
    """
    (data, test), critic = images(request), judge(request)
    plan, conditions = PLANS[request.budget], given(test.image_shape)
    common: dict[str, Any] = {"data": data, "test": test, "critic": critic, "plan": plan, "seed": request.seed}
    request.run(
        {f"regressor, {name}": Point(partial(_regressor, where, **common)) for name, where in conditions.items()}
        | {f"CVAE, {name}": Point(partial(_cvae, where, **common)) for name, where in conditions.items()},
        checksums(data, test),
    )
    numbers = {
        "epochs": plan.epochs,
        "regressor's widths": plan.regressor,
        "training images": len(data),
        "different conditions among them, pixels rounded": {
            name: len((data.x[:, list(where)] > 0.5).unique(dim=0)) for name, where in conditions.items()
        },
        "truth": {name: _truth(test, where, critic) for name, where in conditions.items()},
        "classifier's test accuracy": critic.test_accuracy,
        "D16 §5": "half a digit makes no good demonstration, as the regressor memorizes; no numbers",
    }
    return Outcome(numbers, data=checksums(data, test))


def given(image_shape: tuple[int, int]) -> dict[str, Sequence[int]]:
    """The pixels of each condition: one column in the middle, and all that are left of the middle."""
    height, width = image_shape
    middle = range(width // 2 - 1, height * width, width)
    return {"column": middle, "left half": [i for i in range(height * width) if i % width < width // 2]}


def drawn(
    model: Conditional, x: Float[Tensor, "batch entries"], generator: Generator | None = None
) -> Float[Tensor, "batch entries"]:
    """The rows with their condition drawn as 0 or 1, 1 with the probability that its grey value is."""
    return model.complete(binarize(model.condition(x), "dynamic", generator), model.target(x))


def with_drawn_condition(
    model: Any, x: Float[Tensor, "batch entries"], *, objective: Objective, generator: Generator | None = None
) -> Terms:
    """The objective on rows whose condition is drawn anew."""
    return objective(model, drawn(model, x, generator), generator=generator)


def _regressor(
    where: Sequence[int], state: Path, *, data: ImageData, test: ImageData, critic: Judge, plan: Plan, seed: int
) -> Result:
    pixels = data.x.shape[1]
    model, curve = _trained(
        partial(mlp_regressor, pixels, where, plan.regressor), regression_terms, data, test, plan, seed, state
    )
    generator = Generator().manual_seed(seed)
    splits = {"train": data.x[:SEEN], "test": test.x}
    measured = {name: measure_regressor(model, drawn(model, x, generator), critic) for name, x in splits.items()}
    return {"curve": curve, **{name: _without_pictures(result) for name, result in measured.items()}}


def _cvae(
    where: Sequence[int], state: Path, *, data: ImageData, test: ImageData, critic: Judge, plan: Plan, seed: int
) -> Result:
    pixels = data.x.shape[1]
    model, curve = _trained(partial(mlp_cvae, pixels, where, *plan.cvae), elbo_terms, data, test, plan, seed, state)
    rows = drawn(model, test.x, Generator().manual_seed(seed))
    return {"curve": curve, "test": _without_pictures(measure_cvae(model, rows, critic, seed))}


def _trained(
    build: "partial[Any]", objective: Objective, data: ImageData, test: ImageData, plan: Plan, seed: int, state: Path
) -> tuple[Any, dict[str, list[float]]]:
    """A model trained as released, and its objective after each epoch on images it learns from and on others."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = build()
    goal = partial(with_drawn_condition, objective=objective)
    history = fit(
        model, data.x, goal, epochs=plan.epochs, make_optimizer=decayed_adam, seed=seed, resume=state, progress=False,
        measure=lambda: {split: evaluate(model, x, goal) for split, x in (("train", data.x[:SEEN]), ("test", test.x))},
    )  # fmt: skip
    curve = {split: [round(value, 3) for value in history[split]] for split in ("train", "test")}
    return model.requires_grad_(False).cpu(), curve


def _truth(test: ImageData, where: Sequence[int], critic: Judge) -> Result:
    rest = sorted(set(range(test.x.shape[1])) - set(where))
    return about_pictures(test.x[:IMAGES, rest], test.x[:IMAGES], critic)


def _without_pictures(result: Result) -> Result:
    return {name: value for name, value in result.items() if name != "pictures"}
