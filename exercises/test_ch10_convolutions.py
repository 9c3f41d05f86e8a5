"""Visible checks of chapter 10. Run `pytest exercises`; you need not read or change this file."""

import math

import pytest
import torch

from vae_edu.course.compare import check, check_form, check_that

PARTS = ("sizes", "receptive_fields", "output_padding")
RESULTS = ("loss", "log_likelihood", "kl", "logits", "z")


@pytest.mark.exercise("ch10.mirror_sizes")
class Test_mirror_sizes:
    def test_worked_example(self, student):
        call = student(side=28, layers=torch.tensor([[3, 2, 0], [3, 1, 0]]))
        sizes, fields, padding = call.parts(*PARTS)
        check(sizes, torch.tensor([28, 13, 11]))
        check(fields, torch.tensor([3, 7]))
        check(padding, torch.tensor([0, 1]))

    def test_one_convolution_with_padding(self, student):
        # 9 + 2 = 11 places; a kernel of 5 stands at 0 and 3 and 6. Back: 2·3 + 5 - 2 = 9, nothing is missing.
        sizes, fields, padding = student(side=9, layers=torch.tensor([[5, 3, 1]])).parts(*PARTS)
        check(sizes, torch.tensor([9, 3]))
        check(fields, torch.tensor([5]))
        check(padding, torch.tensor([0]))

    def test_three_convolutions(self, student):
        # 20 + 2 places hold a kernel of 3 at 0, 2, ..., 18: 10; 10 places one of 4 at 0, 3 and 6: 3; 3 + 2 places one
        # of 2 at 0 and 2: 2. Windows: 3 pixels; 4 windows that lie 2 apart, 3 + 6; 2 windows that lie 6 apart, 9 + 6.
        # Back: 2 + 2 - 2 = 2, one short of 3; 6 + 4 = 10; 18 + 3 - 2 = 19, one short of 20.
        layers = torch.tensor([[3, 2, 1], [4, 3, 0], [2, 2, 1]])
        sizes, fields, padding = student(side=20, layers=layers).parts(*PARTS)
        check(sizes, torch.tensor([20, 10, 3, 2]))
        check(fields, torch.tensor([3, 9, 15]))
        check(padding, torch.tensor([1, 0, 1]))


SHAPES = {
    "linear.weight": (12, 5),
    "linear.bias": (12,),
    "up_1.weight": (3, 2, 4, 4),
    "up_1.bias": (2,),
    "up_2.weight": (2, 1, 4, 4),
    "up_2.bias": (1,),
}


def parameters(decoder, latent, channels, side):
    """The sorted names in a decoder's state, and each tensor under its name."""
    state = decoder(latent, channels, side).state_dict()
    return {"names": sorted(state), **state}


def decoded(decoder, latent, channels, side, weights, z):
    """The logits of a decoder with given weights."""
    model = decoder(latent, channels, side).to(z.dtype)
    model.load_state_dict(weights)
    return model(z)


def filled(shapes, **values):
    """Weights that are all 1 and biases that are all 0, unless `values` says otherwise for a layer's biases."""
    fill = {name: values.get(name.split(".")[0], 0.0) if name.endswith("bias") else 1.0 for name in shapes}
    return {name: torch.full(shape, fill[name]) for name, shape in shapes.items()}


ONE_OF_EACH = dict(zip(SHAPES, [(1, 1), (1,), (1, 1, 4, 4), (1,), (1, 1, 4, 4), (1,)], strict=True))


@pytest.mark.exercise("ch10.ConvDecoder")
class Test_ConvDecoder:
    def test_names_and_shapes_of_the_parameters(self, student):
        call = student.run(parameters, latent=5, channels=(3, 2), side=8)
        names = f"ConvDecoder should have these parameters and no others: {', '.join(SHAPES)}."
        check_that(call, str(call.of("names").value) == str(sorted(SHAPES)), names)
        for name, shape in SHAPES.items():
            check_form(call.of(name, part=name), *shape)

    def test_worked_example(self, student):
        weights, z = filled(ONE_OF_EACH), torch.tensor([[2.0]])
        call = student.run(decoded, latent=1, channels=(1, 1), side=4, weights=weights, z=z)
        corner_rows, inner_rows = [2.0, 4.0, 4.0, 2.0], [4.0, 8.0, 8.0, 4.0]
        cause = "Are these logits, made with padding 1 and with no rectifier or sigmoid at the end?"
        check(call, torch.tensor([corner_rows + 2 * inner_rows + corner_rows]), otherwise=cause)

    def test_rectifiers_stand_between_the_layers_only(self, student):
        # z = -2: `linear` gives -2, rectified to 0; up_1 gives its bias -1, rectified to 0; up_2 gives its bias -3.
        weights, z = filled(ONE_OF_EACH, up_1=-1.0, up_2=-3.0), torch.tensor([[-2.0]])
        call = student.run(decoded, latent=1, channels=(1, 1), side=4, weights=weights, z=z)
        cause = "A rectifier follows `linear` and `up_1`, and none follows `up_2`."
        check(call, torch.full((1, 16), -3.0), otherwise=cause)

    def test_leading_axes(self, student):
        # No weight but the last layer's bias: every logit of every picture is ½.
        weights = {name: torch.zeros(shape) for name, shape in SHAPES.items()} | {"up_2.bias": torch.tensor([0.5])}
        for leading in ((), (2,), (3, 2)):
            z = torch.ones(*leading, 5)
            call = student.run(decoded, latent=5, channels=(3, 2), side=8, weights=weights, z=z)
            check(call, torch.full((*leading, 64), 0.5))


def slope(loss, *inputs):
    """The gradient of the summed log-likelihood with respect to the heads; zero where none arrives."""
    import torch

    given = [value.clone() for value in inputs]
    heads = given[3].requires_grad_()
    log_likelihood = loss(*given)[1].sum()
    if not log_likelihood.requires_grad:
        return torch.zeros_like(heads)
    (gradient,) = torch.autograd.grad(log_likelihood, heads, allow_unused=True)
    return torch.zeros_like(heads) if gradient is None else gradient


BY_HAND = {
    "x": torch.ones(1, 1, 2, 2),
    "eps": torch.tensor([[0.5]]),
    "conv": torch.ones(1, 1, 4, 4),
    "heads": torch.tensor([[0.25], [math.log(4) / 4]]),
    "linear": torch.tensor([[1.0]]),
    "up": torch.ones(1, 1, 4, 4),
}


@pytest.mark.exercise("ch10.mended_loss")
class Test_mended_loss:
    def test_worked_example(self, student):
        loss, log_likelihood, kl, logits, z = student(**BY_HAND).parts(*RESULTS)
        reconstruction, divergence = -4 * math.log(1 + math.exp(-2)), (4 - math.log(4)) / 2
        check(z, torch.tensor([[2.0]]))
        check(logits, torch.full((1, 1, 2, 2), 2.0))
        check(log_likelihood, torch.tensor([reconstruction]))
        check(kl, torch.tensor([divergence]))
        check(loss, torch.tensor(divergence - reconstruction))

    def test_two_pictures_with_two_channels(self, student):
        # The second picture is black: its features, mean and log-variance are 0, and z = eps. The decoder's channels
        # are z and 3z, stamped with 1 and with 2, so each logit is 7z: 14 for z = 2 and 3.5 for z = 0.5.
        inputs = BY_HAND | {
            "x": torch.cat([torch.ones(1, 1, 2, 2), torch.zeros(1, 1, 2, 2)]),
            "eps": torch.tensor([[0.5], [0.5]]),
            "conv": torch.ones(2, 1, 4, 4) * torch.tensor([1.0, 0.0]).reshape(2, 1, 1, 1),
            "heads": torch.tensor([[0.25, 0.0], [math.log(4) / 4, 0.0]]),
            "linear": torch.tensor([[1.0], [3.0]]),
            "up": torch.ones(2, 1, 4, 4) * torch.tensor([1.0, 2.0]).reshape(2, 1, 1, 1),
        }
        loss, log_likelihood, kl, logits, z = student(**inputs).parts(*RESULTS)
        check(z, torch.tensor([[2.0], [0.5]]))
        check(logits, torch.tensor([14.0, 3.5]).reshape(2, 1, 1, 1).expand(2, 1, 2, 2))
        reconstructions = [-4 * math.log(1 + math.exp(-14)), -4 * math.log(1 + math.exp(3.5))]
        divergence = (4 - math.log(4)) / 2
        check(log_likelihood, torch.tensor(reconstructions))
        check(kl, torch.tensor([divergence, 0.0]))
        check(loss, torch.tensor((divergence - sum(reconstructions)) / 2))

    def test_the_reconstruction_teaches_the_encoder(self, student):
        # Larger heads make z larger and the white pixels' logits with it, so this gradient is not 0.
        call = student.run(slope, **BY_HAND)
        check_form(call, 2, 1)
        cause = "no gradient of the log-likelihood reaches the encoder's heads, so the encoder learns to ignore x."
        check_that(call, bool((call.value != 0).any()), cause)
