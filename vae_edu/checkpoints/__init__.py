"""Pretrained weights: float16 safetensors, each beside a model card that says how to train it again."""

from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import nn

from vae_edu.errors import UserError
from vae_edu.files import written_atomically
from vae_edu.recipes import recipe

FOLDER = Path(__file__).parent
Model = TypeVar("Model", bound=nn.Module)


def load_pretrained(name: str) -> Any:
    """The recipe's model (VAE, CVAE or regressor) with the shipped weights, in float32, ready to use.

    Raises UserError for a name without shipped weights, and for a damaged or unfitting file.
    """
    path = FOLDER / f"{name}.safetensors"
    model = recipe(name).new_model()
    if not path.exists():
        raise UserError(f"no weights are shipped for {name!r}; train them with: vae-edu train {name}")
    return load_weights(model, path).eval()


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the model's parameters as float16 safetensors, whole or not at all."""
    half = {name: tensor.detach().cpu().half().contiguous() for name, tensor in model.state_dict().items()}
    with written_atomically(path) as temporary:
        temporary.write_bytes(save(half))


def load_weights(model: Model, path: Path) -> Model:
    """Fill `model` from a file of `save_weights`.

    Raises UserError when the file is truncated, holds another architecture, or holds values that are not finite.
    """
    try:
        with safe_open(path, framework="pt") as file:
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
    except (SafetensorError, OSError) as error:
        raise UserError(f"{path} is not a whole safetensors file ({error}); train or fetch it again.") from None
    expected = model.state_dict()
    _check_fit(path, expected, found)
    model.load_state_dict({name: found[name].to(tensor.dtype) for name, tensor in expected.items()})
    return model


def _check_fit(path: Path, expected: dict[str, torch.Tensor], found: dict[str, torch.Tensor]) -> None:
    for name in expected.keys() | found.keys():
        wanted = tuple(expected[name].shape) if name in expected else "nothing"
        came = tuple(found[name].shape) if name in found else "nothing"
        if wanted != came:
            raise UserError(
                f"{path} holds another architecture: the model expects {wanted} for {name!r} and the file has {came}; "
                "use the recipe that the file was trained with."
            )
        if not found[name].isfinite().all():
            raise UserError(f"{path} holds values that are not finite in {name!r}; train it again.")
