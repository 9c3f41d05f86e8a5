"""Adam in stages: the published schedule, Adam itself within a stage, and a resumed run that knows its stage."""

from collections import Counter

import pytest
import torch

from vae_edu.learning.staged_adam import StagedAdam, passes_until, stage_of


def test_stages_are_three_times_as_long_each_and_end_with_the_seventh():
    assert Counter(stage_of(passes) for passes in range(3280)) == {i: 3**i for i in range(8)}
    assert [stage_of(passes) for passes in (0, 1, 3, 4, 12, 13, 10_000)] == [0, 1, 1, 2, 2, 3, 7]
    assert [passes_until(i) for i in (0, 1, 2, 7)] == [1, 4, 13, 3280]


def parameter() -> torch.nn.Parameter:
    return torch.nn.Parameter(torch.tensor([1.0, -2.0, 3.0]))


def descend(optimizer: torch.optim.Optimizer, p: torch.nn.Parameter, steps: int, start: int = 0) -> list[float]:
    """Follow a gradient that changes from step to step; the step sizes used."""
    rates = []
    for step in range(start, start + steps):
        p.grad = p.detach() * (1 + step % 3) + 0.1
        optimizer.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


def test_step_sizes_follow_the_stages():
    p = parameter()
    rates = descend(StagedAdam([p], lr=1e-3, steps_per_pass=2), p, 28)
    expected = [1e-3] * 2 + [1e-3 * 10 ** (-1 / 7)] * 6 + [1e-3 * 10 ** (-2 / 7)] * 18 + [1e-3 * 10 ** (-3 / 7)] * 2
    assert rates == pytest.approx(expected)


def test_it_is_adam_whose_moments_outlive_a_stage():
    p, q = parameter(), parameter()
    descend(StagedAdam([p], lr=0.01, steps_per_pass=2), p, 8)
    plain = torch.optim.Adam([q], lr=0.01, eps=1e-4)
    descend(plain, q, 2)
    plain.param_groups[0]["lr"] = 0.01 * 10 ** (-1 / 7)
    descend(plain, q, 6, start=2)
    torch.testing.assert_close(p, q)


def test_a_saved_state_remembers_the_stage():
    p, q = parameter(), parameter()
    whole = StagedAdam([p], steps_per_pass=1)
    descend(whole, p, 6)
    first = StagedAdam([q], steps_per_pass=1)
    descend(first, q, 3)
    second = StagedAdam([q], steps_per_pass=1)
    second.load_state_dict(first.state_dict())
    descend(second, q, 3, start=3)
    assert torch.equal(p, q)
    assert second.param_groups[0]["lr"] == whole.param_groups[0]["lr"]
