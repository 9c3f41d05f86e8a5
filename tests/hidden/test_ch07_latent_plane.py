"""Hidden checks of chapter 7. The oracles are the standard library's quantiles, torch.distributions and Hessians."""

from statistics import NormalDist

import pytest
import torch
from torch.distributions import Categorical, Independent, MixtureSameFamily, Normal

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_gradients, check_side_effects, check_unchanged
from vae_edu.course.findings import Category, Finding
from vae_edu.course.slips import ch07_latent_plane as slips


def integer(generator, low, high):
    """A random size from low up to, not including, high."""
    return int(torch.randint(low, high, (), generator=generator))


@pytest.mark.exercise("ch07.quantile_grid")
class Test_quantile_grid:
    @staticmethod
    def oracle(side):
        z = [NormalDist().inv_cdf((i + 0.5) / side) for i in range(side)]
        return torch.tensor([[(z1, z2) for z1 in z] for z2 in reversed(z)], dtype=torch.float64)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        for low in (2, 9):  # an even and an odd side in half of all cases, and never twice the same
            side = integer(generator, low, low + 7)
            check(student(side=side), self.oracle(side))

    @pytest.mark.points(1)
    def test_one_cell(self, student, generator):
        check(student(side=1), self.oracle(1))

    @pytest.mark.points(1)
    def test_many_cells(self, student, generator):
        side = integer(generator, 40, 60)
        check(student(side=side), self.oracle(side))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        side = integer(generator, 3, 7)
        check_side_effects(student, self.oracle(side), side=side)


@pytest.mark.exercise("ch07.log_density_ratio")
class Test_log_density_ratio:
    @staticmethod
    def inputs(generator, points, n, latent, dtype=torch.float32):
        z, mean, log_var = (torch.randn(rows, latent, generator=generator, dtype=dtype) for rows in (points, n, n))
        return {"z": 1.5 * z, "mean": mean, "log_var": log_var - 1}

    @staticmethod
    def oracle(z, mean, log_var):
        z, mean, log_var = z.double(), mean.double(), log_var.double()
        posteriors = Independent(Normal(mean, (log_var / 2).exp()), 1)
        aggregate = MixtureSameFamily(Categorical(logits=mean.new_zeros(len(mean))), posteriors)
        return aggregate.log_prob(z) - Normal(0.0, 1.0).log_prob(z).sum(-1)

    @staticmethod
    def sizes(generator):
        """Numbers of points, images and latents, all of them different."""
        return (torch.randperm(4, generator=generator)[:3] + 2).tolist()

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.inputs(generator, *self.sizes(generator))
        check(student(**inputs), self.oracle(**inputs), tolerance=1e-4)

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        check_gradients(student, self.oracle, **self.inputs(generator, *self.sizes(generator), torch.float64))

    @pytest.mark.points(1)
    def test_far_points_and_narrow_posteriors(self, student, generator):
        cause = "Far from all images every density is 0 in floating point: stay with logarithms, and use logsumexp."
        for scale, log_var in ((60, 0), (1, -16), (1, 16)):
            inputs = self.inputs(generator, *self.sizes(generator), torch.float64)
            inputs |= {"z": scale * inputs["z"], "log_var": inputs["log_var"] + log_var}
            check(student(**inputs), self.oracle(**inputs), otherwise=cause)

    @pytest.mark.points(1)
    def test_one_image_one_point_and_none(self, student, generator):
        inputs = self.inputs(generator, 1, 1, 3)
        check(student(**inputs), self.oracle(**inputs), tolerance=1e-4)
        check(student(**self.inputs(generator, 0, 4, 3)), torch.zeros(0))

    @pytest.mark.points(1)
    def test_float64_strided_inputs_and_side_effects(self, student, generator):
        inputs = self.inputs(generator, *self.sizes(generator), torch.float64)
        check(student.run(scenarios.strided, **inputs), self.oracle(**inputs))
        check_side_effects(student, self.oracle(**inputs), **inputs)


def with_decoder(posterior_log_var, z, hidden, hidden_bias, weight, bias):
    """The value for a decoder with one hidden layer of tanh units; z lies apart in memory."""
    import torch

    decode = torch.nn.Sequential(
        torch.nn.Linear(*hidden.shape[::-1]), torch.nn.Tanh(), torch.nn.Linear(*weight.shape[::-1])
    ).to(z.dtype)
    decode.load_state_dict({"0.weight": hidden, "0.bias": hidden_bias, "2.weight": weight, "2.bias": bias})
    return posterior_log_var(decode, torch.stack([z, z], -1)[..., 0])


def decoder_side_effects(posterior_log_var, z, hidden, hidden_bias, weight, bias):
    """The arguments after the call, whether torch's state was left alone, and what is left in the decoder."""
    import torch

    decode = torch.nn.Sequential(
        torch.nn.Linear(*hidden.shape[::-1]), torch.nn.Tanh(), torch.nn.Linear(*weight.shape[::-1])
    )
    decode.load_state_dict({"0.weight": hidden, "0.bias": hidden_bias, "2.weight": weight, "2.bias": bias})

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    posterior_log_var(decode, z)
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    weights = [weight.detach() for weight in decode.state_dict().values()]
    touched = [weight.grad is not None or not weight.requires_grad for weight in decode.parameters()]
    return {"inputs": [z, *weights], "unchanged": unchanged, "touched": any(touched) or not decode.training}


@pytest.mark.exercise("ch07.posterior_log_var")
class Test_posterior_log_var:
    @staticmethod
    def inputs(generator, batch, latent, pixels, hidden, dtype=torch.float32):
        def normal(*size):
            return torch.randn(*size, generator=generator, dtype=dtype)

        return {
            "z": normal(batch, latent),
            "hidden": normal(hidden, latent),
            "hidden_bias": normal(hidden),
            "weight": normal(pixels, hidden),
            "bias": normal(pixels),
        }

    @staticmethod
    def sizes(generator):
        """Numbers of points, latents, pixels and hidden units, all of them different."""
        return (torch.randperm(5, generator=generator)[:4] + 2).tolist()

    @staticmethod
    def divergence_hessian(decode, z):
        """F as the curvature of the divergence in nats between what is drawn at z and at z + dz."""
        p = decode(z).sigmoid().detach()

        def divergence(moved):
            q = decode(moved).sigmoid()
            return (p * (p / q).log() + (1 - p) * ((1 - p) / (1 - q)).log()).sum()

        return torch.autograd.functional.hessian(divergence, z)

    @classmethod
    def oracle(cls, z, **weights):
        def log_var(decode, z):
            curvatures = torch.stack([cls.divergence_hessian(decode, point) for point in z])
            return -(1 + curvatures.diagonal(dim1=1, dim2=2)).log()

        return with_decoder(log_var, z.double(), *[weight.double() for weight in weights.values()])

    @staticmethod
    def slips(**inputs):
        return with_decoder(slips.posterior_log_var, *inputs.values())

    def check(self, student, inputs, expected, otherwise=""):
        check(student.run(with_decoder, **inputs), expected, slips=self.slips, otherwise=otherwise)

    @pytest.mark.points(4)
    def test_values(self, student, generator):
        inputs = self.inputs(generator, *self.sizes(generator))
        self.check(student, inputs, self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_saturated_pixels(self, student, generator):
        batch, latent, pixels, hidden = self.sizes(generator)
        inputs = self.inputs(generator, batch, latent, 2 * pixels, hidden, torch.float64)
        sure = torch.arange(2 * pixels) % 2 == 0
        saturated = {**inputs, "bias": torch.where(sure, 900 * inputs["bias"].sign(), inputs["bias"])}
        moving = {**inputs, "weight": inputs["weight"][~sure], "bias": inputs["bias"][~sure]}
        cause = "A pixel with p = 0 or p = 1 adds 0 to F: multiply by p(1 - p), never divide by it."
        self.check(student, saturated, self.oracle(**moving), otherwise=cause)
        still = {**inputs, "bias": 900 * inputs["bias"].sign()}
        self.check(student, still, torch.zeros(batch, latent), otherwise=cause)

    @pytest.mark.points(1)
    def test_one_point_and_one_latent(self, student, generator):
        _, _, pixels, hidden = self.sizes(generator)
        inputs = self.inputs(generator, 1, 1, pixels, hidden)
        self.check(student, inputs, self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_float64(self, student, generator):
        inputs = self.inputs(generator, *self.sizes(generator), dtype=torch.float64)
        inputs["weight"] *= 0.01  # F is small, and so its 1 + F has to keep its digits
        self.check(student, inputs, self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator, *self.sizes(generator))
        call = student.run(decoder_side_effects, **inputs)
        check_unchanged(call)
        if call.of("touched").value is not False:
            what = (
                "the call changed the decoder: .backward() adds to its parameters' .grad; torch.autograd.grad does not."
            )
            raise Finding(Category.WRONG_VALUE, what)
