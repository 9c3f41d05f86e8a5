"""The CVAE against exact linear-Gaussian models, against the VAE it contains, and against finite differences."""

import itertools

import pytest
import torch
from torch import nn
from torch.distributions import Bernoulli, MultivariateNormal, Normal

from vae_edu.bounds import elbo, elbo_a, elbo_terms
from vae_edu.learning import evaluate, fit
from vae_edu.likelihoods import Gaussian
from vae_edu.models import CVAE, VAE, BernoulliMLP, ConditionalLinearGaussian, GaussianMLP, LinearGaussian
from vae_edu.models.conditional import mlp_cvae, mlp_regressor
from vae_edu.objectives import regression_terms

CONDITIONS, TARGETS, LATENT = 2, 4, 2
ENTRIES = CONDITIONS + TARGETS
SPREAD = [3, 0]  # the condition's entries, scattered and out of order


def normal(generator: torch.Generator, *shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


def close(actual: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(actual, expected, rtol=1e-9, atol=1e-9)


# The exact model: a joint Gaussian of (z, y) for each c, of which torch.distributions and matrices know everything.


class Exact:
    """A random conditional linear-Gaussian model with a random encoder, data, and the joint law of (z, y) given c."""

    def __init__(self, seed: int, latent: int = LATENT):
        g = torch.Generator().manual_seed(seed)
        linear = LinearGaussian(normal(g, TARGETS, latent), normal(g, TARGETS), float(normal(g).exp()))
        self.model = ConditionalLinearGaussian(linear, normal(g, TARGETS, CONDITIONS))
        self.x = 2 * normal(g, 5, ENTRIES)
        with torch.no_grad():
            linear.encoder_weight.copy_(normal(g, latent, TARGETS))
            linear.encoder_log_var.copy_(normal(g, latent))
        self.w, self.noise = linear.weight, linear.log_noise_var.exp().item()
        self.condition, self.target = self.x[:, :CONDITIONS], self.x[:, CONDITIONS:]
        self.mean = linear.bias + self.condition @ self.model.condition_weight.mT
        self.covariance = self.w @ self.w.mT + self.noise * torch.eye(TARGETS, dtype=torch.float64)

    def log_conditional(self) -> torch.Tensor:
        return MultivariateNormal(self.mean, self.covariance).log_prob(self.target)

    def posterior(self) -> MultivariateNormal:
        """z given y and c, by the formula for conditioning the joint Gaussian of (z, y)."""
        gain = self.w.mT @ torch.linalg.inv(self.covariance)
        mean = (self.target - self.mean) @ gain.mT
        return MultivariateNormal(mean, torch.eye(len(gain), dtype=torch.float64) - gain @ self.w)

    def q(self) -> MultivariateNormal:
        mean, log_var = self.model.encode(self.x)
        return MultivariateNormal(mean, torch.diag_embed(log_var.exp()))

    def log_likelihood(self, z: torch.Tensor) -> torch.Tensor:
        return Normal(self.mean + z @ self.w.mT, self.noise**0.5).log_prob(self.target).sum(-1)


@pytest.fixture(params=range(3))
def exact(request: pytest.FixtureRequest) -> Exact:
    return Exact(request.param)


def signs(latent: int, batch: int) -> torch.Tensor:
    """Every corner of a cube: over these ε a polynomial of degree 2 has exactly its mean under N(0, I)."""
    corners = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=latent)), dtype=torch.float64)
    return corners.unsqueeze(1).expand(-1, batch, -1)


@pytest.mark.equation("D16 (12)")
@torch.no_grad()
def test_decoder_averaged_over_the_prior_is_the_conditional_density():
    """∫ N(y; f(z, c), σ²I) N(z; 0, 1) dz on a grid: trapezoids err by less than rounding here."""
    exact = Exact(7, latent=1)
    z = torch.linspace(-12, 12, 20001, dtype=torch.float64).reshape(-1, 1, 1).expand(-1, len(exact.x), 1)
    log_joint = exact.model.log_likelihood(exact.x, z) + Normal(0.0, 1.0).log_prob(z).sum(-1)
    integral = torch.logsumexp(log_joint, 0) + (z[1, 0, 0] - z[0, 0, 0]).log()
    close(integral, exact.log_conditional())
    close(exact.model.log_conditional(exact.x), exact.log_conditional())


@pytest.mark.equation("D16 (12)")
@torch.no_grad()
def test_decoder_is_a_gaussian_around_a_function_of_z_and_the_condition(exact: Exact):
    z = normal(torch.Generator().manual_seed(1), 3, len(exact.x), LATENT)
    mean, log_var = exact.model.decode(z, exact.condition)
    close(Normal(mean, (log_var / 2).exp()).log_prob(exact.target).sum(-1), exact.log_likelihood(z))
    close(exact.model.log_likelihood(exact.x, z), exact.log_likelihood(z))


@pytest.mark.equation("D16 (13)")
@torch.no_grad()
def test_gap_is_the_divergence_from_the_conditional_posterior(exact: Exact):
    posterior = exact.posterior()
    mean, covariance = exact.model.posterior(exact.x)
    close(mean, posterior.mean)
    close(covariance, posterior.covariance_matrix[0])
    close(exact.model.gap(exact.x), torch.distributions.kl_divergence(exact.q(), posterior))
    # By its definition, E_q[log q − log p(z|y, c)]: quadratic in z, so the corners give it without error.
    mean, log_var = exact.model.encode(exact.x)
    z = mean + (log_var / 2).exp() * signs(LATENT, len(exact.x))
    close(exact.model.gap(exact.x), (exact.q().log_prob(z) - posterior.log_prob(z)).mean(0))


@pytest.mark.equation("D16 (14)")
@torch.no_grad()
def test_gap_after_bayes_rule_needs_the_posterior_no_more(exact: Exact):
    mean, log_var = exact.model.encode(exact.x)
    z = mean + (log_var / 2).exp() * signs(LATENT, len(exact.x))
    cost = exact.q().log_prob(z) - exact.log_likelihood(z) - Normal(0.0, 1.0).log_prob(z).sum(-1)
    close(exact.model.gap(exact.x), cost.mean(0) + exact.log_conditional())
    close(elbo_a(exact.model, exact.x, eps=signs(LATENT, len(exact.x))), -cost.mean(0))


@pytest.mark.equation("D16 (15)")
@torch.no_grad()
def test_conditional_evidence_is_bound_plus_gap(exact: Exact):
    close(exact.log_conditional() - exact.model.gap(exact.x), exact.model.elbo(exact.x))
    eps = signs(LATENT, len(exact.x))
    terms = elbo_terms(exact.model, exact.x, eps=eps)
    prior = MultivariateNormal(torch.zeros(LATENT, dtype=torch.float64), torch.eye(LATENT, dtype=torch.float64))
    close(terms["-KL"], -torch.distributions.kl_divergence(exact.q(), prior))
    close(terms["reconstruction"] + terms["-KL"], exact.model.elbo(exact.x))


@pytest.mark.equation("D16 (15)")
@torch.no_grad()
def test_bound_is_tight_at_the_posterior():
    exact = Exact(5, latent=1)  # one latent: a diagonal Gaussian can be the posterior
    exact.model.linear.fit_encoder()
    close(exact.model.gap(exact.x), torch.zeros(5, dtype=torch.float64))
    close(elbo(exact.model, exact.x, eps=signs(1, 5)), exact.log_conditional())


# The CVAE class, with networks.


class LinearEncoder(nn.Module):
    """The exact model's encoder as a network that reads rows with their entries scattered."""

    def __init__(self, exact: Exact):
        super().__init__()
        self.exact = exact.model

    def forward(self, x):
        return self.exact.encode(torch.cat([x[..., SPREAD], x[..., [1, 2, 4, 5]]], dim=-1))


class LinearDecoder(nn.Module):
    def __init__(self, exact: Exact):
        super().__init__()
        self.exact = exact.model

    def forward(self, z, condition):
        return self.exact.decode(z, condition)


@pytest.mark.equation("D16 (15)")
@torch.no_grad()
def test_a_cvae_made_of_the_exact_model_s_networks_has_its_bound_wherever_the_condition_lies(exact: Exact):
    model = CVAE(LinearEncoder(exact), LinearDecoder(exact), Gaussian(), LATENT, ENTRIES, SPREAD)
    rows = model.complete(exact.condition, exact.target)
    assert torch.equal(rows[:, SPREAD], exact.condition)
    close(elbo(model, rows, eps=signs(LATENT, len(rows))), exact.model.elbo(exact.x))


def small(seed: int = 0, dtype=torch.float64) -> CVAE:
    torch.manual_seed(seed)
    return mlp_cvae(ENTRIES, SPREAD, (7,), (6, 5), LATENT, nn.Tanh).to(dtype)


def rows(n: int, dtype=torch.float64) -> torch.Tensor:
    return torch.rand(n, ENTRIES, generator=torch.Generator().manual_seed(1), dtype=dtype)


def test_condition_and_target_part_a_row_and_complete_puts_it_together():
    model, x = small(), rows(3)
    assert torch.equal(model.condition(x), x[:, [3, 0]])
    assert torch.equal(model.target(x), x[:, [1, 2, 4, 5]])
    assert torch.equal(model.complete(model.condition(x), model.target(x)), x)
    many = model.complete(model.condition(x), model.target(x).expand(2, 3, -1))  # one condition, several targets
    assert torch.equal(many, x.expand(2, 3, -1))


def test_the_center_column_of_28_by_28_images():
    model = mlp_cvae(784, range(13, 784, 28), (), (4,), 2)
    image = torch.arange(784.0).view(28, 28)
    assert torch.equal(model.condition(image.flatten()), image[:, 13])
    assert torch.equal(model.target(image.flatten()).view(28, 27), image[:, [*range(13), *range(14, 28)]])


@pytest.mark.equation("D16 (15)")
def test_a_condition_that_carries_nothing_leaves_a_vae():
    """A condition that is always zero: the VAE of the target with the same weights has the same bound and gradient."""
    cvae, x = small(), rows(5)
    x[:, SPREAD] = 0
    vae = vae_of_the_target(cvae)
    eps = normal(torch.Generator().manual_seed(2), 3, 5, LATENT)
    for ours, theirs in zip(
        elbo_terms(cvae, x, eps=eps).values(), elbo_terms(vae, cvae.target(x), eps=eps).values(), strict=True
    ):
        torch.testing.assert_close(ours, theirs)
    left = torch.autograd.grad(elbo(cvae, x, eps=eps).sum(), (cvae.decoder.from_z.weight, cvae.encoder.mean.bias))
    right = torch.autograd.grad(
        elbo(vae, cvae.target(x), eps=eps).sum(), (vae.decoder.hidden[0].weight, vae.encoder.mean.bias)
    )
    for ours, theirs in zip(left, right, strict=True):
        torch.testing.assert_close(ours, theirs)


@torch.no_grad()
def vae_of_the_target(cvae: CVAE) -> VAE:
    """The VAE that the CVAE is where the condition is zero: its weights, less those that meet the condition."""
    decoder = BernoulliMLP((LATENT, 5, 6, TARGETS), nn.Tanh).double()
    decoder.hidden[0].weight.copy_(cvae.decoder.from_z.weight)
    decoder.hidden[0].bias.copy_(cvae.decoder.from_condition(cvae.decoder.condition(torch.zeros(2).double())))
    decoder.hidden[2].load_state_dict(cvae.decoder.rest.hidden[0].state_dict())
    decoder.logits.load_state_dict(cvae.decoder.rest.logits.state_dict())
    encoder = GaussianMLP((TARGETS, 6, 5, LATENT), nn.Tanh).double()
    state = cvae.encoder.state_dict()
    encoder.load_state_dict(state | {"hidden.0.weight": state["hidden.0.weight"][:, [1, 2, 4, 5]]})
    return VAE(encoder, decoder, cvae.likelihood, LATENT)


@pytest.mark.equation("D16 (15)")
def test_bound_by_hand_with_torch_distributions():
    model, x = small(), rows(4).round()
    eps = normal(torch.Generator().manual_seed(2), 3, 4, LATENT)
    mean, log_var = model.encoder(x)
    q = Normal(mean, (log_var / 2).exp())
    minus_kl = -torch.distributions.kl_divergence(q, Normal(0.0, 1.0)).sum(-1)
    total = torch.zeros(4, dtype=torch.float64)
    for e in eps:
        logits = model.decoder(q.mean + q.stddev * e, x[:, SPREAD])
        total = total + Bernoulli(logits=logits).log_prob(x[:, [1, 2, 4, 5]]).sum(-1)
    torch.testing.assert_close(elbo(model, x, eps=eps), total / 3 + minus_kl)


def test_adding_up_z_and_condition_is_one_layer_over_both_side_by_side():
    decoder = small().decoder
    z, c = normal(torch.Generator().manual_seed(3), 4, LATENT), rows(4)[:, :2]
    h = decoder.condition(c)
    both = torch.cat([z, h], -1) @ torch.cat([decoder.from_z.weight, decoder.from_condition.weight], 1).mT
    expected = decoder.rest(torch.tanh(both + decoder.from_condition.bias))
    torch.testing.assert_close(decoder(z, c), expected)


class Bound(nn.Module):
    def __init__(self, model: CVAE):
        super().__init__()
        self.model = model

    def forward(self, x, eps):
        return elbo(self.model, x, eps=eps)


def test_gradient_agrees_with_finite_differences_along_every_path():
    """z, the condition's path and the encoder: autograd in float64 against central differences."""
    bound, x = Bound(small()), rows(2)
    eps = normal(torch.Generator().manual_seed(2), 1, 2, LATENT)
    names, values = zip(*bound.named_parameters(), strict=True)

    def value(*parameters: torch.Tensor) -> torch.Tensor:
        return torch.func.functional_call(bound, dict(zip(names, parameters, strict=True)), (x, eps))

    assert torch.autograd.gradcheck(value, values)
    assert all(gradient.abs().max() > 0 for gradient in torch.autograd.grad(value(*values).sum(), values))


@pytest.mark.parametrize("n", [0, 1, 5])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_shapes_for_no_one_and_many_rows(n, dtype):
    model, x = small(dtype=dtype), rows(n, dtype)
    z = torch.zeros(2, n, LATENT, dtype=dtype)
    assert model.decode(z, model.condition(x)).shape == (2, n, TARGETS)
    assert model.images(z, model.condition(x)).shape == (2, n, TARGETS)
    assert model.log_likelihood(x, z).shape == (2, n)
    assert elbo(model, x, samples=2).shape == (n,)
    assert model.complete(model.condition(x), model.sample(model.condition(x))).dtype == dtype
    regressor = mlp_regressor(ENTRIES, SPREAD, (3,)).to(dtype)
    assert regressor.images(regressor.condition(x)).shape == (n, TARGETS)
    assert regressor.log_likelihood(x).shape == (n,)


def test_samples_are_prior_draws_that_repeat_with_their_generator():
    model, c = small(), rows(3)[:, :2]
    first, second = (model.sample(c, torch.Generator().manual_seed(3)) for _ in range(2))
    z = normal(torch.Generator().manual_seed(3), 3, LATENT)
    assert torch.equal(first, second)
    assert not first.requires_grad
    torch.testing.assert_close(first, model.images(z, c).detach())


def test_the_weights_hold_no_indices_and_their_number_is_d16_s():
    assert not any("entries" in name for name in small().state_dict())
    column = range(13, 784, 28)
    regressor = mlp_regressor(784, column, (1000, 500, 250, 250, 500, 1000))
    widths = [28, 1000, 500, 250, 250, 500, 1000, 756]
    assert sum(p.numel() for p in regressor.parameters()) == sum(a * b + b for a, b in itertools.pairwise(widths))
    cvae = mlp_cvae(784, column, (1000, 500, 250), (1000, 500, 250), 30)
    # The regressor's network, and z's way into it.
    assert (
        sum(p.numel() for p in cvae.decoder.parameters()) == sum(p.numel() for p in regressor.parameters()) + 30 * 250
    )


@pytest.mark.equation("D16 (15)")
def test_fit_learns_what_the_condition_says_and_what_it_leaves_open():
    """y = c xor a fair coin, twice: a regressor gets at most 2·log ½, a CVAE log ½, once z is the coin."""
    g = torch.Generator().manual_seed(0)
    c, coin = torch.randint(0, 2, (2, 2000, 1), generator=g).float()
    x = torch.cat([c, (c != coin).float().expand(-1, 2)], dim=1)
    torch.manual_seed(0)
    cvae, regressor = mlp_cvae(3, [0], (), (16,), 2), mlp_regressor(3, [0], (16,))
    fit(cvae, x, epochs=30, learning_rate=1e-2, progress=False)
    fit(regressor, x, regression_terms, epochs=5, learning_rate=1e-2, progress=False)
    log_half = torch.tensor(0.5).log().item()
    assert evaluate(regressor, x, regression_terms) == pytest.approx(2 * log_half, abs=0.02)
    assert 2 * log_half + 0.2 < evaluate(cvae, x) < log_half


@pytest.mark.parametrize("condition", [[-1], [6], [0, 0]])
def test_a_condition_that_would_leak_into_the_target_is_refused(condition):
    with pytest.raises(ValueError, match="different entries from 0 to 5, got"):
        mlp_regressor(6, condition, (5,))
