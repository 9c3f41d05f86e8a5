"""A variance and its error, of values whose moments are known."""

import math

import pytest
import torch
from scipy import stats

from vae_edu.evaluation.spread import variance_with_error


def test_a_fair_coin_has_no_doubtful_variance():
    variance, error = variance_with_error(torch.tensor([[-1.0, 5.0], [1.0, 5.0]]))
    assert variance.tolist() == [1.0, 0.0]
    assert error.tolist() == [0.0, 0.0]


def test_the_error_of_a_normal_variance():
    """Of n equally probable values of N(0, 9): the variance is 9, and its error 9·√(2/n)."""
    n = 10_000
    values = torch.from_numpy(stats.norm(0, 3).ppf((torch.arange(n).numpy() + 0.5) / n))
    variance, error = variance_with_error(values)
    assert variance.item() == pytest.approx(9, rel=1e-2)
    assert error.item() == pytest.approx(9 * math.sqrt(2 / n), rel=2e-2)
