"""Pictures of chapter 15: weights with a distribution, what they cost, and what they leave uncertain."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vae_edu.plots.diagrams import arrow, blank, circle, plate
from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PALETTE, PURPLE, SKY, VERMILION

STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D")


def plates() -> Figure:
    """The graphical models of a VAE (left) and of full variational Bayes (right)."""
    figure, (plain, full) = plt.subplots(1, 2, figsize=(7.4, 3.7))
    for axes, title in ((plain, "weights: one value"), (full, "weights: a distribution")):
        blank(axes, (-1.5, 4.1), (-1.35, 4.1), title)
        plate(axes, (-0.75, -1.1), 2.6, 3.1)
        circle(axes, 0.2, 1.35, 0.42, "$z$", face="none", fontsize=14)
        circle(axes, 0.2, -0.4, 0.42, "$x$", fontsize=14)
        arrow(axes, (0.2, 0.92), (0.2, 0.03))
        _guess(axes, (-0.16, -0.1), (-0.16, 1.05), bend=-0.45)
    plain.text(3.1, 0.45, "$\\theta$", ha="center", va="center", fontsize=14)
    plain.text(-1.3, 3.4, "$\\phi$", ha="center", va="center", fontsize=14)
    arrow(plain, (2.85, 0.35), (0.65, -0.3))
    arrow(plain, (2.85, 0.55), (0.65, 1.27))
    _guess(plain, (-1.2, 3.1), (-0.1, 1.72))
    circle(full, 3.1, 0.45, 0.42, "$\\theta$", face="none", fontsize=14)
    full.text(3.1, 3.4, "$\\alpha$", ha="center", va="center", fontsize=14)
    full.text(-1.3, 3.4, "$\\phi$", ha="center", va="center", fontsize=14)
    arrow(full, (3.1, 3.1), (3.1, 0.9))
    arrow(full, (2.7, 0.32), (0.65, -0.3))
    arrow(full, (2.7, 0.58), (0.65, 1.27))
    _guess(full, (-1.2, 3.1), (-0.1, 1.72))
    _guess(full, (-1.0, 3.4), (2.8, 0.8), bend=-0.25)
    return figure


def two_gaps(widths: ArrayLike, parts: Mapping[str, ArrayLike], marks: Mapping[str, float], evidence: float) -> Figure:
    """Bound, gap of z and gap of the weights, stacked up to the evidence, over q's standard deviation of the weight."""
    figure, axes = plt.subplots(figsize=(6.4, 3.7))
    bound, latent, weights = parts.values()
    names = list(parts)
    axes.fill_between(widths, bound, latent, color=ORANGE, alpha=0.55, lw=0, label=names[1])
    axes.fill_between(
        widths, latent, weights, facecolor=SKY, edgecolor=BLUE, alpha=0.5, lw=0, hatch="//", label=names[2]
    )
    axes.plot(widths, bound, color=BLUE, label=names[0])
    axes.plot(widths, latent, color=VERMILION, lw=1)
    axes.axhline(evidence, color=BLACK, ls="--", lw=1, label="log p(X)")
    low = axes.get_ylim()[0]
    for (name, at), style in zip(marks.items(), (":", "-."), strict=True):
        axes.axvline(at, color=BLACK, lw=1, ls=style, label=name)
    axes.set(xlabel="standard deviation of q(θ)", ylabel="nats, for both data points", ylim=(low, evidence + 0.05))
    axes.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return figure


def estimates_of_the_bound(
    ratios: ArrayLike, panels: Mapping[str, tuple[Mapping[str, ArrayLike], ArrayLike, Mapping[str, ArrayLike]]]
) -> Figure:
    """Per panel: formulas as lines over q's variance relative to the posterior's, and measured values as markers."""
    figure, grid = plt.subplots(1, len(panels), figsize=(7.8, 3.3))
    for axes, (title, (formulas, at, measured)) in zip(grid, panels.items(), strict=True):
        for (name, line), color, style, marker in zip(
            formulas.items(), (VERMILION, BLUE), STYLES, MARKERS, strict=False
        ):
            axes.plot(ratios, line, color=color, ls=style, label=name)
            axes.plot(at, measured[name], color=color, ls="", marker=marker, ms=5)
        axes.axvline(1, color=BLACK, lw=0.8, ls=":")
        axes.set(title=title, xlabel="variance of q(θ) / posterior's", xscale="log", yscale="log")
    grid[0].set_ylabel("standard deviation")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def draws_of_weights(sizes: Sequence[int], lines: Mapping[str, ArrayLike], measured: Mapping[str, ArrayLike]) -> Figure:
    """Variance of the weights' gradient over the minibatch's size: predictions as lines, measurements as markers."""
    figure, axes = plt.subplots(figsize=(6.2, 3.6))
    for (name, values), color, marker in zip(measured.items(), (VERMILION, BLUE, GREEN), MARKERS, strict=False):
        axes.plot(sizes, values, color=color, ls="", marker=marker, ms=6, label=name)
    for (name, line), color, style in zip(lines.items(), (VERMILION, BLUE, GREEN), STYLES, strict=False):
        axes.plot(sizes, line, color=color, ls=style, lw=1.3, label=name)
    axes.set(xscale="log", yscale="log", xlabel="data points in the minibatch", ylabel="variance of the gradient")
    axes.set_xticks(list(sizes), [str(size) for size in sizes])
    axes.minorticks_off()
    axes.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def narrowing(deviations: Mapping[str, ArrayLike], costs: Mapping[str, ArrayLike]) -> Figure:
    """Left: all weights' standard deviations under q, sorted. Right: what each hidden unit costs, sorted."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.3))
    for (name, values), color, style in zip(deviations.items(), PALETTE, STYLES, strict=False):
        share = [100 * (rank + 0.5) / len(values) for rank in range(len(values))]  # type: ignore[arg-type]
        left.plot(share, values, color=color, ls=style, label=name)
        right.plot(range(1, len(costs[name]) + 1), costs[name], color=color, ls=style)  # type: ignore[arg-type]
    left.axhline(1, color=BLACK, lw=0.8, ls=":")
    left.text(2, 1.03, "the prior", fontsize=9, va="bottom")
    left.set(xlabel="weights, sorted (%)", ylabel="standard deviation under q(θ)", ylim=(0, 1.15))
    right.set(xlabel="hidden units, sorted", ylabel="KL of its outgoing weights (nats)")
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def wrong_weights(theta: ArrayLike, densities: Mapping[str, ArrayLike]) -> Figure:
    """Densities over the one weight: the posterior as a grey area, what each objective makes of q(θ) as lines."""
    figure, axes = plt.subplots(figsize=(6.2, 3.4))
    (first, area), *rest = densities.items()
    axes.fill_between(theta, area, color="#888888", alpha=0.4, lw=0, label=first)
    for (name, density), color, style in zip(rest, (BLUE, VERMILION, PURPLE), STYLES, strict=False):
        axes.plot(theta, density, color=color, ls=style, label=name)
    axes.set(xlabel="weight θ", yticks=[], ylim=(0, None))
    axes.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def learning_curves(panels: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Per panel: log-likelihood of test images after each epoch, one curve per method."""
    figure, grid = plt.subplots(1, len(panels), figsize=(8.2, 3.5))
    looks = ((VERMILION, "-"), (GREEN, "-"), (VERMILION, ":"), (GREEN, ":"), (BLUE, "--"))
    for axes, (title, curves) in zip(grid, panels.items(), strict=True):
        for (name, values), (color, style) in zip(curves.items(), looks, strict=True):
            axes.plot(range(1, len(values) + 1), values, color=color, ls=style, label=name)
        axes.set(title=title, xlabel="epoch", xticks=(1, 10, 20))
    grid[0].set_ylabel("log-likelihood (nats)")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=3)
    return figure


def by_way_of_the_encoder(rows: Mapping[str, tuple[float, float]], group: int = 5) -> Figure:
    """One row per run: log-likelihood by refined posteriors (filled) and by the encoder's (open); groups set apart."""
    figure, axes = plt.subplots(figsize=(6.6, 4.8))
    heights = [-(row + 0.8 * (row // group)) for row in range(len(rows))]
    refined, encoder = zip(*rows.values(), strict=True)
    axes.hlines(heights, encoder, refined, color=BLACK, lw=0.9)
    axes.plot(refined, heights, color=BLUE, ls="", marker="o", ms=7, label="refined posteriors")
    axes.plot(encoder, heights, color=VERMILION, ls="", marker="s", ms=6, mfc="white", label="the encoder's")
    axes.set(xlabel="log-likelihood of a test image (nats)")
    axes.set_yticks(heights, list(rows))
    axes.legend(loc="lower center", bbox_to_anchor=(0.4, 1.0), ncols=2)
    return figure


def unit_costs(costs: Mapping[str, Sequence[float]], threshold: float) -> Figure:
    """What each hidden unit's outgoing weights cost, sorted, one curve per run; below the threshold it is unused."""
    figure, axes = plt.subplots(figsize=(6.2, 3.4))
    for (name, values), color, style in zip(costs.items(), PALETTE, STYLES, strict=False):
        axes.plot(range(1, len(values) + 1), values, color=color, ls=style, label=name)
    axes.axhline(threshold, color=BLACK, lw=0.8, ls=":")
    axes.text(1, threshold * 1.1, "in use: above this line", fontsize=9, va="bottom")
    axes.set(xlabel="hidden units, sorted", ylabel="KL of its outgoing weights (nats)", yscale="symlog")
    axes.set(ylim=(0, None), xlim=(0, None))
    axes.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    return figure


def _guess(axes: Axes, start: tuple[float, float], end: tuple[float, float], bend: float = 0.0) -> None:
    arrow(axes, start, end, bend, color=VERMILION, linestyle=(0, (4, 2)))
