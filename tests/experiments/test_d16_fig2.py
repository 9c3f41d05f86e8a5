"""The ring's numbers: the exact law against SciPy's, and draws that obey it or do not."""

import pytest
import torch
from scipy import stats

from vae_edu.experiments import Request, d16_fig2
from vae_edu.models import ring

FALSE_ALARM = 1e-6


def draws(n: int = 1000) -> torch.Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_the_exact_values_are_those_of_the_chi_law():
    law = stats.chi(2)
    radius = d16_fig2.radius_law(ring(draws()))
    assert radius["mean"]["exact"] == pytest.approx(1 + law.mean() / 10)
    assert radius["standard deviation"]["exact"] == pytest.approx(law.std() / 10)
    assert radius["quantiles"]["0.25"]["exact"] == pytest.approx(1 + law.ppf(0.25) / 10)


def test_the_recorded_draws_obey_both_laws():
    """Two Kolmogorov-Smirnov tests and a mean within five standard errors: false alarm 1e-6 each at most."""
    numbers = d16_fig2.reproduce(Request()).numbers
    assert numbers["draws"] == 1000
    assert numbers["radius"]["p-value"] > FALSE_ALARM
    assert numbers["angle"]["p-value"] > FALSE_ALARM
    mean = numbers["radius"]["mean"]
    assert abs(mean["drawn"] - mean["exact"]) < 5 * numbers["radius"]["standard error of the mean"]
    assert numbers["radius"]["smallest"]["drawn"] > 1


def test_a_cloud_that_is_no_ring_is_told_apart():
    squashed = ring(draws()) * torch.tensor([1.0, 0.2], dtype=torch.float64)
    assert d16_fig2.radius_law(squashed)["p-value"] < FALSE_ALARM
    assert d16_fig2.angle_law(squashed)["p-value"] < FALSE_ALARM
