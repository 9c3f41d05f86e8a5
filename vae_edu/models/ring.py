"""A Gaussian cloud bent into a ring: what a deterministic decoder can do to a simple prior."""

from jaxtyping import Float
from torch import Tensor


def ring(z: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
    """z/10 + z/‖z‖: directions stay, lengths become 1 + ‖z‖/10.

    Undefined at z = 0.

    Source: D16 figure 2.
    """
    return z / 10 + z / z.norm(dim=-1, keepdim=True)
