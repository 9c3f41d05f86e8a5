"""The picture of a training dashboard: the bound, its terms, samples, the latent plane."""

from collections.abc import Mapping, Sequence
from itertools import cycle

import numpy as np
from jaxtyping import Float, Shaped
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vae_edu.plots.style import BLUE, DIGIT_COLORS, PALETTE

COLUMNS = 4  # of samples
LINE_STYLES = ("-", "--", "-.", ":")


def dashboard(
    curves: Sequence[Mapping[str, Sequence[float]]],
    samples: Float[np.ndarray, "draws rows columns"] | None = None,
    means: Float[np.ndarray, "n 2"] | None = None,
    labels: Shaped[np.ndarray, "n"] | None = None,
    latents: tuple[int, int] = (1, 2),
) -> Figure:
    """One panel for each group of named curves over the epochs, and one for samples and for a plane if there are any.

    A figure of its own, unknown to pyplot: it is drawn while other cells may draw theirs.
    """
    panels = len(curves) + (samples is not None) + (means is not None)
    figure = Figure(figsize=(3.1 * panels, 2.9), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes = list(np.atleast_1d(figure.subplots(1, panels)))
    for group in curves:
        _curves(axes.pop(0), group)
    if samples is not None:
        _samples(axes.pop(0), samples)
    if means is not None:
        _plane(axes.pop(0), means, labels, latents)
    return figure


def _curves(axes: Axes, group: Mapping[str, Sequence[float]]) -> None:
    for (name, values), color, style in zip(group.items(), cycle(PALETTE), cycle(LINE_STYLES), strict=False):
        epochs, marker = range(1, len(values) + 1), "." if len(values) < 3 else ""
        axes.plot(epochs, values, color=color, linestyle=style, marker=marker, label=name)
    axes.set(xlabel="epoch", ylabel="nats per image")
    axes.legend(fontsize="small")


def _samples(axes: Axes, samples: Float[np.ndarray, "draws rows columns"]) -> None:
    padded = np.pad(samples, ((0, 0), (0, 1), (0, 1)), constant_values=0.5)
    lines = [np.hstack(list(padded[i : i + COLUMNS])) for i in range(0, len(padded), COLUMNS)]
    axes.imshow(np.vstack(lines), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set(title="draws from the prior", xticks=[], yticks=[])


def _plane(
    axes: Axes, means: Float[np.ndarray, "n 2"], labels: Shaped[np.ndarray, "n"] | None, latents: tuple[int, int]
) -> None:
    colors = BLUE if labels is None else [DIGIT_COLORS[int(label) % len(DIGIT_COLORS)] for label in labels]
    axes.scatter(means[:, 0], means[:, 1], s=5, c=colors, alpha=0.6)
    first, second = latents
    axes.set(title="posterior means", aspect="equal", xlabel=f"$z_{{{first}}}$", ylabel=f"$z_{{{second}}}$")
    axes.set_adjustable("datalim")
