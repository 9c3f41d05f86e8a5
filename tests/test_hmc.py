"""Hamiltonian Monte Carlo: what the leapfrog method conserves, and the law that its chains keep.

Laws are tested on many independent chains, one draw of each, by Dvoretzky, Kiefer, Wolfowitz and Massart:
P(sup|F_n − F| > d) ≤ 2·exp(−2nd²). The chains start in the law itself, so nothing waits for convergence, and the
steps are long enough that the uncorrected leapfrog method would leave it.
"""

import math

import pytest
import torch
from scipy import stats
from torch import Tensor

from vae_edu.gaussians import log_standard_normal
from vae_edu.hmc import hmc_step, leapfrog, tuned
from vae_edu.models import BernoulliMLP

FALSE_ALARM = 1e-7
CHAINS = 40_000


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def normal(seed: int, *shape: int) -> Tensor:
    return torch.randn(shape, generator=generator(seed), dtype=torch.float64)


def quartic(z: Tensor) -> Tensor:
    """Two dimensions, coupled, not Gaussian."""
    return -(z**4).sum(-1) / 4 - 0.5 * z.prod(-1) - z.cos().sum(-1)


def semicircle(z: Tensor) -> Tensor:
    """p(z) ∝ √(1 − z²) on (−1, 1); outside, not a number."""
    return 0.5 * torch.log(1 - z**2).sum(-1)


def assert_uniform(u: Tensor) -> None:
    u = u.flatten().sort().values
    steps = torch.arange(len(u) + 1, dtype=u.dtype) / len(u)
    distance = torch.maximum(steps[1:] - u, u - steps[:-1]).max()
    assert distance <= math.sqrt(math.log(2 / FALSE_ALARM) / (2 * len(u)))


# The leapfrog method


@pytest.mark.equation("K13 App. E")
def test_leapfrog_runs_backwards_when_the_momentum_is_turned_around():
    z, momentum = normal(0, 7, 2), normal(1, 7, 2)
    end, end_momentum = leapfrog(quartic, z, momentum, 0.2, 9)
    assert ((end - z).abs() > 0.1).any(-1).all()
    back, back_momentum = leapfrog(quartic, end, -end_momentum, 0.2, 9)
    torch.testing.assert_close(back, z, rtol=0, atol=1e-10)
    torch.testing.assert_close(back_momentum, -momentum, rtol=0, atol=1e-10)


@pytest.mark.equation("K13 App. E")
def test_leapfrog_keeps_the_volume_of_phase_space():
    """The Jacobian of (z, momentum) by central differences; its determinant is 1."""
    point, h = normal(2, 4), 1e-5

    def flow(points: Tensor) -> Tensor:
        return torch.cat(leapfrog(quartic, points[:, :2], points[:, 2:], 0.3, 5), dim=-1)

    shifts = h * torch.eye(4, dtype=torch.float64)
    jacobian = (flow(point + shifts) - flow(point - shifts)) / (2 * h)
    assert (jacobian - torch.eye(4)).abs().max() > 0.5
    assert torch.linalg.det(jacobian).item() == pytest.approx(1, abs=1e-7)


@pytest.mark.equation("K13 App. E")
def test_halving_the_step_quarters_the_energy_error():
    z, momentum = normal(3, 50, 2), normal(4, 50, 2)

    def error(steps: int) -> float:
        end, end_momentum = leapfrog(quartic, z, momentum, 1 / steps, steps)
        energy = end_momentum.square().sum(-1) / 2 - quartic(end)
        return (energy - momentum.square().sum(-1) / 2 + quartic(z)).abs().mean().item()

    assert error(100) / error(200) == pytest.approx(4, rel=0.02)
    assert error(200) / error(400) == pytest.approx(4, rel=0.02)


def test_leapfrog_of_a_gaussian_is_the_rotation_it_should_be():
    """p = N(0, 1): the exact solution turns (z, momentum) by the time that passes."""
    z, momentum = normal(5, 6, 1), normal(6, 6, 1)
    end, end_momentum = leapfrog(log_standard_normal, z, momentum, 1e-3, 700)
    cos, sin = math.cos(0.7), math.sin(0.7)
    torch.testing.assert_close(end, cos * z + sin * momentum, rtol=0, atol=1e-6)
    torch.testing.assert_close(end_momentum, cos * momentum - sin * z, rtol=0, atol=1e-6)


# The law of the chains


@pytest.mark.equation("K13 App. E")
def test_a_correlated_gaussian_is_left_as_it_is():
    """Whitened coordinates stay standard normal, their sum too (independence), three tests."""
    chol = torch.tensor([[1.0, 0.0], [1.8, 0.6]], dtype=torch.float64)

    def log_density(z: Tensor) -> Tensor:
        return log_standard_normal(torch.linalg.solve_triangular(chol.mT, z, upper=True, left=False))

    z, rates, noise = normal(7, CHAINS, 2) @ chol.mT, [], generator(70)
    for _ in range(10):
        z, accepted = hmc_step(log_density, z, 0.5, 3, noise)
        rates.append(accepted.double().mean().item())
    white = torch.linalg.solve_triangular(chol.mT, z, upper=True, left=False)
    assert 0.4 < min(rates) <= max(rates) < 0.9, "the test would be blind"
    for u in (white[:, 0], white[:, 1], white.sum(-1) / math.sqrt(2)):
        assert_uniform(torch.special.ndtr(u))


@pytest.mark.equation("K13 App. E")
@pytest.mark.parametrize("started", ["in the law", "at one point"])
def test_a_semicircle_is_left_as_it_is_and_found(started):
    """CDF ½ + (z√(1 − z²) + arcsin z)/π. Proposals from outside (−1, 1) are not numbers, and never accepted.

    From one point, 30 transitions that each move a chain across the interval forget it to far below the bound.
    """
    z = torch.zeros(CHAINS, 1, dtype=torch.float64)
    if started == "in the law":
        z[:, 0] = torch.from_numpy(stats.semicircular.rvs(size=CHAINS, random_state=0))
    everywhere, noise = torch.ones(CHAINS, dtype=torch.bool), generator(71)
    for _ in range(30):
        z, accepted = hmc_step(semicircle, z, 0.5, 2, noise)
        everywhere &= accepted
    assert not everywhere.all()
    assert (z.abs() < 1).all()
    assert_uniform(0.5 + (z * (1 - z**2).sqrt() + z.asin()) / math.pi)


@pytest.mark.equation("K13 App. E")
@pytest.mark.parametrize("start", [0.6, 1.5])
def test_proposals_are_accepted_as_often_as_metropolis_says(start):
    """p(z) ∝ exp(−z⁴/4), one step: E[min(1, exp(−energy error))] over the momentum, by quadrature; exact quantiles."""

    def log_density(z: Tensor) -> Tensor:
        return -(z**4).sum(-1) / 4

    n, h = 200_000, 1.0
    momentum = torch.linspace(-9, 9, 20_001, dtype=torch.float64)
    end = start + h * (momentum - h / 2 * start**3)
    end_momentum = momentum - h / 2 * (start**3 + end**3)
    log_ratio = (start**4 - end**4) / 4 + (momentum**2 - end_momentum**2) / 2
    density = torch.exp(-(momentum**2) / 2) / math.sqrt(2 * math.pi)
    expected = torch.trapezoid(log_ratio.exp().clamp(max=1) * density, momentum).item()
    assert 0.2 < expected < 0.97, "the test would be blind"

    z = torch.full((n, 1), start, dtype=torch.float64)
    proposal, accepted = hmc_step(log_density, z, h, 1, generator(0))

    assert ((proposal != z).squeeze(-1) == accepted).all()
    low, high = stats.binom(n, expected).ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2])
    assert low <= accepted.sum() <= high


# Tuning


@pytest.mark.equation("K13 App. E")
@pytest.mark.parametrize("first", [0.01, 5.0])
def test_tuning_settles_at_ninety_percent(first):
    """Five correlated dimensions; Hoeffding's inequality for the frozen step, and 1 % for its last wobble."""
    scale = torch.tensor([0.3, 0.5, 1.0, 1.0, 2.0], dtype=torch.float64)
    step_size, n, noise = first, 100_000, generator(72)

    def log_density(z: Tensor) -> Tensor:
        return log_standard_normal(z / scale)

    z = normal(8, 500, 5) * scale
    for _ in range(300):
        z, accepted = hmc_step(log_density, z, step_size, 4, noise)
        step_size = tuned(step_size, accepted.double().mean().item(), gain=0.5)
    _, accepted = hmc_step(log_density, normal(9, n, 5) * scale, step_size, 4, noise)
    allowed = 0.01 + math.sqrt(math.log(2 / FALSE_ALARM) / (2 * n))
    assert accepted.double().mean().item() == pytest.approx(0.9, abs=allowed)


def test_a_single_chain_settles_there_too():
    """Its rate is 0 or 1; summing the logarithms shows that the mean rate meets the target as the step stays put."""
    z, step_size, rates = torch.zeros(1, 3, dtype=torch.float64), 1.0, []
    noise = generator(73)
    for _ in range(1500):
        z, accepted = hmc_step(log_standard_normal, z, step_size, 2, noise)
        rates.append(float(accepted))
        step_size = tuned(step_size, rates[-1])
    assert 0.3 < step_size < 3
    assert sum(rates) / len(rates) == pytest.approx(0.9, abs=math.log(10) / (0.2 * 1500))


@pytest.mark.parametrize("rate", [0.0, 0.5, 0.9, 1.0])
def test_the_step_moves_in_the_right_direction(rate):
    assert math.copysign(1, tuned(0.3, rate) - 0.3) == math.copysign(1, rate - 0.9) or rate == 0.9
    assert tuned(0.3, 0.9) == pytest.approx(0.3)
    assert tuned(1.0, 1.0) == pytest.approx(1.02, abs=1e-3)


# Manners


def test_any_number_of_axes_of_chains_each_by_itself():
    z = normal(10, 3, 4, 2)
    moved, accepted = hmc_step(quartic, z, 0.3, 5, generator(0))
    assert moved.shape == z.shape
    assert accepted.shape == (3, 4)
    z[0, 0] = math.nan
    others, _ = hmc_step(quartic, z, 0.3, 5, generator(0))
    assert torch.equal(others.flatten(0, 1)[1:], moved.flatten(0, 1)[1:])


def test_a_generator_repeats_a_step():
    z = normal(11, 5, 2)
    first, second, other = (hmc_step(quartic, z, 0.3, 3, generator(seed))[0] for seed in (0, 0, 1))
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("steps", [1, 4])
def test_a_step_takes_one_gradient_more_than_it_leaps_and_none_of_the_weights(steps):
    torch.manual_seed(0)
    decoder, calls = BernoulliMLP((2, 5, 3)), []

    def log_density(z: Tensor) -> Tensor:
        calls.append(len(z))
        return decoder(z).sum(-1) + log_standard_normal(z)

    z = torch.zeros(6, 2, requires_grad=True)
    with torch.no_grad():
        moved, _ = hmc_step(log_density, z, 0.1, steps)
    assert calls == [6] * (steps + 1)
    assert not moved.requires_grad
    assert all(parameter.grad is None for parameter in decoder.parameters())
    end, momentum = leapfrog(log_density, z, torch.ones(6, 2), 0.1, steps)
    assert not end.requires_grad
    assert not momentum.requires_grad
