"""Visible checks of chapter 5. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check, check_gradients

LOG_2PI = math.log(2 * math.pi)


@pytest.mark.exercise("ch05.estimators_a_b")
class Test_estimators_a_b:
    # The chapter's example by hand: x = 2, and as q the posterior, whose standard deviation is the root of 1/2.
    @staticmethod
    def example(*eps):
        return {
            "x": torch.tensor([[2.0]]),
            "mean": torch.tensor([[1.0]]),
            "log_var": torch.tensor([[-math.log(2)]]),
            "weight": torch.tensor([[1.0]]),
            "eps": torch.tensor(eps).reshape(-1, 1, 1),
        }

    evidence = -(LOG_2PI + math.log(2)) / 2 - 1
    divergence = (1 / 2 + math.log(2)) / 2

    def compare(self, call, *right):
        for part, value in zip(call.parts("estimator A", "estimator B"), right, strict=True):
            check(part, torch.tensor(value))

    def test_worked_example(self, student):
        # log p(x|z) = -log(2π)/2 - (2 - z)²/2 with 2 - z = 1 - √(1/2), so (2 - z)²/2 = 3/4 - √(1/2).
        call = student(**self.example(1.0))
        self.compare(call, [self.evidence], [-LOG_2PI / 2 - 3 / 4 + math.sqrt(1 / 2) - self.divergence])

    def test_two_draws(self, student):
        # The second has (2 - z)²/2 = 3/4 + √(1/2): in the average the root drops out.
        call = student(**self.example(1.0, -1.0))
        self.compare(call, [self.evidence], [-LOG_2PI / 2 - 3 / 4 - self.divergence])

    def test_two_data_points_in_two_dimensions(self, student):
        call = student(
            x=torch.tensor([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]),
            mean=torch.tensor([[0.0, 1.0], [0.0, 0.0]]),
            log_var=torch.log(torch.tensor([[4.0, 1.0], [1.0, 1.0]])),
            weight=torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]),
            eps=torch.tensor([[[1.0, 0.0], [1.0, -1.0]]]),
        )
        # z is (2, 1) and (1, -1); weight z is (2, 1, 3) and (1, -1, 0). Squared distances from x: 1 + 1 + 9, 1 + 4 + 1.
        # Squared lengths of z: 5 and 2. Of eps: 1 and 2. Divergences: (3 - log 4)/2 + 1/2, and 0.
        likelihoods = [-(3 * LOG_2PI + 11) / 2, -(3 * LOG_2PI + 6) / 2]
        ratios = [-(2 * LOG_2PI + 5) / 2 + (2 * LOG_2PI + math.log(4) + 1) / 2, 0.0]
        a = [likelihood + ratio for likelihood, ratio in zip(likelihoods, ratios, strict=True)]
        self.compare(call, a, [likelihoods[0] - 2 + math.log(2), likelihoods[1]])

    def test_gradient_of_mean(self, student):
        # By hand, for eps = 1: that of A is (x - 2m) - 2s, that of B is (x - 2m) - s, where x = 2, m = 1, s² = 1/2.
        def oracle(x, mean, log_var, weight, eps):
            return (0 * (x + log_var + weight + eps) - 3 * math.sqrt(1 / 2) * mean).sum(-1)

        check_gradients(student, oracle, gradient_of_mean, **self.example(1.0))


def gradient_of_mean(function, x, mean, log_var, weight, eps):
    """The gradient of A + B with respect to mean."""
    import torch

    leaf = mean.clone().requires_grad_()
    value = function(x, leaf, log_var, weight, eps)
    total = value[0].sum() + value[1].sum() if isinstance(value, tuple) else value.sum()
    found = torch.autograd.grad(total, [leaf])[0] if total.requires_grad else None
    return [None, found, None, None, None]


@pytest.mark.exercise("ch05.minibatch_bound")
class Test_minibatch_bound:
    def compare(self, call, *right):
        for part, value in zip(call.parts("the bound", "the variance"), right, strict=True):
            check(part, torch.tensor(value))

    def test_worked_example(self, student):
        self.compare(student(values=torch.tensor([[1.0, 5.0], [3.0, 9.0]]), n=4), 18.0, 60.0)

    def test_the_whole_data_set(self, student):
        # No data point is left out: 2·2·(v/(2·2)) with v = 5 is left of the variance, and n = 2.
        self.compare(student(values=torch.tensor([[1.0, 5.0], [3.0, 9.0]]), n=2), 9.0, 5.0)

    def test_points_with_equal_averages(self, student):
        # Averages 2, 2, 2; sample variances 1, 0, 4, so v = 5/3 and S² = 0 - 5/9. The mean over the minibatch has
        # the variance (1/3 - 1/12)·(-5/9) + 5/27 = -5/36 + 5/27 = 5/108, the bound 144 times as much.
        values = torch.tensor([[1.0, 2.0, 0.0], [2.0, 2.0, 2.0], [3.0, 2.0, 4.0]])
        self.compare(student(values=values, n=12), 24.0, 20 / 3)


def from_the_posterior(student, x, eps):
    """One gradient step from the worked example's q, for data points x and one noise for each."""
    inputs = {"x": torch.tensor(x).reshape(-1, 1), "n": 3, "eps": torch.tensor(eps).reshape(1, -1, 1)}
    q = {"mean": torch.tensor([1.0]), "log_var": torch.tensor([-math.log(2)])}
    return student.run(gradient_steps, **inputs, **q, count=1)


def gradient_steps(function, x, n, eps, mean, log_var, count):
    """Gradient steps of size 0.1 for q's mean and log_var, the same for all data points; x | z ~ N(sum of z, 1)."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.mean, self.log_var = torch.nn.Parameter(mean.clone()), torch.nn.Parameter(log_var.clone())

        def encode(self, x):
            return self.mean.expand(len(x), -1), self.log_var.expand(len(x), -1)

        def log_likelihood(self, x, z):
            return torch.distributions.Normal(z.sum(-1, keepdim=True), 1.0).log_prob(x).sum(-1)

    model = Model()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    bounds = [function(model, optimizer, x, n, eps) for _ in range(count)]
    return {"bound": bounds[0], "mean": model.mean.detach(), "log_var": model.log_var.detach()}


@pytest.mark.exercise("ch05.mended_training_step")
class Test_mended_training_step:
    def compare(self, call, key, right, wrong, part=""):
        """One result against what was found by hand, `wrong` the results of usual slips."""
        slips = {slip: torch.tensor(value) for slip, value in wrong.items()}
        check(call.of(key, part), torch.tensor(right), slips=lambda **_: slips)

    def test_worked_example(self, student):
        call = from_the_posterior(student, x=[2.0], eps=[1.0])
        # By hand: log p(x|z) is as in estimators_a_b, 2 - z = 1 - √(1/2); with σ² for σ it is 1/2.
        divergence = (1 / 2 + math.log(2)) / 2
        right = 3 * (-LOG_2PI / 2 - 3 / 4 + math.sqrt(1 / 2) - divergence)
        wrong = {"the noise is scaled by σ², not by σ": 3 * (-LOG_2PI / 2 - 1 / 8 - divergence)}
        self.compare(call, "bound", right, wrong)
        wrong = {
            "the step goes downhill": [1 + 0.3 * math.sqrt(1 / 2)],
            "the noise is scaled by σ², not by σ": [0.85],
            "no gradient passes through z": [0.7],
            "the noise is scaled by σ², and the step goes downhill": [1.15],
            "no gradient passes through z, and the step goes downhill": [1.3],
        }
        self.compare(call, "mean", [1 - 0.3 * math.sqrt(1 / 2)], wrong, "the encoder's mean")
        # The derivative with respect to log_var is (2 - z)·σ/2 - (σ² - 1)/2 = (√(1/2) - 1/2)/2 + 1/4 = √2/4.
        self.compare(call, "log_var", [0.3 * math.sqrt(2) / 4 - math.log(2)], {}, "the encoder's log_var")

    def test_a_minibatch_of_two(self, student):
        # The second data point mirrors the first: z = 1 - √(1/2) from eps = -1, and x = 0. Its derivative with respect
        # to the mean is -z - 1, so the two add up to -√(1/2) - 2 + √(1/2) = -2.
        call = from_the_posterior(student, x=[2.0, 0.0], eps=[1.0, -1.0])
        wrong = {
            "the sum over the minibatch is scaled by n, not by n/M": [0.4],
            "the step follows a mean over the minibatch, not n/M times its sum": [0.9],
            "the sum over the minibatch is not scaled": [0.8],
            "n/M is upside down": [1 - 0.4 / 3],
            "the step goes downhill": [1.3],
        }
        self.compare(call, "mean", [0.7], wrong, "the encoder's mean")

    def test_two_steps_in_two_dimensions(self, student):
        # With eps = 0 the derivative with respect to each mean is x - (the sum of both) - itself: 2 at (0, 0), where
        # it leads to 0.2; then 2 - 0.4 - 0.2 = 1.4. The variances are 1, and the divergence keeps them there.
        x, eps, zeros = torch.tensor([[2.0]]), torch.zeros(1, 1, 2), torch.zeros(2)
        call = student.run(gradient_steps, x=x, n=1, eps=eps, mean=zeros, log_var=zeros, count=2)
        wrong = {
            "gradients of earlier steps are still there": [0.54, 0.54],
            "the divergence is averaged over the latent dimensions": [0.35, 0.35],
            "no gradient passes through z": [0.0, 0.0],
            "the step goes downhill": [-0.46, -0.46],
        }
        self.compare(call, "mean", [0.34, 0.34], wrong, "the encoder's mean")
