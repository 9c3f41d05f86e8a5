"""Visible checks of chapter 4. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check, check_gradients


def held_still(function, mean, log_var, samples, seed):
    """Draws; what the same state of the generator gives for mean = 0 and log_var = 0; how many numbers differ."""
    import torch

    def drawn(mean, log_var):
        return function(mean, log_var, samples, torch.Generator().manual_seed(seed))

    noise = drawn(torch.zeros_like(mean), torch.zeros_like(log_var))
    return {"draws": drawn(mean, log_var), "noise": noise, "different": torch.tensor(noise.unique().numel())}


def gradients_of_the_sum(function, mean, log_var, samples, seed):
    """Gradients of the sum of all draws."""
    import torch

    leaves = [mean.clone().requires_grad_(), log_var.clone().requires_grad_()]
    total = function(*leaves, samples, torch.Generator().manual_seed(seed)).sum()
    return list(torch.autograd.grad(total, leaves, allow_unused=True)) if total.requires_grad else [None, None]


@pytest.mark.exercise("ch04.reparameterize")
class Test_reparameterize:
    def test_worked_example(self, student):
        call = student.run(
            held_still, mean=torch.tensor([[1.0]]), log_var=torch.tensor([[math.log(1 / 4)]]), samples=3, seed=0
        )
        check(call.of("noise"), torch.ones(3, 1, 1), tolerance=10.0, otherwise="The noise should be standard normal.")
        # The noise of these draws is what mean = 0 and log_var = 0 give. Here σ = 1/2.
        noise = call.value["noise"]
        slips = {
            "the noise was scaled by σ²; scale it by σ": 1 + noise / 4,
            "log_var was used as σ; σ is exp(log_var / 2)": 1 - 1.3862944 * noise,
        }
        cause = "From the same state of the generator every mean and log_var should get the same noise."
        check(call.of("draws"), 1 + noise / 2, slips=lambda **_: slips, otherwise=cause)

    def test_every_number_has_its_own_noise(self, student):
        call = student.run(held_still, mean=torch.zeros(3, 2), log_var=torch.zeros(3, 2), samples=4, seed=1)
        check(call.of("noise"), torch.ones(4, 3, 2), tolerance=10.0, otherwise="The noise should be standard normal.")
        cause = "4 draws of 3 data points in 2 dimensions need 24 different numbers."
        check(call.of("different"), torch.tensor(24), otherwise=cause)

    def test_gradient_of_mean(self, student):
        # By hand: each of the five draws moves as mean does. With log_var = -100 the noise is not felt.
        def oracle(mean, log_var, samples, generator):
            return 5 * mean + 0 * log_var

        mean, log_var = torch.tensor([[1.0, -2.0]]), torch.full((1, 2), -100.0)
        check_gradients(student, oracle, gradients_of_the_sum, mean=mean, log_var=log_var, samples=5, seed=2)


def of_a_square(function, mean, log_var, eps):
    """The function's value for f(z) = z²."""
    return function(lambda z: z.square().sum(-1), mean, log_var, eps)


def of_a_step(function, mean, log_var, eps):
    """The function's value for an f that is 1 where z is positive and 0 elsewhere."""
    return function(lambda z: (z.sum(-1) > 0).to(z.dtype), mean, log_var, eps)


@pytest.mark.exercise("ch04.score_function_gradient")
class Test_score_function_gradient:
    names = ("the gradient with respect to mean", "the gradient with respect to log_var")

    def compare(self, call, right, wrong):
        """Both gradients of one number against what was found by hand, `wrong` the results of usual slips."""
        for index, part in enumerate(call.parts(*self.names)):
            slips = {slip: torch.tensor([[values[index]]]) for slip, values in wrong.items()}
            check(part, torch.tensor([[right[index]]]), slips=lambda *, found=slips, **_: found)

    def test_worked_example(self, student):
        call = student.run(
            of_a_square,
            mean=torch.tensor([[1.0]]),
            log_var=torch.tensor([[math.log(1 / 4)]]),
            eps=torch.tensor([[[-1.0]], [[0.0]], [[2.0]]]),
        )
        wrong = {
            "the sign is turned round": (-6.0, -15 / 8),
            "the draws were summed, not averaged": (18.0, 45 / 8),
            # f times score: -1/2, 0, 16 and 0, -1/2, 6
            "there is no baseline": (15.5 / 3, 5.5 / 3),
            # The mean of all three is 7/4: the differences are -3/2, -3/4, 9/4.
            "the baseline is the mean of all draws; the draw's own value does not belong in it": (4.0, 5 / 4),
            "the second gradient is with respect to log σ; log_var is log σ²": (6.0, 15 / 4),
            "the second gradient is with respect to σ, not to log_var": (6.0, 15 / 2),
        }
        self.compare(call, (6.0, 15 / 8), wrong)

    def test_a_step(self, student):
        # σ = 2, so the draws are 3, -1, 1 and f is 1, 0, 1. The others' means are 1/2, 1, 1/2: f - b is 1/2, -1, 1/2.
        call = student.run(
            of_a_step,
            mean=torch.tensor([[1.0]]),
            log_var=torch.tensor([[math.log(4)]]),
            eps=torch.tensor([[[1.0]], [[-1.0]], [[0.0]]]),
        )
        # The scores of mean are 1/2, -1/2, 0: (1/4 + 1/2 + 0)/3 = 1/4. Those of log_var 0, 0, -1/2: -1/4/3 = -1/12.
        self.compare(call, (1 / 4, -1 / 12), {"there is no baseline": (1 / 6, -1 / 6)})

    def test_data_points_do_not_mix(self, student):
        # Two data points with two draws each, σ = 1: f is 1, 0 for the first, 0, 1 for the second. For two draws the
        # differences are ±1. Scores of mean ε = 2, -2 and -1, 1; of log_var 3/2, 3/2 and 0, 0.
        call = student.run(
            of_a_step,
            mean=torch.zeros(2, 1),
            log_var=torch.zeros(2, 1),
            eps=torch.tensor([[[2.0], [-1.0]], [[-2.0], [1.0]]]),
        )
        for part, right in zip(call.parts(*self.names), ([[2.0], [1.0]], [[0.0], [0.0]]), strict=True):
            check(part, torch.tensor(right))


def parameter_gradients(function, rate, bound, uniform):
    """Gradients of the sum of all draws with respect to both parameters."""
    import torch

    leaves = [rate.clone().requires_grad_(), bound.clone().requires_grad_()]
    total = function(*leaves, uniform).sum()
    found = torch.autograd.grad(total, leaves, allow_unused=True) if total.requires_grad else [None, None]
    return [*found, None]


@pytest.mark.exercise("ch04.truncated_exponential")
class Test_truncated_exponential:
    def test_worked_example(self, student):
        call = student(
            rate=torch.tensor([1.0]), bound=torch.tensor([math.log(2)]), uniform=torch.tensor([[0.0], [0.5]])
        )
        check(call, torch.tensor([[0.0], [math.log(4 / 3)]]))

    def test_two_laws_and_three_draws(self, student):
        # First: exp(-rate·bound) = 1/4, so exp(-2z) = 1 - 3u/4. Second: exp(-rate·bound) = 1/9, so exp(-z) = 1 - 8u/9.
        call = student(
            rate=torch.tensor([2.0, 1.0]),
            bound=torch.tensor([math.log(2), math.log(9)]),
            uniform=torch.tensor([[0.0, 0.0], [2 / 3, 3 / 4], [1 / 3, 3 / 8]]),
        )
        right = [[0.0, 0.0], [math.log(2) / 2, math.log(3)], [math.log(4 / 3) / 2, math.log(3 / 2)]]
        check(call, torch.tensor(right))

    def test_nearly_uniform(self, student):
        # On a stretch as short as this the density hardly falls: the draw lies within a millionth of u·bound.
        call = student(
            rate=torch.tensor([1e-6]), bound=torch.tensor([2.0]), uniform=torch.tensor([[0.25], [0.5], [0.75]])
        )
        cause = "Differences from 1 as small as this lose their digits; torch has functions that keep them."
        check(call, torch.tensor([[0.5], [1.0], [1.5]]), otherwise=cause)

    def test_gradient_of_bound(self, student):
        # By hand, as in the task: 1/3 for u = 1/2. The derivative with respect to rate is z/rate times -1 for the
        # division, plus bound·u·exp(-rate·bound)/(1 - u/2) = log(2)/3.
        def oracle(rate, bound, uniform):
            return rate * (math.log(2) / 3 - math.log(4 / 3)) + bound / 3

        inputs = {"rate": torch.tensor([1.0]), "bound": torch.tensor([math.log(2)]), "uniform": torch.tensor([[0.5]])}
        check_gradients(student, oracle, parameter_gradients, **inputs)
