"""Pictures of chapter 14: what is given of a digit, and what a model makes of the rest."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from torch import Tensor

from vae_edu.plots.diagrams import arrow, blank, box, circle, gradient, legend
from vae_edu.plots.images import image_rows
from vae_edu.plots.style import BLACK, BLUE, GREEN, ORANGE, PALETTE, VERMILION
from vae_edu.plots.training import LINE_STYLES

DARK = "#1b2a4a"  # a given pixel that is 0: a black one would not show that it was given


def completions(
    panels: Mapping[str, Float[Tensor, "rows columns pixels"]],
    given: Sequence[int],
    image_shape: tuple[int, int],
    pixel: float = 2 / 120,
) -> Figure:
    """Named grids of pictures, one above the other; the `given` pixels of each in color. Draw as PNG.

    A `pixel` is so many inches wide: two dots of a picture saved at 120 dpi, so that every one is as wide as the next.
    """
    wholes = {name: _side_by_side(_marked(images, given), image_shape) for name, images in panels.items()}
    rows, columns, _ = next(iter(wholes.values())).shape
    title = 0.3  # inches
    height = len(panels) * (rows * pixel + title)
    figure = plt.figure(figsize=(columns * pixel, height), layout="none")
    for number, (name, whole) in enumerate(wholes.items(), start=1):
        bottom = 1 - number * (rows * pixel + title) / height
        axes = figure.add_axes((0, bottom, 1, rows * pixel / height))
        axes.imshow(whole, interpolation="nearest", aspect="auto")
        axes.set_title(name, fontsize="medium")
        axes.axis("off")
    return figure


def completion_rows(
    rows: Mapping[str, Float[Tensor, "columns pixels"]], given: Sequence[int], image_shape: tuple[int, int]
) -> Figure:
    """One named row of pictures per entry; the `given` pixels of each in color. Draw as PNG."""
    return image_rows({name: _marked(images, given).unflatten(1, image_shape) for name, images in rows.items()})


def style_grid(pictures: Float[Tensor, "styles labels height width"]) -> Figure:
    """One row per style z, one column per label, the labels on top. Draw as PNG."""
    figure = image_rows({f"$z$ no. {number}": row for number, row in enumerate(pictures.numpy(), start=1)})
    for label, axes in enumerate(figure.axes[: pictures.shape[1]]):
        axes.set_title(str(label))
    return figure


def conditional_networks() -> Figure:
    """The CVAE in training (above) and once trained (below): who is given the condition, and who the target."""
    figure, (training, testing) = plt.subplots(2, 1, figsize=(6.2, 5.0), height_ratios=(4.6, 3.0))
    for axes, bottom, top in ((training, -2.75, 1.85), (testing, -1.95, 1.05)):
        blank(axes, (0, 10.4), (bottom, top))
        axes.text(0.45, -1.5, "$c$", ha="center", va="center", fontsize=13)
        box(axes, 7.6, 0, 1.5, "decoder")
        arrow(axes, (0.75, -1.5), (7.6, -1.5), arrowstyle="-")
        arrow(axes, (7.6, -1.52), (7.6, -0.45))
    training.set_title("in training: encoder and decoder both see the condition", loc="left")
    training.text(0.45, 0, "$y$", ha="center", va="center", fontsize=13)
    box(training, 1.95, 0, 1.6, "encoder")
    box(training, 4.15, 0, 1.2, "$\\mu,$\n$\\log\\sigma^2$")
    box(training, 4.15, 1.3, 1.2, "$-$KL")
    box(training, 5.75, 0, 1.0, "$z = \\mu$\n$+\\,\\sigma\\odot\\epsilon$")
    box(training, 9.55, 0, 1.6, "$\\log p(y|z,c)$")
    circle(training, 5.75, -2.25, 0.42, "$\\epsilon$")
    training.text(6.3, -2.25, "drawn from $\\mathcal{N}(0, I)$", va="center")
    arrow(training, (5.75, -1.83), (5.75, -0.45))
    arrow(training, (1.95, -1.52), (1.95, -0.45))
    training.plot(1.95, -1.5, marker="o", color=BLACK, markersize=6)  # a branch, where the other lines only cross
    for start, end in ((0.7, 1.15), (2.75, 3.55), (4.75, 5.25), (6.25, 6.85), (8.35, 8.75)):
        arrow(training, (start, 0.17), (end, 0.17))
    for start, end in ((8.75, 8.35), (6.85, 6.25), (5.25, 4.75), (3.55, 2.75)):
        gradient(training, (start, -0.17), (end, -0.17))
    arrow(training, (3.98, 0.45), (3.98, 0.85))
    gradient(training, (4.32, 0.85), (4.32, 0.45))
    testing.set_title("at test time: no target, no encoder", loc="left")
    circle(testing, 4.15, 0, 0.45, "$z$")
    testing.text(3.55, 0, "drawn from $\\mathcal{N}(0, I)$", ha="right", va="center")
    arrow(testing, (4.6, 0), (6.85, 0))
    box(testing, 9.55, 0, 1.6, "$\\mathrm{E}[y|z,c]$")
    arrow(testing, (8.35, 0), (8.75, 0))
    legend(figure)
    return figure


def fork(
    data: ArrayLike,
    regressor: tuple[ArrayLike, ArrayLike, ArrayLike],
    samples: tuple[ArrayLike, ArrayLike, ArrayLike],
    curves: tuple[ArrayLike, Mapping[str, ArrayLike]],
) -> Figure:
    """Answers that split in two: a regressor's mean ± σ over c; a CVAE's draws (c, y, z), its mean over z by c."""
    figure, panels = plt.subplot_mosaic([["left", "middle"], ["below", "below"]], figsize=(6.2, 5.6))
    left, middle, below = (panels[name] for name in ("left", "middle", "below"))
    middle.sharey(left)
    c, mean, std = (np.asarray(part) for part in regressor)
    points = np.asarray(data)
    left.scatter(points[:, 0], points[:, 1], s=5, color=BLACK, alpha=0.35, linewidths=0, label="data")
    left.plot(c, mean, color=VERMILION, label="regressor's mean")
    for sign in (-1, 1):
        left.plot(c, mean + sign * std, color=VERMILION, linestyle="--", linewidth=1, label="± σ" if sign > 0 else None)
    left.set(title="data and regressor", xlabel="condition $c$", ylabel="target $y$")
    left.legend(loc="upper left", fontsize="small", handlelength=1.4, borderaxespad=0)
    c, y, z = (np.asarray(part) for part in samples)
    for chosen, color, marker, name in ((z < 0, BLUE, "o", "$z < 0$"), (z >= 0, ORANGE, "^", "$z > 0$")):
        middle.scatter(c[chosen], y[chosen], s=8, color=color, marker=marker, linewidths=0, label=name)
    middle.set(title="draws of the CVAE", xlabel="condition $c$")
    middle.legend(loc="upper left", fontsize="small", handletextpad=0.2, borderaxespad=0)
    axis, named = curves
    for (name, values), color, style in zip(named.items(), PALETTE, LINE_STYLES, strict=False):
        below.plot(axis, values, color=color, linestyle=style, label=name)
    below.set(title="its decoder's mean $f(z, c)$", xlabel="latent $z$", ylabel="target $y$")
    below.legend(fontsize="small", handlelength=1.8, borderaxespad=0)
    return figure


def blind_encoder(strength: ArrayLike, formula: ArrayLike, computed: tuple[ArrayLike, ArrayLike]) -> Figure:
    """The gap of the best encoder that is not told the condition, over how much the condition moves the target."""
    figure, axes = plt.subplots(figsize=(6.0, 3.0))
    axes.plot(strength, formula, color=VERMILION, label="encoder not told $c$")
    axes.plot(*computed, linestyle="", marker="o", color=BLACK, markersize=5, label="the same by cubature")
    axes.axhline(0, color=BLUE, linestyle="--", label="encoder told $c$")
    axes.set(xlabel="strength $\\beta$ of the condition", ylabel="mean gap (nats)")
    axes.legend()
    return figure


def best_of(best: Mapping[int, float], levels: Mapping[str, float]) -> Figure:
    """Squared error of the best of so many completions; named levels beside it."""
    figure, axes = plt.subplots(figsize=(6.0, 3.2))
    axes.plot(list(best), list(best.values()), marker="o", color=BLUE, label="CVAE: best of so many")
    for (name, level), color, style in zip(levels.items(), (VERMILION, GREEN), ("--", "-."), strict=False):
        axes.axhline(level, color=color, linestyle=style, label=name)
    axes.set(xscale="log", xlabel="completions drawn", ylabel="squared error", ylim=(0, None))
    axes.set_xticks(list(best), [str(count) for count in best])
    axes.minorticks_off()
    axes.legend()
    return figure


def train_and_test(panels: Mapping[str, Mapping[str, Mapping[str, Sequence[float]]]]) -> Figure:
    """A panel per condition: each model's curves over epochs, on images learned from and on others."""
    figure, grid = plt.subplots(1, len(panels), figsize=(6.4, 3.3), squeeze=False)
    for axes, (title, models) in zip(grid[0], panels.items(), strict=True):
        for (name, curves), color in zip(models.items(), (VERMILION, BLUE), strict=False):
            _train_and_test(axes, name, curves, color)
        axes.set(title=title, xlabel="epoch")
    grid[0, 0].set_ylabel("nats per image")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def _train_and_test(axes: Axes, name: str, curves: Mapping[str, Sequence[float]], color: str) -> None:
    for split, style in (("train", "--"), ("test", "-")):
        axes.plot(range(1, len(curves[split]) + 1), curves[split], style, color=color, label=f"{name}, {split}")


def _marked(images: Float[Tensor, "*grid pixels"], given: Sequence[int]) -> Float[Tensor, "*grid pixels 3"]:
    colored = images.unsqueeze(-1).repeat_interleave(3, -1)
    off, on = (torch.tensor(to_rgb(color), dtype=images.dtype) for color in (DARK, ORANGE))
    colored[..., given, :] = off + (on - off) * colored[..., given, :]
    return colored


def _side_by_side(images: Float[Tensor, "rows columns pixels 3"], image_shape: tuple[int, int]) -> np.ndarray:
    return images.unflatten(2, image_shape).permute(0, 2, 1, 3, 4).flatten(2, 3).flatten(0, 1).numpy()
