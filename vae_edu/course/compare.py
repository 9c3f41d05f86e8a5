"""From what a call returned to a verdict: the type first, then dtype, shape, values, gradients."""

import math
from collections.abc import Callable
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from vae_edu.course import scenarios
from vae_edu.course.findings import Category, Finding, not_a_tensor, protocol_breach
from vae_edu.course.student import Call, Slips, Student

if TYPE_CHECKING:
    import torch

SHOWN_ELEMENTS = 16
FALSE_ALARM = 1e-6  # of one statistical check on a right answer
FEWEST_DRAWS = 100  # for one


def check(
    call: Call, expected: Any, slips: Slips | None = None, otherwise: str = "", tolerance: float | None = None
) -> None:
    """Raise Finding unless the call returned the tensor `expected`, in the dtype of its inputs.

    `expected` may be of higher precision. A wrong answer that equals one of `slips`, in place of those that the call
    itself knows, is told so; `otherwise` is the likely cause of any other wrong value. `tolerance`, relative and
    absolute, takes the place of what rounding explains, for right values and for slips.
    """
    problem = _wrong_type(call, expected) or _wrong_shape(call, expected) or _wrong_values(call, expected, tolerance)
    if not problem:
        return
    category, what = problem
    likely = otherwise if category is Category.WRONG_VALUE else ""
    cause = _matching_slip(call, slips or call.slips, tolerance) or likely
    raise _finding(call, category, " ".join(filter(None, [what, cause])), expected)


def check_average(call: Call, expected: "torch.Tensor", spread: "torch.Tensor", otherwise: str = "") -> None:
    """Raise Finding unless the values' average over their first axis, of independent draws, fits `expected`.

    `spread` is the exact standard deviation of one draw. The average of n draws is taken as normal, so n should be in
    the thousands where a draw is not; a right answer then fails with probability FALSE_ALARM, all elements together.
    """
    import torch

    if problem := _wrong_type(call, expected):
        raise _finding(call, *problem, expected)
    draws, wanted = len(call.value) if call.value.dim() else 0, expected.shape
    if problem := _wrong_shape(call, expected.expand(max(draws, FEWEST_DRAWS), *wanted)):
        raise _finding(call, *problem)
    bound = -torch.special.ndtri(torch.tensor(FALSE_ALARM / 2 / max(1, math.prod(wanted)), dtype=torch.float64))
    off = (call.value.double().mean(0) - expected.double()).abs()
    if not bool((off <= bound * spread.double() / math.sqrt(draws)).all()):
        what = f"the average of {draws} values that {call.exercise.function} drew is not what it should be."
        raise _finding(call, Category.WRONG_VALUE, " ".join(filter(None, [what, otherwise])), expected)


def check_form(call: Call, *shape: int) -> None:
    """Raise Finding unless the call returned a finite tensor of this shape in the dtype of its inputs.

    For what has many right values, such as learned weights: the check goes on to compute from them what counts.
    """
    import torch

    form = torch.zeros(shape)
    if problem := _wrong_type(call, form) or _wrong_shape(call, form):
        raise _finding(call, *problem)
    check_that(call, bool(call.value.isfinite().all()), f"{call.subject} values that are infinite or not a number.")


def check_that(call: Call, holds: bool, what: str) -> None:
    """Raise Finding with the sentence `what` unless `holds`: for what a check computed from the call's value."""
    if not holds:
        raise _finding(call, Category.WRONG_VALUE, what)


def check_gradients(
    student: Student,
    oracle: Callable[..., Any],
    scenario: Callable[..., Any] = scenarios.gradients,
    **inputs: Any,
) -> None:
    """Raise Finding unless the gradients with respect to every floating-point input are those of the oracle."""
    import torch

    call = student.run(scenario, **inputs)
    expected = scenario(oracle, *inputs.values())
    came = call.value if type(call.value) is list else []
    names = [n for n, v in inputs.items() if isinstance(v, torch.Tensor) and v.is_floating_point()]
    for name, gradient, right in zip_longest(names, came[: len(expected)], expected):
        if gradient is None and right is not None:
            what = f"no gradient reaches {name}: look for detach, item, numpy, torch.tensor or no_grad."
        elif right is None and gradient is not None and not close(gradient, torch.zeros_like(inputs[name])):
            what = f"a gradient reaches {name}, and none should."
        elif right is not None and not close(gradient, right):
            what = f"the gradient with respect to {name} is wrong, even where the value may be right."
        else:
            continue
        raise _finding(call, Category.WRONG_VALUE, what, right, gradient)


def check_unchanged(call: Call) -> None:
    """Raise Finding unless the call, of a scenario for side effects, left its arguments and torch's state alone."""
    import torch

    match call.value:
        case {"inputs": list(after), "unchanged": list(unchanged)}:
            pass
        case _:
            raise protocol_breach()
    for (name, before), came in zip_longest(call.inputs.items(), after[: len(call.inputs)]):
        if isinstance(before, torch.Tensor) and not _same(came, before):
            what = f"the call changed its argument {name}: += and operations ending in _ work in place."
            raise _finding(call, Category.WRONG_VALUE, what, came=came)
    for state, kept in zip_longest(scenarios.STATES, unchanged[: len(scenarios.STATES)]):
        if kept is not True:
            raise _finding(call, Category.WRONG_VALUE, f"the call changed {state}.", came=kept)


def check_side_effects(student: Student, expected: Any, slips: Slips | None = None, **inputs: Any) -> None:
    """Raise Finding unless a right call leaves its arguments and torch's global state as they were."""
    call = student.run(scenarios.side_effects, **inputs)
    check_unchanged(call)
    check(replace(call.of("value"), slips=call.slips), expected, slips)


def close(came: Any, expected: "torch.Tensor", tolerance: float | None = None) -> bool:
    """Whether two tensors of one shape agree within what rounding in the first one's dtype explains."""
    import torch

    if type(came) is not torch.Tensor or came.shape != expected.shape:
        return False
    if not expected.is_floating_point():
        return came.dtype == expected.dtype and torch.equal(came, expected)
    if not came.is_floating_point():
        return False
    relative, absolute = (1e-9, 1e-10) if came.dtype == torch.float64 else (1e-4, 1e-5)
    if tolerance is not None:
        relative = absolute = tolerance
    return torch.allclose(came.double(), expected.double(), relative, absolute, equal_nan=True)


def _same(came: Any, before: "torch.Tensor") -> bool:
    import torch

    return type(came) is torch.Tensor and came.dtype == before.dtype and close(came, before, 0.0)


def _wrong_type(call: Call, expected: "torch.Tensor") -> tuple[Category, str] | None:
    import torch

    value, wanted = call.value, _wanted_dtype(call, expected)
    if value is None:
        return Category.WRONG_TYPE, f"{call.subject} None: is its return statement missing?"
    if type(value) is not torch.Tensor or value.layout is not torch.strided:
        kind = "sparse tensor" if isinstance(value, torch.Tensor) else type(value).__name__
        return Category.WRONG_TYPE, not_a_tensor(call.subject, kind)
    if value.dtype != wanted:
        return Category.WRONG_TYPE, f"{call.subject} {value.dtype} where {wanted} is expected; keep the dtype."
    return None


def _wanted_dtype(call: Call, expected: "torch.Tensor") -> "torch.dtype":
    """That of the first floating-point input; what is counted or chosen has its own."""
    import torch

    if not expected.is_floating_point():
        return expected.dtype
    tensors = (value for value in call.inputs.values() if isinstance(value, torch.Tensor))
    return next((tensor.dtype for tensor in tensors if tensor.is_floating_point()), torch.get_default_dtype())


def _wrong_shape(call: Call, expected: "torch.Tensor") -> tuple[Category, str] | None:
    came, wanted = tuple(call.value.shape), tuple(expected.shape)
    if came == wanted:
        return None
    # A shape is the submission's own choice: long numbers in it could carry hidden inputs out.
    told = f"the shape {came}" if len(came) < 5 and all(size < 1000 for size in came) else "another shape"
    what = f"{call.subject} {told}; expected is {wanted}."
    if came and came == wanted * 2:
        what += " Broadcasting seems to have paired all data points: a (batch, 1) met a (batch,)."
    return Category.WRONG_TYPE, what


def _wrong_values(call: Call, expected: "torch.Tensor", tolerance: float | None) -> tuple[Category, str] | None:
    if close(call.value, expected, tolerance):
        return None
    finite = call.value.isfinite().all() or not expected.isfinite().all()
    which = "wrong values" if finite else "values that are infinite or not a number"
    return Category.WRONG_VALUE, f"{call.subject} {which}."


def _matching_slip(call: Call, slips: Slips, tolerance: float | None) -> str:
    import torch

    for slip, value in slips(**call.inputs).items():
        # Infinity equals infinity, whatever the slip.
        if isinstance(value, torch.Tensor) and close(call.value, value, tolerance) and value.isfinite().all():
            return f"It looks as if {slip}."
    return ""


def _finding(call: Call, category: Category, what: str, expected: Any = None, came: Any = None) -> Finding:
    message = f"{what} See {', '.join(call.exercise.equation)}."
    shown = call.inputs | {"expected": expected, "returned": call.value if came is None else came}
    called = f"called {call.exercise.function}({', '.join(call.inputs)}) with"
    lines = [f"    {name} = {_shown(value)}" for name, value in shown.items() if value is not None]
    return Finding(category, message, "\n".join([called, *lines]))


def _shown(value: Any) -> str:
    """A value as a student can read it: small tensors in full on one line, large ones by their shape.

    A module's weights are a line each.
    """
    if isinstance(value, dict) and value and all(hasattr(item, "numel") for item in value.values()):
        return "\n".join(
            ["by name", *(f"        {name} = {_shown(item)}" for name, item in list(value.items())[:SHOWN_ELEMENTS])]
        )
    if not hasattr(value, "numel"):
        text = repr(value)
        return text if len(text) < 200 else f"a value of type {type(value).__name__}"
    if value.numel() > SHOWN_ELEMENTS:
        return f"a tensor of shape {tuple(value.shape)}"
    return " ".join(str(value.detach()).split())
