"""Figures that move: live in Jupyter with Python behind them, and in the book's pages without."""

from vae_edu.widgets.faces import (
    DrawDigit,
    Gap,
    ImportanceWeights,
    LatentPlane,
    LiveBeta,
    PriorSampling,
    Ring,
    TwentySliders,
    TwoGaussians,
<<<<<<< HEAD
    TwoGradients,
=======
    draw_digit,
>>>>>>> widB
    gap,
    importance_weights,
    latent_plane,
    live_beta,
    live_dashboard,
    prior_sampling,
    ring,
    twenty_sliders,
    two_gaussians,
    two_gradients,
)

__all__ = [
    "DrawDigit",
    "Gap",
    "ImportanceWeights",
    "LatentPlane",
    "LiveBeta",
    "PriorSampling",
    "Ring",
    "TwentySliders",
    "TwoGaussians",
<<<<<<< HEAD
    "TwoGradients",
=======
    "draw_digit",
>>>>>>> widB
    "gap",
    "importance_weights",
    "latent_plane",
    "live_beta",
    "live_dashboard",
    "prior_sampling",
    "ring",
    "twenty_sliders",
    "two_gaussians",
    "two_gradients",
]
