"""A sample variance and how far to trust it; and which part of a variance lies between items, which within."""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor


def variance_with_error(values: Float[Tensor, "n *batch"]) -> tuple[Float[Tensor, "*batch"], Float[Tensor, "*batch"]]:
    """The sample variance over the first axis and its standard error, √((fourth central moment − variance²)/n)."""
    squares = (values - values.mean(0)) ** 2
    # The difference is the squares' own variance: as such, rounding cannot make it negative.
    return squares.mean(0), (squares.var(0, correction=0) / len(values)).sqrt()


def variance_parts(draws: Iterable[Float[Tensor, "items *d"]]) -> tuple[float, float]:
    """(between, within): how much the items' means differ, and how much one
    item's draws do; both unbiased.

    Each of the draws, two at least, holds one vector per item; variances are
    summed over its components. A mean over M items drawn from the N without
    replacement, L draws each, has the variance
    (1/M − 1/N)·between + within/(M·L).

    Source: the variance of K13 (8), divided by N².
    """
    total, squares, n = torch.zeros(()), torch.zeros(()), 0
    for draw in draws:
        draw = draw.double().flatten(1)
        total, squares, n = total + draw, squares + draw**2, n + 1
    mean = total / n
    within = ((squares - n * mean**2) / (n - 1)).sum(1).mean()
    between = mean.var(0).sum() - within / n  # the means of n draws differ by their noise too
    return between.item(), within.item()
