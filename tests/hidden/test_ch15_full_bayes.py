"""Hidden checks of chapter 15. The oracles are a multivariate normal, quadrature, draws that exhaust the noise."""

import math

import pytest
import torch
from torch import nn
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_gradients, check_unchanged
from vae_edu.course.findings import Category, Finding
from vae_edu.course.slips import ch15_full_bayes as slips


def integer(generator, low, high):
    """A random size from low up to, not including, high."""
    return int(torch.randint(low, high, (), generator=generator))


def normal(generator, *size, dtype=torch.float32):
    return torch.randn(*size, generator=generator, dtype=dtype)


def on_its_own(mean, log_var):
    """KL(N(mean, exp(log_var)) || N(0, 1)) of each number."""
    q = Normal(mean.double(), torch.exp(log_var.double() / 2))
    return kl_divergence(q, Normal(torch.zeros_like(q.mean), torch.ones_like(q.mean)))


def all_but_the_data(function, x, *others):
    """Gradients of the summed values with respect to everything but x."""
    import torch

    leaves = [value.clone().requires_grad_() for value in others]
    parts = [part for part in function(x, *leaves) if part.requires_grad]
    if not parts:
        return [None] * (len(leaves) + 1)
    return [None, *torch.autograd.grad(torch.stack(parts).sum(), leaves, allow_unused=True)]


@pytest.mark.exercise("ch15.evidence_and_bound")
class Test_evidence_and_bound:
    @staticmethod
    def inputs(generator, n, dtype=torch.float32):
        positive = 0.3 + torch.rand(2, generator=generator, dtype=dtype)
        mean, log_var = normal(generator, 2, dtype=dtype)
        return {
            "x": 1 + 2 * normal(generator, n, dtype=dtype),
            "slope": 1.5 * positive[0],
            "noise_var": positive[1],
            "mean": mean,
            "log_var": log_var,
        }

    @staticmethod
    def oracle(x, slope, noise_var, mean, log_var):
        x, slope, noise_var, mean, log_var = (v.double() for v in (x, slope, noise_var, mean, log_var))
        spread = slope**2 + noise_var
        evidence = MultivariateNormal(torch.zeros_like(x), spread * torch.eye(len(x)).double() + 1).log_prob(x)
        # The bound's integrand is a Gaussian times a parabola: the trapezoidal rule is as good as exact.
        nodes = torch.linspace(-10, 10, 801, dtype=torch.float64)
        theta, normal = mean + torch.exp(log_var / 2) * nodes, Normal(0.0, 1.0)
        log_q = normal.log_prob(nodes) - log_var / 2
        inside = Normal(theta.unsqueeze(-1), spread.sqrt()).log_prob(x).sum(-1) + normal.log_prob(theta) - log_q
        bound = torch.trapezoid(normal.log_prob(nodes).exp() * inside, nodes)
        return evidence, bound

    def check(self, call, inputs, expected=None, **told):
        for part, right in zip(call.parts("the evidence", "the bound"), expected or self.oracle(**inputs), strict=True):
            check(part, right, **told)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.inputs(generator, integer(generator, 4, 9))
        self.check(student(**inputs), inputs)

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        inputs = self.inputs(generator, integer(generator, 4, 9), torch.float64)
        check_gradients(student, self.oracle, all_but_the_data, **inputs)

    @pytest.mark.points(1)
    def test_very_sure_and_very_unsure_guesses(self, student, generator):
        inputs = self.inputs(generator, 3)
        for log_var in (-80.0, 30.0):
            inputs["log_var"] = torch.tensor(log_var)
            cause = "A very narrow or very wide guess went wrong: use log σ² as it is given, and clamp nothing."
            self.check(student(**inputs), inputs, otherwise=cause)

    @pytest.mark.points(1)
    def test_one_number_and_none(self, student, generator):
        inputs = self.inputs(generator, 1)
        self.check(student(**inputs), inputs)
        inputs = self.inputs(generator, 0)
        nothing = torch.zeros(()), -on_its_own(inputs["mean"], inputs["log_var"])
        cause = "Without data the evidence is 0 and the bound is minus the divergence."
        self.check(student(**inputs), inputs, nothing, otherwise=cause)

    @pytest.mark.points(1)
    def test_many_float64_strided_numbers_and_side_effects(self, student, generator):
        inputs = self.inputs(generator, 100, torch.float64)
        self.check(student.run(scenarios.strided, **inputs), inputs)
        check_unchanged(student.run(scenarios.side_effects, **inputs))


def guesses_alone(function, x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """Gradients with respect to the four parameters of the guesses; the data and the noise get none."""
    import torch

    leaves = [value.clone().requires_grad_() for value in (mean, log_var, weight_mean, weight_log_var)]
    value = function(x, *leaves, n, eps, zeta)
    if not (isinstance(value, torch.Tensor) and value.requires_grad):
        return [None] * 7
    return [None, *torch.autograd.grad(value.sum(), leaves, allow_unused=True), None, None]


@pytest.mark.exercise("ch15.full_vb_estimate")
class Test_full_vb_estimate:
    @staticmethod
    def inputs(generator, minibatch, pixels, latent, samples, dtype=torch.float32):
        def random(*size):
            return normal(generator, *size, dtype=dtype)

        return {
            "x": random(minibatch, pixels),
            "mean": random(minibatch, latent),
            "log_var": random(minibatch, latent),
            "weight_mean": random(pixels, latent),
            "weight_log_var": random(pixels, latent) - 1,
            "n": minibatch * integer(generator, 3, 6) + 1,
            "eps": random(samples, minibatch, latent),
            "zeta": random(samples, pixels, latent),
        }

    def random(self, generator, dtype=torch.float32):
        minibatch, samples = integer(generator, 5, 8), integer(generator, 9, 12)
        return self.inputs(generator, minibatch, 4, integer(generator, 2, 4), samples, dtype)

    @staticmethod
    def oracle(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
        """Draw by draw and data point by data point."""
        x, mean, log_var, weight_mean, weight_log_var, eps, zeta = (
            v.double() for v in (x, mean, log_var, weight_mean, weight_log_var, eps, zeta)
        )
        total = -on_its_own(weight_mean, weight_log_var).sum()
        share = n / len(x)
        for i in range(len(x)):
            total = total - share * on_its_own(mean[i], log_var[i]).sum()
            for e, weight_noise in zip(eps[:, i], zeta, strict=True):
                theta = weight_mean + (weight_log_var / 2).exp() * weight_noise
                decoded = theta @ (mean[i] + (log_var[i] / 2).exp() * e)
                total = total + share / len(eps) * Normal(decoded, 1.0).log_prob(x[i]).sum()
        return total

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.random(generator)
        check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_average_over_all_draws_is_the_exact_bound(self, student, generator):
        # The likelihood has degree 2 in each noise variable, so -1 and 1 have the mean of a standard normal.
        inputs = self.inputs(generator, 3, 2, 1, 8, torch.float64)
        signs = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0]).double()] * 3)
        inputs |= {"eps": signs[:, None, :1].expand(8, 3, 1).clone(), "zeta": signs[:, 1:, None].clone()}
        x, mean, log_var, weight_mean, weight_log_var, n, *_ = inputs.values()
        squares = (mean**2 + log_var.exp()) @ (weight_mean**2 + weight_log_var.exp()).mT
        expected = x**2 - 2 * x * (mean @ weight_mean.mT) + squares
        bounds = -0.5 * (math.log(2 * math.pi) + expected).sum(-1) - on_its_own(mean, log_var).sum(-1)
        cause = "Averaged over all draws it should be the exact bound."
        exact = n * bounds.mean() - on_its_own(weight_mean, weight_log_var).sum()
        check(student(**inputs), exact, otherwise=cause)

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        check_gradients(student, self.oracle, guesses_alone, **self.random(generator, torch.float64))

    @pytest.mark.points(1)
    def test_nearly_certain_guesses(self, student, generator):
        inputs = self.random(generator)
        for name in ("log_var", "weight_log_var"):
            certain = inputs | {name: inputs[name] - 80}
            cause = "Guesses with a very small variance went wrong: clamp nothing and add nothing to the variance."
            check(student(**certain), self.oracle(**certain), otherwise=cause)

    @pytest.mark.points(1)
    def test_one_of_everything(self, student, generator):
        inputs = self.inputs(generator, 1, 1, 1, 1)
        check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_float64_strided_inputs_and_side_effects(self, student, generator):
        inputs = self.random(generator, torch.float64)
        check(student.run(scenarios.strided, **inputs), self.oracle(**inputs))
        check_unchanged(student.run(scenarios.side_effects, **inputs))


class Oracle(nn.Module):
    """The layer of the exercise, with the outputs' variances from a full covariance matrix."""

    def __init__(self, inputs, outputs, log_var):
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(outputs, inputs))
        self.log_var = nn.Parameter(torch.zeros(outputs, inputs) + log_var)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x, zeta):
        return nn.functional.linear(x, Normal(self.mean, (self.log_var / 2).exp()).stddev * zeta + self.mean, self.bias)

    def local(self, x, eps):
        covariances = torch.diag_embed(self.log_var.exp())  # of each output's weights
        variance = torch.einsum("bi,oij,bj->bo", x, covariances, x)
        return Normal(nn.functional.linear(x, self.mean, self.bias), variance.sqrt()).mean + variance.sqrt() * eps

    def kl(self):
        return on_its_own(self.mean, self.log_var).sum()


def with_weights(layer_class, method, mean, log_var, bias, *inputs):
    """The value of one method of a layer with these parameters."""
    import torch

    outputs, given = mean.shape
    layer = layer_class(given, outputs, 0.0).to(mean.dtype)
    with torch.no_grad():
        for name, value in (("mean", mean), ("log_var", log_var), ("bias", bias)):
            getattr(layer, name).copy_(value)
    return layer(*inputs) if method == "forward" else getattr(layer, method)(*inputs)


def weight_gradients(layer_class, method, mean, log_var, bias, *inputs):
    """Gradients of one method's summed squares with respect to the three parameters; the inputs get none."""
    import torch

    outputs, given = mean.shape
    layer = layer_class(given, outputs, 0.0).to(mean.dtype)
    with torch.no_grad():
        for name, value in (("mean", mean), ("log_var", log_var), ("bias", bias)):
            getattr(layer, name).copy_(value)
    value = layer(*inputs) if method == "forward" else getattr(layer, method)(*inputs)
    none = [None for _ in inputs]
    if not (isinstance(value, torch.Tensor) and value.requires_grad):
        return [None, None, None, *none]
    leaves = [layer.mean, layer.log_var, layer.bias]
    return [*torch.autograd.grad(value.square().sum(), leaves, allow_unused=True), *none]


def at_the_start(layer_class, inputs, outputs, log_var):
    """The parameters of a new layer by name."""
    return {name: value.detach() for name, value in layer_class(inputs, outputs, log_var).named_parameters()}


def method_side_effects(layer_class, x, eps):
    """Side effects of a draw of the outputs."""
    import torch

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    layer = layer_class(x.shape[1], eps.shape[1], 0.0)
    before = states()
    layer.local(x, eps)
    return {"inputs": [x, eps], "unchanged": [old == new for old, new in zip(before, states(), strict=True)]}


@pytest.mark.exercise("ch15.BayesianLinear")
class Test_BayesianLinear:
    @staticmethod
    def weights(generator, inputs, outputs, dtype=torch.float32):
        mean, log_var = normal(generator, 2, outputs, inputs, dtype=dtype)
        return {"mean": mean, "log_var": log_var, "bias": normal(generator, outputs, dtype=dtype)}

    @staticmethod
    def sizes(generator):
        return integer(generator, 3, 5), integer(generator, 5, 7)

    @pytest.mark.points(2)
    def test_parameters(self, student, generator):
        inputs, outputs = self.sizes(generator)
        start = -3 * float(torch.rand((), generator=generator))
        call = student.run(at_the_start, inputs=inputs, outputs=outputs, log_var=start)
        wanted = {
            "mean": torch.zeros(outputs, inputs),
            "log_var": torch.full((outputs, inputs), start),
            "bias": torch.zeros(outputs),
        }
        if lacking := [name for name in wanted if name not in (call.value if type(call.value) is dict else {})]:
            raise Finding(Category.WRONG_TYPE, f"BayesianLinear lacks the parameter {', '.join(lacking)}.")
        if len(call.value) > len(wanted):
            raise Finding(Category.WRONG_TYPE, "BayesianLinear has more parameters than the task says.")
        for name, right in wanted.items():
            check(call.of(name, part=f"the parameter {name}"), right)

    @pytest.mark.points(2)
    def test_one_draw_of_the_weights(self, student, generator):
        inputs, outputs = self.sizes(generator)
        for batch, dtype in ((8, torch.float32), (1, torch.float64), (0, torch.float32)):
            given = self.weights(generator, inputs, outputs, dtype)
            given |= {
                "x": normal(generator, batch, inputs, dtype=dtype),
                "zeta": normal(generator, outputs, inputs, dtype=dtype),
            }
            call = student.run(with_weights, method="forward", **given)
            check(call, with_weights(Oracle, "forward", *given.values()), slips=slips.forward)

    @pytest.mark.points(3)
    def test_local_draws_of_the_outputs(self, student, generator):
        inputs, outputs = self.sizes(generator)
        for batch in (8, 1, 0):
            given = self.weights(generator, inputs, outputs)
            given |= {"x": normal(generator, batch, inputs), "eps": normal(generator, batch, outputs)}
            call = student.run(with_weights, method="local", **given)
            check(call, with_weights(Oracle, "local", *given.values()), slips=slips.local)
        x, eps = normal(generator, 3, inputs), normal(generator, 3, outputs)
        check_unchanged(student.run(method_side_effects, x=x, eps=eps))

    @pytest.mark.points(1)
    def test_a_data_point_of_zeros(self, student, generator):
        inputs, outputs = self.sizes(generator)
        given = self.weights(generator, inputs, outputs)
        x, eps = torch.zeros(1, inputs), normal(generator, 1, outputs)
        call = student.run(weight_gradients, method="local", **given, x=x, eps=eps)
        # The outputs are the biases, so the sum of their squares has the slope 2·bias, and none by mean and log_var.
        right = [torch.zeros(outputs, inputs), torch.zeros(outputs, inputs), 2 * given["bias"]]
        members = call.parts("mean", "log_var", "bias", "x", "eps")[:3]
        for member, gradient in zip(members, right, strict=True):
            if member.value is not None or gradient.any():
                cause = "The root of a variance of exactly 0 has no finite slope: keep it a little away from 0 before."
                check(member, gradient, otherwise=cause)

    @pytest.mark.points(2)
    def test_divergence(self, student, generator):
        inputs, outputs = self.sizes(generator)
        given = self.weights(generator, inputs, outputs)
        for log_var in (given["log_var"], given["log_var"] - 80):
            given["log_var"] = log_var
            call = student.run(with_weights, method="kl", **given)
            check(call, with_weights(Oracle, "kl", *given.values()), slips=slips.divergence)

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        inputs, outputs = self.sizes(generator)
        given = self.weights(generator, inputs, outputs, torch.float64)
        sizes = (8, inputs), (outputs, inputs), (8, outputs)
        x, zeta, eps = (normal(generator, *size, dtype=torch.float64) for size in sizes)
        for method, noise in (("forward", {"x": x, "zeta": zeta}), ("local", {"x": x, "eps": eps}), ("kl", {})):
            check_gradients(student, Oracle, weight_gradients, method=method, **given, **noise)
