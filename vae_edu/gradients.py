"""Two gradients of one expectation: score-function and pathwise estimators of ∇E_q[f(z)], side by side.

q is N(mean, exp(log_var)), and f maps draws of shape (samples, *batch, latent) to values of shape (samples, *batch).
Gradients are returned draw by draw: the two estimators share their mean and differ in their variance.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from vae_edu.gaussians import reparameterize

Function = Callable[[Tensor], Tensor]
PATHWISE_VARIANCE = 4.0  # of one draw of ∂/∂mean₁ of E‖z‖² at q = N(0, I), whatever the dimension: that draw is 2·z₁


class Gradient(NamedTuple):
    """Gradients with respect to q's parameters, one for each draw."""

    mean: Float[Tensor, "samples *batch latent"]
    log_var: Float[Tensor, "samples *batch latent"]


def expectation(
    f: Function,
    mean: Float[Tensor, "*batch latent"],
    log_var: Float[Tensor, "*batch latent"],
    eps: Float[Tensor, "samples *batch latent"],
) -> Float[Tensor, "*batch"]:
    """E_q[f(z)] estimated by the mean over draws of the noise,
    differentiable in mean and log_var.

    Source: K13 (4), K13 (5).
    """
    return f(reparameterize(mean, log_var, eps)).mean(0)


def score_function_gradient(
    f: Function,
    mean: Float[Tensor, "*batch latent"],
    log_var: Float[Tensor, "*batch latent"],
    eps: Float[Tensor, "samples *batch latent"],
    baseline: float | Float[Tensor, "*#batch"] = 0.0,
) -> Gradient:
    """(f(z) − baseline)·∇ log q(z), draw by draw. Asks f for values alone: f
    may be a step or a table.

    A baseline that does not depend on the draw leaves the expectation as it
    is and can lower the variance.

    Source: K13 §2.2.
    """
    weight = (f(reparameterize(mean, log_var, eps)) - baseline).unsqueeze(-1)
    return Gradient(
        mean=weight * eps * torch.exp(-0.5 * log_var),
        log_var=weight * 0.5 * (eps**2 - 1),
    )


def pathwise_gradient(
    f: Function,
    mean: Float[Tensor, "*batch latent"],
    log_var: Float[Tensor, "*batch latent"],
    eps: Float[Tensor, "samples *batch latent"],
) -> Gradient:
    """f′(z)·∇z with z = mean + sigma·eps, draw by draw. Asks f for its
    slope, which autograd knows.

    Source: K13 (4), K13 (5), D16 (10).
    """
    z = reparameterize(mean, log_var, eps).detach().requires_grad_()
    (slope,) = torch.autograd.grad(f(z).sum(), z)
    return Gradient(
        mean=slope,
        log_var=slope * 0.5 * torch.exp(0.5 * log_var) * eps,
    )


def score_function_variance(n: int, baseline: float = 0.0) -> float:
    """Variance of one draw of ∂/∂mean₁ of E‖z‖² at q = N(0, I_n), by the score function.

    (n+2)(n+4) without a baseline; at its lowest, at baseline n + 2, still 2(n+2). Compare PATHWISE_VARIANCE.

    Source: K13 §2.2, which warns of it.
    """
    return (n + 2) * (n + 4) - 2 * baseline * (n + 2) + baseline**2


def score_surrogate(
    value: Float[Tensor, "*draws"],
    log_q: Float[Tensor, "*draws"],
    baseline: float | Float[Tensor, "*#draws"] = 0.0,
) -> Float[Tensor, "*draws"]:
    """`value` unchanged, with (value − baseline)·∇log q added to its
    gradient: the score function for autograd.

    log_q must be a function of q's parameters at a z that is not.

    Source: K13 §2.2.
    """
    return value + (value - baseline).detach() * (log_q - log_q.detach())


def mean_of_the_others(value: Float[Tensor, "samples *batch"]) -> Float[Tensor, "samples *batch"]:
    """For each draw the mean of the other draws' values: a baseline that
    knows f and not the draw.

    Raises ValueError for a single draw, which has no others.
    """
    if len(value) < 2:
        raise ValueError(f"expected at least 2 draws, of which each has others, got {len(value)}")
    return (value.sum(0) - value) / (len(value) - 1)
