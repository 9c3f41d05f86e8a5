"""A posterior fitted to each image by itself: what a decoder is worth, whatever its encoder makes of new images."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import LatentVariableModel, elbo_terms


@dataclass(frozen=True)
class WithPosterior:
    """A model whose q(z|x) is given, for certain images, in place of its encoder's."""

    model: LatentVariableModel
    mean: Float[Tensor, "batch latent"]
    log_var: Float[Tensor, "batch latent"]

    def encode(
        self, x: Float[Tensor, "batch pixels"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Mean and log-variance as given; x must be the images that they were made for."""
        return self.mean, self.log_var

    def log_likelihood(
        self, x: Float[Tensor, "*#batch pixels"], z: Float[Tensor, "*#batch latent"]
    ) -> Float[Tensor, "*batch"]:
        """The model's own."""
        return self.model.log_likelihood(x, z)


def refined_posterior(
    draw: Callable[[], LatentVariableModel],
    x: Float[Tensor, "batch pixels"],
    steps: int = 300,
    learning_rate: float = 0.05,
    generator: Generator | None = None,
) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
    """Mean and log-variance of q for each image, climbed from the encoder's.

    What is climbed is the sampled bound; decoders stay. `draw` gives a model
    at each step: always the same, or one with weights drawn anew. How much
    the bound gains is the encoder's share in its looseness, the amortization
    gap.

    Source: Cremer et al. 2018.
    """
    q = [part.detach().clone().requires_grad_() for part in draw().encode(x)]
    optimizer = torch.optim.Adam(q, lr=learning_rate)
    for _ in range(steps):
        model = draw()
        with torch.enable_grad():
            terms = elbo_terms(WithPosterior(model, *q), x, generator=generator)
            loss = -torch.stack(list(terms.values())).sum()
        for part, gradient in zip(q, torch.autograd.grad(loss, q), strict=True):  # to q alone, not to the weights
            part.grad = gradient
        optimizer.step()
    mean, log_var = (part.detach() for part in q)
    return mean, log_var
