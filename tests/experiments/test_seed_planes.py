"""The seed project's experiments 4, 5, 7 and 8: what is measured in a plane, against brute force and SciPy."""

import numpy as np
import pytest
import torch
from scipy.stats import norm
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from vae_edu.evaluation.latent_space import quantile_grid
from vae_edu.experiments import Request
from vae_edu.experiments import seed_planes as planes
from vae_edu.experiments.seed_subjects import subject

QUICK = Request("quick", progress=False)


def points(n: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))


def test_experiment_4s_grid_runs_from_one_to_ninety_nine_hundredths():
    z = norm.ppf(np.linspace(0.01, 0.99, 15))
    grid = quantile_grid(planes.SIDE, margin=planes.LOWEST * planes.SIDE)
    np.testing.assert_allclose(grid[-1, :, 0], z, atol=1e-6)
    np.testing.assert_allclose(grid[:, 0, 1], z[::-1], atol=1e-6)


def test_transitions_are_counted_once_and_in_both_directions():
    digits = torch.tensor([[1, 1], [1, 7]])
    grid = torch.zeros(2, 2, 4)
    grid[1, 1] = 1.0
    found = planes.transitions(grid, digits)
    assert (found["of the same digit"], found["of two digits"]) == (2, {"17": 2})
    assert found["root mean square pixel change, same digit"] == 0
    assert found["root mean square pixel change, two digits"] == found["largest root mean square pixel change"] == 1


def test_neighbor_accuracy_is_scikit_learns_leaving_one_out():
    z, digits = points(90), torch.arange(90) % 3
    z += 1.5 * torch.nn.functional.one_hot(digits, 3)[:, :2]
    oracle = cross_val_score(KNeighborsClassifier(10), z.numpy(), digits.numpy(), cv=LeaveOneOut()).mean()
    assert planes.neighbor_accuracy(z, digits) == pytest.approx(oracle)


def test_neighbor_accuracy_sees_through_scale_and_place():
    z, digits = points(100), torch.arange(100) % 2
    z[:, 0] += 20 * digits
    assert planes.neighbor_accuracy(z, digits) == 1
    assert planes.neighbor_accuracy(1e-4 * z.double() + 5, digits) == 1


def test_a_gaussian_leaves_no_cell_empty_whatever_its_shape():
    """20,000 draws leave one of 400 equally probable cells empty with probability below 400·exp(−50)."""
    slanted = points(20_000) @ torch.tensor([[3.0, 1.0], [0.0, 0.2]]) + 7
    assert planes.empty_cells(slanted) == 0


def test_two_heaps_leave_most_cells_empty():
    heaps = 0.01 * points(2000) + torch.tensor([[-4.0, 0.0], [4.0, 3.0]]).repeat(1000, 1)
    heaps[::100] += 3 * points(20, seed=1)  # a few strays, or whitening would stretch the heaps
    assert planes.empty_cells(heaps) > 0.9
    assert planes.empty_cells(heaps) == planes.empty_cells(1000 * heaps - 3)


@pytest.mark.parametrize("experiment", [planes.seed_5, planes.seed_7, planes.seed_8])
def test_the_record_holds_the_scatter_that_its_numbers_are_of(experiment):
    numbers = experiment(QUICK).numbers
    z = np.stack([numbers["means"]["z1"], numbers["means"]["z2"]], 1)
    labels = np.array([int(label) for label in numbers["labels"]])
    assert len(z) == len(labels) == numbers["images"]
    assert numbers["range"]["z1"] == pytest.approx([z[:, 0].min(), z[:, 0].max()], rel=1e-3)
    assert numbers["largest |mean|"] == pytest.approx(np.abs(z).max(), rel=1e-3)
    for digit, group in numbers["by digit"].items():
        own = z[labels == int(digit)]
        assert group["images"] == len(own)
        assert group["standard deviation"] == pytest.approx(own.std(0, ddof=1), rel=0.01)
    oracle = cross_val_score(KNeighborsClassifier(10), z, labels, cv=LeaveOneOut()).mean()
    # Rounding to four digits may exchange neighbors that are equally far away.
    assert numbers["accuracy of 10 nearest neighbors"]["among posterior means"] == pytest.approx(oracle, abs=0.03)


def test_the_kl_term_alone_makes_every_posterior_the_prior():
    numbers = planes.seed_8(QUICK).numbers
    assert numbers["largest |mean|"] < 0.1
    assert numbers["KL(q(z|x) || p(z)), nats"] < 0.001
    # Draws then know nothing of the label: each of 297 is named rightly with probability about 1/10, so the share
    # has standard deviation 0.0174, a little more as the neighborhoods overlap; 0.25 is over 8 of them away.
    assert numbers["accuracy of 10 nearest neighbors"]["among draws of z"] < 0.25
    assert planes.seed_7(QUICK).numbers["accuracy of 10 nearest neighbors"]["among draws of z"] > 0.25


def test_the_plane_shown_is_the_rectangle_of_the_means():
    model = subject("two-latents", QUICK)
    mean = torch.tensor([[-1.0, 2.0], [3.0, -4.0], [0.0, 0.0]]).repeat(4, 1)
    _, test = planes.images(QUICK)
    picture = planes._pictures(model, test, mean)["plane"].axes[0].images[0].get_array()
    assert picture.shape == (planes.RECTANGLE * 8, planes.RECTANGLE * 8)
    corner = model.images(torch.tensor([-1.0, 2.0])).view(8, 8)
    np.testing.assert_allclose(picture[:8, :8], corner, atol=1e-5)
