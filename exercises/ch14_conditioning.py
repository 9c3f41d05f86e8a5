"""Chapter 14: Conditioning.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All results are in nats; c is the condition, which is given, and y the target, which is
wanted.
"""

import math

import torch
import torch.nn.functional as F
from torch import Generator, Tensor, nn


def best_regressor(pictures: Tensor, probs: Tensor) -> tuple[Tensor, Tensor]:
    """What a regressor answers to a question with several right answers, and what that costs it.

    The targets are black-and-white pictures; pictures lists the k that occur, and probs says how probable each
    is under each condition, the law p*(y|c) of the data. A regressor answers a condition with one number for
    each pixel, the probability that it is 1, and pays the cross-entropy summed over the pixels. Of all
    regressors take the best one. Return two things. First its answer to each condition. Second its price: by
    how many nats its mean cost is above that of the best of all models, which knows p*(y|c) and pays
    E[-log p*(y|c)]. This is what a latent variable, D16 (12), can win back.

    Shapes: pictures is (k, pixels), each entry 0 or 1, no two rows equal; probs is (conditions, k), each row adds
    up to 1. The answer is (conditions, pixels), the price (conditions,), in the dtype of pictures. Probabilities
    may be 0, and a pixel may be certain: what is certain costs nothing, 0 log 0 = 0. There may be no conditions.

    By hand: pictures = [[1, 0], [0, 1]], probs = [[1/2, 1/2], [0, 1]]. Under the first condition the answer is
    (1/2, 1/2) and costs 2 log 2; the best model pays log 2, so the price is log 2 = 0.6931. Under the second
    only the picture (0, 1) occurs; it is the answer, and both costs are 0, as is the price.
    """
    raise NotImplementedError("Replace this line with your answer.")


class CVAE(nn.Module):
    """A conditional VAE with the decoder N(f(z, c), σ² I): D16 (12), D16 (15).

    CVAE(conditions, targets, hidden, latent, sigma) has seven layers torch.nn.Linear and no other parameters.
    The encoder's hidden units are tanh of encoder_y of y (targets to hidden) plus encoder_c of c (conditions to
    hidden, bias=False); encoder_mean and encoder_log_var (both hidden to latent) read them. The decoder's hidden
    units are tanh of decoder_z of z (latent to hidden) plus decoder_c of c (conditions to hidden, bias=False);
    decoder_mean (hidden to targets) reads them and gives f(z, c). sigma, a float, is the decoder's fixed σ.

    Methods and shapes, for y (batch, targets), c (batch, conditions), noise eps (samples, batch, latent):
    encode(y, c) returns mean and log_var of q(z|y, c), each (batch, latent). decode(z, c) returns f(z, c),
    (..., batch, targets), for z (..., batch, latent). bound(y, c, eps) returns an estimate of each pair's bound
    on log p(y|c), (batch,): the mean over the samples of log p(y|z, c) at z = mean + σ_q eps, σ_q² = exp(log_var),
    less the divergence of q(z|y, c) from the prior N(0, I) in closed form. All weights have to be reached by its
    gradient. complete(c, eps) returns answers as at test time, when there is no target: f at z drawn from the
    prior, z = eps, (samples, batch, targets). No method draws noise of its own.

    By hand: one unit everywhere, y = [[2]], c = [[1]], sigma = 0.5. The encoder's weights are 0 but for the biases
    of its heads, mean 0.6 and log_var log 0.25, so σ_q = 0.5, and eps = [[[0.8]]] gives z = 1. With decoder
    weights 1 for z, -0.5 for c and 2 for the mean, and biases 0, f = 2 tanh 0.5 = 0.9242. So log p(y|z, c) =
    -(log 2π)/2 - log 0.5 - 1.0758²/(2·0.25) = -2.5403; the divergence is (0.36 + 0.25 - 1 - log 0.25)/2 =
    0.4981, and the bound -3.0385.
    """

    def __init__(self, conditions: int, targets: int, hidden: int, latent: int, sigma: float) -> None:
        raise NotImplementedError("Replace this line with your answer.")

    def encode(self, y: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        raise NotImplementedError("Replace this line with your answer.")

    def decode(self, z: Tensor, c: Tensor) -> Tensor:
        raise NotImplementedError("Replace this line with your answer.")

    def bound(self, y: Tensor, c: Tensor, eps: Tensor) -> Tensor:
        raise NotImplementedError("Replace this line with your answer.")

    def complete(self, c: Tensor, eps: Tensor) -> Tensor:
        raise NotImplementedError("Replace this line with your answer.")


def train_cvae(y: Tensor, c: Tensor, generator: Generator) -> dict[str, Tensor]:
    """A project: learn to complete pictures of which one column is given. D16 (15), D16 (12) with Bernoulli pixels.

    c holds 8 pixels of each of about 1,200 black-and-white pictures, (n, 8), and y the other 56, (n, 56), each
    pixel 0 or 1. Train on them a conditional VAE with 100 tanh hidden units on each side and 8 latents, its networks
    those of the exercise CVAE but for the last layer: decoder_logits, in place of decoder_mean, gives the logits
    of y's pixels. Return the weights of its seven layers, a dictionary of twelve tensors: encoder_y.weight of
    shape (100, 56), encoder_y.bias, encoder_c.weight of shape (100, 8), without a bias, and so on. A trained module's
    state_dict() is such a dictionary. First weights, optimizer, minibatches and the number of steps are yours to
    choose.

    The grader computes what counts from your weights where the pictures are handwritten digits of 8 by 8 pixels, cut
    at half their brightness, and c is their fourth column; y's pixels come in an order of the grader's. Three things
    are asked, all on digits that you were not given. First, the mean of the bound on log p(y|c) is above -16.5 nats;
    the best regressors, which know c alone, stay below -18. Second, your loss really was the bound: multiply all σ
    of q by a factor, then at the factor 1 the derivatives of the mean reconstruction term and of the mean divergence
    balance, their ratio lies between 0.7 and 1.4. Third, the answers are answers to the question: when the decoder is
    handed the conditions of other digits, the mean reconstruction term falls by at least 2 nats.

    A call may take 5 seconds; one is enough. Leave y and c as they are. Let all chance come from generator: the same
    state of it gives the same weights, another state others. (First weights that nn.Linear draws do not come from
    it.)

    By hand: with all weights 0, q(z|y, c) is the prior and every pixel has probability 1/2, so the bound of any
    target is -56 log 2 = -38.8, whatever c is, and handing over other conditions changes nothing.
    """
    raise NotImplementedError("Replace this line with your answer.")
