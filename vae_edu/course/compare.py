"""From what a call returned to a verdict: the type first, then dtype, shape, values, gradients."""

from collections.abc import Callable
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from vae_edu.course import scenarios
from vae_edu.course.findings import Category, Finding, not_a_tensor
from vae_edu.course.student import Call, Student

if TYPE_CHECKING:
    import torch

SHOWN_ELEMENTS = 16

# What each usual slip would return for the same inputs.
Slips = Callable[..., dict[str, Any]]


def no_slips(**inputs: Any) -> dict[str, Any]:
    """For a check that knows of no usual slip."""
    return {}


def check(call: Call, expected: "torch.Tensor", slips: Slips = no_slips, otherwise: str = "") -> None:
    """Raise Finding unless the call returned `expected`, in the dtype of its first input.

    `expected` may be of higher precision. A wrong answer that equals one of `slips` is told so; `otherwise`
    is the likely cause of any other wrong value.
    """
    problem = _wrong_type(call) or _wrong_shape(call, expected) or _wrong_values(call, expected)
    if not problem:
        return
    category, what = problem
    cause = _matching_slip(call, slips) or (otherwise if category is Category.WRONG_VALUE else "")
    raise _finding(call, category, " ".join(filter(None, [what, cause])), expected)


def check_gradients(
    student: Student,
    oracle: Callable[..., Any],
    scenario: Callable[..., Any] = scenarios.gradients,
    **inputs: Any,
) -> None:
    """Raise Finding unless the gradients with respect to every input are those of the oracle."""
    call = student.run(scenario, **inputs)
    expected = scenario(oracle, *inputs.values())
    came = call.value if type(call.value) is list else []
    for name, gradient, right in zip_longest(inputs, came[: len(expected)], expected):
        if gradient is None:
            what = f"no gradient reaches {name}: look for detach, item, numpy, torch.tensor or no_grad."
        elif not close(gradient, right):
            what = f"the gradient with respect to {name} is wrong, even where the value may be right."
        else:
            continue
        raise _finding(call, Category.WRONG_VALUE, what, right, gradient)


def check_side_effects(student: Student, expected: "torch.Tensor", slips: Slips, **inputs: Any) -> None:
    """Raise Finding unless a right call leaves its arguments and torch's global state as they were."""
    call = student.run(scenarios.side_effects, **inputs)
    match call.value:
        case {"value": value, "inputs": list(after), "unchanged": list(unchanged)}:
            call = replace(call, value=value)
        case _:
            after, unchanged = [], []
    for (name, before), tensor in zip_longest(inputs.items(), after[: len(inputs)]):
        if not close(tensor, before):
            what = f"the call changed its argument {name}: += and operations ending in _ work in place."
            raise _finding(call, Category.WRONG_VALUE, what)
    for state, kept in zip_longest(scenarios.STATES, unchanged[: len(scenarios.STATES)]):
        if kept is not True:
            raise _finding(call, Category.WRONG_VALUE, f"the call changed {state}.")
    check(call, expected, slips)


def close(came: Any, expected: "torch.Tensor") -> bool:
    """Whether two tensors of one shape agree within what rounding in the first one's dtype explains."""
    import torch

    if type(came) is not torch.Tensor or came.shape != expected.shape or not came.is_floating_point():
        return False
    relative, absolute = (1e-9, 1e-10) if came.dtype == torch.float64 else (1e-4, 1e-5)
    return torch.allclose(came.double(), expected.double(), relative, absolute, equal_nan=True)


def _wrong_type(call: Call) -> tuple[Category, str] | None:
    import torch

    name, value = call.exercise.function, call.value
    wanted = next(iter(call.inputs.values())).dtype
    if value is None:
        return Category.WRONG_TYPE, f"{name} returned None: is its return statement missing?"
    if type(value) is not torch.Tensor:
        return Category.WRONG_TYPE, not_a_tensor(name, type(value).__name__)
    if value.dtype != wanted:
        return Category.WRONG_TYPE, f"{name} returned {value.dtype} for inputs of {wanted}; keep the dtype."
    return None


def _wrong_shape(call: Call, expected: "torch.Tensor") -> tuple[Category, str] | None:
    came, wanted = tuple(call.value.shape), tuple(expected.shape)
    if came == wanted:
        return None
    # A shape is the submission's own choice: long numbers in it could carry hidden inputs out.
    told = f"the shape {came}" if len(came) < 5 and all(size < 1000 for size in came) else "another shape"
    what = f"{call.exercise.function} returned {told}; expected is {wanted}."
    if came and came == wanted * 2:
        what += " Broadcasting seems to have paired all data points: a (batch, 1) met a (batch,)."
    return Category.WRONG_TYPE, what


def _wrong_values(call: Call, expected: "torch.Tensor") -> tuple[Category, str] | None:
    if close(call.value, expected):
        return None
    finite = call.value.isfinite().all() or not expected.isfinite().all()
    which = "wrong values" if finite else "values that are infinite or not a number"
    return Category.WRONG_VALUE, f"{call.exercise.function} returned {which}."


def _matching_slip(call: Call, slips: Slips) -> str:
    for slip, value in slips(**call.inputs).items():
        if close(call.value, value) and value.isfinite().all():  # infinity equals infinity, whatever the slip
            return f"It looks as if {slip}."
    return ""


def _finding(call: Call, category: Category, what: str, expected: Any = None, came: Any = None) -> Finding:
    message = f"{what} See {', '.join(call.exercise.equation)}."
    shown = call.inputs | {"expected": expected, "returned": call.value if came is None else came}
    called = f"called {call.exercise.function}({', '.join(call.inputs)}) with"
    lines = [f"    {name} = {_shown(value)}" for name, value in shown.items() if value is not None]
    return Finding(category, message, "\n".join([called, *lines]))


def _shown(value: Any) -> str:
    """A value as a student can read it: small tensors in full on one line, large ones by their shape."""
    if not hasattr(value, "numel"):
        return repr(value)
    if value.numel() > SHOWN_ELEMENTS:
        return f"a tensor of shape {tuple(value.shape)}"
    return " ".join(str(value.detach()).split())
