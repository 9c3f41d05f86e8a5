"""The β you are really using: what a loss, as it is written, weighs the KL term with.

A loss r·error + k·KL, error and KL summed over dimensions and averaged over the batch, has the gradient of
a multiple of −(E_q[log p(x|z)] − β·KL). These few lines find r, k and β.
"""

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

Reduction = Literal["sum", "mean"]
Error = Literal["squared error", "cross-entropy"]
Loss = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]  # of the decoder's picture, x, mean and log_var


def reduction_factor(
    dimensions: int, batch: int = 1, over_dimensions: Reduction = "sum", over_batch: Reduction = "mean"
) -> float:
    """What multiplies a term (summed over dimensions, averaged over the
    batch) when it is reduced as said.

    `dimensions` counts pixels for a reconstruction error, latents for a KL
    divergence; `batch` matters only where the batch is summed over.
    """
    factor = 1.0 if over_dimensions == "sum" else 1 / dimensions
    return factor * (batch if over_batch == "sum" else 1)


def factors_of(loss: Loss, error: Error, pixels: int, latent: int, batch: int) -> tuple[float, float]:
    """r and k of a loss r·error + k·KL, by calling it twice: where the KL is 0 the loss is r·error.

    The picture is grey and the images black: each pixel's error is ¼ or log 2. A mean of 1 in each latent makes
    the KL ½ per latent.
    """
    grey, black = (torch.full((batch, pixels), value, dtype=torch.float64) for value in (0.5, 0.0))
    zero, one = (torch.full((batch, latent), value, dtype=torch.float64) for value in (0.0, 1.0))
    at_prior, elsewhere = (float(loss(grey, black, mean, zero)) for mean in (zero, one))
    error_of_a_pixel = 0.25 if error == "squared error" else math.log(2)
    return at_prior / (pixels * error_of_a_pixel), (elsewhere - at_prior) / (0.5 * latent)


def effective_beta(
    reconstruction_factor: float,
    kl_factor: float,
    error: Error = "squared error",
    variance: float = 1.0,
) -> float:
    """The β of the β-weighted bound whose negative, scaled, is the loss
    reconstruction_factor·error + kl_factor·KL.

    A squared error belongs to a Gaussian decoder, and β depends on the
    `variance` it is said to have. A cross-entropy is a Bernoulli decoder's
    negative log-likelihood already, and `variance` plays no part.

    Raises ValueError when a factor or the variance is out of range.
    """
    if not (reconstruction_factor > 0 and kl_factor >= 0 and variance > 0):
        raise ValueError(
            "expected reconstruction_factor > 0, kl_factor >= 0 and variance > 0, "
            f"got {reconstruction_factor}, {kl_factor} and {variance}"
        )
    errors_per_nat = 2 * variance if error == "squared error" else 1.0
    return kl_factor / (errors_per_nat * reconstruction_factor)


def honest_variance(reconstruction_factor: float, kl_factor: float) -> float:
    """The Gaussian decoder's variance at which the weighted squared error plus KL has β = 1."""
    # β is inversely proportional to the variance, so β at variance 1 is the variance at which β = 1.
    return effective_beta(reconstruction_factor, kl_factor, "squared error", variance=1.0)
