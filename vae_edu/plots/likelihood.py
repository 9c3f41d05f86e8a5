"""Pictures of chapter 11: estimates of the evidence, what they cost, and where they fail."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ndarray
from numpy.typing import ArrayLike

from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PALETTE, PURPLE, VERMILION

GREY = "#888888"
STYLES = ("-", "--", "-.", ":")
MARKERS = "os^Dv"


def sandwich(
    draws: ArrayLike, below: ArrayLike, above: ArrayLike, log_evidence: float, approximations: Sequence[ArrayLike]
) -> Figure:
    """Expected estimates over the number of draws: importance sampling below log p, the harmonic estimator above."""
    figure, axes = plt.subplots(figsize=(6.2, 3.4))
    axes.axhline(log_evidence, color=BLACK, lw=1, label="log p(x)")
    axes.plot(draws, above, "s-", color=VERMILION, ms=4, label="harmonic, draws of the posterior")
    axes.plot(draws, below, "o-", color=BLUE, ms=4, label="$L_K$, draws of q")
    for number, curve in enumerate(approximations):
        label = "log p(x) ± ½ variance / K" if number == 0 else None
        axes.plot(draws, curve, color=GREY, ls=":", lw=1.4, label=label)
    axes.set(xscale="log", xlabel="number of draws K", ylabel="nats")
    axes.legend(fontsize="small")
    return figure


def two_widths(width: ndarray, importance: Mapping[int, ndarray], harmonic: Mapping[int, ndarray]) -> Figure:
    """Relative variance of both estimators over q's width in units of the posterior's; one curve per dimension."""
    figure, axes = plt.subplots(figsize=(6.4, 3.6))
    styles = dict(zip(importance, STYLES, strict=False))
    for curves, color, name in ((importance, BLUE, "importance"), (harmonic, VERMILION, "harmonic")):
        for dimension, values in curves.items():
            axes.plot(width, values, color=color, ls=styles[dimension], label=f"{name}, J = {dimension}")
    for edge, text, side in ((0.5**0.5, "$\\sqrt{1/2}$", "right"), (2**0.5, "$\\sqrt{2}$", "left")):
        axes.axvline(edge, color=GREY, lw=1)
        shift = -4 if side == "right" else 4
        axes.annotate(text, (edge, 2e-3), (shift, 0), textcoords="offset points", ha=side)
    axes.set(yscale="log", ylim=(1e-3, 1e3), xlim=(width[0], width[-1]))
    axes.set(xlabel="standard deviation of q / that of the posterior", ylabel="relative variance of one draw")
    axes.legend(fontsize="small", loc="upper center", ncols=2, bbox_to_anchor=(0.5, 1.3))
    return figure


def leapfrog_paths(paths: Mapping[str, ndarray], steps: ArrayLike, errors: Mapping[str, ArrayLike]) -> Figure:
    """Left: numerical paths (steps, 2) in phase space around the exact circle. Right: energy error over step size."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.2, 3.6), width_ratios=(1, 1.15))
    angle = np.linspace(0, 2 * np.pi, 200)
    first = next(iter(paths.values()))[0]
    radius = float(np.hypot(*first))
    left.plot(radius * np.cos(angle), radius * np.sin(angle), color=GREY, lw=1, label="exact")
    for (name, path), color, marker in zip(paths.items(), (BLUE, VERMILION), "os", strict=False):
        left.plot(*path.T, color=color, marker=marker, ms=4, lw=1, label=name)
    left.set(xlabel="position z", ylabel="momentum r", aspect="equal", xlim=(-2.9, 2.9), ylim=(-2.9, 2.9))
    left.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2, columnspacing=1)
    for (name, values), color, style, marker in zip(errors.items(), (BLUE, GREEN), STYLES, MARKERS, strict=False):
        right.plot(steps, values, color=color, ls=style, marker=marker, ms=4, label=name)
    reference = np.asarray(steps, dtype=float) ** 2
    right.plot(steps, reference * 3 * np.max(np.stack([np.asarray(v)[0] for v in errors.values()])) / reference[0],
               color=GREY, lw=1, label="slope 2")  # fmt: skip
    right.set(xscale="log", yscale="log", xlabel="step size ε", ylabel="mean |energy error| (nats)")
    right.set_xticks(np.asarray(steps), [f"{step:g}" for step in np.asarray(steps)])
    right.set_xticks([], minor=True)
    right.legend(fontsize="small")
    return figure


def posterior_planes(
    axis: ndarray, panels: Sequence[tuple[str, ndarray, Mapping[str, tuple[ndarray, ndarray]]]]
) -> Figure:
    """Per panel (title, density on axis × axis, Gaussians by name as (mean, std)): contours and two-σ ellipses."""
    figure, axes = plt.subplots(2, (len(panels) + 1) // 2, figsize=(3.1 * ((len(panels) + 1) // 2), 6.2))
    for plane, (title, density, gaussians) in zip(axes.flat, panels, strict=True):
        _contours(plane, axis, density)
        for (name, (mean, std)), color, style in zip(gaussians.items(), (VERMILION, BLUE), ("--", "-"), strict=False):
            plane.plot(*_ellipse(mean, std), color=color, ls=style, label=name)
        _frame(plane, axis, density)
        plane.set_title(title, fontsize="small")
    for plane in axes[:, 0]:
        plane.set_ylabel("$z_2$")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), fontsize="small", loc="outside upper center", ncols=3)
    return figure


def appendix_d(axis: ndarray, density: ndarray, path: ndarray, first: ndarray, second: ndarray, q: ndarray) -> Figure:
    """K13's appendix D on one image: a path of the chain, the first half with the q fitted to it, the second half."""
    figure, axes = plt.subplots(1, 3, figsize=(8.4, 3.3), sharex=True, sharey=True)
    for plane in axes:
        _contours(plane, axis, density)
        _frame(plane, axis, density)
    axes[0].plot(*path.T, color=GREEN, lw=1, marker=".", ms=4)
    axes[0].plot(*path[::4].T, color=GREEN, marker="o", ls="none", ms=6)
    axes[1].plot(*first.T, color=BLUE, marker="o", ls="none", ms=4)
    axes[2].plot(*second.T, color=VERMILION, marker="^", ls="none", ms=5)
    for plane in axes[1:]:
        plane.contour(axis, axis, q.T, levels=np.max(q) * np.array([0.05, 0.3, 0.7]), colors=BLUE, linewidths=1.2,
                      linestyles="--")  # fmt: skip
    for plane, title in zip(axes, ("1. run the chain", "2. fit q to its first half", "3. average over the second"),
                            strict=True):  # fmt: skip
        plane.set_title(title, fontsize="medium")
    axes[0].set_ylabel("$z_2$")
    return figure


def estimates_over_draws(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]], exact: Mapping[str, tuple[ArrayLike, ArrayLike]], level: float
) -> Figure:
    """Mean estimate over images against draws per image: measured as markers, exact expectations as lines."""
    figure, axes = plt.subplots(figsize=(6.8, 4.0))
    axes.axhline(level, color=BLACK, lw=1.2)
    axes.text(1, level + 0.03, "log p(x) by quadrature", va="bottom", fontsize="small")
    for (name, (draws, values)), color, marker in zip(curves.items(), PALETTE_4, MARKERS, strict=False):
        style = "" if name in exact else "--"
        axes.plot(draws, values, color=color, marker=marker, ls=style, ms=5, label=name)
        if name in exact:
            axes.plot(*exact[name], color=color, lw=1.4)
    axes.set(xscale="log", xlabel="draws per image", ylabel="mean of the estimate (nats per image)")
    axes.set_ylim(level - 1.6, level + 0.25)  # a draw or two of the prior lie far below
    axes.legend(fontsize="small", loc="lower right")
    return figure


def gap_bars(approximation: ndarray, amortization: ndarray) -> Figure:
    """The gap of each image, sorted, stacked from its two parts."""
    order = np.argsort(approximation + amortization)
    figure, axes = plt.subplots(figsize=(6.4, 3.2))
    places = np.arange(len(order))
    axes.bar(places, approximation[order], color=ORANGE, width=1.0, label="approximation gap", hatch="///", lw=0)
    axes.bar(places, amortization[order], bottom=approximation[order], color=GREEN, width=1.0,
             label="amortization gap")  # fmt: skip
    axes.set(xlabel="test images, sorted by gap", ylabel="log p(x) − bound (nats)", xlim=(-0.5, len(order) - 0.5))
    axes.legend(fontsize="small", loc="upper left")
    return figure


def errors_over_dimension(dimensions: Sequence[int], errors: Mapping[str, Sequence[ndarray]], limit: float) -> Figure:
    """Error of log p over the latent dimension: median and the middle 80 % of data points; a line at the limit."""
    figure, axes = plt.subplots(figsize=(6.6, 3.8))
    axes.axhline(0, color=BLACK, lw=1)
    axes.axvline(limit, color=GREY, lw=1, ls=":")
    styles = zip(errors.items(), (VERMILION, PURPLE, BLUE), STYLES, MARKERS, strict=False)
    for (name, groups), color, style, marker in styles:
        low, middle, high = np.array([np.nanquantile(group, (0.1, 0.5, 0.9)) for group in groups]).T
        axes.fill_between(dimensions, low, high, color=color, alpha=0.2, lw=0)
        axes.plot(dimensions, middle, color=color, ls=style, marker=marker, ms=4, label=name)
    axes.set(xlabel="latent dimensions J", ylabel="estimate − exact log p(x) (nats)", yscale="symlog")
    axes.set_yticks([-10, -1, 0, 1, 10], ["−10", "−1", "0", "1", "10"])
    axes.legend(fontsize="small", loc="upper left")
    return figure


def running_estimates(draws: ndarray, runs: Mapping[str, ndarray], level: float) -> Figure:
    """Estimates as draws accumulate, several runs (runs, draws) for each name, around the exact value."""
    figure, axes = plt.subplots(figsize=(6.6, 3.6))
    for (name, lines), color, style in zip(runs.items(), (VERMILION, BLUE), ("-", "--"), strict=False):
        for number, line in enumerate(lines):
            axes.plot(draws, line, color=color, ls=style, lw=1.1, label=name if number == 0 else None)
    axes.axhline(level, color=BLACK, lw=1, label="log p(x), exact")
    axes.set(xscale="log", xlabel="draws of the posterior", ylabel="nats")
    axes.legend(fontsize="small", loc="upper right")
    return figure


def crossing(draws: ArrayLike, bounds: Mapping[str, ArrayLike], levels: Mapping[str, float]) -> Figure:
    """L_k of several models over k, and their log-evidence as thin lines at the right end."""
    figure, axes = plt.subplots(figsize=(6.4, 3.4))
    for (name, values), color, style in zip(bounds.items(), (BLUE, VERMILION), ("-", "--"), strict=False):
        axes.plot(draws, values, color=color, ls=style, marker="o", ms=4, label=f"$L_k$ of model {name}")
        axes.axhline(levels[name], color=color, ls=":", lw=1)
        axes.text(1.02, levels[name], f"log p, {name}", transform=axes.get_yaxis_transform(), va="center",
                  fontsize="small")  # fmt: skip
    axes.set(xscale="log", xlabel="k", ylabel="nats per data point")
    axes.legend(fontsize="small", loc="lower right")
    return figure


def table_rows(rows: Sequence[tuple[str, float, float]]) -> Figure:
    """Per row (name, published, ours): negative log-likelihoods side by side, lower is better."""
    figure, axes = plt.subplots(figsize=(6.4, 0.8 + 0.4 * len(rows)))
    for place, (_, published, ours) in enumerate(reversed(rows)):
        axes.plot([published, ours], [place, place], color=GREY, lw=1)
        axes.plot(published, place, "s", color=ORANGE, ms=8, label="published" if place == 0 else None)
        axes.plot(ours, place, "o", color=BLUE, ms=6, label="ours" if place == 0 else None)
    axes.set_yticks(range(len(rows)), [name for name, _, _ in reversed(rows)])
    axes.set(xlabel="negative log-likelihood, $-L_{5000}$ (nats per image)", ylim=(-0.6, len(rows) - 0.4))
    axes.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


PALETTE_4 = (PALETTE[3], PALETTE[0], PALETTE[2], PALETTE[1])  # the exact line is black too: prior draws are dashed


def _contours(axes: Axes, axis: ndarray, density: ndarray) -> None:
    levels = density.max() * np.array([0.01, 0.1, 0.3, 0.6, 0.9])
    axes.contour(axis, axis, density.T, levels=levels, colors=GREY, linewidths=0.9)


def _frame(axes: Axes, axis: ndarray, density: ndarray) -> None:
    """The square around where the density is above a thousandth of its top."""
    inside = density > 2e-3 * density.max()
    ends = [(axis[inside.any(1 - k)][0], axis[inside.any(1 - k)][-1]) for k in (0, 1)]
    half = 0.58 * max(high - low for low, high in ends)
    (x, y) = ((low + high) / 2 for low, high in ends)
    axes.set(xlim=(x - half, x + half), ylim=(y - half, y + half), aspect="equal", xlabel="$z_1$")


def _ellipse(mean: ndarray, std: ndarray, radius: float = 2.0) -> ndarray:
    angle = np.linspace(0, 2 * np.pi, 121)
    return mean[:, None] + radius * std[:, None] * np.stack([np.cos(angle), np.sin(angle)])
