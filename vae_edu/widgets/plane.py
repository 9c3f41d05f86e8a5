"""What the latent plane explorer is given beside a decoder: where the encoder puts images.

One safetensors file: `means` (n, 2) in float16, `labels` (n,) if there are any, and in its metadata, as JSON under
`about`, the `image_shape`.
"""

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
    """Posterior means in float16 and labels as bytes: what is recorded of images that are not shipped."""
    import torch

    from vae_edu.evaluation.latent_space import posterior_means

    means: Float16[np.ndarray, "n 2"] = posterior_means(model, x).half().cpu().numpy()
    if labels is None:
        return {"means": means}
    if len(labels) != len(x):
        raise UserError(f"expected one label per image, but got {len(labels)} labels for {len(x)} images.")
    digits: UInt8[np.ndarray, "n"] = torch.as_tensor(labels).cpu().numpy().astype(np.uint8)
    return {"means": means, "labels": digits}


def square(pixels: int) -> tuple[int, int]:
    """Rows and columns of a square image. Raises UserError where there is none of so many pixels."""
    side = round(pixels**0.5)
    if side * side != pixels:
        raise UserError(f"images of {pixels} pixels are not square; give their rows and columns as image_shape.")
    return side, side
