"""Pictures of chapter 4: two ways to move a cloud, noise carried through a function, and what each gradient costs."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy import ndarray

from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

GREY = "#888888"
SMALL: dict[str, Any] = {"fontsize": "small"}


def two_ways(
    z: ndarray,
    height: ndarray,
    densities: tuple[ndarray, ndarray],
    fixed: tuple[ndarray, ndarray, ndarray, ndarray],
    moving: tuple[ndarray, ndarray, ndarray, ndarray],
) -> Figure:
    """Above f, below q before and after a small move of its mean.

    `fixed` is (places, heights of f there, density before, density after); `moving` is (places before, heights of f
    there, places after, heights there).
    """
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 4.2), sharex=True, sharey="row", height_ratios=(1.1, 1))
    for axis in axes[0]:
        axis.plot(z, height, color=GREY, lw=1.2)
        axis.set(yticks=[])
    for axis in axes[1]:
        axis.plot(z, densities[0], color=BLACK, ls="--", lw=1.2, label="before")
        axis.plot(z, densities[1], color=BLACK, lw=1.5, label="after")
        axis.set(yticks=[], xlabel="z", ylim=(0, None))
    axes[0, 0].set(title="places stay, weights change", ylabel="f(z)")
    axes[0, 1].set_title("weights stay, places move")
    axes[1, 0].set_ylabel("q(z)")
    places, heights, before, after = fixed
    axes[0, 0].scatter(places, heights, s=700 * before, facecolors="none", edgecolors=BLACK, linestyles=":")
    axes[0, 0].scatter(places, heights, s=700 * after, color=VERMILION, alpha=0.55, lw=0)
    for place, low, high in zip(places, before, after, strict=True):
        _arrow(axes[1, 0], (place, low), (place, high), VERMILION)
    start, start_height, end, end_height = moving
    axes[0, 1].scatter(start, start_height, s=70, facecolors="none", edgecolors=BLACK, linestyles=":")
    axes[0, 1].scatter(end, end_height, s=70, color=BLUE, alpha=0.7, lw=0)
    for row, (one, other) in enumerate(zip(start, end, strict=True)):
        level = 0.03 + 0.045 * row
        axes[1, 1].plot(one, level, "o", mfc="none", mec=BLACK, ms=4.5)
        _arrow(axes[1, 1], (one, level), (other, level), BLUE)
    axes[1, 1].legend(**SMALL, loc="upper left")
    return figure


def carried_probability(
    noise: tuple[ndarray, ndarray], draw: tuple[ndarray, ndarray], strips: Sequence[tuple[ndarray, ...]]
) -> Figure:
    """A curve z = g(ε), the noise's density below it and q's density to its left, with strips of equal probability.

    `noise` is (ε, p), `draw` is (z = g(ε), q). A strip is (ε, p, z, q) along itself.
    """
    figure = plt.figure(figsize=(5.8, 4.6))
    grid = figure.add_gridspec(2, 2, width_ratios=(1, 2.6), height_ratios=(2.6, 1))
    curve = figure.add_subplot(grid[0, 1])
    left = figure.add_subplot(grid[0, 0], sharey=curve)
    below = figure.add_subplot(grid[1, 1], sharex=curve)
    (eps, p), (z, q) = noise, draw
    curve.plot(eps, z, color=BLACK)
    left.plot(q, z, color=BLACK, lw=1.3)
    below.plot(eps, p, color=BLACK, lw=1.3)
    for (e, p_e, z_e, q_z), color, hatch in zip(strips, (BLUE, ORANGE), ("///", "..."), strict=True):
        look: dict[str, Any] = {"facecolor": color, "alpha": 0.55, "hatch": hatch, "edgecolor": "white", "lw": 0}
        below.fill_between(e, p_e, **look)
        left.fill_betweenx(z_e, q_z, **look)
        for end in (0, -1):
            curve.plot([e[end], e[end], eps[0]], [0, z_e[end], z_e[end]], color=color, lw=1, ls=":")
    curve.set(title="z = g(ε)", xlim=(eps[0], eps[-1]), ylim=(0, z[-1]))
    curve.tick_params(labelbottom=False, labelleft=False)
    left.invert_xaxis()
    left.set(ylabel="z", xlabel="q(z)", xticks=[])
    below.set(xlabel="ε", ylabel="p(ε)", yticks=[], ylim=(0, None))
    return figure


def fans(panels: Sequence[tuple[str, str, ndarray, ndarray, float]]) -> Figure:
    """Draws as functions of a parameter, one line for each fixed noise.

    A panel is (title, the parameter's name, its values, draws of shape (values, noises), the value to mark).
    """
    figure, axes = plt.subplots(1, len(panels), figsize=(7.6, 3.1))
    for axis, (title, name, values, draws, mark) in zip(axes, panels, strict=True):
        axis.plot(values, draws, color=BLUE, lw=1, alpha=0.8)
        at = abs(values - mark).argmin()
        axis.plot(draws[at] * 0 + values[at], draws[at], "o", color=VERMILION, ms=4)
        axis.axvline(values[at], color=VERMILION, lw=0.8, ls=":")
        axis.set(xlabel=name)
        axis.set_title(title, fontsize="medium")
    axes[0].set_ylabel("draw z")
    return figure


def common_noise(means: ndarray, exact: ndarray, fresh: ndarray, common: ndarray) -> Figure:
    """One estimate per value of the mean: with noise drawn anew for each, and with the same noise for all."""
    figure, axis = plt.subplots(figsize=(6.0, 3.3))
    axis.plot(means, fresh, color=VERMILION, lw=0.8, marker="x", ms=4, label="noise drawn anew")
    axis.plot(means, common, color=BLUE, label="the same noise")
    axis.plot(means, exact, color=BLACK, ls="--", lw=1.2, label="exact")
    axis.set(xlabel="mean m of q", ylabel="estimate of E[z²]")
    _legend_above(axis)
    return figure


def variance_by_dimension(
    dimensions: Sequence[int], curves: Mapping[str, tuple[Sequence[float], Sequence[float], Sequence[float]]]
) -> Figure:
    """Variance of one draw over the dimension; a curve is (exact, measured, standard error)."""
    figure, axis = plt.subplots(figsize=(6.2, 3.9))
    looks = zip((VERMILION, ORANGE, BLUE), ("o", "^", "s"), ("-", "--", "-."), strict=True)
    shown = [index for index, n in enumerate(dimensions) if n in (1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 100)]
    for (name, (exact, measured, error)), (color, marker, style) in zip(curves.items(), looks, strict=True):
        axis.plot(dimensions, exact, color=color, ls=style, lw=1.4)
        axis.errorbar(
            [dimensions[i] for i in shown], [measured[i] for i in shown], [5.5 * error[i] for i in shown],
            color=color, marker=marker, ms=5, ls="none", elinewidth=1, label=name,
        )  # fmt: skip
    axis.set(xscale="log", yscale="log", xlabel="dimensions N", ylabel="variance of one draw")
    axis.legend(**SMALL, loc="upper left")
    return figure


def learned(bounds: Mapping[str, Sequence[float]]) -> Figure:
    """Test bounds epoch by epoch, one curve for each kind of gradient."""
    figure, axis = plt.subplots(figsize=(6.4, 4.4))
    looks = zip((BLUE, VERMILION, SKY, ORANGE, PURPLE, GREY), "osD^vx", ("-", "-", "--", "--", ":", "-."), strict=False)
    for (name, values), (color, marker, style) in zip(bounds.items(), looks, strict=False):
        axis.plot(range(1, len(values) + 1), values, color=color, marker=marker, ms=5, ls=style, label=name)
    axis.set(xlabel="epoch", ylabel="test bound (nats per image)", xticks=range(1, 6))
    axis.legend(**SMALL, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def smoothed_step(widths: ndarray, curves: Mapping[str, ndarray]) -> Figure:
    """What the gradient of a smoothed step costs over the smoothing's width: two variances, and a squared bias."""
    figure, axis = plt.subplots(figsize=(6.0, 3.4))
    for (name, values), color, style in zip(curves.items(), (BLUE, VERMILION, GREEN), ("-", "--", ":"), strict=True):
        axis.plot(widths, values, color=color, ls=style, label=name)
    axis.set(xscale="log", yscale="log", xlabel="width τ of the smoothed step", ylim=(1e-5, None))
    axis.legend(**SMALL, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return figure


def _legend_above(axis: Axes) -> None:
    axis.legend(**SMALL, loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)


def _arrow(axis: Axes, start: tuple[float, float], end: tuple[float, float], color: str) -> None:
    axis.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "lw": 1.5, "shrinkA": 0, "shrinkB": 0}
    )
