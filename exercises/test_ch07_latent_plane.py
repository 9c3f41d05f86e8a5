"""Visible checks of chapter 7. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check


@pytest.mark.exercise("ch07.quantile_grid")
class Test_quantile_grid:
    def test_worked_example(self, student):
        a = 0.6744898
        check(student(side=2), torch.tensor([[[-a, a], [a, a]], [[-a, -a], [a, -a]]]))

    def test_nine_cells(self, student):
        # The middles are 1/6, 1/2 and 5/6; a table of the distribution function gives -0.9674, 0 and 0.9674.
        a = 0.9674216
        upper, middle, lower = ([[z1, z2] for z1 in (-a, 0.0, a)] for z2 in (a, 0.0, -a))
        check(student(side=3), torch.tensor([upper, middle, lower]))

    def test_one_cell(self, student):
        check(student(side=1), torch.zeros(1, 1, 2))


@pytest.mark.exercise("ch07.log_density_ratio")
class Test_log_density_ratio:
    def test_worked_example(self, student):
        call = student(z=torch.zeros(1, 1), mean=torch.tensor([[0.0], [2.0]]), log_var=torch.zeros(2, 1))
        check(call, torch.tensor([math.log((1 + math.exp(-2)) / 2)]))

    def test_one_image_in_the_plane(self, student):
        # σ is 1/2 and 2: at the mean q is 1/(2π), as the prior at 0, whose density is exp(-1/2) of that at (1, 0). At
        # (1, 4) the squared distance over σ² is 0 + 16/4, that from the origin 1 + 16.
        call = student(
            z=torch.tensor([[1.0, 0.0], [1.0, 4.0]]),
            mean=torch.tensor([[1.0, 0.0]]),
            log_var=torch.tensor([[-math.log(4), math.log(4)]]),
        )
        check(call, torch.tensor([0.5, 6.5]))

    def test_far_from_all_images(self, student):
        # The nearer image is (40/(1/2))²/2 = 3200 nats away, the prior 1250; the other image adds nothing at all.
        call = student(
            z=torch.tensor([[50.0]]), mean=torch.tensor([[10.0], [-10.0]]), log_var=torch.full((2, 1), -math.log(4))
        )
        cause = "Both densities are 0 in floating point here; their logarithms are not minus infinity."
        check(call, torch.tensor([1250 - 3200 + math.log(2) - math.log(2)]), otherwise=cause)


def one_layer(posterior_log_var, z, weight, bias):
    """The value for a decoder whose logits are weight @ z + bias."""
    import torch

    decode = torch.nn.Linear(*weight.shape[::-1])
    decode.load_state_dict({"weight": weight, "bias": bias})
    return posterior_log_var(decode, z)


@pytest.mark.exercise("ch07.posterior_log_var")
class Test_posterior_log_var:
    @staticmethod
    def run(student, z, weight, bias):
        return student.run(one_layer, z=torch.tensor(z), weight=torch.tensor(weight), bias=torch.tensor(bias))

    def test_worked_example(self, student):
        call = self.run(student, [[0.0, 0.0]], [[4.0, 0.0], [1.0, 1.0]], [0.0, 0.0])
        cause = "With p(1 - p) = 1/4 for both pixels F is [[17, 1], [1, 1]]/4, and the variances are 1/(1 + F_jj)."
        check(call, torch.tensor([[-math.log(21 / 4), -math.log(5 / 4)]]), otherwise=cause)

    def test_two_points(self, student):
        # At z = 0 the three pixels have p = 1/2, at z = log 3 they have 3/4, 1/2 and 1/4: p(1 - p) is 3/16, 1/4, 3/16.
        # The squared derivatives are 1, 0 and 1.
        call = self.run(student, [[0.0], [math.log(3)]], [[1.0], [0.0], [-1.0]], [0.0, 0.0, 0.0])
        check(call, torch.tensor([[-math.log(3 / 2)], [-math.log(11 / 8)]]))

    def test_saturated_pixels(self, student):
        # All pixels are sure, so no step of z moves the picture: the posterior may be as wide as the prior.
        call = self.run(student, [[0.0, 1.0]], [[3.0, 2.0], [1.0, -1.0]], [400.0, -400.0])
        cause = "A pixel with p = 0 or p = 1 adds 0 to F: multiply by p(1 - p), never divide by it."
        check(call, torch.zeros(1, 2), otherwise=cause)
