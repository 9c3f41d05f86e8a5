"""D16 figure 2: a Gaussian cloud bent into a ring, held against the exact law of its radius and its angle."""

import math

import torch
from jaxtyping import Float
from scipy import stats
from torch import Generator, Tensor

from vae_edu.experiments import Outcome, Request
from vae_edu.models import ring

DRAWS = 1000
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def reproduce(request: Request) -> Outcome:
    """Numbers of 1,000 draws; the picture is chapter 1's live figure. It costs nothing at any budget.

    Source: D16 figure 2.
    """
    z = torch.randn(DRAWS, 2, generator=Generator().manual_seed(request.seed), dtype=torch.float64)
    return Outcome({"draws": DRAWS, "radius": radius_law(ring(z)), "angle": angle_law(ring(z))})


def radius_law(x: Float[Tensor, "n 2"]) -> dict[str, object]:
    """The radius is 1 + ‖z‖/10, and ‖z‖ has the chi law with two degrees of freedom: mean √(π/2), variance 2 − π/2.

    The p-value is the Kolmogorov–Smirnov test's of the draws against that law.
    """
    radius = x.norm(dim=-1)
    law = stats.chi(2, loc=1, scale=0.1)
    return {
        "mean": {"drawn": radius.mean().item(), "exact": 1 + math.sqrt(math.pi / 2) / 10},
        "standard error of the mean": radius.std().item() / math.sqrt(len(x)),
        "standard deviation": {"drawn": radius.std().item(), "exact": math.sqrt(2 - math.pi / 2) / 10},
        "smallest": {"drawn": radius.min().item(), "exact": 1.0},
        "quantiles": {f"{q:g}": {"drawn": radius.quantile(q).item(), "exact": float(law.ppf(q))} for q in QUANTILES},
        "p-value": float(stats.kstest(radius.numpy(), law.cdf).pvalue),
    }


def angle_law(x: Float[Tensor, "n 2"]) -> dict[str, object]:
    """The angle is that of z, so uniform; the mean direction vanishes."""
    angle = torch.atan2(x[:, 1], x[:, 0])
    uniform = stats.uniform(-math.pi, 2 * math.pi)
    return {
        "length of the mean direction": {"drawn": (x / x.norm(dim=-1, keepdim=True)).mean(0).norm().item(), "exact": 0},
        "p-value": float(stats.kstest(angle.numpy(), uniform.cdf).pvalue),
    }
