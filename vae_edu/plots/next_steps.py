"""Pictures of chapter 16: which part of the VAE is replaced, and what that buys."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy import ndarray
from numpy.typing import ArrayLike

from vae_edu.plots.diagrams import DRAWN, arrow, blank, box, circle
from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, VERMILION

GREY = "#888888"
LOOKS = ((BLUE, "-", "o"), (VERMILION, "--", "s"), (GREEN, "-.", "^"))


def parts_to_change() -> Figure:
    """The VAE as five parts, each with the letter of the section that replaces it."""
    figure, axes = plt.subplots(figsize=(7.4, 3.3))
    blank(axes, (0, 11.4), (-1.75, 3.3))
    _part(axes, (0.9, 0), 1.5, "data\n$x$", "(d) labels\nfor some", -0.75)
    _part(axes, (3.25, 0), 1.9, "posterior\n$q_\\phi(z|x)$", "(b) flows", -0.75)
    circle(axes, 5.4, 0, 0.48, "$z$")
    _part(axes, (7.35, 0), 1.7, "decoder\n$p_\\theta(x|z)$", "chapters\n10 and 14", -0.75)
    _part(axes, (10.05, 0), 1.9, "objective\n$\\mathcal{L}$", "(a) many\ndraws", -0.75)
    _part(axes, (5.4, 1.75), 2.1, "prior\n$p_\\theta(z)$", "(c) learned; a second layer; (e) a chain of layers", 0.75)
    for start, end in (((1.7, 0), (2.25, 0)), ((4.25, 0), (4.88, 0)), ((5.92, 0), (6.45, 0)), ((8.25, 0), (9.05, 0))):
        arrow(axes, start, end)
    arrow(axes, (5.4, 1.25), (5.4, 0.52))
    arrow(axes, (6.5, 1.75), (9.75, 0.55), bend=-0.18)
    return figure


def two_stochastic_layers() -> Figure:
    """Encoders climb from x to h1 to h2 on the left, decoders come down on the right, with their densities."""
    figure, axes = plt.subplots(figsize=(6.0, 3.7))
    blank(axes, (-4.6, 4.6), (-0.75, 5.3))
    levels = (0.0, 2.0, 4.0)
    names = ("$x$", "$h_1$", "$h_2$")
    for side in (-1.5, 1.5):
        for level, name in zip(levels, names, strict=True):
            circle(axes, side, level, 0.48, name, face=DRAWN if level > 0 or side > 0 else "none")
    for low, high, q, p in (
        (0.0, 2.0, "$q_\\phi(h_1|x)$", "$p_\\theta(x|h_1)$"),
        (2.0, 4.0, "$q_\\phi(h_2|h_1)$", "$p_\\theta(h_1|h_2)$"),
    ):
        arrow(axes, (-1.5, low + 0.52), (-1.5, high - 0.52), color=VERMILION, linestyle=(0, (3, 1)))
        axes.text(-1.75, (low + high) / 2, q, ha="right", va="center")
        arrow(axes, (1.5, high - 0.52), (1.5, low + 0.52), color=BLUE)
        axes.text(1.75, (low + high) / 2, p, ha="left", va="center")
    axes.text(2.15, 4, "$p(h_2) = \\mathcal{N}(0, I)$", va="center")
    axes.text(-1.5, 4.85, "inference", ha="center", color=VERMILION)
    axes.text(1.5, 4.85, "generation", ha="center", color=BLUE)
    return figure


def signal_to_noise(
    ks: ArrayLike,
    exact: Mapping[str, ArrayLike],
    measured: Mapping[str, Sequence[tuple[int, float]]],
    slopes: Mapping[str, ArrayLike],
) -> Figure:
    """|mean|/standard deviation of single gradients over k: exact lines, measured (k, value) pairs, and asymptotes."""
    figure, axes = plt.subplots(figsize=(6.6, 3.9))
    for (name, curve), (color, style, marker) in zip(exact.items(), LOOKS, strict=False):
        axes.plot(ks, curve, color=color, ls=style, label=name)
        if name in measured:
            axes.plot(*zip(*measured[name], strict=True), color=color, marker=marker, ms=6, ls="none")
        if name in slopes:
            axes.plot(ks, slopes[name], color=GREY, ls=":", lw=1.3)
    handles, labels = axes.get_legend_handles_labels()
    handles += [Line2D([], [], color=GREY, ls=":", lw=1.3), Line2D([], [], color=BLACK, marker="o", ls="none", ms=5)]
    labels += ["for large k", "measured"]
    axes.set(xscale="log", yscale="log", xlabel="number of draws k", ylabel="signal-to-noise ratio")
    figure.legend(handles, labels, fontsize="small", loc="outside upper center", ncols=2)
    return figure


def flow_panels(
    axis: ndarray, posterior: ndarray, panels: Sequence[tuple[str, tuple[ndarray, ndarray, ndarray] | None]]
) -> Figure:
    """The shaded posterior in each panel; over it (title, (x, y, density) of q on a bent mesh), relative to its top."""
    figure, axes = plt.subplots(2, 2, figsize=(6.4, 5.6), sharex=True, sharey=True)
    for plane, (title, mesh) in zip(axes.flat, panels, strict=True):
        plane.contourf(axis, axis, posterior.T, levels=posterior.max() * np.array([0.03, 0.15, 0.4, 0.7, 1]),
                       cmap="Greys", alpha=0.75, vmin=-0.2 * posterior.max(), vmax=1.6 * posterior.max())  # fmt: skip
        if mesh is not None:
            x, y, density = mesh
            levels = density.max() * np.array([0.03, 0.15, 0.4, 0.7])
            plane.contour(x, y, density, levels=levels, colors=VERMILION, linewidths=1.3)
        plane.set_title(title, fontsize="medium")
        plane.set(aspect="equal", xlim=(-2.3, 2.3), ylim=(-1.7, 2.9))
    for plane in axes[1]:
        plane.set_xlabel("$z_1$")
    for plane in axes[:, 0]:
        plane.set_ylabel("$z_2$")
    return figure


def prior_planes(axis: ndarray, panels: Sequence[tuple[str, ndarray]], dots: ndarray) -> Figure:
    """One density per panel (title, values on axis × axis) as contours, with the same dots in each."""
    figure, axes = plt.subplots(1, len(panels), figsize=(8.4, 3.2), sharex=True, sharey=True)
    for plane, (title, density) in zip(axes, panels, strict=True):
        plane.plot(*dots.T, ls="none", marker=".", ms=3, color=ORANGE, alpha=0.9)
        plane.contour(axis, axis, density.T, levels=[0.01, 0.03, 0.06, 0.1, 0.15, 0.22], colors=BLUE, linewidths=1)
        plane.set(title=title, xlabel="$z_1$", aspect="equal", xlim=(-3.3, 3.3), ylim=(-3.3, 3.3))
    axes[0].set_ylabel("$z_2$")
    return figure


def _part(axes: Axes, at: tuple[float, float], width: float, text: str, note: str, offset: float) -> None:
    x, y = at
    box(axes, x, y, width, text, height=1.0)
    side = "top" if offset < 0 else "bottom"
    axes.text(x, y + offset, note, ha="center", va=side, fontsize=9, color=VERMILION, linespacing=1.25)
