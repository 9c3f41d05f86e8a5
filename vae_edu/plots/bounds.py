"""Pictures of chapter 2: the bound, its gap, and what shapes of q cost."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ndarray

from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, VERMILION

GREY = "#888888"


def bound_bars(
    z: ndarray,
    posterior: ndarray,
    guesses: Sequence[tuple[str, ndarray]],
    bounds: Sequence[float],
    log_evidence: float,
) -> Figure:
    """One column per guess (title, density on z): above, q over the posterior; below, bound + gap = log p(x)."""
    figure, axes = plt.subplots(2, len(guesses), figsize=(8.4, 4.2), sharex="row", sharey="row")
    floor = min(bounds) - 0.5
    for column, ((title, density), bound) in enumerate(zip(guesses, bounds, strict=True)):
        top, bottom = axes[:, column]
        top.fill_between(z, posterior, color=GREY, alpha=0.45, lw=0, label="posterior p(z|x)")
        top.plot(z, density, color=BLUE, label="guess q(z)")
        top.set(title=title, xlabel="z", yticks=[])
        bottom.bar(0, bound - floor, bottom=floor, color=BLUE, width=0.9)
        bottom.bar(0, log_evidence - bound, bottom=bound, color=ORANGE, width=0.9)
        bottom.axhline(log_evidence, color=BLACK, lw=1, ls="--")
        value = f"{bound:.2f}".replace("-", "−")
        bottom.text(0, (bound + floor) / 2, f"bound\n{value}", ha="center", va="center", color="white")
        bottom.text(0, log_evidence + 0.06, f"gap {log_evidence - bound:.2f}", ha="center", va="bottom")
        bottom.set(xticks=[], xlim=(-0.8, 0.8), ylim=(floor, log_evidence + 0.4))
    axes[0, 0].legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(-0.05, 1.0))
    axes[1, 0].set_ylabel("nats")
    axes[1, 0].text(-0.76, log_evidence + 0.06, "log p(x)", fontsize="small", va="bottom")
    return figure


def gap_landscape(
    means: ndarray, widths: ndarray, gap: ndarray, posterior: tuple[float, float], path: ndarray
) -> Figure:
    """Contours of the gap over q's mean and standard deviation, and a path (steps, 2) of guesses towards 0."""
    figure, axis = plt.subplots(figsize=(5.6, 3.9))
    lines = axis.contour(means, widths, gap, levels=[0.02, 0.1, 0.25, 0.5, 1, 2, 3], colors=BLUE, linewidths=1)
    axis.clabel(lines, fmt="%g", fontsize="small")
    axis.plot(*path.T, color=VERMILION, marker="o", ms=3, lw=1, label="gradient ascent on the bound")
    axis.plot(*posterior, color=BLACK, marker="*", ms=13, ls="none", label="the posterior: gap 0")
    axis.set(xlabel="mean of q", ylabel="standard deviation of q")
    _legend_above(axis)
    return figure


def two_terms(
    means: ndarray,
    terms_by_mean: dict[str, ndarray],
    widths: ndarray,
    terms_by_width: dict[str, ndarray],
) -> Figure:
    """The bound's two terms and their sum, over q's mean (left) and over its standard deviation (right)."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4), sharey=True)
    _terms(left, means, terms_by_mean)
    _terms(right, widths, terms_by_width)
    left.set(xlabel="mean of q", ylabel="nats", ylim=(-5, 0.6))
    right.set(xlabel="standard deviation of q")
    figure.legend(*right.get_legend_handles_labels(), fontsize="small", loc="outside upper center", ncols=3)
    return figure


def divergence_directions(z: ndarray, posterior: ndarray, reverse: Sequence[ndarray], forward: ndarray) -> Figure:
    """A posterior with two bumps, with the Gaussians that minimize KL(q‖p) (left) and KL(p‖q) (right)."""
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3), sharey=True)
    for axis in axes:
        axis.fill_between(z, posterior, color=GREY, alpha=0.45, lw=0, label="posterior p(z|x)")
        axis.set(xlabel="z", yticks=[], ylim=(0, 1.35 * max(density.max() for density in reverse)))
    for density, style in zip(reverse, ("-", "--"), strict=True):
        axes[0].plot(z, density, color=BLUE, ls=style)
    axes[1].plot(z, forward, color=VERMILION)
    axes[0].set_title("smallest KL(q‖p): q takes one bump")
    axes[1].set_title("smallest KL(p‖q): q covers both")
    axes[0].legend(fontsize="small", loc="upper left")
    return figure


def diagonal_fits(panels: Sequence[tuple[str, ndarray, ndarray]]) -> Figure:
    """Per panel (title, posterior covariance, q's covariance): the ellipses of one and two standard deviations."""
    figure, axes = plt.subplots(1, len(panels), figsize=(8.4, 3.2), sharex=True, sharey=True)
    for axis, (title, posterior, q) in zip(axes, panels, strict=True):
        for radius in (1, 2):
            axis.fill(
                *_ellipse(posterior, radius),
                color=GREY,
                alpha=0.25,
                lw=0,
                label="posterior" if radius == 1 else None,
            )
            axis.plot(*_ellipse(q, radius), color=BLUE, label="best diagonal q" if radius == 1 else None)
        axis.set(title=title, aspect="equal", xlabel="$z_1$")
    axes[0].set_ylabel("$z_2$")
    axes[-1].legend(fontsize="x-small", loc="upper left")
    return figure


def bound_of_rotations(degrees: ndarray, bound: ndarray, log_evidence: float) -> Figure:
    """The bound of one and the same p(x) as the decoder's latent axes are turned."""
    figure, axis = plt.subplots(figsize=(6, 3.2))
    axis.axhline(log_evidence, color=BLACK, ls="--", lw=1, label="mean of log p(x)")
    axis.fill_between(degrees, bound, log_evidence, color=ORANGE, alpha=0.5, lw=0, label="gap")
    axis.plot(degrees, bound, color=BLUE, label="bound of the best diagonal q")
    axis.set(xlabel="rotation of the latent axes (degrees)", ylabel="nats per data point")
    _legend_above(axis)
    return figure


def gap_parts(x: ndarray, approximation: ndarray, amortization: ndarray) -> Figure:
    """The gap over a line of data points, stacked: what the family costs and what the shared encoder costs."""
    figure, axis = plt.subplots(figsize=(6, 3.2))
    axis.stackplot(
        x, approximation, amortization, colors=[ORANGE, GREEN], alpha=0.7, lw=0,
        labels=["approximation gap", "amortization gap"],
    )  # fmt: skip
    axis.set(xlabel="position of the data point on a line through b", ylabel="log p(x) − bound (nats)")
    _legend_above(axis)
    return figure


def _legend_above(axis: Axes) -> None:
    axis.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)


def _terms(axis: Axes, over: ndarray, terms: dict[str, ndarray]) -> None:
    for (name, values), color, style in zip(terms.items(), (GREEN, VERMILION), ("--", "-."), strict=True):
        axis.plot(over, values, color=color, ls=style, label=name)
    bound = np.sum(list(terms.values()), axis=0)
    axis.plot(over, bound, color=BLUE, label="their sum: the bound")
    axis.plot(over[bound.argmax()], bound.max(), color=BLACK, marker="*", ms=11)


def _ellipse(covariance: ndarray, radius: float) -> ndarray:
    angle = np.linspace(0, 2 * np.pi, 121)
    return radius * np.linalg.cholesky(covariance) @ np.stack([np.cos(angle), np.sin(angle)])
