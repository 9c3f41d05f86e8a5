"""K13 figure 3: the marginal likelihood as AEVB, wake-sleep and Monte Carlo EM learn, on few and on many images."""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from vae_edu.data import load
from vae_edu.evaluation.marginal_likelihood import harmonic_log_marginal
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.points import Point, Result
from vae_edu.experiments.published import published
from vae_edu.experiments.slow_log_var import slow_log_var
from vae_edu.experiments.step_sizes import CANDIDATES, choose_step_size
from vae_edu.learning import History, fit, monte_carlo_em, wake_sleep
from vae_edu.learning.adagrad import GatheringAdagrad
from vae_edu.models import VAE, mlp_vae
from vae_edu.models.networks import draw_small_weights
from vae_edu.plots.recorded import recorded_at

METHODS: dict[str, Callable[..., History]] = {"AEVB": fit, "WS": wake_sleep, "MCEM": monte_carlo_em}
COSTS = {"AEVB": 1.0, "WS": 1.3, "MCEM": 6.0}
LEAPFROG_STEPS, UPDATES = 10, 5  # of Monte Carlo EM


@dataclass(frozen=True)
class Setup:
    """The figure as the paper sets it up, and the choices it leaves open."""

    data: str = "mnist"
    sizes: tuple[int, ...] = (1000, 50_000)
    hidden: int = 100
    latent: int = 3
    images: int = 10_000_000  # seen in training, many times each
    count_evaluated: bool = False  # whether those are counted at each leapfrog step and update, not once a visit
    trial_images: int = 200_000  # seen with each step size before one is chosen
    step_sizes: tuple[float, ...] = CANDIDATES
    gather: int = 100
    minibatch: int | None = 100  # None: the whole training set
    weight_prior: bool | str = "decoder"  # whose weights have the prior N(0, I): K13's is on θ alone; True is all
    update_size: int | None = None  # images that each of Monte Carlo EM's updates looks at; None: the minibatch
    log_var_share: float = 1.0  # of the weights of the encoder's log-variances, how much counts
    seed_shift: int = 0  # added to the seed asked for
    scored: int = 1000  # images of each split, the first
    evaluations: int = 20  # a curve has so many points, equally spaced
    draws: int = 50
    more: int = 8  # few draws of a slow chain give too low an estimate; the last point is scored with more as well

    @property
    def looks(self) -> int:
        """For how many images one counts that a pass comes to."""
        return LEAPFROG_STEPS + UPDATES if self.count_evaluated else 1


SWEEPS = {"minibatch": None}  # "not an on-line algorithm": every chain moves, then come five updates on all images
EVALUATED = SWEEPS | {"count_evaluated": True}  # the figure's axis counts "training samples evaluated"
PARTS = SWEEPS | {"update_size": 100}
SMALL_STEP, LARGE_STEP = {"step_sizes": (0.02,)}, {"step_sizes": (0.1,)}
FEW, MANY = 0, -1  # of the sizes of the training set
# Over many images a trial has too few sweeps to choose a step size by: the one that trials choose on few images.
CHANGES: dict[tuple[str, int], dict[str, Any]] = {("MCEM", FEW): EVALUATED, ("MCEM", MANY): EVALUATED | LARGE_STEP}
# Other readings of the paper: the method, the size of the training set, the change's name, the change.
VARIATIONS: tuple[tuple[str, int, str, dict[str, Any]], ...] = (
    ("AEVB", FEW, "prior on both networks", {"weight_prior": True}),
    ("AEVB", FEW, "no weight prior", {"weight_prior": False}),
    ("AEVB", FEW, "slow log-variances", {"log_var_share": 0.1}),
    *(("AEVB", FEW, f"step 0.1, seed {n}", LARGE_STEP | {"seed_shift": n}) for n in (1, 2, 3, 4)),
    ("AEVB", FEW, "step 0.1, slow log-variances, seed 1", LARGE_STEP | {"log_var_share": 0.1, "seed_shift": 1}),
    ("AEVB", FEW, "step 0.1, slow log-variances, seed 2", LARGE_STEP | {"log_var_share": 0.1, "seed_shift": 2}),
    ("WS", FEW, "prior on both networks", {"weight_prior": True}),
    ("WS", FEW, "slow log-variances", {"log_var_share": 0.1}),
    *(("MCEM", FEW, f"step 0.1, seed {n}", EVALUATED | LARGE_STEP | {"seed_shift": n}) for n in (1, 2, 3, 4)),
    ("MCEM", FEW, "counted once a sweep", SWEEPS),
    ("MCEM", FEW, "counted once a sweep, step 0.02", SWEEPS | SMALL_STEP),
    ("MCEM", FEW, "100 images an update", PARTS),
    ("MCEM", FEW, "100 images an update, step 0.02", PARTS | SMALL_STEP),
    *(
        ("MCEM", FEW, f"100 images an update, step 0.1, seed {n}", PARTS | LARGE_STEP | {"seed_shift": n})
        for n in (1, 2)
    ),
    ("MCEM", FEW, "100 images an update, no gathering", PARTS | {"gather": 0}),
    ("MCEM", FEW, "minibatches", {}),
    ("MCEM", FEW, "minibatches, step 0.02", SMALL_STEP),
    ("AEVB", MANY, "step 0.02", SMALL_STEP),
    ("AEVB", MANY, "step 0.01", {"step_sizes": (0.01,)}),
    ("AEVB", MANY, "step 0.02, slow log-variances", SMALL_STEP | {"log_var_share": 0.1}),
    ("WS", MANY, "slow log-variances", {"log_var_share": 0.1}),
    ("WS", MANY, "step 0.02, slow log-variances", SMALL_STEP | {"log_var_share": 0.1}),
    ("MCEM", MANY, "counted once a sweep, step 0.02", SWEEPS | SMALL_STEP),
    ("MCEM", MANY, "minibatches", {}),
)
# Points that the cpu budget takes further than the others: to the end of K13's curves, or a part of the way.
TO_THE_END, HALF_WAY, A_THIRD = ({"images": k * 1_000_000, "evaluations": k} for k in (60, 30, 20))
THREE_SEEDS = ("", ", step 0.1, seed 1", ", step 0.1, seed 2")
FURTHER: dict[str, dict[str, Any]] = {
    **{f"AEVB, N = 1000{seed}": TO_THE_END for seed in THREE_SEEDS},
    "WS, N = 1000": TO_THE_END,
    **{f"MCEM, N = 1000{seed}": TO_THE_END for seed in THREE_SEEDS},
    **{f"MCEM, N = 1000, 100 images an update{seed}": TO_THE_END for seed in THREE_SEEDS},
    "MCEM, N = 1000, counted once a sweep": HALF_WAY,
    "MCEM, N = 1000, counted once a sweep, step 0.02": A_THIRD,
    "MCEM, N = 50000": {"images": 60_000_000, "evaluations": 80},
    "MCEM, N = 50000, counted once a sweep, step 0.02": {"images": 30_000_000, "evaluations": 60},
}


def reproduce(request: Request) -> Outcome:
    """Three methods, two sizes of the training set. Source: K13 figure 3, K13 App. D, K13 App. E."""
    setup, further = _at_budget(request), FURTHER if request.budget == "cpu" else {}
    readings = [
        (method, n, "", CHANGES.get((method, size), {}))
        for size, n in zip((FEW, MANY), setup.sizes, strict=False)
        for method in METHODS
    ]
    readings += [(method, setup.sizes[size], f", {name}", change) for method, size, name, change in VARIATIONS]
    points = {}
    for method, n, name, change in readings:
        full = f"{method}, N = {n}{name}"
        changed = replace(setup, **change, **further.get(full, {}))
        cost = COSTS[method] * changed.images / (changed.looks * setup.images)
        points[full] = Point(partial(curve, changed, method, n, request), cost)
    data = checksums(*(load(setup.data, split, request.data_root) for split in ("train", "test")))
    curves = request.run(points, data)
    numbers = {
        "setup": {
            "hidden": setup.hidden, "latent": setup.latent, "images seen in each trial": setup.trial_images,
            "images seen": setup.images, "pixels": "grey", "estimator": "K13 App. D, kernel density per image",
            "posterior draws": setup.draws, "images scored": setup.scored,
        },
        "beside K13": {name: beside(name, curve) for name, curve in curves.items()},
        "best first, at the end": {
            f"N = {n}, {split}": _best_first({m: curves.get(f"{m}, N = {n}") for m in METHODS}, split)
            for n in setup.sizes
            for split in ("train", "test")
        },
    }  # fmt: skip
    return Outcome(numbers, data=data)


def _best_first(curves: Mapping[str, Result | None], split: str) -> list[str]:
    """The methods that did not diverge, by the last values that all of them have, after about as many images."""
    kept = {method: curve for method, curve in curves.items() if curve and not curve.get("diverged")}
    shortest = min((curve["samples"][-1] for curve in kept.values()), default=0)
    ends = {method: curve[split][bisect_right(curve["samples"], shortest) - 1] for method, curve in kept.items()}
    return sorted(ends, key=lambda method: -ends[method])


def curve(setup: Setup, method: str, n: int, request: Request, state: Path) -> Result:
    """Train once; estimates of log p(x) per image, in nats, on the first training and test images, over images seen.

    The step size is the one whose trial ends highest, by the method's own account of itself on the training images.
    """
    train, test = (load(setup.data, split, request.data_root).x for split in ("train", "test"))
    train, seed = train[:n], request.seed + setup.seed_shift
    scored = {"train": train[: setup.scored], "test": test[: setup.scored]}

    of_chains = {"leapfrog_steps": LEAPFROG_STEPS, "updates": UPDATES, "update_size": setup.update_size}

    def new_model() -> VAE:
        model = slow_log_var(mlp_vae(train.shape[1], (setup.hidden,), setup.latent, nn.Tanh), setup.log_var_share)
        return draw_small_weights(model, generator=torch.Generator().manual_seed(seed))

    def learn(model: VAE, step_size: float, epochs: int, passes: int, **options: Any) -> History:
        return METHODS[method](
            model,
            train,
            epochs=epochs,
            passes=passes,
            learning_rate=step_size,
            make_optimizer=partial(GatheringAdagrad, gather=setup.gather),
            weight_prior=setup.weight_prior,
            batch_size=setup.minibatch or n,
            seed=seed,
            **(of_chains if method == "MCEM" else {}),
            **options,
        )

    def trial(step_size: float) -> float:
        return learn(new_model(), step_size, max(1, setup.trial_images // n), 1, progress=False)["bound"][-1]

    step_size, tried = choose_step_size(trial, state, setup.step_sizes)
    if tried[str(step_size)] is None:
        return {"step size": step_size, "diverged": True}
    a_pass = n * setup.looks  # counts for so many images
    passes = max(1, round(setup.images / (setup.evaluations * a_pass)))
    epochs, model = max(1, round(setup.images / (passes * a_pass))), new_model()
    measure = partial(marginals, model, images=scored, draws=setup.draws)
    history = learn(model, step_size, epochs, passes, measure=measure, resume=state, progress=request.progress)
    return {
        "step size": step_size,
        "value after each trial": tried,
        "samples": [passes * a_pass * (epoch + 1) for epoch in range(len(history))],
        **{split: [round(value, 2) for value in history[split]] for split in scored},
        f"at the end, with {setup.more} times the draws": marginals(model, scored, setup.more * setup.draws),
        "seconds": sum(history["seconds"]),
        "images per second, evaluations included": round(passes * n * len(history) / sum(history["seconds"])),
    }


def marginals(model: Any, images: Mapping[str, Tensor], draws: int) -> dict[str, float]:
    """Means of the estimated log p(x), in nats, by K13's appendix D; the same noise each time.

    An image whose chain never moved has no estimate and does not count; how many those are is told.
    """
    found, stuck = {}, 0
    for split, x in images.items():
        estimate = harmonic_log_marginal(model, x, draws=draws, generator=torch.Generator().manual_seed(1))
        found[split] = float(estimate.nanmean())
        stuck += int(estimate.isnan().sum())
    return {**found, "chains that never moved": float(stuck)}


def beside(name: str, curve: Result) -> dict[str, dict[str, float | None]]:
    """Our estimates after 10⁶, 10⁷, 3·10⁷ and 6·10⁷ images, where the curve reaches, beside the digitized ones."""
    method, panel = name.split(", ")[:2]
    table = {}
    for samples in (1e6, 1e7, 3e7, 6e7):
        ours = {split: recorded_at(curve, split, samples) for split in ("train", "test")}
        if None not in ours.values():
            table[f"{samples:.0e}"] = ours | {
                f"K13 {split}": published("3", panel.replace(" ", ""), method, split, samples)
                for split in ("train", "test")
            }
    return table


def _at_budget(request: Request) -> Setup:
    if request.budget == "paper":
        return Setup(images=60_000_000, evaluations=60)
    if request.budget == "quick":
        small = Setup("digits", (200,), 10, 2, gather=5, scored=10, evaluations=2, draws=10, more=2)
        return replace(small, images=800, trial_images=400)
    return Setup()
