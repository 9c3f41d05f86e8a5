"""Chapter 5: Estimators and the algorithm.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All results are in nats; `log_var` is the logarithm of the variance, log σ². Noise has the
axis of the draws first: (samples, batch, latent).
"""

import math

import torch
from torch import Tensor


def estimators_a_b(x: Tensor, mean: Tensor, log_var: Tensor, weight: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
    """Two estimates of one bound from the same draws: K13 (6), K13 (7).

    The model is z ~ N(0, I), x | z ~ N(weight z, I), the approximate posterior q(z|x) = N(mean, diag(exp(log_var))),
    and the draws are z = mean + σ·eps. Return estimator A, which samples every term, and estimator B, which takes the
    divergence in closed form; both average over the draws. Training follows their gradients with respect to
    everything but eps.

    Shapes: x is (batch, pixels), mean and log_var are (batch, latent), weight is (pixels, latent), eps is
    (samples, batch, latent). The result is a tuple (A, B), each of shape (batch,), in the same dtype. A batch may
    be empty.

    By hand: x = [[2]], weight = [[1]], and q the posterior, mean = [[1]], log_var = [[log 1/2]]. The noise eps = 1
    gives z = 1.7071 and log p(x|z) = -0.9618, log p(z) = -2.3760, log q(z|x) = -1.0724: A = -2.2655, which is log p(x).
    The divergence is (1 + 1/2 - 1 + log 2)/2 = 0.5966: B = -1.5584. With eps = -1, A is the same and B is -2.9726.
    """
    # answer
    log_2pi = math.log(2 * math.pi)
    z = mean + torch.exp(0.5 * log_var) * eps
    log_likelihood = -0.5 * (log_2pi + (x - z @ weight.mT) ** 2).sum(-1)
    log_prior = -0.5 * (log_2pi + z**2).sum(-1)
    log_q = -0.5 * (log_2pi + log_var + eps**2).sum(-1)
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)
    return (log_likelihood + log_prior - log_q).mean(0), log_likelihood.mean(0) - kl
    # end


def minibatch_bound(values: Tensor, n: int) -> tuple[Tensor, Tensor]:
    """The bound of a whole data set from a minibatch, and how far it can be trusted: K13 (8).

    `values` holds estimates of the bound, one row per draw of the noise, one column per data point of a minibatch
    that was drawn without repetition from a data set of n. Return the estimate of the whole data set's bound (a sum
    over its n points), and an unbiased estimate of that estimate's variance.

    The chapter has the variance of the mean over the minibatch, (1/M - 1/N)·S² + v/(M·L). Take for v, the variance
    between draws for one data point, the mean of the columns' sample variances. The columns' averages differ for
    two reasons, the data points and the noise that an average of L draws still has: take for S² their sample variance
    less what the noise contributes, even if that leaves a negative number. Sample variances divide by their count
    less 1.

    Shapes: values is (samples, minibatch) with at least two rows and two columns, n is at least the number of
    columns. The result is a tuple (bound, variance) of two tensors of shape (), in the same dtype. Training follows
    the bound's gradient.

    By hand: values = [[1, 5], [3, 9]] and n = 4. The averages are 2 and 7, so the bound is 4/2·(2 + 7) = 18. The
    sample variances of the columns are 2 and 8, so v = 5. That of the averages is 12.5; less v/2 it is S² = 10. The
    mean over the minibatch has the variance (1/2 - 1/4)·10 + 5/4 = 3.75, the bound 4²·3.75 = 60.
    """
    # answer
    samples, minibatch = values.shape
    averages = values.mean(0)
    within = values.var(0).mean()
    between = averages.var() - within / samples
    variance_of_mean = (1 / minibatch - 1 / n) * between + within / (minibatch * samples)
    return n * averages.mean(), n**2 * variance_of_mean
    # end


def broken_training_step(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, n: int, eps: Tensor
) -> Tensor:
    """What `mended_training_step` should do, with six mistakes. It runs without complaint."""
    mean, log_var = model.encode(x)
    z = mean + torch.exp(log_var) * eps
    log_likelihood = model.log_likelihood(x, z.detach()).mean(0)
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).mean(-1)
    bound = n * (log_likelihood - kl).sum()
    bound.backward()
    optimizer.step()
    return bound.detach()


def mended_training_step(
    model: torch.nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, n: int, eps: Tensor
) -> Tensor:
    """One step of auto-encoding variational Bayes, mended: K13 algorithm 1, K13 (7), K13 (8).

    Take one step of `optimizer` that makes the bound of the whole data set of n points larger, following the gradient
    of its estimate from the minibatch x: K13 (8) itself, a sum and not a mean, with estimator B for each data
    point. Return that estimate as it was before the step. Optimizers of torch make small what they are given, and
    add up gradients until told otherwise. `broken_training_step` above has six mistakes, each in one place; copy it and
    mend them.

    The model has two methods: encode(x) returns mean and log_var of q(z|x), each (batch, latent);
    log_likelihood(x, z), for z of shape (samples, batch, latent), returns log p(x|z), shape (samples, batch).

    Shapes: x is (batch, pixels), eps is (samples, batch, latent); the result has shape (), the dtype of x and no graph.

    By hand: one data point x = [[2]] of n = 3, q = N(1, 1/2), log p(x|z) = log N(x; z, 1), and eps = 1. Estimator B
    is -1.5584 (see estimators_a_b), the result -4.6752. The derivative of B with respect to the mean is
    (x - z) - mean = -0.7071: gradient steps of size 0.1 move the mean from 1 to 1 - 0.1·3·0.7071 = 0.7879.
    """
    # answer
    mean, log_var = model.encode(x)
    z = mean + torch.exp(0.5 * log_var) * eps
    log_likelihood = model.log_likelihood(x, z).mean(0)
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)
    bound = n / len(x) * (log_likelihood - kl).sum()
    optimizer.zero_grad()
    (-bound).backward()
    optimizer.step()
    return bound.detach()
    # end
