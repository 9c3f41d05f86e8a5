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
    width: float = 5.0,
) -> Figure:
    """Named grids of pictures, one above the other; the `given` pixels of each in color. Draw as PNG."""
    wholes = {name: _side_by_side(_marked(images, given), image_shape) for name, images in panels.items()}
    rows, columns, _ = next(iter(wholes.values())).shape
    height = len(panels) * (width * rows / columns + 0.3)
    figure, grid = plt.subplots(len(panels), figsize=(width, height), squeeze=False)
    for axes, (name, whole) in zip(grid.flat, wholes.items(), strict=True):
        axes.imshow(whole, interpolation="nearest")
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
