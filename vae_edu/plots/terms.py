"""Pictures of chapter 9: what a latent dimension costs and brings, and what happens when a term is taken away."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike

from vae_edu.plots.diagrams import arrow, blank, box
from vae_edu.plots.style import BLACK, BLUE, DIGIT_COLORS, GREEN, ORANGE, PALETTE, PURPLE, VERMILION

GREY = "#888888"
LINE_STYLES = ("-", "--", "-.", ":")
MARKERS = ("o", "s", "^", "D")


def message() -> Figure:
    """What a sender puts on the wire for one x, and what the receiver gets back."""
    figure, axes = plt.subplots(figsize=(6.6, 3.1))
    blank(axes, (0, 10.6), (-2.75, 2.3))
    box(axes, 1.3, 0.9, 2.2, "sender\nhas $x$ and\nspare bits", 1.7, fontsize=9)
    box(axes, 9.3, 0.9, 2.2, "receiver\nends with $x$ and\nthe spare bits", 1.7, fontsize=9)
    arrow(axes, (2.5, 1.35), (8.1, 1.35), color=BLUE)
    axes.text(5.3, 1.45, "$z$ in the prior's code:  $-\\log p(z)$", ha="center", va="bottom")
    arrow(axes, (2.5, 0.5), (8.1, 0.5), color=GREEN)
    axes.text(5.3, 0.6, "$x$ in the decoder's code:  $-\\log p(x|z)$", ha="center", va="bottom")
    axes.text(1.3, -0.85, "the spare bits\npick $z$ from $q(z|x)$", ha="center", va="center", fontsize=9)
    axes.text(9.3, -0.85, "with $x$ known, $q(z|x)$\ngives them back", ha="center", va="center", fontsize=9)
    arrow(axes, (7.9, -0.85), (2.9, -0.85), color=VERMILION, linestyle="--")
    axes.text(5.3, -0.75, "refund:  $-\\log q(z|x)$", ha="center", va="bottom")
    axes.text(
        5.3,
        -1.5,
        "net, on average:  $\\mathrm{KL}(q(z|x)\\,\\|\\,p(z))$ for $z$\n"
        "$+\\ \\mathrm{E}_q[-\\log p(x|z)]$ for the rest  $=\\ -$bound",
        ha="center",
        va="top",
        linespacing=1.6,
    )
    return figure


def price_of_a_dimension(lengths: ArrayLike, gains: Mapping[str, ArrayLike], best: Mapping[str, float]) -> Figure:
    """What a column of squared length w² adds to the bound, one curve per variance; `best` marks the maxima."""
    figure, axes = plt.subplots(figsize=(6.2, 3.3))
    lengths = np.asarray(lengths)
    for (name, gain), color, style in zip(gains.items(), (BLUE, BLACK, VERMILION), LINE_STYLES, strict=False):
        values = np.asarray(gain)
        axes.plot(lengths, values, color=color, ls=style, label=name)
        top = float(np.interp(best[name], lengths, values))
        axes.plot(best[name], top, "o", color=color, ms=8, clip_on=False, zorder=3)
    axes.axhline(0, color=GREY, lw=0.8)
    axes.set(xlabel="squared length $w^2$ of the decoder's column", ylabel="gain of the bound (nats)", xlim=(0, None))
    axes.legend(loc="center right", bbox_to_anchor=(1.0, 0.71))
    return figure


def water_levels(eigenvalues: Sequence[float], levels: Mapping[str, float]) -> Figure:
    """One panel per level: the eigenvalues as columns, what lies above the level kept, below it given up."""
    figure, panels = plt.subplots(1, len(levels), figsize=(7.4, 3.1), sharey=True)
    place = np.arange(1, len(eigenvalues) + 1)
    values = np.asarray(eigenvalues)
    for axes, (name, level) in zip(np.atleast_1d(panels), levels.items(), strict=True):
        below = np.minimum(values, level)
        axes.bar(place, below, color=GREY, alpha=0.55, label="given up: $\\min(\\lambda_j, \\beta\\sigma^2)$")
        axes.bar(place, values - below, bottom=below, color=BLUE, label="kept: $\\lambda_j - \\beta\\sigma^2$")
        axes.axhline(level, color=VERMILION, ls="--", lw=1.4, label="level $\\beta\\sigma^2$")
        axes.set(title=name, xlabel="dimension $j$", xticks=place)
    np.atleast_1d(panels)[0].set_ylabel("variance $\\lambda_j$")
    handles = np.atleast_1d(panels)[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=3, fontsize="small")
    return figure


def rate_distortion(
    curve: tuple[ArrayLike, ArrayLike],
    points: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    names: Sequence[str],
    tangent: tuple[float, float, float],
) -> Figure:
    """Distortion over rate: a curve, named runs of points along it, and a tangent (rate, distortion, slope)."""
    figure, axes = plt.subplots(figsize=(6.6, 4.0))
    axes.plot(*curve, color=BLACK, label="linear VAE, closed form")
    rate, distortion, slope = tangent
    ends = np.array([-6, 6])
    axes.plot(rate + ends, distortion + slope * ends, color=VERMILION, lw=1.8, ls=":", label="slope −1 at β = 1")
    for (name, (rates, distortions)), color, marker in zip(points.items(), (BLUE, PURPLE), MARKERS, strict=False):
        axes.plot(rates, distortions, marker, color=color, ms=6, label=name, ls="--", lw=0.8)
    rates, distortions = next(iter(points.values()))
    for label, x, y in zip(names, rates, distortions, strict=True):
        axes.annotate(label, (x, y), xytext=(-5, -7), textcoords="offset points", ha="right", va="top", fontsize=9)
    axes.margins(y=0.1)
    axes.set(xlabel="rate: mean KL (nats)", ylabel="distortion (nats)")
    axes.legend(fontsize="small")
    return figure


def shortfalls(curves: Mapping[str, Sequence[float]], passes: int) -> Figure:
    """How far a trained linear VAE's evidence is from the closed form, epoch by epoch, one curve per size."""
    figure, axes = plt.subplots(figsize=(6.2, 3.3))
    for (name, values), color, style in zip(curves.items(), PALETTE, LINE_STYLES, strict=False):
        axes.semilogy(passes * np.arange(1, len(values) + 1), values, color=color, ls=style, label=name)
    axes.set(xlabel="passes over the data", ylabel="short of the closed form (nats)")
    axes.legend()
    return figure


def collapse(
    variances: ArrayLike,
    curves: Sequence[ArrayLike],
    trained: Sequence[tuple[float, Sequence[float]]],
    eigenvalues: Sequence[float],
) -> Figure:
    """Activity of each dimension over the decoder's variance: closed-form curves, and the trained models' as dots."""
    figure, axes = plt.subplots(figsize=(6.6, 3.7))
    for j, curve in enumerate(curves):
        axes.plot(variances, curve, color=BLUE, lw=1.1, label="closed form, $j$ = 1, …, 10" if j == 0 else None)
    for j, value in enumerate(eigenvalues):
        axes.plot(value, 0, "|", color=BLACK, ms=9, label="eigenvalues $\\lambda_j$" if j == 0 else None)
    for number, (variance, activity) in enumerate(trained):
        label = "trained" if number == 0 else None
        axes.plot([variance] * len(activity), activity, "o", mfc="none", color=VERMILION, ms=5, label=label)
    axes.set(xscale="log", xlabel="variance $\\sigma^2$ of the decoder", ylabel="activity of the dimension")
    ticks = [0.1, 0.2, 0.5, 1, 2]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.legend(fontsize="small")
    return figure


def kl_split(names: Sequence[str], information: Sequence[float], mismatch: Sequence[float], most: float) -> Figure:
    """The mean divergence as a stack of information and mismatch, one bar per model, under the line log N."""
    figure, axes = plt.subplots(figsize=(6.0, 3.4))
    place = np.arange(len(names))
    axes.bar(place, information, 0.6, color=BLUE, label="information $I_q(x; z)$")
    axes.bar(place, mismatch, 0.6, bottom=information, color=ORANGE, hatch="//", label="mismatch KL(q(z)‖p(z))")
    axes.axhline(most, color=BLACK, ls="--", lw=1)
    axes.text(len(names) - 0.55, most, f"log N = {most:.2f}", va="bottom", ha="right")
    axes.set_xticks(place, names)
    axes.set(ylabel="nats per image")
    axes.legend(fontsize="small")
    return figure


def width_and_spread(histories: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """Mean log variance of the posteriors (left) and spread of their means (right), over the epochs."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.0))
    styles = zip((BLUE, VERMILION), LINE_STYLES, strict=False)
    for (name, (log_var, spread)), (color, style) in zip(histories.items(), styles, strict=True):
        epochs = range(1, len(log_var) + 1)
        left.plot(epochs, log_var, color=color, ls=style, label=name)
        right.plot(epochs, spread, color=color, ls=style)
    left.set(xlabel="epoch", ylabel="mean of log σ²")
    right.set(xlabel="epoch", ylabel="spread of the means", ylim=(0, None))
    figure.legend(*left.get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize="small")
    return figure


def three_planes(planes: Mapping[str, ArrayLike], labels: Sequence[int]) -> Figure:
    """The same images at their posterior means in planes of different scale; the prior's 99 % circle where it fits."""
    figure, panels = plt.subplots(1, len(planes), figsize=(7.6, 2.9))
    colors = [DIGIT_COLORS[label] for label in labels]
    classes = np.asarray(labels)
    for axes, (name, means) in zip(panels, planes.items(), strict=True):
        z = np.asarray(means)
        axes.scatter(*z.T, c=colors, s=5, alpha=0.6, linewidths=0)
        middle, half = (z.max(0) + z.min(0)) / 2, 0.54 * float((z.max(0) - z.min(0)).max())
        if half > 1:
            axes.add_patch(Circle((0, 0), 3.03, fill=False, color=BLACK, lw=1.1, ls=":"))
            for digit in range(10):
                x, y = np.median(z[classes == digit], axis=0)
                halo = [withStroke(linewidth=2.5, foreground="white")]
                look = {"weight": "bold", "ha": "center", "va": "center", "path_effects": halo}
                axes.text(x, y, str(digit), color=DIGIT_COLORS[digit], **look)
        axes.set(title=name, xlabel="$z_1$", aspect="equal")
        axes.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half))
        axes.locator_params(nbins=4)
    panels[0].set_ylabel("$z_2$")
    return figure


def per_dimension(models: Mapping[str, Sequence[float]], threshold: float) -> Figure:
    """The divergence of each dimension, sorted, one panel per model; those below the threshold in another color."""
    figure, panels = plt.subplots(
        1, len(models), figsize=(7.4, 2.9), sharey=True, width_ratios=[len(values) + 8 for values in models.values()]
    )
    for axes, (name, values) in zip(panels, models.items(), strict=True):
        heights = np.sort(np.asarray(values))[::-1]
        used = heights > threshold
        place = np.arange(1, len(heights) + 1)
        axes.bar(place[used], heights[used], color=BLUE)
        axes.bar(place[~used], heights[~used], color=VERMILION)
        if not used.all():
            first = int(used.sum()) + 1
            axes.annotate(
                f"{len(heights) - first + 1} dimensions\nbelow {threshold:g}",
                (0.5 * (first + len(heights)), 0.06),
                xytext=(0.5 * (first + len(heights)), 0.8),
                ha="center",
                arrowprops={"arrowstyle": "->", "color": VERMILION},
            )
        axes.set(title=f"{name}: {heights.sum():.1f} nats in all", xlabel="dimension, largest first")
    panels[0].set_ylabel("mean KL (nats)")
    return figure
