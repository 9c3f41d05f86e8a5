"""What a check does with a function: each scenario runs beside it and returns plain data.

A scenario's source text travels to the worker, so it stands on its own: imports inside, no names from this
module. The same scenario run on an oracle in the grader gives what to expect.
"""

from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]

STATES = ("the random number generator", "the gradient mode", "the default dtype")


def call(function: Function, *inputs: Any) -> Any:
    """The function's value."""
    return function(*inputs)


def strided(function: Function, *inputs: Any) -> Any:
    """The function's value for tensors whose elements lie apart in memory."""
    import torch

    return function(*(torch.stack([tensor, -tensor], -1)[..., 0] for tensor in inputs))


def gradients(function: Function, *inputs: Any) -> Any:
    """Gradients of the summed value with respect to each input; None where no gradient arrives."""
    import torch

    leaves = [tensor.clone().requires_grad_() for tensor in inputs]
    value = function(*leaves)
    if not (isinstance(value, torch.Tensor) and value.requires_grad):
        return [None for _ in leaves]
    return list(torch.autograd.grad(value.sum(), leaves, allow_unused=True))


def side_effects(function: Function, *inputs: Any) -> Any:
    """The value, the inputs after the call, and whether each of STATES was left as it was found."""
    import torch

    def states() -> list[Any]:
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    value = function(*inputs)
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    return {"value": value, "inputs": list(inputs), "unchanged": unchanged}
