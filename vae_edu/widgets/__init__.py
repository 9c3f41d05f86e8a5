"""Figures that move: live in Jupyter with Python behind them, and in the book's pages without."""

from vae_edu.widgets.faces import (
    Gap,
    LatentPlane,
    TwentySliders,
    TwoGaussians,
    gap,
    latent_plane,
    twenty_sliders,
    two_gaussians,
)

__all__ = [
    "Gap",
    "LatentPlane",
    "TwentySliders",
    "TwoGaussians",
    "gap",
    "latent_plane",
    "twenty_sliders",
    "two_gaussians",
]
