"""Chapter 15: Full variational Bayes.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All results are in nats; `log_var` is the logarithm of the variance, log σ². Weights have the
prior N(0, 1), each for itself.
"""

import math

import torch
from torch import Tensor, nn


def evidence_and_bound(
    x: Tensor, slope: Tensor, noise_var: Tensor, mean: Tensor, log_var: Tensor
) -> tuple[Tensor, Tensor]:
    """The log evidence of a data set, and what a guess at the weight is worth: K13 (13), K13 (14).

    The model is the chapter's: one weight θ ~ N(0, 1) for the whole data set; for each data point z ~ N(0, 1) and
    x | z, θ ~ N(slope·z + θ, noise_var). Return the log evidence log p(X) of all n numbers together, θ and every z
    integrated out, and the bound on it that the guess q(θ) = N(mean, exp(log_var)) gives, z integrated out exactly.
    Their difference is the divergence of the guess from the posterior of θ. Training follows both gradients, with
    respect to everything but x.

    Shapes: x is (n,), all others are (). The result is a tuple (log evidence, bound), both of shape () and in the
    same dtype. There may be no data, n = 0: then the log evidence is 0.

    By hand: x = [1, 3], slope = 1, noise_var = 1, mean = 0, log_var = 0. Given θ each number is N(θ, 2). With θ
    unknown both have variance 3 and their covariance is 1: log p(X) = -log 2π - (log 8)/2 - 3/2 = -4.3776. Under the
    guess (x - θ)² is 2 and 10 on average, so the log-likelihood is -log 4π - 12/4; the guess is the prior and costs
    nothing: the bound is -5.5310.
    """
    raise NotImplementedError("Replace this line with your answer.")


def full_vb_estimate(
    x: Tensor,
    mean: Tensor,
    log_var: Tensor,
    weight_mean: Tensor,
    weight_log_var: Tensor,
    n: int,
    eps: Tensor,
    zeta: Tensor,
) -> Tensor:
    """The bound of a whole data set from a minibatch, with random weights: K13 (24).

    The decoder is linear: x | z, θ ~ N(θ z, I) with a matrix θ of weights, the prior of z is N(0, I). The guesses are
    q(z|x) = N(mean, diag(exp(log_var))), given for each data point of the minibatch, and q(θ) with the means and
    log-variances given for each weight. Draw l has weights of its own, made from zeta[l] and shared by the minibatch,
    and for every data point a z made from eps[l]. Both divergences are taken in closed form. Return the estimate of
    the bound of all n data points, of which the minibatch is a part; average over the draws. Training follows its
    gradient with respect to the means and log-variances.

    Shapes: x is (minibatch, pixels), mean and log_var are (minibatch, latent), weight_mean and weight_log_var are
    (pixels, latent), eps is (samples, minibatch, latent), zeta is (samples, pixels, latent). The result is () in the
    same dtype.

    By hand: x = [[3]], mean = [[1]], log_var = [[log 1/2]], weight_mean = [[1]], weight_log_var = [[log 1/4]], n = 2,
    eps = [[[0]]], zeta = [[[1]]]. Then θ = 3/2, z = 1 and log p(x|z) = log N(3; 3/2, 1) = -2.0439. The divergence of z
    is (1 + 1/2 - 1 + log 2)/2 = 0.5966, that of θ (1 + 1/4 - 1 + log 4)/2 = 0.8181. One data point stands for two, the
    weights for themselves: 2·(-2.0439 - 0.5966) - 0.8181 = -6.0991.
    """
    raise NotImplementedError("Replace this line with your answer.")


class BayesianLinear(nn.Module):
    """A linear layer whose weights have error bars: K13 (19), K13 (23).

    BayesianLinear(inputs, outputs, log_var) has three parameters and no others: `mean` and `log_var`, both of shape
    (outputs, inputs), for the independent Gaussian q of each weight, and `bias`, (outputs,), which is one value and
    has no prior. At the start mean and bias are 0 and every log-variance is the number given. The layer draws no
    noise of its own.

    forward(x, zeta) draws the weights once for the whole batch, from standard normal noise zeta of shape (outputs,
    inputs), and returns the layer's outputs. local(x, eps) does not draw weights: each output of each data point is
    Gaussian, and is drawn with its own mean and variance from noise eps of shape (batch, outputs), the chapter's
    local reparameterization. kl() returns the divergence of q from the prior N(0, I) of all weights together.
    Training follows the gradients of all three, and those of local have to stay finite for a data point of zeros,
    whose outputs have no variance.

    Shapes: x is (batch, inputs), the outputs are (batch, outputs), the divergence is (); all in the parameters'
    dtype. A batch may be empty.

    By hand: mean = [[1, 2]], log_var = [[log 4, 0]], bias = [1], x = [[1, -1]]. zeta = [[1/2, 1]] gives the weights
    2 and 3 and the output 2 - 3 + 1 = 0. The output's mean is 1 - 2 + 1 = 0, its variance 4 + 1 = 5: eps = [[1]] gives
    √5 = 2.2361. The divergence is (1 + 4 - 1 - log 4)/2 + (4 + 1 - 1 - 0)/2 = 3.3069.
    """

    def __init__(self, inputs: int, outputs: int, log_var: float) -> None:
        raise NotImplementedError("Replace this line with your answer.")

    def forward(self, x: Tensor, zeta: Tensor) -> Tensor:
        raise NotImplementedError("Replace this line with your answer.")

    def local(self, x: Tensor, eps: Tensor) -> Tensor:
        raise NotImplementedError("Replace this line with your answer.")

    def kl(self) -> Tensor:
        raise NotImplementedError("Replace this line with your answer.")
