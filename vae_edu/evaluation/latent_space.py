"""What a latent space looks like: where the data sit in it, and what a grid of it decodes to."""

import torch
from jaxtyping import Float
from torch import Tensor

from vae_edu.models import VAE


@torch.no_grad()
def posterior_means(
    model: VAE, x: Float[Tensor, "batch pixels"], batch_size: int = 1000
) -> Float[Tensor, "batch latent"]:
    """E_q[z|x] for each image: its place in latent space."""
    return torch.cat([model.encode(part)[0] for part in x.split(batch_size)])


def quantile_grid(side: int, margin: float = 0.5) -> Float[Tensor, "side side 2"]:
    """A square grid of 2-D latents, equally spaced in prior probability: unit square through the inverse normal CDF.

    The outermost points are `margin`/side of probability inside the square. Row 0 holds the largest z2, as a plot does.

    Source: K13 figure 4.
    """
    probability = torch.linspace(margin / side, 1 - margin / side, side, dtype=torch.float64)
    z = torch.special.ndtri(probability).float()
    z2, z1 = torch.meshgrid(z.flip(0), z, indexing="ij")
    return torch.stack([z1, z2], dim=-1)


@torch.no_grad()
def manifold(model: VAE, side: int = 20) -> Float[Tensor, "side side pixels"]:
    """The decoder's picture at each point of `quantile_grid`: the learned 2-D manifold of the data."""
    grid = quantile_grid(side).to(next(model.parameters()).device)
    return model.images(grid.reshape(-1, 2)).reshape(side, side, -1)
