"""The ring against what can be worked out about it: its inverse, its radius, its angle, its slope."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vae_edu.models import ring

DRAWS = 20_000
FALSE_ALARM = 1e-6


def draws(dim: int = 2, seed: int = 0) -> torch.Tensor:
    return torch.randn(DRAWS, dim, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def inverse(x: torch.Tensor) -> torch.Tensor:
    """‖x‖ = 1 + ‖z‖/10 and the direction is kept, so z = 10·(‖x‖ − 1)·x/‖x‖."""
    radius = x.norm(dim=-1, keepdim=True)
    return 10 * (radius - 1) * x / radius


@settings(deadline=None)
@given(
    dim=st.integers(1, 6),
    batch=st.lists(st.integers(0, 3), max_size=2),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    seed=st.integers(0, 1000),
)
def test_keeps_shape_dtype_and_direction_and_can_be_undone(dim, batch, dtype, seed):
    z = torch.randn(*batch, dim, dtype=dtype, generator=torch.Generator().manual_seed(seed))
    x = ring(z)
    assert x.shape == z.shape
    assert x.dtype == dtype
    assert ((x * z).sum(-1) > 0).all()
    # Undoing takes 1 from a radius near 1 and multiplies by 10: rounding is magnified, by no more than this.
    torch.testing.assert_close(inverse(x), z, rtol=1e-4, atol=200 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("dim", [2, 3, 8])
def test_radius_follows_the_derived_law(dim):
    """10·(‖x‖ − 1) is ‖z‖: chi-distributed with `dim` degrees of freedom. False alarm 1e-6."""
    r = 10 * (ring(draws(dim)).norm(dim=-1) - 1)
    assert stats.kstest(r.numpy(), stats.chi(dim).cdf).pvalue > FALSE_ALARM


def test_angle_is_uniform_and_independent_of_the_radius():
    """Kolmogorov-Smirnov in each of three rings of equal probability; false alarm 1e-6 over all three."""
    x = ring(draws())
    angle, radius = torch.atan2(x[:, 1], x[:, 0]), x.norm(dim=-1)
    cuts = 1 + torch.tensor(stats.chi(2).ppf([0, 1 / 3, 2 / 3, 1])) / 10
    for low, high in pairwise(cuts):
        inside = angle[(low <= radius) & (radius < high)]
        assert len(inside) > DRAWS / 4
        uniform = stats.uniform(-math.pi, 2 * math.pi)
        assert stats.kstest(inside.numpy(), uniform.cdf).pvalue > FALSE_ALARM / 3


def test_change_of_variables_gives_the_density_the_chapter_derives():
    """p(x) = p(z)/|det J(z)|, with autograd's J, is 100·(R − 1)/(2πR)·exp(−50(R − 1)²) at R = ‖x‖."""
    for z in draws()[:20]:
        x = ring(z)
        jacobian = torch.autograd.functional.jacobian(ring, z)
        density = torch.exp(-0.5 * z @ z) / (2 * math.pi) / torch.linalg.det(jacobian).abs()
        r = x.norm()
        derived = 100 * (r - 1) / (2 * math.pi * r) * torch.exp(-50 * (r - 1) ** 2)
        torch.testing.assert_close(density, derived)


@pytest.mark.parametrize("size", [1e-30, 1e-6, 1.0, 1e6, 1e18])
def test_far_and_near_points_stay_finite(size):
    """Float32 down to where squares underflow and up to where they overflow."""
    z = size * torch.tensor([[3.0, -4.0]]) / 5
    if size == 1e-30:
        z = z.double()
    x = ring(z)
    assert x.isfinite().all()
    torch.testing.assert_close(x.norm(dim=-1).item(), 1 + size / 10, rtol=1e-6, atol=0)


def test_the_origin_has_no_direction():
    assert ring(torch.zeros(2)).isnan().all()
