"""Pictures kept in a record, so that a figure can be drawn from points that were finished long before."""

from base64 import b64decode, b64encode
from zlib import compress, decompress

import torch
from jaxtyping import Float
from torch import Tensor


def pack(pictures: Float[Tensor, "n pixels"]) -> str:
    """Pictures in 256 greys as text short enough for a record."""
    return b64encode(compress((pictures * 255).round().byte().numpy().tobytes(), 9)).decode()


def unpack(text: str, pixels: int) -> Float[Tensor, "n {pixels}"]:
    """What `pack` made."""
    return torch.frombuffer(bytearray(decompress(b64decode(text))), dtype=torch.uint8).float().view(-1, pixels) / 255
