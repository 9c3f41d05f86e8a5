"""Every picture of the book. A plot function takes numbers and returns a Figure; it computes nothing itself."""

from vae_edu.plots.style import raster, use_book_style

__all__ = ["raster", "use_book_style"]
