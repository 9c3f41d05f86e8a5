"""Gaussians: log-densities, divergences in closed form, and the reparameterized sample.

Everything here is summed over dimensions and returned per data point, in nats. Derivations: chapter 3.
"""

import math
from functools import partial

import torch
from jaxtyping import Float
from torch import Generator, Tensor

LOG_2PI = math.log(2 * math.pi)


def log_normal(
    x: Float[Tensor, "*#batch dim"],
    mean: Float[Tensor, "*#batch #dim"],
    log_var: Float[Tensor, "*#batch #dim"],
) -> Float[Tensor, "*batch"]:
    """Log-density of a Gaussian with diagonal covariance, in nats.

    log N(x; mean, diag(exp(log_var))), summed over dimensions.

    Source: K13 (12), K13 (9).
    """
    # Scaling before squaring keeps exp(-log_var) from overflowing on its own.
    standardized = (x - mean) * torch.exp(-0.5 * log_var)
    return -0.5 * (LOG_2PI + log_var + standardized**2).sum(-1)


def log_standard_normal(z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
    """Log-density of the prior p(z) = N(0, I), summed over dimensions, in nats."""
    return -0.5 * (LOG_2PI + z**2).sum(-1)


def reparameterize(
    mean: Float[Tensor, "*batch latent"],
    log_var: Float[Tensor, "*batch latent"],
    eps: Float[Tensor, "... latent"] | None = None,
    generator: Generator | None = None,
) -> Float[Tensor, "... latent"]:
    """A sample z = mean + sigma * eps of N(mean, exp(log_var)),
    differentiable in mean and log_var.

    `eps` is standard normal noise, drawn here from `generator` unless given.
    Leading axes of `eps` (several samples per data point) carry over to z.

    Source: K13 (4), K13 (17), K13 §2.4, D16 (10).
    """
    if eps is None:
        eps = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
    return mean + torch.exp(0.5 * log_var) * eps


def expected_log_standard_normal(
    mean: Float[Tensor, "*batch latent"], log_var: Float[Tensor, "*batch latent"]
) -> Float[Tensor, "*batch"]:
    """E_q[log N(z; 0, I)] for q = N(mean, exp(log_var)), in nats.

    Summed over dimensions: how probable the prior finds what q proposes.

    Source: K13 App. B, first integral.
    """
    return -0.5 * (LOG_2PI + mean**2 + log_var.exp()).sum(-1)


def negative_entropy(log_var: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch"]:
    """E_q[log q(z)] for q = N(mean, exp(log_var)), in nats.

    Summed over dimensions; the mean plays no part.

    Source: K13 App. B, second integral.
    """
    return -0.5 * (LOG_2PI + 1 + log_var).sum(-1)


def kl_standard_normal(
    mean: Float[Tensor, "*batch latent"], log_var: Float[Tensor, "*batch latent"]
) -> Float[Tensor, "*batch"]:
    """KL(N(mean, exp(log_var)) || N(0, I)), in nats.

    The regularizer of the VAE, summed over dimensions.

    Source: K13 (10), K13 App. B; the diagonal case of D16 (7).
    """
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


def kl_diagonal(
    mean_q: Float[Tensor, "*batch latent"],
    log_var_q: Float[Tensor, "*batch latent"],
    mean_p: Float[Tensor, "*#batch latent"],
    log_var_p: Float[Tensor, "*#batch latent"],
) -> Float[Tensor, "*batch"]:
    """KL between two diagonal Gaussians, q from p, in nats.

    Summed over dimensions.

    Source: the diagonal case of D16 (6).
    """
    standardized = (mean_q - mean_p) * torch.exp(-0.5 * log_var_p)
    log_ratio = log_var_q - log_var_p
    return 0.5 * (standardized**2 + log_ratio.exp() - 1 - log_ratio).sum(-1)


def kl_full(
    mean_0: Float[Tensor, "*batch dim"],
    covariance_0: Float[Tensor, "*#batch dim dim"],
    mean_1: Float[Tensor, "*#batch dim"],
    covariance_1: Float[Tensor, "*#batch dim dim"],
) -> Float[Tensor, "*batch"]:
    """KL(N(mean_0, covariance_0) || N(mean_1, covariance_1)), in nats.

    With full covariances. Raises torch.linalg.LinAlgError when one of them
    is not positive definite.

    Source: D16 (6).
    """
    chol_0 = torch.linalg.cholesky(covariance_0)
    chol_1 = torch.linalg.cholesky(covariance_1)
    solve = partial(torch.linalg.solve_triangular, chol_1, upper=False)
    # With covariance_1 = L Lᵀ, the trace is the sum of squares of L⁻¹·chol_0,
    # the quadratic form that of L⁻¹·shift.
    trace = solve(chol_0).square().sum((-2, -1))
    shift = (mean_1 - mean_0).unsqueeze(-1)
    quadratic = solve(shift).square().sum((-2, -1))
    log_det_ratio = 2 * (_log_diagonal(chol_1) - _log_diagonal(chol_0))
    return 0.5 * (trace + quadratic - mean_0.shape[-1] + log_det_ratio)


def kl_full_standard_normal(
    mean: Float[Tensor, "*batch dim"], covariance: Float[Tensor, "*#batch dim dim"]
) -> Float[Tensor, "*batch"]:
    """KL(N(mean, covariance) || N(0, I)) with a full covariance, in nats.

    Raises torch.linalg.LinAlgError when the covariance is not positive definite.

    Source: D16 (7).
    """
    trace = covariance.diagonal(dim1=-2, dim2=-1).sum(-1)
    log_det = 2 * _log_diagonal(torch.linalg.cholesky(covariance))
    return 0.5 * (trace + mean.square().sum(-1) - mean.shape[-1] - log_det)


def affine(
    mean: Float[Tensor, "*batch dim"],
    covariance: Float[Tensor, "*batch dim dim"],
    matrix: Float[Tensor, "out dim"],
    shift: Float[Tensor, "out"],
) -> tuple[Float[Tensor, "*batch out"], Float[Tensor, "*batch out out"]]:
    """Mean and covariance of matrix @ z + shift for z ~ N(mean, covariance).

    A divergence does not change when both its arguments pass through one
    invertible affine map.

    Source: D16 (17).
    """
    return mean @ matrix.mT + shift, matrix @ covariance @ matrix.mT


def _log_diagonal(chol: Float[Tensor, "*batch dim dim"]) -> Float[Tensor, "*batch"]:
    return chol.diagonal(dim1=-2, dim2=-1).log().sum(-1)
