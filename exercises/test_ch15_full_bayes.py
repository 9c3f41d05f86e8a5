"""Visible checks of chapter 15. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check

LOG_2PI = math.log(2 * math.pi)


def row(*numbers):
    return torch.tensor([numbers])


@pytest.mark.exercise("ch15.evidence_and_bound")
class Test_evidence_and_bound:
    def check(self, student, x, numbers, evidence, bound):
        names = ("slope", "noise_var", "mean", "log_var")
        call = student(x=torch.tensor(x), **dict(zip(names, map(torch.tensor, numbers), strict=True)))
        for part, right in zip(call.parts("the evidence", "the bound"), (evidence, bound), strict=True):
            check(part, torch.tensor(right))

    def test_worked_example(self, student):
        evidence, bound = -LOG_2PI - math.log(8) / 2 - 1.5, -LOG_2PI - math.log(2) - 3
        self.check(student, [1.0, 3.0], [1.0, 1.0, 0.0, 0.0], evidence, bound)

    def test_the_posterior_as_guess(self, student):
        # The same data; the posterior of θ is N(1, 1/2), and its bound is the evidence.
        evidence = -LOG_2PI - math.log(8) / 2 - 1.5
        self.check(student, [1.0, 3.0], [1.0, 1.0, 1.0, math.log(1 / 2)], evidence, evidence)

    def test_one_number(self, student):
        # Given θ, x is N(θ, 2² + 1 = 5); without it N(0, 6). Under the guess (x - θ)² is 16 + 4 on average, and the
        # guess costs (1 + 4 - 1 - log 4)/2.
        bound = -(LOG_2PI + math.log(5) + 4) / 2 - (4 - math.log(4)) / 2
        self.check(student, [3.0], [2.0, 1.0, -1.0, math.log(4)], -(LOG_2PI + math.log(6) + 1.5) / 2, bound)


@pytest.mark.exercise("ch15.full_vb_estimate")
class Test_full_vb_estimate:
    def test_worked_example(self, student):
        # log p(x|z) is -(log 2π + 9/4)/2; the divergences are (1/2 + log 2)/2 and (1/4 + log 4)/2.
        latent = -(LOG_2PI + 9 / 4) / 2 - (1 / 2 + math.log(2)) / 2
        call = student(
            x=row(3.0),
            mean=row(1.0),
            log_var=row(math.log(1 / 2)),
            weight_mean=row(1.0),
            weight_log_var=row(math.log(1 / 4)),
            n=2,
            eps=row([0.0]),
            zeta=row([1.0]),
        )
        check(call, torch.tensor(2 * latent - (1 / 4 + math.log(4)) / 2))

    def test_guesses_that_are_the_priors(self, student):
        # Nothing is paid for. A minibatch of two stands for six. First draw: θ = (1, 0), and z = 1 and 2 are
        # decoded as (1, 0) and (2, 0). Second: θ = (0, 2), z = 0 and 1 as (0, 0) and (0, 2). Squared distances from x:
        # 0 and 5, 1 and 1.
        call = student(
            x=torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
            mean=torch.zeros(2, 1),
            log_var=torch.zeros(2, 1),
            weight_mean=torch.zeros(2, 1),
            weight_log_var=torch.zeros(2, 1),
            n=6,
            eps=torch.tensor([[[1.0], [2.0]], [[0.0], [1.0]]]),
            zeta=torch.tensor([[[1.0], [0.0]], [[0.0], [2.0]]]),
        )
        check(call, torch.tensor(-6 * LOG_2PI - 3 * (0 + 5 + 1 + 1) / 4))

    def test_the_weights_are_paid_for_once(self, student):
        # Nothing to decode, z = 0 and x = 0, and z at its prior; four weights with mean 1 and σ² = 1 cost 1/2 each.
        call = student(
            x=torch.zeros(3, 2),
            mean=torch.zeros(3, 2),
            log_var=torch.zeros(3, 2),
            weight_mean=torch.ones(2, 2),
            weight_log_var=torch.zeros(2, 2),
            n=30,
            eps=torch.zeros(1, 3, 2),
            zeta=torch.zeros(1, 2, 2),
        )
        check(call, torch.tensor(-30 * LOG_2PI - 2))


def forward(layer_class, mean, log_var, bias, x, zeta):
    """Outputs of a layer with these parameters, with one draw of the weights."""
    import torch

    layer = layer_class(mean.shape[1], mean.shape[0], 0.0)
    with torch.no_grad():
        for name, value in (("mean", mean), ("log_var", log_var), ("bias", bias)):
            getattr(layer, name).copy_(value)
    return layer(x, zeta)


def local(layer_class, mean, log_var, bias, x, eps):
    """Outputs of a layer with these parameters, drawn with their own mean and variance."""
    import torch

    layer = layer_class(mean.shape[1], mean.shape[0], 0.0)
    with torch.no_grad():
        for name, value in (("mean", mean), ("log_var", log_var), ("bias", bias)):
            getattr(layer, name).copy_(value)
    return layer.local(x, eps)


def new_divergence(layer_class, inputs, outputs, log_var):
    """The divergence of a new layer."""
    return layer_class(inputs, outputs, log_var).kl()


@pytest.mark.exercise("ch15.BayesianLinear")
class Test_BayesianLinear:
    @staticmethod
    def weights():
        """The second output's weights have mean 0, σ = 3 and 1."""
        variances = torch.tensor([[4.0, 1.0], [9.0, 1.0]])
        mean, bias = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([1.0, -1.0])
        return {"mean": mean, "log_var": variances.log(), "bias": bias}

    def test_one_draw_of_the_weights(self, student):
        # The weights are (2, 3) and (-3, 2).
        zeta = torch.tensor([[0.5, 1.0], [-1.0, 2.0]])
        call = student.run(forward, **self.weights(), x=torch.tensor([[1.0, -1.0], [0.0, 2.0], [0.0, 0.0]]), zeta=zeta)
        check(call, torch.tensor([[0.0, -6.0], [7.0, 3.0], [1.0, -1.0]]))

    def test_local_draws(self, student):
        # Means (0, -1) and (5, -1); variances (4 + 1, 9 + 1) and (4·0 + 4, 9·0 + 4).
        eps = torch.tensor([[1.0, -1.0], [0.5, 2.0]])
        call = student.run(local, **self.weights(), x=torch.tensor([[1.0, -1.0], [0.0, 2.0]]), eps=eps)
        check(call, torch.tensor([[math.sqrt(5), -1 - math.sqrt(10)], [6.0, 3.0]]))

    def test_divergence_of_a_new_layer(self, student):
        # Each of six weights with mean 0 and σ² = 1/e costs (1/e - 1 + 1)/2.
        check(student.run(new_divergence, inputs=3, outputs=2, log_var=-1.0), torch.tensor(3 / math.e))
