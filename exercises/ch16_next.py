"""Chapter 16: Where to go next.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All results are in nats; `log_var` is the logarithm of the variance, log σ².
"""

import math

import torch
from torch import Tensor, nn


def m2_bounds(bounds: Tensor, logits: Tensor, labels: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Data points with and without a label: K13 (2), with the label as a latent variable.

    `bounds` holds, for each data point and each class y, the bound L(x, y) on log p(x, y). `logits` are the
    classifier's: q(y|x) is their softmax. A label of -1 says that the data point has none; its y is summed over.
    Return for each data point its bound, on log p(x, y) where it has a label and on log p(x) where it has none; and
    its share of the objective: the bound and, where it has a label, the classifier's log-probability of that label
    weighted by alpha. Classifiers become very sure: values and gradients have to stay finite where a probability is too
    small for a floating-point number. Training follows both gradients with respect to bounds and logits.

    Shapes: bounds and logits are (batch, classes), labels is (batch,) of integers. The result is a tuple (bound,
    objective), both of shape (batch,) and in the dtype of bounds. A batch may be empty.

    By hand: bounds = [[log 0.2, log 0.1], [log 0.2, log 0.1]], logits = [[log 2, 0], [log 2, 0]], labels = [-1, 1]
    and alpha = 2. The classifier says (2/3, 1/3). The first point has no label: (2/3)·log 0.2 + (1/3)·log 0.1 =
    -1.8405, and the entropy of (2/3, 1/3) is 0.6365, together -1.2040, bound and objective. The second has the bound
    log 0.1 = -2.3026 and the objective log 0.1 + 2·log 1/3 = -4.4998.
    """
    raise NotImplementedError("Replace this line with your answer.")


class AffineCoupling(nn.Module):
    """One layer of a normalizing flow: K13 (2), K13 (4), for densities that bend.

    AffineCoupling(dim, kept, hidden) has three layers torch.nn.Linear and no other parameters: `hidden` (kept to
    hidden), `log_scale` and `shift` (both hidden to dim - kept). The first `kept` coordinates of a point stay as they
    are. From them, a hidden layer of tanh units computes a log-scale and a shift for each of the others, which are
    multiplied by the exponential of the log-scale and then shifted.

    forward(z) returns the moved points and log|det J|, the log-determinant of the map's Jacobian at each. inverse(y)
    returns the points that forward moves to y. log_prob(y) returns the log-density at y of forward's result where z is
    drawn from N(0, I). Training follows all gradients.

    Shapes: z and y are (batch, dim), log-determinants and log-densities are (batch,), all in the parameters' dtype. A
    batch may be empty.

    By hand: dim 2, kept 1, one hidden unit, all weights and biases 0 but the biases of log_scale, log 2, and of shift,
    1. Then forward moves [[3, 1]] to [[3, 2·1 + 1]] = [[3, 3]], with log-determinant log 2, and inverse moves it back.
    log_prob at [[3, 3]] is that of N(0, I) at (3, 1), -log 2π - (9 + 1)/2 = -6.8379, minus log 2: -7.5310.
    """

    def __init__(self, dim: int, kept: int, hidden: int) -> None:
        raise NotImplementedError("Replace this line with your answer.")

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        raise NotImplementedError("Replace this line with your answer.")

    def inverse(self, y: Tensor) -> Tensor:
        raise NotImplementedError("Replace this line with your answer.")

    def log_prob(self, y: Tensor) -> Tensor:
        raise NotImplementedError("Replace this line with your answer.")


def doubly_reparameterized(
    x: Tensor, mean: Tensor, log_var: Tensor, weight: Tensor, eps: Tensor
) -> tuple[Tensor, Tensor]:
    """A gradient for the encoder that many draws do not drown in noise: K13 (4), for the bound of many draws.

    The model is z ~ N(0, I), x | z ~ N(weight z, I), the approximate posterior q = N(mean, diag(exp(log_var))), and
    the k draws are z = mean + σ·eps. With w = p(x, z)/q(z), and w̃ the weights of the k draws of a data point divided
    by their sum, return the chapter's doubly reparameterized gradient of log (1/k Σ w): the sum over the draws of w̃²
    times the derivative of log w at z, parameters held fixed in it, times the derivative of z; once with respect to
    mean and once with respect to log_var. It has to be right where all weights of a data point are too small for a
    floating-point number.

    Shapes: x is (batch, pixels), mean and log_var are (batch, latent), weight is (pixels, latent), eps is
    (k, batch, latent). The result is a tuple (gradient with respect to mean, gradient with respect to log_var), both
    (batch, latent) and in the same dtype. A batch may be empty.

    By hand: x = [[2]], weight = [[1]], mean = [[0]], log_var = [[0]], and eps = 0 and 1, which are z. q is the prior,
    so w is N(2; z, 1), log w has the derivative 2 - z, which is 2 and 1, and the ratio of the weights is exp(-2) to
    exp(-1/2): w̃ = 0.1824, 0.8176, squared 0.0333, 0.6684. By mean: 0.0333·2 + 0.6684·1 = 0.7350. The derivative of z
    by log_var is ε/2: 0.6684·1/2 = 0.3342.
    """
    raise NotImplementedError("Replace this line with your answer.")
