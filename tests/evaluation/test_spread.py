"""A variance and its error, of values whose moments are known."""

import math
from itertools import combinations, product

import pytest
import torch
from scipy import stats

from vae_edu.evaluation.spread import variance_parts, variance_with_error


def test_a_fair_coin_has_no_doubtful_variance():
    variance, error = variance_with_error(torch.tensor([[-1.0, 5.0], [1.0, 5.0]]))
    assert variance.tolist() == [1.0, 0.0]
    assert error.tolist() == [0.0, 0.0]


def test_two_values_have_equal_squares_and_no_root_of_a_negative_number():
    _, error = variance_with_error(torch.randn(2, 1000, generator=torch.Generator().manual_seed(0)))
    assert (error < 1e-6).all()


def test_the_error_of_a_normal_variance():
    """Of n equally probable values of N(0, 9): the variance is 9, and its error 9·√(2/n)."""
    n = 10_000
    values = torch.from_numpy(stats.norm(0, 3).ppf((torch.arange(n).numpy() + 0.5) / n))
    variance, error = variance_with_error(values)
    assert variance.item() == pytest.approx(9, rel=1e-2)
    assert error.item() == pytest.approx(9 * math.sqrt(2 / n), rel=2e-2)


@pytest.mark.equation("K13 (8)")
def test_parts_predict_the_variance_of_a_minibatch_mean_exactly():
    """Every minibatch of 2 of 5 items, with each of 2 equally probable draws of each: counted, and by the parts."""
    values = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    means = [
        torch.stack([values[one, i], values[other, j]]).mean(0)
        for i, j in combinations(range(5), 2)
        for one, other in product(range(2), repeat=2)
    ]
    counted = torch.stack(means).var(0, correction=0).sum().item()
    between = values.mean(0).var(0).sum().item()
    within = values.var(0, correction=0).mean(0).sum().item()
    assert counted == pytest.approx((1 / 2 - 1 / 5) * between + within / 2, rel=1e-12)


def test_parts_are_unbiased():
    """Over all 2⁶ ways of drawing twice from two equally probable values of each of three items."""
    values = torch.randn(2, 3, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    items = torch.arange(3)
    ways = [torch.tensor(way).reshape(2, 3) for way in product(range(2), repeat=6)]
    found = torch.tensor([variance_parts([values[row, items] for row in way]) for way in ways], dtype=torch.float64)
    between, within = found.mean(0).tolist()
    assert between == pytest.approx(values.mean(0).var(0).sum().item(), rel=1e-12)
    assert within == pytest.approx(values.var(0, correction=0).mean(0).sum().item(), rel=1e-12)
