"""Adam whose step size falls from stage to stage, each stage three times as long as the one before."""

from collections.abc import Iterable
from itertools import count
from typing import Any

import torch

LAST_STAGE = 7


def stage_of(passes: int) -> int:
    """Which stage the next pass belongs to, after so many passes: stage i takes 3^i of them, and the last the rest."""
    return min(LAST_STAGE, next(i for i in count() if passes < passes_until(i)))


def passes_until(stage: int) -> int:
    """Passes over the data in all stages up to and with this one: 1 + 3 + … + 3^stage."""
    return (3 ** (stage + 1) - 1) // 2


class StagedAdam(torch.optim.Adam):
    """Adam with the step size lr·10^(−i/7) in stage i. Its running moments are kept from one stage to the next.

    Source: Burda et al. (2015).
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, *, steps_per_pass: int, eps: float = 1e-4):
        """`params` and `lr` as for any optimizer."""
        super().__init__(params, lr=lr, eps=eps, fused=True)
        self.steps_per_pass = steps_per_pass
        for group in self.param_groups:  # saved with the optimizer's state, so that a resumed run knows its stage
            group.update(first_lr=lr, steps=0)

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Set the stage's step size and descend."""
        for group in self.param_groups:
            group["lr"] = group["first_lr"] * 10 ** (-stage_of(group["steps"] // self.steps_per_pass) / LAST_STAGE)
            group["steps"] += 1
        return super().step(closure)
