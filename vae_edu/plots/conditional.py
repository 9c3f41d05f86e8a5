"""Pictures of chapter 14: what is given of a digit, and what a model makes of the rest."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from jaxtyping import Float
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from torch import Tensor

from vae_edu.plots.style import ORANGE

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


def _marked(
    images: Float[Tensor, "rows columns pixels"], given: Sequence[int]
) -> Float[Tensor, "rows columns pixels 3"]:
    colored = images.unsqueeze(-1).repeat(1, 1, 1, 3)
    off, on = (torch.tensor(to_rgb(color), dtype=images.dtype) for color in (DARK, ORANGE))
    colored[..., given, :] = off + (on - off) * colored[..., given, :]
    return colored


def _side_by_side(images: Float[Tensor, "rows columns pixels 3"], image_shape: tuple[int, int]) -> np.ndarray:
    return images.unflatten(2, image_shape).permute(0, 2, 1, 3, 4).flatten(2, 3).flatten(0, 1).numpy()
