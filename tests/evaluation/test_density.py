"""Fitted densities against SciPy's, one data point at a time."""

import pytest
import torch
from scipy import stats
from torch import Tensor

from vae_edu.evaluation.density import gaussian_log_density, kernel_log_density

BOTH = pytest.mark.parametrize("fit_density", [gaussian_log_density, kernel_log_density])


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def draws_and_points(latent: int, n: int = 12) -> tuple[Tensor, Tensor]:
    """Correlated, off center, on different scales for each of 4 data points."""
    mixing = normal(0, 4, latent, latent)
    scale = torch.tensor([0.01, 1.0, 3.0, 40.0], dtype=torch.float64).reshape(4, 1)
    draws, points = (scale * torch.einsum("nbj,bij->nbi", normal(seed, size, 4, latent), mixing) + 5 * scale
                     for seed, size in ((1, n), (2, 9)))  # fmt: skip
    return draws, points


@pytest.mark.equation("K13 App. D")
@pytest.mark.parametrize("latent", [1, 2, 4])
def test_kernel_density_is_scipys(latent: int) -> None:
    draws, points = draws_and_points(latent)
    actual = kernel_log_density(draws, points)
    assert actual.shape == (9, 4)
    for i in range(4):
        reference = stats.gaussian_kde(draws[:, i].mT.numpy())  # Scott's rule is its default
        expected = torch.from_numpy(reference.logpdf(points[:, i].mT.numpy()))
        torch.testing.assert_close(actual[:, i], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.equation("K13 App. D")
@pytest.mark.parametrize("latent", [1, 2, 4])
def test_gaussian_density_has_the_draws_moments(latent: int) -> None:
    draws, points = draws_and_points(latent)
    actual = gaussian_log_density(draws, points)
    for i in range(4):
        covariance = torch.cov(draws[:, i].mT).reshape(latent, latent)
        reference = torch.distributions.MultivariateNormal(draws[:, i].mean(0), covariance)
        torch.testing.assert_close(actual[:, i], reference.log_prob(points[:, i]), rtol=1e-9, atol=1e-9)


@BOTH
def test_density_integrates_to_one(fit_density) -> None:
    draws = normal(3, 6, 1, 2)
    axis = torch.linspace(-12, 12, 601, dtype=torch.float64)
    grid = torch.cartesian_prod(axis, axis).unsqueeze(1)
    total = fit_density(draws, grid).exp().sum() * (axis[1] - axis[0]) ** 2
    torch.testing.assert_close(total, torch.ones((), dtype=torch.float64), rtol=1e-6, atol=0)


@BOTH
def test_where_draws_do_not_span_the_space_there_is_no_density_and_the_others_are_unharmed(fit_density) -> None:
    draws, points = draws_and_points(2)
    whole = fit_density(draws, points)
    draws[:, 1] = draws[0, 1]
    broken = fit_density(draws, points)
    assert broken[:, 1].isnan().all()
    assert torch.equal(broken[:, [0, 2, 3]], whole[:, [0, 2, 3]])


@BOTH
@pytest.mark.parametrize("batch", [0, 1])
def test_small_batches_and_float32(fit_density, batch: int) -> None:
    log_q = fit_density(torch.randn(7, batch, 3), torch.randn(5, batch, 3))
    assert log_q.shape == (5, batch)
    assert log_q.dtype == torch.float32
    assert log_q.isfinite().all()


@BOTH
@pytest.mark.parametrize("latent", [1, 2, 3])
def test_rounding_does_not_pass_for_a_span(fit_density, latent: int) -> None:
    """Chains of 25 float32 draws that never moved, and chains that moved once: on a line, in two and more latents."""
    still = normal(4, 500, latent).float().expand(25, -1, -1)
    assert fit_density(still, still).isnan().all()
    once = still.clone()
    once[10:] += normal(5, 500, latent).float()
    assert fit_density(once, once).isnan().all() == (latent > 1)
