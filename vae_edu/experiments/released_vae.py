"""D16's released VAE, its schedule, and the points of the experiments that train it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from vae_edu.data import ImageData
from vae_edu.learning import History, fit
from vae_edu.learning.learner import FUSED_ADAM
from vae_edu.models import VAE, mlp_vae

WEIGHT_DECAY = 5e-4
LATENT = 30


@dataclass(frozen=True)
class Plan:
    """The hidden widths and how long to train: D16's own are 1000, 500, 250 and 60,000 iterations, 100 epochs."""

    hidden: tuple[int, ...]
    epochs: int


def train(plan: Plan, latent: int, data: ImageData, test: ImageData, seed: int, state: Path) -> tuple[VAE, History]:
    """Train on grey images by Adam at 1e-3, batches of 100 and weight decay, as released.

    The weights start where PyTorch puts them, not at the release's sparse Gaussians. And log σ² is read from the last
    hidden layer, as the mean is: the release takes the mean behind that layer's ReLU and log σ from in front of it.

    Source: D16 §4.1, D16 figure 7.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = mlp_vae(data.x.shape[1], plan.hidden, latent)
    history = fit(
        model, data.x, x_test=test.x, epochs=plan.epochs, make_optimizer=decayed_adam, seed=seed, resume=state,
        settings={"latents": latent, "hidden": list(plan.hidden)}, progress=False,
    )  # fmt: skip
    return model.requires_grad_(False).cpu(), history


def decayed_adam(parameters: Iterable[nn.Parameter], lr: float) -> torch.optim.Optimizer:
    """Adam on the bound less ½·WEIGHT_DECAY·‖weights‖²; biases are left free."""
    known = list(parameters)
    groups: list[dict[str, Any]] = [
        {"params": [p for p in known if p.ndim > 1], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in known if p.ndim == 1]},
    ]
    return FUSED_ADAM(groups, lr=lr)
