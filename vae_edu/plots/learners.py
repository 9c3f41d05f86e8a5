"""Pictures of chapter 12: how wake-sleep and Monte Carlo EM are wired, and where the learners go."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy import ndarray

from vae_edu.plots.diagrams import DASHES, arrow, blank, box, circle
from vae_edu.plots.recorded import COLORS, MARKERS, NAMES
from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION

GREY = "#888888"

# Diagrams


def two_phases() -> Figure:
    """Wake: a real image, its guessed z, and the decoder learns. Sleep: a dreamed z, its image, the encoder learns."""
    figure, axes = plt.subplots(2, 1, figsize=(6.6, 5.0))
    wake, sleep = axes
    for axis, title in (
        (wake, "wake: data go up, the decoder learns"),
        (sleep, "sleep: dreams come down, the encoder learns"),
    ):
        blank(axis, (0, 11), (-1.5, 1.55), title)
    circle(wake, 0.75, 0, 0.5, "$x$")
    wake.text(0.75, -0.75, "an image\nof the data", ha="center", va="top", fontsize=9)
    box(wake, 2.95, 0, 1.9, "encoder\n(held still)", color=GREY, fontsize=9)
    circle(wake, 5.1, 0, 0.5, "$z$")
    wake.text(5.1, -0.75, "a guess:\n$z \\sim q_\\phi(z|x)$", ha="center", va="top", fontsize=9)
    box(wake, 7.25, 0, 1.9, "decoder\n(learns)", color=GREEN, fontsize=9)
    wake.text(10.85, 0, "make\n$\\log p_\\theta(x, z)$\nlarger", ha="right", va="center")
    circle(sleep, 0.75, 0, 0.5, "$z$")
    sleep.text(0.75, -0.75, "a draw of\nthe prior", ha="center", va="top", fontsize=9)
    box(sleep, 2.95, 0, 1.9, "decoder\n(held still)", color=GREY, fontsize=9)
    circle(sleep, 5.1, 0, 0.5, "$x$")
    sleep.text(5.1, -0.75, "a dream:\n$x \\sim p_\\theta(x|z)$", ha="center", va="top", fontsize=9)
    box(sleep, 7.25, 0, 1.9, "encoder\n(learns)", color=VERMILION, fontsize=9)
    sleep.text(10.85, 0, "make\n$\\log q_\\phi(z|x)$\nlarger", ha="right", va="center")
    for axis, color, target in ((wake, GREEN, "$x$"), (sleep, VERMILION, "$z$")):
        for start, end in ((1.27, 1.98), (3.92, 4.58), (5.62, 6.28), (8.22, 8.95)):
            arrow(axis, (start, 0.12), (end, 0.12))
        arrow(axis, (8.95, -0.2), (8.22, -0.2), color=color, linestyle=DASHES, linewidth=1.9)
        arrow(axis, (0.75, 0.52), (7.25, 0.49), bend=-0.16, linewidth=1.0, color=GREY)
        axis.text(4.0, 1.28, f"{target}, the target", ha="center", va="bottom", fontsize=9, color="#555555")
    figure.legend(
        handles=[
            Line2D([], [], color=BLACK, linewidth=1.4, label="computed forward"),
            Line2D([], [], color=VERMILION, linestyle=DASHES, linewidth=1.9, label="gradient: one network only"),
        ],
        loc="outside lower center",
        ncols=2,
    )
    return figure


def monte_carlo_em_loop() -> Figure:
    """One visit to a minibatch: fetch the chains, ten leapfrog steps and a test, tune, five updates, put back."""
    figure, axis = plt.subplots(figsize=(6.6, 2.9))
    blank(axis, (0, 11), (-2.1, 2.55))
    box(axis, 1.75, 1.4, 2.9, "minibatch: images $x$\nand their chains $z$", color=BLACK, fontsize=9)
    box(axis, 5.6, 1.4, 3.0, "10 leapfrog steps on\n$\\log p(z) + \\log p(x|z)$", color=PURPLE, fontsize=9)
    box(axis, 9.35, 1.4, 2.8, "accept the new $z$,\nor keep the old", color=PURPLE, fontsize=9)
    box(axis, 9.35, -0.9, 2.8, "tune the step size\nto 90 % accepted", color=ORANGE, fontsize=9)
    box(axis, 5.6, -0.9, 3.0, "5 updates of $\\theta$ on\n$\\log p_\\theta(x, z)$", color=GREEN, fontsize=9)
    box(axis, 1.75, -0.9, 2.9, "put the chains back;\nnext minibatch", color=BLACK, fontsize=9)
    path = [((3.22, 1.4), (4.07, 1.4)), ((7.12, 1.4), (7.92, 1.4)), ((9.35, 0.93), (9.35, -0.43))]
    path += [((7.93, -0.9), (7.12, -0.9)), ((4.08, -0.9), (3.22, -0.9)), ((1.75, -0.43), (1.75, 0.93))]
    for start, end in path:
        arrow(axis, start, end)
    axis.text(7.45, 2.25, "E-step, by Monte Carlo: $\\theta$ held still", ha="center", fontsize=9, color=PURPLE)
    axis.text(5.6, -1.85, "M-step: $z$ held still", ha="center", fontsize=9, color=GREEN)
    return figure


# Exact examples


def guesses_over_posterior(posterior: ndarray, guesses: Mapping[str, ndarray], mean: Sequence[float]) -> Figure:
    """The posterior's ellipses of one and two standard deviations, and those of diagonal guesses with the same mean."""
    figure, axes = plt.subplots(1, len(guesses), figsize=(6.8, 3.8), sharex=True, sharey=True)
    for axis, (title, covariance), color in zip(axes, guesses.items(), (BLUE, VERMILION), strict=True):
        for radius in (1, 2):
            x, y = _ellipse(mean, posterior, radius)
            axis.fill(x, y, color=GREY, alpha=0.3, lw=0, label="posterior" if radius == 1 else None)
            axis.plot(*_ellipse(mean, covariance, radius), color=color, label="diagonal guess" if radius == 1 else None)
        axis.set(title=title, aspect="equal", xlabel="$z_1$")
    axes[0].set_ylabel("$z_2$")
    handles, labels = axes[0].get_legend_handles_labels()
    handles.append(Line2D([], [], color=VERMILION))
    labels[1:] = ["the bound's guess", "the sleep phase's guess"]
    figure.legend(handles, labels, fontsize="small", loc="outside upper center", ncols=3)
    return figure


def staircase(values: Sequence[tuple[float, float, float]], best: float) -> Figure:
    """EM, step by step: the bound before the E-step, after it (= log p) and after the M-step, up to the best."""
    figure, axis = plt.subplots(figsize=(6.4, 3.3))
    axis.axhline(best, color=BLACK, linestyle="--", linewidth=1, label="largest mean $\\log p(x)$")
    steps = np.arange(len(values))
    evidence = [after_e for _, after_e, _ in values]
    for i, (before, after_e, after_m) in enumerate(values):
        axis.plot([i, i], [before, after_e], color=ORANGE, linewidth=4, solid_capstyle="butt")
        axis.plot([i, i + 0.92], [after_e, after_m], color=GREEN, linewidth=1.8)
    axis.plot(steps, evidence, "o", color=BLUE, ms=6, label="mean $\\log p(x)$: the bound once the gap is closed")
    axis.plot([], [], color=ORANGE, linewidth=4, label="E-step: closes the gap")
    axis.plot([], [], color=GREEN, linewidth=1.8, label="M-step: raises the bound")
    axis.set(xlabel="iteration of EM", ylabel="nats per data point", xticks=steps)
    axis.legend(fontsize="small", loc="lower right")
    return figure


def fixed_points(
    variance: ndarray, shares: Mapping[str, ndarray], measured: Mapping[str, tuple[float, float]]
) -> Figure:
    """Model variance over data variance, as each learner leaves it; `measured` are trainings with the package."""
    figure, axis = plt.subplots(figsize=(6.4, 3.6))
    looks = zip(shares.items(), (GREEN, BLUE, VERMILION), ("-", "--", "-."), ("^", "o", "s"), strict=True)
    for (name, share), color, line, marker in looks:
        axis.plot(variance, share, color=color, linestyle=line, label=name)
        if name in measured:
            axis.plot(*measured[name], marker=marker, color=color, ms=9, mfc="none", mew=2, ls="")
    axis.plot([], [], ls="", marker="o", color=GREY, mfc="none", mew=2, ms=9, label="trained with the package")
    axis.set(xscale="log", ylim=(0, 1.06), xlabel="variance $C$ of the data (noise: 1)")
    axis.set_ylabel("variance of the model / variance of the data")
    axis.legend(fontsize="small", loc="lower left")
    return figure


def _ellipse(mean: Sequence[float], covariance: ndarray, radius: float) -> ndarray:
    angle = np.linspace(0, 2 * np.pi, 121)
    circle = np.stack([np.cos(angle), np.sin(angle)])
    return np.asarray(mean)[:, None] + radius * np.linalg.cholesky(covariance) @ circle


# Trainings


def race(
    runs: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]],
    costs: Mapping[str, float],
    ylim: tuple[float, float],
) -> Figure:
    """Rows are training sets, with runs by method; log p(x) over images seen (left) and over work done (right)."""
    figure, grid = plt.subplots(len(runs), 2, figsize=(7.0, 2.6 * len(runs) + 0.6), sharey=True, squeeze=False)
    for (title, methods), (left, right) in zip(runs.items(), grid, strict=True):
        for method, run in methods.items():
            seen, color = np.asarray(run["samples"]), COLORS[method]
            for axis, x in ((left, seen / 1000), (right, seen * costs[method])):
                axis.plot(x, run["test"], color=color, marker=MARKERS[method], ms=4)
                axis.plot(x, run["train"], color=color, ls="--", lw=1.2)
        left.set(title=f"{title}: by images seen", ylim=ylim)
        right.set(title=f"{title}: by work done", xscale="log")
        left.set_ylabel("$\\log p(x)$ (nats per image)")
        left.set_xlabel("training images seen (thousands)")
        right.set_xlabel("images that AEVB sees in that time")
    handles = [Line2D([], [], color=COLORS[m], marker=MARKERS[m], ms=4, label=NAMES[m]) for m in costs]
    handles += [Line2D([], [], color=GREY, label="test"), Line2D([], [], color=GREY, ls="--", label="train")]
    figure.legend(handles=handles, fontsize="small", loc="outside upper center", ncols=5)
    return figure


def escape(
    runs: Mapping[str, tuple[Sequence[float], Sequence[float]]], marginals: float, ylim: tuple[float, float]
) -> Figure:
    """Bounds of runs by name, as (images seen, test bound), around the line that a model without latents reaches."""
    figure, axis = plt.subplots(figsize=(6.6, 3.6))
    axis.axhline(marginals, color=BLACK, linestyle=":", linewidth=1.2, label="pixel marginals, no latents")
    looks = zip(runs.items(), (VERMILION, BLUE, BLUE, VERMILION), ("-", "--", (0, (1, 1)), "-."), strict=False)
    for (name, (seen, bound)), color, line in looks:
        axis.plot(seen, bound, color=color, linestyle=line, label=name)
    axis.set(xlabel="training images seen", ylabel="test bound (nats per image)", ylim=ylim)
    axis.legend(fontsize="small", loc="lower right")
    return figure
