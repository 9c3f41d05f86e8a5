"""Hidden checks of chapter 4.

The oracles are the noise that an answer itself drew, torch.distributions under autograd, Gauss-Hermite quadrature of a
known expectation, scipy.stats and bisection.
"""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy import stats
from torch.distributions import Normal

from vae_edu.course import scenarios
from vae_edu.course.compare import (
    check,
    check_average,
    check_form,
    check_gradients,
    check_side_effects,
    check_unchanged,
)
from vae_edu.course.slips import ch04_gradients as usual

BY_MEAN, BY_LOG_VAR = "the gradient with respect to mean", "the gradient with respect to log_var"


def sizes(generator):
    """Three sizes in falling order, so that no two axes can be mistaken for each other."""
    samples = int(torch.randint(8, 11, (), generator=generator))
    batch = int(torch.randint(5, 8, (), generator=generator))
    return samples, batch, int(torch.randint(2, 5, (), generator=generator))


def diagonal(generator, *size, dtype=torch.float32):
    """Means and log-variances of diagonal Gaussians, the latter within ±2 so that scores stay of one size."""
    mean = torch.randn(*size, generator=generator, dtype=dtype)
    return {"mean": mean, "log_var": 4 * torch.rand(*size, generator=generator, dtype=dtype) - 2}


def seed(generator):
    return int(torch.randint(2**31, (), generator=generator))


def held_still(function, mean, log_var, samples, seed):
    """The draws, and those of a standard normal from the same state of the generator: the noise."""
    import torch

    def drawn(mean, log_var):
        return function(mean, log_var, samples, torch.Generator().manual_seed(seed))

    return {"draws": drawn(mean, log_var), "noise": drawn(torch.zeros_like(mean), torch.zeros_like(log_var))}


def two_calls(function, mean, log_var, samples, seed):
    """The draws of two calls with one generator."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    return torch.cat([function(mean, log_var, samples, generator) for _ in range(2)])


def weighted_gradients(function, mean, log_var, weights, samples, seed):
    """Gradients of a weighted sum of the draws: every draw counts differently."""
    import torch

    leaves = [mean.clone().requires_grad_(), log_var.clone().requires_grad_()]
    draws = function(*leaves, samples, torch.Generator().manual_seed(seed))
    if not (isinstance(draws, torch.Tensor) and draws.requires_grad):
        return [None, None]
    return list(torch.autograd.grad((weights * draws).sum(), leaves, allow_unused=True))


@pytest.mark.exercise("ch04.reparameterize")
class Test_reparameterize:
    @staticmethod
    def against_its_noise(student, generator, samples, mean, log_var, otherwise=""):
        """Right draws are a known function of the noise that the answer drew, whatever its order."""
        call = student.run(held_still, mean=mean, log_var=log_var, samples=samples, seed=seed(generator))
        check_form(call.of("noise"), samples, *mean.shape)
        noise = call.of("noise").value.double()
        mean, log_var = mean.double(), log_var.double()
        check(
            call.of("draws"),
            mean + torch.exp(0.5 * log_var) * noise,
            slips=lambda **_: usual.reparameterize(mean, log_var, noise),
            otherwise=otherwise,
        )

    @pytest.mark.points(2)
    def test_values(self, student, generator):
        samples, *size = sizes(generator)
        cause = "Compared with mean = 0 and log_var = 0: does the noise come from `generator` alone, standard normal?"
        self.against_its_noise(student, generator, samples, **diagonal(generator, *size), otherwise=cause)

    @pytest.mark.points(1)
    def test_law_of_the_noise(self, student, generator):
        zeros = torch.zeros(2, 2)
        call = student.run(two_calls, mean=zeros, log_var=zeros, samples=2000, seed=seed(generator))
        check_form(call, 4000, 2, 2)
        noise = call.value
        cause = "With mean = 0 and log_var = 0 the draws should be standard normal."
        moments = replace(call, value=torch.stack([noise, noise**2 - 1], 1))
        # Var ε = 1 and Var ε² = 2. Squares are skewed: at the bound, 5.3 standard deviations, the two tails of their
        # average (chi-squared, 4000 degrees of freedom) are together 1.52 times the normal ones. The 1.03 makes up
        # for it; all eight averages together fail with probability 6e-7.
        spread = 1.03 * torch.tensor([1.0, math.sqrt(2)]).reshape(2, 1, 1).expand(2, 2, 2)
        check_average(moments, torch.zeros(2, 2, 2), spread, cause)

    @pytest.mark.points(2)
    def test_noise_is_not_shared(self, student, generator):
        zeros = torch.zeros(2, 2)
        call = student.run(two_calls, mean=zeros, log_var=zeros, samples=2000, seed=seed(generator))
        check_form(call, 4000, 2, 2)
        first, second = call.value.reshape(2, 1000, 2, 2, 2).unbind()
        # Each product has two independent factors of variance 1, so its mean is 0 and its variance 1. Its tails are
        # longer than normal ones, for which the 1.03 makes up: 5e-7 for all averages together (saddlepoint).
        products = {
            "the draws of a data point share their noise": (first[:, 0] * first[:, 1]).flatten(1),
            "a second call gives the same noise again": (first[:, 0] * second[:, 0]).flatten(1),
            "the data points share their noise": first[:, 0, 0, :] * first[:, 0, 1, :],
            "the dimensions of a draw share their noise": first[:, 0, :, 0] * first[:, 0, :, 1],
        }
        shared = [slip for slip, product in products.items() if product.mean(0).abs().max() > 0.2]
        cause = f"It looks as if {shared[0]}." if shared else "Every number needs noise of its own."
        every = torch.cat(list(products.values()), 1)
        count = every.shape[1]
        check_average(replace(call, value=every), torch.zeros(count), 1.03 * torch.ones(count), cause)

    @pytest.mark.points(1)
    def test_gradients(self, student, generator):
        samples, *size = sizes(generator)
        inputs = diagonal(generator, *size, dtype=torch.float64)
        weights = torch.randint(1, 9, (samples, *size), generator=generator)
        inputs |= {"weights": weights, "samples": samples, "seed": seed(generator)}
        call = student.run(held_still, **{name: inputs[name] for name in ("mean", "log_var", "samples", "seed")})
        check_form(call.of("noise"), samples, *size)
        noise = call.of("noise").value

        def oracle(mean, log_var, samples, generator):
            return mean + torch.exp(log_var / 2) * noise

        check_gradients(student, oracle, weighted_gradients, **inputs)

    @pytest.mark.points(1)
    def test_extreme_variances_one_data_point_and_none(self, student, generator):
        cause = "Very large and very small variances went wrong: neither clamp σ nor add a small number to it."
        for batch in (1, 0):
            inputs = diagonal(generator, batch, 4, dtype=torch.float64)
            inputs["log_var"] = torch.tensor([[-80.0, 80.0, -30.0, 30.0]], dtype=torch.float64).expand(batch, 4)
            self.against_its_noise(student, generator, 3, **inputs, otherwise=cause)

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        samples, *size = sizes(generator)
        inputs = {"seed": seed(generator), **diagonal(generator, *size), "samples": samples}
        check_unchanged(student.run(scenarios.draw_side_effects, **inputs))
        self.against_its_noise(student, generator, **{k: v for k, v in inputs.items() if k != "seed"})


def given(function, f, direction, mean, log_var, eps):
    """The function's value for one of four f, whatever the dtype of the draws."""
    import torch

    def height(z):
        return z @ direction.to(z.dtype)

    functions = {
        "wave": lambda z: torch.cos(height(z)),
        "step": lambda z: (height(z) > 0).to(z.dtype),
        "constant": lambda z: torch.full_like(height(z), 5.0),
    }
    return function(functions[f], mean, log_var, eps)


def given_with_side_effects(function, direction, mean, log_var, eps):
    """The value for a wave, the inputs after the call, and whether each of torch's states is as it was."""
    import torch

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    value = function(lambda z: torch.cos(z @ direction.to(z.dtype)), mean, log_var, eps)
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    return {"value": value, "inputs": [direction, mean, log_var, eps], "unchanged": unchanged}


@pytest.mark.exercise("ch04.score_function_gradient")
class Test_score_function_gradient:
    @staticmethod
    def inputs(generator, samples, batch, latent, dtype=torch.float32):
        direction = 2 * torch.rand(latent, generator=generator, dtype=dtype) - 1
        eps = torch.randn(samples, batch, latent, generator=generator, dtype=dtype)
        return {"direction": direction, **diagonal(generator, batch, latent, dtype=dtype), "eps": eps}

    @staticmethod
    def oracle(f, mean, log_var, eps):
        """Autograd of log q for each draw, the others looked up one by one.

        It moves a Gaussian around 0: where that lies does not matter to the score.
        """
        mean, log_var, eps = mean.double(), log_var.double(), eps.double()
        noise = torch.exp(log_var / 2) * eps
        value = f(mean + noise)
        moved, leaf = torch.zeros_like(mean).requires_grad_(), log_var.clone().requires_grad_()
        total = torch.zeros(())
        for draw in range(len(eps)):
            others = torch.stack([value[other] for other in range(len(eps)) if other != draw]).mean(0)
            log_q = Normal(moved, torch.exp(leaf / 2)).log_prob(noise[draw]).sum(-1)
            total = total + ((value[draw] - others) * log_q).sum() / len(eps)
        return torch.autograd.grad(total, (moved, leaf))

    def compare(self, student, otherwise="", f="wave", **inputs):
        def slips(**inputs):
            return given(usual.score_function_gradient, **inputs)

        call = replace(student.run(given, f=f, **inputs), slips=slips)
        expected = given(self.oracle, f, **inputs)
        for part, right in zip(call.parts(BY_MEAN, BY_LOG_VAR), expected, strict=True):
            check(part, right, otherwise=otherwise)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        self.compare(student, **self.inputs(generator, *sizes(generator)))

    @pytest.mark.points(1)
    def test_a_step(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator), dtype=torch.float64)
        self.compare(student, "A step has no slope: only its values at the draws may be used.", f="step", **inputs)

    @pytest.mark.points(1)
    def test_a_constant_has_no_slope(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator), dtype=torch.float64)
        cause = "For a constant f every draw equals its baseline, and both gradients are 0."
        self.compare(student, cause, f="constant", **inputs)

    @pytest.mark.points(2)
    def test_its_expectation_is_the_gradient(self, student, generator):
        # Every pair of nodes is one data point with two draws. E[cos(a·z)] = cos(a·m)·exp(-a²σ²/2).
        nodes, weights = map(torch.from_numpy, np.polynomial.hermite_e.hermegauss(30))
        eps = torch.cartesian_prod(nodes, nodes).T.unsqueeze(-1)
        weights = torch.cartesian_prod(weights, weights).prod(-1) / weights.sum() ** 2
        inputs = self.inputs(generator, 2, 1, 1, torch.float64) | {"eps": eps}
        a, mean, log_var = (inputs[name].squeeze().requires_grad_() for name in ("direction", "mean", "log_var"))
        expectation = torch.cos(a * mean) * torch.exp(-0.5 * a**2 * log_var.exp())
        exact = torch.autograd.grad(expectation, (mean, log_var))
        inputs = {name: value.detach() for name, value in inputs.items()}
        inputs |= {name: inputs[name].expand(len(weights), 1) for name in ("mean", "log_var")}
        call = student.run(given, f="wave", **inputs)
        for part, right in zip(call.parts(BY_MEAN, BY_LOG_VAR), exact, strict=True):
            check_form(part, len(weights), 1)
            average = weights @ part.value.squeeze(-1)
            cause = "Its average over all draws misses the exact gradient: the estimate is biased."
            check(replace(part, value=average), right, otherwise=cause, tolerance=1e-6)

    @pytest.mark.points(1)
    def test_extreme_variances_and_two_draws(self, student, generator):
        inputs = self.inputs(generator, 2, 5, 2, torch.float64)
        log_var = torch.tensor([-20.0, 20.0], dtype=torch.float64)
        # f varies along each dimension on the scale of its σ, so nothing is lost to rounding.
        inputs |= {"direction": torch.exp(-log_var / 2), "mean": 0 * inputs["mean"], "log_var": log_var.expand(5, 2)}
        cause = "Very large and very small variances went wrong: neither clamp σ nor add a small number to it."
        self.compare(student, cause, **inputs)

    @pytest.mark.points(1)
    def test_one_data_point_none_and_float64(self, student, generator):
        for batch in (1, 0):
            self.compare(student, **self.inputs(generator, 4, batch, 3, torch.float64))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator))
        call = student.run(given_with_side_effects, **inputs)
        check_unchanged(call)
        expected = given(self.oracle, "wave", **inputs)
        for part, right in zip(call.of("value").parts(BY_MEAN, BY_LOG_VAR), expected, strict=True):
            check(part, right)


def parameter_gradients(function, rate, bound, uniform):
    """Gradients with respect to both parameters, every draw counting differently."""
    import torch

    leaves = [rate.clone().requires_grad_(), bound.clone().requires_grad_()]
    draws = function(*leaves, uniform)
    if not (isinstance(draws, torch.Tensor) and draws.requires_grad):
        return [None, None, None]
    weights = torch.arange(1, draws.numel() + 1).reshape(draws.shape)
    return [*torch.autograd.grad((weights * draws).sum(), leaves, allow_unused=True), None]


@pytest.mark.exercise("ch04.truncated_exponential")
class Test_truncated_exponential:
    @staticmethod
    def inputs(generator, samples, batch, dtype=torch.float32):
        def between(low, high, *size):
            return low + (high - low) * torch.rand(*size, generator=generator, dtype=dtype)

        uniform = between(0.02, 0.98, samples, batch)
        return {"rate": between(0.3, 3, batch), "bound": between(0.5, 3, batch), "uniform": uniform}

    @staticmethod
    def oracle(rate, bound, uniform):
        rate, bound, uniform = (value.double().numpy() for value in (rate, bound, uniform))
        return torch.from_numpy(stats.truncexpon(rate * bound, scale=1 / rate).ppf(uniform))

    @staticmethod
    def along_the_path(rate, bound, uniform):
        """The draws by bisection of F, and their gradients from F(z) = u: dz = -dF/q where F moves and u does not."""
        rate, bound, uniform = rate.double(), bound.double(), uniform.double()

        def probability(z):
            return (1 - torch.exp(-rate * z)) / (1 - torch.exp(-rate * bound))

        with torch.no_grad():
            low, high = torch.zeros_like(uniform), bound.expand_as(uniform)
            for _ in range(60):
                middle = (low + high) / 2
                below = probability(middle) < uniform
                low, high = torch.where(below, middle, low), torch.where(below, high, middle)
            density = rate * torch.exp(-rate * low) / (1 - torch.exp(-rate * bound))
        return low - (probability(low) - uniform) / density

    def compare(self, student, otherwise="", **inputs):
        check(student(**inputs), self.oracle(**inputs), otherwise=otherwise)

    @pytest.mark.points(2)
    def test_values(self, student, generator):
        samples, batch, _ = sizes(generator)
        self.compare(student, **self.inputs(generator, samples, batch))

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        samples, batch, _ = sizes(generator)
        inputs = self.inputs(generator, samples, batch)
        check_gradients(student, self.along_the_path, parameter_gradients, **inputs)

    @pytest.mark.points(2)
    def test_nearly_uniform(self, student, generator):
        samples, batch, _ = sizes(generator)
        inputs = self.inputs(generator, samples, batch)
        inputs["rate"] = 1e-6 * inputs["rate"]
        cause = "Where rate·bound is small, 1 - exp(-rate·bound) and log(1 - small) lose their digits: look for expm1 "
        self.compare(student, cause + "and log1p.", **inputs)

    @pytest.mark.points(1)
    def test_the_cut_is_far_away(self, student, generator):
        samples, batch, _ = sizes(generator)
        inputs = self.inputs(generator, samples, batch)
        inputs |= {"bound": 5e3 * inputs["bound"]}
        inputs["uniform"][0] = 0
        cause = "Where rate·bound is large, exp(rate·bound) leaves the range of floating-point numbers."
        self.compare(student, cause, **inputs)

    @pytest.mark.points(1)
    def test_one_data_point_none_float64_and_strided_inputs(self, student, generator):
        for batch in (1, 0, 4):
            inputs = self.inputs(generator, 3, batch, torch.float64)
            check(student.run(scenarios.strided, **inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        samples, batch, _ = sizes(generator)
        inputs = self.inputs(generator, samples, batch)
        check_side_effects(student, self.oracle(**inputs), **inputs)
