"""Chapter 4: Gradients through randomness.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. `log_var` is the logarithm of the variance, log σ². Noise has the axis of the draws first:
(samples, batch, latent).
"""

import torch
from torch import Tensor


def reparameterize(mean: Tensor, log_var: Tensor, samples: int, generator: torch.Generator) -> Tensor:
    """Draws of a Gaussian with diagonal covariance as functions of noise: K13 (4), D16 (10).

    Return `samples` draws of N(mean, diag(exp(log_var))) for each data point, made from standard normal noise that
    comes from `generator` and from nowhere else. Every number of the result has noise of its own. The noise
    contains no parameters: generators in the same state give the same noise whatever mean and log_var are. Training
    follows the draws' gradients with respect to mean and log_var.

    Shapes: mean and log_var are (batch, latent), the result is (samples, batch, latent) in the same dtype. A batch
    may be empty.

    By hand: mean = [[1]], log_var = [[log 1/4]], so that σ = 1/2. If the generator's noise comes out as -1, 0, 2,
    the three draws are 1/2, 1, 2. Their derivatives with respect to mean are 1, 1, 1, with respect to log_var
    -1/4, 0, 1/2.
    """
    raise NotImplementedError("Replace this line with your answer.")


def score_function_gradient(f, mean: Tensor, log_var: Tensor, eps: Tensor) -> tuple[Tensor, Tensor]:
    """The gradient of an expectation from heights alone: K13 §2.2.

    Estimate the gradient of E[f(z)] under q = N(mean, diag(exp(log_var))) with respect to mean and to log_var, from
    the draws z = mean + σ·eps. Return the average over the draws of (f(z) - b)·∇log q(z), where the baseline b of a
    draw is the mean of f at the *other* draws of the same data point. f knows no slope: it may be a step, and
    nothing may be differentiated through it.

    Shapes: f takes draws of shape (..., latent) and returns values of shape (...). mean and log_var are
    (batch, latent), eps is (samples, batch, latent) with at least two samples. The result is a tuple (the gradient
    with respect to mean, the gradient with respect to log_var), both of shape (batch, latent), in the same dtype. A
    batch may be empty.

    By hand: f(z) = z², mean = [[1]], log_var = [[log 1/4]] and eps = -1, 0, 2. The draws are 1/2, 1, 2, f is 1/4, 1, 4,
    and the baselines are 5/2, 17/8, 5/8. The scores of mean, ε/σ, are -2, 0, 4: the first gradient is
    (9/2 + 0 + 27/2)/3 = 6. The scores of log_var, (ε² - 1)/2, are 0, -1/2, 3/2: the second is
    (0 + 9/16 + 81/16)/3 = 15/8.
    """
    raise NotImplementedError("Replace this line with your answer.")


def truncated_exponential(rate: Tensor, bound: Tensor, uniform: Tensor) -> Tensor:
    """Draws from a law whose edge moves with a parameter, by the inverse distribution function: K13 §2.4.

    The exponential law cut off at `bound` has the density rate·exp(-rate·z)/(1 - exp(-rate·bound)) for z between 0
    and bound. Return the draw that its inverse distribution function makes of each uniform number. The score function
    is no help for the derivative with respect to bound; the gradient along the draws' paths is right, and training
    follows it for both parameters. The draws have to be exact for every rate·bound: at 1e-6 the law is nearly
    uniform, at 1e4 the cut is not felt.

    Shapes: rate and bound, all positive, are (batch,), uniform is (samples, batch) with numbers from 0 to below 1;
    the result is (samples, batch) in the same dtype. A batch may be empty.

    By hand: rate = 1, bound = log 2, so that exp(-rate·bound) = 1/2 and F(z) = 2·(1 - exp(-z)). At uniform = 1/2 that
    gives exp(-z) = 3/4, z = log 4/3 = 0.2877. The derivative of z with respect to bound is 1/3.
    """
    raise NotImplementedError("Replace this line with your answer.")
