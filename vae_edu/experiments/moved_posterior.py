"""Estimators A and B in a linear-Gaussian model, where the posterior is known and q can be moved off it at will."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import LatentVariableModel, elbo, elbo_a
from vae_edu.evaluation.spread import variance_with_error
from vae_edu.experiments.points import Result
from vae_edu.gaussians import kl_full
from vae_edu.models import LinearGaussian

ESTIMATORS: dict[str, Callable[..., Tensor]] = {"A": elbo_a, "B": elbo}


@dataclass(frozen=True)
class Moved:
    """A linear-Gaussian model whose q is moved off the posterior, by so many standard deviations and widths."""

    model: LinearGaussian
    shift: float = 0.0
    log_width: float = 0.0

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The model's q(z|x), each mean moved by `shift` standard deviations and widened by exp(log_width)."""
        mean, log_var = self.model.encode(x)
        return mean + self.shift * torch.exp(0.5 * log_var), log_var + 2 * self.log_width

    def decode(self, z: Tensor) -> Any:
        """The model's own."""
        return self.model.decode(z)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """The model's own."""
        return self.model.log_likelihood(x, z)


def moved_off_the_posterior(draws: int, seed: int, _state: Path) -> Result:
    """Both variances, exact and measured, as q leaves the posterior in two ways: shifted, and too wide or narrow."""
    generator = Generator().manual_seed(seed)
    model, x = orthogonal_model(generator)
    ways = {
        "shift in standard deviations": [Moved(model, shift=i / 4) for i in range(9)],
        "log of the width": [Moved(model, log_width=i / 4) for i in range(-8, 9)],
    }
    found = {}
    for way, moved in ways.items():
        rows = [both_variances(one, x, draws, generator) for one in moved]
        found[way] = {
            "at": [one.shift or one.log_width for one in moved],
            **{name: [row[name] for row in rows] for name in rows[0]},
        }
    return {"draws": draws, "data points": len(x), **found}


def orthogonal_model(generator: Generator) -> tuple[LinearGaussian, Float[Tensor, "20 5"]]:
    """Orthogonal columns: the posterior is a diagonal Gaussian, and the encoder is it; with data of its own."""
    columns = torch.linalg.qr(torch.randn(5, 3, generator=generator, dtype=torch.float64)).Q
    model = LinearGaussian(columns * torch.tensor([0.5, 1.0, 2.0]), torch.zeros(5, dtype=torch.float64), 0.4)
    z = torch.randn(20, 3, generator=generator, dtype=torch.float64)
    noise = torch.randn(20, 5, generator=generator, dtype=torch.float64)
    return model.requires_grad_(False), z @ model.weight.mT + math.sqrt(0.4) * noise


def both_variances(moved: Moved, x: Float[Tensor, "batch pixels"], draws: int, generator: Generator) -> Result:
    """Means over data points of the gap and of each estimator's variance, in nats and nats squared."""
    mean, log_var = moved.encode(x)
    row: Result = {"gap": kl_full(mean, torch.diag_embed(log_var.exp()), *moved.model.posterior(x)).mean().item()}
    exact = exact_variances(moved, x)
    for name, estimator in ESTIMATORS.items():
        eps = torch.randn(draws, *mean.shape, generator=generator, dtype=x.dtype)
        variance, error = variance_with_error(each_draw(estimator, moved, x, eps))
        row[f"{name} exact"] = exact[name].mean().item()
        row[f"{name} measured"] = variance.mean().item()
        row[f"{name} standard error"] = error.square().sum().sqrt().item() / len(x)
    return row


def exact_variances(moved: Moved, x: Float[Tensor, "batch pixels"]) -> dict[str, Float[Tensor, "batch"]]:
    """One draw is constant + b·eps + ½·eps·H·eps, for A and for B:
    its variance is ‖b‖² + ½‖H‖²."""
    mean, log_var = moved.encode(x)
    s, noise_var = torch.exp(0.5 * log_var[0]), moved.model.log_noise_var.exp()
    scaled = moved.model.weight * s
    b = (x - moved.decode(mean)[0]) @ scaled / noise_var
    h = -scaled.mT @ scaled / noise_var
    b_a, h_a = b - s * mean, h + torch.diag(1 - s**2)  # what log p(z) − log q(z|x) adds
    return {
        "A": b_a.square().sum(-1) + 0.5 * h_a.square().sum(),
        "B": b.square().sum(-1) + 0.5 * h.square().sum(),
    }


def each_draw(
    estimator: Callable[..., Tensor],
    model: LatentVariableModel,
    x: Float[Tensor, "batch pixels"],
    eps: Float[Tensor, "draws batch latent"],
) -> Float[Tensor, "draws batch"]:
    """The estimator's value for each draw by itself."""
    draws, batch = eps.shape[:2]
    one_draw = estimator(model, x.repeat(draws, 1), eps=eps.flatten(0, 1).unsqueeze(0))
    return one_draw.unflatten(0, (draws, batch))
