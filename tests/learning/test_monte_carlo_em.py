"""Monte Carlo EM: its chains follow the posterior, its steps climb log p(x, z), and it reaches the largest evidence."""

import sys

import pytest
import torch
from scipy import stats

from vae_edu.errors import UserError
from vae_edu.gaussians import log_standard_normal
from vae_edu.learning import monte_carlo_em
from vae_edu.learning.learner import learn
from vae_edu.models import mlp_vae

QUIET = {"progress": False}
MODULE = sys.modules["vae_edu.learning.monte_carlo_em"]  # the package gives its name to the function


@pytest.fixture
def spy(monkeypatch):
    """The state of the chains after learning."""
    seen = {}

    def listening(*arguments, parts, **options):
        seen.update(parts)
        return learn(*arguments, parts=parts, **options)

    monkeypatch.setattr(MODULE, "learn", listening)
    return seen


def test_images_that_are_none_are_refused_as_such():
    with pytest.raises(UserError, match=r"got shape \(0, 64\)"):
        monte_carlo_em(mlp_vae(64, (16,), 2), torch.zeros(0, 64), progress=False)


@pytest.mark.equation("K13 App. E")
def test_it_reaches_the_largest_evidence_of_a_linear_model(line):
    model = line.new_model()
    monte_carlo_em(model, line.x, epochs=27, batch_size=100, learning_rate=5e-3, **QUIET)
    # Adam's steps jitter each of 9 parameters by a few learning rates; the evidence is quadratic around its top.
    assert line.best - 0.05 < model.log_marginal(line.x).mean() <= line.best + 1e-4


@pytest.mark.equation("K13 App. E")
@pytest.mark.parametrize("batch_size", [100, 2000])  # 2,000 chains move in two pieces
def test_chains_become_draws_of_the_exact_posterior(line, spy, batch_size):
    """The decoder held still: whitened by the exact posterior, 2,000 independent chains are standard normal."""
    model = line.new_model()
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[2.0], [1.0], [-1.0], [0.5]]))
    monte_carlo_em(model, line.x, epochs=20, batch_size=batch_size, learning_rate=0.0, updates=1, **QUIET)
    mean, covariance = model.posterior(line.x)
    white = (spy["chains"].z - mean) / covariance.sqrt().squeeze()
    assert stats.kstest(white.detach().flatten().numpy(), stats.norm.cdf).pvalue > 1e-6


@pytest.mark.equation("K13 App. E")
def test_acceptance_settles_at_the_target(line, monkeypatch):
    """Counted over the second half of a run whose decoder stands still."""
    rates, original = [], MODULE.tuned

    def counting(step_size, rate, target):
        rates.append(rate)
        return original(step_size, rate, target)

    monkeypatch.setattr(MODULE, "tuned", counting)
    monte_carlo_em(line.new_model(), line.x, epochs=24, learning_rate=0.0, updates=1, **QUIET)
    second_half = torch.tensor(rates[len(rates) // 2 :])
    # 240 rates of 100 chains each: the mean's own noise is sqrt(.9 * .1 / 24,000) = 0.002; tuning adds some lag.
    assert abs(second_half.mean() - 0.9) < 0.02


@pytest.mark.equation("K13 App. E")
def test_each_minibatch_gets_so_many_updates_on_one_posterior_draw(digits):
    torch.manual_seed(0)
    model, x = mlp_vae(64, (8,), 2).double(), digits.x[:30].double()
    before = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    z_seen, original = [], model.log_likelihood

    def listening(batch, z):
        if torch.is_grad_enabled() and not z.requires_grad:  # an update; within HMC the gradient is taken in z
            z_seen.append((batch.clone(), z.clone()))
        return original(batch, z)

    model.log_likelihood = listening
    monte_carlo_em(model, x, epochs=1, batch_size=30, learning_rate=0.01, make_optimizer=torch.optim.SGD, **QUIET)
    assert len(z_seen) == 5
    assert all(torch.equal(z, z_seen[0][1]) for _, z in z_seen)

    fresh = mlp_vae(64, (8,), 2).double()
    fresh.load_state_dict(before)
    by_hand = torch.optim.SGD(fresh.decoder.parameters(), lr=0.01)
    for batch, z in z_seen:
        by_hand.zero_grad()
        (-(fresh.log_likelihood(batch, z) + log_standard_normal(z)).mean()).backward()
        by_hand.step()
    for name, parameter in model.named_parameters():
        torch.testing.assert_close(parameter, dict(fresh.named_parameters())[name])


def test_updates_on_parts_look_at_other_images_each_and_at_their_own_draws(digits):
    """Seven updates on 10 of 30 images: each part twice, the first a third time, before a new order."""
    model, x = mlp_vae(64, (8,), 2), digits.x[:30]
    pairs, original = [], model.log_likelihood

    def listening(batch, z):
        if torch.is_grad_enabled() and not z.requires_grad:
            pairs.append((batch.clone(), z.clone()))
        return original(batch, z)

    model.log_likelihood = listening
    history = monte_carlo_em(model, x, epochs=1, batch_size=30, updates=7, update_size=10, learning_rate=0.0, **QUIET)
    assert [len(batch) for batch, _ in pairs] == [10] * 7
    assert torch.equal(torch.cat([batch for batch, _ in pairs[:3]]).sort(0).values, x.sort(0).values)
    for first, again in ((0, 3), (1, 4), (2, 5), (0, 6)):
        assert all(torch.equal(*both) for both in zip(pairs[first], pairs[again], strict=True))
    # Nothing was learned: each part with its own draws is what was recorded of the whole.
    log_p = torch.cat([original(batch, z) + log_standard_normal(z) for batch, z in pairs[:3]])
    assert history["log p(x, z)"][0] == pytest.approx(log_p.mean().item(), rel=1e-6)


def test_a_run_resumed_is_the_run_never_stopped(digits, tmp_path):
    """Chains and step size are part of the state."""

    def new():
        torch.manual_seed(0)
        return mlp_vae(64, (8,), 2)

    x, state = digits.x[:200], tmp_path / "state.pt"
    whole = monte_carlo_em(new(), x, epochs=4, binarization="dynamic", **QUIET)
    monte_carlo_em(new(), x, epochs=2, resume=state, binarization="dynamic", **QUIET)
    resumed = monte_carlo_em(new(), x, epochs=4, resume=state, binarization="dynamic", **QUIET)
    assert resumed["bound"] == whole["bound"]
