"""Losses of VAEs as they are found in the wild, and what each of them weighs: no two are the same bound.

A loss gets the decoder's picture x_hat, values in (0, 1), the images x and the encoder's heads.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from vae_edu.bounds import Objective, Terms
from vae_edu.evaluation.effective_beta import Error, Loss
from vae_edu.gaussians import reparameterize


def all_summed(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """Everything summed: the bound."""
    error = F.binary_cross_entropy(x_hat, x, reduction="sum")
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return error + kl


def both_over_pixels(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """Both terms divided by the number of pixels in the batch: it looks wrong, and is the bound, scaled."""
    error = F.binary_cross_entropy(x_hat, x)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return error + kl / x.numel()


def mean_error_summed_kl(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """The library's default reduction for one term, the formula's sum for the other."""
    error = F.binary_cross_entropy(x_hat, x)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)
    return error + kl.mean()


def mean_error_mean_kl(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """Means over everything: each term is divided by a number of its own."""
    error = F.binary_cross_entropy(x_hat, x)
    kl = -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp())
    return error + kl


def summed_error_mean_kl(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """The error right, the divergence averaged over latents."""
    error = F.binary_cross_entropy(x_hat, x, reduction="none").sum(dim=1).mean()
    kl = -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp())
    return error + kl


def squares_summed(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """A sum of squares without its ½."""
    error = F.mse_loss(x_hat, x, reduction="sum")
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
    return error + kl


def mean_square_summed_kl(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """The mean of squares, and the sum over latents."""
    error = F.mse_loss(x_hat, x)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)
    return error + kl.mean()


def mean_square_tenth_of_mean_kl(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """Said to be "β = 0.1"."""
    error = F.mse_loss(x_hat, x)
    kl = -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp())
    return error + 0.1 * kl


def mean_square_small_kl(x_hat: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
    """The divergence weighted by a small number found by trying."""
    error = F.mse_loss(x_hat, x)
    kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp(), dim=1)
    return error + 0.00025 * kl.mean()


WILD: dict[str, tuple[Loss, Error]] = {
    "cross-entropy and KL summed": (all_summed, "cross-entropy"),
    "both over the pixels": (both_over_pixels, "cross-entropy"),
    "mean cross-entropy, summed KL": (mean_error_summed_kl, "cross-entropy"),
    "mean cross-entropy, mean KL": (mean_error_mean_kl, "cross-entropy"),
    "summed cross-entropy, mean KL": (summed_error_mean_kl, "cross-entropy"),
    "squares and KL summed": (squares_summed, "squared error"),
    "mean square, summed KL": (mean_square_summed_kl, "squared error"),
    "mean square, 0.1 mean KL": (mean_square_tenth_of_mean_kl, "squared error"),
    "mean square, 0.00025 KL": (mean_square_small_kl, "squared error"),
}


def as_objective(loss: Loss) -> Objective:
    """What `fit` maximizes to descend on the loss: minus the loss of the minibatch, the same for each of its images."""

    def objective(model: Any, x: Tensor, *, generator: Generator | None = None) -> Terms:
        mean, log_var = model.encode(x)
        z = reparameterize(mean, log_var, generator=generator)
        return {"-loss": -loss(model.images(z), x, mean, log_var).expand(len(x))}

    return objective
