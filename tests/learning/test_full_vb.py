"""The estimators of full variational Bayes against the conjugate model, where the bound they estimate is known."""

from functools import partial

import pytest
import torch
from torch import Tensor
from torch.distributions import Normal

from vae_edu.bounds import elbo_a
from vae_edu.errors import UserError
from vae_edu.learning import evaluate
from vae_edu.learning.full_vb import (
    drawn_weights_terms,
    estimator_a,
    full_vb,
    full_vb_terms,
    integrand,
    over_weights,
)
from vae_edu.likelihoods import Bernoulli
from vae_edu.models import BayesianVAE, ConjugateGaussian, LinearGaussian, mlp_vae


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def conjugate(slope: float = 0.8, n: int = 6) -> tuple[ConjugateGaussian, Tensor]:
    """Posteriors off their optimum, q(θ) too wide; data off the prior's middle."""
    model, x = ConjugateGaussian(slope, 0.5).double(), 1 + normal(0, n, 1)
    model.fit_posteriors(x)
    with torch.no_grad():
        for parameter in (*model.weights.parameters(), *model.encoder.parameters()):
            parameter.add_(0.3)
        model.weights.log_var.add_(1.0)
    return model, x


def assert_mean(samples: Tensor, expected: Tensor) -> None:
    """Within six standard errors; for a mean of a thousand draws the normal law gives a false alarm in 5e8."""
    error = samples.std() / len(samples) ** 0.5
    assert float((samples.mean() - expected).abs()) < 6 * float(error)


@pytest.mark.equation("K13 (15)")
@pytest.mark.equation("K13 (16)")
@pytest.mark.equation("K13 (18)")
@torch.no_grad()
def test_given_the_weights_it_is_a_vae_with_its_bound() -> None:
    """At a fixed θ the conjugate model is linear-Gaussian: likelihood, divergence and bound of one data point."""
    model, x = conjugate()
    theta = torch.tensor([0.7], dtype=torch.float64)
    twin = LinearGaussian(torch.tensor([[model.slope]], dtype=torch.float64), theta, model.noise_var)
    twin.encoder_weight.copy_(model.encoder.gain.view(1, 1))
    twin.encoder_log_var.copy_(model.encoder.log_var)
    center = model.encoder.gain * (theta - model.encoder.center)  # LinearGaussian's encoder starts from its bias
    eps = normal(1, 50_000, len(x), 1)
    noise = (model.encoder.log_var / 2).exp() * eps
    z = twin.encoder_weight * (x - theta) + center + noise
    q = Normal(model.encode(x)[0], (model.encode(x)[1] / 2).exp())
    inside = twin.log_likelihood(x, z) + (Normal(0.0, 1.0).log_prob(z) - q.log_prob(z)).squeeze(-1)
    torch.testing.assert_close(elbo_a(model.at(theta), x, eps=eps), inside.mean(0))
    # log p(x|θ) − bound is the divergence of q(z|x) from the posterior of z at this θ.
    posterior_mean, posterior_variance = twin.posterior(x)
    gap = torch.distributions.kl_divergence(q, Normal(posterior_mean, posterior_variance.squeeze().sqrt())).squeeze(-1)
    error = inside.std(0) / len(eps) ** 0.5
    assert ((twin.log_marginal(x) - gap - inside.mean(0)).abs() < 6 * error).all()


@pytest.mark.equation("K13 (20)")
@torch.no_grad()
def test_bound_over_weights_is_a_mean_over_their_noise() -> None:
    model, x = conjugate()
    theta = model.weights.sample(normal(2, 20_000, 1))
    log_likelihood = Normal(theta, model.spread**0.5).log_prob(x.mT).sum(-1)  # log p(X|θ), z integrated out
    assert_mean(over_weights(model.weights, log_likelihood, theta), model.bound_over_weights(x))


@pytest.mark.equation("K13 (21)")
@torch.no_grad()
def test_integrand_term_by_term() -> None:
    torch.manual_seed(0)
    vae = mlp_vae(6, (4,), 2).double()
    model = BayesianVAE(vae.encoder, vae.decoder, Bernoulli(), 2, log_var=-3.0)
    x, z, theta, n = (normal(3, 5, 6) > 0).double(), normal(4, 5, 2), normal(5, len(model.weights.mean)), 40
    mean, log_var = vae.encode(x)
    standard, q_z = Normal(0.0, 1.0), Normal(mean, (log_var / 2).exp())
    q_theta = Normal(model.weights.mean, torch.full_like(theta, -1.5).exp())
    for name in ("hidden.0.weight", "logits.weight"):
        weight = vae.decoder.get_parameter(name)
        start = 0 if name == "hidden.0.weight" else 8
        weight.copy_(theta[start : start + weight.numel()].view_as(weight))
    log_likelihood = torch.distributions.Bernoulli(logits=vae.decode(z)).log_prob(x).sum(-1)
    latent = (standard.log_prob(z) - q_z.log_prob(z)).sum(-1)
    weights = (standard.log_prob(theta) - q_theta.log_prob(theta)).sum()
    torch.testing.assert_close(integrand(model, x, z, theta, n), n * (log_likelihood + latent) + weights)


def draws(estimate, model: ConjugateGaussian, x: Tensor, samples: int, seed: int, size: int = 3) -> Tensor:
    """`estimate` of the whole bound from random minibatches, again and again."""
    generator = torch.Generator().manual_seed(seed)
    values = []
    for _ in range(samples):
        batch = x[torch.randperm(len(x), generator=generator)[:size]]
        values.append(estimate(model, batch, n=len(x), generator=generator))
    return torch.stack(values)


def estimator_b(model: BayesianVAE, x: Tensor, n: int, generator: torch.Generator) -> Tensor:
    """(24) itself: the terms that `fit` climbs are per data point."""
    return n * torch.stack(list(full_vb_terms(model, x, n=n, generator=generator).values())).sum(0).mean()


@pytest.mark.equation("K13 (17)")
@pytest.mark.equation("K13 (22)")
@torch.no_grad()
def test_mean_of_the_sampled_estimate_is_the_bound_itself() -> None:
    model, x = conjugate()
    assert_mean(draws(estimator_a, model, x, 1500, seed=6), model.bound(x))


@pytest.mark.equation("K13 (24)")
@torch.no_grad()
def test_mean_with_closed_divergences_is_the_same() -> None:
    model, x = conjugate()
    assert_mean(draws(estimator_b, model, x, 1500, seed=7), model.bound(x))


@pytest.mark.equation("K13 (22)")
@pytest.mark.equation("K13 (24)")
@torch.no_grad()
def test_at_the_exact_posterior_one_estimate_never_varies_and_the_other_does() -> None:
    """As for K13's estimators A and B: log p(X, θ) − log q(θ) is then log p(X) at every θ, a constant."""
    model, x = conjugate(slope=0.0, n=1)
    model.fit_posteriors(x)
    sampled, closed = (draws(estimate, model, x, 500, seed=8, size=1) for estimate in (estimator_a, estimator_b))
    torch.testing.assert_close(sampled, model.log_evidence(x).expand(500))
    assert closed.std() > 0.1


@pytest.mark.equation("K13 (24)")
@torch.no_grad()
def test_for_a_posterior_too_sure_of_itself_closed_divergences_vary_less() -> None:
    """log q(θ) varies with θ as much as ever, log p(X|θ) hardly: what is sampled needlessly is noise alone."""
    model, x = conjugate()
    model.weights.log_var.fill_(-6.0)
    model.encoder.log_var.fill_(-6.0)
    sampled, closed = (draws(estimate, model, x, 500, seed=9, size=6) for estimate in (estimator_a, estimator_b))
    assert closed.var() < 0.5 * sampled.var()


@pytest.mark.equation("K13 (22)")
@torch.no_grad()
def test_minibatches_of_a_partition_average_to_the_whole() -> None:
    model, x = conjugate()
    eps, zeta = normal(10, 6, 1), normal(11, 1)
    parts = [estimator_a(model, x[i : i + 2], 6, eps=eps[i : i + 2], zeta=zeta) for i in (0, 2, 4)]
    torch.testing.assert_close(torch.stack(parts).mean(), estimator_a(model, x, 6, eps=eps, zeta=zeta))


@pytest.mark.equation("K13 algorithm 2")
def test_learning_reaches_the_best_independent_posteriors() -> None:
    x = 1 + normal(12, 20, 1)
    model, best = ConjugateGaussian(0.8, 0.5).double(), ConjugateGaussian(0.8, 0.5).double()
    best.fit_posteriors(x)
    for rate, passes in ((1e-1, 200), (2e-2, 400), (2e-3, 400)):
        full_vb(model, x, epochs=1, passes=passes, batch_size=20, learning_rate=rate, progress=False)
    with torch.no_grad():
        assert 0 <= float(best.bound(x) - model.bound(x)) < 0.1
        # Narrower than p(θ|X), by the factor that the closed form says.
        torch.testing.assert_close(model.weights.log_var, best.weights.log_var, rtol=0, atol=0.3)
        assert float(best.weights.log_var) < float(model.weight_posterior(x)[1]) - 0.5


@pytest.mark.equation("K13 algorithm 2")
def test_one_step_is_one_ascent_of_the_estimate_per_data_point() -> None:
    model, x = conjugate()
    model.weights.log_var.requires_grad_(False).fill_(-80.0)  # without noise in θ and z the step can be foretold
    model.encoder.log_var.requires_grad_(False).fill_(-80.0)
    moving = [p for p in model.parameters() if p.requires_grad]
    terms = full_vb_terms(model, x, n=len(x), eps=torch.zeros(1, 6, 1).double(), zeta=torch.zeros(1).double())
    gradients = torch.autograd.grad(sum(terms.values()).mean(), moving)
    before = [p.detach().clone() for p in moving]
    full_vb(model, x, epochs=1, batch_size=6, learning_rate=0.1, make_optimizer=torch.optim.SGD, progress=False)
    for parameter, old, gradient in zip(moving, before, gradients, strict=True):
        torch.testing.assert_close(parameter.detach(), old + 0.1 * gradient, rtol=1e-6, atol=1e-9)


def test_the_test_bound_leaves_out_what_the_weights_cost() -> None:
    model, x = conjugate()
    history = full_vb(model, x, x_test=x, epochs=1, progress=False)
    assert history["test bound"][-1] == pytest.approx(evaluate(model, x, drawn_weights_terms))
    whole = evaluate(model, x, partial(full_vb_terms, n=len(x)))
    assert history["test bound"][-1] - whole == pytest.approx(float(model.weights.kl().detach()) / len(x))
    assert {"reconstruction", "-KL", "-KL of weights"} <= set(history.records[0])


def test_the_prior_on_the_weights_is_not_counted_twice() -> None:
    model, x = conjugate()
    with pytest.raises(UserError, match="holds the prior on the weights already"):
        full_vb(model, x, weight_prior=True, progress=False)
