"""Stand-ins for the course's `student` and its checks where tests share a process with what they test.

formats.py puts this text at the head of every test cell, so that the hidden tests of chapter 3 run in a notebook
as they are: the same inputs, oracles and tolerances, and as strict about type, dtype and shape.
"""

import copy

import torch


class Student:
    """One submitted function: calling it gives the inputs and the value that came back."""

    def __init__(self, function):
        self.function = function

    def __call__(self, **inputs):
        return inputs, self.function(*copy.deepcopy(list(inputs.values())))

    def run(self, scenario, **inputs):
        """The value of a scenario on the function."""
        return inputs, scenario(self.function, *copy.deepcopy(list(inputs.values())))


def close(came, expected):
    """Whether two tensors agree within what rounding explains."""
    relative, absolute = (1e-9, 1e-10) if came.dtype == torch.float64 else (1e-4, 1e-5)
    return torch.allclose(came.double(), expected.double(), relative, absolute, equal_nan=True)


def check(call, expected, otherwise=""):
    """The right type, dtype, shape and values."""
    inputs, value = call
    assert type(value) is torch.Tensor, "wrong type"
    assert value.dtype == next(iter(inputs.values())).dtype, "wrong dtype"
    assert value.shape == expected.shape, "wrong shape"
    assert close(value, expected), otherwise or "wrong values"


def check_gradients(student, oracle, scenario=None, **inputs):
    """The right gradient with respect to every input."""
    scenario = scenario or scenarios.gradients
    for came, right in zip(student.run(scenario, **inputs)[1], scenario(oracle, *inputs.values()), strict=True):
        assert type(came) is torch.Tensor, "no gradient"
        assert came.shape == right.shape, "wrong shape"
        assert close(came, right), "wrong gradient"


def check_side_effects(student, expected, **inputs):
    """A right value, and arguments and torch's state as they were."""
    _, report = student.run(scenarios.side_effects, **inputs)
    assert all(report["unchanged"]), "changed torch's state"
    for came, before in zip(report["inputs"], inputs.values(), strict=True):
        assert torch.equal(came, before), "changed an argument"
    check((inputs, report["value"]), expected)
