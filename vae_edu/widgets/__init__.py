"""Figures that move: live in Jupyter with Python behind them, and in the book's pages without."""

from vae_edu.widgets.faces import Gap, LatentPlane, gap, latent_plane

__all__ = ["Gap", "LatentPlane", "gap", "latent_plane"]
