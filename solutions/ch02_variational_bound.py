"""Chapter 2: The variational bound.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All logarithms are natural; q stands for the guess at the posterior.
"""

import torch
from torch import Tensor


def bound_and_gap(log_joint: Tensor, log_q: Tensor) -> tuple[Tensor, Tensor]:
    """The bound that a guess earns, and what it lacks: K13 (1), K13 (2), D16 (4).

    The latent variable takes one of K values, so every integral of the chapter is a sum of K terms. For
    each data point you are given log p(x, z) for every value of z, and the logarithms of a guess q(z).
    Return a tuple of two tensors, one number per data point each:

    - the bound, the mean under q of log p(x, z) - log q(z);
    - the gap between log p(x) and the bound, which is the divergence of q from the posterior.

    A value of z with q(z) = 0, that is with log_q minus infinity, contributes nothing to any mean under q.
    Learning follows the gradients of both results.

    Shapes: log_joint and log_q are (batch, K); log_joint is finite, and exp(log_q) sums to 1 over the last
    axis. Both results are (batch,) in the dtype of log_joint. A batch may be empty. log p(x) may be far
    below -1000.

    By hand: the coin with two pixels of chapter 1. For x = (1, 1) the values z = 0 and z = 1 give p(x, z) =
    0.005 and 0.405. With q = (1/2, 1/2) the bound is (log 0.005 + log 0.405)/2 + log 2 = log 0.09 =
    -2.4079, and since p(x) = 0.41 the gap is log(0.41/0.09) = 1.5163.
    """
    # answer
    weight = log_q.exp()
    terms = torch.where(weight > 0, log_joint - log_q, 0.0)  # log_q is replaced where it is minus infinity
    bound = (weight * terms).sum(-1)
    return bound, log_joint.logsumexp(-1) - bound
    # end


def coordinate_ascent(x: Tensor, weight: Tensor, bias: Tensor, noise_var: float, sweeps: int) -> tuple[Tensor, Tensor]:
    """The best diagonal guess, found without inverting a matrix: K13 (3).

    The model is the chapter's linear-Gaussian one: z ~ N(0, I) and x|z ~ N(weight · z + bias, noise_var ·
    I). The guess at the posterior is q(z|x) = N(mean, diag(exp(log_var))) with numbers of its own for each
    data point. Raise the bound by changing one latent dimension at a time:

    - start with every mean at 0;
    - in one sweep go through the latent dimensions j = 0, 1, ... in order, and put mean[:, j] where the
      bound is largest while the other means stay as they now are, those already changed in this sweep
      included;
    - return the tuple (mean, log_var) after the given number of sweeps, with the log_var that makes the
      bound largest.

    Find both formulas by setting a derivative of K13 (3) to zero. The best variances turn out not to depend
    on the means, and to be the same for every data point.

    Shapes: x is (batch, pixels), weight (pixels, latent), bias (pixels,); noise_var, the variance of every
    pixel, and sweeps, at least 1, are numbers. Both results are (batch, latent) in the dtype of x. A batch
    may be empty.

    By hand: one pixel and two latent dimensions, x = [[3]], weight = [[1, 1]], bias = [0], noise_var = 1.
    With mean[1] = 0 the bound is largest at mean[0] = 3/2; then mean[1] has to explain the remaining 3/2
    and comes to 3/4. After one sweep mean = [[1.5, 0.75]] (many sweeps end at 1 and 1, the posterior's mean).
    Each variance is 1/2.
    """
    # answer
    squared_lengths = weight.square().sum(0)  # (latent,)
    mean = x.new_zeros(len(x), weight.shape[1])
    for _ in range(sweeps):
        for j, column in enumerate(weight.mT):
            mean[:, j] = 0
            unexplained = x - bias - mean @ weight.mT
            mean[:, j] = unexplained @ column / (squared_lengths[j] + noise_var)
    return mean, -(1 + squared_lengths / noise_var).log().expand_as(mean)
    # end


def fit_linear_gaussian(x: Tensor, latent: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """A first model of images, learned from them: K13 (1), K13 (3).

    Fit the linear-Gaussian model z ~ N(0, I), x|z ~ N(weight · z + bias, noise_var · I), with the given
    number of latent dimensions, to the data x by maximum likelihood. Return the tuple (weight, bias,
    noise_var). How you get there is up to you. With the exact posterior as guess the bound is log p(x)
    itself, so that a step which raises the bound over the model, with that guess held still, never lowers
    the likelihood; gradient ascent on the exact log p(x) works too. Random numbers, if you need any, come
    from the generator.

    What is checked is log p(x) = log N(x; bias, weight · weightᵀ + noise_var · I), computed from what you
    return:

    - fitted to 1000 of the 8x8 digits, chosen at random, with pixels in [0, 1] and 8 latent dimensions, its
      mean over other digits has to reach 12 nats;
    - fitted to other data, such as a few hundred points that a model of this kind produced, its mean over
      these same points has to come within 0.02 nats of the largest value that any weight, bias and
      noise_var give.

    A call should take about a second on one core, and may not take five.

    Shapes: x is (batch, pixels) with more data points than pixels and more pixels than latent dimensions;
    weight is (pixels, latent), bias (pixels,), and noise_var a positive tensor of shape (); all in the
    dtype of x.

    By hand: x = [[2, 1], [2, -1], [-2, 1], [-2, -1]], latent = 1. The mean is 0 and the covariance of the
    four points is diag(4, 1). One column can stretch one direction: weight = [[√3], [0]], or its negative,
    and noise_var = 1 give exactly this covariance, and no Gaussian fits better than one with the mean and
    covariance of the data.
    """
    # answer
    bias = x.mean(0)
    centered = x - bias
    weight = torch.randn(x.shape[1], latent, generator=generator, dtype=x.dtype)
    noise_var = centered.square().mean()
    for _ in range(100):
        # Over the guess: the posterior, which closes the gap. Its covariance is noise_var · inverse.
        inverse = torch.linalg.inv(weight.mT @ weight + noise_var * torch.eye(latent, dtype=x.dtype))
        mean = centered @ weight @ inverse
        second_moment = mean.mT @ mean + len(x) * noise_var * inverse  # the sum over the data of E[z zᵀ]
        # Over the model: the bound's reconstruction term is a least-squares problem, with the noise as what remains.
        weight = torch.linalg.solve(second_moment, mean.mT @ centered).mT
        noise_var = (centered * (centered - mean @ weight.mT)).mean()
    return weight, bias, noise_var
    # end
