"""The seed project's experiments 4, 5, 7 and 8: what a plane of two latents decodes to, and where images lie in it."""

from collections import Counter
from typing import Any

import torch
from jaxtyping import Float, Int64
from matplotlib.figure import Figure
from torch import Generator, Tensor

from vae_edu.data import ImageData
from vae_edu.evaluation.latent_space import manifold
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.seed_subjects import images, judge, labels, subject
from vae_edu.gaussians import kl_standard_normal, reparameterize
from vae_edu.learning import evaluate
from vae_edu.models import VAE
from vae_edu.plots import raster, use_book_style
from vae_edu.plots.images import image_rows
from vae_edu.plots.latent_plane import mosaic

SIDE, LOWEST = 15, 0.01  # experiment 4's grid, on the unit square from .01 to .99
RECTANGLE = 11  # pictures along each side of the rectangle around the scatter
SHOWN = 2000  # test images in a scatter
NEIGHBORS = 10
CELLS = 20  # per axis


def seed_4(request: Request) -> Outcome:
    """A 15×15 grid through the inverse normal CDF on (.01, .99), decoded: the transitions between digits.

    Source: K13 figure 4.
    """
    model, (train, test), critic = subject("two-latents", request), images(request), judge(request)
    grid = manifold(model, SIDE, margin=LOWEST * SIDE)
    p = critic.classify(grid).softmax(-1)
    digits = p.argmax(-1)
    numbers = {
        "digit at each point, row 0 the largest z2": ["".join(map(str, row)) for row in digits.tolist()],
        "points of each digit": {str(digit): int((digits == digit).sum()) for digit in range(10)},
        "classifier's mean confidence": p.amax(-1).mean().item(),
        "classifier's test accuracy": critic.test_accuracy,
        "neighbors": transitions(grid, digits),
        "seed project": {"finding": "the transitions between digits"},
    }
    _style()
    return Outcome(numbers, {"grid": mosaic(grid, test.image_shape, width=SIDE * 28 / 120)}, checksums(train, test))


def seed_5(request: Request) -> Outcome:
    """2,000 test images in the plane of the bound: contiguous digits, within about ±3–5."""
    return _scatter("two-latents", request, {"finding": "contiguous digits, within about ±3–5"})


def seed_7(request: Request) -> Outcome:
    """The same plane without the KL term: far-flung, with gaps where nothing was learned."""
    printed = {"range": {"z1": [-16, 9], "z2": [-19, 4]}, "finding": "spread out, with gaps"}
    return _scatter("no-kl", request, printed)


def seed_8(request: Request) -> Outcome:
    """The KL term alone: every posterior is the prior, whatever the image; the decoder is never trained.

    The seed project reads "blobs" into its plot, which is a scatter of numerical dust.
    """
    printed = {"largest |mean|": 0.01, "finding": "blobs", "slip": "there are none: labels are mixed"}
    return _scatter("kl-only", request, printed)


def _scatter(name: str, request: Request, printed: dict[str, Any]) -> Outcome:
    model, (_, test) = subject(name, request), images(request)
    x, digits = test.x[:SHOWN], labels(test)[:SHOWN]
    mean, log_var = model.encode(x)
    z = reparameterize(mean, log_var, generator=Generator().manual_seed(request.seed))
    shuffled = digits[torch.randperm(len(digits), generator=Generator().manual_seed(request.seed))]
    numbers = {
        "images": len(x),
        "range": {f"z{j + 1}": [mean[:, j].min().item(), mean[:, j].max().item()] for j in range(2)},
        "largest |mean|": mean.abs().max().item(),
        "log variance": {"mean": log_var.mean().item(), "least": log_var.min().item(), "most": log_var.max().item()},
        "KL(q(z|x) || p(z)), nats": kl_standard_normal(mean, log_var).mean().item(),
        "bound, nats": evaluate(model, x),
        f"accuracy of {NEIGHBORS} nearest neighbors": {
            "among posterior means": neighbor_accuracy(mean, digits),
            "among draws of z": neighbor_accuracy(z, digits),
            "labels shuffled": neighbor_accuracy(mean, shuffled),
        },
        "empty cells": {
            "share": empty_cells(mean),
            "expected of a Gaussian": (1 - 1 / CELLS**2) ** len(mean),
        },
        "by digit": _by_digit(mean, digits),
        "means": {f"z{j + 1}": _rounded(mean[:, j]) for j in range(2)},
        "labels": "".join(map(str, digits.tolist())),
        "seed project": printed,
    }
    return Outcome(numbers, _pictures(model, test, mean), checksums(test))


def transitions(grid: Float[Tensor, "side side pixels"], digits: Int64[Tensor, "side side"]) -> dict[str, Any]:
    """How pictures and their digits change from one point of the grid to the next, to the right and downwards."""
    steps = [(grid[:, 1:] - grid[:, :-1]).flatten(0, 1), (grid[1:] - grid[:-1]).flatten(0, 1)]
    ends = [(digits[:, :-1], digits[:, 1:]), (digits[:-1], digits[1:])]
    change = torch.cat(steps).square().mean(-1).sqrt()
    a, b = (torch.cat([pair[side].flatten() for pair in ends]) for side in (0, 1))
    pairs = Counter("".join(map(str, sorted(pair))) for pair in zip(a.tolist(), b.tolist(), strict=True))
    return {
        "of the same digit": int((a == b).sum()),
        "of two digits": {pair: count for pair, count in pairs.most_common() if pair[0] != pair[1]},
        "root mean square pixel change, same digit": change[a == b].mean().item(),
        "root mean square pixel change, two digits": change[a != b].mean().item(),
        "largest root mean square pixel change": change.max().item(),
    }


def neighbor_accuracy(z: Float[Tensor, "n latent"], digits: Int64[Tensor, "n"], k: int = NEIGHBORS) -> float:
    """Share of points whose label most of their k nearest others bear; of several commonest labels the smallest."""
    # Differences, not a product of matrices: points may differ by less than their own rounding errors.
    distance = torch.cdist(z.double(), z.double(), compute_mode="donot_use_mm_for_euclid_dist")
    nearest = distance.fill_diagonal_(torch.inf).topk(k, largest=False).indices
    return (digits[nearest].mode(1).values == digits).double().mean().item()


def empty_cells(z: Float[Tensor, "n latent"]) -> float:
    """Share of cells without a point, of CELLS² equally probable under a Gaussian of their mean and covariance.

    Points are whitened and sent through the normal CDF, so that neither scale nor slant plays a part.
    """
    z = z.double()
    whitened = torch.linalg.solve_triangular(torch.linalg.cholesky(z.T.cov()), (z - z.mean(0)).T, upper=False)
    cell = (torch.special.ndtr(whitened) * CELLS).long().clamp(max=CELLS - 1)
    return 1 - len((cell[0] * CELLS + cell[1]).unique()) / CELLS**2


def _by_digit(mean: Float[Tensor, "n 2"], digits: Int64[Tensor, "n"]) -> dict[str, Any]:
    groups = {str(digit): mean[digits == digit] for digit in digits.unique().tolist()}
    return {
        digit: {"images": len(group), "mean": _rounded(group.mean(0)), "standard deviation": _rounded(group.std(0))}
        for digit, group in groups.items()
    }


def _rounded(values: Float[Tensor, "n"]) -> list[float]:
    return [float(f"{value:.4g}") for value in values.tolist()]


def _pictures(model: VAE, test: ImageData, mean: Float[Tensor, "n 2"]) -> dict[str, Figure]:
    """What the rectangle of the means decodes to, its corners included, and ten images with what comes back of them."""
    low, high = mean.amin(0), mean.amax(0)
    z1, z2 = (torch.linspace(float(low[j]), float(high[j]), RECTANGLE) for j in range(2))
    z = torch.stack(torch.meshgrid(z1, z2.flip(0), indexing="xy"), dim=-1)
    back = {"image": test.x[:10], "mean picture": model.images(mean[:10])}
    _style()
    return {
        "plane": mosaic(model.images(z), test.image_shape, width=RECTANGLE * 28 / 120),
        "back": image_rows({name: part.unflatten(-1, test.image_shape).numpy() for name, part in back.items()}),
    }


def _style() -> None:
    use_book_style()
    raster()
