"""Pictures of chapter 1: latent variable models, a prior bent by a decoder, the price of prior sampling."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from vae_edu.plots.diagrams import DRAWN, arrow, blank, circle, plate
from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PALETTE, PURPLE, SKY, VERMILION

# An angle comes back to where it began, and so do its colors; none of them fades into a light or a dark page.
_CYCLE = LinearSegmentedColormap.from_list("cycle", (BLUE, GREEN, ORANGE, VERMILION, PURPLE, BLUE))


def plate_model() -> Figure:
    """The generative model as a graph: parameters outside the plate, a z and an x per data point inside."""
    figure, axes = plt.subplots(figsize=(4.6, 3.0))
    blank(axes, (0, 4.6), (0, 3.0))
    plate(axes, (1.35, 0.2), 3.1, 2.6)
    for y, name, law, face in (
        (2.2, r"$z^{(i)}$", r"$z \sim \mathcal{N}(0, I)$", "none"),
        (0.85, r"$x^{(i)}$", r"$x \sim p_\theta(x\,|\,z)$", DRAWN),
    ):
        circle(axes, 2.1, y, 0.36, name, face)
        axes.text(2.7, y, law, va="center", fontsize=12)
    axes.plot(0.6, 0.85, marker="o", color=BLACK, markersize=5)
    axes.text(0.6, 1.08, r"$\theta$", ha="center", fontsize=13)
    arrow(axes, (2.1, 1.84), (2.1, 1.21))
    arrow(axes, (0.66, 0.85), (1.74, 0.85))
    return figure


def pushed_through(
    z: ArrayLike,
    prior: ArrayLike,
    x_of_z: ArrayLike,
    x: ArrayLike,
    density: ArrayLike,
    marks: Sequence[tuple[float, float]],
) -> Figure:
    """A prior, above it x = f(z), to the right the density that gives; `marks` are pairs (z, f(z))."""
    figure, grid = plt.subplots(
        2, 2, figsize=(6.0, 4.4), width_ratios=(3, 1.3), height_ratios=(2.4, 1), sharex="col", sharey="row"
    )
    (curve, right), (below, empty) = grid
    empty.axis("off")
    right.tick_params(labelbottom=True)
    curve.plot(z, x_of_z, color=BLUE)
    below.fill_between(z, prior, color=SKY, alpha=0.7, linewidth=0)
    right.fill_betweenx(x, density, color=ORANGE, alpha=0.7, linewidth=0)
    end = float(np.max(density))
    for z_mark, x_mark in marks:
        below.axvline(z_mark, color="black", linewidth=0.7, linestyle=":")
        curve.plot([z_mark, z_mark, 1e3], [-1e3, x_mark, x_mark], color="black", linewidth=0.7, linestyle=":")
        right.plot([0, end], [x_mark, x_mark], color="black", linewidth=0.7, linestyle=":")
    curve.set(xlim=(np.min(z), np.max(z)), ylim=(np.min(x), np.max(x)), ylabel="$x = f(z)$", title="the function")
    below.set(xlabel="$z$", ylabel="$p(z)$", ylim=(0, None))
    right.set(xlabel="$p(x)$", xlim=(0, None), title="what comes out")
    return figure


def cloud_to_ring(z: ArrayLike, x: ArrayLike, radius: ArrayLike, density: ArrayLike) -> Figure:
    """2-D points before and after the map, colored by angle, and the derived density of the ring's radius."""
    z, x = np.asarray(z), np.asarray(x)
    figure, (before, after, radii) = plt.subplots(1, 3, figsize=(8.4, 2.9))
    angle = np.arctan2(z[:, 1], z[:, 0])
    for axes, points, reach, title in (
        (before, z, 3.6, "$z$, from the prior"),
        (after, x, 1.6, "$x = g(z)$"),
    ):
        axes.scatter(points[:, 0], points[:, 1], c=angle, cmap=_CYCLE, s=5, linewidths=0)
        axes.set(aspect="equal", xlim=(-reach, reach), ylim=(-reach, reach), title=title)
    radii.hist(np.hypot(x[:, 0], x[:, 1]), bins=30, density=True, color=SKY, label="of the points")
    radii.plot(radius, density, color=VERMILION, label="derived")
    radii.set(xlabel=r"$\Vert x\Vert$", title="density of the radius", ylim=(0, 1.45 * np.max(density)))
    radii.legend(loc="upper right")
    return figure


def running_errors(draws: ArrayLike, panels: Mapping[str, ArrayLike]) -> Figure:
    """Error of the estimated log p(x) as draws come in, several runs in each panel, shape (runs, len(draws))."""
    figure, grid = plt.subplots(1, len(panels), figsize=(7.6, 3.2), sharey=True, squeeze=False)
    for axes, (title, runs) in zip(grid[0], panels.items(), strict=True):
        axes.plot(draws, np.asarray(runs).T, color=BLUE, linewidth=0.9, alpha=0.6)
        axes.axhline(0, color=VERMILION, linestyle="--")
        axes.set(xscale="log", xlabel="draws from the prior", title=title)
    grid[0, 0].set_ylabel("estimate $-$ exact $\\log p(x)$ (nats)")
    return figure


def relative_variance(
    dimensions: ArrayLike, derived: Mapping[float, ArrayLike], measured: Mapping[float, ArrayLike], draws: int
) -> Figure:
    """Relative variance of one draw's likelihood against the latent dimension, a line and dots for each σ."""
    figure, axes = plt.subplots(figsize=(6.4, 3.8))
    for color, marker, sigma in zip(PALETTE, "osDv^", derived, strict=False):
        axes.plot(dimensions, derived[sigma], color=color, label=rf"$\sigma = {sigma:g}$")
        axes.plot(dimensions, measured[sigma], marker, color=color, markersize=4)
    axes.axhline(draws, color="black", linewidth=0.8, linestyle=":")
    axes.text(np.min(dimensions), draws * 1.5, f"{draws:,} draws", fontsize=8)
    axes.set(yscale="log", xlabel="dimension of $z$", ylabel="relative variance $\\rho$")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(title="lines derived, dots measured", loc="upper left")
    return figure


def likelihood_of_draws(panels: Mapping[str, ArrayLike]) -> Figure:
    """For each named source of draws of z the histogram of log p(x|z) over them."""
    figure, axes = plt.subplots(figsize=(6.4, 3.0))
    everything = np.concatenate([np.asarray(values) for values in panels.values()])
    bins = np.linspace(everything.min(), everything.max(), 60).tolist()
    for color, (name, values) in zip((BLUE, ORANGE), panels.items(), strict=True):
        axes.hist(np.asarray(values), bins=bins, density=True, color=color, alpha=0.65, label=name)
    axes.set(xlabel="$\\log p(x|z)$ (nats)", ylabel="density of draws")
    axes.legend(loc="upper left")
    return figure


def image_row(images: Mapping[str, ArrayLike]) -> Figure:
    """Pictures side by side, each under its title."""
    figure, grid = plt.subplots(1, len(images), figsize=(2.1 * len(images), 2.5), squeeze=False)
    for axes, (title, image) in zip(grid[0], images.items(), strict=True):
        axes.imshow(np.asarray(image), cmap="gray", vmin=0, vmax=1)
        axes.set(xticks=[], yticks=[], title=title)
        axes.spines[:].set_visible(False)
    return figure
