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

    def apart(value: Any) -> Any:
        return torch.stack([value, value], -1)[..., 0] if isinstance(value, torch.Tensor) else value

    return function(*map(apart, inputs))


def gradients(function: Function, *inputs: Any) -> Any:
    """Gradients of the summed value with respect to each floating-point input; None where no gradient arrives."""
    import torch

    given = [value.clone() if isinstance(value, torch.Tensor) else value for value in inputs]
    leaves = [v.requires_grad_() for v in given if isinstance(v, torch.Tensor) and v.is_floating_point()]
    value = function(*given)
    parts = value if isinstance(value, tuple) else (value,)
    reached = [part.sum() for part in parts if isinstance(part, torch.Tensor) and part.requires_grad]
    if not reached:
        return [None for _ in leaves]
    return list(torch.autograd.grad(torch.stack(reached).sum(), leaves, allow_unused=True))


def draws(function: Function, count: int, seed: int, *inputs: Any) -> Any:
    """`count` values, stacked, of a function whose last argument is a torch.Generator."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return torch.stack([function(*inputs, generator) for _ in range(count)])


def side_effects(function: Function, *inputs: Any) -> Any:
    """The value, the inputs after the call, and whether each of STATES was left as it was found."""
    import torch

    def states() -> list[Any]:
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    value = function(*inputs)
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    return {"value": value, "inputs": list(inputs), "unchanged": unchanged}


def draw_side_effects(function: Function, seed: int, *inputs: Any) -> Any:
    """The same for a function whose last argument is a torch.Generator; the value is left out."""
    import torch

    def states() -> list[Any]:
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    function(*inputs, torch.Generator().manual_seed(seed))
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    return {"inputs": [seed, *inputs], "unchanged": unchanged}
