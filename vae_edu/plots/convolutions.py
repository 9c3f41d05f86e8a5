"""Pictures of chapter 10: what a convolution shares, what it keeps in place, and what that is worth."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import FancyArrowPatch, Rectangle
from numpy.typing import ArrayLike

from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, YELLOW

TINTS = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, YELLOW, "#999999", "#b5793e")
Curves = Mapping[str, Sequence[tuple[ArrayLike, ArrayLike]]]


def conv_networks() -> Figure:
    """Encoder (above) and decoder (below) of the seed project's CNN: layers, shapes, numbers of weights."""
    figure, (above, below) = plt.subplots(2, 1, figsize=(7.4, 4.2))
    encoder = (
        ("1×28×28", 1.0),
        ("32×26×26", 0.95),
        ("16×24×24", 0.9),
        ("16×12×12", 0.5),
        ("2304", 0.2),
        ("20 + 20", 0.2),
    )
    decoder = (("20", 0.2), ("2304", 0.2), ("16×12×12", 0.5), ("16×24×24", 0.9), ("32×26×26", 0.95), ("1×28×28", 1.0))
    into_z = ("conv 3×3\n320", "conv 3×3\n4,624", "max-pool\n0", "flatten\n0", "2 linear\n92,200")
    out_of_z = (
        "linear\n48,384",
        "unflatten\n0",
        "nearest ×2\n0",
        "transposed\nconv 3×3\n4,640",
        "transposed\nconv 3×3\n289",
    )
    _chain(above, "encoder: $x$ to $\\mu$ and $\\log\\sigma^2$", encoder, into_z)
    _chain(below, "decoder: $z$ to logits", decoder, out_of_z)
    return figure


def sharing(matrices: Mapping[str, ArrayLike], names: Sequence[str]) -> Figure:
    """Matrices of convolutions, one above the other; an entry is the kernel weight's index, or -1 for a fixed 0."""
    tables = {title: np.asarray(matrix) for title, matrix in matrices.items()}
    heights = [len(table) for table in tables.values()]
    figure, panels = plt.subplots(len(tables), 1, figsize=(7.2, 0.27 * sum(heights) + 0.9), height_ratios=heights)
    for axes, (title, table) in zip(np.atleast_1d(panels), tables.items(), strict=True):
        rows, columns = table.shape
        for (i, j), index in np.ndenumerate(table):
            fill = "none" if index < 0 else to_rgba(TINTS[index], 0.45)
            axes.add_patch(Rectangle((j, i), 1, 1, facecolor=fill, edgecolor="#999999", linewidth=0.5))
            text = "0" if index < 0 else names[index]
            axes.text(
                j + 0.5, i + 0.5, text, ha="center", va="center", fontsize=9, color="#777777" if index < 0 else BLACK
            )
        axes.set(xlim=(-0.1, columns + 0.1), ylim=(rows + 0.1, -0.1), aspect="equal")
        axes.set_title(title, loc="left")
        axes.axis("off")
    return figure


def overlaps(columns: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> Figure:
    """Per column: above, from how many inputs each pixel hears; below, the answer to a constant input."""
    figure, grid = plt.subplots(2, len(columns), figsize=(7.2, 5.0), squeeze=False)
    limit = max(np.abs(np.asarray(answer)).max() for _, answer in columns.values())
    for (above, below), (title, (counts, answer)) in zip(grid.T, columns.items(), strict=True):
        counts, answer = np.asarray(counts), np.asarray(answer)
        above.imshow(counts, cmap="Blues", vmin=0, vmax=2 * counts.max())
        for (i, j), count in np.ndenumerate(counts):
            above.text(j, i, f"{count:.0f}", ha="center", va="center", fontsize=9)
        below.imshow(answer, cmap="gray", vmin=-limit, vmax=limit)
        above.set_title(title, fontsize=10)
        for axes in (above, below):
            axes.set(xticks=[], yticks=[])
    grid[0, 0].set_ylabel("terms per pixel")
    grid[1, 0].set_ylabel("answer to a constant")
    return figure


def filters_and_maps(
    picture: ArrayLike, filters: ArrayLike, first: ArrayLike, second: ArrayLike, columns: int = 8
) -> Figure:
    """A picture; under it rows of kernels, of what they make of it, and of the second layer's pooled maps."""
    filters, first, second = (np.asarray(part)[:columns] for part in (filters, first, second))
    figure, grid = plt.subplots(
        3,
        columns + 1,
        figsize=(7.4, 2.9),
        layout=ConstrainedLayoutEngine(w_pad=0, h_pad=0.02, wspace=0.06, hspace=0.06),
    )
    limit = np.abs(filters).max()
    for axes, kernel in zip(grid[0, 1:], filters, strict=True):
        axes.imshow(kernel, cmap="RdBu_r", vmin=-limit, vmax=limit)
    for line, maps in ((grid[1], first), (grid[2], second)):
        for axes, values in zip(line[1:], maps, strict=True):
            axes.imshow(values, cmap="gray", vmin=0)
    for axes in grid.flat:
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
    grid[1, 0].imshow(np.asarray(picture), cmap="gray", vmin=0, vmax=1)
    for axes, name in zip(grid[:, 1], ("kernels", "layer 1", "pooled"), strict=True):
        axes.set_ylabel(name)
    return figure


def shifts(pixels: Sequence[int], bound: Mapping[str, ArrayLike], moved: Mapping[str, ArrayLike]) -> Figure:
    """What a shifted input does: left, to the bound; right, to the encoder's mean, between two pictures = 1."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.1))
    for axes, lines in ((left, bound), (right, moved)):
        _lines(axes, {name: [(pixels, values)] for name, values in lines.items()})
        axes.set(xlabel="shift (pixels)", xticks=list(pixels))
    left.set(ylabel="bound (nats per image)")
    right.set(ylabel="distance moved by $\\mu$", ylim=(0, 1.15))
    right.axhline(1, color=BLACK, linewidth=0.8, linestyle=":")
    right.text(pixels[0], 1.02, "two different pictures", fontsize=9)
    left.legend(loc="lower left")
    return figure


def two_clocks(by_epoch: Curves, by_seconds: Curves) -> Figure:
    """The same losses against passes over the data and against time on one machine."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.2, 3.2), sharey=True)
    _lines(left, by_epoch)
    _lines(right, by_seconds)
    left.set(xlabel="epochs", ylabel="test loss (nats per image)", xticks=range(1, 6))
    right.set(xlabel="seconds of training", xlim=(0, None))
    left.legend()
    return figure


def order_matters(panels: Mapping[str, Curves]) -> Figure:
    """Held-out bounds epoch by epoch, one panel per network, one curve per training."""
    figure, grid = plt.subplots(1, len(panels), figsize=(7.2, 3.3), sharey=True)
    for axes, (title, lines) in zip(grid, panels.items(), strict=True):
        _lines(axes, lines)
        axes.set_title(title)
        axes.set(xlabel="epoch")
    grid[0].set(ylabel="held-out bound (nats)", ylim=(-28, None))
    grid[0].legend(loc="lower right")
    return figure


def _lines(axes: Axes, lines: Curves) -> None:
    looks = ((BLUE, "-", "o"), (VERMILION, "--", "s"), (GREEN, "-.", "^"))
    for (name, runs), (color, style, mark) in zip(lines.items(), looks, strict=False):
        for number, (x, y) in enumerate(runs):
            axes.plot(x, y, color=color, ls=style, marker=mark, ms=4, lw=1.5, label=name if number == 0 else None)


def _chain(axes: Axes, title: str, blocks: Sequence[tuple[str, float]], layers: Sequence[str]) -> None:
    """Blocks from left to right, as tall as their pictures, and between them arrows with the layers' names."""
    axes.set_title(title, loc="left")
    for place, (name, height) in enumerate(blocks):
        x = 1.5 * place
        axes.add_patch(
            Rectangle((x - 0.17, -height / 2), 0.34, height, facecolor=to_rgba(SKY, 0.35), edgecolor=BLACK, lw=1.2)
        )
        axes.text(x, -0.62, name, ha="center", va="top", fontsize=9)
    for place, name in enumerate(layers):
        x = 1.5 * place
        axes.add_patch(
            FancyArrowPatch(
                (x + 0.25, 0), (x + 1.25, 0), arrowstyle="-|>", mutation_scale=11, lw=1.3, shrinkA=0, shrinkB=0
            )
        )
        axes.text(x + 0.75, 0.08, name, ha="center", va="bottom", fontsize=8.5, linespacing=1.15)
    axes.set(xlim=(-0.6, 1.5 * (len(blocks) - 1) + 0.6), ylim=(-0.85, 0.85))
    axes.axis("off")
