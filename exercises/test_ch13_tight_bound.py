"""Visible checks of chapter 13. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check


def tensor(*values):
    """Numbers in double precision, as everywhere in this chapter."""
    return torch.tensor(values, dtype=torch.float64)


@pytest.mark.exercise("ch13.decoder")
class Test_decoder:
    def compare(self, call, x, slope, otherwise=""):
        for part, right in zip(call.parts("X", "the slope"), (x, slope), strict=True):
            check(part, tensor(*right), otherwise=otherwise, tolerance=1e-6)

    def test_worked_example(self, student):
        call = student(z=tensor(0.0), weights=tensor(0.5, 0.5), means=tensor(-2.0, 2.0), stds=tensor(1.0, 1.0))
        self.compare(call, [0.0], [math.exp(2)])

    def test_one_component_is_a_straight_line(self, student):
        call = student(z=tensor(-1.0, 0.0, 2.0), weights=tensor(1.0), means=tensor(3.0), stds=tensor(0.5))
        self.compare(call, [2.5, 3.0, 4.0], [0.5, 0.5, 0.5])

    def test_two_widths_at_one_center(self, student):
        # By symmetry half of the data lie to the left of 1. The density there is (2/3 + 1/3·1/2)/√(2π).
        call = student(z=tensor(0.0), weights=tensor(2 / 3, 1 / 3), means=tensor(1.0, 1.0), stds=tensor(1.0, 2.0))
        self.compare(call, [1.0], [6 / 5])

    def test_far_to_the_right(self, student):
        # Twice the same component is one component, and its line goes on where G(z) is 1 to sixteen digits.
        call = student(z=tensor(9.0, 20.0), weights=tensor(0.5, 0.5), means=tensor(1.0, 1.0), stds=tensor(2.0, 2.0))
        cause = "To the right of 8 float64 cannot tell G(z) from 1; the tail 1 - G(z) = G(-z) it can tell from 0."
        self.compare(call, [19.0, 41.0], [2.0, 2.0], cause)


def line(function, slope, x, mean, std, sigma):
    """The call for the decoder f(z) = slope · z."""
    return function(lambda z: slope * z, x, mean, std, sigma)


@pytest.mark.exercise("ch13.evidence_and_divergence")
class Test_evidence_and_divergence:
    def compare(self, call, log_evidence, divergence, otherwise=""):
        for part, right in zip(call.parts("the evidence", "the divergence"), (log_evidence, divergence), strict=True):
            check(part, tensor(*right), otherwise=otherwise, tolerance=1e-8)

    def test_worked_example(self, student):
        call = student.run(line, slope=2.0, x=tensor(2.0), mean=tensor(1.0), std=tensor(0.5), sigma=1.0)
        self.compare(call, [-math.log(10 * math.pi) / 2 - 4 / 10], [(1.25 + 0.2 - 1 - math.log(1.25)) / 2])

    def test_the_posterior_as_guess(self, student):
        # For f(z) = z, X = 2 and sigma = 1 the posterior is N(1, 1/2), and X ~ N(0, 2).
        call = student.run(line, slope=1.0, x=tensor(2.0), mean=tensor(1.0), std=tensor(math.sqrt(0.5)), sigma=1.0)
        cause = "Here Q is the posterior, and the divergence is 0."
        self.compare(call, [-math.log(4 * math.pi) / 2 - 1], [0.0], cause)

    def test_little_noise(self, student):
        # f(z) = z with sigma = 1/1000 and D16's guess N(X, sigma²). With ρ = sigma² the chapter's formula for D is
        # (ρ - log(1 + ρ) + X²ρ/(1 + ρ))/2, here for X = 1 and X = -3; and X ~ N(0, 1 + ρ).
        rho = 1e-6
        call = student.run(
            line, slope=1.0, x=tensor(1.0, -3.0), mean=tensor(1.0, -3.0), std=tensor(1e-3, 1e-3), sigma=1e-3
        )
        evidence = [-math.log(2 * math.pi * (1 + rho)) / 2 - square / (2 * (1 + rho)) for square in (1, 9)]
        divergence = [(rho - math.log1p(rho) + square * rho / (1 + rho)) / 2 for square in (1, 9)]
        cause = "Does the grid shrink with Q?"
        self.compare(call, evidence, divergence, cause)


def exponential(function, code):
    """The call for f(z) = exp(z)."""
    import torch

    return function(torch.exp, code)


def straight(function, slope, code):
    """The call for f(z) = slope · z + 1."""
    return function(lambda z: slope * z + 1, code)


@pytest.mark.exercise("ch13.small_noise_limit")
class Test_small_noise_limit:
    def compare(self, call, *expected, otherwise=""):
        for part, right in zip(call.parts("the width", "the center", "the skewness"), expected, strict=True):
            check(part, tensor(*right), otherwise=otherwise)

    def test_worked_example(self, student):
        call = student.run(exponential, code=tensor(0.0, 1.0))
        squared = math.exp(-2)
        self.compare(call, [1.0, math.exp(-1)], [1.125, 3.125 * squared], [0.75, 0.75 * squared])

    def test_straight_line(self, student):
        call = student.run(straight, slope=2.0, code=tensor(1.0, 0.0))
        cause = "A straight line has the second derivative 0, which autograd does not find by itself."
        self.compare(call, [0.5, 0.5], [0.125, 0.0], [0.0, 0.0], otherwise=cause)

    def test_falling_line(self, student):
        call = student.run(straight, slope=-2.0, code=tensor(1.0))
        self.compare(call, [0.5], [0.125], [0.0], otherwise="A standard deviation is positive.")
