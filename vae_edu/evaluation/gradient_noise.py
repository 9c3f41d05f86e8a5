"""How noisy an objective's gradient is: draws of it, held against the gradient that they estimate."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import LatentVariableModel, Objective


@dataclass(frozen=True)
class GradientNoise:
    """What one draw's gradient is worth. The total variance is E‖gradient − reference‖², summed over parameters."""

    variance: Float[Tensor, "parameters"]
    total: float
    standard_error: float  # of the total
    cosine: float  # between a draw and the reference, on average


def gradient_draws(
    model: LatentVariableModel,
    x: Float[Tensor, "batch pixels"],
    objective: Objective,
    parameters: Sequence[Tensor],
    draws: int,
    generator: Generator | None = None,
) -> Iterator[Float[Tensor, "parameters"]]:
    """Draws of the gradient of the objective's mean bound over x, all parameters in one row."""
    for _ in range(draws):
        bound = torch.stack(list(objective(model, x, generator=generator).values())).sum(0).mean()
        yield torch.cat([gradient.flatten() for gradient in torch.autograd.grad(bound, parameters)])


def mean_gradient(gradients: Iterable[Float[Tensor, "parameters"]]) -> Float[Tensor, "parameters"]:
    """The mean of the draws, in float64: a reference, if they are many and not noisy themselves."""
    total, n = torch.zeros(()), 0
    for gradient in gradients:
        total, n = total + gradient.double(), n + 1
    return total / n


def gradient_noise(
    gradients: Iterable[Float[Tensor, "parameters"]], reference: Float[Tensor, "parameters"]
) -> GradientNoise:
    """Variance of the draws about `reference`, per parameter and in all, and the angle to it; one draw in memory."""
    squares, distances, cosines = torch.zeros_like(reference), [], []
    for gradient in gradients:
        square = (gradient - reference) ** 2
        squares += square
        distances.append(square.sum())
        cosines.append(torch.cosine_similarity(gradient.to(reference.dtype), reference, dim=0))
    each = torch.stack(distances)
    return GradientNoise(
        variance=squares / len(each),
        total=each.mean().item(),
        standard_error=each.std().item() / math.sqrt(len(each)),
        cosine=torch.stack(cosines).mean().item(),
    )
