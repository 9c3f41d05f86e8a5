"""Visible checks of chapter 12. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch
from sklearn.datasets import load_digits

from vae_edu.course.compare import check, check_that

LOG_2PI = math.log(2 * math.pi)


def one_number_each(function, x, eps, dreamed_z, dream_noise, gain, slope):
    """Both phases for q(z|x) = N(gain x, 1) and p(x|z) = N(slope z, 1), and the gradients of their sums."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.gain = torch.nn.Parameter(torch.tensor(gain))
            self.slope = torch.nn.Parameter(torch.tensor(slope))

        def encode(self, x):
            return self.gain * x, 0 * x

        def decode(self, z):
            return self.slope * z, 0 * z

    def gradient(value, weight):
        total = value.sum()
        came = torch.autograd.grad(total, weight, retain_graph=True, allow_unused=True) if total.requires_grad else ()
        return next((g for g in came if g is not None), torch.zeros(()))

    model = Model()
    wake, sleep = function(model, x, eps, dreamed_z, dream_noise)
    return {
        "wake": wake.detach(),
        "sleep": sleep.detach(),
        "wake to decoder": gradient(wake, model.slope),
        "wake to encoder": gradient(wake, model.gain),
        "sleep to decoder": gradient(sleep, model.slope),
        "sleep to encoder": gradient(sleep, model.gain),
    }


EXAMPLE = {
    "x": torch.tensor([[2.0]]),
    "eps": torch.tensor([[1.0]]),
    "dreamed_z": torch.tensor([[1.0]]),
    "dream_noise": torch.tensor([[2.0]]),
    "gain": 0.5,
    "slope": 2.0,
}


@pytest.mark.exercise("ch12.wake_and_sleep")
class Test_wake_and_sleep:
    def test_worked_example(self, student):
        call = student.run(one_number_each, **EXAMPLE)
        check(call.of("wake", "the wake phase"), torch.tensor([-LOG_2PI - 2 - 2]))
        check(call.of("sleep", "the sleep phase"), torch.tensor([-LOG_2PI / 2 - 1 / 2]))

    def test_each_phase_teaches_one_network(self, student):
        # Awake the derivative with respect to the slope is (x - slope·z)·z = (2 - 4)·2. Asleep that with respect to the
        # gain is (z - gain·x)·x = (1 - 2)·4.
        call = student.run(one_number_each, **EXAMPLE)
        cause = "Awake z is a plain number for the encoder, asleep the dream is one for the decoder."
        right = {"wake to decoder": -4.0, "wake to encoder": 0.0, "sleep to decoder": 0.0, "sleep to encoder": -4.0}
        for key, value in right.items():
            check(call.of(key, f"the gradient of {key}"), torch.tensor(value), otherwise=cause)

    def test_two_data_points_and_one_dream(self, student):
        inputs = {"x": torch.tensor([[0.0], [4.0]]), "eps": torch.tensor([[1.0], [-1.0]])}
        call = student.run(one_number_each, **{**EXAMPLE, **inputs})
        # z is 1 for both; the decoder says 2, so the squared distances are 4 twice.
        check(call.of("wake", "the wake phase"), torch.tensor([-LOG_2PI - 5 / 2, -LOG_2PI - 5 / 2]))
        check(call.of("sleep", "the sleep phase"), torch.tensor([-LOG_2PI / 2 - 1 / 2]))


@pytest.mark.exercise("ch12.three_pulls")
class Test_three_pulls:
    names = ("the posterior", "the bound's guess", "the sleep phase's guess")

    def compare(self, call, *right):
        for part, value in zip(call.parts(*self.names), right, strict=True):
            check(part, torch.tensor(value))

    def test_worked_example(self, student):
        call = student(x=torch.tensor([[3.0]]), weight=torch.tensor([[1.0, 1.0]]), noise_var=1.0)
        self.compare(call, [[2 / 3, 2 / 3]], [[1 / 2, 1 / 2]], [[1 / 3, 1 / 3]])

    def test_one_latent(self, student):
        # With one latent every posterior is diagonal. Here its variance is 1/2 and its mean x/2, so that the average of
        # (x - z)·z is -1/2 for x = 0 and 4·2 - 4 - 1/2 = 7/2 for x = 4.
        call = student(x=torch.tensor([[0.0], [4.0]]), weight=torch.tensor([[1.0]]), noise_var=1.0)
        self.compare(call, [[1.5]], [[1.5]], [[1.5]])

    def test_columns_at_right_angles(self, student):
        # The two latents do not meet in any pixel, so their posterior is diagonal. First: precision 1 + 1/(1/2) = 3,
        # mean 2·x/3 = 2; the average of (x - z)·z/(1/2) is 2·(3·2 - 4 - 1/3) = 10/3. Second, with weight 2: precision
        # 1 + 4·2 = 9, mean 4·x/9 = 4; the average is 2·(9·4 - 2·(16 + 1/9)) = 68/9. Where a pixel meets
        # the other latent: 2·(3·4 - 2·4) = 8, and 2·(9·2 - 2·4·2) = 4.
        call = student(x=torch.tensor([[3.0, 9.0]]), weight=torch.tensor([[1.0, 0.0], [0.0, 2.0]]), noise_var=0.5)
        right = [[10 / 3, 8.0], [4.0, 68 / 9]]
        self.compare(call, right, right, right)


def learned(function, x, seed):
    """The weights that one call learns."""
    import torch

    weights = function(x, torch.Generator().manual_seed(seed))
    return {name: weight.detach() for name, weight in weights.items()}


def mean_log_p(x, prior, weight, bias):
    """Mean log p(x), every code added up."""
    z = (torch.arange(2 ** len(prior)).unsqueeze(1) >> torch.arange(len(prior)) & 1).to(x.dtype)
    bits = torch.distributions.Bernoulli(logits=prior).log_prob(z).sum(-1)
    pixels = torch.distributions.Bernoulli(logits=z @ weight.mT + bias).log_prob(x.unsqueeze(1)).sum(-1)
    return (bits + pixels).logsumexp(-1).mean().item()


@pytest.mark.exercise("ch12.learn_binary_codes")
class Test_learn_binary_codes:
    def log_p(self, student, x, others):
        call = student.run(learned, x=x, seed=0)
        shapes = {"prior": (8,), "weight": (x.shape[1], 8), "bias": (x.shape[1],)}
        encoder = {"encoder_weight": (8, x.shape[1]), "encoder_bias": (8,)}
        for name, shape in (shapes | encoder).items():
            value = call.value.get(name)
            fits = isinstance(value, torch.Tensor) and tuple(value.shape) == shape
            check_that(call, fits, f"the dictionary should hold {name}, a tensor of the shape {shape}.")
        return call, mean_log_p(others, *(call.value[name].to(x.dtype) for name in shapes))

    def test_two_pictures(self, student):
        # Half of the data are one picture and half its negative: one bit is enough, and log p(x) = -log 2 = -0.7 at
        # best. Without a bit that says which, every pixel is a fair coin: -16 log 2 = -11.1.
        picture = torch.tensor([1.0, 0.0] * 8)
        x = torch.stack([picture, 1 - picture]).repeat(200, 1)
        call, value = self.log_p(student, x, x[:2])
        what = f"mean log p(x) is {value:.1f} nats; above -3 no pixel is left to chance. Do the bits say which picture?"
        check_that(call, value > -3, what)

    def test_digits(self, student):
        x = (torch.tensor(load_digits().data) >= 8).float()
        call, value = self.log_p(student, x[:1000], x[1000:])
        what = f"mean log p(x) of digits that were not given is {value:.1f} nats; it should be above -22.5 on these."
        check_that(call, value > -22.5, what)
