"""Figures that move: live in Jupyter with Python behind them, and in the book's pages without."""

from vae_edu.widgets.faces import Gap, LatentPlane, TwoGaussians, gap, latent_plane, two_gaussians

__all__ = ["Gap", "LatentPlane", "TwoGaussians", "gap", "latent_plane", "two_gaussians"]
