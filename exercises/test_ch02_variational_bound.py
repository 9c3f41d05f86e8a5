"""Visible checks of chapter 2. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch
from sklearn.datasets import load_digits

from vae_edu.course.compare import check, check_form, check_that
from vae_edu.models import LinearGaussian


@pytest.mark.exercise("ch02.bound_and_gap")
class Test_bound_and_gap:
    def test_worked_example(self, student):
        call = student(
            log_joint=torch.tensor([[0.005, 0.405]]).log(),
            log_q=torch.tensor([[0.5, 0.5]]).log(),
        )
        bound, gap = call.parts("the bound", "the gap")
        check(bound, torch.tensor([0.09]).log())
        check(gap, torch.tensor([0.41 / 0.09]).log())

    def test_two_data_points_of_three_values(self, student):
        # In powers of two. First: log p(x, z) = -2, -3, -3 and log q = -1, -2, -2, so that every term is -1; as
        # p(x) = 1/4 + 1/8 + 1/8 = 1/2, this guess is the posterior. Second: p(x, z) is 1/8 each, p(x) = 3/8, and the
        # terms are -3 + 1, -3 + 2, -3 + 2, with mean -3/2.
        powers = math.log(2) * torch.tensor([[-2.0, -3.0, -3.0], [-3.0, -3.0, -3.0]])
        call = student(log_joint=powers, log_q=math.log(2) * torch.tensor([[-1.0, -2.0, -2.0], [-1.0, -2.0, -2.0]]))
        bound, gap = call.parts("the bound", "the gap")
        check(bound, -math.log(2) * torch.tensor([1.0, 1.5]))
        check(gap, torch.tensor([0.0, math.log(3 / 8) + 1.5 * math.log(2)]))

    def test_a_value_that_the_guess_rules_out(self, student):
        call = student(
            log_joint=torch.tensor([[0.005, 0.405]]).log(),
            log_q=torch.tensor([[-math.inf, 0.0]]),
        )
        bound, gap = call.parts("the bound", "the gap")
        # Only z = 1 counts: the bound is log 0.405.
        cause = "Zero times minus infinity is not a number: a value of z with q(z) = 0 has to be left out of the mean."
        check(bound, torch.tensor([0.405]).log(), otherwise=cause)
        check(gap, torch.tensor([0.41 / 0.405]).log(), otherwise=cause)


@pytest.mark.exercise("ch02.coordinate_ascent")
class Test_coordinate_ascent:
    weight, bias = torch.tensor([[1.0, 1.0]]), torch.zeros(1)

    def test_worked_example(self, student):
        call = student(x=torch.tensor([[3.0]]), weight=self.weight, bias=self.bias, noise_var=1.0, sweeps=1)
        mean, log_var = call.parts("mean", "log_var")
        check(mean, torch.tensor([[1.5, 0.75]]))
        check(log_var, torch.tensor([[-math.log(2), -math.log(2)]]))

    def test_a_second_sweep(self, student):
        call = student(x=torch.tensor([[3.0], [-6.0]]), weight=self.weight, bias=self.bias, noise_var=1.0, sweeps=2)
        # From [1.5, 0.75]: (3 - 0.75)/2 = 1.125, then (3 - 1.125)/2 = 0.9375. Data point two is -2 times the first.
        mean, _ = call.parts("mean", "log_var")
        check(mean, torch.tensor([[1.125, 0.9375], [-2.25, -1.875]]))

    def test_bias_and_noise(self, student):
        call = student(
            x=torch.tensor([[3.0, 1.0]]),
            weight=torch.tensor([[2.0, 0.0], [0.0, 1.0]]),
            bias=torch.tensor([1.0, -1.0]),
            noise_var=0.5,
            sweeps=1,
        )
        # Each column sees one pixel: 2 · 2/(4 + 1/2) and 1 · 2/(1 + 1/2). Precisions: 1 + 4/0.5 and 1 + 1/0.5.
        mean, log_var = call.parts("mean", "log_var")
        check(mean, torch.tensor([[8 / 9, 4 / 3]]))
        check(log_var, torch.tensor([[-math.log(9), -math.log(3)]]))


def fitted(function, x, latent):
    """What the function learns from x, off the graph."""
    import torch

    learned = function(x, latent, torch.Generator().manual_seed(0))
    return tuple(part.detach() if isinstance(part, torch.Tensor) else part for part in learned)


@pytest.mark.exercise("ch02.fit_linear_gaussian")
class Test_fit_linear_gaussian:
    def test_worked_example(self, student):
        call = student.run(fitted, x=torch.tensor([[2.0, 1.0], [2.0, -1.0], [-2.0, 1.0], [-2.0, -1.0]]), latent=1)
        weight, bias, noise_var = call.parts("weight", "bias", "noise_var")
        check(bias, torch.zeros(2), tolerance=0.05)
        check(noise_var, torch.tensor(1.0), tolerance=0.05)
        check_form(weight, 2, 1)
        squares = (weight.value**2).flatten().tolist()
        what = f"weight should be [[±√3], [0]], squared [3, 0]; the squares returned are {squares}."
        check_that(weight, abs(squares[0] - 3) < 0.1 and abs(squares[1]) < 0.1, what)

    def test_digits(self, student):
        x = torch.tensor(load_digits().images, dtype=torch.float32).flatten(1) / 16
        x = x[torch.randperm(len(x), generator=torch.Generator().manual_seed(0))]
        call = student.run(fitted, x=x[:1000], latent=8)
        weight, bias, noise_var = call.parts("weight", "bias", "noise_var")
        for part, shape in ((weight, (64, 8)), (bias, (64,)), (noise_var, ())):
            check_form(part, *shape)
        check_that(noise_var, bool(noise_var.value > 0), "noise_var should be a variance, that is positive.")
        model = LinearGaussian(weight.value.double(), bias.value.double(), noise_var.value.item())
        mean_log_p = model.log_marginal(x[1000:].double()).mean().item()
        what = f"the mean log p(x) of the other digits is {mean_log_p:.2f} nats; it has to reach 12."
        check_that(call, mean_log_p >= 12, what)
