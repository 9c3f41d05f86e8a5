"""Hidden checks of chapter 13.

The oracles go another way than an answer does: from X to z with SciPy's logarithms of tails, closed forms of straight
decoders, Gauss-Legendre quadrature in panels, the blurred data density, finite differences, and gaps at small noise.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import log_ndtr, logsumexp, ndtri_exp
from torch.distributions import Normal, kl_divergence

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_that, check_unchanged
from vae_edu.course.slips import ch13_tight_bound as usual

F64 = torch.float64


def uniform(generator, low, high, *size):
    """Random numbers between two bounds, in double precision."""
    return low + (high - low) * torch.rand(size, generator=generator, dtype=F64)


@pytest.mark.exercise("ch13.decoder")
class Test_decoder:
    names = ("X", "the slope")

    @staticmethod
    def mixture(generator, components=3):
        weights = uniform(generator, 0.5, 1.0, components)
        means = uniform(generator, 0.8, 1.6, components).cumsum(0) - 2
        # Neither the first nor the last component is the widest, so that in the tails order is not enough.
        stds = uniform(generator, 0.5, 0.8, components)
        stds[components // 2] = 1.0
        return {"weights": weights / weights.sum(), "means": means, "stds": stds}

    @staticmethod
    def code(x, weights, means, stds):
        """The z of which x is the picture, from the logarithm of the smaller tail."""
        standardized, logs = ((x.unsqueeze(-1) - means) / stds).numpy(), weights.log().numpy()
        left, right = (logsumexp(logs + log_ndtr(sign * standardized), axis=-1) for sign in (1, -1))
        return torch.from_numpy(np.where(left < right, ndtri_exp(left), -ndtri_exp(right))).reshape(x.shape)

    def slope(self, x, weights, means, stds):
        """One over the slope of z in x, by central differences of two step sizes."""
        h = 1e-3 * stds.min()

        def difference(h):
            up, down = (self.code(x + sign * h, weights, means, stds) for sign in (1, -1))
            return (up - down) / (2 * h)

        return 3 / (4 * difference(h / 2) - difference(h))

    def check_at(self, student, x, density, otherwise="", scenario=scenarios.call):
        """Whether the pictures of the codes of x are x again, in units of the narrowest component."""
        z = self.code(x, **density)
        call = student.run(scenario, z=z, **density)
        self.compare(call, x, self.slope(x, **density), otherwise)

    def compare(self, call, x, slope, otherwise=""):
        unit = call.inputs["stds"].min()
        for part, right in zip(call.parts(*self.names), (x, slope), strict=True):
            check(part, right, otherwise=otherwise, tolerance=1e300)  # type and shape, and that it is a number

            def slips(part=part, **inputs):
                return {slip: value / unit for slip, value in part.slips(**inputs).items()}

            check(replace(part, value=part.value / unit), right / unit, slips, otherwise, 1e-6)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        density = self.mixture(generator)
        low, high = density["means"].min().item() - 2, density["means"].max().item() + 2
        self.check_at(student, uniform(generator, low, high, 7), density)

    @pytest.mark.points(3)
    def test_tails(self, student, generator):
        density = self.mixture(generator)
        z = torch.cat([uniform(generator, 9, 90, 4), -uniform(generator, 9, 90, 4)])
        cause = "In the tails G and F are 0 or 1 in floating point; their smaller tails have logarithms. "
        cause += "The slope, too, is a quotient of two densities that are too small for floating point."
        self.check_at(student, density["means"].mean() + z, density, cause)

    @pytest.mark.points(1)
    def test_other_units(self, student, generator):
        density = self.mixture(generator)
        for scale, shift in ((1e-3, 0.0), (50.0, 400.0)):
            moved = density | {"means": scale * density["means"] + shift, "stds": scale * density["stds"]}
            x = scale * uniform(generator, -3, 4, 5) + shift
            cause = "Data may have any unit: search between the smallest and the largest of means + stds · z."
            self.check_at(student, x, moved, cause)

    @pytest.mark.points(1)
    def test_one_component(self, student, generator):
        density = self.mixture(generator, 1)
        z = torch.cat([uniform(generator, -100, 100, 4), torch.zeros(1, dtype=F64)])
        right = density["means"] + density["stds"] * z, density["stds"].expand(5)
        self.compare(student(z=z, **density), *right, "With one component the decoder is a straight line.")

    @pytest.mark.points(1)
    def test_one_code_none_and_strided_inputs(self, student, generator):
        for count in (1, 0):
            self.check_at(student, uniform(generator, -2, 2, count), self.mixture(generator, 2))
        self.check_at(student, uniform(generator, -2, 2, 4), self.mixture(generator, 4), scenario=scenarios.strided)

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        density, x = self.mixture(generator), uniform(generator, -2, 2, 5)
        call = student.run(scenarios.side_effects, z=self.code(x, **density), **density)
        check_unchanged(call)
        self.compare(replace(call.of("value"), slips=call.slips), x, self.slope(x, **density))


def at_noise(function, shape, x, mean, std, sigma):
    """The call for the decoder f(z) = a·z + b·exp(c·z), and what else may change."""
    import torch

    a, b, c = shape

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    value = function(lambda z: a * z + b * torch.exp(c * z), x, mean, std, sigma)
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    return {"value": value, "inputs": [shape, x, mean, std, sigma], "unchanged": unchanged}


def pictures(shape, z):
    """f(z), f'(z) and f''(z) of at_noise's decoder."""
    a, b, c = shape
    return a * z + b * torch.exp(c * z), a + b * c * torch.exp(c * z), b * c**2 * torch.exp(c * z)


def by_panels(shape, x, mean, std, sigma, panels=80):
    """Evidence and divergence by Gauss-Legendre quadrature with 20 points in each of many panels."""
    nodes, weights = map(torch.from_numpy, np.polynomial.legendre.leggauss(20))
    left = torch.arange(panels, dtype=F64).unsqueeze(1)
    t = ((left + (nodes + 1) / 2) * 24 / panels - 12).flatten()
    dt = (weights * 12 / panels).expand(panels, -1).flatten()
    z = mean.unsqueeze(-1) + std.unsqueeze(-1) * t
    log_joint = Normal(pictures(shape, z)[0], sigma).log_prob(x.unsqueeze(-1)) + Normal(0.0, 1.0).log_prob(z)
    evidence = (log_joint.exp() * dt * std.unsqueeze(-1)).sum(-1)
    log_q = Normal(mean.unsqueeze(-1), std.unsqueeze(-1)).log_prob(z)
    q = log_q.exp() * dt * std.unsqueeze(-1)
    return evidence.log(), (q * (log_q - log_joint)).sum(-1) + evidence.log()


@pytest.mark.exercise("ch13.evidence_and_divergence")
class Test_evidence_and_divergence:
    names = ("the evidence", "the divergence")
    ACCURACY = 1e-8

    @staticmethod
    def inputs(generator, batch, sigma, bent=True):
        """Codes, their pictures and D16's guesses for a random decoder."""
        shape = uniform(generator, 0.5, 1.0, 3).tolist()
        shape = shape if bent else [shape[0], 0.0, 0.0]
        code = uniform(generator, -1.5, 1.5, batch)
        x, slope, _ = pictures(shape, code)
        return {"shape": shape, "x": x, "mean": code, "std": sigma / slope, "sigma": sigma}

    def compare(self, call, expected, otherwise=""):
        inputs = dict(call.inputs)
        for number, (part, right) in enumerate(zip(call.of("value").parts(*self.names), expected, strict=True)):

            def slips(number=number, **_):
                wrong = usual.evidence_and_divergence(at_noise, **inputs)
                return {slip: value["value"][number] for slip, value in wrong.items()}

            check(part, right, slips, otherwise, self.ACCURACY)

    @pytest.mark.points(2)
    def test_straight_decoders(self, student, generator):
        inputs = self.inputs(generator, 5, uniform(generator, 0.4, 0.9).item(), bent=False)
        width = inputs["std"] * uniform(generator, 0.7, 1.4, 5)
        inputs |= {"mean": inputs["mean"] + inputs["std"] * uniform(generator, -1, 1, 5), "std": width}
        slope, sigma = inputs["shape"][0], inputs["sigma"]
        precision = 1 + slope**2 / sigma**2
        posterior = Normal(slope * inputs["x"] / sigma**2 / precision, precision**-0.5)
        spread = torch.tensor(slope**2 + sigma**2, dtype=F64).sqrt()
        evidence = Normal(torch.zeros_like(spread), spread).log_prob(inputs["x"])
        divergence = kl_divergence(Normal(inputs["mean"], inputs["std"]), posterior)
        self.compare(student.run(at_noise, **inputs), [evidence, divergence])

    @pytest.mark.points(2)
    def test_bent_decoders(self, student, generator):
        inputs = self.inputs(generator, 6, uniform(generator, 0.05, 0.2).item())
        self.compare(student.run(at_noise, **inputs), by_panels(**inputs))

    @pytest.mark.points(1)
    def test_the_evidence_is_the_blurred_data_density(self, student, generator):
        sigma = uniform(generator, 0.05, 0.1).item()
        code = uniform(generator, 0.3, 1.0, 4)
        inputs = {"shape": [0.0, 1.0, 1.0], "x": code.exp(), "mean": code, "std": sigma / code.exp(), "sigma": sigma}
        # exp(z) has the log-normal density, and with noise it is averaged over X + σε.
        epsilon = torch.linspace(-9, 9, 4001, dtype=F64)
        y = (inputs["x"].unsqueeze(-1) + sigma * epsilon).clamp(min=1e-9)
        log_density = Normal(0.0, 1.0).log_prob(y.log()) - y.log() + Normal(0.0, 1.0).log_prob(epsilon)
        evidence = torch.trapezoid(log_density.exp(), epsilon).log()
        call = student.run(at_noise, **inputs)
        part, _ = call.of("value").parts(*self.names)
        check(part, evidence, otherwise="P(X) is the data density, averaged over X + σε.", tolerance=self.ACCURACY)

    @pytest.mark.points(3)
    def test_little_noise(self, student, generator):
        cause = "With little noise posterior and Q are narrow: the grid has to move and to shrink with Q."
        for sigma in (1e-2, 1e-3, 1e-4):
            inputs = self.inputs(generator, 5, sigma)
            self.compare(student.run(at_noise, **inputs), by_panels(**inputs), cause)

    @pytest.mark.points(1)
    def test_one_data_point_and_none(self, student, generator):
        for batch in (1, 0):
            inputs = self.inputs(generator, batch, 0.1)
            self.compare(student.run(at_noise, **inputs), by_panels(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator, 4, 0.1)
        call = student.run(at_noise, **inputs)
        check_unchanged(call)
        self.compare(call, by_panels(**inputs))


def limits(function, shape, code):
    """The call for the decoder f(z) = a·z + b·exp(c·z), and what else may change."""
    import torch

    a, b, c = shape

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    value = function(lambda z: a * z + b * torch.exp(c * z), code)
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    return {"value": value, "inputs": [shape, code], "unchanged": unchanged}


def limits_of_a_network(function, first, second, code):
    """The call for a decoder with weights that are being learned, and what became of the weights."""
    import torch

    weights = [torch.nn.Parameter(first.clone()), torch.nn.Parameter(second.clone())]
    value = function(lambda z: 3 * z + torch.tanh(z.unsqueeze(-1) * weights[0]) @ weights[1], code)
    as_before = all(weight.requires_grad and weight.grad is None for weight in weights)
    parts = [part.detach() if isinstance(part, torch.Tensor) else part for part in value]
    return {"value": parts, "as before": as_before}


@pytest.mark.exercise("ch13.small_noise_limit")
class Test_small_noise_limit:
    names = ("the width", "the center", "the skewness")

    @staticmethod
    def shape(generator, sign=1):
        return (sign * uniform(generator, 0.5, 1.5, 3) * torch.tensor([1, 1, sign])).tolist()

    @staticmethod
    def oracle(shape, code):
        _, slope, curvature = pictures(shape, code)
        return Test_small_noise_limit.from_derivatives(code, slope, curvature)

    @staticmethod
    def from_derivatives(code, slope, curvature):
        """Half the variance under N(0, 1) of w(u), the part of the log-ratio of Q and posterior linear in σ."""
        nodes, weights = map(torch.from_numpy, np.polynomial.hermite_e.hermegauss(8))
        weights = weights / weights.sum()
        linear, cubic = (code / slope).unsqueeze(-1), (curvature / slope**2 / 2).unsqueeze(-1)
        total = (weights * (linear * nodes + cubic * nodes**3) ** 2).sum(-1) / 2
        skewness = (weights * (cubic * (nodes**3 - 3 * nodes)) ** 2).sum(-1) / 2
        return [1 / slope.abs(), total - skewness, skewness]

    def compare(self, call, expected, otherwise="", tolerance=None):
        inputs, known = dict(call.inputs), "shape" in call.inputs
        for number, (part, right) in enumerate(zip(call.of("value").parts(*self.names), expected, strict=True)):

            def slips(number=number, **_):
                wrong = usual.small_noise_limit(*pictures(**inputs_as_z(inputs))[1:], inputs["code"]) if known else {}
                return {slip: value[number] for slip, value in wrong.items()}

            check(part, right, slips, otherwise, tolerance)

    @pytest.mark.points(2)
    def test_rising_decoders(self, student, generator):
        inputs = {"shape": self.shape(generator), "code": uniform(generator, -1.5, 1.5, 6)}
        self.compare(student.run(limits, **inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_falling_decoders(self, student, generator):
        inputs = {"shape": self.shape(generator, -1), "code": uniform(generator, -1.5, 1.5, 6)}
        cause = "Here f falls: a width is positive all the same, and in center the sign of s counts."
        self.compare(student.run(limits, **inputs), self.oracle(**inputs), cause)

    @pytest.mark.points(1)
    def test_straight_lines(self, student, generator):
        slope = uniform(generator, 0.5, 3).item()
        code = torch.cat([uniform(generator, -2, 2, 3), torch.zeros(1, dtype=F64)])
        inputs = {"shape": [slope, 0.0, 0.0], "code": code}
        call = student.run(straight_line, slope=slope, code=inputs["code"])
        cause = "The second derivative of a straight line is 0."
        self.compare(call, self.oracle(**inputs), cause)

    @pytest.mark.points(2)
    def test_gaps_as_measured(self, student, generator):
        # D/σ² at two noises, extrapolated to none; what is left is of order σ⁴. A guess at the posterior's own mean
        # has no part of the center.
        inputs = {"shape": self.shape(generator), "code": uniform(generator, -0.5, 1.0, 4)}
        x, slope, _ = pictures(**inputs_as_z(inputs))
        measured = []
        for sigma in (0.004, 0.002):
            given = {"shape": inputs["shape"], "x": x, "std": sigma / slope.abs(), "sigma": sigma}
            mean, deviation = posterior_moments(**given, code=inputs["code"])
            whole = by_panels(**given, mean=inputs["code"])[1]
            moved = by_panels(**given, mean=mean)[1]
            measured.append(torch.stack([deviation / sigma, (whole - moved) / sigma**2, moved / sigma**2]))
        call = student.run(limits, **inputs)
        cause = "It is not what posteriors at small noise have."
        self.compare(call, list((4 * measured[1] - measured[0]) / 3), cause, tolerance=1e-3)

    @pytest.mark.points(1)
    def test_one_code(self, student, generator):
        inputs = {"shape": self.shape(generator), "code": uniform(generator, -1, 1, 1)}
        self.compare(student.run(limits, **inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = {"shape": self.shape(generator), "code": uniform(generator, -1, 1, 4)}
        call = student.run(limits, **inputs)
        check_unchanged(call)
        self.compare(call, self.oracle(**inputs))
        first, second, code = (uniform(generator, -1, 1, size) for size in (3, 3, 5))
        call = student.run(limits_of_a_network, first=first, second=second, code=code)
        what = (
            "the call left gradients in the decoder's weights, or switched them off: ask for those with respect to z."
        )
        check_that(call, call.of("as before").value is True, what)
        derivatives = differences(lambda z: 3 * z + torch.tanh(z.unsqueeze(-1) * first) @ second, code)
        self.compare(call, self.from_derivatives(code, *derivatives), tolerance=1e-6)


def straight_line(function, slope, code):
    """The call for f(z) = slope · z, with nothing in it that depends on z but the product."""
    return {"value": function(lambda z: slope * z, code)}


def inputs_as_z(inputs):
    """The arguments of `pictures`."""
    return {"shape": inputs["shape"], "z": inputs["code"]}


def differences(f, z, h=2e-3):
    """First and second derivative by central differences of fourth order."""
    far, near, here = (f(z + 2 * h), f(z - 2 * h)), (f(z + h), f(z - h)), f(z)
    first = (8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * h)
    second = (16 * (near[0] + near[1]) - (far[0] + far[1]) - 30 * here) / (12 * h**2)
    return first, second


def posterior_moments(shape, x, std, sigma, code):
    """Mean and standard deviation of the posterior, on evenly spaced points."""
    t = torch.linspace(-12, 12, 4001, dtype=F64)
    z = code.unsqueeze(-1) + std.unsqueeze(-1) * t
    log_joint = Normal(pictures(shape, z)[0], sigma).log_prob(x.unsqueeze(-1)) - z**2 / 2
    weights = log_joint.softmax(-1)
    center = (weights * t).sum(-1, keepdim=True)
    return code + std * center.squeeze(-1), std * (weights * (t - center) ** 2).sum(-1).sqrt()
