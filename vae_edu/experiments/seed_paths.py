"""Paths through latent space along which the seed project's experiments look at pictures."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.gaussians import reparameterize


def shifted(
    mean: Float[Tensor, "batch latent"], log_var: Float[Tensor, "batch latent"], steps: Float[Tensor, "steps"]
) -> Float[Tensor, "steps batch latent"]:
    """z = mean + sigma·ε with ε = t·(1, …, 1) for each t of `steps`.

    Source: K13 (4).
    """
    return reparameterize(mean, log_var, steps.view(-1, 1, 1).expand(-1, *mean.shape))


def traverse(
    z: Float[Tensor, "latent"], dimension: int, steps: Float[Tensor, "steps"]
) -> Float[Tensor, "steps latent"]:
    """Copies of z in which one dimension takes the values of `steps`."""
    copies = z.repeat(len(steps), 1)
    copies[:, dimension] = steps
    return copies


def sampled_twice(
    mean: Float[Tensor, "latent"],
    log_var: Float[Tensor, "latent"],
    dimension: int,
    steps: Float[Tensor, "steps"],
    generator: Generator,
) -> Float[Tensor, "steps latent"]:
    """The seed project's sweep: mean + sigma·ε with a random ε in which one dimension is mean + sigma·t already."""
    eps = torch.randn(len(mean), generator=generator)
    swept = traverse(eps, dimension, mean[dimension] + (0.5 * log_var[dimension]).exp() * steps)
    return reparameterize(mean.expand_as(swept), log_var.expand_as(swept), swept)


def interpolate(
    start: Float[Tensor, "*batch dim"], end: Float[Tensor, "*batch dim"], t: Float[Tensor, "steps"]
) -> Float[Tensor, "steps *batch dim"]:
    """(1 − t)·start + t·end for each t: the first is `start` and the last,
    at t = 1, is `end`."""
    return torch.stack([torch.lerp(start, end, float(weight)) for weight in t])
