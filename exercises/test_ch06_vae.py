"""Visible checks of chapter 6. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from vae_edu.bounds import elbo
from vae_edu.course import scenarios
from vae_edu.course.compare import check
from vae_edu.course.findings import Category, Finding
from vae_edu.models import mlp_vae


@pytest.mark.exercise("ch06.log_bernoulli")
class Test_log_bernoulli:
    def test_worked_example(self, student):
        logits = torch.full((1, 2), math.log(4))
        check(student(x=torch.tensor([[1.0, 0.0]]), logits=logits), torch.tensor([math.log(4 / 25)]))

    def test_grey_pixels(self, student):
        call = student(
            x=torch.tensor([[0.5, 0.25, 1.0], [0.0, 0.5, 0.75]]),
            logits=torch.log(torch.tensor([[4.0, 3.0, 1.0], [3.0, 1.0, 1 / 3]])),
        )
        # The probabilities are 4/5, 3/4, 1/2 and 3/4, 1/2, 1/4. First picture: (log 4/5 + log 1/5)/2 + (log 3/4)/4 +
        # (log 1/4)·3/4 + log 1/2; second: log 1/4 + log 1/2 + (log 1/4)·3/4 + (log 3/4)/4.
        grey = math.log(3) / 4 - math.log(4)
        right = [math.log(4 / 25) / 2 + grey - math.log(2), grey - math.log(8)]
        check(call, torch.tensor(right))

    def test_sure_and_mistaken(self, student):
        x, logits = torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([[500.0, -300.0], [200.0, -200.0]])
        cause = "In floating point y is 1 or 0 here; the price is neither infinite nor cut off. Work with logits."
        check(student(x=x, logits=logits), torch.tensor([-800.0, 0.0]), otherwise=cause)
        # The gradient is x - y.
        gradient = student.run(logit_gradients, x=x, logits=logits)
        cause = "The gradient with respect to sure and mistaken logits should be -1 and 1."
        check(gradient, torch.tensor([[-1.0, 1.0], [0.0, 0.0]]), otherwise=cause)


def logit_gradients(log_bernoulli, x, logits):
    """The gradient of the summed value."""
    import torch

    leaf = logits.clone().requires_grad_()
    return torch.autograd.grad(log_bernoulli(x, leaf).sum(), leaf)[0]


def shapes(VAE, pixels, hidden, latent):
    """The names of a module's parameters, each with its shape."""
    return {name: str(tuple(weight.shape)) for name, weight in VAE(pixels, hidden, latent).named_parameters()}


def with_weights(VAE, method, weights, *inputs):
    """What a method returns when the layers have the given weights."""
    pixels, hidden = weights["decoder_logits.weight"].shape
    model = VAE(pixels, hidden, weights["encoder_mean.weight"].shape[0])
    model.load_state_dict(weights)
    return {method: getattr(model, method)(*inputs)}


SHAPES = {
    "encoder_hidden.weight": (4, 5),
    "encoder_hidden.bias": (4,),
    "encoder_mean.weight": (3, 4),
    "encoder_mean.bias": (3,),
    "encoder_log_var.weight": (3, 4),
    "encoder_log_var.bias": (3,),
    "decoder_hidden.weight": (4, 3),
    "decoder_hidden.bias": (4,),
    "decoder_logits.weight": (5, 4),
    "decoder_logits.bias": (5,),
}


@pytest.mark.exercise("ch06.VAE")
class Test_VAE:
    @staticmethod
    def weights(**changed):
        """One hidden unit, one latent, two pixels: every weight 0 but the ones named, with _ for the dot."""
        sizes = {"encoder_hidden": (1, 2), "encoder_mean": (1, 1), "encoder_log_var": (1, 1)}
        sizes |= {"decoder_hidden": (1, 1), "decoder_logits": (2, 1)}
        state = {f"{name}.weight": torch.zeros(size) for name, size in sizes.items()}
        state |= {f"{name}.bias": torch.zeros(size[0]) for name, size in sizes.items()}
        return state | {name.replace("_weight", ".weight").replace("_bias", ".bias"): torch.tensor(value)
                        for name, value in changed.items()}  # fmt: skip

    def test_parameters(self, student):
        call = student.run(shapes, pixels=5, hidden=4, latent=3)
        wanted = {name: str(shape) for name, shape in SHAPES.items()}
        for name in wanted | call.value:
            has, should = call.value.get(name, "nothing"), wanted.get(name, "nothing")
            if has != should:
                raise Finding(Category.WRONG_TYPE, f"VAE(5, 4, 3) has {has} for {name}; the task says {should}.")

    def test_encode_and_decode(self, student):
        # tanh((log 3)/2) = 1/2, so the encoder's hidden unit is 1/2, its mean 2·(1/2) + 1 and its log_var -1/2.
        weights = self.weights(
            encoder_hidden_weight=[[math.log(3) / 2, 0.0]],
            encoder_mean_weight=[[2.0]],
            encoder_mean_bias=[1.0],
            encoder_log_var_weight=[[-1.0]],
            decoder_hidden_weight=[[0.5]],
            decoder_logits_weight=[[2.0], [-4.0]],
            decoder_logits_bias=[0.0, 1.0],
        )
        call = student.run(with_weights, method="encode", weights=weights, x=torch.tensor([[1.0, 0.0]]))
        mean, log_var = call.of("encode").parts("mean", "log_var")
        check(mean, torch.tensor([[2.0]]))
        check(log_var, torch.tensor([[-0.5]]))
        # The decoder's hidden unit is tanh(z/2) = 1/2 for z = log 3, and 0 for z = 0.
        call = student.run(with_weights, method="decode", weights=weights, z=torch.tensor([[math.log(3)], [0.0]]))
        check(call.of("decode", part="decode(z)"), torch.tensor([[1.0, -1.0], [0.0, 1.0]]))

    def test_worked_example(self, student):
        weights = self.weights(
            encoder_mean_bias=[0.5],
            encoder_log_var_bias=[math.log(0.64)],
            decoder_hidden_weight=[[1.0]],
            decoder_logits_weight=[[2.0], [-2.0]],
        )
        inputs = {"x": torch.tensor([[1.0, 0.0]]), "eps": torch.tensor([[[0.25]]])}
        call = student.run(with_weights, method="bound", weights=weights, **inputs)
        check(call.of("bound", part="bound(x, eps)"), torch.tensor([-0.522539 - 0.168144]))

    def test_two_samples(self, student):
        # q is the prior, so the divergence is 0, and z = eps. tanh z is 1/2 and -1/2, the first pixel's logit log 3
        # and -log 3, its probability 3/4 and 1/4; the second pixel's is 1/2. One picture has the first pixel white,
        # with log-probabilities log 3/8 and log 1/8, the other has it black, with log 1/8 and log 3/8.
        weights = self.weights(decoder_hidden_weight=[[1.0]], decoder_logits_weight=[[2 * math.log(3)], [0.0]])
        eps = torch.tensor([[[0.5], [0.5]], [[-0.5], [-0.5]]]) * math.log(3)
        inputs = {"x": torch.tensor([[1.0, 1.0], [0.0, 1.0]]), "eps": eps}
        call = student.run(with_weights, method="bound", weights=weights, **inputs)
        cause = "K13 (10) has the mean over the samples of log p(x|z)."
        check(call.of("bound", part="bound(x, eps)"), torch.full((2,), math.log(3 / 64) / 2), otherwise=cause)


def trained(train_vae, x, seed):
    """The trained weights."""
    import torch

    weights = train_vae(x, torch.Generator().manual_seed(seed))
    return {name: weight.detach() for name, weight in weights.items()}


def weight(call, name, shape):
    """One of the tensors in the dictionary that came."""
    came = call.value.get(name)
    if came is None or tuple(came.shape) != shape:
        raise Finding(Category.WRONG_TYPE, f"train_vae should return, for {name}, a tensor of shape {shape}.")
    return came


NAMES_IN_THE_PACKAGE = {
    "encoder_hidden": "encoder.hidden.0",
    "encoder_mean": "encoder.mean",
    "encoder_log_var": "encoder.log_var",
    "decoder_hidden": "decoder.hidden.0",
    "decoder_logits": "decoder.logits",
}


@pytest.mark.exercise("ch06.train_vae")
class Test_train_vae:
    def test_digits_held_out(self, student):
        digits = (torch.tensor(load_digits().data) >= 8).float()
        held_out = torch.arange(len(digits)) % 3 == 0
        call = student.run(trained, x=digits[~held_out], seed=0)

        model = mlp_vae(64, [100], 8, nn.Tanh)  # the package's VAE has the same layers under other names
        for name, theirs in NAMES_IN_THE_PACKAGE.items():
            for kind in ("weight", "bias"):
                parameter = model.get_parameter(f"{theirs}.{kind}")
                parameter.data.copy_(weight(call, f"{name}.{kind}", tuple(parameter.shape)))
        with torch.no_grad():
            bound = elbo(model, digits[held_out], samples=20, generator=torch.Generator().manual_seed(1)).mean()
        if not bound > -21:
            what = f"the bound on held-out digits is {bound:.1f} nats per picture; it should be above -21."
            raise Finding(Category.WRONG_VALUE, what)

    def test_chance_comes_from_the_generator(self, student):
        x = (torch.tensor(load_digits().data[:60]) >= 8).float()
        calls = [student.run(trained, x=x, seed=seed) for seed in (0, 0, 1)]
        first, again, other = (weight(call, "decoder_hidden.weight", (100, 8)) for call in calls)
        if not torch.allclose(first, again, atol=1e-3):
            raise Finding(Category.WRONG_VALUE, "two calls with the same state of the generator gave other weights.")
        if torch.allclose(first, other, atol=1e-3):
            raise Finding(Category.WRONG_VALUE, "two states of the generator gave the same weights.")

    def test_the_pictures_are_left_as_they_are(self, student):
        x = (torch.tensor(load_digits().data[:60]) >= 8).float()
        call = student.run(scenarios.draw_side_effects, seed=0, x=x)
        if not torch.equal(call.value["inputs"][1], x):
            raise Finding(Category.WRONG_VALUE, "the call changed its argument x.")
