"""Hidden checks of chapter 5.

The oracles are torch.distributions, the exact evidence of a linear-Gaussian model, all outcomes of a small sampling
scheme one by one, and torch's optimizers with gradients found by autograd.
"""

from dataclasses import replace
from itertools import combinations

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_form, check_gradients, check_unchanged
from vae_edu.course.slips import ch05_estimators as usual


def sizes(generator):
    """Samples, batch, latent: falling, so that no two axes can be mistaken for each other."""
    samples = int(torch.randint(8, 11, (), generator=generator))
    batch = int(torch.randint(5, 8, (), generator=generator))
    return samples, batch, int(torch.randint(2, 4, (), generator=generator))


@pytest.mark.exercise("ch05.estimators_a_b")
class Test_estimators_a_b:
    names = ("estimator A", "estimator B")

    @staticmethod
    def inputs(generator, samples, batch, latent, dtype=torch.float32):
        def normal(*size):
            return torch.randn(*size, generator=generator, dtype=dtype)

        shapes = {"x": (batch, 4), "mean": (batch, latent), "log_var": (batch, latent), "weight": (4, latent)}
        return {name: normal(*size) for name, size in shapes.items()} | {"eps": normal(samples, batch, latent)}

    @staticmethod
    def oracle(x, mean, log_var, weight, eps):
        x, mean, log_var, weight, eps = (value.double() for value in (x, mean, log_var, weight, eps))
        q = Normal(mean, torch.exp(log_var / 2))
        prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
        z = q.mean + q.stddev * eps
        reconstruction = Normal(torch.einsum("pj,lbj->lbp", weight, z), 1.0).log_prob(x).sum(-1)
        ratio = (prior.log_prob(z) - q.log_prob(z)).sum(-1)
        return (reconstruction + ratio).mean(0), reconstruction.mean(0) - kl_divergence(q, prior).sum(-1)

    def compare(self, call, expected, otherwise=""):
        for part, right in zip(call.parts(*self.names), expected, strict=True):
            check(part, right, otherwise=otherwise)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator))
        self.compare(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator), dtype=torch.float64)
        check_gradients(student, self.oracle, gradients_of_both, **inputs)

    @pytest.mark.points(1)
    def test_at_the_posterior(self, student, generator):
        # With orthogonal columns of length c_j the posterior is diagonal: variances 1/(1 + c²), means wᵀx/(1 + c²).
        samples, batch, latent = sizes(generator)
        inputs = self.inputs(generator, samples, batch, latent, torch.float64)
        columns = torch.linalg.qr(inputs["weight"]).Q * torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)[:latent]
        variances = 1 / (1 + columns.square().sum(0))
        inputs |= {"weight": columns, "mean": inputs["x"] @ columns * variances}
        inputs |= {"log_var": variances.log().expand(batch, latent)}
        evidence = MultivariateNormal(torch.zeros(4).double(), columns @ columns.T + torch.eye(4)).log_prob(inputs["x"])
        cause = "With the posterior as q, every draw of estimator A should be log p(x)."
        a, _ = student(**inputs).parts(*self.names)
        check(a, evidence, otherwise=cause)

    @pytest.mark.points(1)
    def test_extreme_variances(self, student, generator):
        samples, batch, latent = sizes(generator)
        inputs = self.inputs(generator, samples, batch, latent)
        # Large for one data point, small for the next; around 0, where no way to compute log q loses digits.
        signs = torch.ones(batch, latent)
        signs[::2] = -1
        inputs |= {"log_var": 60 * signs, "mean": torch.zeros(batch, latent)}
        cause = (
            "Very large and very small variances went wrong: take log σ² as it is given, and neither clamp σ nor add "
        )
        self.compare(student(**inputs), self.oracle(**inputs), cause + "a small number to it.")

    @pytest.mark.points(1)
    def test_one_data_point_and_none(self, student, generator):
        for batch in (1, 0):
            inputs = self.inputs(generator, 3, batch, 2)
            self.compare(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_float64_and_strided_inputs(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator), dtype=torch.float64)
        self.compare(student.run(scenarios.strided, **inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator))
        call = student.run(scenarios.side_effects, **inputs)
        check_unchanged(call)
        self.compare(call.of("value"), self.oracle(**inputs))


def gradients_of_both(function, x, mean, log_var, weight, eps):
    """Gradients of A and of twice B, every data point counting differently, with respect to all but eps."""
    import torch

    leaves = [value.clone().requires_grad_() for value in (x, mean, log_var, weight)]
    a, b = function(*leaves, eps)
    counts = torch.arange(1, len(x) + 1)
    total = (counts * (a + 2 * b)).sum()
    if not total.requires_grad:
        return [None for _ in range(5)]
    return [*torch.autograd.grad(total, leaves, allow_unused=True), None]


def every_minibatch_of_two(function, table, n):
    """All pairs of data points with all pairs of draws for each, where `table` lists equally probable draws."""
    from itertools import combinations, product

    import torch

    bounds, variances = [], []
    for pair in combinations(range(n), 2):
        for first, second, third, fourth in product(range(len(table)), repeat=4):
            columns = [table[[first, second], pair[0]], table[[third, fourth], pair[1]]]
            bound, variance = function(torch.stack(columns, 1), n)
            bounds.append(bound)
            variances.append(variance)
    return torch.stack(bounds), torch.stack(variances)


@pytest.mark.exercise("ch05.minibatch_bound")
class Test_minibatch_bound:
    names = ("the bound", "the variance")

    @staticmethod
    def inputs(generator, samples, minibatch, n, dtype=torch.float32):
        points = torch.randn(minibatch, generator=generator, dtype=dtype)
        noise = torch.randn(samples, minibatch, generator=generator, dtype=dtype)
        return {"values": 3 * points - 20 + 2 * noise, "n": n}

    @staticmethod
    def oracle(values, n):
        """By differences of pairs: half the mean square of all of them is a sample variance."""
        values = values.double()
        samples, minibatch = values.shape

        def half_mean_square(rows):
            return torch.stack([(one - other) ** 2 for one, other in combinations(rows, 2)]).mean(0) / 2

        averages = sum(values) / samples
        noise = half_mean_square(values).mean() / samples  # of one average
        points = half_mean_square(averages) - noise
        return n * averages.mean(), n * (n - minibatch) / minibatch * points + n**2 / minibatch * noise

    def compare(self, call, expected, otherwise=""):
        for part, right in zip(call.parts(*self.names), expected, strict=True):
            check(part, right, otherwise=otherwise)

    @pytest.mark.points(2)
    def test_values(self, student, generator):
        samples, minibatch, _ = sizes(generator)
        inputs = self.inputs(generator, samples, minibatch, int(torch.randint(30, 60, (), generator=generator)))
        self.compare(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(3)
    def test_both_are_unbiased(self, student, generator):
        n, table = 4, self.inputs(generator, 2, 4, 4, torch.float64)["values"]
        call = student.run(every_minibatch_of_two, table=table, n=n)
        expected = every_minibatch_of_two(self.oracle, table, n)
        bounds, variances = call.parts(*self.names)
        check(bounds, expected[0])
        check(replace(bounds, value=bounds.value.mean()), table.mean(0).sum())
        check_form(variances, len(expected[1]))
        cause = "Its average over all minibatches and draws is not the variance that the bound has over them."
        check(replace(variances, value=variances.value.mean()), bounds.value.var(correction=0), otherwise=cause)

    @pytest.mark.points(1)
    def test_the_whole_data_set(self, student, generator):
        inputs = self.inputs(generator, 3, 5, 5)
        cause = "With the whole data set in the minibatch only the noise is left."
        self.compare(student(**inputs), self.oracle(**inputs), cause)

    @pytest.mark.points(1)
    def test_points_that_hardly_differ(self, student, generator):
        # The columns' averages are 0, 0.1, 0.2, 0.3, 0.4, so that what v/L is taken from is much smaller than v/L.
        values = self.inputs(generator, 4, 5, 50)["values"]
        inputs = {"values": values - values.mean(0) + 0.1 * torch.arange(5), "n": 50}
        self.compare(student(**inputs), self.oracle(**inputs), "S² may be estimated as a negative number.")

    @pytest.mark.points(1)
    def test_gradients(self, student, generator):
        inputs = self.inputs(generator, 4, 5, 30)
        check_gradients(student, self.oracle, gradient_of_the_bound, **inputs)

    @pytest.mark.points(1)
    def test_float64_and_strided_inputs(self, student, generator):
        inputs = self.inputs(generator, 2, 3, 60_000, torch.float64)
        self.compare(student.run(scenarios.strided, **inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator, 4, 5, 30)
        call = student.run(scenarios.side_effects, **inputs)
        check_unchanged(call)
        self.compare(call.of("value"), self.oracle(**inputs))


def gradient_of_the_bound(function, values, n):
    """The gradient of the first result."""
    import torch

    leaf = values.clone().requires_grad_()
    bound, _ = function(leaf, n)
    return list(torch.autograd.grad(bound, [leaf])) if bound.requires_grad else [None]


def steps(function, optimizer, x, n, eps, encoder, decoder):
    """Steps on minibatch after minibatch: the first value, the weights after the last, and what else may change."""
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = torch.nn.Parameter(encoder.clone())
            self.decoder = torch.nn.Parameter(decoder.clone())

        def encode(self, x):
            return (x @ self.encoder.mT).chunk(2, -1)

        def log_likelihood(self, x, z):
            return torch.distributions.Bernoulli(logits=z @ self.decoder.mT).log_prob(x).sum(-1)

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    model = Model()
    if optimizer == "gradient steps":
        taken = torch.optim.SGD(model.parameters(), lr=0.003)
    else:
        taken = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=5.0)
    before = states()
    bounds = [function(model, taken, batch, n, noise) for batch, noise in zip(x, eps, strict=True)]
    return {
        "bound": bounds[0],
        "graph": torch.tensor(any(isinstance(bound, torch.Tensor) and bound.requires_grad for bound in bounds)),
        "encoder": model.encoder.detach(),
        "decoder": model.decoder.detach(),
        "inputs": [optimizer, x, n, eps, encoder, decoder],
        "unchanged": [old == new for old, new in zip(before, states(), strict=True)],
    }


@pytest.mark.exercise("ch05.mended_training_step")
class Test_mended_training_step:
    @staticmethod
    def inputs(generator, count, samples, batch, latent, optimizer="gradient steps"):
        """Minibatches, noise and weights in float64, so that rounding does not add up over steps."""

        def normal(*size):
            return torch.randn(*size, generator=generator, dtype=torch.float64)

        x = torch.rand(count, batch, 6, generator=generator, dtype=torch.float64).round()
        return {"optimizer": optimizer, "x": x, "n": 40, "eps": normal(count, samples, batch, latent)} | {
            "encoder": 0.3 * normal(2 * latent, 6),
            "decoder": normal(6, latent),
        }

    @staticmethod
    def oracle(model, optimizer, x, n, eps):
        mean, log_var = model.encode(x)
        q = Normal(mean, torch.exp(log_var / 2))
        prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
        log_likelihood = sum(model.log_likelihood(x, q.mean + q.stddev * noise) for noise in eps) / len(eps)
        bound = n * (log_likelihood - kl_divergence(q, prior).sum(-1)).mean()
        weights = list(model.parameters())
        for weight, gradient in zip(weights, torch.autograd.grad(bound, weights), strict=True):
            weight.grad = -gradient
        optimizer.step()
        return bound.detach()

    def compare(self, student, *keys, otherwise="", **inputs):
        call, right = student.run(steps, **inputs), steps(self.oracle, *inputs.values())
        parts = {"encoder": "the encoder's weights", "decoder": "the decoder's weights"}
        for key in keys:

            def slips(key=key, **inputs):
                return {slip: value[key] for slip, value in usual.mended_training_step(steps, **inputs).items()}

            check(call.of(key, parts.get(key, "")), right[key], slips, otherwise)

    @pytest.mark.points(2)
    def test_the_estimate(self, student, generator):
        inputs = self.inputs(generator, 1, *sizes(generator))
        cause = "It is K13 (8), n/M times a sum of estimators B, before the step."
        self.compare(student, "bound", otherwise=cause, **inputs)

    @pytest.mark.points(3)
    def test_one_step(self, student, generator):
        inputs = self.inputs(generator, 1, *sizes(generator))
        cause = "After one step these weights are not where K13 (8) leads."
        self.compare(student, "encoder", "decoder", otherwise=cause, **inputs)

    @pytest.mark.points(2)
    def test_three_steps(self, student, generator):
        inputs = self.inputs(generator, 3, *sizes(generator))
        cause = "After three steps these weights are not where K13 (8) leads."
        self.compare(student, "encoder", "decoder", otherwise=cause, **inputs)

    @pytest.mark.points(2)
    def test_another_optimizer(self, student, generator):
        inputs = self.inputs(generator, 3, *sizes(generator), optimizer="Adam with weight decay")
        cause = "Leave the step to the optimizer that is given, whichever it is."
        self.compare(student, "encoder", "decoder", otherwise=cause, **inputs)

    @pytest.mark.points(1)
    def test_one_data_point_and_one_draw(self, student, generator):
        inputs = self.inputs(generator, 2, 1, 1, 1)
        self.compare(student, "bound", "encoder", "decoder", **inputs)

    @pytest.mark.points(1)
    def test_no_graph_is_kept(self, student, generator):
        inputs = self.inputs(generator, 2, *sizes(generator))
        cause = "The returned estimate still holds the graph behind it: detach it."
        self.compare(student, "graph", otherwise=cause, **inputs)

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator, 2, *sizes(generator))
        check_unchanged(student.run(steps, **inputs))
        self.compare(student, "bound", **inputs)
