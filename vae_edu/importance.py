"""Importance weights: several draws of q used together, as one better draw.

With w = p(x, z)/q(z|x) the bound of chapter 2 is the mean of log w. The log of a mean of k such weights lies higher,
and the higher the larger k.
"""

import math

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import DeepModel, LatentVariableModel, Terms, log_weights


def importance_weighted_bound(
    model: LatentVariableModel | DeepModel,
    x: Float[Tensor, "batch pixels"],
    *,
    eps: Float[Tensor, "samples batch latent"] | None = None,
    samples: int = 1,
    generator: Generator | None = None,
) -> Float[Tensor, "batch"]:
    """L_k, the log of the mean of k = `samples` importance weights.

    Per data point, in nats. At k = 1 it is estimator A. On average it grows
    with k, towards log p(x) and never above it.

    Source: Burda et al. (2015); at k = 1, K13 (6).
    """
    weights = log_weights(model, x, eps=eps, samples=samples, generator=generator)
    return torch.logsumexp(weights, dim=0) - math.log(len(weights))


def iwae_terms(
    model: LatentVariableModel | DeepModel,
    x: Float[Tensor, "batch pixels"],
    *,
    samples: int = 5,
    generator: Generator | None = None,
) -> Terms:
    """The objective of the importance-weighted auto-encoder: L_k.

    In one piece, since a log of a mean has no parts.

    Source: Burda et al. (2015).
    """
    return {"bound": importance_weighted_bound(model, x, samples=samples, generator=generator)}


def normalized_weights(log_weights: Float[Tensor, "samples *batch"]) -> Float[Tensor, "samples *batch"]:
    """The weights of each data point divided by their sum.

    How much each draw counts, in L_k's gradient too.

    Source: Burda et al. (2015).
    """
    return torch.softmax(log_weights, dim=0)


def effective_sample_size(log_weights: Float[Tensor, "samples *batch"]) -> Float[Tensor, "*batch"]:
    """(Σw)²/Σw²: so many draws of the posterior itself would serve as well.

    From 1 to the number of draws.
    """
    return 1 / normalized_weights(log_weights).square().sum(0)
