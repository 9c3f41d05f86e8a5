"""The bound's estimators against the exact linear-Gaussian bound and torch.distributions."""

import itertools
import math
from functools import partial

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.distributions import Bernoulli, Normal, kl_divergence

from vae_edu.bounds import detached_terms, elbo, elbo_a, elbo_terms, score_function_terms
from vae_edu.models import VAE, LinearGaussian, gaussian_mlp_vae, mlp_vae

ESTIMATORS = pytest.mark.parametrize("estimator", [elbo_a, elbo])


def random_model(seed: int, latent: int = 3, pixels: int = 5, batch: int = 4) -> tuple[LinearGaussian, Tensor]:
    """A random decoder with a random encoder in float64, and data points."""
    generator = torch.Generator().manual_seed(seed)
    model = LinearGaussian(normal(generator, pixels, latent), normal(generator, pixels), noise_var=0.6)
    with torch.no_grad():
        model.encoder_weight.copy_(normal(generator, latent, pixels))
        model.encoder_log_var.copy_(normal(generator, latent))
    return model, normal(generator, batch, pixels)


def normal(generator: torch.Generator, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def close(actual: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)


def sigma_points(latent: int, batch: int) -> Tensor:
    """The 2J noise vectors ±√J e_j, for every data point: mean 0, mean outer product the identity.

    Averaged over them, any quadratic in eps takes its expectation under N(0, I) exactly. For the
    linear-Gaussian model all that is averaged is quadratic, so the estimators must equal the exact bound.
    """
    points = math.sqrt(latent) * torch.cat([torch.eye(latent), -torch.eye(latent)]).double()
    return points.unsqueeze(1).expand(-1, batch, -1)


# Exactness


@pytest.mark.equation("K13 (2)")
@pytest.mark.equation("K13 (3)")
@pytest.mark.equation("K13 (5)")
@pytest.mark.equation("K13 (6)")
@pytest.mark.equation("K13 (7)")
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(1, 6), st.sampled_from([0, 1, 4]))
@torch.no_grad()
def test_both_estimators_average_to_the_exact_bound(seed: int, latent: int, pixels: int, batch: int) -> None:
    model, x = random_model(seed, latent, pixels, batch)
    eps = sigma_points(latent, batch)
    close(elbo_a(model, x, eps=eps), model.elbo(x))
    close(elbo(model, x, eps=eps), model.elbo(x))


@pytest.mark.equation("D16 (10)")
@ESTIMATORS
def test_gradients_of_the_estimators_average_to_that_of_the_exact_bound(estimator) -> None:
    model, x = random_model(0)
    parameters = list(model.parameters())
    expected = torch.autograd.grad(model.elbo(x).mean(), parameters)
    actual = torch.autograd.grad(estimator(model, x, eps=sigma_points(3, 4)).mean(), parameters)
    for one, other in zip(actual, expected, strict=True):
        close(one, other)


@pytest.mark.equation("D16 (3)")
@pytest.mark.equation("K13 (1)")
@torch.no_grad()
def test_evidence_minus_the_averaged_estimator_is_the_divergence_from_the_posterior() -> None:
    model, x = random_model(1)
    close(model.log_marginal(x) - elbo_a(model, x, eps=sigma_points(3, 4)), model.gap(x))


@pytest.mark.equation("K13 (6)")
@torch.no_grad()
def test_estimator_a_has_no_variance_when_q_is_the_posterior() -> None:
    model, x, eps = exact_encoder()
    log_p = model.log_marginal(x).expand(50, -1)
    each = torch.stack([elbo_a(model, x, eps=one.unsqueeze(0)) for one in eps])
    close(each, log_p)


@pytest.mark.equation("K13 (7)")
@torch.no_grad()
def test_estimator_b_keeps_its_variance_even_then() -> None:
    model, x, eps = exact_encoder()
    each = torch.stack([elbo(model, x, eps=one.unsqueeze(0)) for one in eps])
    # The reconstruction still holds the square of each eps_j, with weight −s_j²‖W_j‖²/2σ².
    assert (each.std(0) > 1e-2).all()


def exact_encoder() -> tuple[LinearGaussian, Tensor, Tensor]:
    """A decoder with orthogonal columns, whose posterior is a diagonal Gaussian, and 50 draws of noise."""
    generator = torch.Generator().manual_seed(2)
    columns = torch.linalg.qr(normal(generator, 5, 3)).Q * torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
    model = LinearGaussian(columns, normal(generator, 5), noise_var=0.4)
    return model, normal(generator, 4, 5), normal(generator, 50, 4, 3)


# Sampling: the code's own draws, in large number, against the exact bound.


def quadratic(model: LinearGaussian, x: Tensor) -> dict[str, tuple[Tensor, Tensor]]:
    """One draw of A or B is constant + b·eps + eps·H·eps/2: their (b, H), b of shape (batch, latent).

    With z = m + S·eps and e = x − bias − W·m, log p(x|z) contributes (S·Wᵀ·e/σ², −S·Wᵀ·W·S/σ²);
    estimator A adds (−S·m, −S²) from log p(z) and (0, I) from −log q(z|x).
    """
    mean, log_var = model.encode(x)
    s, noise_var = (log_var[0] / 2).exp(), model.log_noise_var.exp()
    scaled = model.weight * s
    b = (x - model.bias - mean @ model.weight.mT) @ scaled / noise_var
    hessian = -scaled.mT @ scaled / noise_var
    return {"elbo": (b, hessian), "elbo_a": (b - s * mean, hessian + torch.diag(1 - s**2))}


def deviation(b: Tensor, hessian: Tensor, draws: int, false_alarm: float) -> Tensor:
    """How far the mean of b·eps + eps·H·eps/2 over `draws` strays from its expectation, but for chance.

    Turn the axes so that H = diag(λ). Then log E exp(t·(one draw − expectation)) is the sum over j of
    −log(1 − tλ_j)/2 − tλ_j/2 + t²b_j²/(2(1 − tλ_j)). Because −log(1 − u) − u ≤ u²/(2(1 − |u|)), this is at
    most (v/2)·t²/(1 − |t|·c) with the variance v = ‖b‖² + Σλ²/2 and c = max|λ|: sub-gamma on both sides.
    Bernstein's inequality for the mean of n draws gives √(2vτ/n) + cτ/n with τ = log(2/false_alarm).
    """
    eigenvalues = torch.linalg.eigvalsh(hessian)
    variance = b.square().sum(-1) + 0.5 * eigenvalues.square().sum()
    tau = math.log(2 / false_alarm)
    return (2 * variance * tau / draws).sqrt() + eigenvalues.abs().max() * tau / draws


@pytest.mark.equation("K13 (2)")
@pytest.mark.equation("K13 (3)")
@ESTIMATORS
@pytest.mark.parametrize("seed", range(3))
@torch.no_grad()
def test_sampled_bound_lies_within_the_derived_deviation_of_the_exact_one(estimator, seed: int) -> None:
    """24 comparisons (2 estimators, 3 models, 4 data points), each a false alarm at most once in 10⁸."""
    model, x = random_model(seed)
    draws = 40_000
    allowed = deviation(*quadratic(model, x)[estimator.__name__], draws, false_alarm=1e-8)

    actual = estimator(model, x, samples=draws, generator=torch.Generator().manual_seed(seed))

    off = (actual - model.elbo(x)).abs()
    assert (off <= allowed).all(), f"off by {off.tolist()} nats where {allowed.tolist()} are allowed"


@ESTIMATORS
@torch.no_grad()
def test_one_draw_has_the_variance_that_the_deviation_assumes(estimator) -> None:
    """Three Gauss-Hermite nodes per axis integrate degree 5 exactly; a squared quadratic has degree 4."""
    model, x = random_model(3)
    b, hessian = quadratic(model, x)[estimator.__name__]
    grid, weight = product_nodes(batch=4)
    weight = weight.unsqueeze(-1)
    each = torch.stack([estimator(model, x, eps=eps.unsqueeze(0)) for eps in grid])
    mean = (weight * each).sum(0)
    close(mean, model.elbo(x))
    close((weight * (each - mean) ** 2).sum(0), b.square().sum(-1) + 0.5 * hessian.square().sum())


@pytest.mark.equation("K13 (4)")
def test_noise_is_standard_normal_and_independent_over_the_batch() -> None:
    """Dvoretzky, Kiefer, Wolfowitz and Massart: P(sup|F_n − F| > d) ≤ 2·exp(−2nd²), here 1e-8."""

    class Probe:
        """Its reconstruction is the noise itself."""

        def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return torch.zeros_like(x), torch.zeros_like(x)

        def decode(self, z: Tensor) -> Tensor:
            return z

        def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
            return z.squeeze(-1)

    n = 100_000
    generator = torch.Generator().manual_seed(0)
    noise = elbo_terms(Probe(), torch.zeros(n, 1), generator=generator)["reconstruction"]
    expected = torch.special.ndtr(noise.sort().values)
    steps = torch.arange(n + 1) / n
    distance = torch.maximum(steps[1:] - expected, expected - steps[:-1]).max()
    assert distance <= math.sqrt(math.log(2 / 1e-8) / (2 * n))


# Against torch.distributions, for the networks of chapter 6


@pytest.mark.equation("K13 (7)")
@pytest.mark.equation("K13 (10)")
@torch.no_grad()
def test_elbo_terms_of_a_bernoulli_vae() -> None:
    torch.manual_seed(0)
    model = mlp_vae(6, (5,), 2).double()
    x, eps = torch.rand(3, 6).round().double(), torch.randn(4, 3, 2).double()
    q = Normal(model.encode(x)[0], (model.encode(x)[1] / 2).exp())
    z = q.mean + q.stddev * eps

    terms = elbo_terms(model, x, eps=eps)

    assert list(terms) == ["reconstruction", "-KL"]
    close(terms["reconstruction"], Bernoulli(logits=model.decode(z)).log_prob(x).sum(-1).mean(0))
    close(terms["-KL"], -kl_divergence(q, Normal(0.0, 1.0)).sum(-1))
    close(elbo(model, x, eps=eps), terms["reconstruction"] + terms["-KL"])


@pytest.mark.equation("K13 (6)")
@torch.no_grad()
def test_estimator_a_of_a_gaussian_vae() -> None:
    torch.manual_seed(1)
    model = gaussian_mlp_vae(6, (5,), 2).double()
    x, eps = torch.rand(3, 6).double(), torch.randn(4, 3, 2).double()
    q = Normal(model.encode(x)[0], (model.encode(x)[1] / 2).exp())
    z = q.mean + q.stddev * eps
    mean, log_var = model.decode(z)

    log_joint = Normal(mean, (log_var / 2).exp()).log_prob(x).sum(-1) + Normal(0.0, 1.0).log_prob(z).sum(-1)

    close(elbo_a(model, x, eps=eps), (log_joint - q.log_prob(z).sum(-1)).mean(0))


# What the arguments do


@torch.no_grad()
def test_weights_scale_their_own_term_only() -> None:
    model, x = random_model(4)
    eps = torch.randn(2, 4, 3, dtype=torch.float64)
    plain = elbo_terms(model, x, eps=eps)
    weighted = elbo_terms(model, x, eps=eps, reconstruction_weight=0.5, kl_weight=3.0)
    close(weighted["reconstruction"], 0.5 * plain["reconstruction"])
    close(weighted["-KL"], 3 * plain["-KL"])


@torch.no_grad()
def test_weight_zero_removes_a_term() -> None:
    model, x = random_model(5)
    assert (elbo_terms(model, x, kl_weight=0.0)["-KL"] == 0).all()
    assert (elbo_terms(model, x, reconstruction_weight=0.0)["reconstruction"] == 0).all()


@ESTIMATORS
@torch.no_grad()
def test_several_samples_are_the_mean_of_each(estimator) -> None:
    model, x = random_model(6)
    eps = torch.randn(7, 4, 3, dtype=torch.float64)
    each = torch.stack([estimator(model, x, eps=one.unsqueeze(0)) for one in eps])
    close(estimator(model, x, eps=eps), each.mean(0))


@ESTIMATORS
@torch.no_grad()
def test_a_generator_repeats_its_draws(estimator) -> None:
    model, x = random_model(7)
    first, second, other = (
        estimator(model, x, samples=3, generator=torch.Generator().manual_seed(seed)) for seed in (0, 0, 1)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@ESTIMATORS
@torch.no_grad()
def test_data_points_get_noise_of_their_own(estimator) -> None:
    model, x = random_model(8, batch=1)
    bound = estimator(model, x.expand(5, -1), generator=torch.Generator().manual_seed(0))
    assert len(bound.unique()) == 5


@ESTIMATORS
@pytest.mark.parametrize("shape", [(2, 4, 1), (2, 4, 4)])
def test_noise_of_the_wrong_latent_size_is_refused(estimator, shape: tuple[int, ...]) -> None:
    model, x = random_model(9)
    with pytest.raises(ValueError, match=r"eps must have shape \(samples, 4, 3\), got"):
        estimator(model, x, eps=torch.zeros(shape, dtype=torch.float64))


@ESTIMATORS
@pytest.mark.parametrize("shape", [(4, 3), (2, 1, 3), (3,)])
def test_noise_of_the_wrong_batch_is_refused(estimator, shape: tuple[int, ...]) -> None:
    """By the signature's shapes where they are checked at run time, else by the function itself."""
    model, x = random_model(9)
    with pytest.raises((ValueError, TypeError)):
        estimator(model, x, eps=torch.zeros(shape, dtype=torch.float64))


# Gradients


@pytest.mark.equation("D16 (9)")
def test_a_detached_sample_gives_the_encoder_no_reconstruction_gradient() -> None:
    model, x = random_model(10)
    encoder = [model.encoder_weight, model.encoder_log_var]
    eps = torch.randn(1, 4, 3, dtype=torch.float64)
    detached = detached_terms(model, x, eps=eps)["reconstruction"].sum()
    attached = elbo_terms(model, x, eps=eps)["reconstruction"].sum()

    assert torch.autograd.grad(detached, encoder, allow_unused=True, retain_graph=True) == (None, None)
    assert torch.autograd.grad(detached, model.weight)[0].norm() > 0
    assert all(gradient.norm() > 0 for gradient in torch.autograd.grad(attached, encoder))


@pytest.mark.equation("D16 (10)")
@ESTIMATORS
def test_gradient_equals_finite_differences_at_the_same_noise(estimator) -> None:
    torch.manual_seed(2)
    model = gaussian_mlp_vae(4, (3,), 2).double()
    x, eps = torch.rand(3, 4).double(), torch.randn(2, 3, 2).double()
    names, values = zip(*model.named_parameters(), strict=True)

    class At:
        """The model at other parameters."""

        def __init__(self, parameters: tuple[Tensor, ...]):
            self.parameters = dict(zip(names, parameters, strict=True))

        def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return torch.func.functional_call(model.encoder, self.part("encoder."), (x,))

        def decode(self, z: Tensor) -> tuple[Tensor, Tensor]:
            return torch.func.functional_call(model.decoder, self.part("decoder."), (z,))

        def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
            return model.likelihood.log_prob(x, self.decode(z))

        def part(self, prefix: str) -> dict[str, Tensor]:
            return {n.removeprefix(prefix): v for n, v in self.parameters.items() if n.startswith(prefix)}

    values = tuple(value.detach().requires_grad_() for value in values)
    assert torch.autograd.gradcheck(lambda *v: estimator(At(v), x, eps=eps).sum(), values)


OBJECTIVES = pytest.mark.parametrize(
    "objective",
    [score_function_terms, partial(score_function_terms, baseline=True), detached_terms],
    ids=["score function", "with baseline", "detached"],
)


@pytest.mark.equation("D16 (9)")
@OBJECTIVES
@torch.no_grad()
def test_objectives_of_other_gradients_have_the_same_values(objective) -> None:
    model, x = random_model(11)
    eps = torch.randn(5, 4, 3, dtype=torch.float64)
    expected, actual = elbo_terms(model, x, eps=eps), objective(model, x, eps=eps)
    assert list(actual) == list(expected)
    for name, term in expected.items():
        close(actual[name], term)


@pytest.mark.equation("K13 §2.2")
def test_score_function_gradient_averages_to_that_of_the_exact_bound() -> None:
    """log p(x|z)·∇log q has degree 4 in the noise; three Gauss-Hermite nodes per axis are exact to degree 5."""
    model, x = random_model(12)
    parameters = list(model.parameters())
    expected = torch.autograd.grad(model.elbo(x).mean(), parameters)
    actual = [torch.zeros_like(parameter) for parameter in parameters]
    for eps, weight in zip(*product_nodes(batch=4), strict=True):
        bound = sum(score_function_terms(model, x, eps=eps.unsqueeze(0)).values()).mean()
        for total, gradient in zip(actual, torch.autograd.grad(bound, parameters), strict=True):
            total += weight * gradient
    for one, other in zip(actual, expected, strict=True):
        close(one, other)


@pytest.mark.equation("K13 §2.2")
def test_the_baseline_of_other_draws_leaves_the_mean_gradient_as_it_is() -> None:
    """With two draws, averaged over all pairs of nodes."""
    model, x = random_model(13, latent=1, batch=1)
    encoder = [model.encoder_weight, model.encoder_log_var]
    expected = torch.autograd.grad(model.elbo(x).mean(), encoder)
    actual = [torch.zeros_like(parameter) for parameter in encoder]
    nodes = list(zip(*product_nodes(batch=1, latent=1), strict=True))
    for (one, weight), (other, other_weight) in itertools.product(nodes, nodes):
        terms = score_function_terms(model, x, eps=torch.stack([one, other]), baseline=True)
        for total, gradient in zip(actual, torch.autograd.grad(sum(terms.values()).mean(), encoder), strict=True):
            total += weight * other_weight * gradient
    for one, other in zip(actual, expected, strict=True):
        close(one, other)


def test_a_baseline_of_other_draws_needs_others() -> None:
    model, x = random_model(14)
    with pytest.raises(ValueError, match="at least 2 draws"):
        score_function_terms(model, x, baseline=True)


def product_nodes(batch: int, latent: int = 3) -> tuple[Tensor, Tensor]:
    """Noise of shape (3^latent, batch, latent), each data point at the same node, and weights: exact to degree 5."""
    nodes = torch.tensor([-math.sqrt(3), 0, math.sqrt(3)], dtype=torch.float64)
    weights = torch.tensor([1, 4, 1], dtype=torch.float64) / 6
    eps = torch.cartesian_prod(*[nodes] * latent).reshape(-1, 1, latent).expand(-1, batch, -1)
    return eps, torch.cartesian_prod(*[weights] * latent).reshape(-1, latent).prod(-1)


# Extremes


@ESTIMATORS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("log_var", [-80.0, 80.0])
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_extreme_log_variances_stay_finite(estimator, dtype: torch.dtype, log_var: float, batch: int) -> None:
    model = fixed_encoder_vae(log_var, decoder_scale=1.0).to(dtype)
    x = torch.rand(batch, 4, dtype=dtype).round()
    bound = estimator(model, x, samples=2)
    assert bound.shape == (batch,)
    assert bound.dtype == dtype
    assert bound.isfinite().all()


@ESTIMATORS
def test_saturated_logits_stay_finite_with_their_gradients(estimator) -> None:
    model = fixed_encoder_vae(0.0, decoder_scale=1e4)
    bound = estimator(model, torch.rand(3, 4).round(), samples=2)
    bound.sum().backward()
    assert bound.isfinite().all()
    assert all(p.grad is None or p.grad.isfinite().all() for p in model.parameters())


def fixed_encoder_vae(log_var: float, decoder_scale: float) -> VAE:
    """A Bernoulli VAE whose encoder answers every x with one log-variance and whose logits are large."""
    torch.manual_seed(3)
    model = mlp_vae(4, (3,), 2)
    with torch.no_grad():
        model.encoder.log_var.weight.zero_()
        model.encoder.log_var.bias.fill_(log_var)
        model.decoder.logits.weight.mul_(decoder_scale)
        model.decoder.logits.bias.mul_(decoder_scale)
    return model
