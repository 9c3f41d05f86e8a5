"""K13 figure 2: the bound as AEVB and wake-sleep learn, over the number of training images, on MNIST and Frey Face."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vae_edu.data import load
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.points import Point, Result
from vae_edu.experiments.published import published
from vae_edu.experiments.slow_log_var import slow_log_var
from vae_edu.experiments.step_sizes import CANDIDATES, choose_step_size
from vae_edu.gaussians import log_normal
from vae_edu.learning import History, fit, wake_sleep
from vae_edu.learning.adagrad import GatheringAdagrad
from vae_edu.models import VAE, gaussian_mlp_vae, mlp_vae
from vae_edu.models.networks import draw_small_biases, draw_small_weights
from vae_edu.plots.recorded import recorded_at

METHODS: dict[str, Callable[..., History]] = {"AEVB": fit, "WS": wake_sleep}
COSTS = {"AEVB": 1.0, "WS": 1.3}
RECORDS = 100  # a curve has so many points, equally spaced


@dataclass(frozen=True)
class Panel:
    """One data set's row of the figure, as the paper sets it up."""

    name: str  # the paper's panels are NAME Nz=…
    data: str
    n: int  # training images
    build: Callable[..., VAE]
    hidden: int
    latents: tuple[int, ...]
    images: int  # seen in training, many times each
    trial_images: int  # seen with each step size before one is chosen
    step_sizes: tuple[float, ...] = CANDIDATES
    binarization: str = "none"
    weight_std: float = 0.01
    draw_biases: bool = False
    gather: int = 100
    minibatch: int = 100
    seed_shift: int = 0  # added to the seed asked for
    log_var_share: float = 1.0  # of the weights of the encoder's log-variances, how much counts
    variations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # what is changed, for a tenth as long
    whole_variations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # what is changed, to the end

    def new_model(self, latent: int, pixels: int, seed: int) -> VAE:
        """The paper's networks and initial weights."""
        generator = torch.Generator().manual_seed(seed)
        model = slow_log_var(self.build(pixels, (self.hidden,), latent, nn.Tanh), self.log_var_share)
        draw_small_weights(model, self.weight_std, generator)
        return draw_small_biases(model, self.weight_std, generator) if self.draw_biases else model


SLOW = {"log_var_share": 0.1, "step_sizes": CANDIDATES}
# What the paper leaves open, or chose by trying.
MNIST = Panel(
    "MNIST", "mnist", 50_000, mlp_vae, 500, (3, 5, 10, 20, 200), images=10_000_000, trial_images=300_000,
    variations={
        "AEVB 20, step 0.01": {},
        "AEVB 20, step 0.02": {"step_sizes": (0.02,)},
        "AEVB 20, step 0.1": {"step_sizes": (0.1,)},
        "AEVB 20, step 0.01, binarized": {"binarization": "dynamic"},
        "AEVB 20, step 0.01, weights of standard deviation 0.1": {"weight_std": 0.1},
        "AEVB 20, step 0.01, no gathering": {"gather": 0},
        "AEVB 10, step 0.01": {},
        "AEVB 3, step 0.02, seed 1": {"step_sizes": (0.02,), "seed_shift": 1},
        "AEVB 5, step 0.02, seed 1": {"step_sizes": (0.02,), "seed_shift": 1},
        "AEVB 5, step 0.02, seed 2": {"step_sizes": (0.02,), "seed_shift": 2},
        "AEVB 3, step 0.02, biases drawn": {"step_sizes": (0.02,), "draw_biases": True},
        "AEVB 5, step 0.02, biases drawn": {"step_sizes": (0.02,), "draw_biases": True},
        "AEVB 200, step 0.01, biases drawn": {"draw_biases": True},
        "WS 3, step 0.02": {"step_sizes": (0.02,)},
        "WS 3, step 0.01, weights of standard deviation 0.1": {"weight_std": 0.1},
        "WS 3, step 0.01, no gathering": {"gather": 0},
        "WS 3, step 0.01, slow log-variances": {"log_var_share": 0.1},
        "WS 200, step 0.02": {"step_sizes": (0.02,)},
        "WS 200, step 0.01, weights of standard deviation 0.1": {"weight_std": 0.1},
        "WS 200, step 0.01, no gathering": {"gather": 0},
    },
    whole_variations={
        **{f"WS {latent}, slow log-variances": SLOW for latent in (3, 5, 10, 20, 200)},
        "WS 5, slow log-variances, seed 1": SLOW | {"seed_shift": 1},
    },
)  # fmt: skip
FREY = Panel(
    "Frey", "frey", 1600, gaussian_mlp_vae, 200, (2, 5, 10, 20), images=10_000_000, trial_images=100_000,
    whole_variations={
        "AEVB 20, step 0.02": {"step_sizes": (0.02,)},
        "AEVB 20, step 0.01, no gathering": {"gather": 0},
        "AEVB 20, step 0.01, weights of standard deviation 0.1": {"weight_std": 0.1},
        "WS 20, step 0.01, weights of standard deviation 0.1": {"weight_std": 0.1},
        "AEVB 10, step 0.01, weights of standard deviation 0.1": {"weight_std": 0.1},
        **{f"AEVB {latent}, step 0.01, minibatches of 200": {"minibatch": 200} for latent in (5, 10, 20)},
    },
)  # fmt: skip


def mnist(request: Request) -> Outcome:
    """The five MNIST panels, and what the choices that the paper leaves open change. Source: K13 figure 2."""
    return _reproduce(_at_budget(MNIST, request), request)


def frey(request: Request) -> Outcome:
    """The four Frey Face panels, the same choices, and the bound of a model without latents. Source: K13 figure 2."""
    panel = _at_budget(FREY, request)
    outcome = _reproduce(panel, request)
    train, test = (load(panel.data, split, request.data_root).x for split in ("train", "test"))
    return replace(outcome, numbers=outcome.numbers | {"pixel marginals": pixel_marginals(train[: panel.n], test)})


def pixel_marginals(train: Tensor, test: Tensor) -> dict[str, float]:
    """Mean log-density per image, in nats, of independent Gaussian pixels with the training images' mean and variance.

    It is what a Gaussian decoder reaches that does not look at z. A constant pixel has the variance 1e-6.
    """
    mean, log_var = train.mean(0), train.var(0, correction=0).clamp_min(1e-6).log()
    densities = (log_normal(x, mean.expand_as(x), log_var.expand_as(x)) for x in (train, test))
    return {name: round(float(value.mean()), 2) for name, value in zip(("train", "test"), densities, strict=True)}


def _reproduce(panel: Panel, request: Request) -> Outcome:
    main = {
        f"{method} {latent}": Point(partial(curve, panel, method, latent, request), COSTS[method] * panel.images)
        for latent in panel.latents
        for method in METHODS
    }
    shorter = replace(panel, images=max(panel.images // 10, panel.n))
    varied = {
        name: _varied(start, name, change, request)
        for start, changes in ((shorter, panel.variations), (panel, panel.whole_variations))
        for name, change in changes.items()
    }
    data = checksums(*(load(panel.data, split, request.data_root) for split in ("train", "test")))
    curves = request.run(main | varied, data)
    numbers = {
        "setup": {
            "train images": panel.n, "hidden": panel.hidden, "minibatch": panel.minibatch,
            "weights": f"N(0, {panel.weight_std}²)", "binarization": panel.binarization, "images seen": panel.images,
            "step sizes tried": panel.step_sizes,
            "images seen in each trial": panel.trial_images,
        },
        "beside K13": {name: beside(panel, name, curves[name]) for name in (*main, *panel.whole_variations)},
        "AEVB above wake-sleep on test at the end": {
            str(latent): curves[f"AEVB {latent}"]["test"][-1] > curves[f"WS {latent}"]["test"][-1]
            for latent in panel.latents
            if not any(curves[f"{method} {latent}"].get("diverged") for method in METHODS)
        },
    }  # fmt: skip
    return Outcome(numbers, data=data)


def _varied(panel: Panel, name: str, change: Mapping[str, Any], request: Request) -> Point:
    method, latent = name.partition(",")[0].split()
    varied = replace(panel, **{"step_sizes": (0.01,), **change})
    return Point(partial(curve, varied, method, int(latent), request), COSTS[method] * panel.images)


def curve(panel: Panel, method: str, latent: int, request: Request, state: Path) -> Result:
    """Train once; the bound per image on training images as they came by and on all test images, over images seen.

    The step size is the one whose trial reaches the highest bound on the training images.
    """
    train, test = (load(panel.data, split, request.data_root).x for split in ("train", "test"))
    train, seed = train[: panel.n], request.seed + panel.seed_shift

    def learn(step_size: float, epochs: int, passes: int, **options: Any) -> History:
        return METHODS[method](
            panel.new_model(latent, train.shape[1], seed),
            train,
            epochs=epochs,
            passes=passes,
            learning_rate=step_size,
            make_optimizer=partial(GatheringAdagrad, gather=panel.gather),
            weight_prior=True,
            batch_size=panel.minibatch,
            binarization=panel.binarization,
            seed=seed,
            **options,
        )

    def trial(step_size: float) -> float:
        return learn(step_size, max(1, panel.trial_images // len(train)), 1, progress=False)["bound"][-1]

    step_size, tried = choose_step_size(trial, state, panel.step_sizes)
    if tried[str(step_size)] is None:
        return {"step size": step_size, "diverged": True}
    passes = max(1, panel.images // (RECORDS * len(train)))
    epochs = panel.images // (passes * len(train))
    history = learn(step_size, epochs, passes, x_test=test, resume=state, progress=request.progress)
    seen = [passes * len(train) * (epoch + 1) for epoch in range(len(history))]
    return {
        "step size": step_size,
        "train bound after each trial": tried,
        "samples": seen,
        "train": [round(bound, 2) for bound in history["bound"]],
        "test": [round(bound, 2) for bound in history["test bound"]],
        "seconds": sum(history["seconds"]),
        "images per second, tests included": round(seen[-1] / sum(history["seconds"])),
    }


def beside(panel: Panel, name: str, curve: Result) -> dict[str, dict[str, float | None]]:
    """Our train and test bounds after 10⁶, 10⁷ and 10⁸ images, where the curve reaches, beside the digitized ones."""
    method, latent = name.partition(",")[0].split()
    table = {}
    for samples in (1e6, 1e7, 1e8):
        ours = {split: recorded_at(curve, split, samples) for split in ("train", "test")}
        if None not in ours.values():
            table[f"{samples:.0e}"] = ours | {
                f"K13 {split}": published("2", f"{panel.name} Nz={latent}", method, split, samples)
                for split in ("train", "test")
            }
    return table


def _at_budget(panel: Panel, request: Request) -> Panel:
    if request.budget == "paper":
        return replace(panel, images=100_000_000)
    if request.budget == "quick":
        return replace(
            panel, data="digits", n=500, hidden=16, latents=panel.latents[:2], images=5000, trial_images=500, gather=0
        )
    return panel
