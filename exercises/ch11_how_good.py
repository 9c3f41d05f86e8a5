"""Chapter 11: How good is it?

Replace each `raise NotImplementedError` by your answer and run `pytest exercises`. Import nothing but
torch, numpy and math. All logarithms are natural ones, all results in nats.
"""

import math

import torch
from torch import Tensor


def importance_estimate(
    log_likelihood: Tensor,
    log_prior: Tensor,
    log_q: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """The evidence from draws of q, and how far to trust it: D16 (1), K13 (2).

    The draws z of q(z|x) are given by three logarithms: log p(x|z), log p(z) and log q(z|x). Return for each data
    point the tuple of

    - estimate (batch,): log of the mean importance weight, which tends to log p(x) with the number K of draws;
    - effective (batch,): how many draws of the posterior itself these are worth, (Σw)²/Σw²;
    - shortfall (batch,): how much too low the estimate is on average, about half of its variance. To first order that
      is ρ/(2K), and `effective` is about K/(1 + ρ): solve the latter for ρ and use it in the former.

    Weights may be of any size, e⁻¹⁰⁰⁰ or e¹⁰⁰⁰, and some log_likelihood may be -inf, though not all of a data point's.
    Training may follow the gradient of the estimate.

    Shapes: all three are (K, batch), the results (batch,) in the same dtype. K is at least 1; a batch may be empty.

    By hand, with the chapter's two values of z, one draw at a and one at b: log_likelihood = [[log 0.05], [log 0.8]],
    log_prior = [[log 0.8], [log 0.2]], log_q = [[log 0.5], [log 0.5]]. The weights are 0.08 and 0.32, so estimate =
    log 0.2, effective = 0.4²/(0.08² + 0.32²) = 1.4706. From 1.4706 = 2/(1 + ρ) follows ρ = 0.36, so shortfall = 0.09.
    """
    raise NotImplementedError("Replace this line with your answer.")


def hmc_step(
    log_density,
    z: Tensor,
    momentum: Tensor,
    uniform: Tensor,
    step_size: float,
    steps: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """One transition of Hamiltonian Monte Carlo, its random numbers given: K13 App. E.

    Go from (z, momentum) through `steps` leapfrog steps of length `step_size` with the potential -log_density and
    unit mass, and turn the momentum at the end round: that is the proposal. With H = -log_density(z) + |momentum|²/2,
    accept it where log(uniform) < H(start) - H(proposal). Elsewhere the chain stays at z and momentum as they came;
    so it does where the energy of the proposal is infinite or not a number. Each chain is accepted or not by itself.

    Return the tuple of the new z (chains, latent), the new momentum (chains, latent), and accepted (chains,), of dtype
    bool. The results carry no gradient.

    Shapes: z and momentum are (chains, latent), uniform is (chains,) with values above 0 and below 1; steps is at
    least 1. log_density is a function in torch from (chains, latent) to (chains,), up to a constant; each row of z has
    its own value.

    By hand, for the standard normal, log_density(z) = -|z|²/2: z = [[1]], momentum = [[0]], uniform = [0.5],
    step_size = 1, steps = 1. Half a step: the momentum is -1/2. A step: z = 1/2. Half a step: the momentum is -3/4,
    turned round 3/4. H was 1/2 and is 1/8 + 9/32 = 13/32: accepted. From there, [[1/2]] and [[3/4]], the same
    transition leads back to [[1]] and [[0]] exactly; it is accepted if uniform is below exp(-3/32) = 0.9105.
    """

    raise NotImplementedError("Replace this line with your answer.")


def harmonic_log_marginal(draws: Tensor, log_joint: Tensor) -> Tensor:
    """The evidence from draws of the posterior, without an encoder: K13 App. D.

    `draws` are of p(z|x), say from a chain, for each data point of a batch, and `log_joint` is log p(x, z) at each of
    them. Fit q to the first half of the draws: for each data point the Gaussian with these draws' mean and their full
    covariance, divisor n - 1 for n draws. Then put the second half into the estimator, and return its logarithm,
    the estimate of log p(x).

    It has to work where p(x) is e⁻⁵⁰⁰⁰, or e⁵⁰⁰⁰ as densities of pictures may be. A chain that never moved has no
    covariance to speak of: return nan for its data point, and for the others what they would have had without it.

    Shapes: draws (2n, batch, latent) with n > latent, log_joint (2n, batch); the result is (batch,) in the same dtype.
    A batch may be empty.

    By hand: draws = [[[-1]], [[1]], [[0]], [[2]]], log_joint = [[-3], [-2], [-1], [-2]]. The first two have mean 0 and
    variance (1 + 1)/1 = 2, so log q(z) = -log(4π)/2 - z²/4. At 0 and at 2 log q - log_joint is 1 - log(4π)/2, so that
    the estimate is log(4π)/2 - 1 = 0.2655.
    """
    raise NotImplementedError("Replace this line with your answer.")
