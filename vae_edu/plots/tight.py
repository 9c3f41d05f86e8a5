"""Pictures of chapter 13: the decoder that carries the prior to the data, and the gap as its noise vanishes."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter
from numpy import ndarray
from numpy.typing import ArrayLike

from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION

GREY = "#888888"
BY_SIGMA = (  # from the largest noise to the smallest: color, line style
    (ORANGE, ":"), (VERMILION, "-."), (PURPLE, (0, (5, 1, 1, 1, 1, 1))), (SKY, (0, (5, 2))), (BLUE, "-"),
)  # fmt: skip


def through_the_level(
    z: ndarray, prior_cdf: ndarray, x: ndarray, data_cdf: ndarray, journeys: Sequence[tuple[float, float, float]]
) -> Figure:
    """G over z and F over X beside each other; each journey (z, u, X) goes up to G, across, and down from F."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.4, 3.3), sharey=True)
    left.plot(z, prior_cdf, color=BLUE)
    right.plot(x, data_cdf, color=GREEN)
    for (start, level, end), color in zip(journeys, (VERMILION, ORANGE, BLACK), strict=False):
        left.plot([start, start, z[-1]], [0, level, level], color=color, lw=1.2, ls="--")
        right.plot([x[0], end, end], [level, level, 0], color=color, lw=1.2, ls="--")
        left.plot(start, 0, "o", color=color, ms=6, clip_on=False)
        right.plot(end, 0, "v", color=color, ms=8, clip_on=False)
    left.set(xlabel="z", ylabel="probability up to here", ylim=(0, 1.02), xlim=(z[0], z[-1]))
    right.set(xlabel="X", xlim=(x[0], x[-1]))
    left.set_title("$G$, of the prior")
    right.set_title("$F$, of the data")
    return figure


def decoder_and_its_scale(
    z: ndarray, f: ndarray, levels: ndarray, x: ndarray, density: ndarray, slope: ndarray
) -> Figure:
    """Left, f with the values of z and X that divide both laws into equal parts; right, the data density and g′."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.5))
    left.plot(z, f, color=BLUE, lw=2.2)
    pictures = np.interp(levels, z, f)
    for start, end in zip(levels, pictures, strict=True):
        left.plot([start, start, z[0]], [x[0], end, end], color=GREY, lw=0.6)
    left.set(xlabel="z", ylabel="X = f(z)", xlim=(z[0], z[-1]), ylim=(x[0], x[-1]))
    left.set_title("twenty parts of equal probability")
    right.fill_between(x, density, color=GREY, alpha=0.45, lw=0)
    right.plot(x, slope, color=VERMILION)
    right.text(x[0] + 0.1, slope[0] + 0.06, "$g′(X)$", color=VERMILION)
    right.text(1.0, 0.08, "data density", ha="center")
    right.set(xlabel="X", ylim=(0, None), xlim=(x[0], x[-1]))
    return figure


def under_the_glass(
    z0: ndarray, rescaled: Mapping[str, ndarray], limit: ndarray, center: float, width: float
) -> Figure:
    """The posterior for each σ, where it lies (left) and rescaled (right), where the dashed limit waits for it."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.5))
    for (sigma, density), (color, style) in zip(rescaled.items(), BY_SIGMA, strict=True):
        left.plot(center + float(sigma) * (z0 - center), density / float(sigma), color=color, ls=style, lw=1.5)
        right.plot(z0, density, color=color, ls=style, lw=1.5, label=f"σ = {sigma}")
    right.plot(z0, limit, color=BLACK, ls="--", lw=1.6, label="limit")
    left.set(xlabel="z", xlim=(center - 2.2 * width, center + 2.2 * width), ylim=(0, None), ylabel="density")
    right.set(xlabel="$z^0$", ylim=(0, None), xlim=(z0[0], z0[-1]))
    left.set_title("the posterior")
    right.set_title("the same, rescaled")
    figure.legend(*right.get_legend_handles_labels(), fontsize="small", loc="outside upper center", ncols=6)
    return figure


def taylor_errors(errors: Mapping[str, Sequence[float]]) -> Figure:
    """Error of Taylor's polynomial against its order, one curve per σ."""
    figure, axis = plt.subplots(figsize=(6.2, 3.5))
    for (sigma, values), (color, style) in zip(errors.items(), ((BLACK, "--"), *BY_SIGMA), strict=True):
        orders = np.arange(1, len(values) + 1)
        axis.plot(orders, values, color=color, ls=style, marker="o", ms=3)
        axis.text(orders[-1] + 0.15, values[-1], f"σ = {sigma}", va="center", fontsize="small", color=color)
    axis.set(xlabel="order of the polynomial", ylabel="error of f", yscale="log", xlim=(0.8, 9.6), xticks=range(1, 9))
    return figure


def hidden_in_the_tail(t: ndarray, log_integrands: Mapping[str, ndarray], farthest_node: float) -> Figure:
    """Logarithms to base 10 of integrands over t; a dotted line where the quadrature has its last node."""
    figure, axis = plt.subplots(figsize=(6.4, 3.5))
    for (name, values), (color, style) in zip(log_integrands.items(), ((BLUE, "--"), (VERMILION, "-")), strict=True):
        axis.plot(t, values, color=color, ls=style, label=name)
    axis.axvline(farthest_node, color=BLACK, lw=1, ls=":")
    axis.text(farthest_node - 0.3, 60, "last of\n100 nodes", ha="right", fontsize="small")
    axis.set(xlabel="t, in standard deviations of Q", ylabel="log₁₀ of the integrand", ylim=(-140, 100))
    axis.legend(fontsize="small", loc="upper left")
    return figure


def bound_over_noise(
    sigmas: ndarray, panels: Sequence[tuple[str, ndarray, ndarray, float]]
) -> Figure:  # fmt: skip
    """Per panel (title, log P_σ, bound, log P_gt): the two over σ, the gap between them shaded, and their limit."""
    figure, axes = plt.subplots(1, len(panels), figsize=(8.4, 3.5))
    for axis, (title, evidence, bound, target) in zip(axes, panels, strict=True):
        axis.fill_between(sigmas, bound, evidence, color=ORANGE, alpha=0.45, lw=0, label="gap")
        axis.plot(sigmas, evidence, color=GREEN, ls="-.", label="$\\log P_\\sigma$")
        axis.plot(sigmas, bound, color=BLUE, label="bound")
        axis.axhline(target, color=BLACK, lw=1, ls="--", label="$\\log P_{\\mathrm{gt}}$")
        axis.set(xscale="log", xlabel="σ")
        axis.set_title(title)
        _plain_ticks(axis, [0.02, 0.05, 0.1, 0.2, 0.5])
    axes[0].set_ylabel("nats")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize="small", loc="outside upper center", ncols=4)
    return figure


def falls_with_the_square(
    sigmas: ndarray, divergence: ndarray, best: ndarray, coefficient: float, best_coefficient: float
) -> Figure:
    """D against σ, both logarithmic: of appendix A's Q and of the best Gaussian, with their limits' lines."""
    figure, axis = plt.subplots(figsize=(6.0, 3.8))
    fine = np.array([sigmas.min() * 0.85, sigmas.max() * 1.1])
    axis.plot(fine, coefficient * fine**2, color=VERMILION, lw=1, ls="--")
    axis.plot(fine, best_coefficient * fine**2, color=BLUE, lw=1, ls="--")
    axis.plot(sigmas, divergence, "o", color=VERMILION, label="appendix A's Q")
    axis.plot(sigmas, best, "s", color=BLUE, label="best Gaussian")
    axis.plot([], [], color=GREY, lw=1, ls="--", label="limit · σ²")
    axis.set(xscale="log", yscale="log", xlabel="σ", ylabel="D (nats)")
    _plain_ticks(axis, [0.01, 0.02, 0.05, 0.1, 0.2, 0.5])
    axis.legend(fontsize="small", loc="upper left")
    return figure


def over_the_data(
    x: ndarray, by_sigma: Mapping[str, ndarray], skew: ndarray, center: ndarray, density: ndarray
) -> Figure:
    """D/σ² over X for each σ above, and its limit, split in two, below; the data density along the bottom."""
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(6.6, 5.4), sharex=True)
    for (sigma, values), (color, style) in zip(by_sigma.items(), BY_SIGMA, strict=True):
        top.plot(x, values / float(sigma) ** 2, color=color, ls=style, lw=1.5, label=f"σ = {sigma}")
    top.plot(x, skew + center, color=BLACK, ls="--", lw=1.2, label="limit")
    top.set(ylabel="D / σ² (nats)", ylim=(0, None))
    top.legend(fontsize="small", ncols=3, loc="upper center", bbox_to_anchor=(0.5, 1.28))
    bottom.stackplot(
        x, skew, center, colors=[BLUE, ORANGE], alpha=0.75, lw=0, labels=["skewness: stays", "center: can be moved"]
    )
    bottom.fill_between(x, density / density.max() * 0.7, color=GREY, alpha=0.6, lw=0, label="data density (scaled)")
    bottom.set(xlabel="X", ylabel="limit of D / σ² (nats)", ylim=(0, None))
    bottom.legend(fontsize="small", loc="upper center")
    return figure


def near_an_edge(
    k: ndarray, panels: Sequence[tuple[str, Mapping[str, ndarray], tuple[str, ndarray] | None]]
) -> Figure:  # fmt: skip
    """Per panel (title, D over k for each σ, the named limit): what D is k standard deviations from an edge."""
    figure, axes = plt.subplots(1, len(panels), figsize=(8.4, 3.7), sharey=True)
    for axis, (title, curves, limit) in zip(axes, panels, strict=True):
        for (name, values), (color, style) in zip(curves.items(), BY_SIGMA[1:], strict=False):
            axis.plot(k, values, color=color, ls=style, lw=1.5, label=name)
        if limit is not None:
            axis.plot(k, limit[1], color=BLACK, ls="--", lw=1.4, label=limit[0])
        axis.set(yscale="log", xlabel="distance from the edge, in σ", ylim=(3e-3, 1e4))
        axis.set_title(title)
        axis.legend(fontsize="small", loc="upper right")
    axes[0].set_ylabel("D (nats)")
    return figure


def same_evidence(
    z: ndarray, columns: Sequence[tuple[str, ndarray, ndarray, ndarray]], data_point: float
) -> Figure:  # fmt: skip
    """Per column (title, decoder, posterior, Gaussian) over z: decoders of one P(X) above, their posteriors below."""
    figure, axes = plt.subplots(2, len(columns), figsize=(8.4, 4.6), sharex=True, sharey="row")
    for (top, bottom), (title, decoder, posterior, gaussian) in zip(axes.T, columns, strict=True):
        top.axhline(data_point, color=VERMILION, lw=1, ls="--")
        top.plot(z, decoder, color=BLACK)
        top.set_title(title)
        bottom.fill_between(z, posterior, color=GREY, alpha=0.5, lw=0, label="posterior")
        bottom.plot(z, gaussian, color=BLUE, lw=1.4, label="Q")
        bottom.set(xlabel="z", xlim=(z[0], z[-1]))
    axes[1, 0].set_ylim(0, None)
    axes[0, 0].set(ylabel="decoded z", ylim=(-4, 4))
    axes[0, 0].text(z[0] + 0.1, data_point + 0.2, "X", color=VERMILION)
    axes[1, 0].set_ylabel("density")
    axes[1, 0].legend(fontsize="small", loc="upper right")
    return figure


def _plain_ticks(axis: Axes, ticks: ArrayLike) -> None:
    low, high = axis.get_xlim()
    axis.set_xticks([tick for tick in np.asarray(ticks) if low <= tick <= high])
    axis.xaxis.set_major_formatter(ScalarFormatter())
    axis.xaxis.set_minor_formatter(NullFormatter())
