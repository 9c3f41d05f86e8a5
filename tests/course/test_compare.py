"""A check takes odd values apart without stumbling, and its statistics fail what they should."""

import math

import pytest
import torch

from vae_edu.course.catalog import Exercise
from vae_edu.course.compare import check, check_average, check_gradients, check_side_effects
from vae_edu.course.findings import Finding
from vae_edu.course.student import Call, Student

EXERCISE = Exercise("ch03.f", "F", 1, 1, "easy", ("K13 (9)",), "ch03_gaussians.py", "f", ("a", "b", "c"))
ODD = [
    None, True, 3, 2.5, "text", [], [torch.zeros(2)], (), {}, {"value": None}, torch.zeros(0), torch.tensor(1.0),
    torch.zeros(2, 3, 4), torch.zeros(2, dtype=torch.int64), torch.zeros(2, dtype=torch.bool),
    torch.zeros(2).to_sparse(), torch.tensor([math.nan, math.inf]), torch.zeros(2, dtype=torch.float16),
]  # fmt: skip


def returning(value):
    return Student(EXERCISE, lambda file: "", lambda request: value)


@pytest.mark.parametrize("value", ODD, ids=lambda value: repr(value).replace("\n", " ")[:30])
def test_an_odd_value_is_a_finding_whatever_checks_it(value):
    x, right = torch.ones(2), torch.tensor([1.0, 2.0])
    checks = (
        lambda: check(returning(value)(x=x), right),
        lambda: check_average(returning(value)(x=x), right, torch.ones(2)),
        lambda: check_gradients(returning(value), lambda x: x.sum(), x=x),
        lambda: check_side_effects(returning(value), right, x=x),
        lambda: returning(value)(x=x).parts("mean", "log_var"),
        lambda: check(returning(value)(x=x).of("value"), right),
    )
    for found in checks:
        with pytest.raises(Finding):
            found()


@pytest.mark.parametrize(("shift", "fits"), [(0.0, True), (1.0, False)])
def test_an_average_fits_within_its_own_error(shift, fits):
    """The bound is 4.9 standard errors of 1/100 each: a shift of 1 is far outside, none at all is not."""
    generator = torch.Generator().manual_seed(0)
    draws = shift + torch.randn(10_000, 3, generator=generator)
    call = Call(EXERCISE, {"x": torch.zeros(3)}, draws)
    if fits:
        check_average(call, torch.zeros(3), torch.ones(3))
    else:
        with pytest.raises(Finding, match="average of 10000 values"):
            check_average(call, torch.zeros(3), torch.ones(3))


def test_a_few_draws_do_not_count_as_many():
    with pytest.raises(Finding):
        check_average(Call(EXERCISE, {"x": torch.zeros(3)}, torch.zeros(5, 3)), torch.zeros(3), torch.ones(3))


def test_the_weights_of_a_module_are_shown_by_name():
    weights = {"hidden.weight": torch.ones(1, 2), "hidden.bias": torch.zeros(30)}
    with pytest.raises(Finding) as found:
        check(Call(EXERCISE, {"weights": weights}, torch.zeros(2)), torch.ones(2))
    shown = found.value.details.partition("    weights = by name\n")[2].splitlines()
    assert shown[:2] == ["        hidden.weight = tensor([[1., 1.]])", "        hidden.bias = a tensor of shape (30,)"]
