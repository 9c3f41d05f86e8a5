"""Figures that move: live in Jupyter with Python behind them, and in the book's pages without."""

from vae_edu.widgets.faces import (
    DrawDigit,
    Gap,
    LatentPlane,
    TwentySliders,
    TwoGaussians,
    draw_digit,
    gap,
    latent_plane,
    twenty_sliders,
    two_gaussians,
)

__all__ = [
    "DrawDigit",
    "Gap",
    "LatentPlane",
    "TwentySliders",
    "TwoGaussians",
    "draw_digit",
    "gap",
    "latent_plane",
    "twenty_sliders",
    "two_gaussians",
]
