"""What the latent plane explorer is given: a decoder's weights, encoded images, and how to read them.

It travels as one safetensors file in float16, the same for Jupyter, for a page and for the tests:
`layers.0.weight`, `layers.0.bias`, … of the decoder, `means` (n, 2), `labels` (n,) if there are any, and in its
metadata, as JSON under `plane`, the decoder's `activation` and `output` and the `image_shape`.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float16, UInt8
from safetensors import safe_open
from safetensors.numpy import load_file, save

from vae_edu.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from vae_edu.models import VAE

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
PLANES = Path(__file__).parent / "data"
_ENDING = ".plane.safetensors"
_ACTIVATIONS = ("ReLU", "Tanh", "Sigmoid", "Identity")  # those of js/mlp.js

Tensors = dict[str, np.ndarray]
Description = dict[str, str | list[int]]


def plane_names() -> list[str]:
    """The pretrained models whose encoded images were recorded, and which can hence be shown."""
    return sorted(path.name.removesuffix(_ENDING) for path in PLANES.glob(f"*{_ENDING}"))


def recorded_plane(name: str) -> bytes:
    """The plane of a pretrained model. Raises UserError when there is none of that name."""
    if name not in plane_names():
        raise UserError(f"there is no latent plane {name!r}; choose one of: {', '.join(plane_names())}.")
    return _pack(
        load_file(CHECKPOINTS / f"{name}.safetensors"), load_file(plane_path(name)), recorded_description(name)
    )


def recorded_description(name: str) -> Description:
    """How to read a recorded plane, and what it was recorded from."""
    with safe_open(plane_path(name), framework="numpy") as file:
        return json.loads(file.metadata()["plane"])


def plane_path(name: str) -> Path:
    """Where the encoded images of a pretrained model are recorded."""
    return PLANES / f"{name}{_ENDING}"


def live_plane(
    model: "VAE", x: "Tensor", labels: "Tensor | None" = None, image_shape: tuple[int, int] | None = None
) -> bytes:
    """The plane of a model in memory, with the images `x` encoded by it.

    `image_shape` may be left out for square images. Raises UserError for a model that cannot be drawn.
    """
    if len(x) == 0:
        raise UserError("the latent plane needs at least one image to encode, but got none.")
    description = describe(model, image_shape or _square(x.shape[-1]))
    weights = {name: tensor.detach().cpu().numpy() for name, tensor in model.state_dict().items()}
    return _pack(weights, encode(model, x, labels), description)


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


def describe(model: "VAE", image_shape: tuple[int, int]) -> Description:
    """How the page must read the decoder. Raises UserError unless it is an MLP with two latents."""
    from vae_edu.models import BernoulliMLP, GaussianMLP

    if model.latent != 2:
        raise UserError(f"the latent plane needs a model with 2 latents, but this one has {model.latent}.")
    decoder = getattr(model, "decoder", model)
    if not isinstance(decoder, BernoulliMLP | GaussianMLP):
        raise UserError(f"the latent plane needs an MLP decoder, but this is a {type(decoder).__name__}.")
    activation = type(decoder.hidden[-1]).__name__ if len(decoder.hidden) else "Identity"
    if activation not in _ACTIVATIONS:
        raise UserError(f"the latent plane knows {', '.join(_ACTIVATIONS)}, but this decoder uses {activation}.")
    return {
        "activation": activation.lower(),
        "output": "sigmoid" if isinstance(decoder, BernoulliMLP) or decoder.squash_mean else "identity",
        "image_shape": list(image_shape),
    }


def _pack(weights: Mapping[str, np.ndarray], encoded: Tensors, description: Description) -> bytes:
    layers = {
        f"layers.{i}.{part}": weights[f"{layer}.{part}"].astype(np.float16)
        for i, layer in enumerate(_decoder_layers(weights))
        for part in ("weight", "bias")
    }
    return save({**layers, **encoded}, metadata(description))


def metadata(description: Description) -> dict[str, str]:
    """The description in the one form that safetensors keeps, and that is written the same each time."""
    return {"plane": json.dumps(description, sort_keys=True)}


def _decoder_layers(weights: Mapping[str, np.ndarray]) -> list[str]:
    """Names of the decoder's linear layers from z to the picture; a Gaussian's variance is not drawn."""
    names = [name.removesuffix(".weight") for name in weights if name.endswith(".weight")]
    hidden = [name for name in names if name.startswith("decoder.hidden.")]
    hidden.sort(key=lambda name: int(name.rpartition(".")[2]))
    head = "decoder.logits" if "decoder.logits" in names else "decoder.mean"
    return [*hidden, head]


def _square(pixels: int) -> tuple[int, int]:
    side = round(pixels**0.5)
    if side * side != pixels:
        raise UserError(f"images of {pixels} pixels are not square; give their rows and columns as image_shape.")
    return side, side
