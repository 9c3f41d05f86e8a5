"""Visible checks of chapter 14. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from vae_edu.bounds import elbo
from vae_edu.course.compare import check
from vae_edu.course.findings import Category, Finding
from vae_edu.models import mlp_cvae

LOG_2PI = math.log(2 * math.pi)


@pytest.mark.exercise("ch14.best_regressor")
class Test_best_regressor:
    def compare(self, call, answer, price, otherwise=""):
        came = call.parts("the answer", "the price")
        check(came[0], torch.tensor(answer), otherwise=otherwise)
        check(came[1], torch.tensor(price), otherwise=otherwise)

    def test_worked_example(self, student):
        call = student(
            pictures=torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
            probs=torch.tensor([[0.5, 0.5], [0.0, 1.0]]),
        )
        cause = "What is certain costs nothing: 0 log 0 is 0."
        self.compare(call, [[0.5, 0.5], [0.0, 1.0]], [math.log(2), 0.0], cause)

    def test_three_pictures_of_one_lit_pixel(self, student):
        call = student(pictures=torch.eye(3), probs=torch.tensor([[1 / 2, 1 / 4, 1 / 4]]))
        # In units of log 2: the picture has the entropy 1/2 + 2/4 + 2/4 = 3/2. The first pixel's is 1, and those of the
        # others 1/4·2 + 3/4·(2 - log 3/log 2), each.
        price = (1 + 2 * (0.5 + 1.5) - 1.5) * math.log(2) - 1.5 * math.log(3)
        self.compare(call, [[1 / 2, 1 / 4, 1 / 4]], [price])

    def test_pixels_that_know_nothing_of_each_other(self, student):
        # The first is 1 with probability 1/2, the second with 1/4, whatever the first is: nothing to win back.
        call = student(
            pictures=torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
            probs=torch.tensor([[3 / 8, 1 / 8, 3 / 8, 1 / 8]]),
        )
        self.compare(call, [[1 / 2, 1 / 4]], [0.0])


def shapes(CVAE, conditions, targets, hidden, latent):
    """The names of a module's parameters, each with its shape."""
    model = CVAE(conditions, targets, hidden, latent, 1.0)
    return {name: str(tuple(weight.shape)) for name, weight in model.named_parameters()}


def with_weights(CVAE, method, weights, sigma, *inputs):
    """What a method returns when the layers have the given weights."""
    hidden, conditions = weights["encoder_c.weight"].shape
    latent, targets = len(weights["encoder_mean.weight"]), len(weights["decoder_mean.weight"])
    model = CVAE(conditions, targets, hidden, latent, sigma)
    model.load_state_dict(weights)
    return {method: getattr(model, method)(*inputs)}


SHAPES = {
    "encoder_y.weight": (4, 5),
    "encoder_y.bias": (4,),
    "encoder_c.weight": (4, 2),
    "encoder_mean.weight": (3, 4),
    "encoder_mean.bias": (3,),
    "encoder_log_var.weight": (3, 4),
    "encoder_log_var.bias": (3,),
    "decoder_z.weight": (4, 3),
    "decoder_z.bias": (4,),
    "decoder_c.weight": (4, 2),
    "decoder_mean.weight": (5, 4),
    "decoder_mean.bias": (5,),
}


@pytest.mark.exercise("ch14.CVAE")
class Test_CVAE:
    @staticmethod
    def weights(**changed):
        """One unit everywhere: every weight 0 but the ones named, with _ for the dot."""
        state = {name: torch.zeros([1] * len(shape)) for name, shape in SHAPES.items()}
        return state | {
            name.replace("_weight", ".weight").replace("_bias", ".bias"): torch.full_like(
                state[name.replace("_weight", ".weight").replace("_bias", ".bias")], value
            )
            for name, value in changed.items()
        }

    def test_parameters(self, student):
        call = student.run(shapes, conditions=2, targets=5, hidden=4, latent=3)
        wanted = {name: str(shape) for name, shape in SHAPES.items()}
        for name in wanted | call.value:
            has, should = call.value.get(name, "nothing"), wanted.get(name, "nothing")
            if has != should:
                what = f"CVAE(2, 5, 4, 3, 1.0) has {has} for {name}; the task says {should}."
                raise Finding(Category.WRONG_TYPE, what)

    def test_encode(self, student):
        # The hidden unit is tanh(log 3 · 1 - (log 3)/2 · 1) = tanh((log 3)/2) = 1/2.
        weights = self.weights(
            encoder_y_weight=math.log(3),
            encoder_c_weight=-math.log(3) / 2,
            encoder_mean_weight=2.0,
            encoder_mean_bias=1.0,
            encoder_log_var_weight=-1.0,
        )
        inputs = {"y": torch.tensor([[1.0]]), "c": torch.tensor([[1.0]])}
        call = student.run(with_weights, method="encode", weights=weights, sigma=1.0, **inputs)
        mean, log_var = call.of("encode").parts("mean", "log_var")
        cause = "Both y and c have to reach the hidden units, through encoder_y and encoder_c."
        check(mean, torch.tensor([[2.0]]), otherwise=cause)
        check(log_var, torch.tensor([[-0.5]]), otherwise=cause)

    def test_worked_example(self, student):
        weights = self.weights(
            encoder_mean_bias=0.6,
            encoder_log_var_bias=math.log(0.25),
            decoder_z_weight=1.0,
            decoder_c_weight=-0.5,
            decoder_mean_weight=2.0,
        )
        inputs = {"y": torch.tensor([[2.0]]), "c": torch.tensor([[1.0]]), "eps": torch.tensor([[[0.8]]])}
        call = student.run(with_weights, method="bound", weights=weights, sigma=0.5, **inputs)
        check(call.of("bound", part="bound(y, c, eps)"), torch.tensor([-2.540335 - 0.498147]))

    def test_two_samples_and_two_conditions(self, student):
        # q is the prior, so the divergence is 0, and z = eps. The decoder's hidden unit is tanh(z + c): with z = ±a,
        # a = (log 3)/2, and c = a it is tanh(log 3) = 4/5 or 0, with c = 0 it is ±1/2. f is ten times that.
        a = math.log(3) / 2
        weights = self.weights(decoder_z_weight=1.0, decoder_c_weight=1.0, decoder_mean_weight=10.0)
        inputs = {"c": torch.tensor([[a], [0.0]]), "eps": torch.tensor([[[a], [a]], [[-a], [-a]]])}
        call = student.run(with_weights, method="complete", weights=weights, sigma=2.0, **inputs)
        answers = torch.tensor([[[8.0], [5.0]], [[0.0], [-5.0]]])
        cause = "At test time z is eps, a draw from the prior: one answer for each draw and condition."
        check(call.of("complete", part="complete(c, eps)"), answers, otherwise=cause)
        # With y = 2 the squared distances are 36 and 4 for the first pair, 9 and 49 for the second: means 20 and 29.
        inputs = {"y": torch.tensor([[2.0], [2.0]]), **inputs}
        call = student.run(with_weights, method="bound", weights=weights, sigma=2.0, **inputs)
        right = torch.tensor([-20 / 8, -29 / 8]) - LOG_2PI / 2 - math.log(2)
        cause = "The bound has the mean over the samples of log p(y|z, c)."
        check(call.of("bound", part="bound(y, c, eps)"), right, otherwise=cause)


def trained(train_cvae, y, c, seed):
    """The trained weights, and the pictures after training."""
    import torch

    weights = train_cvae(y, c, torch.Generator().manual_seed(seed))
    return {"y": y, "c": c} | {name: weight.detach() for name, weight in weights.items()}


def weight(call, name, *shape):
    """One of the tensors in the dictionary that came."""
    came = call.value.get(name)
    if came is None or tuple(came.shape) != shape:
        raise Finding(Category.WRONG_TYPE, f"train_cvae should return, for {name}, a tensor of shape {shape}.")
    return came


COLUMN = torch.arange(64) % 8 == 3


@pytest.mark.exercise("ch14.train_cvae")
class Test_train_cvae:
    @staticmethod
    def pictures():
        return (torch.tensor(load_digits().data) >= 8).float()

    @staticmethod
    def model(call):
        """The package's CVAE with these weights. Its encoder reads whole rows; decoder_z's bias is beside c there."""
        model = mlp_cvae(64, range(3, 64, 8), (), (100,), 8, nn.Tanh).requires_grad_(False)
        encoder, decoder = model.encoder, model.decoder
        row = encoder.get_parameter("hidden.0.weight")
        row[:, ~COLUMN], row[:, COLUMN] = (
            weight(call, "encoder_y.weight", 100, 56),
            weight(call, "encoder_c.weight", 100, 8),
        )
        encoder.get_parameter("hidden.0.bias").copy_(weight(call, "encoder_y.bias", 100))
        for name, head in (("encoder_mean", encoder.mean), ("encoder_log_var", encoder.log_var)):
            head.weight.copy_(weight(call, f"{name}.weight", 8, 100))
            head.bias.copy_(weight(call, f"{name}.bias", 8))
        decoder.from_z.weight.copy_(weight(call, "decoder_z.weight", 100, 8))
        decoder.from_condition.weight.copy_(weight(call, "decoder_c.weight", 100, 8))
        decoder.from_condition.bias.copy_(weight(call, "decoder_z.bias", 100))
        decoder.rest.logits.weight.copy_(weight(call, "decoder_logits.weight", 56, 100))
        decoder.rest.logits.bias.copy_(weight(call, "decoder_logits.bias", 56))
        return model

    def test_digits_held_out(self, student):
        pictures = self.pictures()
        held_out = torch.arange(len(pictures)) % 3 == 0
        y, c = pictures[~held_out][:, ~COLUMN], pictures[~held_out][:, COLUMN]
        model = self.model(student.run(trained, y=y, c=c, seed=0))
        draws = torch.Generator().manual_seed(1)
        bound = elbo(model, pictures[held_out], samples=20, generator=draws).mean()
        if not bound > -16.5:
            what = f"the bound on held-out digits is {bound:.1f} nats per target; it should be above -16.5."
            raise Finding(Category.WRONG_VALUE, what)

    def test_chance_comes_from_the_generator(self, student):
        pictures = self.pictures()[:60]
        y, c = pictures[:, ~COLUMN], pictures[:, COLUMN]
        calls = [student.run(trained, y=y, c=c, seed=seed) for seed in (0, 0, 1)]
        first, again, other = (weight(call, "decoder_z.weight", 100, 8) for call in calls)
        if not torch.allclose(first, again, atol=1e-3):
            raise Finding(Category.WRONG_VALUE, "two calls with the same state of the generator gave other weights.")
        if torch.allclose(first, other, atol=1e-3):
            raise Finding(Category.WRONG_VALUE, "two states of the generator gave the same weights.")

    def test_the_pictures_are_left_as_they_are(self, student):
        pictures = self.pictures()[:60]
        y, c = pictures[:, ~COLUMN], pictures[:, COLUMN]
        call = student.run(trained, y=y.clone(), c=c.clone(), seed=0)
        if not (torch.equal(call.value["y"], y) and torch.equal(call.value["c"], c)):
            raise Finding(Category.WRONG_VALUE, "the call changed one of its arguments y and c.")
