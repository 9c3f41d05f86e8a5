"""An encoder whose log-variances learn slowly under Adagrad, as wake-sleep's did in the code K13's authors released."""

from typing import Any

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import linear

from vae_edu.models import VAE


class SlowLinear(nn.Linear):
    """A linear layer whose weights count a share of what they are.

    Adagrad's steps do not depend on the scale of the gradient: what such a layer computes moves that share as far.
    """

    def __init__(self, inputs: int, outputs: int, share: float):
        """`share` of each weight counts; the biases count in full."""
        super().__init__(inputs, outputs)
        self.share = share

    def forward(self, h: Float[Tensor, "*batch inputs"]) -> Float[Tensor, "*batch outputs"]:
        """share·W·h + b."""
        return linear(h, self.share * self.weight, self.bias)


def slow_log_var(model: VAE, share: float) -> VAE:
    """Put a new layer that learns slowly in place of the encoder's head for log-variances; returns the model."""
    encoder: Any = model.encoder
    head = encoder.log_var
    encoder.log_var = SlowLinear(head.in_features, head.out_features, share)
    return model
