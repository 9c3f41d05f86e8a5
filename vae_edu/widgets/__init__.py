"""Figures that move: live in Jupyter with Python behind them, and in the book's pages without."""

from vae_edu.widgets.faces import (
    Gap,
    LatentPlane,
    LiveBeta,
    TwoGaussians,
    gap,
    latent_plane,
    live_beta,
    live_dashboard,
    two_gaussians,
)

__all__ = [
    "Gap",
    "LatentPlane",
    "LiveBeta",
    "TwoGaussians",
    "gap",
    "latent_plane",
    "live_beta",
    "live_dashboard",
    "two_gaussians",
]
