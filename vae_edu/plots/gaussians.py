"""Pictures of chapter 3: Gaussian densities, their divergences, and pairs of them in the plane."""

import matplotlib.pyplot as plt
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, VERMILION

Curves = dict[str, Float[Tensor, "points"]]

# Orange lines are hard to see where dark mode inverts them.
LINES = ((BLUE, "-"), (VERMILION, "--"), (GREEN, "-."), (BLACK, ":"), (PURPLE, (0, (5, 1, 1, 1))))


def densities(z: Float[Tensor, "points"], log_densities: Curves) -> Figure:
    """Densities on the left, the same on a logarithmic scale on the right, where Gaussians are parabolas."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.1))
    for (label, log_density), (color, line) in zip(log_densities.items(), LINES, strict=False):
        left.plot(z, log_density.exp(), color=color, linestyle=line, label=label)
        right.plot(z, log_density, color=color, linestyle=line)
    left.set(xlabel="z", ylabel="density")
    right.set(xlabel="z", ylabel="log-density (nats)", ylim=(-12, 1))
    left.legend(loc="upper right")
    return figure


def kl_landscape(
    mean: Float[Tensor, "means"],
    log_var: Float[Tensor, "log_vars"],
    kl: Float[Tensor, "log_vars means"],
    marked: tuple[float, float],
) -> Figure:
    """Contours of KL(N(mean, exp(log_var)) || N(0, 1)), and its sections along the axes, which must hold 0."""
    figure, (contours, sections) = plt.subplots(1, 2, figsize=(7.2, 3.4))
    levels = [0.05, 0.2, 0.5, 1, 2, 3, 4]
    lines = contours.contour(mean, log_var, kl, levels=levels, colors=BLUE, linewidths=1.2)
    contours.clabel(lines, fontsize=8, fmt="%g")
    contours.axhline(0, color=GREEN, linestyle=":")
    contours.axvline(0, color=VERMILION, linestyle=":")
    contours.plot(0, 0, "o", color=BLACK)
    contours.plot(*marked, "D", color=BLACK)
    contours.set(xlabel="mean", ylabel="log-variance")

    at_zero, centered = log_var.abs().argmin(), mean.abs().argmin()
    sections.plot(mean, kl[at_zero], color=GREEN, label="along the mean")
    sections.plot(log_var, kl[:, centered], "--", color=VERMILION, label="along the log-variance")
    sections.set(xlabel="mean or log-variance", ylabel="KL (nats)", ylim=(0, 5))
    sections.legend(loc="upper center")
    return figure


def kl_integrands(
    z: Float[Tensor, "points"],
    log_q: Float[Tensor, "points"],
    log_p: Float[Tensor, "points"],
    kl_q_p: float,
    kl_p_q: float,
) -> Figure:
    """Two densities; below, each direction's integrand: area above the axis minus area below is the KL."""
    figure, axes = plt.subplots(2, 2, figsize=(7.2, 4.6), sharex=True, sharey="row", height_ratios=(1, 1.3))
    directions = (("q", "p", log_q, log_p, kl_q_p), ("p", "q", log_p, log_q, kl_p_q))
    for (top, bottom), (first, second, log_first, log_second, kl) in zip(axes.T, directions, strict=True):
        top.plot(z, log_q.exp(), color=BLUE, label="q")
        top.plot(z, log_p.exp(), color=VERMILION, linestyle="--", label="p")
        top.legend(loc="upper right")
        top.set_title(f"KL({first} ‖ {second}) = {kl:.3f} nats")
        integrand = log_first.exp() * (log_first - log_second)
        _shade(bottom, z, integrand)
        bottom.set(xlabel="z", ylabel=f"{first} · log({first} / {second})")
    return figure


def outlines(panels: dict[str, dict[str, Float[Tensor, "points 2"]]]) -> Figure:
    """One panel per title, one closed curve per label: Gaussians as ellipses at one standard deviation."""
    figure, axes = plt.subplots(1, len(panels), figsize=(7.2, 3.6), squeeze=False)
    for panel, (title, curves) in zip(axes[0], panels.items(), strict=True):
        for (label, points), (color, line) in zip(curves.items(), LINES, strict=False):
            panel.plot(*points.T, color=color, linestyle=line, label=label)
        panel.set(title=title, aspect="equal")
        panel.legend(loc="upper left", bbox_to_anchor=(0, -0.1))
    return figure


def kl_mistakes(log_var: Float[Tensor, "points"], curves: Curves) -> Figure:
    """What wrong formulas take for the KL of N(0, exp(log_var)) from the prior; the first one is right."""
    figure, axes = plt.subplots(figsize=(6.4, 3.8))
    for (label, kl), (color, line) in zip(curves.items(), LINES, strict=False):
        width = 2.6 if label == "right" else 1.6
        axes.plot(log_var, kl, color=color, linestyle=line, linewidth=width, label=label)
    axes.axhline(0, color="black", linewidth=0.8)
    axes.set(xlabel="true log-variance of q", ylabel="what the formula returns (nats)", ylim=(-2.2, 4))
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _shade(axes: Axes, z: Tensor, integrand: Tensor) -> None:
    axes.plot(z, integrand, color="black", linewidth=1)
    axes.fill_between(z, integrand, where=integrand > 0, color=GREEN, alpha=0.5, linewidth=0, label="counts for")
    axes.fill_between(z, integrand, where=integrand < 0, color=ORANGE, alpha=0.6, linewidth=0, label="against")
    axes.axhline(0, color="black", linewidth=0.8)
    axes.legend(loc="upper left", fontsize="small")
