"""Appendix A in numbers: against a computation made apart from this code, and what must hold whatever they are."""

from decimal import Decimal

import pytest

from vae_edu.experiments import Request
from vae_edu.experiments.d16_appendix_a import REFERENCE, SIGMAS, reproduce, slope


@pytest.fixture(scope="module")
def numbers():
    return reproduce(Request("quick", progress=False)).numbers


@pytest.mark.equation("D16 (16)")
@pytest.mark.parametrize("sigma", list(REFERENCE))
def test_divergences_are_the_reference_to_its_last_digit(numbers, sigma: str):
    printed = Decimal(str(REFERENCE[sigma]))
    ours = {str(row["sigma"]): row["divergence"] for row in numbers["by sigma"]}[sigma]
    last_digit = Decimal("0.001") if printed >= Decimal("0.01") else Decimal("0.0001")
    assert Decimal(ours).quantize(last_digit) == printed


@pytest.mark.equation("D16 (22)")
def test_divergence_and_gap_go_with_the_square_of_sigma(numbers):
    assert numbers["slope of log D against log sigma, four smallest"] == pytest.approx(2, abs=0.03)
    assert numbers["slope of the bound's distance from the log density"] == pytest.approx(2, abs=0.03)
    last = numbers["by sigma"][-1]
    assert last["divergence / sigma squared"] == pytest.approx(numbers["limit of D / sigma squared"], rel=1e-3)


def test_slope_of_a_power():
    rows = [{"sigma": sigma, "D": -3 * sigma**1.5} for sigma in SIGMAS]
    assert slope(rows, "D") == pytest.approx(1.5)


@pytest.mark.equation("D16 (22)")
def test_less_noise_is_better_over_all_the_data(numbers):
    means = list(numbers["over the data"]["mean by sigma"].values())
    assert means == sorted(means, reverse=True)
    assert means[-2] / means[-1] == pytest.approx(4, rel=0.02)


def test_posteriors_come_nearer_to_the_limit(numbers):
    found = numbers["rescaled posteriors"]
    distance = [
        max(abs(p - q) for p, q in zip(density, found["limit"], strict=True)) for density in found["by sigma"].values()
    ]
    assert distance == sorted(distance, reverse=True)


@pytest.mark.equation("D16 (20)")
def test_taylors_polynomial_helps_where_the_noise_is_small(numbers):
    """Small steps gain from every order; steps beyond the radius of convergence lose by the higher ones."""
    errors = numbers["error of Taylor's polynomial, 3 standard deviations out"]
    assert errors["0.025"] == sorted(errors["0.025"], reverse=True)
    assert errors["0.8"] == sorted(errors["0.8"])
