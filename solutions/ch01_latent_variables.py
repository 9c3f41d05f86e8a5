"""Chapter 1: Latent variables.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All logarithms are natural, and the results are one number per data point unless the
task says otherwise.
"""

import math

import torch
from torch import Tensor


def prior_sampling(x: Tensor, decoded: Tensor, noise_var: float) -> tuple[Tensor, Tensor]:
    """The evidence by draws from the prior, and how many of them counted: D16 (1).

    Draws z_1, ..., z_n from the prior have been decoded: row s of `decoded` is the picture f(z_s), and
    p(x|z_s) = N(x; f(z_s), noise_var · I) is the weight w_s of that draw. All data points share the draws.
    Return a tuple of two tensors, one number per data point each:

    - the estimate of log p(x): the logarithm of the average of w_s over the draws;
    - the effective number of draws, (sum of w_s)² / (sum of w_s²).

    Both have to be right where every w_s is too small for a floating-point number, as it is for most images
    of some hundred pixels.

    Shapes: x is (batch, pixels), decoded is (draws, pixels), noise_var a number, the variance of every
    pixel. Both results are (batch,) in the dtype of x. A batch may be empty; there is at least one draw.

    By hand: x = [[0, 0]], decoded = [[0, 0], [1, 1]], noise_var = 1. The weights are 1/(2π) and e^-1/(2π).
    The estimate is log((1 + e^-1)/(4π)) = -2.2178, and (1 + e^-1)²/(1 + e^-2) = 1.6481 draws are effective.
    """
    # answer
    squared_distance = (x.unsqueeze(1) - decoded).square().sum(-1)  # (batch, draws)
    log_w = -0.5 * (squared_distance / noise_var + x.shape[1] * math.log(2 * math.pi * noise_var))
    share = log_w.softmax(-1)
    return log_w.logsumexp(-1) - math.log(len(decoded)), 1 / share.square().sum(-1)
    # end


def ring_log_density(x: Tensor, width: float) -> Tensor:
    """The density that a deterministic decoder makes of the prior: D16 (1), D16 figure 2.

    A point z of the standard normal distribution in the plane is sent to width · z + z/‖z‖. With width =
    1/10 this is the ring of D16's figure 2. Return the logarithm of the density of what comes out, at the
    points x: minus infinity where nothing comes out, that is at distances up to 1 from the origin and at
    the origin itself.

    The density of the distance alone is not the answer: points of one distance share a whole circle.

    Shapes: x is (batch, 2), width a positive number; the result is (batch,) in the dtype of x. A batch may
    be empty. The result has to stay finite far outside the ring, where the density itself is too small for
    a floating-point number.

    By hand: x = [[0, 1.1]], width = 0.1. The distance is R = 1.1, its density there is 10 · 10(R - 1) ·
    exp(-50(R - 1)²) = 10 e^(-1/2) = 6.0653. It is spread over a circle of length 2π · 1.1 = 6.9115, so the
    density at x is 0.8776 and the result [-0.1306].
    """
    # answer
    distance = x.norm(dim=-1)
    radius = (distance - 1) / width  # ‖z‖, whose density is r·exp(-r²/2)
    log_density = radius.log() - 0.5 * radius**2 - math.log(2 * math.pi * width) - distance.log()
    return torch.where(radius > 0, log_density, -math.inf)
    # end


def exact_inference(x: Tensor, weight: Tensor, bias: Tensor, prior_logits: Tensor) -> tuple[Tensor, Tensor]:
    """Evidence and posterior of a model small enough to add up all its codes: D16 (1).

    The latent variable z has a few independent bits: bit j is 1 with probability sigmoid(prior_logits[j]).
    Given z the pixels are independent, and pixel i is 1 with probability sigmoid(weight[i] · z + bias[i]).
    For images x of pixels 0 and 1 return a tuple of two tensors:

    - log p(x), the sum in D16 (1) over all codes z carried out, one number per data point;
    - the probabilities p(z_j = 1 | x), one per data point and bit.

    Both have to be right for hundreds of pixels, where p(x) is too small for a floating-point number, and
    for logits so large that a pixel's probability rounds to 0 or 1. Training follows the gradient of log
    p(x) with respect to weight, bias and prior_logits.

    Shapes: x is (batch, pixels), weight (pixels, latent), bias (pixels,), prior_logits (latent,), with
    latent between 1 and 10. The results are (batch,) and (batch, latent) in the dtype of x. A batch may be
    empty.

    By hand: one bit, a fair coin, and two pixels as in the chapter: prior_logits = [0], bias = [-log 9,
    -log 9], weight = [[2 log 9], [2 log 9]], so that a pixel is on with probability 0.1 or 0.9. For x =
    [[1, 1], [1, 0]] the two codes give 0.005 + 0.405 and 0.045 + 0.045: log p(x) = [log 0.41, log 0.09],
    and the posterior is [[0.405/0.41], [0.5]].
    """
    # answer
    latent = len(prior_logits)
    numbers = torch.arange(2**latent).unsqueeze(1)
    z = (numbers // 2 ** torch.arange(latent) % 2).to(x.dtype)  # (codes, latent): each code's binary digits
    log_off = torch.nn.functional.logsigmoid
    log_prior = z @ prior_logits + log_off(-prior_logits).sum()
    logits = z @ weight.mT + bias  # (codes, pixels)
    log_joint = x @ logits.mT + log_off(-logits).sum(-1) + log_prior  # (batch, codes)
    return log_joint.logsumexp(-1), log_joint.softmax(-1) @ z
    # end
