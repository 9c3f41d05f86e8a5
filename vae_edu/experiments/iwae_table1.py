"""Burda et al. (2015), table 1: more samples in the importance-weighted bound, better models; in the VAE's, hardly."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from vae_edu.bounds import Terms, elbo_a
from vae_edu.data import binarize, load
from vae_edu.evaluation.active_units import active_units, activity
from vae_edu.evaluation.marginal_likelihood import importance_sampling
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.points import Point, Result
from vae_edu.importance import iwae_terms
from vae_edu.learning import fit
from vae_edu.learning.stages import passes_until, staged_rate
from vae_edu.models import mlp_vae, two_layer_vae
from vae_edu.models.networks import draw_glorot_weights

# (layers, objective, k): NLL in nats and active units of each layer. At k = 1 both objectives are the same.
PUBLISHED: dict[tuple[int, str, int], tuple[float, list[int]]] = {
    (1, "VAE", 1): (86.76, [19]),
    (1, "VAE", 5): (86.47, [20]),
    (1, "IWAE", 5): (85.54, [22]),
    (1, "VAE", 50): (86.35, [20]),
    (1, "IWAE", 50): (84.78, [25]),
    (2, "VAE", 1): (85.33, [16, 5]),
    (2, "VAE", 5): (85.01, [17, 5]),
    (2, "IWAE", 5): (83.89, [21, 5]),
    (2, "VAE", 50): (84.78, [17, 5]),
    (2, "IWAE", 50): (82.90, [26, 7]),
}
BLOCKS = 20  # test images are scored in so many groups: the groups' spread tells how sure a difference is


@dataclass(frozen=True)
class Plan:
    """What the rows of a table have in common."""

    data: str = "mnist"
    hidden: tuple[int, ...] = (200, 200)
    latent: int = 50
    upper_hidden: tuple[int, ...] = (100, 100)
    lower_latent: int = 100
    last_stage: int = 7
    draws: int = 5000
    test_images: int = 10_000
    rows: tuple[tuple[int, str, int], ...] = tuple(PUBLISHED)

    def new_model(self, layers: int, train: Float[Tensor, "n pixels"], seed: int) -> Any:
        """The paper's networks with Glorot's weights, and pixels that start at their mean over the training images."""
        if layers == 1:
            model: Any = mlp_vae(train.shape[1], self.hidden, self.latent, nn.Tanh)
        else:
            model = two_layer_vae(
                train.shape[1], (self.hidden, self.upper_hidden), (self.lower_latent, self.latent), nn.Tanh
            )
        draw_glorot_weights(model, Generator().manual_seed(seed))
        decoder = model.decoder if layers == 1 else model.lower_decoder
        decoder.logits.bias.data = train.mean(0).clamp(0.001, 0.999).logit()
        return model


PLANS = {
    "paper": Plan(),
    "cpu": Plan(last_stage=2, test_images=1000, rows=tuple(row for row in PUBLISHED if row[0] == 1 or row[2] < 50)),
    "quick": Plan("digits", (16, 16), 4, (8, 8), 6, last_stage=0, draws=50, test_images=100,
                  rows=tuple(row for row in PUBLISHED if row[2] < 50)),
}  # fmt: skip


def averaged_terms(model: Any, x: Tensor, *, samples: int = 1, generator: Generator | None = None) -> Terms:
    """The VAE's objective with `samples` draws: the mean of their log-weights."""
    return {"bound": elbo_a(model, x, samples=samples, generator=generator)}


OBJECTIVES = {"VAE": averaged_terms, "IWAE": iwae_terms}


def reproduce(request: Request) -> Outcome:
    """Every row of the table on dynamically binarized MNIST, all trained equally long. Source: Burda et al. (2015)."""
    plan = PLANS[request.budget]
    data = checksums(*(load(plan.data, split, request.data_root) for split in ("train", "test")))
    results = request.run(
        {name(row): Point(partial(train_row, plan, row, request), cost=cost(row)) for row in plan.rows}, data
    )
    passes = passes_until(plan.last_stage)
    numbers = {
        "setup": {
            "data": f"{plan.data}, binarized anew at each presentation",
            "passes over the training images": passes,
            "passes in the paper": passes_until(7),
            "batch size": 20,
            "Adam": "1e-3·10^(-i/7) for 3^i passes, epsilon 1e-4, moments kept between stages",
            "NLL": f"-L_{plan.draws} on {plan.test_images} test images, equally spaced, each binarized once",
        },
        "table": {
            name(row): {
                "NLL": results[name(row)]["NLL"],
                "active units": results[name(row)]["active units"],
                "published NLL": PUBLISHED[row][0],
                "published active units": PUBLISHED[row][1],
            }
            for row in plan.rows
        },
        "below the VAE of one sample": {
            name(row): difference(results[name((row[0], "VAE", 1))], results[name(row)])
            for row in plan.rows
            if row[2] > 1
        },
    }
    return Outcome(numbers, data=data)


def name(row: tuple[int, str, int]) -> str:
    """A row in words, the name of its point."""
    layers, objective, k = row
    return f"{layers} layer{'s' if layers > 1 else ''}, {objective if k > 1 else 'VAE and IWAE'}, k = {k}"


def cost(row: tuple[int, str, int]) -> float:
    """Relative time of a row: a constant for the encoder, the rest for the k decoded draws."""
    layers, _, k = row
    return (4.0 + k) * (1.4 if layers == 2 else 1.0)


def train_row(plan: Plan, row: tuple[int, str, int], request: Request, state: Path) -> Result:
    """Train one model and score it: NLL on test images, active units on training images."""
    layers, objective, k = row
    train = load(plan.data, "train", request.data_root).x
    model = plan.new_model(layers, train, request.seed)
    history = fit(
        model,
        train,
        partial(OBJECTIVES[objective], samples=k),
        epochs=passes_until(plan.last_stage),
        batch_size=20,
        steps_per_launch=100,
        learning_rate=staged_rate,
        make_optimizer=partial(torch.optim.Adam, eps=1e-4, fused=True),
        binarization="dynamic",
        seed=request.seed,
        resume=state,
        settings={"row": name(row)},
        progress=request.progress,
    )
    return {
        "passes": len(history),
        "train bound at the end of each stage": [
            round(history["bound"][passes_until(stage) - 1], 2) for stage in range(plan.last_stage + 1)
        ],
        "seconds": sum(history["seconds"]),
        "images per second": round(len(train) * len(history) / sum(history["seconds"])),
        **score(plan, model, train, load(plan.data, "test", request.data_root).x, request.seed),
    }


def score(plan: Plan, model: Any, train: Tensor, test: Tensor, seed: int) -> Result:
    """The row's numbers: L_k with many draws, and how many units each layer uses. All rows see the same pixels."""
    device = next(model.parameters()).device
    generator = Generator().manual_seed(seed)
    spaced = test[:: max(1, len(test) // plan.test_images)][: plan.test_images]
    x, some = (binarize(images, "dynamic", generator).to(device) for images in (spaced, train[:1000]))
    noise = Generator(device).manual_seed(seed)
    nll = -importance_sampling(model, x, plan.draws, noise).double()
    activities = activity(model, some, generator=noise)
    return {
        "NLL": round(nll.mean().item(), 2),
        "NLL by group of test images": [round(group.mean().item(), 2) for group in nll.chunk(BLOCKS)],
        "active units": active_units(activities),
        "units": [len(layer) for layer in activities],
    }


def difference(first: Result, second: Result) -> dict[str, float]:
    """How much lower the second NLL is, and the standard error of that, from the groups of the same test images."""
    groups = torch.tensor([first["NLL by group of test images"], second["NLL by group of test images"]])
    gains = groups[0] - groups[1]
    return {"nats": round(gains.mean().item(), 2), "standard error": round(gains.std().item() / len(gains) ** 0.5, 2)}
