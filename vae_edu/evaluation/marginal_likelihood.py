"""Estimates of log p(x), the evidence: by draws from the prior, from q, and from the posterior itself."""

import math
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import DeepModel, LatentVariableModel, log_weights
from vae_edu.evaluation.density import FitDensity, kernel_log_density
from vae_edu.gaussians import log_standard_normal
from vae_edu.hmc import hmc_step, tuned

IMAGES, DRAWS = 20, 50  # what the decoder sees at once: much more would not fit a processor's cache


@runtime_checkable
class GenerativeModel(Protocol):
    """What the posterior depends on: the decoder, and how many latent variables have the prior N(0, I)."""

    latent: int

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z)."""


# Draws from the prior


@torch.no_grad()
def prior_sampling(
    model: LatentVariableModel,
    x: Float[Tensor, "batch pixels"],
    z: Float[Tensor, "samples latent"],
) -> Float[Tensor, "batch"]:
    """log of the mean over the given prior draws of p(x|z), in nats.

    Per data point. The plain reading of the integral: unbiased for p(x),
    hence too low on average for log p(x) (Jensen), and hopeless when few
    draws land where x is likely.

    Source: D16 (1).
    """
    log_likelihood = model.log_likelihood(x, z.unsqueeze(1))  # decoded once for all x
    return torch.logsumexp(log_likelihood, dim=0) - math.log(len(z))


def prior_draws(
    samples: int, latent: int, generator: Generator | None = None, dtype: torch.dtype | None = None
) -> Float[Tensor, "samples latent"]:
    """Draws of z ~ N(0, I). Source: D16 (1)."""
    return torch.randn(samples, latent, generator=generator, dtype=dtype)


# Draws from q


@torch.no_grad()
def importance_sampling(
    model: LatentVariableModel | DeepModel,
    x: Float[Tensor, "batch pixels"],
    samples: int = 5000,
    generator: Generator | None = None,
) -> Float[Tensor, "batch"]:
    """L_k with k = `samples`, per data point, in nats: too low on average, the less so the more draws.

    In parts, so that any number of draws and of images fits into memory.

    Source: Burda et al. (2015).
    """
    many = 10 if x.is_cuda else 1  # a GPU wants more at once
    sizes = [min(many * DRAWS, samples - done) for done in range(0, samples, many * DRAWS)]

    def log_mean_weight(images: Tensor) -> Tensor:
        sums = [log_weights(model, images, samples=size, generator=generator).logsumexp(0) for size in sizes]
        return torch.stack(sums).logsumexp(0) - math.log(samples)

    return torch.cat([log_mean_weight(images) for images in x.split(many * IMAGES)])


# Draws from the posterior


def harmonic_log_marginal(
    model: GenerativeModel,
    x: Float[Tensor, "batch pixels"],
    draws: int = 50,
    *,
    leapfrog_steps: int = 4,
    burn_in: int = 30,
    fit_density: FitDensity = kernel_log_density,
    z0: Float[Tensor, "batch latent"] | None = None,
    generator: Generator | None = None,
) -> Float[Tensor, "batch"]:
    """log p(x) without an encoder, by a chain of posterior draws.

    The chain's first half fits q, the second half averages. Meant for few
    latent variables, below five. Not a number where a chain did not move.

    Source: K13 App. D.
    """
    z = posterior_chain(model, x, draws, leapfrog_steps=leapfrog_steps, burn_in=burn_in, z0=z0, generator=generator)
    first, second = z[: draws // 2], z[draws // 2 :]
    with torch.no_grad():
        log_joint = model.log_likelihood(x, second) + log_standard_normal(second)
        return harmonic_estimate(log_joint, fit_density(first, second))


def harmonic_estimate(
    log_joint: Float[Tensor, "draws batch"], log_q: Float[Tensor, "draws batch"]
) -> Float[Tensor, "batch"]:
    """log p(x), in nats: −log of the mean of q(z)/(p(z)·p(x|z)).

    The mean is over posterior draws z, with any density q. Without variance
    when q is the posterior; finite variance where q's tails are lighter.

    Source: K13 App. D.
    """
    return math.log(len(log_q)) - torch.logsumexp(log_q - log_joint, dim=0)


def posterior_chain(
    model: GenerativeModel,
    x: Float[Tensor, "batch pixels"],
    draws: int,
    *,
    leapfrog_steps: int = 4,
    burn_in: int = 30,
    z0: Float[Tensor, "batch latent"] | None = None,
    step_size: float = 1.0,
    generator: Generator | None = None,
) -> Float[Tensor, "draws batch latent"]:
    """Draws of p(z|x) for each data point by Hamiltonian Monte Carlo.

    The first `burn_in` transitions are forgotten. While they last, the step
    size, one for all chains, is tuned to 90 % acceptance. The chains start
    from `z0`; unless given, where prior draws are likely: from a place of
    little likelihood many would never leave a local mode of the posterior.

    Source: K13 App. D.
    """

    def log_joint(z: Tensor) -> Tensor:
        return model.log_likelihood(x, z) + log_standard_normal(z)

    z, chain = likely_prior_draws(model, x, generator=generator) if z0 is None else z0, []
    for transition in range(burn_in + draws):
        # Longer or shorter each time: paths of one length may end where they began, again and again.
        stretch = x.new_empty(()).uniform_(0.5, 1.5, generator=generator).item()
        z, accepted = hmc_step(log_joint, z, stretch * step_size, leapfrog_steps, generator)
        if transition < burn_in:
            # Bold at first, so that any scale is found, and then ever finer.
            step_size = tuned(step_size, accepted.double().mean().item(), gain=5 / (5 + transition))
        else:
            chain.append(z)
    return torch.stack(chain)


@torch.no_grad()
def likely_prior_draws(
    model: GenerativeModel, x: Float[Tensor, "batch pixels"], candidates: int = 300, generator: Generator | None = None
) -> Float[Tensor, "batch latent"]:
    """For each data point one of the same `candidates` draws of the prior, with probability in proportion to p(x|z).

    With ever more candidates it becomes a draw of the posterior.
    """
    z = x.new_empty(candidates, model.latent).normal_(generator=generator)
    log_likelihood = torch.stack([model.log_likelihood(x, one.unsqueeze(0)) for one in z])
    # The largest of log p + Gumbel noise is a draw in proportion to p.
    gumbel = -torch.empty_like(log_likelihood).exponential_(generator=generator).log()
    return z[(log_likelihood + gumbel).argmax(0)]
