"""Visible checks of chapter 11. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check

RESULTS = ("estimate", "effective", "shortfall")
STATE = ("z", "momentum", "accepted")


@pytest.mark.exercise("ch11.importance_estimate")
class Test_importance_estimate:
    def test_worked_example(self, student):
        call = student(
            log_likelihood=torch.tensor([[0.05], [0.8]]).log(),
            log_prior=torch.tensor([[0.8], [0.2]]).log(),
            log_q=torch.tensor([[0.5], [0.5]]).log(),
        )
        estimate, effective, shortfall = call.parts(*RESULTS)
        check(estimate, torch.tensor([math.log(0.2)]))
        check(effective, torch.tensor([0.16 / 0.1088]))
        check(shortfall, torch.tensor([0.09]))

    def test_three_draws_for_two_data_points(self, student):
        # Weights 1, 1, 1 and 4, 1, 1: means 1 and 2; (Σw)²/Σw² = 9/3 and 36/18; 1 + ρ = 1 and 3/2, ρ/6 = 0 and 1/12.
        call = student(
            log_likelihood=torch.tensor([[0.5, 0.8], [0.5, 0.8], [0.5, 0.2]]).log(),
            log_prior=torch.tensor([[0.2, 0.5], [0.4, 0.25], [0.6, 0.5]]).log(),
            log_q=torch.tensor([[0.1, 0.1], [0.2, 0.2], [0.3, 0.1]]).log(),
        )
        estimate, effective, shortfall = call.parts(*RESULTS)
        check(estimate, torch.tensor([0.0, math.log(2)]))
        check(effective, torch.tensor([3.0, 2.0]))
        check(shortfall, torch.tensor([0.0, 1 / 12]))

    def test_weights_too_small_for_a_number(self, student):
        # Two weights of e⁻¹⁰⁰⁰: their mean is e⁻¹⁰⁰⁰, and they count for two.
        zeros = torch.zeros(2, 1)
        estimate, effective, _ = student(log_likelihood=zeros - 1000, log_prior=zeros, log_q=zeros).parts(*RESULTS)
        cause = "A weight of e⁻¹⁰⁰⁰ is 0 in floating point; its logarithm is a good number, so stay with logarithms."
        check(estimate, torch.tensor([-1000.0]), otherwise=cause)
        check(effective, torch.tensor([2.0]), otherwise=cause)


def on_standard_normal(step, z, momentum, uniform, step_size, steps):
    """A transition for log_density(z) = -|z|²/2."""

    def log_density(z):
        return -0.5 * (z**2).sum(-1)

    return step(log_density, z, momentum, uniform, step_size, steps)


@pytest.mark.exercise("ch11.hmc_step")
class Test_hmc_step:
    def transition(self, student, z, momentum, uniform, **settings):
        tensors = {"z": torch.tensor(z), "momentum": torch.tensor(momentum), "uniform": torch.tensor(uniform)}
        return student.run(on_standard_normal, **tensors, **settings).parts(*STATE)

    def test_worked_example(self, student):
        z, momentum, accepted = self.transition(student, [[1.0]], [[0.0]], [0.5], step_size=1.0, steps=1)
        check(z, torch.tensor([[0.5]]))
        check(momentum, torch.tensor([[0.75]]), otherwise="Was the momentum turned round at the end?")
        check(accepted, torch.tensor([True]))

    def test_the_way_back_accepted_and_rejected(self, student):
        # The worked example's end, in two chains, below and above exp(-3/32) = 0.9105.
        start, momentum = [[0.5], [0.5]], [[0.75], [0.75]]
        results = self.transition(student, start, momentum, [0.90, 0.92], step_size=1.0, steps=1)
        check(results[2], torch.tensor([True, False]), otherwise="H counts both energies, at both ends.")
        check(results[0], torch.tensor([[1.0], [0.5]]), otherwise="A rejected chain stays at z.")
        check(results[1], torch.tensor([[0.0], [0.75]]), otherwise="A rejected chain keeps its momentum.")

    def test_two_steps_in_two_dimensions(self, student):
        # First axis, z = 1, r = 0: as by hand (½, -¾); then r = -1, z = -½, r = -¾. Second axis, z = 0, r = 1: r = 1,
        # z = 1, r = ½; then r = 0, z = 1, r = -½. H was ½ + ½ and is ⅛ + 9/32 + ½ + ⅛ = 33/32, and log ½ < -1/32.
        z, momentum, accepted = self.transition(student, [[1.0, 0.0]], [[0.0, 1.0]], [0.5], step_size=1.0, steps=2)
        check(z, torch.tensor([[-0.5, 1.0]]))
        check(momentum, torch.tensor([[0.75, 0.5]]))
        check(accepted, torch.tensor([True]))


@pytest.mark.exercise("ch11.harmonic_log_marginal")
class Test_harmonic_log_marginal:
    def test_worked_example(self, student):
        draws = torch.tensor([-1.0, 1.0, 0.0, 2.0]).reshape(4, 1, 1)
        call = student(draws=draws, log_joint=torch.tensor([[-3.0], [-2.0], [-1.0], [-2.0]]))
        check(call, torch.tensor([math.log(4 * math.pi) / 2 - 1]))

    def test_two_data_points_in_two_dimensions(self, student):
        # First halves: (0, 0), (2, 0), (0, 2), (2, 2) has mean (1, 1) and covariance 4/3 · I. (0, 0), (2, 2), (2, 0),
        # (4, 2) has mean (2, 1), variances 8/3 and 4/3, covariance 4/3: determinant 16/9, inverse [[¾, -¾], [-¾, 3/2]].
        first = [[[0, 0], [0, 0]], [[2, 0], [2, 2]], [[0, 2], [2, 0]], [[2, 2], [4, 2]]]
        # Second halves lie (1, 1) from the mean: squared distance 2 · ¾ and ¾ - 2 · ¾ + 3/2 = ¾, each time.
        draws = torch.tensor([*first, *[[[2, 2], [3, 2]]] * 4]).float()
        log_joint = torch.tensor([[9.0, 9.0]] * 4 + [[-1.0, -2.0]] * 4)
        # log q = -log 2π - log det/2 - squared distance/2; all four ratios are equal, so the mean changes nothing.
        log_q = [-math.log(2 * math.pi) - math.log(4 / 3) - 3 / 4, -math.log(2 * math.pi) - math.log(4 / 3) - 3 / 8]
        check(student(draws=draws, log_joint=log_joint), torch.tensor([-1 - log_q[0], -2 - log_q[1]]))

    def test_improbable_data(self, student):
        draws = torch.tensor([-1.0, 1.0, 0.0, 2.0]).reshape(4, 1, 1)
        # The worked example with log_joint lower by 500.
        call = student(draws=draws, log_joint=torch.tensor([[-503.0], [-502.0], [-501.0], [-502.0]]))
        cause = "e⁵⁰⁰ is no floating-point number: use logsumexp."
        check(call, torch.tensor([math.log(4 * math.pi) / 2 - 501]), otherwise=cause)
