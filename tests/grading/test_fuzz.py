"""A few hundred fuzzed frames, replies, zips and sources; benchmarks/fuzz.py tries thousands of each."""

import pytest

from vae_edu.course import sandbox
from vae_edu.course.witness import Witness
from vae_edu.course.workers import Workers, start_plain


@pytest.mark.parametrize("what", ["fuzz_frames", "fuzz_replies", "fuzz_archives"])
def test_whatever_arrives_is_a_value_or_refused(what, fuzz):
    count = getattr(fuzz, what)(300)
    assert 50 < count["refused"] < count["tried"]
    assert count["slowest"] < 5.0


def test_whatever_a_source_holds_is_loaded_or_has_its_finding(fuzz, without_isolation, pytestconfig):
    root = pytestconfig.rootpath
    witness = Witness(Workers(start_plain if without_isolation else sandbox.start), 10.0)
    try:
        count = fuzz.fuzz_sources(100, root / "exercises/catalog.yml", root / "solutions", witness.answer)
    finally:
        witness.close()
    assert 0 < count["refused"] < count["tried"]
