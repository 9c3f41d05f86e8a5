"""Visible checks of chapter 8. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check


def encoded(function, x, weight, bias, log_var, batch_size, threshold):
    """The function's value for the encoder mean = x·weightᵀ + bias, with one log_var for all pictures."""

    def encode(pictures):
        if len(pictures) > batch_size:
            raise ValueError(f"encode got {len(pictures)} pictures; at most {batch_size} fit into memory.")
        mean = pictures @ weight.mT + bias
        return mean, log_var.expand_as(mean)

    return function(encode, x, batch_size, threshold)


@pytest.mark.exercise("ch08.mended_active_units")
class Test_mended_active_units:
    def test_worked_example(self, student):
        call = student.run(
            encoded,
            x=torch.tensor([[0.0], [2.0], [4.0]]),
            weight=torch.tensor([[1.0], [0.0]]),
            bias=torch.tensor([0.0, 5.0]),
            log_var=torch.log(torch.tensor([0.01, 1.0])),
            batch_size=3,
            threshold=0.01,
        )
        activity, active = call.parts("the activities", "the active latents")
        check(activity, torch.tensor([8 / 3, 0.0]), otherwise="What is the same for every picture has the activity 0.")
        check(active, torch.tensor([True, False]))

    def test_sorted_pictures_two_at_a_time(self, student):
        call = student.run(
            encoded,
            x=torch.tensor([[1.0, 3.0], [1.0, 5.0], [7.0, 5.0], [7.0, 3.0], [4.0, 4.0]]),
            weight=torch.tensor([[1.0, 0.0], [0.0, 0.5]]),
            bias=torch.tensor([0.0, 0.0]),
            log_var=torch.tensor([0.0, 0.0]),
            batch_size=2,
            threshold=0.5,
        )
        # Means of the first latent: 1, 1, 7, 7, 4, around 4. Of the second: 1.5, 2.5, 2.5, 1.5, 2, around 2.
        activity, active = call.parts("the activities", "the active latents")
        cause = "The first latent is the same within each minibatch, and differs between them: that counts too."
        check(activity, torch.tensor([36 / 5, 1 / 5]), otherwise=cause)
        check(active, torch.tensor([True, False]))


@pytest.mark.exercise("ch08.road")
class Test_road:
    def test_worked_example(self, student):
        call = student(
            mean=torch.tensor([[[2.0, 4.0]], [[-4.5, 3.0]]]),
            log_var=torch.tensor([[[0.0, 0.0]], [[math.log(0.25), math.log(0.25)]]]),
            eps=torch.tensor([[1.0, 0.0]]),
            t=torch.tensor([0.0, 0.5, 1.0]),
        )
        half = math.sqrt(0.5)
        check(call, torch.tensor([[[3.0, 4.0]], [[-half, 7 * half]], [[-4.0, 3.0]]]))

    def test_ends_of_two_lengths(self, student):
        call = student(
            mean=torch.tensor([[[1.0, 0.0, 0.0]], [[1.0, 0.0, math.sqrt(3.0)]]]),
            log_var=torch.zeros(2, 1, 3),
            eps=torch.zeros(1, 3),
            t=torch.tensor([0.5]),
        )
        # The second end is at 60° to the first and twice as long. Both weights are sin 30°/sin 60° = 1/√3.
        check(call, torch.tensor([[[2 / math.sqrt(3), 0.0, 1.0]]]))

    def test_from_a_picture_to_itself(self, student):
        call = student(
            mean=torch.tensor([[[0.3, 0.5, 0.7], [1.0, 2.0, 2.0]], [[0.3, 0.5, 0.7], [1.0, 2.0, 2.0]]]),
            log_var=torch.zeros(2, 2, 3),
            eps=torch.tensor([[0.1, 0.1, 0.1], [0.0, 0.0, 0.0]]),
            t=torch.tensor([0.25, 1.0]),
        )
        # Both ends of each road are one point, and the road stays there.
        stays = torch.tensor([[0.4, 0.6, 0.8], [1.0, 2.0, 2.0]])
        cause = "Here the angle is 0, and the weights of the two ends tend to 1 - t and t."
        check(call, torch.stack([stays, stays]), otherwise=cause)


def squares(function, start, end, stops):
    """The function's value for pictures of one pixel, the square of the first latent."""
    return function(lambda z: z[:, :1] ** 2, start, end, stops)


def two_pixels(function, start, end, stops):
    """The same for two pixels, of which one moves in the first half of the road, the other in the second."""
    import torch

    def decode(z):
        return torch.cat([3 * z.clamp(max=0), 4 * z.clamp(min=0)], dim=1)

    return function(decode, start, end, stops)


@pytest.mark.exercise("ch08.equal_steps")
class Test_equal_steps:
    def test_worked_example(self, student):
        call = student.run(squares, start=torch.tensor([0.0]), end=torch.tensor([2.0]), stops=3)
        check(call, torch.tensor([0.0, math.sqrt(0.5), 1.0]), tolerance=1e-3)

    def test_a_picture_that_comes_back(self, student):
        call = student.run(squares, start=torch.tensor([-1.0]), end=torch.tensor([1.0]), stops=5)
        quarter = (1 - math.sqrt(0.5)) / 2
        cause = "The first and the last picture are equal, and still the picture travels: add up many small distances."
        check(call, torch.tensor([0.0, quarter, 0.5, 1 - quarter, 1.0]), otherwise=cause, tolerance=1e-3)

    def test_two_speeds(self, student):
        call = student.run(two_pixels, start=torch.tensor([-1.0]), end=torch.tensor([1.0]), stops=3)
        # The picture travels 3 by the time 1/2 and 4 after it; half of 7 is there 1/8 of the second half later.
        check(call, torch.tensor([0.0, 0.5 + 0.5 / 8, 1.0]), tolerance=1e-3)

    def test_a_picture_that_stands_still(self, student):
        call = student.run(squares, start=torch.tensor([0.0, 1.0]), end=torch.tensor([0.0, 8.0]), stops=5)
        check(call, torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0]), tolerance=1e-3)
