"""The published schedule of learning rates."""

from collections import Counter

import pytest

from vae_edu.learning.stages import passes_until, stage_of, staged_rate


def test_stages_are_three_times_as_long_each_and_end_with_the_seventh():
    assert Counter(stage_of(passes) for passes in range(3280)) == {i: 3**i for i in range(8)}
    assert [stage_of(passes) for passes in (0, 1, 3, 4, 12, 13, 10_000)] == [0, 1, 1, 2, 2, 3, 7]
    assert [passes_until(i) for i in (0, 1, 2, 7)] == [1, 4, 13, 3280]


def test_rates_fall_from_a_thousandth_to_a_ten_thousandth():
    assert [staged_rate(passes) for passes in (0, 1, 3, 4, 3279)] == pytest.approx(
        [1e-3, *[1e-3 * 10 ** (-1 / 7)] * 2, 1e-3 * 10 ** (-2 / 7), 1e-4]
    )
