"""Frames between grader and worker: u32 length | JSON tree | safetensors.

Exact types, no pickle, every size capped. The tree holds None, bool, int, float, str and lists as JSON has
them, and objects of one key for the rest: {"tensor": name}, {"tuple": [...]}, {"dict": {...}}. The worker
process loads this file where the course is not installed.
"""

import json
import struct
from typing import Any

MAX_FRAME = 64 * 2**20
MAX_JSON = 2**20
MAX_HEADER = 256 * 2**10
MAX_DEPTH = 32
DTYPES = ("float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32", "int64", "bool")

LENGTH = struct.Struct("<I")
HEADER_LENGTH = struct.Struct("<Q")


class ProtocolError(Exception):
    """A frame that is not of this protocol."""


class NotPlainData(Exception):
    """A value that no frame carries; `type_name` says what it is."""

    def __init__(self, type_name: str) -> None:
        super().__init__(f"a value of type {type_name} is not plain data")
        self.type_name = type_name


class TooBig(Exception):
    """A value larger than a frame may be."""


def encode(value: Any) -> bytes:
    """The frame of a value. Raises NotPlainData or TooBig."""
    from safetensors.torch import save

    tensors: dict[str, Any] = {}
    tree = json.dumps(_to_tree(value, tensors, MAX_DEPTH)).encode()
    if len(tree) > MAX_JSON or sum(t.numel() * t.element_size() for t in tensors.values()) > MAX_FRAME - 2 * MAX_JSON:
        raise TooBig
    # Copies, because safetensors refuses tensors that share memory or have gaps.
    return LENGTH.pack(len(tree)) + tree + save({name: t.contiguous().clone() for name, t in tensors.items()})


def decode(frame: bytes) -> Any:
    """The value of a frame. Raises ProtocolError and nothing else, whatever the bytes are."""
    try:
        (length,) = LENGTH.unpack_from(frame)
        if length > MAX_JSON:
            raise ProtocolError("the JSON tree is too long")
        tensors = _tensors(frame[LENGTH.size + length :])
        value = _from_tree(json.loads(frame[LENGTH.size : LENGTH.size + length]), tensors, MAX_DEPTH)
    except ProtocolError:
        raise
    except Exception as error:
        raise ProtocolError(f"the frame cannot be read: {error}") from None
    if tensors:
        raise ProtocolError("the frame holds tensors that its tree does not name")
    return value


def _tensors(part: bytes) -> dict[str, Any]:
    from safetensors.torch import load

    (header,) = HEADER_LENGTH.unpack_from(part)
    if header > MAX_HEADER:
        raise ProtocolError("the safetensors header is too long")
    tensors = load(part)
    if any(_dtype(tensor) not in DTYPES for tensor in tensors.values()):
        raise ProtocolError("a tensor is of a type that is never sent")
    return tensors


def _to_tree(value: Any, tensors: dict[str, Any], depth: int) -> Any:
    import torch

    if depth == 0:
        raise NotPlainData("deeply nested")
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind is torch.Tensor and _is_plain(value):
        name = str(len(tensors))
        tensors[name] = value.detach()
        return {"tensor": name}
    if kind in (list, tuple):
        items = [_to_tree(item, tensors, depth - 1) for item in value]
        return items if kind is list else {"tuple": items}
    if kind is dict and all(type(key) is str for key in value):
        return {"dict": {key: _to_tree(item, tensors, depth - 1) for key, item in value.items()}}
    raise NotPlainData(kind.__name__)


def _is_plain(tensor: Any) -> bool:
    import torch

    return tensor.layout is torch.strided and tensor.device.type == "cpu" and _dtype(tensor) in DTYPES


def _dtype(tensor: Any) -> str:
    return str(tensor.dtype).removeprefix("torch.")


def _from_tree(tree: Any, tensors: dict[str, Any], depth: int) -> Any:
    if depth == 0:
        raise ProtocolError("the tree is too deep")
    if type(tree) is list:
        return [_from_tree(item, tensors, depth - 1) for item in tree]
    if type(tree) is not dict:
        return tree
    ((tag, content),) = tree.items()
    if tag == "tensor":
        return tensors.pop(content)
    if tag == "tuple" and type(content) is list:
        return tuple(_from_tree(item, tensors, depth - 1) for item in content)
    if tag == "dict" and type(content) is dict:
        return {key: _from_tree(item, tensors, depth - 1) for key, item in content.items()}
    raise ProtocolError("the tree has an object of no known kind")
