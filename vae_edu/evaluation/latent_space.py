"""What a latent space looks like: where the data sit in it, what a grid of it decodes to, how fast pictures change."""

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor
from torch.func import jacfwd, vmap

from vae_edu.gaussians import (
    affine,
    kl_full_standard_normal,
    kl_standard_normal,
    log_normal,
    log_standard_normal,
    reparameterize,
)
from vae_edu.models import VAE


@torch.no_grad()
def posterior_means(
    model: VAE, x: Float[Tensor, "batch pixels"], batch_size: int = 1000
) -> Float[Tensor, "batch latent"]:
    """E_q[z|x] for each image: its place in latent space."""
    return torch.cat([model.encode(part)[0] for part in x.split(batch_size)])


def quantile_grid(side: int, margin: float = 0.5) -> Float[Tensor, "side side 2"]:
    """A square grid of 2-D latents, equally spaced in prior probability:
    unit square through the inverse normal CDF.

    The outermost points are `margin`/side of probability inside the square;
    at the default 0.5 each point is the middle of one of side² cells of
    equal prior probability. Row 0 holds the largest z2, as a plot does.

    Source: K13 figure 4.
    """
    probability = torch.linspace(margin / side, 1 - margin / side, side, dtype=torch.float64)
    z = torch.special.ndtri(probability).float()
    z2, z1 = torch.meshgrid(z.flip(0), z, indexing="ij")
    return torch.stack([z1, z2], dim=-1)


@torch.no_grad()
def manifold(model: VAE, side: int = 20, margin: float = 0.5) -> Float[Tensor, "side side pixels"]:
    """The decoder's picture at each point of `quantile_grid`: the learned 2-D manifold of the data.

    Source: K13 figure 4.
    """
    grid = quantile_grid(side, margin).to(next(model.parameters()))  # its device and its dtype
    return model.images(grid.reshape(-1, 2)).reshape(side, side, -1)


def great_circle(
    start: Float[Tensor, "*batch latent"], end: Float[Tensor, "*batch latent"], t: Float[Tensor, "steps"]
) -> Float[Tensor, "steps *batch latent"]:
    """Spherical interpolation:
    sin((1 − t)·Ω)/sin Ω·start + sin(t·Ω)/sin Ω·end,
    with Ω the angle between the two.

    Ends of one length keep that length all the way. Between opposite ends no
    great circle is singled out.
    """
    angle = torch.arccos(torch.cosine_similarity(start, end, dim=-1).clamp(-1, 1)).unsqueeze(-1) / torch.pi
    s = t.view(-1, *[1] * start.ndim)
    # sin(s·Ω)/sin Ω = s·sinc(s·Ω/π)/sinc(Ω/π), which is s and not 0/0 where the directions agree.
    weights = ((1 - s) * torch.sinc((1 - s) * angle), s * torch.sinc(s * angle))
    return (weights[0] * start + weights[1] * end) / torch.sinc(angle)


@torch.no_grad()
def jacobian(
    function: Callable[[Tensor], Any], z: Float[Tensor, "batch latent"]
) -> Float[Tensor, "batch outputs latent"]:
    """Derivatives of each output of `function` along each latent axis, at
    each z.
    """
    return vmap(jacfwd(function))(z)


def pullback_metric(model: VAE, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch latent latent"]:
    """JᵀJ with J the Jacobian of the decoder's picture: dz·(JᵀJ)·dz is the
    squared distance the picture moves.
    """
    j = jacobian(model.images, z)
    return j.mT @ j


def fisher_metric(model: VAE, z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch latent latent"]:
    """The same with each Bernoulli pixel weighed by 1/(p(1−p)): for small
    dz, ½·dz·F·dz is KL(p(x|z) || p(x|z + dz)), in nats.
    """
    # With dp = p(1−p)·dlogit the weights divide out, and a saturated pixel gives 0 and not 0/0.
    p = model.images(z).unsqueeze(-1)
    j = jacobian(model.decode, z)
    return j.mT @ (p * (1 - p) * j)


def log_aggregate_posterior(
    z: Float[Tensor, "points latent"], mean: Float[Tensor, "n latent"], log_var: Float[Tensor, "n latent"]
) -> Float[Tensor, "points"]:
    """log q(z) with q(z) the mean over n images of
    q(z|x) = N(mean, exp(log_var)), in nats.
    """
    return torch.logsumexp(log_normal(z.unsqueeze(1), mean, log_var), dim=1) - math.log(len(mean))


def turned_bound(
    model: VAE,
    x: Float[Tensor, "batch pixels"],
    rotation: Float[Tensor, "latent latent"],
    eps: Float[Tensor, "samples batch latent"],
    diagonal: bool = False,
) -> Float[Tensor, "batch"]:
    """The bound after encoder and decoder are turned by an orthogonal
    matrix, z ↦ rotation·z, in nats.

    The turned q has covariance rotation·diag(exp(log_var))·rotationᵀ. With
    `diagonal` only its diagonal is kept, which is what an encoder of the
    family K13 (9) can represent.

    Source: D16 (17) with both arguments turned, K13 (10).
    """
    mean, log_var = model.encode(x)
    mean, covariance = affine(mean, torch.diag_embed(log_var.exp()), rotation, torch.zeros_like(rotation[0]))
    if diagonal:
        log_var = covariance.diagonal(dim1=-2, dim2=-1).log()
        z, kl = reparameterize(mean, log_var, eps), kl_standard_normal(mean, log_var)
    else:
        z = mean + (eps * torch.exp(0.5 * log_var)) @ rotation.mT
        kl = kl_full_standard_normal(mean, covariance)
    return model.log_likelihood(x, z @ rotation).mean(0) - kl


@torch.no_grad()
def kl_parts(
    model: VAE, x: Float[Tensor, "n pixels"], samples: int = 1, generator: Generator | None = None
) -> tuple[Float[Tensor, "samples n"], Float[Tensor, "samples n"]]:
    """log q(z|x)/q(z) and log q(z)/p(z) at draws z ~ q(z|x), with q(z) the
    mean over these n images; in nats.

    The mean of the first is the information I_q(x; z) about which of the n
    images was encoded, at most log n. The mean of the second is
    KL(q(z) || p(z)). Together they are the mean of KL(q(z|x) || p(z)).

    Source: Hoffman & Johnson 2016.
    """
    mean, log_var = model.encode(x)
    eps = mean.new_empty((samples, *mean.shape)).normal_(generator=generator)
    z = reparameterize(mean, log_var, eps)
    log_q = torch.stack([log_aggregate_posterior(points, mean, log_var) for points in z])
    return log_normal(z, mean, log_var) - log_q, log_q - log_standard_normal(z)
