"""Hidden checks of chapter 8. The oracles are rotations in a plane, known paths, and speeds by autograd in float64."""

import math
from dataclasses import replace

import pytest
import torch

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_side_effects, check_unchanged
from vae_edu.course.slips import ch08_moving as slips


def integer(generator, low, high):
    """A whole number from low to high - 1."""
    return int(torch.randint(low, high, (), generator=generator))


def encoded(function, x, weight, bias, log_var, batch_size, threshold):
    """The value for the encoder mean = x·weightᵀ + bias, with one log_var for all pictures, and what else changed."""
    import torch

    def encode(pictures):
        if len(pictures) > batch_size:
            raise ValueError("encode got more pictures than fit into memory.")
        mean = pictures @ weight.mT + bias
        return mean, log_var.expand_as(mean)

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    value = function(encode, x, batch_size, threshold)
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    return {
        "value": value,
        "inputs": [x, weight, bias, log_var, batch_size, threshold],
        "unchanged": unchanged,
    }


def slips_of_units(x, weight, bias, log_var, batch_size, threshold):
    """The usual slips for that encoder."""

    def encode(pictures):
        mean = pictures @ weight.mT + bias
        return mean, log_var.expand_as(mean)

    return slips.mended_active_units(encode, x, batch_size, threshold)


@pytest.mark.exercise("ch08.mended_active_units")
class Test_mended_active_units:
    @staticmethod
    def inputs(generator, dtype=torch.float32):
        """Whole minibatches and one smaller one; activities from far below to far above the threshold."""
        batch_size, pixels, latent = integer(generator, 4, 8), 6, 4
        n = 3 * batch_size + integer(generator, 2, batch_size)
        scale = torch.tensor([0.05, 0.2, 1.0, 2.0], dtype=dtype)[torch.randperm(latent, generator=generator)]
        weight = torch.randn(latent, pixels, generator=generator, dtype=dtype)
        weight = weight / weight.norm(dim=1, keepdim=True)
        return {
            "x": torch.randn(n, pixels, generator=generator, dtype=dtype),
            "weight": weight * scale.unsqueeze(1),
            "bias": torch.randn(latent, generator=generator, dtype=dtype),
            "log_var": torch.randn(latent, generator=generator, dtype=dtype) - 1,
            "batch_size": batch_size,
            "threshold": 0.25,
        }

    @staticmethod
    def oracle(x, weight, bias, log_var, batch_size, threshold):
        """Half the mean squared distance of two pictures' means, over all pairs."""
        mean = x @ weight.mT + bias
        activity = (mean.double().unsqueeze(1) - mean.double()).square().mean((0, 1)) / 2
        return activity, activity > threshold

    def compare(self, student, inputs, otherwise=""):
        call = student.run(encoded, **inputs)
        value = replace(call.of("value"), slips=slips_of_units)
        parts = value.parts("the activities", "the active latents")
        for part, expected in zip(parts, self.oracle(**inputs), strict=True):
            check(part, expected, otherwise=otherwise)
        return call

    @pytest.mark.points(2)
    def test_values(self, student, generator):
        self.compare(student, self.inputs(generator))

    @pytest.mark.points(1)
    def test_dead_latents(self, student, generator):
        inputs = self.inputs(generator)
        inputs["weight"][:2] = 0
        inputs["bias"][:2] = 0
        inputs |= {"log_var": torch.zeros(4), "threshold": 0.0}
        cause = (
            "A latent whose mean is the same for all pictures has the activity 0, whatever its σ, and is not active."
        )
        self.compare(student, inputs, cause)

    @pytest.mark.points(2)
    def test_sorted_pictures(self, student, generator):
        inputs = self.inputs(generator)
        kinds = inputs["x"][: len(inputs["x"]) // inputs["batch_size"] + 1]
        inputs["x"] = kinds.repeat_interleave(inputs["batch_size"], 0)[: len(inputs["x"])]
        cause = "Every minibatch held pictures of one kind: what differs between minibatches is a part of the variance."
        self.compare(student, inputs, cause)

    @pytest.mark.points(1)
    def test_means_far_from_zero(self, student, generator):
        inputs = self.inputs(generator, torch.float64)
        inputs["bias"] += 1e5
        cause = "The means were large beside their spread: take their mean away before you square."
        self.compare(student, inputs, cause)

    @pytest.mark.points(1)
    def test_one_picture_and_one_too_many(self, student, generator):
        inputs = self.inputs(generator)
        for n in (1, inputs["batch_size"] + 1):
            self.compare(student, inputs | {"x": inputs["x"][:n]})

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator)
        check_unchanged(self.compare(student, inputs))


@pytest.mark.exercise("ch08.road")
class Test_road:
    @staticmethod
    def inputs(generator, dtype=torch.float32, pairs=6):
        """Ends of different lengths, nearly opposite ones ruled out; where there are pairs, some angle is obtuse."""
        size = (pairs, integer(generator, 3, 6))
        while True:
            mean, log_var = torch.randn(2, 2, *size, generator=generator, dtype=dtype)
            eps = torch.randn(*size, generator=generator, dtype=dtype)
            cosine = torch.cosine_similarity(*(mean + (log_var / 2).exp() * eps), dim=-1)
            if pairs == 0 or -0.9 < cosine.min() < -0.2:
                break
        return {
            "mean": mean,
            "log_var": log_var,
            "eps": eps,
            "t": torch.rand(7, generator=generator, dtype=dtype),
        }

    @staticmethod
    def oracle(mean, log_var, eps, t):
        """The unit vectors turned in their plane, expressed by the two ends' directions, with the ends' lengths."""
        start, end = mean.double() + log_var.double().exp().sqrt() * eps.double()
        a, b = start / start.norm(dim=-1, keepdim=True), end / end.norm(dim=-1, keepdim=True)
        across = b - (a * b).sum(-1, keepdim=True) * a
        sine, cosine = across.norm(dim=-1), (a * b).sum(-1)
        turned = torch.atan2(sine, cosine) * t.double().unsqueeze(1)  # (steps, pairs)
        point = turned.cos().unsqueeze(-1) * a + turned.sin().unsqueeze(-1) * across / sine.unsqueeze(-1)
        directions = torch.stack([a, b], -1).expand(len(t), *a.shape, 2)
        shares = torch.linalg.lstsq(directions, point.unsqueeze(-1)).solution
        return (torch.stack([start, end], -1) @ shares).squeeze(-1)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.inputs(generator)
        check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_ends(self, student, generator):
        inputs = self.inputs(generator) | {"t": torch.tensor([0.0, 1.0])}
        ends = inputs["mean"] + inputs["log_var"].exp().sqrt() * inputs["eps"]
        check(student(**inputs), ends, otherwise="The road does not lead from the first z to the last.")

    @pytest.mark.points(2)
    def test_ends_in_one_direction(self, student, generator):
        mean, log_var, eps = torch.randn(3, 60, 4, generator=generator)
        factor = torch.ones(60, 1)
        factor[30:] = 3  # the last z of half the pairs is three times the first, of the others the same
        noise = (log_var / 2).exp() * eps
        last = torch.where(factor == 1, mean, factor * (mean + noise) - noise)
        t = torch.rand(7, generator=generator)
        start = (mean + noise).double()
        expected = torch.lerp(start, factor * start, t.double().view(-1, 1, 1))
        cause = "Both ends lay in one direction: rounding lifts their cosine over 1, and sin(tΩ)/sin Ω tends to t."
        ends = {"mean": torch.stack([mean, last]), "log_var": torch.stack([log_var, log_var])}
        check(student(**ends, eps=eps, t=t), expected, otherwise=cause)

    @pytest.mark.points(1)
    def test_no_pairs_and_no_steps(self, student, generator):
        inputs = self.inputs(generator)
        check(student(**inputs | {"t": torch.zeros(0)}), torch.zeros(0, *inputs["eps"].shape))
        nothing = self.inputs(generator, pairs=0)
        check(student(**nothing), torch.zeros(7, *nothing["eps"].shape))

    @pytest.mark.points(1)
    def test_float64_and_strided_inputs(self, student, generator):
        inputs = self.inputs(generator, torch.float64, pairs=1)
        check(student.run(scenarios.strided, **inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator)
        check_side_effects(student, self.oracle(**inputs), **inputs)


def through_network(function, start, end, stops, inner, outer):
    """The value for pictures sigmoid(tanh(z·inner)·outer), and what else changed."""
    import torch

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    value = function(lambda z: torch.sigmoid(torch.tanh(z @ inner) @ outer), start, end, stops)
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    return {"value": value, "inputs": [start, end, stops, inner, outer], "unchanged": unchanged}


def spiral(function, start, end, stops, turns):
    """The value for two pixels that go around a circle: a full turn for every 1/turns of the latents' sum."""
    import torch

    def decode(z):
        angle = 2 * torch.pi * turns * z.sum(-1, keepdim=True)
        return torch.cat([angle.cos(), angle.sin()], -1)

    return function(decode, start, end, stops)


def jump(function, start, end, stops, steepness):
    """The value for one pixel that moves mostly where the latents' sum passes 0."""
    import torch

    return function(lambda z: torch.atan(steepness * z.sum(-1, keepdim=True)), start, end, stops)


def late(function, start, end, stops, low, high):
    """The value for one pixel that moves only while the latents' sum is between low and high."""
    return function(lambda z: z.sum(-1, keepdim=True).clamp(low, high), start, end, stops)


@pytest.mark.exercise("ch08.equal_steps")
class Test_equal_steps:
    @staticmethod
    def inputs(generator, dtype=torch.float32):
        """A road through a random network: the first pixels move early, the last ones late."""
        latent, hidden, pixels = 3, 10, 12
        start, end = 1.5 * torch.randn(2, latent, generator=generator, dtype=dtype)
        return {
            "start": start,
            "end": end + (end - start) / (end - start).norm(),
            "stops": integer(generator, 5, 9),
            "inner": torch.randn(latent, hidden, generator=generator, dtype=dtype),
            "outer": 2 * torch.randn(hidden, pixels, generator=generator, dtype=dtype),
        }

    @staticmethod
    def oracle(start, end, stops, inner, outer):
        """The speed by forward derivatives, integrated by Simpson's rule over 4,000 pieces, and its inverse."""
        start, end, inner, outer = (tensor.double() for tensor in (start, end, inner, outer))
        t = torch.linspace(0, 1, 8001, dtype=torch.float64).unsqueeze(1)
        y = torch.tanh(((1 - t) * start + t * end) @ inner)
        p = torch.sigmoid(y @ outer)
        speed = (p * (1 - p) * (((1 - y**2) * ((end - start) @ inner)) @ outer)).norm(dim=1)
        pieces = (speed[:-2:2] + 4 * speed[1::2] + speed[2::2]) / 24_000
        travelled = torch.cat([torch.zeros(1, dtype=torch.float64), pieces.cumsum(0)])
        goals = torch.linspace(0, 1, stops, dtype=torch.float64) * travelled[-1]
        after = torch.searchsorted(travelled, goals).clamp(1, 4000)
        t = t[::2, 0]
        rest = (goals - travelled[after - 1]) / (travelled[after] - travelled[after - 1])
        return t[after - 1] + rest / 4000

    def compare(self, student, inputs, otherwise=""):
        def usual(start, end, stops, inner, outer):
            return slips.equal_steps(lambda z: torch.sigmoid(torch.tanh(z @ inner) @ outer), start, end, stops)

        call = student.run(through_network, **inputs)
        check(call.of("value"), self.oracle(**inputs), usual, otherwise, tolerance=1e-3)
        return call

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        self.compare(student, self.inputs(generator))

    @pytest.mark.points(2)
    def test_a_picture_that_comes_back(self, student, generator):
        stops = integer(generator, 4, 8)
        start = torch.rand(2, generator=generator)
        end = start + torch.rand(2, generator=generator) + 0.5
        call = student.run(spiral, start=start, end=end, stops=stops, turns=2.3)
        cause = (
            "The picture goes around a circle at even speed: what counts is the path, not how far off the start it is."
        )
        check(call, torch.linspace(0, 1, stops), otherwise=cause, tolerance=1e-3)

    @pytest.mark.points(2)
    def test_a_picture_that_jumps(self, student, generator):
        stops, length = integer(generator, 4, 8), 10 + 10 * float(torch.rand((), generator=generator))
        low = -length * (0.3 + 0.4 * float(torch.rand((), generator=generator)))
        start, end = torch.tensor([low, 0.0]), torch.tensor([low, length])
        call = student.run(jump, start=start, end=end, stops=stops, steepness=15.0)
        # One pixel that only rises: equal steps of the picture are equal steps of its value.
        first, last = math.atan(15 * low), math.atan(15 * (low + length))
        values = torch.linspace(first, last, stops, dtype=torch.float64)
        cause = "On this road the picture moves in a short piece only, and there the places have to lie close together."
        check(call, (values.tan() / 15 - low) / length, otherwise=cause, tolerance=1e-3)

    @pytest.mark.points(1)
    def test_a_late_start_and_an_early_arrival(self, student, generator):
        stops = integer(generator, 4, 8)
        low, high = 0.1 + 0.2 * torch.rand((), generator=generator), 0.7 + 0.2 * torch.rand((), generator=generator)
        low, high = float(low), float(high)
        call = student.run(late, start=torch.zeros(1), end=torch.ones(1), stops=stops, low=low, high=high)
        inside = low + (high - low) * torch.linspace(0, 1, stops)[1:-1]
        cause = (
            "The picture stands still at the beginning of this road and at its end; the first time is 0, the last 1."
        )
        check(call, torch.cat([torch.zeros(1), inside, torch.ones(1)]), otherwise=cause, tolerance=1e-3)

    @pytest.mark.points(1)
    def test_a_picture_that_stands_still(self, student, generator):
        inputs = self.inputs(generator)
        cause = "Nothing moves on this road, so there is no length to divide by: evenly spaced times are asked for."
        call = student.run(through_network, **inputs | {"outer": 0 * inputs["outer"]})
        check(call.of("value"), torch.linspace(0, 1, inputs["stops"]), otherwise=cause, tolerance=1e-3)

    @pytest.mark.points(1)
    def test_two_stops_and_many(self, student, generator):
        inputs = self.inputs(generator)
        for stops in (2, 300):
            self.compare(student, inputs | {"stops": stops})

    @pytest.mark.points(1)
    def test_float64(self, student, generator):
        self.compare(student, self.inputs(generator, torch.float64))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        check_unchanged(self.compare(student, self.inputs(generator)))
