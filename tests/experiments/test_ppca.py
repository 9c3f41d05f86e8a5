"""The linear VAE's experiment on the embedded digits: training reaches the closed form, noise puts out dimensions."""

import pytest
import torch

from vae_edu.experiments import ppca
from vae_edu.models import principal_axes

STAGES = ((1e-2, 2), (1e-3, 4), (1e-4, 1))


@pytest.fixture(scope="module")
def x(digits):
    return digits.x[:500]


def test_training_on_the_bound_reaches_the_evidence_of_the_closed_form(x):
    result = ppca.beside_closed_form(x, x[:100], 2, STAGES, seed=0)
    assert -1e-6 < result["shortfall"] < 0.05  # no model of the family exceeds the closed form
    assert result["closed form"]["train"]["gap"] == pytest.approx(0, abs=1e-9)
    assert result["largest principal angle, degrees"] < 2
    assert result["noise variance"]["trained"] == pytest.approx(result["noise variance"]["closed form"], rel=0.01)
    assert len(result["curve"]["gap"]) == sum(epochs for _, epochs in STAGES)


@pytest.mark.parametrize("active", [0, 4])  # where the next eigenvalue is well below
def test_as_many_dimensions_survive_as_there_are_eigenvalues_above_the_noise(x, active):
    eigenvalues, _ = principal_axes(x.double())
    result = ppca.collapse(x, 6, ppca.noise_between(eigenvalues, active), STAGES, seed=0)
    assert result["eigenvalues above it"] == result["active dimensions"] == active
    assert abs(result["shortfall"]) < 0.05


def test_the_noise_lies_between_two_eigenvalues():
    eigenvalues = torch.tensor([4.0, 1.0, 0.25], dtype=torch.float64)
    assert [ppca.noise_between(eigenvalues, active) for active in (0, 1, 2)] == [8, 2, 0.5]


def test_turning_the_axes_opens_a_gap_that_a_right_angle_closes(digits):
    gaps = ppca.turned_gaps(digits.x.double(), (0, 30, 45, 60, 90))
    assert gaps["0"] == pytest.approx(0, abs=1e-9)
    assert gaps["90"] == pytest.approx(0, abs=1e-9)
    assert gaps["45"] > gaps["30"] == pytest.approx(gaps["60"])


def test_principal_angle_of_two_planes():
    plane = torch.eye(4, dtype=torch.float64)[:, :2]
    tilted = plane.clone()
    tilted[:, 1] = torch.tensor([0.0, 1.0, 1.0, 0.0])
    assert ppca.largest_principal_angle(plane, tilted) == pytest.approx(45)
    assert ppca.largest_principal_angle(plane, plane @ torch.tensor([[1.0, 2.0], [0.0, 3.0]]).double()) < 1e-5
