"""Pictures of chapter 6: how a VAE is wired, what a pixel costs, and how training goes."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from vae_edu.plots.diagrams import arrow, blank, box, circle, gradient, legend
from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PALETTE, VERMILION

LINE_STYLES = ("-", "--", "-.", ":")


def training_networks() -> Figure:
    """The network in training, with z drawn inside it (above) and with its noise drawn outside (below)."""
    figure, (without, with_trick) = plt.subplots(2, 1, figsize=(6.2, 4.3), height_ratios=(2.7, 3.8))
    _encoder_side(without, -0.75, "z drawn inside the network: the gradient stops at the draw")
    circle(without, 5.75, 0, 0.5, "draw $z$\nfrom\n$q(z|x)$", fontsize=8)
    without.plot(4.99, -0.17, marker="x", color=VERMILION, markersize=11, markeredgewidth=3)
    _encoder_side(with_trick, -1.85, "noise drawn outside the network: the gradient goes through")
    box(with_trick, 5.75, 0, 1.0, "$z = \\mu$\n$+\\,\\sigma\\odot\\epsilon$")
    circle(with_trick, 5.75, -1.35, 0.42, "$\\epsilon$")
    with_trick.text(6.3, -1.35, "drawn from $\\mathcal{N}(0, I)$", va="center")
    arrow(with_trick, (5.75, -0.93), (5.75, -0.45))
    gradient(with_trick, (5.25, -0.17), (4.75, -0.17))
    legend(figure)
    return figure


def generating_network() -> Figure:
    """The network once trained: prior and decoder, without the encoder."""
    figure, axes = plt.subplots(figsize=(4.6, 1.15))
    blank(axes, (0, 7), (-0.75, 0.75))
    circle(axes, 0.6, 0, 0.5, "$z$")
    axes.text(0.6, -0.72, "from $\\mathcal{N}(0, I)$", ha="center", fontsize=9)
    box(axes, 2.9, 0, 1.7, "decoder\n$p_\\theta(x|z)$")
    box(axes, 5.8, 0, 1.9, "mean picture\n$\\mathrm{E}[x|z]$")
    arrow(axes, (1.12, 0), (2.03, 0))
    arrow(axes, (3.77, 0), (4.83, 0))
    return figure


def pixel_costs(logits: ArrayLike, costs: Mapping[str, ArrayLike], lowest: Mapping[str, tuple[float, float]]) -> Figure:
    """Cross-entropy of one pixel against the logit, named curves; `lowest` marks their lowest points."""
    figure, axes = plt.subplots(figsize=(6.0, 3.4))
    for name, color, style in zip(costs, PALETTE, LINE_STYLES, strict=False):
        axes.plot(logits, costs[name], color=color, linestyle=style, label=name)
        if name in lowest:
            axes.plot(*lowest[name], marker="o", color=color)
    axes.axhline(0, color=BLACK, linewidth=0.7)
    axes.set(xlabel="logit $a$ of the pixel", ylabel="cost (nats)")
    axes.legend()
    return figure


def bound_and_terms(bound: Sequence[float], reconstruction: Sequence[float], minus_kl: Sequence[float]) -> Figure:
    """Means over each epoch: bound and reconstruction term on the left, the KL divergence on the right."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.0))
    epochs = range(1, len(bound) + 1)
    left.plot(epochs, reconstruction, color=GREEN, linestyle="--", label="reconstruction")
    left.plot(epochs, bound, color=BLUE, label="bound")
    left.set(xlabel="epoch", ylabel="nats per image")
    left.legend(loc="lower right")
    right.plot(epochs, [-value for value in minus_kl], color=VERMILION)
    right.set(xlabel="epoch", ylabel="KL(q(z|x) ‖ p(z)) (nats)", ylim=(0, None))
    return figure


def published_and_ours(published: Sequence[float], train: Sequence[float], test: Sequence[float]) -> Figure:
    """Loss per image (the negative bound) of a recorded run, epoch by epoch, beside the published values."""
    figure, axes = plt.subplots(figsize=(6.0, 3.2))
    epochs = range(1, len(train) + 1)
    axes.plot(range(1, len(published) + 1), published, "s", color=ORANGE, markersize=9, label="seed project, train")
    axes.plot(epochs, train, "o-", color=BLUE, markersize=4, label="ours, train")
    axes.plot(epochs, test, "^--", color=VERMILION, markersize=4, label="ours, test, sampled")
    axes.set(xlabel="epoch", ylabel="loss (nats per image)", xticks=list(epochs))
    axes.legend()
    return figure


def _encoder_side(axes: Axes, bottom: float, title: str) -> None:
    """What both training networks share: everything but the way from the posterior's parameters to z."""
    blank(axes, (0, 10.4), (bottom, 1.9), title)
    axes.text(0.3, 0, "$x$", ha="center", va="center", fontsize=13)
    box(axes, 1.85, 0, 1.6, "encoder")
    box(axes, 4.15, 0, 1.2, "$\\mu,$\n$\\log\\sigma^2$")
    box(axes, 4.15, 1.3, 1.2, "$-$KL")
    box(axes, 7.6, 0, 1.5, "decoder")
    box(axes, 9.6, 0, 1.5, "$\\log p(x|z)$")
    for start, end in ((0.5, 1.05), (2.65, 3.55), (4.75, 5.25), (6.25, 6.85), (8.35, 8.85)):
        arrow(axes, (start, 0.17), (end, 0.17))
    for start, end in ((8.85, 8.35), (6.85, 6.25), (3.55, 2.65)):
        gradient(axes, (start, -0.17), (end, -0.17))
    arrow(axes, (3.98, 0.45), (3.98, 0.85))
    gradient(axes, (4.32, 0.85), (4.32, 0.45))
