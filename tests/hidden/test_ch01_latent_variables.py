"""Hidden checks of chapter 1. The oracles are torch.distributions, Jacobians by autograd, and loops over codes."""

import itertools
import math

import pytest
import torch
from torch.distributions import Bernoulli, Independent, Normal

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_gradients, check_side_effects, check_unchanged


def below(generator, low, high):
    """A random whole number from low to high."""
    return int(torch.randint(low, high + 1, (), generator=generator))


@pytest.mark.exercise("ch01.prior_sampling")
class Test_prior_sampling:
    parts = "the estimate of log p(x)", "the effective number of draws"

    @staticmethod
    def inputs(generator, batch, pixels, draws, dtype=torch.float32):
        x, decoded = (torch.randn(n, pixels, generator=generator, dtype=dtype) for n in (batch, draws))
        noise_var = 0.3 + 0.4 * torch.rand((), generator=generator).item()
        return {"x": x, "decoded": decoded, "noise_var": noise_var}

    def some(self, generator):
        batch, pixels, draws = below(generator, 5, 8), below(generator, 2, 4), below(generator, 9, 12)
        return self.inputs(generator, batch, pixels, draws)

    @staticmethod
    def oracle(x, decoded, noise_var):
        """Draw by draw, with the largest log-weight taken out."""
        pictures = Independent(Normal(decoded.double(), math.sqrt(noise_var)), 1)
        log_w = torch.stack([pictures.log_prob(image) for image in x.double()]) if len(x) else torch.zeros(0, 1)
        largest = log_w.amax(1, keepdim=True)
        w = (log_w - largest).exp()
        return w.mean(1).log() + largest.squeeze(1), w.sum(1) ** 2 / (w**2).sum(1)

    def check_both(self, call, expected, otherwise=""):
        for part, right in zip(call.parts(*self.parts), expected, strict=True):
            check(part, right, otherwise=otherwise)

    @pytest.mark.points(2)
    def test_the_estimate(self, student, generator):
        inputs = self.some(generator)
        check(student(**inputs).parts(*self.parts)[0], self.oracle(**inputs)[0])

    @pytest.mark.points(2)
    def test_effective_draws(self, student, generator):
        inputs = self.some(generator)
        check(student(**inputs).parts(*self.parts)[1], self.oracle(**inputs)[1])

    @pytest.mark.points(2)
    def test_images_of_many_pixels(self, student, generator):
        inputs = self.inputs(generator, 3, 784, 20, torch.float64)
        inputs["x"] = (
            inputs["decoded"][:3] + 0.1 * inputs["x"]
        )  # each close to one of the pictures, far from the others
        inputs["noise_var"] = 0.01
        cause = "With many pixels every weight is 0, or too large, in floating point: stay with logarithms to the end."
        self.check_both(student(**inputs), self.oracle(**inputs), cause)

    @pytest.mark.points(1)
    def test_one_data_point_none_one_draw_and_float64(self, student, generator):
        for batch, draws in ((1, 7), (0, 7), (4, 1)):
            inputs = self.inputs(generator, batch, 3, draws, torch.float64)
            self.check_both(student.run(scenarios.strided, **inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.some(generator)
        call = student.run(scenarios.side_effects, **inputs)
        check_unchanged(call)
        self.check_both(call.of("value"), self.oracle(**inputs))


@pytest.mark.exercise("ch01.ring_log_density")
class Test_ring_log_density:
    @staticmethod
    def inputs(generator, batch, width, dtype=torch.float32):
        """Points where the map sends draws of z that are not close to the origin."""
        z = torch.randn(batch, 2, generator=generator, dtype=dtype)
        z = z + 0.5 * z / z.norm(dim=-1, keepdim=True)
        return {"x": width * z + z / z.norm(dim=-1, keepdim=True), "width": width}

    @staticmethod
    def oracle(x, width):
        """The prior's density at z over the area to which the map stretches a unit of area there."""
        distance = x.double().norm(dim=-1, keepdim=True)
        z = x.double() / distance * (distance - 1) / width

        def ring(z):
            return width * z + z / z.norm()

        log_areas = [torch.autograd.functional.jacobian(ring, one).det().abs().log() for one in z]
        return Normal(0.0, 1.0).log_prob(z).sum(-1) - torch.tensor(log_areas, dtype=torch.float64)

    def some(self, generator):
        return self.inputs(generator, below(generator, 5, 8), 0.2 + torch.rand((), generator=generator).item())

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.some(generator)
        check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_a_thin_and_a_wide_ring(self, student, generator):
        for width in (0.01, 30.0):
            inputs = self.inputs(generator, 6, width, torch.float64)
            check(student.run(scenarios.strided, **inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_nothing_comes_out_inside_the_circle(self, student, generator):
        inputs = self.some(generator)
        right = self.oracle(**inputs)
        inside = torch.rand(len(right), generator=generator) < 0.5
        inside[:3] = torch.tensor([True, False, True])
        shorter = torch.rand(len(right), 1, generator=generator) * 0.99 / inputs["x"].norm(dim=-1, keepdim=True)
        shorter[0] = 0  # the origin
        inputs["x"] = torch.where(inside.unsqueeze(1), shorter * inputs["x"], inputs["x"])
        cause = (
            "Inside the unit circle, and at the origin, the logarithm of the density is minus infinity; elsewhere not."
        )
        check(student(**inputs), right.masked_fill(inside, -math.inf), otherwise=cause)

    @pytest.mark.points(1)
    def test_far_outside_one_point_and_none(self, student, generator):
        far = {"x": torch.tensor([[0.0, -40.0], [30.0, 30.0]], dtype=torch.float64), "width": 0.1}
        cause = "Far outside the density is 0 in floating point, and its logarithm is finite: add logarithms."
        check(student(**far), self.oracle(**far), otherwise=cause)
        one = self.inputs(generator, 1, 0.5)
        check(student(**one), self.oracle(**one))
        check(student(x=torch.zeros(0, 2), width=0.5), torch.zeros(0))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.some(generator)
        check_side_effects(student, self.oracle(**inputs), **inputs)


def evidence_gradients(function, x, weight, bias, prior_logits):
    """Gradients of the summed log-evidence with respect to the model; none is asked for x."""
    import torch

    leaves = [tensor.clone().requires_grad_() for tensor in (weight, bias, prior_logits)]
    value = function(x, *leaves)
    if not (isinstance(value, (tuple, list)) and isinstance(value[0], torch.Tensor) and value[0].requires_grad):
        return [None, None, None, None]
    return [None, *torch.autograd.grad(value[0].sum(), leaves, allow_unused=True)]


@pytest.mark.exercise("ch01.exact_inference")
class Test_exact_inference:
    parts = "log p(x)", "the posterior"

    @staticmethod
    def inputs(generator, batch, pixels, latent, dtype=torch.float32, scale=1.0):
        model = {
            "weight": scale * torch.randn(pixels, latent, generator=generator, dtype=dtype),
            "bias": scale * torch.randn(pixels, generator=generator, dtype=dtype),
            "prior_logits": torch.randn(latent, generator=generator, dtype=dtype),
        }
        return {"x": torch.rand(batch, pixels, generator=generator).round().to(dtype), **model}

    def some(self, generator):
        batch, pixels, latent = below(generator, 7, 9), below(generator, 5, 6), below(generator, 2, 4)
        return self.inputs(generator, batch, pixels, latent)

    @staticmethod
    def oracle(x, weight, bias, prior_logits):
        """A loop over codes, each with its probability by torch.distributions."""
        x, weight, bias, prior_logits = (tensor.double() for tensor in (x, weight, bias, prior_logits))
        codes = [torch.tensor(code).double() for code in itertools.product([0, 1], repeat=len(prior_logits))]
        prior = Bernoulli(logits=prior_logits)
        log_joint = torch.stack([
            Bernoulli(logits=weight @ code + bias).log_prob(x).sum(-1) + prior.log_prob(code).sum() for code in codes
        ])  # fmt: skip
        evidence = log_joint.logsumexp(0)
        return evidence, sum((p - evidence).exp().unsqueeze(1) * code for p, code in zip(log_joint, codes, strict=True))

    def check_both(self, call, expected, otherwise=""):
        for part, right in zip(call.parts(*self.parts), expected, strict=True):
            check(part, right, otherwise=otherwise)

    @pytest.mark.points(2)
    def test_the_evidence(self, student, generator):
        inputs = self.some(generator)
        check(student(**inputs).parts(*self.parts)[0], self.oracle(**inputs)[0])

    @pytest.mark.points(2)
    def test_the_posterior(self, student, generator):
        inputs = self.some(generator)
        check(student(**inputs).parts(*self.parts)[1], self.oracle(**inputs)[1])

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        check_gradients(student, self.oracle, evidence_gradients, **self.some(generator))

    @pytest.mark.points(2)
    def test_many_pixels_and_large_logits(self, student, generator):
        for pixels, latent, scale in ((784, 7, 0.1), (40, 3, 40.0)):
            inputs = self.inputs(generator, 4, pixels, latent, torch.float64, scale)
            cause = (
                "Probabilities of hundreds of pixels, or of pixels all but certain, leave the range of floating-point "
                "numbers: take log sigmoid of the logits themselves, and logsumexp over the codes."
            )
            self.check_both(student(**inputs), self.oracle(**inputs), cause)

    @pytest.mark.points(1)
    def test_one_bit_one_data_point_and_none(self, student, generator):
        for batch, latent in ((1, 4), (0, 3), (5, 1)):
            inputs = self.inputs(generator, batch, 6, latent, torch.float64)
            self.check_both(student.run(scenarios.strided, **inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.some(generator)
        call = student.run(scenarios.side_effects, **inputs)
        check_unchanged(call)
        self.check_both(call.of("value"), self.oracle(**inputs))
