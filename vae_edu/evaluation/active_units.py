"""Which latent variables a model uses: those whose posterior mean depends on the image at all."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import LatentVariableModel
from vae_edu.models.hierarchical import TwoLayerVAE

THRESHOLD = 0.01  # activities are near 0 or far from it, so that its place matters little


@torch.no_grad()
def activity(
    model: LatentVariableModel | TwoLayerVAE,
    x: Float[Tensor, "batch pixels"],
    samples: int = 100,
    generator: Generator | None = None,
) -> list[Float[Tensor, "_"]]:
    """A_u, the variance over the images of E_q[u|x], for each unit u of each
    stochastic layer.

    Of an upper layer the inner expectation is a mean over `samples` draws of
    the layer below.

    Source: Burda et al. (2015).
    """
    if isinstance(model, TwoLayerVAE):
        return [means.var(0) for means in model.posterior_means(x, samples, generator)]
    mean, _ = model.encode(x)
    return [mean.var(0)]


def active_units(activities: list[Float[Tensor, "_"]], threshold: float = THRESHOLD) -> list[int]:
    """How many units of each layer are active, A_u > `threshold`."""
    return [int((layer > threshold).sum()) for layer in activities]
