"""Estimates of log p(x), the evidence."""

import math

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import LatentVariableModel


@torch.no_grad()
def prior_sampling(
    model: LatentVariableModel,
    x: Float[Tensor, "batch pixels"],
    z: Float[Tensor, "samples latent"],
) -> Float[Tensor, "batch"]:
    """log of the mean over the given prior draws of p(x|z), per data point, in nats.

    The plain reading of the integral: unbiased for p(x), hence too low on average for
    log p(x) (Jensen), and hopeless when few draws land where x is likely.

    Source: D16 (1).
    """
    log_likelihood = model.log_likelihood(x, z.unsqueeze(1).expand(-1, len(x), -1))
    return torch.logsumexp(log_likelihood, dim=0) - math.log(len(z))


def prior_draws(
    samples: int, latent: int, generator: Generator | None = None, dtype: torch.dtype | None = None
) -> Float[Tensor, "samples latent"]:
    """Draws of z ~ N(0, I). Source: D16 (1)."""
    return torch.randn(samples, latent, generator=generator, dtype=dtype)
