"""What the latent plane explorer is given beside a decoder: where the encoder puts images.

One safetensors file: `means` and `sds` (n, 2) in float16, which are the posteriors; `labels` (n,) if there are any; and
in its metadata, as JSON under `about`, the `image_shape`.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float16, UInt8
from safetensors.numpy import save

from vae_edu.errors import UserError
from vae_edu.widgets.networks import about, pack_decoder
from vae_edu.widgets.shipped import DATA

if TYPE_CHECKING:
    from torch import Tensor

    from vae_edu.models import VAE

Tensors = dict[str, np.ndarray]


def plane_path(name: str) -> Path:
    """Where the encoded images of a pretrained model are recorded."""
    return DATA / f"{name}.plane.safetensors"


def decoder_path(name: str) -> Path:
    """Where a pretrained model's decoder is recorded as a page loads it."""
    return DATA / f"{name}.decoder.safetensors"


def live_plane(
    model: "VAE", x: "Tensor", labels: "Tensor | None" = None, image_shape: tuple[int, int] | None = None
) -> dict[str, bytes]:
    """The files of a model in memory, with the images `x` encoded by it.

    `image_shape` may be left out for square images. Raises UserError for a model that cannot be drawn.
    """
    if len(x) == 0:
        raise UserError("the latent plane needs at least one image to encode, but got none.")
    check(model)
    description = {"image_shape": list(image_shape or square(x.shape[-1]))}
    return {
        "live.decoder": pack_decoder(getattr(model, "decoder", model)),
        "live.plane": save(encode(model, x, labels), about(description)),
    }


def check(model: "VAE") -> None:
    """Raises UserError unless the model has two latents."""
    if model.latent != 2:
        raise UserError(f"the latent plane needs a model with 2 latents, but this one has {model.latent}.")


def encode(model: "VAE", x: "Tensor", labels: "Tensor | None") -> Tensors:
    """Posteriors in float16 and labels as bytes: what is recorded of images that are not shipped."""
    import torch

    with torch.no_grad():
        parts = [model.encode(part) for part in x.split(1000)]
    means: Float16[np.ndarray, "n 2"] = torch.cat([mean for mean, _ in parts]).half().cpu().numpy()
    sds: Float16[np.ndarray, "n 2"] = torch.cat([(0.5 * log_var).exp() for _, log_var in parts]).half().cpu().numpy()
    if labels is None:
        return {"means": means, "sds": sds}
    if len(labels) != len(x):
        raise UserError(f"expected one label per image, but got {len(labels)} labels for {len(x)} images.")
    digits: UInt8[np.ndarray, "n"] = torch.as_tensor(labels).cpu().numpy().astype(np.uint8)
    return {"means": means, "sds": sds, "labels": digits}


def half_width(means: Float16[np.ndarray, "n 2"]) -> float:
    """Half the width of the square window that the plane shows: it holds 99.5 % of the coordinates (js/scatter.js)."""
    sizes = np.sort(np.abs(means.astype(np.float64)), axis=None)
    return max(3.5, math.ceil(2 * sizes[int(0.995 * (len(sizes) - 1))]) / 2)


def square(pixels: int) -> tuple[int, int]:
    """Rows and columns of a square image. Raises UserError where there is none of so many pixels."""
    side = round(pixels**0.5)
    if side * side != pixels:
        raise UserError(f"images of {pixels} pixels are not square; give their rows and columns as image_shape.")
    return side, side
