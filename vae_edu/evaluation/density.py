"""Densities fitted to draws: a Gaussian, and a kernel density that makes no such assumption.

Both take the draws of many data points at once and fit one density to each. Where the draws do not span the space,
as those of a chain that never moved, there is no density, and its logarithm is not a number.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

from vae_edu.gaussians import LOG_2PI

FitDensity = Callable[[Tensor, Tensor], Tensor]  # (draws batch latent), (points batch latent) to (points batch)


def gaussian_log_density(
    draws: Float[Tensor, "draws batch latent"], points: Float[Tensor, "points batch latent"]
) -> Float[Tensor, "points batch"]:
    """log N(points; mean and full covariance of the draws), in nats, a Gaussian for each data point.

    Source: K13 App. D, one choice for the density to fit.
    """
    chol, log_det = _cholesky_of_covariance(draws)
    return _log_standard_normal(_solve(chol, points - draws.mean(0))) - log_det


def kernel_log_density(
    draws: Float[Tensor, "draws batch latent"], points: Float[Tensor, "points batch latent"]
) -> Float[Tensor, "points batch"]:
    """Log of the mean of Gaussians centered at the draws, in nats.

    A mixture for each data point. Scott's rule: the kernels' covariance is
    the draws' own, times draws^(−2/(latent + 4)).

    Source: K13 App. D, the choice of the author's code.
    """
    n, _, latent = draws.shape
    chol, log_det = _cholesky_of_covariance(draws)
    bandwidth = n ** (-1 / (latent + 4))
    centers, points = (_solve(chol, z - draws.mean(0)) / bandwidth for z in (draws, points))
    kernels = _log_standard_normal(points.unsqueeze(1) - centers)
    return torch.logsumexp(kernels, dim=1) - math.log(n) - latent * math.log(bandwidth) - log_det


def _cholesky_of_covariance(
    draws: Float[Tensor, "draws batch latent"],
) -> tuple[Float[Tensor, "batch latent latent"], Float[Tensor, "batch"]]:
    """L with L·Lᵀ the draws' covariance, and log det L; not a number where the draws do not span the space."""
    moved = draws - draws[:1]  # exactly 0 where a chain stands still; a mean of equal numbers may differ from them
    centered = (moved - moved.mean(0)).transpose(0, 1)
    covariance = centered.mT @ centered / (len(draws) - 1)
    chol, failed = torch.linalg.cholesky_ex(covariance)
    pivots, variances = (matrix.diagonal(dim1=-2, dim2=-1) for matrix in (chol, covariance))
    # Where a latent is a linear function of those before it, rounding alone decides whether the factorization fails.
    rounding = len(draws) * torch.finfo(draws.dtype).eps * variances
    spans = (failed == 0) & (pivots**2 > rounding).all(-1)
    return chol, torch.where(spans, pivots.log().sum(-1), math.nan)


def _solve(
    chol: Float[Tensor, "batch latent latent"], z: Float[Tensor, "points batch latent"]
) -> Float[Tensor, "points batch latent"]:
    return torch.linalg.solve_triangular(chol, z.permute(1, 2, 0), upper=False).permute(2, 0, 1)


def _log_standard_normal(z: Float[Tensor, "*points latent"]) -> Float[Tensor, "*points"]:
    return -0.5 * (LOG_2PI + z**2).sum(-1)
