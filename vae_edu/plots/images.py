"""Pictures of data and of what a model makes of them. Draw these as PNG: see `vae_edu.plots.raster`."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import ArrayLike

CELL = 0.62  # inches from one picture to the next


def image_grid(images: ArrayLike, columns: int) -> Figure:
    """Pictures of shape (n, height, width), values in [0, 1], row by row in a grid of so many columns."""
    images = np.asarray(images)
    rows = -(-len(images) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(CELL * columns, CELL * rows), squeeze=False, layout=_close())
    for axes in grid.flat:
        axes.axis("off")
    for axes, image in zip(grid.flat, images, strict=False):
        _picture(axes, image)
    return figure


def image_rows(rows: Mapping[str, ArrayLike]) -> Figure:
    """One named row per entry, each of shape (n, height, width): inputs above their reconstructions, say."""
    pictures = {name: np.asarray(images) for name, images in rows.items()}
    columns = max(map(len, pictures.values()))
    size = (CELL * columns + 1.6, CELL * len(rows))
    figure, grid = plt.subplots(len(rows), columns, figsize=size, squeeze=False, layout=_close())
    for line, (name, images) in zip(grid, pictures.items(), strict=True):
        for axes, image in zip(line, images, strict=True):
            _picture(axes, image)
        line[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return figure


def _picture(axes: Axes, image: np.ndarray) -> None:
    axes.imshow(image, cmap="gray", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def _close() -> ConstrainedLayoutEngine:
    return ConstrainedLayoutEngine(w_pad=0, h_pad=0, wspace=0.08, hspace=0.08)
