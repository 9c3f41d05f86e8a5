"""Frames carry plain data unchanged, and whatever else arrives is a ProtocolError."""

import json
import struct
import time

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from vae_edu.course import protocol
from vae_edu.course.protocol import NotPlainData, ProtocolError, TooBig, decode, encode

TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(TREES)
def test_plain_data_arrives_as_it_was(value):
    arrived = decode(encode(value))
    assert arrived == value
    assert type(arrived) is type(value)


@pytest.mark.parametrize("dtype", protocol.DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3)])
def test_tensors_arrive_bit_for_bit(dtype, shape):
    tensor = (torch.rand(shape) * 3).to(getattr(torch, dtype))
    arrived = decode(encode({"both": (tensor, tensor)}))["both"]
    for copy in arrived:
        assert copy.dtype == tensor.dtype
        assert copy.shape == tensor.shape
        assert torch.equal(copy, tensor)


def test_a_strided_tensor_that_needs_a_gradient_arrives_as_its_values():
    tensor = torch.arange(6.0).reshape(2, 3).requires_grad_()
    assert torch.equal(decode(encode(tensor.mT)), tensor.detach().mT)


class Text(str):
    """Not exactly a str."""


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1, 2},
        b"bytes",
        {1: "not a string"},
        Text("subclass"),
        torch.__version__,
        torch.nn.Parameter(torch.zeros(2)),
        torch.zeros(2, dtype=torch.complex64),
        torch.zeros(2).to_sparse(),
        torch.zeros(2, device="meta"),
        nested(protocol.MAX_DEPTH),
    ],
    ids=lambda value: type(value).__name__,
)
def test_nothing_but_exact_plain_types_is_sent(value):
    with pytest.raises(NotPlainData):
        encode([value])


@pytest.mark.parametrize("value", ["x" * 2 * protocol.MAX_JSON, torch.zeros(1).expand(10**9)], ids=["text", "tensor"])
def test_too_much_is_not_sent(value):
    with pytest.raises(TooBig):
        encode(value)


def frame(tree, tensors=b"\x02\0\0\0\0\0\0\0{}"):
    return struct.pack("<I", len(tree)) + tree + tensors


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"\xff\xff\xff\xff",
        frame(b"[1,"),
        frame(b'{"tensor": "0"}'),
        frame(b'{"tuple": 3}'),
        frame(b'{"dict": [], "tuple": []}'),
        frame(b'{"pickle": "gASV"}'),
        frame(b"[" * 100_000 + b"]" * 100_000),
        frame(b"9" * 100_000),
        frame(b"null", b""),
        frame(b"null", struct.pack("<Q", 2**60) + b"{}"),
        frame(b"null", encode(torch.zeros(3))[4 + len(b'{"tensor": "0"}') :]),
    ],
    ids=range(12),
)
def test_malformed_frames_are_protocol_errors(bad):
    with pytest.raises(ProtocolError):
        decode(bad)


def test_a_huge_safetensors_header_is_refused_unread():
    header = json.dumps(
        {str(i): {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(100_000)}
    ).encode()
    start = time.perf_counter()
    with pytest.raises(ProtocolError):
        decode(frame(b"null", struct.pack("<Q", len(header)) + header))
    assert time.perf_counter() - start < 0.5
