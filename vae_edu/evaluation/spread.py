"""A sample variance and how far to trust it."""

import torch
from jaxtyping import Float
from torch import Tensor


def variance_with_error(values: Float[Tensor, "n *batch"]) -> tuple[Float[Tensor, "*batch"], Float[Tensor, "*batch"]]:
    """The sample variance over the first axis and its standard error, √((fourth central moment − variance²)/n)."""
    squares = (values - values.mean(0)) ** 2
    variance = squares.mean(0)
    return variance, torch.sqrt((squares.square().mean(0) - variance**2) / len(values))
