"""Hamiltonian Monte Carlo: draws from a density that is known up to a constant, here the posterior p(z|x).

A position z gets a random momentum, Newton's equations with the potential −log p are followed for a while by
the leapfrog method, and a Metropolis test removes what the finite step size got wrong. All chains, one per data
point say, move at once, and each is accepted or rejected by itself.
"""

import math
from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Generator, Tensor

LogDensity = Callable[[Tensor], Tensor]  # (*chains, latent) to (*chains,), in nats, up to a constant


@torch.no_grad()
def hmc_step(
    log_density: LogDensity,
    z: Float[Tensor, "*chains latent"],
    step_size: float,
    steps: int,
    generator: Generator | None = None,
) -> tuple[Float[Tensor, "*chains latent"], Bool[Tensor, "*chains"]]:
    """One transition of every chain that leaves the density invariant.

    Gives the new z, and which proposals were accepted. A proposal whose
    energy is not finite is rejected. The gradient is taken in z alone,
    `steps` + 1 times.

    Source: K13 App. E.
    """
    momentum = torch.empty_like(z).normal_(generator=generator)
    proposal, end_momentum, log_p, end_log_p = trajectory(log_density, z, momentum, step_size, steps)
    end = end_log_p - _kinetic_energy(end_momentum)
    log_ratio = end - (log_p - _kinetic_energy(momentum))
    log_uniform = torch.empty_like(log_ratio).uniform_(generator=generator).log()
    accepted = (log_uniform < log_ratio) & end.isfinite()
    return torch.where(accepted.unsqueeze(-1), proposal, z), accepted


@torch.no_grad()
def leapfrog(
    log_density: LogDensity,
    z: Float[Tensor, "*chains latent"],
    momentum: Float[Tensor, "*chains latent"],
    step_size: float,
    steps: int,
) -> tuple[Float[Tensor, "*chains latent"], Float[Tensor, "*chains latent"]]:
    """Position and momentum after `steps` steps of Newton's equations with potential −log_density and unit mass.

    Time-reversible and volume-preserving exactly; the energy is kept up to the square of the step size.

    Source: K13 App. E.
    """
    return trajectory(log_density, z, momentum, step_size, steps)[:2]


def tuned(step_size: float, acceptance_rate: float, target: float = 0.9, gain: float = 0.2) -> float:
    """A step a bit larger above `target` acceptance, a bit smaller below.

    The change is in proportion to the excess, so that acceptance settles at
    the target even where the rate of one transition can only be 0 or 1. At
    the defaults one accepted proposal lengthens the step by 2 %. Draws count
    as draws of the density only after tuning has stopped.

    Source: K13 App. E.
    """
    return step_size * math.exp(gain * (acceptance_rate - target))


def trajectory(
    log_density: LogDensity,
    z: Float[Tensor, "*chains latent"],
    momentum: Float[Tensor, "*chains latent"],
    step_size: float,
    steps: int,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Position and momentum at the end; log-density at beginning and end.

    Log-densities in nats, up to a constant.
    """
    start, gradient = _value_and_gradient(log_density, z)
    end = start
    for _ in range(steps):
        momentum = momentum + 0.5 * step_size * gradient
        z = z + step_size * momentum
        end, gradient = _value_and_gradient(log_density, z)
        momentum = momentum + 0.5 * step_size * gradient
    return z, momentum, start, end


def _value_and_gradient(log_density: LogDensity, z: Tensor) -> tuple[Tensor, Tensor]:
    with torch.enable_grad():
        z = z.detach().requires_grad_()
        log_p = log_density(z)
        # No chain's density depends on another's z: the gradient of the sum holds each chain's own.
        (gradient,) = torch.autograd.grad(log_p.sum(), z)
    return log_p.detach(), gradient


def _kinetic_energy(momentum: Float[Tensor, "*chains latent"]) -> Float[Tensor, "*chains"]:
    return 0.5 * momentum.square().sum(-1)
