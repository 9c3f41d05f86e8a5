"""Decoders' output distributions p(x|z): Bernoulli and Gaussian pixels.

A likelihood reads what a decoder network returns ("parameters"): logits for Bernoulli, the pair
(mean, log_var) for Gaussian. Log-probabilities are summed over pixels, per data point, in nats.
"""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.gaussians import log_normal, reparameterize

Parameters = Tensor | tuple[Tensor, Tensor]


def log_bernoulli(
    x: Float[Tensor, "*#batch pixels"], logits: Float[Tensor, "*#batch pixels"]
) -> Float[Tensor, "*batch"]:
    """Bernoulli log-probability of x given logits, summed over pixels, in
    nats.

    x·log y + (1−x)·log(1−y) with y = sigmoid(logits), written so that no
    logarithm of 0 can occur. For grey pixels 0 < x < 1 it is the negative
    cross-entropy: a usable objective, but not the log-probability of
    anything.

    Source: K13 (11).
    """
    return (x * logits - F.softplus(logits)).sum(-1)


@runtime_checkable
class Likelihood(Protocol):
    """What a model asks of p(x|z); `parameters` is whatever its decoder returned."""

    def log_prob(self, x: Tensor, parameters: Any) -> Tensor:
        """log p(x|z), shape (batch,), summed over pixels, in nats."""

    def mean(self, parameters: Any) -> Tensor:
        """E[x|z], the picture usually shown, shape (batch, pixels)."""

    def sample(self, parameters: Any, generator: Generator | None = None) -> Tensor:
        """A draw x ~ p(x|z), shape (batch, pixels)."""


@dataclass(frozen=True)
class Bernoulli:
    """Pixels that are 0 or 1, independent given z. Source: K13 (11)."""

    def log_prob(
        self, x: Float[Tensor, "*#batch pixels"], parameters: Float[Tensor, "*#batch pixels"]
    ) -> Float[Tensor, "*batch"]:
        """See `log_bernoulli`."""
        return log_bernoulli(x, parameters)

    def mean(self, parameters: Float[Tensor, "*batch pixels"]) -> Float[Tensor, "*batch pixels"]:
        """Probability that each pixel is 1."""
        return torch.sigmoid(parameters)

    def sample(
        self, parameters: Float[Tensor, "*batch pixels"], generator: Generator | None = None
    ) -> Float[Tensor, "*batch pixels"]:
        """One 0-or-1 image per z."""
        return torch.bernoulli(self.mean(parameters), generator=generator)


@dataclass(frozen=True)
class Gaussian:
    """Real-valued pixels with their own mean and log-variance given z. Source: K13 (12), D16 §2.4.3."""

    def log_prob(
        self, x: Float[Tensor, "*#batch pixels"], parameters: tuple[Tensor, Tensor]
    ) -> Float[Tensor, "*batch"]:
        """See `vae_edu.gaussians.log_normal`."""
        mean, log_var = parameters
        return log_normal(x, mean, log_var)

    def mean(self, parameters: tuple[Tensor, Tensor]) -> Float[Tensor, "*batch pixels"]:
        """Mean of each pixel."""
        return parameters[0]

    def sample(
        self, parameters: tuple[Tensor, Tensor], generator: Generator | None = None
    ) -> Float[Tensor, "*batch pixels"]:
        """One image per z, with its pixel noise."""
        mean, log_var = parameters
        return reparameterize(mean, log_var.expand_as(mean), generator=generator)
