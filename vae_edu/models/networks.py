"""The multilayer perceptrons of K13's appendix C: one hidden trunk, one or two linear heads."""

from collections.abc import Sequence
from typing import TypeVar

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


def trunk(sizes: Sequence[int], activation: type[nn.Module]) -> nn.Sequential:
    """Linear layers sizes[0] → sizes[1] → …, each followed by the activation."""
    layers: list[nn.Module] = []
    for inputs, outputs in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [nn.Linear(inputs, outputs), activation()]
    return nn.Sequential(*layers)


@torch.no_grad()
def draw_small_weights(model: Network, std: float = 0.01, generator: Generator | None = None) -> Network:
    """Draw every weight anew from N(0, std²) and set every bias, and every head for log-variances, to zero.

    So training starts from q(z|x) near the prior, whatever the image. Source: K13 §5.
    """
    for name, parameter in model.named_parameters():
        if name.endswith("bias") or "log_var" in name:
            parameter.zero_()
        else:
            parameter.normal_(std=std, generator=generator)
    return model


@torch.no_grad()
def draw_small_biases(model: Network, std: float = 0.01, generator: Generator | None = None) -> Network:
    """Draw every bias anew from N(0, std²), but those of heads for log-variances. Source: K13 §5, "all parameters"."""
    for name, parameter in model.named_parameters():
        if name.endswith("bias") and "log_var" not in name:
            parameter.normal_(std=std, generator=generator)
    return model


@torch.no_grad()
def draw_glorot_weights(model: Network, generator: Generator | None = None) -> Network:
    """Draw all weights anew, uniform with variance 2/(inputs + outputs), and set every bias to zero.

    So signals and gradients keep their size from layer to layer of a tanh network. Source: Glorot and Bengio (2010).
    """
    for parameter in model.parameters():
        if parameter.ndim >= 2:
            nn.init.xavier_uniform_(parameter, generator=generator)
        else:
            parameter.zero_()
    return model


class BernoulliMLP(nn.Module):
    """A network whose output is the logits of independent Bernoullis.

    Source: K13 (11), with the sigmoid left to the likelihood, where it is
    numerically safe.
    """

    def __init__(self, sizes: Sequence[int], activation: type[nn.Module] = nn.ReLU):
        """`sizes` = (inputs, hidden, …, outputs)."""
        super().__init__()
        self.hidden = trunk(sizes[:-1], activation)
        self.logits = nn.Linear(sizes[-2], sizes[-1])

    def forward(self, z: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """Logits of each output being 1."""
        return self.logits(self.hidden(z))


class GaussianMLP(nn.Module):
    """A network whose output is the mean and log-variance of a diagonal
    Gaussian.

    Source: K13 (12). The encoder of every MLP model here, and the decoder
    for real-valued pixels.
    """

    def __init__(self, sizes: Sequence[int], activation: type[nn.Module] = nn.ReLU, squash_mean: bool = False):
        """`sizes` = (inputs, hidden, …, outputs); `squash_mean` keeps means
        in (0, 1) by a sigmoid (K13 §5).
        """
        super().__init__()
        self.hidden = trunk(sizes[:-1], activation)
        self.mean = nn.Linear(sizes[-2], sizes[-1])
        self.log_var = nn.Linear(sizes[-2], sizes[-1])
        self.squash_mean = squash_mean

    def forward(
        self, x: Float[Tensor, "*batch inputs"]
    ) -> tuple[Float[Tensor, "*batch outputs"], Float[Tensor, "*batch outputs"]]:
        """(mean, log_var), each of the output's shape."""
        h = self.hidden(x)
        mean = self.mean(h)
        return (torch.sigmoid(mean) if self.squash_mean else mean), self.log_var(h)
