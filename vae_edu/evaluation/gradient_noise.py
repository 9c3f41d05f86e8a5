"""How noisy an objective's gradient is: draws of it, held against the gradient that they estimate."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.func import functional_call, grad, vmap

from vae_edu.bounds import LatentVariableModel, Objective, Terms


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


def gradient_of_each(
    model: torch.nn.Module,
    x: Float[Tensor, "batch pixels"],
    objective: Objective,
    eps: Float[Tensor, "samples batch latent"],
) -> Float[Tensor, "batch parameters"]:
    """Each data point's own gradient of its bound, all parameters in one row; `eps` is the noise of all of them."""

    def bound(parameters: dict[str, Tensor], point: Tensor, noise: Tensor) -> Tensor:
        terms = functional_call(_AsModule(model, objective), parameters, (point[None], noise[:, None]))
        return torch.stack(list(terms.values())).sum()

    parameters = {f"model.{name}": parameter.detach() for name, parameter in model.named_parameters()}
    each = vmap(grad(bound), in_dims=(None, 0, 1))(parameters, x, eps)
    return torch.cat([gradient.reshape(len(x), -1) for gradient in each.values()], dim=1)


class _AsModule(torch.nn.Module):
    """An objective of a model as a module, whose parameters can be exchanged for a call."""

    def __init__(self, model: torch.nn.Module, objective: Objective):
        super().__init__()
        self.model, self.objective = model, objective

    def forward(self, x: Tensor, eps: Tensor) -> Terms:
        return self.objective(self.model, x, eps=eps)  # type: ignore[call-arg]


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
