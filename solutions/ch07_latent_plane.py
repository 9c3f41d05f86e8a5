"""Chapter 7: The latent plane.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. Log-densities are in nats; `log_var` is the logarithm of the variance, log σ².
"""

import math

import torch
from torch import Tensor, nn


def quantile_grid(side: int) -> Tensor:
    """A grid in the plane, evenly spaced in prior probability: K13 §2.4.

    Cut the unit square into side × side equal cells, take the middle of each, and send both its coordinates
    through the inverse of the standard normal distribution function. Each point then stands for the same share,
    1/side², of the prior N(0, I).

    Return a tensor of shape (side, side, 2) in torch's default dtype that holds at [row, column] the point
    (z1, z2). As in a plot z1 grows from left to right, and z2 from below to above: row 0 has the largest z2.

    By hand: side = 2. The middles are 1/4 and 3/4, and a table of the distribution function says that they are
    reached at -0.6745 and 0.6745. The upper row is (-0.6745, 0.6745), (0.6745, 0.6745), the lower row
    (-0.6745, -0.6745), (0.6745, -0.6745).
    """
    # answer
    z = torch.special.ndtri((torch.arange(side) + 0.5) / side)
    z2, z1 = torch.meshgrid(z.flip(0), z, indexing="ij")
    return torch.stack([z1, z2], dim=-1)
    # end


def log_density_ratio(z: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    """Where are the holes? The aggregate posterior against the prior: K13 (9).

    Row i of mean and log_var is the posterior q(z|x_i) of image i, a Gaussian with diagonal covariance. The
    aggregate posterior q(z) is the mean of these n densities, the prior p(z) is N(0, I). Return
    log q(z) - log p(z) for each point: where it is far below 0, the prior sends draws and no image taught the
    decoder what to draw. It has to be right far from all images as well, where every density is 0 in
    floating point, and its gradient has to reach all three arguments.

    Shapes: z is (points, latent), mean and log_var are (n, latent), the result is (points,) in the same dtype.
    There may be no points; there is at least one image.

    By hand: z = [[0]], mean = [[0], [2]], log_var = [[0], [0]]. The densities at 0 are 1/√(2π) and e⁻²/√(2π), the
    prior's is 1/√(2π), so the result is log((1 + e⁻²)/2) = -0.5662.
    """
    # answer
    squared = (z.unsqueeze(1) - mean) ** 2 * torch.exp(-log_var)
    log_ratios = 0.5 * ((z**2).sum(-1, keepdim=True) - (squared + log_var).sum(-1))
    return torch.logsumexp(log_ratios, dim=1) - math.log(len(mean))
    # end


def posterior_log_var(decode: nn.Module, z: Tensor) -> Tensor:
    """How wide should a posterior be? The answer that the decoder gives: K13 (10), K13 (11).

    Chapter 7 finds the widths that are best for the bound around a point: with the mean there, the best diagonal
    Gaussian has the variances σ_j² = 1/(1 + F_jj). Here F is the Fisher metric of Bernoulli pixels,
    F_jk = Σ_i p_i (1 - p_i) (∂ℓ_i/∂z_j) (∂ℓ_i/∂z_k), with the logit ℓ_i of pixel i and its probability p_i at the
    point. Return the logarithms of these variances at every row of z.

    decode is a module that takes latents (batch, latent), or a single one (latent,), to the logits (batch, pixels),
    or (pixels,), each picture from its own latent alone. Leave it as it is, the .grad of its parameters included.
    A saturated pixel adds 0; where no pixel moves the result is 0, the prior's own width.

    Shapes: z is (batch, latent), the result (batch, latent) in the same dtype.

    By hand: two pixels with the logits 4 z1 and z1 + z2, at z = [[0, 0]]. Both probabilities are 1/2, so
    p(1 - p) = 1/4; the Jacobian of the logits is [[4, 0], [1, 1]], so F = [[17, 1], [1, 1]]/4, and the result is
    [[-log(1 + 17/4), -log(1 + 1/4)]] = [[-1.6582, -0.2231]].
    """
    # answer
    p = torch.sigmoid(decode(z))
    jacobian = torch.func.vmap(torch.func.jacfwd(decode))(z)
    fisher = (p * (1 - p)).unsqueeze(-1) * jacobian**2
    return -torch.log1p(fisher.sum(1))
    # end
