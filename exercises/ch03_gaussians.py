"""Chapter 3: Gaussians and their divergences.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All results are in nats, one number per data point; `log_var` is the logarithm of the
variance, log σ².
"""

import math

import torch
from torch import Tensor


def log_normal(x: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Log-density of a Gaussian with diagonal covariance: K13 (9), K13 (12).

    Return log N(x; mean, diag(exp(log_var))), summed over the dimensions. It has to stay finite where the
    density itself is too small for a floating-point number, and exact for very small and very large
    variances.

    Shapes: x, mean and log_var are (batch, dim), the result is (batch,) in the same dtype. A batch may be
    empty.

    By hand: x = [[1, 0]], mean = [[0, 0]], log_var = [[0, log 4]]. The first dimension gives
    -(log 2π + 0 + 1)/2, the second -(log 2π + log 4 + 0)/2; the sum is -log 2π - 1/2 - log 2 = -3.0310.
    """
    raise NotImplementedError("Replace this line with your answer.")


def kl_standard_normal(mean: Tensor, log_var: Tensor) -> Tensor:
    """Divergence of the approximate posterior from the prior: K13 (10), K13 App. B.

    Return KL(N(mean, diag(exp(log_var))) || N(0, I)) in closed form, summed over the dimensions. Training
    follows its gradient, so both arguments have to be reached by it.

    Shapes: mean and log_var are (batch, latent), the result is (batch,) in the same dtype. A batch may be
    empty.

    By hand: mean = [[1, 0]], log_var = [[0, log 4]]. The first dimension has σ² = 1 and gives
    (1 + 1 - 1 - 0)/2 = 1/2, the second has σ² = 4 and gives (0 + 4 - 1 - log 4)/2 = 0.8069: together 1.3069.
    """
    raise NotImplementedError("Replace this line with your answer.")


def kl_full(mean_0: Tensor, covariance_0: Tensor, mean_1: Tensor, covariance_1: Tensor) -> Tensor:
    """Divergence between two Gaussians with full covariances: D16 (6).

    Return KL(N(mean_0, covariance_0) || N(mean_1, covariance_1)). It has to work in a hundred dimensions,
    where the determinants are too small or too large for a floating-point number; Cholesky factors never
    form them.

    Shapes: the means are (batch, dim), the covariances (batch, dim, dim), symmetric and positive definite;
    the result is (batch,) in the same dtype. A batch may be empty.

    By hand: mean_0 = [[1, 0]], covariance_0 = [[[1, 0], [0, 1]]], mean_1 = [[0, 0]], covariance_1 =
    [[[2, 1], [1, 2]]]. The inverse of covariance_1 is [[2, -1], [-1, 2]]/3, its determinant 3, so the trace is
    4/3, the squared distance 2/3, and the result (4/3 + 2/3 - 2 + log 3)/2 = 0.5493.
    """
    raise NotImplementedError("Replace this line with your answer.")
