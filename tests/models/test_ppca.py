"""Probabilistic PCA in closed form against autograd, a blind search for the maximum, and scikit-learn."""

import math

import pytest
import torch
from sklearn.decomposition import PCA
from torch import Tensor

from vae_edu.data import load
from vae_edu.errors import UserError
from vae_edu.models import (
    LinearGaussian,
    fixed_noise_ppca,
    ppca_log_evidence,
    principal_axes,
    probabilistic_pca,
)

VARIANCES = torch.tensor([4.0, 2.0, 1.0, 0.5, 0.3, 0.2], dtype=torch.float64)


def made_up(n: int = 400, seed: int = 0) -> Tensor:
    """Correlated data off the origin, with eigenvalues near VARIANCES along random axes."""
    generator = torch.Generator().manual_seed(seed)
    axes = torch.linalg.qr(torch.randn(6, 6, generator=generator, dtype=torch.float64)).Q
    return torch.randn(n, 6, generator=generator, dtype=torch.float64) * VARIANCES.sqrt() @ axes.mT + 3


def largest_evidence(x: Tensor, latent: int, noise_var: float | None = None) -> tuple[float, LinearGaussian]:
    """The maximum found by climbing the exact evidence from a random start, knowing nothing of eigenvectors."""
    torch.manual_seed(1)
    model = LinearGaussian(torch.randn(x.shape[1], latent, dtype=x.dtype), torch.zeros(x.shape[1], dtype=x.dtype), 1.0)
    if noise_var is not None:
        model.log_noise_var.data.fill_(math.log(noise_var))
    climbing = [model.weight, model.bias] + ([model.log_noise_var] if noise_var is None else [])
    optimizer = torch.optim.LBFGS(
        climbing, max_iter=2000, tolerance_grad=1e-10, tolerance_change=0, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        value = -model.log_marginal(x).mean()
        value.backward()
        return value

    optimizer.step(loss)
    return -float(loss().detach()), model


@pytest.mark.parametrize("latent", [1, 2, 4])
def test_no_search_finds_a_larger_evidence(latent: int) -> None:
    x = made_up()
    found, _ = largest_evidence(x, latent)
    eigenvalues, _ = principal_axes(x)
    assert float(ppca_log_evidence(eigenvalues, latent)) == pytest.approx(found, abs=1e-7)


@pytest.mark.parametrize("noise_var", [6.0, 2.5, 0.7, 0.25])
def test_with_fixed_noise_the_search_finds_the_same_evidence_and_the_same_collapse(noise_var: float) -> None:
    x, latent = made_up(), 4
    found, searched = largest_evidence(x, latent, noise_var)
    eigenvalues, _ = principal_axes(x)
    assert float(ppca_log_evidence(eigenvalues, latent, noise_var)) == pytest.approx(found, abs=1e-7)
    # Near a collapsed column the evidence is flat to fourth order, so the search leaves it small, not zero.
    strengths = torch.linalg.svdvals(searched.weight.detach()) ** 2
    torch.testing.assert_close(strengths, (eigenvalues[:latent] - noise_var).clamp(min=0), rtol=0, atol=1e-3)


@pytest.mark.parametrize("latent", [1, 3])
@torch.no_grad()
def test_evidence_from_eigenvalues_is_the_mean_log_density_of_the_model(latent: int) -> None:
    x = made_up()
    eigenvalues, _ = principal_axes(x)
    best, noisy = probabilistic_pca(x, latent), fixed_noise_ppca(x, latent, 1.5)
    torch.testing.assert_close(best.log_marginal(x).mean(), ppca_log_evidence(eigenvalues, latent))
    torch.testing.assert_close(noisy.log_marginal(x).mean(), ppca_log_evidence(eigenvalues, latent, 1.5))


@pytest.mark.parametrize("model", [probabilistic_pca(made_up(), 3), fixed_noise_ppca(made_up(), 3, 1.5)])
@torch.no_grad()
def test_the_bound_is_tight(model: LinearGaussian) -> None:
    x = made_up()
    torch.testing.assert_close(model.gap(x), torch.zeros(len(x), dtype=x.dtype), rtol=0, atol=1e-9)
    torch.testing.assert_close(model.elbo(x), model.log_marginal(x))


def test_it_is_where_the_gradient_of_the_bound_vanishes_for_decoder_and_encoder_alike() -> None:
    x = made_up()
    model = probabilistic_pca(x, 3)
    model.elbo(x).mean().backward()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter.grad, torch.zeros_like(parameter), rtol=0, atol=1e-9, msg=name)


@torch.no_grad()
def test_the_noise_is_the_mean_of_the_discarded_eigenvalues() -> None:
    x = made_up()
    eigenvalues, _ = principal_axes(x)
    assert float(probabilistic_pca(x, 2).log_noise_var.exp()) == pytest.approx(float(eigenvalues[2:].mean()))


def test_axes_are_those_of_scikit_learns_pca() -> None:
    x = made_up()
    reference = PCA(6).fit(x.numpy())
    eigenvalues, axes = principal_axes(x)
    n = len(x)  # scikit-learn divides by n − 1
    torch.testing.assert_close(eigenvalues, torch.from_numpy(reference.explained_variance_) * (n - 1) / n)
    overlap = (torch.from_numpy(reference.components_) @ axes).abs()
    torch.testing.assert_close(overlap, torch.eye(6, dtype=x.dtype), rtol=0, atol=1e-8)


@pytest.mark.parametrize(("noise_var", "active"), [(0.1, 4), (0.75, 3), (1.5, 2), (3.0, 1), (9.0, 0)])
@torch.no_grad()
def test_dimensions_below_the_noise_collapse_to_the_prior(noise_var: float, active: int) -> None:
    x = made_up(4000)
    model = fixed_noise_ppca(x, 4, noise_var)
    mean, log_var = model.encode(x)
    assert (model.weight[:, :active].norm(dim=0) > 0).all()
    assert not model.weight[:, active:].any()
    assert not mean[:, active:].any()
    assert not log_var[:, active:].any()


@torch.no_grad()
def test_how_much_a_dimension_tells_is_one_minus_noise_over_eigenvalue() -> None:
    x = made_up()
    eigenvalues, _ = principal_axes(x)
    activity = fixed_noise_ppca(x, 3, 0.4).encode(x)[0].var(0, correction=0)
    torch.testing.assert_close(activity, 1 - 0.4 / eigenvalues[:3])


def test_what_leaves_no_variance_for_the_noise_is_refused() -> None:
    x = made_up()
    for latent in (0, 6):
        with pytest.raises(UserError, match="latent must be from 1 to 5"):
            probabilistic_pca(x, latent)
    plane = x[:, :2] @ x[:2]  # two directions in six pixels
    probabilistic_pca(plane, 1)
    with pytest.raises(UserError, match="hold all the variance"):
        probabilistic_pca(plane, 2)


@torch.no_grad()
def test_on_frey_face_it_agrees_with_an_independent_computation(frey) -> None:
    """Mean evidence on both splits as computed apart from this code, before it was written, to a tenth of a nat."""
    x, x_test = frey.x.double(), load("frey", "test").x.double()
    for latent, train, test in [(2, 558.8, 552.3), (5, 671.1, 663.4), (10, 758.3, 747.4), (20, 867.2, 843.3)]:
        model = probabilistic_pca(x, latent)
        assert float(model.log_marginal(x).mean()) == pytest.approx(train, abs=0.051)
        assert float(model.log_marginal(x_test).mean()) == pytest.approx(test, abs=0.051)
