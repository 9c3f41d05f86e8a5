"""Visible checks of chapter 3. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check, check_gradients

LOG_2PI = math.log(2 * math.pi)


@pytest.mark.exercise("ch03.log_normal")
class Test_log_normal:
    def test_worked_example(self, student):
        call = student(
            x=torch.tensor([[1.0, 0.0]]),
            mean=torch.tensor([[0.0, 0.0]]),
            log_var=torch.tensor([[0.0, math.log(4)]]),
        )
        check(call, torch.tensor([-LOG_2PI - 1 / 2 - math.log(2)]))

    def test_two_data_points_of_three_dimensions(self, student):
        call = student(
            x=torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]),
            mean=torch.tensor([[0.0, 2.0, 1.0], [0.0, 0.0, 3.0]]),
            log_var=torch.log(torch.tensor([[1.0, 4.0, 2.0], [1.0, 4.0, 9.0]])),
        )
        # Squared distances over variances: 1 + 0 + 4/2 and 0 + 0 + 9/9. Products of variances: 8 and 36.
        right = [-(3 * LOG_2PI + math.log(8) + 3) / 2, -(3 * LOG_2PI + math.log(36) + 1) / 2]
        check(call, torch.tensor(right))

    def test_far_from_the_mean(self, student):
        call = student(
            x=torch.tensor([[40.0, 0.0]]), mean=torch.tensor([[0.0, 0.0]]), log_var=torch.tensor([[0.0, 0.0]])
        )
        cause = "The density is 0 in floating point here; its logarithm, -800 and a bit, is not minus infinity."
        check(call, torch.tensor([-LOG_2PI - 800]), otherwise=cause)


@pytest.mark.exercise("ch03.kl_standard_normal")
class Test_kl_standard_normal:
    def test_worked_example(self, student):
        call = student(mean=torch.tensor([[1.0, 0.0]]), log_var=torch.tensor([[0.0, math.log(4)]]))
        check(call, torch.tensor([1 / 2 + (3 - math.log(4)) / 2]))

    def test_two_data_points_of_three_dimensions(self, student):
        call = student(
            mean=torch.tensor([[0.0, 0.0, 0.0], [1.0, -2.0, 3.0]]),
            log_var=torch.log(torch.tensor([[1.0, 1.0, 1.0], [1.0, 4.0, 0.5]])),
        )
        # The first data point's posterior is the prior. Second: (1 + 4 + 9 + 1 + 4 + 1/2 - 3 - log 2)/2.
        check(call, torch.tensor([0.0, (16.5 - math.log(2)) / 2]))

    def test_gradients(self, student):
        # By hand: the gradient is mean with respect to mean, and (σ² - 1)/2 with respect to log_var.
        def oracle(mean, log_var):
            return (mean**2 / 2 + (log_var.exp() - log_var) / 2).sum(-1)

        mean, log_var = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, 1.0]])
        check_gradients(student, oracle, mean=mean, log_var=log_var)


@pytest.mark.exercise("ch03.kl_full")
class Test_kl_full:
    identity = torch.eye(2).unsqueeze(0)
    correlated = torch.tensor([[[2.0, 1.0], [1.0, 2.0]]])

    def test_worked_example(self, student):
        call = student(
            mean_0=torch.tensor([[1.0, 0.0]]),
            covariance_0=self.identity,
            mean_1=torch.tensor([[0.0, 0.0]]),
            covariance_1=self.correlated,
        )
        check(call, torch.tensor([math.log(3) / 2]))

    def test_two_data_points(self, student):
        call = student(
            mean_0=torch.tensor([[0.0, 0.0], [1.0, 2.0]]),
            covariance_0=torch.cat([self.correlated, self.correlated]),
            mean_1=torch.tensor([[0.0, 0.0], [0.0, 0.0]]),
            covariance_1=torch.cat([self.identity, self.correlated]),
        )
        # First: (trace 4 - 2 - log 3)/2. Second: only the means differ, and their squared distance is 6/3.
        check(call, torch.tensor([(2 - math.log(3)) / 2, 1.0]))

    def test_thirty_dimensions(self, student):
        mean, wide, narrow = torch.zeros(1, 30), torch.eye(30).unsqueeze(0), 1e-4 * torch.eye(30).unsqueeze(0)
        call = student(mean_0=mean, covariance_0=narrow, mean_1=mean, covariance_1=wide)
        cause = "A determinant of 1e-120 is 0 in floating point: sum the logarithms on a Cholesky factor's diagonal."
        check(call, torch.tensor([30 * (1e-4 - 1 + math.log(1e4)) / 2]), otherwise=cause)
