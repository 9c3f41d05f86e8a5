"""D16 appendix A in numbers: how fast the posterior becomes Gaussian, and the bound tight, as the noise vanishes."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor

from vae_edu.evaluation.vanishing_noise import (
    limit,
    log_rescaled_posterior,
    normalized,
    quadratic_coefficient,
    rescale,
    taylor_terms,
)
from vae_edu.experiments import Outcome, Request
from vae_edu.models.one_dimension import OneDimensionalVAE, mixture

MIXTURE = {"weights": [0.4, 0.6], "means": [-1.5, 1.0], "stds": [0.6, 0.8]}
X = 0.0
SIGMAS = [0.8, 0.4, 0.2, 0.1, 0.05, 0.025, 0.0125, 0.00625]
# The paper prints no numbers; these were computed once, apart from this code.
REFERENCE = {"0.4": 0.105, "0.2": 0.056, "0.1": 0.020, "0.05": 0.0054, "0.025": 0.0014}


def reproduce(request: Request) -> Outcome:
    """Deterministic, and a matter of seconds at every budget.

    Source: D16 App. A.
    """
    model, x = OneDimensionalVAE(mixture(**MIXTURE)), torch.tensor(X, dtype=torch.float64)
    by_sigma = [at_sigma(model, x, sigma) for sigma in SIGMAS]
    small = by_sigma[-4:]
    return Outcome(
        {
            "mixture": MIXTURE,
            "x": X,
            "log density of the data at x": model.data.log_prob(x).item(),
            "reference divergence by sigma": REFERENCE,
            "by sigma": by_sigma,
            "slope of log D against log sigma, four smallest": slope(small, "divergence"),
            "slope of the bound's distance from the log density": slope(small, "log density - bound"),
            "limit of D / sigma squared": quadratic_coefficient(model, x),
            "over the data": over_the_data(model),
            "rescaled posteriors": posteriors(model, x),
            "error of Taylor's polynomial, 3 standard deviations out": taylor_errors(model, x),
        }
    )


def at_sigma(model: OneDimensionalVAE, x: Float64[Tensor, ""], sigma: float) -> dict[str, float]:
    """Both parts of the bound, in nats."""
    divergence, evidence = model.divergence(x, sigma).item(), model.log_marginal(x, sigma).item()
    return {
        "sigma": sigma,
        "divergence": divergence,
        "divergence / sigma squared": divergence / sigma**2,
        "log P_sigma": evidence,
        "bound": evidence - divergence,
        "log density - bound": model.data.log_prob(x).item() - evidence + divergence,
    }


def slope(rows: list[dict[str, float]], name: str) -> float:
    """Of log|quantity| against log σ, by least squares: 2 for what goes with σ²."""
    return float(np.polyfit(np.log([row["sigma"] for row in rows]), np.log([abs(row[name]) for row in rows]), 1)[0])


def over_the_data(model: OneDimensionalVAE) -> dict[str, Any]:
    """D at 99 equally probable points of the data, and their mean."""
    x = model.f(torch.special.ndtri(torch.arange(1, 100, dtype=torch.float64) / 100))
    divergence = {str(sigma): model.divergence(x, sigma) for sigma in SIGMAS[1:6]}
    return {
        "x": _rounded(x),
        "divergence by sigma": {sigma: _rounded(values) for sigma, values in divergence.items()},
        "mean by sigma": {sigma: values.mean().item() for sigma, values in divergence.items()},
    }


def posteriors(model: OneDimensionalVAE, x: Float64[Tensor, ""]) -> dict[str, Any]:
    """Densities of z⁰ over ± 4 standard deviations of the limit: the limit's, and the posterior's for each σ."""
    q0 = limit(model, x)
    wide = q0.mean + q0.stddev * torch.linspace(-12, 12, 601, dtype=torch.float64)
    shown = slice(200, 401, 2)
    densities = {str(s): normalized(log_rescaled_posterior(model, wide, x, s), wide).exp() for s in SIGMAS[1:6]}
    return {
        "z0": _rounded(wide[shown]),
        "limit": _rounded(q0.log_prob(wide[shown]).exp()),
        "by sigma": {sigma: _rounded(density[shown]) for sigma, density in densities.items()},
    }


def taylor_errors(model: OneDimensionalVAE, x: Float64[Tensor, ""]) -> dict[str, list[float]]:
    """|f(r) − polynomial| of orders 1 to 8, the larger of both sides: small σ helps, a high order alone does not."""
    q0 = limit(model, x)
    z0 = q0.mean + 3 * q0.stddev * torch.tensor([-1.0, 1.0], dtype=torch.float64)
    errors = {}
    for sigma in SIGMAS[:6]:
        partial_sums = taylor_terms(model, z0, x, sigma, 8).cumsum(0)[1:]
        errors[str(sigma)] = (partial_sums - model.f(rescale(model, z0, x, sigma))).abs().amax(1).tolist()
    return errors


def _rounded(values: Tensor) -> list[float]:
    return [round(value, 6) for value in values.tolist()]
