"""The usual slips of chapter 3's exercises."""

import math
from typing import Any

from vae_edu.course.slips import sums_gone_wrong

LOG_2PI = math.log(2 * math.pi)


def log_normal(x: Any, mean: Any, log_var: Any) -> dict[str, Any]:
    """What the usual slips return in place of a diagonal Gaussian's log-density."""
    squared = (x - mean) ** 2

    def terms(log_var: Any, scale: Any) -> Any:
        return -0.5 * (LOG_2PI + log_var + squared / scale)

    right = terms(log_var, log_var.exp())
    return sums_gone_wrong(right) | {
        "the sign is turned round": -right.sum(-1),
        "log 2π is missing": (right + 0.5 * LOG_2PI).sum(-1),
        "log 2π was counted once, not once per dimension": (right + 0.5 * LOG_2PI).sum(-1) - 0.5 * LOG_2PI,
        "the factor 1/2 is missing": 2 * right.sum(-1),
        "the factor 1/2 of the squared distance is missing": (right - 0.5 * squared / log_var.exp()).sum(-1),
        "the factor 1/2 of log_var is missing": (right - 0.5 * log_var).sum(-1),
        "log_var was used as log σ; it is log σ²": terms(2 * log_var, (2 * log_var).exp()).sum(-1),
        "the squared distance was divided by σ; divide by σ²": terms(log_var, (0.5 * log_var).exp()).sum(-1),
        "the squared distance was divided by σ⁴; divide by σ²": terms(log_var, (2 * log_var).exp()).sum(-1),
        "log_var was used where its exponential, the variance, belongs": terms(log_var, log_var).sum(-1),
        "the distance was not squared": (-0.5 * (LOG_2PI + log_var + (x - mean) / log_var.exp())).sum(-1),
        "the density was returned, not its logarithm": right.sum(-1).exp(),
    }


def kl_standard_normal(mean: Any, log_var: Any) -> dict[str, Any]:
    """What the usual slips return in place of the divergence from the standard normal."""

    def terms(log_var: Any, var: Any, squared_mean: Any = mean**2) -> Any:
        return 0.5 * (squared_mean + var - 1 - log_var)

    var = log_var.exp()
    right = terms(log_var, var)
    return sums_gone_wrong(right) | {
        "the sign is turned round: a divergence is never negative": -right.sum(-1),
        "the factor 1/2 is missing": 2 * right.sum(-1),
        "the -1 is missing": (right + 0.5).sum(-1),
        "the -1 was counted once, not once per dimension": (right + 0.5).sum(-1) - 0.5,
        "mean was not squared": terms(log_var, var, mean).sum(-1),
        "the term in mean is missing": terms(log_var, var, 0).sum(-1),
        "log_var was used as log σ; it is log σ²": terms(2 * log_var, (2 * log_var).exp()).sum(-1),
        "σ stands where σ² belongs": terms(log_var, (0.5 * log_var).exp()).sum(-1),
        "log σ stands where log σ² belongs": terms(0.5 * log_var, var).sum(-1),
        "the term log σ² has the wrong sign": terms(-log_var, var).sum(-1),
        "log_var was used where its exponential, the variance, belongs": terms(log_var, log_var).sum(-1),
        "the divergence was taken the other way round, of the standard normal from q": (
            0.5 * ((1 + mean**2) / var - 1 + log_var)
        ).sum(-1),
    }


def kl_full(mean_0: Any, covariance_0: Any, mean_1: Any, covariance_1: Any) -> dict[str, Any]:
    """What the usual slips return in place of the divergence between two Gaussians with full covariances."""
    dim, shift = mean_0.shape[-1], mean_1 - mean_0
    inverse_0, inverse_1 = covariance_0.inverse(), covariance_1.inverse()

    def trace(matrix: Any) -> Any:
        return matrix.diagonal(dim1=-2, dim2=-1).sum(-1)

    def quadratic(matrix: Any) -> Any:
        return (shift.unsqueeze(-2) @ matrix @ shift.unsqueeze(-1)).flatten(-3).sum(-1)

    def divergence(traced: Any, squared: Any, dim: int, log_det_ratio: Any) -> Any:
        return 0.5 * (traced + squared - dim + log_det_ratio)

    log_det_ratio = covariance_1.logdet() - covariance_0.logdet()
    traced, squared = trace(inverse_1 @ covariance_0), quadratic(inverse_1)
    right = divergence(traced, squared, dim, log_det_ratio)
    return {
        "the sign is turned round: a divergence is never negative": -right,
        "the factor 1/2 is missing": 2 * right,
        "the number of dimensions is not subtracted": right + 0.5 * dim,
        "1 was subtracted, not the number of dimensions": right + 0.5 * (dim - 1),
        "the divergence was divided by the number of dimensions": right / dim,
        "the divergence was averaged over the batch; give one number per data point": right.mean(),
        "the divergence was summed over the batch; give one number per data point": right.sum(),
        "the divergence was taken the other way round, of 1 from 0": divergence(
            trace(inverse_0 @ covariance_1), quadratic(inverse_0), dim, -log_det_ratio
        ),
        "the ratio of determinants is upside down": divergence(traced, squared, dim, -log_det_ratio),
        "the ratio of determinants is missing": divergence(traced, squared, dim, 0),
        "a Cholesky factor's log-determinant was not doubled": divergence(traced, squared, dim, 0.5 * log_det_ratio),
        "the squared distance was not weighted by the inverse of covariance_1": divergence(
            traced, shift.square().sum(-1), dim, log_det_ratio
        ),
        "the squared distance was weighted by covariance_1, not by its inverse": divergence(
            traced, quadratic(covariance_1), dim, log_det_ratio
        ),
        "the term in the two means is missing": divergence(traced, 0, dim, log_det_ratio),
        "only the diagonals of the covariances were used": _diagonals_only(shift, covariance_0, covariance_1),
    }


def _diagonals_only(shift: Any, covariance_0: Any, covariance_1: Any) -> Any:
    var_0, var_1 = (matrix.diagonal(dim1=-2, dim2=-1) for matrix in (covariance_0, covariance_1))
    return 0.5 * ((var_0 + shift**2) / var_1 - 1 + var_1.log() - var_0.log()).sum(-1)
