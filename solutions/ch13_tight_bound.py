"""Chapter 13: When the bound is tight.

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All tensors of this chapter are float64, all results in nats. The prior of z is N(0, 1), the
decoder N(X; f(z), σ²); a code is the z of which X is the picture, X = f(z).
"""

import math

import torch
from torch import Tensor


def decoder(z: Tensor, weights: Tensor, means: Tensor, stds: Tensor) -> tuple[Tensor, Tensor]:
    """The decoder that turns a standard normal into given data: D16 (16).

    The data density is a mixture of Gaussians, P(X) = Σ weights · N(X; means, stds²). With F its distribution function
    and G that of N(0, 1), return f(z) = F⁻¹(G(z)) and the slope f'(z) there.

    F has no inverse in closed form, so the X with F(X) = G(z) has to be searched for. It lies between the smallest
    and the largest of means + stds · z. Six digits have to be right for |z| up to 100, where G(z) and F(X) are 0 or 1
    as far as float64 can tell: compare the logarithms of the smaller tails. torch.special.log_ndtr is log G.

    Shapes: z is (batch,), the others are (components,), float64; the weights are positive and sum to 1. The result is
    a tuple (X, slope), each (batch,). A batch may be empty.

    By hand: weights = [1/2, 1/2], means = [-2, 2], stds = [1, 1], z = 0. Half of the data lie to the left of X = 0. The
    slope is the prior's density divided by that of the data, N(0; 0, 1)/N(0; 2, 1) = e² = 7.3891: across the valley f
    hurries. With one component f(z) = mean + std · z, a straight line.
    """
    # answer
    ends = means + stds * z.unsqueeze(-1)
    low, high = ends.amin(-1), ends.amax(-1)
    side = torch.where(z < 0, 1, -1)  # left tails for negative z, right tails for the others

    def log_tail(x: Tensor) -> Tensor:
        standardized = (x.unsqueeze(-1) - means) / stds
        return torch.logsumexp(weights.log() + torch.special.log_ndtr(side.unsqueeze(-1) * standardized), -1)

    wanted = torch.special.log_ndtr(side * z)
    for _ in range(80):
        middle = (low + high) / 2
        too_small = side * (log_tail(middle) - wanted) < 0
        low, high = torch.where(too_small, middle, low), torch.where(too_small, high, middle)
    x = (low + high) / 2
    standardized = (x.unsqueeze(-1) - means) / stds
    log_density = torch.logsumexp(weights.log() - stds.log() - 0.5 * standardized**2, -1)  # both without log √2π
    return x, torch.exp(-0.5 * z**2 - log_density)
    # end


def evidence_and_divergence(f, x: Tensor, mean: Tensor, std: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """The two parts of the bound at a given noise: D16 (16), D16 (18).

    For the prior N(z; 0, 1), the decoder N(X; f(z), sigma²) and the guess Q = N(z; mean, std²), return log P(X) and the
    divergence of Q from the posterior P(z|X), by quadrature. Both integrals are over z alone. Everything that matters,
    of the posterior and of Q, lies within 10 standard deviations std of mean; but where that is and how wide differs
    from data point to point and may be 1e-4 or less, so a grid has to move and to shrink with Q. Eight digits after the
    point are asked for; evenly spaced points with the trapezoidal rule give them.

    Shapes: x, mean and std are (batch,), float64; f takes and gives tensors of any shape, element by element. The
    result is a tuple (log_evidence, divergence), each (batch,). A batch may be empty.

    By hand: f(z) = 2z, X = 2, sigma = 1 and D16's guess, mean = 1, std = 1/2. Then X ~ N(0, 5), so that
    log P(2) = -(log 10π)/2 - 4/10 = -2.1237. The posterior is N(0.8, 0.2), and the divergence is
    (0.25/0.2 + 0.2²/0.2 - 1 - log(0.25/0.2))/2 = 0.1134. What a VAE maximizes is the difference, -2.2371.
    """
    # answer
    t = torch.linspace(-12, 12, 2001, dtype=torch.float64)
    z = mean.unsqueeze(-1) + std.unsqueeze(-1) * t
    log_2pi = math.log(2 * math.pi)
    log_likelihood = -0.5 * (log_2pi + ((x.unsqueeze(-1) - f(z)) / sigma) ** 2) - math.log(sigma)
    log_joint = log_likelihood - 0.5 * (log_2pi + z**2)
    log_q = -0.5 * (log_2pi + t**2) - std.log().unsqueeze(-1)
    log_cell = std.log().unsqueeze(-1) + math.log(24 / 2000)  # the spacing of z
    log_evidence = torch.logsumexp(log_joint + log_cell, -1)
    log_posterior = log_joint - log_evidence.unsqueeze(-1)
    return log_evidence, (torch.exp(log_q + log_cell) * (log_q - log_posterior)).sum(-1)
    # end


def small_noise_limit(f, code: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What is left of the posterior when the noise vanishes, and how fast the gap closes: D16 (21), D16 (22).

    For X = f(code) return three numbers per code:

    - width: the standard deviation of the Gaussian that the posterior tends to under the magnifying glass, where
      distances from the code are measured in units of σ;
    - center and skewness: the gap of D16's guess N(code, (width·σ)²) is c·σ² for small σ, with
      c = center + skewness, of which the first can be had back by moving the guess's mean and the second cannot.

    With f' and f'' the derivatives at the code and s = 1/f', the chapter finds
    center = (code·s + 3/2·f''·s²)²/2 and skewness = 3/4·f''²·s⁴. f may rise or fall, and it may be a straight line.

    Shapes: code is (batch,), float64. f is made of operations of torch and takes and gives tensors of any shape,
    element by element; its slope is not 0. The result is a tuple (width, center, skewness), each (batch,).

    By hand: f(z) = exp(z) and code = 0. Then f' = f'' = 1, the width is 1, center = (3/2)²/2 = 1.125 and
    skewness = 0.75. At code = 1 both derivatives are e: the width is 1/e, center = (1/e + 1.5/e)²/2 = 3.125/e² and
    skewness = 0.75/e². For f(z) = 2z, at code = 1: width 1/2, center 1/8, skewness 0.
    """
    # answer
    with torch.enable_grad():
        z = code.detach().requires_grad_()
        (slope,) = torch.autograd.grad(f(z).sum(), z, create_graph=True)
        # The slope of a straight line does not depend on z; with 0·z it does, as far as autograd is concerned.
        (curvature,) = torch.autograd.grad((slope + 0 * z).sum(), z)
    s = 1 / slope.detach()
    center = 0.5 * (code * s + 1.5 * curvature * s**2) ** 2
    return s.abs(), center, 0.75 * curvature**2 * s**4
    # end
