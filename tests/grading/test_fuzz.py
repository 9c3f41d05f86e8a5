"""A few hundred fuzzed frames and replies; benchmarks/attacks.py tries ten thousand of each."""

import pytest


@pytest.mark.parametrize("what", ["fuzz_frames", "fuzz_replies"])
def test_whatever_arrives_is_a_value_or_refused(what, fuzz):
    count = getattr(fuzz, what)(300)
    assert count["refused"] > 50
    assert count["slowest"] < 5.0
