"""Networks as a page reads them: one safetensors file in float16 for each, the same for Jupyter, a page and the tests.

`hidden.0.weight`, `hidden.0.bias`, `hidden.1.weight`, … and a weight and a bias for each head, or for each of its
layers, `mean.0.weight`, …, if it has several (`narrow.py`); in its metadata, as JSON under `about`, the `activation`
between the hidden layers and the `heads`, pairs of name and output function.
"""

import json
from copy import deepcopy
from typing import TYPE_CHECKING

from safetensors.numpy import save

from vae_edu.errors import UserError

if TYPE_CHECKING:
    from torch import nn

    from vae_edu.models.conditional import ConditionalMLP

_ACTIVATIONS = ("ReLU", "Tanh", "Sigmoid", "Identity")  # those of js/mlp.js


def pack_decoder(network: "nn.Module") -> bytes:
    """What draws the picture: of a Gaussian decoder the mean alone. Raises UserError unless it is an MLP.

    A conditional decoder becomes an MLP of z and, after it, what `pack_condition` makes of the condition.
    """
    from vae_edu.models import BernoulliMLP, GaussianMLP
    from vae_edu.models.conditional import ConditionalMLP

    if isinstance(network, ConditionalMLP):
        return pack_decoder(_side_by_side(network))
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


def pack_condition(network: "nn.Module") -> bytes:
    """The condition's own layers in a conditional decoder. Raises UserError for a network that has none."""
    from torch import nn

    from vae_edu.models.conditional import ConditionalMLP

    if not (isinstance(network, ConditionalMLP) and len(network.condition)):
        kind = type(network).__name__
        raise UserError(f"a figure in the page needs a decoder with layers for the condition; this {kind} has none.")
    *_, last, activation = network.condition.children()
    parts = nn.ModuleDict({"hidden": network.condition[:-2], "features": last})
    return _pack(parts, [("features", type(activation).__name__.lower())])


def about(description: object) -> dict[str, str]:
    """The description in the one form that safetensors keeps, and that is written the same each time."""
    return {"about": json.dumps(description, sort_keys=True)}


def _side_by_side(network: "ConditionalMLP") -> "nn.Module":
    """The same decoder with one input: a sum of two linear layers is one layer of both their inputs."""
    import torch
    from torch import nn

    both = nn.Linear(network.from_z.in_features + network.from_condition.in_features, network.from_z.out_features)
    both.weight = nn.Parameter(torch.cat([network.from_z.weight, network.from_condition.weight], 1))
    both.bias = network.from_condition.bias
    joined = deepcopy(network.rest)
    joined.hidden = nn.Sequential(both, network.activation, *network.rest.hidden)
    return joined


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
