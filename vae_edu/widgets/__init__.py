"""Figures that move: live in Jupyter with Python behind them, and in the book's pages without."""

from vae_edu.widgets.faces import (
    Gap,
    ImportanceWeights,
    LatentPlane,
    PriorSampling,
    Ring,
    TwentySliders,
    TwoGaussians,
    TwoGradients,
    gap,
    importance_weights,
    latent_plane,
    prior_sampling,
    ring,
    twenty_sliders,
    two_gaussians,
    two_gradients,
)

__all__ = [
    "Gap",
    "ImportanceWeights",
    "LatentPlane",
    "PriorSampling",
    "Ring",
    "TwentySliders",
    "TwoGaussians",
    "TwoGradients",
    "gap",
    "importance_weights",
    "latent_plane",
    "prior_sampling",
    "ring",
    "twenty_sliders",
    "two_gaussians",
    "two_gradients",
]
