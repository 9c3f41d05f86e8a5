"""Probabilistic PCA: the best a linear VAE can do, read off the eigenvalues of the data's covariance.

The decoder's columns lie along the first eigenvectors, so WᵀW is diagonal, the posterior factorizes, and a diagonal
encoder loses nothing: the evidence below is the bound that training can reach, and no more.
"""

import torch
from jaxtyping import Float
from torch import Tensor

from vae_edu.errors import UserError
from vae_edu.gaussians import LOG_2PI
from vae_edu.models.linear import LinearGaussian


def principal_axes(
    x: Float[Tensor, "n pixels"],
) -> tuple[Float[Tensor, "pixels"], Float[Tensor, "pixels pixels"]]:
    """Eigenvalues of the covariance of x, largest first, and its unit eigenvectors as columns.

    The covariance is the maximum-likelihood one: divided by n, not by n − 1.
    """
    centered = x - x.mean(0)
    eigenvalues, axes = torch.linalg.eigh(centered.mT @ centered / len(x))
    return eigenvalues.flip(0).clamp(min=0), axes.flip(1)


def probabilistic_pca(x: Float[Tensor, "n pixels"], latent: int) -> LinearGaussian:
    """The linear-Gaussian model of the largest likelihood: noise_var is the mean of the eigenvalues left out.

    Its encoder is the exact posterior. Raises UserError unless some variance is left for the noise.

    Source: Tipping & Bishop 1999; Lucas et al. 2019.
    """
    eigenvalues, axes = principal_axes(x)
    noise_var = discarded_variance(eigenvalues, latent)
    rounding = len(eigenvalues) * torch.finfo(x.dtype).eps * eigenvalues[0]  # as in torch.linalg.matrix_rank
    if noise_var <= rounding:
        raise UserError(f"the first {latent} axes hold all the variance of these data; choose fewer than {latent}.")
    return _along_axes(x, eigenvalues[:latent], axes[:, :latent], noise_var)


def fixed_noise_ppca(x: Float[Tensor, "n pixels"], latent: int, noise_var: float) -> LinearGaussian:
    """The linear-Gaussian model of the largest likelihood among those with
    this noise_var.

    Column j has squared length λ_j − noise_var. Where that is negative the
    column is zero and the dimension has collapsed: its posterior is the
    prior, whatever the data point.

    Source: Lucas et al. 2019; D16 §2.4.3 for the role of the variance.
    """
    eigenvalues, axes = principal_axes(x)
    return _along_axes(x, eigenvalues[:latent], axes[:, :latent], noise_var)


def ppca_log_evidence(
    eigenvalues: Float[Tensor, "pixels"], latent: int, noise_var: float | None = None
) -> Float[Tensor, ""]:
    """Mean over the data of log p(x) under the two models above, in nats,
    from the eigenvalues alone.

    `noise_var` is the best one unless given: the mean of the eigenvalues
    left out.

    Source: Tipping & Bishop 1999.
    """
    noise_var = discarded_variance(eigenvalues, latent) if noise_var is None else noise_var
    variances = torch.full_like(eigenvalues, noise_var)  # the model's, along the same axes
    variances[:latent] = eigenvalues[:latent].clamp(min=noise_var)
    return -0.5 * (LOG_2PI + variances.log() + eigenvalues / variances).sum()


def discarded_variance(eigenvalues: Float[Tensor, "pixels"], latent: int) -> float:
    """Mean of the eigenvalues after the first `latent`. Raises UserError when none are left."""
    if not 0 < latent < len(eigenvalues):
        raise UserError(f"latent must be from 1 to {len(eigenvalues) - 1}, fewer than there are pixels; got {latent}.")
    return float(eigenvalues[latent:].mean())


def _along_axes(x: Tensor, eigenvalues: Tensor, axes: Tensor, noise_var: float) -> LinearGaussian:
    lengths = (eigenvalues - noise_var).clamp(min=0).sqrt()
    return LinearGaussian(axes * lengths, x.mean(0), noise_var)
