"""Linear VAE = probabilistic PCA: trained by `fit` beside the closed form, and the dimensions that noise puts out."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from math import cos, radians, sin
from pathlib import Path

import torch
from jaxtyping import Float
from torch import Tensor

from vae_edu.data import load
from vae_edu.evaluation.active_units import THRESHOLD
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.points import Point, Result
from vae_edu.learning import History, fit
from vae_edu.models import LinearGaussian, ppca_log_evidence, principal_axes, probabilistic_pca

Stage = tuple[float, int]  # learning rate, epochs of PASSES passes over the data
PASSES = 25

# Read off the paper's figure 2 at 10^8 images, train and test, ± 5 nats: what nonlinear decoders reach.
K13_FREY = {"2": (935, 872), "5": (1233, 1115), "10": (1463, 1307)}


@dataclass(frozen=True)
class Plan:
    """How much to do: latent sizes beside the closed form, the dimensions to leave active, and the schedule.

    The columns of W that a diagonal encoder wants at right angles get there slowly, hence the many passes.
    """

    data: str = "frey"
    latents: tuple[int, ...] = (2, 5, 10)
    active: tuple[int, ...] = (0, 1, 2, 3, 4, 5, 6, 8, 10)
    stages: tuple[Stage, ...] = ((1e-2, 2), (3e-3, 8), (1e-3, 50), (3e-4, 20), (1e-4, 10), (1e-5, 4))


QUICK = Plan("digits", (2,), (1, 3), ((3e-3, 1),))


def reproduce(request: Request) -> Outcome:
    """Both comparisons, on Frey Face (on `digits`, hardly trained, at budget "quick").

    Source: Lucas et al. 2019; Tipping & Bishop 1999.
    """
    plan = QUICK if request.budget == "quick" else Plan()
    train, test = (load(plan.data, split, request.data_root) for split in ("train", "test"))
    eigenvalues, _ = principal_axes(train.x.double())
    most = max(plan.active)
    points = {
        f"{latent} latents, learned noise": Point(
            partial(beside_closed_form, train.x, test.x, latent, plan.stages, request.seed)
        )
        for latent in plan.latents
    } | {
        f"{most} latents, noise that leaves {active}": Point(
            partial(collapse, train.x, most, noise_between(eigenvalues, active), plan.stages, request.seed)
        )
        for active in plan.active
    }
    request.run(points, checksums(train, test))
    numbers = {
        "data": plan.data,
        "stages (learning rate, epochs)": plan.stages,
        "passes per epoch": PASSES,
        "largest eigenvalues": eigenvalues[: most + 5].tolist(),
        "gap of the closed form with two latents, turned by so many degrees": turned_gaps(train.x.double()),
        "K13 figure 2, nonlinear decoder, digitized: train, test": K13_FREY,
    }
    return Outcome(numbers, data=checksums(train, test))


def beside_closed_form(
    x: Float[Tensor, "n pixels"],
    x_test: Float[Tensor, "n_test pixels"],
    latent: int,
    stages: Sequence[Stage],
    seed: int,
    _state: Path | None = None,
) -> Result:
    """Mean evidence of probabilistic PCA and of a linear VAE trained on the bound, and how far apart they are."""
    best = probabilistic_pca(x.double(), latent)
    model, curve = train_linear_vae(x, latent, stages, seed)
    models, splits = {"closed form": best, "trained": model}, {"train": x, "test": x_test}
    exact = {name: {split: exact_means(m, images) for split, images in splits.items()} for name, m in models.items()}
    return {
        **exact,
        "shortfall": exact["closed form"]["train"]["log evidence"] - exact["trained"]["train"]["log evidence"],
        "largest principal angle, degrees": largest_principal_angle(model.weight.double(), best.weight),
        "noise variance": {name: float(m.log_noise_var.detach().exp()) for name, m in models.items()},
        "curve": curve,
    }


def collapse(
    x: Float[Tensor, "n pixels"],
    latent: int,
    noise_var: float,
    stages: Sequence[Stage],
    seed: int,
    _state: Path | None = None,
) -> Result:
    """How many dimensions of a linear VAE survive training with this fixed noise, and how many should."""
    eigenvalues, _ = principal_axes(x.double())
    model, _ = train_linear_vae(x, latent, stages, seed, noise_var)
    with torch.no_grad():
        activity = model.encode(x)[0].var(0, correction=0).sort(descending=True).values
    trained = exact_means(model, x)
    return {
        "noise variance": noise_var,
        "eigenvalues above it": int((eigenvalues[:latent] > noise_var).sum()),
        "active dimensions": int((activity > THRESHOLD).sum()),
        "activity": {
            "closed form": (1 - noise_var / eigenvalues[:latent]).clamp(min=0).tolist(),
            "trained": activity.tolist(),
        },
        "shortfall": float(ppca_log_evidence(eigenvalues, latent, noise_var)) - trained["log evidence"],
        "gap": trained["gap"],
    }


def train_linear_vae(
    x: Float[Tensor, "n pixels"], latent: int, stages: Sequence[Stage], seed: int, noise_var: float | None = None
) -> tuple[LinearGaussian, dict[str, list[float]]]:
    """A linear VAE from the data's mean and small weights, by Adam on the sampled bound with a falling step.

    With `noise_var` the decoder's variance stays there. Returns evidence and gap after each epoch besides.
    """
    weight = 0.01 * torch.randn(x.shape[1], latent, generator=torch.Generator().manual_seed(seed))
    model = LinearGaussian(weight, x.mean(0), noise_var or float(x.var(0, correction=0).mean()))
    model.log_noise_var.requires_grad_(noise_var is None)
    history = History()
    for number, (rate, epochs) in enumerate(stages):
        history.records += fit(
            model, x, epochs=epochs, passes=PASSES, learning_rate=rate, seed=seed + number, device="cpu",
            measure=partial(exact_means, model, x), progress=False,
        ).records  # fmt: skip
    return model, {name: [round(value, 4) for value in history[name]] for name in ("log evidence", "gap")}


def noise_between(eigenvalues: Float[Tensor, "pixels"], active: int) -> float:
    """A variance below the first `active` eigenvalues and above the next: their geometric mean."""
    if active == 0:
        return 2 * float(eigenvalues[0])
    return float((eigenvalues[active - 1] * eigenvalues[active]).sqrt())


@torch.no_grad()
def turned_gaps(x: Float[Tensor, "n pixels"], degrees: Sequence[int] = range(0, 91, 5)) -> dict[str, float]:
    """What a diagonal encoder loses, in nats, when the latent axes of the best decoder are turned: same evidence."""
    best = probabilistic_pca(x, 2)
    gaps = {}
    for angle in degrees:
        c, s = cos(radians(angle)), sin(radians(angle))
        turn = torch.tensor([[c, -s], [s, c]], dtype=x.dtype)
        turned = LinearGaussian(best.weight @ turn, best.bias, float(best.log_noise_var.exp()))
        gaps[str(angle)] = exact_means(turned, x)["gap"]
    return gaps


@torch.no_grad()
def largest_principal_angle(a: Float[Tensor, "pixels latent"], b: Float[Tensor, "pixels latent"]) -> float:
    """The largest angle between the spaces that two matrices' columns span, in degrees; 0 if they are the same."""
    cosines = torch.linalg.svdvals(torch.linalg.qr(a).Q.mT @ torch.linalg.qr(b).Q)
    return float(torch.rad2deg(cosines.clamp(max=1).min().acos()))


@torch.no_grad()
def exact_means(model: LinearGaussian, x: Float[Tensor, "n pixels"]) -> dict[str, float]:
    """Means over the data of log p(x) and of KL(q(z|x) || p(z|x)), in nats, without sampling."""
    model, x = deepcopy(model).double(), x.double()  # hundreds of nats are to be compared in hundredths
    return {"log evidence": float(model.log_marginal(x).mean()), "gap": float(model.gap(x).mean())}
