"""Latent space: the grid's probabilities, the decoder's derivatives, the aggregate posterior, turns of the plane."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from torch.distributions import Bernoulli, MultivariateNormal, kl_divergence

from vae_edu.bounds import elbo
from vae_edu.evaluation.latent_space import (
    fisher_metric,
    great_circle,
    jacobian,
    kl_parts,
    log_aggregate_posterior,
    manifold,
    posterior_means,
    pullback_metric,
    quantile_grid,
    turned_bound,
)
from vae_edu.gaussians import kl_standard_normal, log_normal
from vae_edu.models import VAE, gaussian_mlp_vae, mlp_vae


def small_vae(seed: int = 0, spread: float = 1.0, dtype: torch.dtype = torch.float64) -> VAE:
    """9 pixels, two latents; `spread` widens the encoder's weights so that images get different variances."""
    torch.manual_seed(seed)
    model = mlp_vae(9, (7,), 2, torch.nn.Tanh).to(dtype).requires_grad_(False)
    model.encoder.log_var.weight.mul_(spread)
    return model


def images(n: int, seed: int = 1) -> torch.Tensor:
    return torch.rand(n, 9, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def rotation(angle: float, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.tensor([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]], dtype=dtype)


def symmetric_noise(n: int, draws: int = 4) -> torch.Tensor:
    """Noise that quarter turns leave as it is, up to the order of the draws."""
    eps = torch.randn(draws, n, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return torch.cat([eps, eps @ rotation(math.pi / 2), eps @ rotation(math.pi), eps @ rotation(-math.pi / 2)])


# --- the grid ---


@settings(deadline=None, max_examples=30)
@given(side=st.integers(1, 40))
def test_each_grid_point_is_the_middle_of_a_cell_of_equal_prior_probability(side: int) -> None:
    """By scipy's normal CDF, an independent one: 1/side of probability from point to point, half that outside."""
    u = norm.cdf(quantile_grid(side)[0, :, 0].double().numpy())
    assert u == pytest.approx([(k + 0.5) / side for k in range(side)], abs=1e-6)


def test_the_margin_sets_the_outermost_probabilities() -> None:
    """15 points from 0.01 to 0.99: the seed project's grid."""
    u = norm.cdf(quantile_grid(15, margin=0.15)[0, :, 0].double().numpy())
    assert (u[0], u[-1]) == pytest.approx((0.01, 0.99), abs=1e-6)
    assert u[1:] - u[:-1] == pytest.approx([0.07] * 14, abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(side=st.integers(2, 30), margin=st.floats(0.01, 0.5))
def test_the_grid_is_symmetric_and_a_plot_can_lie_on_it(side: int, margin: float) -> None:
    grid = quantile_grid(side, margin)
    assert grid.shape == (side, side, 2)
    torch.testing.assert_close(grid.flip(0, 1), -grid)
    torch.testing.assert_close(grid.transpose(0, 1).flip(0, 1).flip(-1), grid)  # mirrored at the diagonal z1 = z2
    z1, z2 = grid.unbind(-1)
    assert (z1.diff(dim=1) > 0).all()  # columns: rightward
    assert (z2.diff(dim=0) < 0).all()  # rows: row 0 at the top


# --- means and manifold ---


@pytest.mark.parametrize("n", [0, 1, 7])
def test_posterior_means_do_not_depend_on_the_batch_size(n: int) -> None:
    model, x = small_vae(), images(n)
    expected = model.encode(x)[0]
    torch.testing.assert_close(posterior_means(model, x, batch_size=3), expected)
    assert not posterior_means(model, x).requires_grad


@pytest.mark.parametrize("build", [mlp_vae, gaussian_mlp_vae])
def test_the_manifold_is_the_decoder_at_the_grid_points(build: type) -> None:
    model = build(9, (7,), 2)
    pictures = manifold(model, side=5, margin=0.15)
    assert pictures.shape == (5, 5, 9)
    grid = quantile_grid(5, margin=0.15)
    for row, column in [(0, 0), (0, 4), (3, 1)]:
        with torch.no_grad():
            expected = model.images(grid[row, column])
        torch.testing.assert_close(pictures[row, column], expected)
    torch.testing.assert_close(manifold(model.double(), side=5, margin=0.15).float(), pictures)


# --- derivatives ---


@pytest.mark.parametrize("part", ["images", "decode"])
def test_the_jacobian_is_the_limit_of_difference_quotients(part: str) -> None:
    model, h = small_vae(), 1e-5
    function = getattr(model, part)
    z = torch.randn(6, 2, dtype=torch.float64)
    quotients = [(function(z + h * e) - function(z - h * e)) / (2 * h) for e in torch.eye(2, dtype=torch.float64)]
    torch.testing.assert_close(jacobian(function, z), torch.stack(quotients, -1), atol=1e-8, rtol=1e-6)


def test_the_jacobian_of_no_point_and_of_more_latents_has_the_right_shape() -> None:
    model = mlp_vae(9, (7,), 3)
    assert jacobian(model.images, torch.randn(4, 3)).shape == (4, 9, 3)
    assert not jacobian(model.images, torch.randn(1, 3)).requires_grad
    assert pullback_metric(model, torch.randn(1, 3)).shape == (1, 3, 3)


def test_the_pullback_metric_measures_small_steps_between_pictures() -> None:
    model, h = small_vae(), 1e-4
    z = torch.randn(20, 2, dtype=torch.float64)
    step = h * torch.randn(20, 2, dtype=torch.float64)
    moved = (model.images(z + step / 2) - model.images(z - step / 2)).square().sum(-1)
    predicted = torch.einsum("ni,nij,nj->n", step, pullback_metric(model, z), step)
    torch.testing.assert_close(predicted, moved, rtol=1e-6, atol=0)


def test_the_fisher_metric_is_the_curvature_of_the_divergence_between_decoded_distributions() -> None:
    """KL(p(x|z) || p(x|z')) by torch.distributions, differentiated twice in z' at z' = z."""
    model = small_vae()
    z = torch.randn(2, dtype=torch.float64)

    def divergence(other: torch.Tensor) -> torch.Tensor:
        return kl_divergence(Bernoulli(logits=model.decode(z)), Bernoulli(logits=model.decode(other))).sum()

    torch.testing.assert_close(fisher_metric(model, z[None])[0], torch.func.hessian(divergence)(z))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_saturated_pixels_are_still_and_nothing_overflows(dtype: torch.dtype) -> None:
    model = small_vae(dtype=dtype)
    model.decoder.logits.bias.fill_(1e4)
    z = torch.randn(3, 2, dtype=dtype)
    for metric in (pullback_metric(model, z), fisher_metric(model, z)):
        assert metric.dtype == dtype
        torch.testing.assert_close(metric, torch.zeros_like(metric))


# --- the aggregate posterior ---


def test_the_aggregate_posterior_is_the_mean_of_the_posteriors_and_integrates_to_one() -> None:
    """Quadrature by the trapezoid rule on ±8, where the tails of σ ≤ 1 around |mean| ≤ 2 are below 1e-8."""
    mean = torch.tensor([[0.0, 1.0], [-2.0, 0.5], [1.5, -1.0]], dtype=torch.float64)
    log_var = torch.tensor([[0.0, -1.0], [-2.0, -0.5], [-1.0, 0.0]], dtype=torch.float64)
    ticks = torch.linspace(-8, 8, 401, dtype=torch.float64)
    z = torch.cartesian_prod(ticks, ticks)
    density = log_aggregate_posterior(z, mean, log_var).exp()
    direct = (
        sum(MultivariateNormal(m, torch.diag(v.exp())).log_prob(z).exp() for m, v in zip(mean, log_var, strict=True))
        / 3
    )
    torch.testing.assert_close(density, direct)
    assert density.sum().item() * (16 / 400) ** 2 == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("log_var", [-80.0, 80.0])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_extreme_widths_stay_finite_and_one_image_is_its_own_aggregate(log_var: float, dtype: torch.dtype) -> None:
    mean, width = torch.zeros(1, 2, dtype=dtype), torch.full((1, 2), log_var, dtype=dtype)
    z = torch.tensor([[0.0, 0.0], [0.3, -0.2]], dtype=dtype)
    found = log_aggregate_posterior(z, mean, width)
    assert found.isfinite().all()
    torch.testing.assert_close(found, log_normal(z, mean, width))


# --- turning the plane ---


@pytest.mark.equation("D16 (17)")
@pytest.mark.equation("K13 (10)")
@settings(deadline=None, max_examples=30)
@given(angle=st.floats(-math.pi, math.pi), mirrored=st.booleans())
def test_turning_encoder_and_decoder_leaves_the_bound_alone(angle: float, mirrored: bool) -> None:
    """The same draws, turned: equal per image to rounding, against the bound's own code."""
    model, x = small_vae(spread=5), images(5)
    turn = rotation(angle) @ torch.diag(torch.tensor([1.0, -1.0 if mirrored else 1.0], dtype=torch.float64))
    eps = symmetric_noise(len(x))
    torch.testing.assert_close(turned_bound(model, x, turn, eps), elbo(model, x, eps=eps))


@pytest.mark.equation("K13 (9)")
@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
def test_a_diagonal_encoder_survives_quarter_turns(quarters: int) -> None:
    model, x = small_vae(spread=5), images(5)
    eps = symmetric_noise(len(x))
    found = turned_bound(model, x, rotation(quarters * math.pi / 2), eps, diagonal=True)
    torch.testing.assert_close(found, elbo(model, x, eps=eps))


@pytest.mark.equation("K13 (9)")
def test_between_quarter_turns_the_diagonal_encoder_is_another_one() -> None:
    """Keeping the diagonal lowers the divergence by ½ Σ log diag(RΣRᵀ) − ½ log det Σ, positive by Hadamard."""
    model, x = small_vae(spread=20), images(5)
    model.decoder.logits.weight.zero_()  # the reconstruction is then the same for every z
    turn, eps = rotation(math.pi / 4), symmetric_noise(len(x))
    log_var = model.encode(x)[1]
    diagonal = (turn @ torch.diag_embed(log_var.exp()) @ turn.mT).diagonal(dim1=-2, dim2=-1).log().sum(-1)
    gained = turned_bound(model, x, turn, eps, diagonal=True) - turned_bound(model, x, turn, eps)
    torch.testing.assert_close(gained, 0.5 * (diagonal - log_var.sum(-1)))
    assert (gained > 0.01).all()


@given(st.integers(2, 6), st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_great_circle_turns_evenly_from_one_end_to_the_other(latent: int, seed: int) -> None:
    a, b = torch.randn(2, 5, latent, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    b = b * (a.norm(dim=1) / b.norm(dim=1)).unsqueeze(1)
    path = great_circle(a, b, torch.linspace(0, 1, 9, dtype=torch.float64))
    steps = path.diff(dim=0).norm(dim=-1)
    assert torch.allclose(path[0], a)
    assert torch.allclose(path[-1], b)
    assert torch.allclose(path.norm(dim=-1), a.norm(dim=1).expand(9, -1))
    assert torch.allclose(steps, steps[0].expand_as(steps))


def test_great_circle_between_equal_directions_is_the_straight_line() -> None:
    a = torch.tensor([1.0, 2.0], dtype=torch.float64)
    path = great_circle(a, 3 * a, torch.tensor([0.0, 0.25, 1.0], dtype=torch.float64))
    assert torch.allclose(path, torch.stack([a, 1.5 * a, 3 * a]), atol=1e-7)


# --- the two parts of the divergence ---


def one_latent(n: int = 5) -> tuple[VAE, torch.Tensor]:
    """9 pixels, one latent, and images whose posteriors overlap."""
    torch.manual_seed(3)
    model = mlp_vae(9, (7,), 1, torch.nn.Tanh).double().requires_grad_(False)
    model.encoder.mean.weight.mul_(4)
    return model, images(n)


def test_the_parts_of_the_divergence_by_quadrature() -> None:
    """False alarm below 1e-7 per comparison: 5.5 standard errors of 4,000 draws for each of 5 images."""
    model, x = one_latent()
    mean, log_var = model.encode(x)
    z = torch.linspace(-12, 12, 40_001, dtype=torch.float64)
    step = z[1] - z[0]
    each = log_normal(z[:, None, None], mean, log_var)  # (points, images)
    mixture = each.logsumexp(1) - math.log(len(x))
    prior = -0.5 * (math.log(2 * math.pi) + z**2)
    # The information, from what is left of log n once z is seen: the entropy of the image given z.
    responsibility = each.softmax(1)
    left = -torch.xlogy(responsibility, responsibility).sum(1)
    information = math.log(len(x)) - (mixture.exp() * left).sum() * step
    distance = (mixture.exp() * (mixture - prior)).sum() * step
    parts = kl_parts(model, x, samples=4000, generator=torch.Generator().manual_seed(0))
    for part, expected in zip(parts, (information, distance), strict=True):
        error = part.std(0).square().sum().sqrt() / len(x) / math.sqrt(4000)
        assert abs(part.mean() - expected) < 5.5 * error
    assert float(information + distance) == pytest.approx(float(kl_standard_normal(mean, log_var).mean()), abs=1e-9)


def test_images_that_do_not_overlap_give_all_of_log_n() -> None:
    model, x = one_latent()
    model.encoder.mean.weight.mul_(1e4)
    information, _ = kl_parts(model, x, samples=50, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(information, torch.full_like(information, math.log(len(x))))
