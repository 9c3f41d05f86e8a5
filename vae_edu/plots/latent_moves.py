"""Pictures of chapter 8: what a step in latent space does, what lies on a path, where draws from the prior land."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from torch import Tensor

from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION

WIDE = (7.2, 3.1)
LOOK = ((BLUE, "-", "o"), (VERMILION, "--", "s"), (GREEN, "-.", "^"), (PURPLE, ":", "D"))


def noise_step(t: ArrayLike, measured: ArrayLike, straight: ArrayLike, every: ArrayLike, log_p: ArrayLike) -> Figure:
    """Left: how far one picture moves along a sweep of ε, and its tangent. Right: log p(x|z), over recorded steps."""
    figure, (left, right) = plt.subplots(1, 2, figsize=WIDE)
    left.plot(t, measured, color=BLUE, label="decoded")
    left.plot(t, straight, color=VERMILION, ls="--", label="first order")
    left.set(xlabel="$t$", ylabel="root mean square change")
    right.plot(every, log_p, color=BLUE, marker="o", ms=4)
    right.set(xlabel="$t$", ylabel=r"$\log p(x \mid z)$, nats")
    for axes in (left, right):
        axes.axvspan(-1, 1, color="#888888", alpha=0.18, lw=0)
        axes.axvspan(0, 0.95, ymax=0.04, color=ORANGE, lw=0)
    _above(left, 2)
    return figure


def dimensions(
    divergence: Mapping[str, Sequence[float]],
    variance: Mapping[str, Sequence[float]],
    moved: Mapping[str, Sequence[float]],
) -> Figure:
    """Left: KL per dimension, sorted, over half the variance of the means. Right: KL against how far pictures move."""
    figure, (left, right) = plt.subplots(1, 2, figsize=WIDE)
    for (name, kl), (color, line, mark) in zip(divergence.items(), LOOK, strict=False):
        order = np.argsort(kl)[::-1]
        rank = np.arange(1, len(kl) + 1)
        left.semilogy(rank, np.array(kl)[order], color=color, ls=line, marker=mark, ms=3.5, lw=1.2, label=name)
        left.semilogy(rank, 0.5 * np.array(variance[name])[order], color=color, ls=":", lw=1)
        right.loglog(kl, moved[name], color=color, ls="none", marker=mark, ms=4, alpha=0.8, label=name)
    left.axhline(0.1, color=BLACK, lw=0.7)
    left.set(xlabel="dimension, sorted", ylabel="KL, nats (dotted: $A_j/2$)")
    right.set(xlabel="KL of the dimension, nats", ylabel="rms change when it moves")
    _above(left, 2)
    return figure


def radii(lengths: ArrayLike, densities: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Densities of the length of a draw from N(0, I), and (dashed) of the point half way between two draws."""
    figure, axes = plt.subplots(figsize=(6.4, 3.0))
    for (name, (draw, middle)), (color, _, _) in zip(densities.items(), LOOK, strict=False):
        axes.plot(lengths, draw, color=color)
        axes.plot(lengths, middle, color=color, ls="--")
        between = np.mean([np.asarray(lengths)[int(np.argmax(curve))] for curve in (draw, middle)])
        axes.text(between, 0.93, name, color=color, ha="center", va="bottom")
    axes.plot([], color=BLACK, label="a draw from the prior")
    axes.plot([], color=BLACK, ls="--", label="half way between two draws")
    axes.set(xlabel="length of z", ylabel="density", ylim=(0, 1.05))
    _above(axes, 2)
    return figure


def two_paths(
    t: ArrayLike,
    lengths: Mapping[str, ArrayLike],
    band: tuple[float, float],
    grey: Mapping[str, ArrayLike],
) -> Figure:
    """Left: mean length of z along straight and round paths, over the band of most draws. Right: how grey it is."""
    figure, (left, right) = plt.subplots(1, 2, figsize=WIDE)
    left.axhspan(*band, color="#888888", alpha=0.18, lw=0)
    for axes, curves in ((left, lengths), (right, grey)):
        for (name, values), (color, line, mark) in zip(curves.items(), LOOK, strict=False):
            axes.plot(t, values, color=color, ls=line, marker=mark, ms=4, label=name)
        axes.set(xlabel="$t$")
    left.set(ylabel="length of z", ylim=(0, None))
    right.set(ylabel="variance of the pixels, summed", ylim=(0, None))
    figure.legend(*right.get_legend_handles_labels(), fontsize="small", loc="outside upper center", ncols=3)
    return figure


def nearest(distances: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Distance to the nearest posterior, in its own standard deviations: draws of the prior, and of posteriors."""
    figure, panels = plt.subplots(1, len(distances), figsize=WIDE)
    for axes, (name, (prior, own)) in zip(panels, distances.items(), strict=True):
        largest = float(np.quantile(np.asarray(prior), 0.99)) * 1.1
        bins = np.linspace(0, largest, 40)
        axes.hist(np.asarray(own), bins, density=True, color=BLUE, alpha=0.45, label="draws of the posteriors")
        axes.hist(
            np.asarray(prior), bins, density=True, histtype="step", lw=1.8, color=VERMILION, label="draws of the prior"
        )
        axes.set(title=name, xlabel="distance to the nearest posterior", yticks=[])
    figure.legend(*panels[0].get_legend_handles_labels(), fontsize="small", loc="outside upper center", ncols=2)
    return figure


def latent_count(
    latents: Sequence[int],
    unsure: Mapping[str, Sequence[tuple[float, float]]],
    real: float,
    bounds: Mapping[str, tuple[Sequence[int], Sequence[float]]],
) -> Figure:
    """Left: shares that a classifier is unsure of, with bars of 2 standard errors. Right: the test bound."""
    figure, (left, right) = plt.subplots(1, 2, figsize=WIDE)
    for (name, values), (color, line, mark) in zip(unsure.items(), LOOK, strict=False):
        mean, error = np.array(values).T
        left.errorbar(latents, mean, 2 * error, color=color, ls=line, marker=mark, ms=5, capsize=2, label=name)
    left.axhline(real, color=BLACK, lw=0.9, ls=":", label="test images")
    left.set(ylabel="share unsure", ylim=(0, None))
    left.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, 1.34), ncols=2)
    for (name, (x, y)), (color, line, mark) in zip(bounds.items(), LOOK, strict=False):
        right.plot(x, y, color=color, ls=line, marker=mark, ms=5, label=name)
    right.set(ylabel="test bound, nats")
    right.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, 1.34))
    for axes in (left, right):
        axes.set(xscale="log", xlabel="latents")
        axes.set_xticks([2, 5, 10, 20, 50, 200], ["2", "5", "10", "20", "50", "200"], minor=False)
        axes.minorticks_off()
    return figure


def learning_curves(curves: Mapping[str, Sequence[float]]) -> Figure:
    """Test bounds epoch by epoch, each named at its end."""
    figure, axes = plt.subplots(figsize=(6.4, 3.6))
    colors = (BLUE, VERMILION, GREEN, BLACK, PURPLE, ORANGE)
    lines = ("-", "--", "-.", "-", ":", "--")
    for (name, values), color, line in zip(curves.items(), colors, lines, strict=False):
        axes.plot(range(1, len(values) + 1), values, color=color, ls=line, label=name)
    axes.set(xlabel="epoch", ylabel="test bound, nats")
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    return figure


def four_mosaics(
    draws: Mapping[str, Float[Tensor, "n pixels"]], image_shape: tuple[int, int], side: int = 10
) -> Figure:
    """Side×side pictures each, as one square with its title: K13's figure 5."""
    figure, panels = plt.subplots(2, 2, figsize=(6.8, 7.2))
    for axes, (name, pictures) in zip(panels.flat, draws.items(), strict=True):
        whole = pictures.view(side, side, *image_shape).permute(0, 2, 1, 3).flatten(2).flatten(0, 1)
        axes.imshow(whole.numpy(), vmin=0, vmax=1, cmap="gray", interpolation="nearest")
        axes.set_title(name)
        axes.axis("off")
    return figure


def _above(axes: Axes, columns: int) -> None:
    axes.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns)
