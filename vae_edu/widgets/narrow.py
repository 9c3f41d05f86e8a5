"""A decoder of two latents made small for a page: its last layer, split into two that meet in few units.

The pictures of a plane are a surface that hardly leaves a flat space of some tens of dimensions, so the weights between
hundreds of units and hundreds of pixels say far less than they weigh.
"""

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor, nn

    from vae_edu.models import BernoulliMLP, GaussianMLP

TOLERANCE = 0.01  # of a pixel's range from black to white: fewer than 3 of 255 levels of gray
SIDE = 61  # points across the window at which pictures are compared


def narrowed(decoder: "BernoulliMLP | GaussianMLP", half: float) -> "BernoulliMLP | GaussianMLP":
    """The decoder with `head` = two linear layers, for z in the window [-half, half]².

    Of all matrices of its rank the product is nearest to the old weights on the window's hidden activations, and the
    rank is the least multiple of 8 at which no pixel there moves by more than `TOLERANCE`. The decoder itself comes
    back where that saves nothing.
    """
    import torch

    name, head = head_of(decoder)
    weight = head.weight.detach().double()
    line = torch.linspace(-half, half, SIDE)
    with torch.no_grad():
        h = decoder.hidden(torch.cartesian_prod(line, line)).double()
    logits = h @ weight.T
    pictures = _pixels(logits, head)
    directions = torch.linalg.eigh(logits.T @ logits).eigenvectors.flip(1)  # in pixels, by what the window needs most
    for rank in range(8, weight.numel() // sum(weight.shape), 8):
        wide, thin = (factor.half().double() for factor in (directions[:, :rank], directions[:, :rank].T @ weight))
        if (_pixels(h @ thin.T @ wide.T, head) - pictures).abs().max() <= TOLERANCE:
            small = copy.deepcopy(decoder)
            setattr(small, name, _two_layers(thin, wide, head))
            return small
    return decoder


def head_of(decoder: "BernoulliMLP | GaussianMLP") -> "tuple[str, nn.Linear]":
    """Name and layer of what gives the pixels, before the logistic function."""
    name = "logits" if hasattr(decoder, "logits") else "mean"
    return name, getattr(decoder, name)


def _pixels(weighted: "Tensor", head: "nn.Linear") -> "Tensor":
    return (weighted + head.bias.detach().double()).sigmoid()


def _two_layers(thin: "Tensor", wide: "Tensor", head: "nn.Linear") -> "nn.Sequential":
    from torch import nn

    layers = [nn.Linear(thin.shape[1], thin.shape[0]), nn.Linear(wide.shape[1], wide.shape[0])]
    for layer, weight in zip(layers, (thin, wide), strict=True):
        layer.weight.data, layer.bias.data = weight.float(), weight.new_zeros(len(weight)).float()
    layers[1].bias.data = head.bias.detach().clone()
    return nn.Sequential(*layers)
