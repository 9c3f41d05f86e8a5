"""Networks as a page reads them: one safetensors file in float16 for each, the same for Jupyter, a page and the tests.

`hidden.0.weight`, `hidden.0.bias`, `hidden.1.weight`, … and a weight and a bias for each head, or for each of its
layers, `mean.0.weight`, …, if it has several (`narrow.py`); in its metadata, as JSON under `about`, the `activation`
between the hidden layers and the `heads`, pairs of name and output function.
"""

import json
from typing import TYPE_CHECKING

from safetensors.numpy import save

from vae_edu.errors import UserError

if TYPE_CHECKING:
    from torch import nn

_ACTIVATIONS = ("ReLU", "Tanh", "Sigmoid", "Identity")  # those of js/mlp.js


def pack_decoder(network: "nn.Module") -> bytes:
    """What draws the picture: of a Gaussian decoder the mean alone. Raises UserError unless it is an MLP."""
    from vae_edu.models import BernoulliMLP, GaussianMLP

    if isinstance(network, BernoulliMLP):
        return _pack(network, [("logits", "sigmoid")])
    if isinstance(network, GaussianMLP):
        return _pack(network, [("mean", "sigmoid" if network.squash_mean else "identity")])
    raise UserError(f"a figure in the page needs an MLP decoder, but this is a {type(network).__name__}.")


def pack_encoder(network: "nn.Module") -> bytes:
    """Mean and log-variance of q(z|x). Raises UserError unless it is an MLP."""
    from vae_edu.models import GaussianMLP

    if not isinstance(network, GaussianMLP):
        raise UserError(f"a figure in the page needs an MLP encoder, but this is a {type(network).__name__}.")
    return _pack(network, [("mean", "identity"), ("log_var", "identity")])


def about(description: object) -> dict[str, str]:
    """The description in the one form that safetensors keeps, and that is written the same each time."""
    return {"about": json.dumps(description, sort_keys=True)}


def _pack(network: "nn.Module", heads: list[tuple[str, str]]) -> bytes:
    from torch import nn

    *_, last = [nn.Identity(), *network.get_submodule("hidden").children()]
    activation = type(last).__name__
    if activation not in _ACTIVATIONS:
        raise UserError(f"figures in the page know {', '.join(_ACTIVATIONS)}, but this network uses {activation}.")
    hidden = [layer for layer in network.get_submodule("hidden").children() if isinstance(layer, nn.Linear)]
    layers: dict[str, nn.Module] = {f"hidden.{i}": layer for i, layer in enumerate(hidden)}
    for head, _ in heads:
        several = list(network.get_submodule(head).children())
        layers |= {f"{head}.{i}": layer for i, layer in enumerate(several)} or {head: network.get_submodule(head)}
    tensors = {
        f"{name}.{part}": getattr(layer, part).detach().half().cpu().contiguous().numpy()
        for name, layer in layers.items()
        for part in ("weight", "bias")
    }
    return save(tensors, about({"activation": activation.lower(), "heads": heads}))
