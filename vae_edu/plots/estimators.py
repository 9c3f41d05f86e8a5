"""Pictures of chapter 5: what is estimated, how much the estimates vary, and what a noisy climb does."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from vae_edu.plots.diagrams import arrow, blank, circle, plate
from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PALETTE, VERMILION

GUESSED = (0, (4, 2.5))
STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
A_LOOK: dict[str, Any] = {"color": VERMILION, "linestyle": "--", "marker": "s", "markersize": 4}
B_LOOK: dict[str, Any] = {"color": BLUE, "linestyle": "-", "marker": "o", "markersize": 4}
FROZEN_LOOK: dict[str, Any] = {"color": GREEN, "linestyle": "-.", "marker": "^", "markersize": 5}
LOOKS = (A_LOOK, B_LOOK, FROZEN_LOOK)


def graphical_model() -> Figure:
    """The model (solid arrows, from theta) and the approximate posterior (dashed arrows, from phi) on one plate."""
    figure, axes = plt.subplots(figsize=(5.2, 3.7))
    blank(axes, (0, 5.2), (-0.55, 3.1))
    plate(axes, (1.3, 0.1), 2.6, 2.9)
    circle(axes, 2.6, 2.35, 0.36, "$z$", face="none", fontsize=15)
    circle(axes, 2.6, 0.8, 0.36, "$x$", fontsize=15)
    for x, name in ((0.45, r"$\phi$"), (4.75, r"$\theta$")):
        axes.text(x, 2.35, name, ha="center", va="center", fontsize=17)
    for start, end in (((4.5, 2.35), (2.96, 2.35)), ((4.55, 2.12), (2.92, 0.98)), ((2.6, 1.99), (2.6, 1.16))):
        arrow(axes, start, end, color=BLUE)
    for start, end, bend in (((0.7, 2.35), (2.24, 2.35), 0.0), ((2.3, 1.0), (2.3, 2.15), -0.55)):
        arrow(axes, start, end, bend, color=VERMILION, linestyle=GUESSED)
    handles = [
        Line2D([], [], color=BLUE, linewidth=1.7, label=r"model $p_\theta(z)\,p_\theta(x\,|\,z)$"),
        Line2D([], [], color=VERMILION, linewidth=1.7, linestyle=GUESSED, label=r"guess $q_\phi(z\,|\,x)$"),
    ]
    axes.legend(handles=handles, loc="lower center", ncols=2, bbox_to_anchor=(0.5, -0.03), fontsize=11)
    return figure


def variances_off_the_posterior(ways: Mapping[str, Mapping[str, Any]]) -> Figure:
    """For each way of moving q: exact variances of A and B as lines, the measured ones as marks, on a log scale.

    `ways` maps an axis label to {"fine": where the lines are known, "at": where was measured, "A": (exact, measured),
    "B": (exact, measured)}.
    """
    figure, panels = plt.subplots(1, len(ways), figsize=(7.6, 3.4), sharey=True)
    for axis, (label, way) in zip(panels, ways.items(), strict=True):
        for name, look in (("A", A_LOOK), ("B", B_LOOK)):
            exact, measured = way[name]
            axis.plot(way["fine"], exact, color=look["color"], linestyle=look["linestyle"], label=f"{name}, exact")
            marks = {"color": look["color"], "marker": look["marker"], "markersize": 5, "linestyle": ""}
            axis.plot(way["at"], measured, **marks, label=f"{name}, measured")
        axis.axvline(0, color=BLACK, linewidth=0.7, linestyle=":")
        axis.set(xlabel=label, yscale="log", ylim=(8e-3, 40))
    panels[0].set_ylabel("variance of one draw (nats²)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, fontsize="small")
    return figure


def both_terms(panels: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Draws for one image, per panel (log ratio, reconstruction), with lines along which A does not change."""
    figure, grid = plt.subplots(1, len(panels), figsize=(7.6, 3.5))
    for axis, (title, (ratio, reconstruction)) in zip(grid, panels.items(), strict=True):
        ratio, reconstruction = np.asarray(ratio), np.asarray(reconstruction)
        middle, half = ratio.mean(), 3.4 * max(ratio.std(), reconstruction.std())
        center = reconstruction.mean()
        for offset in np.linspace(-2, 2, 9) * half:
            along = np.array([-half, half])
            axis.plot(middle + along, center + along + offset, color=BLACK, linewidth=0.5, linestyle=":")
        axis.plot(ratio, reconstruction, ".", color=BLUE, markersize=4, alpha=0.7)
        slope = ((ratio - middle) * (reconstruction - center)).mean() / ratio.var()
        reach = np.array([-2.6, 2.6]) * ratio.std()
        axis.plot(middle + reach, center + slope * reach, color=VERMILION, linestyle="--", label=f"slope {slope:.2f}")
        axis.set(xlim=(middle - half, middle + half), ylim=(center - half, center + half), aspect="equal", title=title)
        axis.set_xlabel("$\\log q(z|x) - \\log p(z)$")
        axis.legend(loc="upper left", fontsize="small")
    grid[0].set_ylabel("$\\log p(x|z)$")
    return figure


def variances_while_learning(
    epochs: Sequence[int], value: Mapping[str, Sequence[float]], gradient: Mapping[str, Sequence[float]]
) -> Figure:
    """Variances by epoch: of the estimate itself on the left, of the encoder's gradient on the right."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.3))
    at = range(len(epochs))
    for axis, series in ((left, value), (right, gradient)):
        for (name, values), look in zip(series.items(), LOOKS, strict=False):
            axis.plot(at, values, **look, label=name)
        axis.set(xlabel="epochs of learning", yscale="log")
        axis.set_xticks(list(at), [str(epoch) for epoch in epochs])
    left.set(ylabel="nats²", title="of the value")
    right.set(title="of the encoder's gradient")
    figure.legend(*right.get_legend_handles_labels(), loc="outside upper center", ncols=3, fontsize="small")
    return figure


def variance_split(panels: Mapping[str, Mapping[str, tuple[float, float]]]) -> Figure:
    """Stacked bars per panel: for each split of one budget the part between images and the part within them."""
    figure, grid = plt.subplots(1, len(panels), figsize=(7.6, 3.4))
    for axis, (title, splits) in zip(grid, panels.items(), strict=True):
        names = list(splits)
        between, within = (np.array([splits[name][part] for name in names]) for part in (0, 1))
        axis.bar(names, within, color=BLUE, width=0.65, label="within images: the noise")
        axis.bar(
            names, between, bottom=within, color=ORANGE, hatch="//", edgecolor=BLACK, linewidth=0.6, width=0.65,
            label="between images",
        )  # fmt: skip
        axis.set(title=title, xlabel="images $M$ × draws $L$")
        axis.tick_params(axis="x", labelsize=8.5)
    grid[0].set_ylabel("variance of the gradient")
    figure.legend(*grid[0].get_legend_handles_labels(), loc="outside upper center", ncols=2, fontsize="small")
    return figure


def step_schedules(steps: ArrayLike, exact: Mapping[str, ArrayLike], walks: Mapping[str, ArrayLike]) -> Figure:
    """Root mean square distance from the top by step, exact, for schedules; and one walk of each, faint."""
    figure, axis = plt.subplots(figsize=(6.4, 3.7))
    steps = np.asarray(steps)
    seen = np.unique(np.geomspace(1, len(steps), 70).astype(int)) - 1  # on a log axis later steps crowd
    for (name, curve), color, style in zip(exact.items(), PALETTE, STYLES, strict=False):
        axis.plot(steps[seen], np.asarray(walks[name])[seen], color=color, linewidth=0.8, alpha=0.45)
        axis.plot(steps, curve, color=color, linestyle=style, linewidth=2.2, label=name)
    axis.set(xscale="log", yscale="log", xlabel="step $t$", ylabel="distance from the top", ylim=(3e-3, 20))
    axis.legend(loc="lower left", fontsize="small")
    return figure


def learning_curves(
    curves: Mapping[str, tuple[ArrayLike, ArrayLike]],
    *,
    xlabel: str,
    lowest: float,
) -> Figure:
    """The held-out bound of several trainings over what they have cost; what is below `lowest` is not shown."""
    figure, axis = plt.subplots(figsize=(6.4, 3.7))
    marks = ("o", "s", "^", "D", "v", "P")
    for (name, (cost, bound)), color, style, mark in zip(curves.items(), PALETTE, STYLES, marks, strict=False):
        every = max(1, len(np.asarray(cost)) // 6)
        axis.plot(cost, bound, color=color, linestyle=style, marker=mark, markersize=5, markevery=every, label=name)
    top = max(float(np.max(bound)) for _, bound in curves.values())
    axis.set(xlabel=xlabel, ylabel="held-out bound (nats per image)", ylim=(lowest, top + 0.06 * (top - lowest)))
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    axis.legend(loc="lower right", fontsize="small")
    return figure


def running_means(
    live: Mapping[str, Sequence[float]], recorded: Mapping[str, tuple[Sequence[float], Sequence[float]]]
) -> Figure:
    """Left, bounds by epoch of a small training; right, curves over images seen, "…, K13" as open squares."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.7))
    looks = {
        "train, as they came by": A_LOOK,
        "train, at the epoch's end": FROZEN_LOOK,
        "held out, at the epoch's end": B_LOOK,
    }
    for name, values in live.items():
        left.plot(range(1, len(values) + 1), values, **looks[name], label=name)
    left.set(xlabel="epoch", ylabel="bound (nats per image)", title="digits, live")
    left.legend(loc="lower right", fontsize="small")
    for name, (seen, values) in recorded.items():
        look = {"color": VERMILION if "train" in name else BLUE, "label": name}
        if "K13" in name:
            mark = "s" if "train" in name else "o"
            right.plot(seen, values, marker=mark, markersize=7, fillstyle="none", linestyle="", **look)
        else:
            right.plot(seen, values, linestyle="--" if "train" in name else "-", **look)
    right.set(xscale="log", xlabel="images seen", title="MNIST, recorded", ylim=(-172, -95))
    right.legend(loc="lower right", fontsize="small")
    return figure
