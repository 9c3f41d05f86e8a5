"""Why the bound is tight when the noise vanishes: D16's appendix A, step by step.

z = r(z⁰) = g(X) + (z⁰ − g(X))·σ carries Q_σ to N(g(X), g′(X)²), which does not know σ, and a divergence does not
change on the way. The posterior, carried along, tends to the same Gaussian. All densities are logarithms, in nats.
"""

import math

import torch
from jaxtyping import Float64
from torch import Tensor
from torch.distributions import Normal

from vae_edu.models.one_dimension import PRIOR, OneDimensionalVAE

Points = Float64[Tensor, "points"]  # values of z⁰ or of a function of it
Scalar = Float64[Tensor, ""]


def rescale(model: OneDimensionalVAE, z0: Points, x: Scalar, sigma: float) -> Points:
    """r = g(X) + (z⁰ − g(X))·σ."""
    g = model.g(x)
    return g + (z0 - g) * sigma


def log_rescaled_posterior(model: OneDimensionalVAE, z0: Points, x: Scalar, sigma: float) -> Points:
    """log P⁰_σ(z⁰|X) = log P_σ(z = r|X) + log σ: the posterior at r, and how
    r stretches z⁰.

    Source: D16 (18).
    """
    return model.log_posterior(rescale(model, z0, x, sigma), x, sigma) + math.log(sigma)


def constant_and_decoder(model: OneDimensionalVAE, z0: Points, x: Scalar, sigma: float) -> tuple[Points, Points]:
    """The two factors of P⁰_σ: log C = log(P(r)·σ/P_σ(X)), and
    log N(X; f(r), σ²).

    C holds r and so depends on z⁰; it becomes constant as σ vanishes and r
    tends to g(X).

    Source: D16 (19).
    """
    r = rescale(model, z0, x, sigma)
    log_c = PRIOR.log_prob(r) + math.log(sigma) - model.log_marginal(x, sigma)
    return log_c, model.log_likelihood(x, r, sigma)


def f_derivatives(model: OneDimensionalVAE, x: Scalar, order: int) -> list[Scalar]:
    """f, f′, f″ … up to `order`, at g(X). As f inverts g,
    d/dz = (1/g′)·d/dX: no derivative of the bisection.
    """
    x = x.detach().requires_grad_()
    derivatives = [x]
    for _ in range(order):
        (slope,) = torch.autograd.grad(derivatives[-1], x, create_graph=True)
        derivatives.append(slope / model.g_slope(x))
    return [derivative.detach() for derivative in derivatives]


def taylor_terms(
    model: OneDimensionalVAE, z0: Points, x: Scalar, sigma: float, order: int
) -> Float64[Tensor, "orders points"]:
    """f⁽ⁿ⁾(g(X))·((z⁰ − g(X))·σ)ⁿ/n! for n = 0 … order: their sum tends to
    f(r) where f is analytic.

    Source: D16 (20).
    """
    step = (z0 - model.g(x)) * sigma
    derivatives = f_derivatives(model, x, order)
    return torch.stack([d * step**n / math.factorial(n) for n, d in enumerate(derivatives)])


def log_expanded_decoder(model: OneDimensionalVAE, z0: Points, x: Scalar, sigma: float, order: int) -> Points:
    """log N(X; Taylor polynomial of f, σ²).

    Source: D16 (20).
    """
    return Normal(taylor_terms(model, z0, x, sigma, order).sum(0), sigma).log_prob(x)


def log_gaussian_form(model: OneDimensionalVAE, z0: Points, x: Scalar, sigma: float, order: int) -> Points:
    """The same, read as a density in z⁰: log of
    1/(σ·f′)·N(z⁰; g(X) − Σ_{n≥2} …/(f′·σ), 1/f′²).

    D16 prints f′/σ in front. It does not matter: a factor without z⁰ goes
    when the density is normalized.

    Source: D16 (21).
    """
    slope = 1 / model.g_slope(x)
    beyond_linear = taylor_terms(model, z0, x, sigma, order)[2:].sum(0)
    return Normal(model.g(x) - beyond_linear / (slope * sigma), 1 / slope).log_prob(z0) - torch.log(slope * sigma)


def limit(model: OneDimensionalVAE, x: Scalar) -> Normal:
    """N(z⁰; g(X), g′(X)²): what P⁰_σ tends to, and what Q⁰ is at every σ.

    Source: D16 (22).
    """
    return Normal(model.g(x), model.g_slope(x))


def normalized(log_density: Points, z0: Points) -> Points:
    """The logarithm of a density on an evenly spaced grid of z⁰, shifted so that it integrates to 1."""
    return log_density - torch.logsumexp(log_density, dim=0) - torch.log(z0[1] - z0[0])


def quadratic_coefficient(model: OneDimensionalVAE, x: Scalar) -> float:
    """The limit of D[Q_σ ‖ P_σ]/σ², in nats: from the terms linear in σ of
    log Q⁰ − log P⁰_σ.

    These are (½·f′·f″·t³ + g·t)·σ with t = z⁰ − g(X), and D is half their
    variance under Q⁰.
    """
    _, f1, f2 = (float(derivative) for derivative in f_derivatives(model, x, 2))
    cubic, linear = f2 / (2 * f1**2), float(model.g(x)) / f1
    return (15 * cubic**2 + 6 * cubic * linear + linear**2) / 2
