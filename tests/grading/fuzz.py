"""Frames and replies that nobody would send: whatever they hold, the grader has a word for it and is done at once."""

import json
import struct
import time

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vae_edu.course.findings import Category, Finding
from vae_edu.course.protocol import ProtocolError, decode, encode
from vae_edu.course.witness import read_reply

SEAL = "5ea1"
HONEST = encode({"id": SEAL, "value": (torch.rand(3, 2), [1.5, None], {"k": torch.zeros(0, dtype=torch.int64)})})
NO_TENSORS = b"\x02\0\0\0\0\0\0\0{}"

WORDS = st.sampled_from(["id", "value", "problem", "category", "type", "line", "tensor", "tuple", "dict", "0", SEAL])
TEXTS = WORDS | st.sampled_from([str(category) for category in Category]) | st.text()
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=25,
)
HEADERS = st.dictionaries(
    TEXTS,
    st.fixed_dictionaries(
        {
            "dtype": st.sampled_from(["F32", "F64", "BF16", "F8_E4M3", "C64", "BOOL", "I64", "U16", "X"]),
            "shape": st.lists(st.integers(-1, 2**64), max_size=3),
            "data_offsets": st.lists(st.integers(-1, 2**64), min_size=1, max_size=3),
        }
    ),
    max_size=3,
)


@st.composite
def damaged(draw):
    """An honest frame with a few bytes changed, left out or put in."""
    data = bytearray(HONEST)
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        data[start : start + draw(st.integers(0, 8))] = draw(st.binary(max_size=8))
    return bytes(data)


@st.composite
def made_up(draw):
    """A frame of the right form with anything in it."""
    tree = json.dumps(draw(TREES)).encode()
    header = json.dumps(draw(HEADERS)).encode()
    tail = (
        struct.pack("<Q", draw(st.just(len(header)) | st.integers(0, 2**64 - 1)))
        + header
        + draw(st.binary(max_size=64))
    )
    return (
        struct.pack("<I", draw(st.just(len(tree)) | st.integers(0, 2**32 - 1)))
        + tree
        + draw(st.just(NO_TENSORS) | st.just(tail))
    )


@st.composite
def sealed(draw):
    """A reply that bears the seal, with anything beside it."""
    what = draw(st.sampled_from(["value", "problem"]))
    account = st.fixed_dictionaries({"category": TEXTS, "type": TEXTS, "line": st.none() | st.integers() | TEXTS})
    content = draw(TREES | account.map(lambda fields: {"dict": fields}))
    tree = {"dict": {"id": SEAL, what: content, **draw(st.just({}) | st.dictionaries(TEXTS, TREES, max_size=1))}}
    tree = json.dumps(tree).encode()
    return struct.pack("<I", len(tree)) + tree + NO_TENSORS


FRAMES = st.binary(max_size=200) | damaged() | made_up()


def run(examples, frames, attempt):
    """Attempt that many frames: how many were refused, and the seconds that the slowest of them took."""
    count = {"frames": 0, "refused": 0, "slowest": 0.0}

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=[*HealthCheck])
    @given(frames)
    def each(frame):
        started = time.perf_counter()
        count["frames"] += 1
        count["refused"] += attempt(frame)
        count["slowest"] = max(count["slowest"], time.perf_counter() - started)

    each()
    return count


def refuses(frame):
    """Whether decoding raises ProtocolError; nothing else may come of it but a value."""
    try:
        decode(frame)
    except ProtocolError:
        return True
    return False


def finds(frame):
    """Whether the reply comes to a finding, and one that can be shown; nothing else may come of it but a value."""
    try:
        read_reply(frame, SEAL, "ch03.py", "kl")
    except Finding as finding:
        return finding.message.isascii()
    return False


def fuzz_frames(examples):
    """Any bytes through protocol.decode."""
    return run(examples, FRAMES, refuses)


def fuzz_replies(examples):
    """Sealed and other replies through all of the grader that reads them."""
    return run(examples, sealed() | FRAMES, finds)
