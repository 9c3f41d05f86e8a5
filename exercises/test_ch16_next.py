"""Visible checks of chapter 16. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check

LOG_2PI = math.log(2 * math.pi)


@pytest.mark.exercise("ch16.m2_bounds")
class Test_m2_bounds:
    def check(self, call, *expected):
        for part, right in zip(call.parts("the bound", "the objective"), expected, strict=True):
            check(part, torch.tensor(right))

    def test_worked_example(self, student):
        call = student(
            bounds=torch.tensor([[0.2, 0.1], [0.2, 0.1]]).log(),
            logits=torch.tensor([[2.0, 1.0], [2.0, 1.0]]).log(),
            labels=torch.tensor([-1, 1]),
            alpha=2.0,
        )
        bound = [math.log(0.3), math.log(0.1)]
        self.check(call, bound, [bound[0], bound[1] + 2 * math.log(1 / 3)])

    def test_a_classifier_that_knows_nothing(self, student):
        # Four classes, 1/4 each: the mean of -1, -2, -3, -6 and the entropy log 4. Labels 0 and 3.
        call = student(
            bounds=torch.tensor([[-1.0, -2.0, -3.0, -6.0]] * 3),
            logits=torch.full((3, 4), 7.0),
            labels=torch.tensor([0, -1, 3]),
            alpha=0.5,
        )
        known, unknown = math.log(2), -3 + math.log(4)
        self.check(call, [-1.0, unknown, -6.0], [-1 - known, unknown, -6 - known])

    def test_a_very_sure_classifier(self, student):
        # All on the first class: the entropy is 0, and the second class has log-probability -1000.
        call = student(
            bounds=torch.tensor([[-3.0, -5.0], [-3.0, -5.0]]),
            logits=torch.tensor([[500.0, -500.0], [500.0, -500.0]]),
            labels=torch.tensor([-1, 1]),
            alpha=1.0,
        )
        self.check(call, [-3.0, -5.0], [-3.0, -1005.0])


def constant_layer(layer_class, points, log_scale, shift, method):
    """One method's value for a layer that keeps one coordinate and has no weights but these biases."""
    import torch

    layer = layer_class(points.shape[1], 1, 2)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.zero_()
        layer.log_scale.bias.copy_(log_scale)
        layer.shift.bias.copy_(shift)
    return layer(points) if method == "forward" else getattr(layer, method)(points)


def bent_layer(layer_class, points):
    """What a layer of one hidden unit with weights 1 and biases 0 does: the points there and back."""
    import torch

    layer = layer_class(2, 1, 1)
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            parameter.fill_(float(name.endswith("weight")))
    moved, log_det = layer(points)
    return moved, log_det, layer.inverse(moved)


@pytest.mark.exercise("ch16.AffineCoupling")
class Test_AffineCoupling:
    def test_constant_layer(self, student):
        # Three coordinates; the second is doubled and moved by 1, the third halved and moved by -2.
        biases = {"log_scale": torch.log(torch.tensor([2.0, 0.5])), "shift": torch.tensor([1.0, -2.0])}
        points = torch.tensor([[3.0, 1.0, 4.0], [0.0, 0.0, 0.0]])
        call = student.run(constant_layer, points=points, **biases, method="forward")
        moved, log_det = call.parts("the moved points", "the log-determinant")
        there = torch.tensor([[3.0, 3.0, 0.0], [0.0, 1.0, -2.0]])
        check(moved, there)
        check(log_det, torch.tensor([0.0, 0.0]))  # log 2 + log 1/2
        check(student.run(constant_layer, points=there, **biases, method="inverse"), points)

    def test_bent_layer(self, student):
        # At a first coordinate of atanh(1/2) the log-scale and the shift are 1/2.
        points = torch.tensor([[math.atanh(1 / 2), 2.0]])
        moved, log_det, back = student.run(bent_layer, points=points).parts("forward", "the log-determinant", "inverse")
        check(moved, torch.tensor([[math.atanh(1 / 2), 2 * math.sqrt(math.e) + 1 / 2]]))
        check(log_det, torch.tensor([1 / 2]))
        check(back, points)

    def test_density(self, student):
        # The worked example: N(0, I) at (3, 1), on twice the volume.
        given = {"log_scale": torch.tensor([math.log(2)]), "shift": torch.tensor([1.0])}
        call = student.run(constant_layer, points=torch.tensor([[3.0, 3.0]]), **given, method="log_prob")
        check(call, torch.tensor([-LOG_2PI - 5 - math.log(2)]))


@pytest.mark.exercise("ch16.doubly_reparameterized")
class Test_doubly_reparameterized:
    def check(self, call, by_mean, by_log_var):
        for part, right in zip(call.parts("mean", "log_var"), (by_mean, by_log_var), strict=True):
            check(part, torch.tensor(right))

    def test_worked_example(self, student):
        zero = torch.zeros(1, 1)
        eps = torch.tensor([[[0.0]], [[1.0]]])
        call = student(x=torch.tensor([[2.0]]), mean=zero, log_var=zero, weight=torch.ones(1, 1), eps=eps)
        first = 1 / (1 + math.exp(3 / 2))
        second = 1 - first
        self.check(call, [[2 * first**2 + second**2]], [[second**2 / 2]])

    def test_one_draw(self, student):
        # With one draw the weight is 1. σ = 2, z = (3, -2); x - weight z = 4 - 1 = 3. The slope of log p(x, z) is
        # 3·(1, 1) - z = (0, 5), that of -log q is ε/σ = (1/2, -1/2). The derivatives by log_var: times σε/2 = (1, -1).
        call = student(
            x=torch.tensor([[4.0]]),
            mean=torch.tensor([[1.0, 0.0]]),
            log_var=torch.log(torch.tensor([[4.0, 4.0]])),
            weight=torch.tensor([[1.0, 1.0]]),
            eps=torch.tensor([[[1.0, -1.0]]]),
        )
        self.check(call, [[0.5, 4.5]], [[0.5, -4.5]])

    def test_no_noise_at_the_posterior(self, student):
        # For x = 2 the posterior is N(1, 1/2): log w does not depend on z.
        call = student(
            x=torch.tensor([[2.0]]),
            mean=torch.tensor([[1.0]]),
            log_var=torch.tensor([[math.log(1 / 2)]]),
            weight=torch.ones(1, 1),
            eps=torch.tensor([[[-1.0]], [[0.5]], [[2.0]]]),
        )
        self.check(call, [[0.0]], [[0.0]])
