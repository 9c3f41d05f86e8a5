"""Visible checks of chapter 1. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check

LOG_2PI = math.log(2 * math.pi)


@pytest.mark.exercise("ch01.prior_sampling")
class Test_prior_sampling:
    def test_worked_example(self, student):
        call = student(x=torch.tensor([[0.0, 0.0]]), decoded=torch.tensor([[0.0, 0.0], [1.0, 1.0]]), noise_var=1.0)
        log_p, effective = call.parts("the estimate of log p(x)", "the effective number of draws")
        check(log_p, torch.tensor([math.log((1 + math.exp(-1)) / (4 * math.pi))]))
        check(effective, torch.tensor([(1 + math.exp(-1)) ** 2 / (1 + math.exp(-2))]))

    def test_two_data_points_and_three_draws(self, student):
        call = student(
            x=torch.tensor([[0.0], [1.0]]),
            decoded=torch.tensor([[0.0], [1.0], [2.0]]),
            noise_var=1 / (2 * math.log(2)),
        )
        log_p, effective = call.parts("the estimate of log p(x)", "the effective number of draws")
        # With this σ² a weight is √(log 2/π) · 2^-d², where d² is the squared distance: 0, 1, 4 for the first data
        # point and 1, 0, 1 for the second. The powers add up to 25/16 and 2, their squares to 321/256 and 3/2.
        peak = math.sqrt(math.log(2) / math.pi)
        check(log_p, torch.tensor([peak * 25 / 16 / 3, peak * 2 / 3]).log())
        check(effective, torch.tensor([625 / 321, 8 / 3]))

    def test_a_thousand_pixels(self, student):
        call = student(x=torch.ones(1, 1000), decoded=torch.zeros(3, 1000), noise_var=1.0)
        log_p, effective = call.parts("the estimate of log p(x)", "the effective number of draws")
        # Three equal draws: each has the density exp(-500)/(2π)^500.
        cause = "Every weight is 0 in floating point here, and their average is not: work with logarithms."
        check(log_p, torch.tensor([-500 - 500 * LOG_2PI]), otherwise=cause)
        check(effective, torch.tensor([3.0]), otherwise=cause)


@pytest.mark.exercise("ch01.ring_log_density")
class Test_ring_log_density:
    def test_worked_example(self, student):
        call = student(x=torch.tensor([[0.0, 1.1]]), width=0.1)
        check(call, torch.tensor([math.log(10) - 1 / 2 - math.log(2 * math.pi * 1.1)]))

    def test_two_points_of_a_wider_ring(self, student):
        call = student(x=torch.tensor([[3.0, 4.0], [0.0, -3.0]]), width=2.0)
        # Distances 5 and 3 come from ‖z‖ = 2 and 1. Densities of the distance: 2 e^-2 / 2 and e^(-1/2) / 2.
        right = [-2 - math.log(10 * math.pi), -1 / 2 - math.log(2) - math.log(6 * math.pi)]
        check(call, torch.tensor(right))

    def test_inside_the_circle(self, student):
        call = student(x=torch.tensor([[0.6, 0.0], [0.0, 0.0], [0.0, -0.3]]), width=0.1)
        cause = "No z is sent to a point this near the origin, so the density is 0 and its logarithm minus infinity."
        check(call, torch.full((3,), -math.inf), otherwise=cause)


@pytest.mark.exercise("ch01.exact_inference")
class Test_exact_inference:
    def test_worked_example(self, student):
        call = student(
            x=torch.tensor([[1.0, 1.0], [1.0, 0.0]]),
            weight=torch.full((2, 1), 2 * math.log(9)),
            bias=torch.full((2,), -math.log(9)),
            prior_logits=torch.zeros(1),
        )
        log_p, posterior = call.parts("log p(x)", "the posterior")
        check(log_p, torch.tensor([0.41, 0.09]).log())
        check(posterior, torch.tensor([[0.405 / 0.41], [0.5]]))

    def test_two_bits_and_one_pixel(self, student):
        # The bits are on with probability 3/4 and 1/2; the pixel's logit is log 3 · z_1, so it is on with probability
        # 1/2 or 3/4, whatever z_2 is. p(x = 1) = 1/4 · 1/2 + 3/4 · 3/4 = 11/16, and 9/16 of it come with z_1 = 1.
        call = student(
            x=torch.tensor([[1.0], [0.0]]),
            weight=torch.tensor([[math.log(3), 0.0]]),
            bias=torch.zeros(1),
            prior_logits=torch.tensor([math.log(3), 0.0]),
        )
        log_p, posterior = call.parts("log p(x)", "the posterior")
        check(log_p, torch.tensor([11 / 16, 5 / 16]).log())
        check(posterior, torch.tensor([[9 / 11, 1 / 2], [3 / 5, 1 / 2]]))

    def test_a_thousand_pixels(self, student):
        # A pixel is on with probability 1/2 or 3/4, and all are on: the two codes give 2^-1000 / 2 and (3/4)^1000 / 2.
        call = student(
            x=torch.ones(1, 1000),
            weight=torch.full((1000, 1), math.log(3)),
            bias=torch.zeros(1000),
            prior_logits=torch.zeros(1),
        )
        log_p, posterior = call.parts("log p(x)", "the posterior")
        cause = "A product of a thousand probabilities is 0 in floating point: add logarithms, then use logsumexp."
        check(log_p, torch.tensor([1000 * math.log(3 / 4) - math.log(2)]), otherwise=cause)
        check(posterior, torch.ones(1, 1), otherwise=cause)
