"""Adagrad as K13 used it: each parameter's step shrinks with the gradients it has seen, gathered before the first."""

from collections.abc import Iterable
from typing import Any

import torch


class GatheringAdagrad(torch.optim.Adagrad):
    """Adagrad whose first `gather` steps only add up squared gradients, so that the first real step is not a leap.

    Without them each parameter's first step is the whole learning rate, whatever its gradient. The small `damping`
    stands below the root: 1e-8 for gradients summed over a minibatch of 100, hence 1e-12 for their mean.

    Source: K13 §5, as in its authors' released code.
    """

    def __init__(
        self, params: Iterable[Any], lr: float = 0.01, *, gather: int = 100, damping: float = 1e-12, **options: Any
    ):
        """`params` and `lr` as for any optimizer."""
        options.setdefault("fused", not torch.cuda.is_available())  # one kernel, which exists on CPUs only
        super().__init__(params, lr=lr, initial_accumulator_value=damping, eps=0.0, **options)
        for group in self.param_groups:
            group["gather"] = gather

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Gather while there is something left to gather, then descend as
        Adagrad does."""
        held = [(group, group["lr"]) for group in self.param_groups if group["gather"] > 0]
        for group, _ in held:
            group["lr"] = 0.0
            group["gather"] -= 1
        loss = super().step(closure)
        for group, lr in held:
            group["lr"] = lr
        return loss
