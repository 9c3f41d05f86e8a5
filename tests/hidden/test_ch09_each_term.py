"""Hidden checks of chapter 9. The oracles are exact linear-Gaussian models and torch.distributions.

The project's weights are judged here: bound, optimum and what went wrong are computed from them in closed form.
"""

import math

import pytest
import torch
from sklearn.datasets import load_digits
from torch.distributions import Categorical, Independent, MixtureSameFamily, MultivariateNormal, Normal, kl_divergence

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_form, check_gradients, check_that, check_unchanged
from vae_edu.models import LinearGaussian


def integer(generator, low, high):
    """A whole number from low to high - 1."""
    return int(torch.randint(low, high, (), generator=generator))


def uniform(generator, low, high):
    """A number between low and high."""
    return low + (high - low) * float(torch.rand((), generator=generator))


def directions(generator, pixels):
    """Orthonormal axes as columns."""
    return torch.linalg.qr(torch.randn(pixels, pixels, generator=generator, dtype=torch.float64)).Q


@pytest.mark.exercise("ch09.linear_vae_optimum")
class Test_linear_vae_optimum:
    @staticmethod
    def inputs(generator, dtype=torch.float32):
        """Seven axes; the water stands between the third and the fourth, and four or five latents are there."""
        high, low = 1 + 4 * torch.rand(3, generator=generator), 0.6 * torch.rand(4, generator=generator)
        beta = uniform(generator, 1.5, 4) ** (2 * integer(generator, 0, 2) - 1)
        return {
            "eigenvalues": torch.cat([high, low]).sort(descending=True).values.to(dtype),
            "latent": integer(generator, 4, 6),
            "noise_var": uniform(generator, 0.65, 0.95) / beta,
            "beta": beta,
        }

    @staticmethod
    def oracle(eigenvalues, latent, noise_var, beta):
        """The terms of the bound for data with these eigenvalues, averaged over its points, from the matrices.

        The decoder is the best one for the variance beta·noise_var, the encoder its exact posterior.
        """
        axes = directions(torch.Generator().manual_seed(0), len(eigenvalues))
        spectrum = eigenvalues.double()
        half = (len(spectrum) * spectrum).sqrt().unsqueeze(1) * axes.mT
        x = torch.cat([half, -half])
        weight = axes[:, :latent] * (spectrum[:latent] - beta * noise_var).clamp(min=0).sqrt()
        model = LinearGaussian(weight, torch.zeros(len(spectrum)).double(), beta * noise_var).requires_grad_(False)
        mean, log_var = model.encode(x)
        q = Normal(mean, (log_var / 2).exp())
        divergence = kl_divergence(q, Normal(torch.zeros_like(mean), torch.ones_like(mean))).sum(-1).mean()
        reconstruction = Normal(mean @ weight.mT, math.sqrt(noise_var)).log_prob(x).sum(-1).mean()
        spread = (log_var[0].exp() * weight.square().sum(0)).sum()
        return mean.var(0, correction=0), divergence, reconstruction - 0.5 * spread / noise_var - divergence

    def compare(self, call, expected, otherwise=""):
        parts = call.parts("the activities", "the mean divergence", "the mean bound")
        for part, right in zip(parts, expected, strict=True):
            check(part, right, otherwise=otherwise)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.inputs(generator)
        self.compare(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_weight_one_gives_the_evidence(self, student, generator):
        inputs = self.inputs(generator)
        inputs |= {"noise_var": inputs["noise_var"] * inputs["beta"], "beta": 1.0}
        activity, divergence, _ = self.oracle(**inputs)
        spectrum = inputs["eigenvalues"].double()
        model = spectrum.clone().fill_(inputs["noise_var"])
        model[: inputs["latent"]] = spectrum[: inputs["latent"]].clamp(min=inputs["noise_var"])
        half = (len(spectrum) * spectrum).sqrt().diag()
        evidence = MultivariateNormal(torch.zeros_like(model), model.diag()).log_prob(torch.cat([half, -half])).mean()
        cause = "With beta = 1 the bound is the log-evidence of probabilistic PCA."
        self.compare(student(**inputs), (activity, divergence, evidence), cause)

    @pytest.mark.points(1)
    def test_all_silent_and_none(self, student, generator):
        inputs = self.inputs(generator)
        for level in (6.0, 1e-3):
            inputs["noise_var"] = level / inputs["beta"]
            self.compare(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_one_latent_and_as_many_as_pixels(self, student, generator):
        inputs = self.inputs(generator)
        for latent in (1, len(inputs["eigenvalues"])):
            inputs["latent"] = latent
            self.compare(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_float64_and_eigenvalues_that_are_zero(self, student, generator):
        inputs = self.inputs(generator, torch.float64)
        inputs["eigenvalues"] = inputs["eigenvalues"] * 10.0 ** torch.arange(3.0, -4.0, -1.0, dtype=torch.float64)
        inputs["eigenvalues"][4:] = 0
        inputs["latent"] = 6
        cause = "An eigenvalue of 0 is under water like any other: do not take its logarithm, nor divide by it."
        self.compare(student.run(scenarios.strided, **inputs), self.oracle(**inputs), cause)

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator)
        call = student.run(scenarios.side_effects, **inputs)
        check_unchanged(call)
        self.compare(call.of("value"), self.oracle(**inputs))


@pytest.mark.exercise("ch09.kl_split")
class Test_kl_split:
    @staticmethod
    def inputs(generator, samples=3, images=5, latent=2, dtype=torch.float32):
        """Posteriors that overlap; no two axes are of one size."""
        size = (images, latent)
        return {
            "mean": torch.randn(*size, generator=generator, dtype=dtype),
            "log_var": torch.randn(*size, generator=generator, dtype=dtype) - 1,
            "eps": torch.randn(samples, *size, generator=generator, dtype=dtype),
        }

    @staticmethod
    def oracle(mean, log_var, eps):
        mean, log_var, eps = mean.double(), log_var.double(), eps.double()
        sigma = log_var.exp().sqrt()
        each = Independent(Normal(mean, sigma), 1)
        z = mean + sigma * eps
        aggregate = MixtureSameFamily(Categorical(torch.ones(len(mean), dtype=torch.float64)), each).log_prob(z)
        prior = Independent(Normal(torch.zeros_like(mean), torch.ones_like(mean)), 1).log_prob(z)
        return (each.log_prob(z) - aggregate).mean(0), (aggregate - prior).mean(0)

    def compare(self, call, expected, otherwise=""):
        for part, right in zip(call.parts("the information", "the mismatch"), expected, strict=True):
            check(part, right, otherwise=otherwise)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.inputs(generator)
        self.compare(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        def weighed(mean, log_var, eps):
            information, mismatch = self.oracle(mean, log_var, eps)
            return information + 3 * mismatch

        check_gradients(student, weighed, gradients_of_parts, **self.inputs(generator, dtype=torch.float64))

    @pytest.mark.points(1)
    def test_many_latents(self, student, generator):
        inputs = self.inputs(generator, latent=100)
        inputs["mean"] *= 0.1  # so that the images still overlap
        cause = "Of many latents all densities are 0 in floating point: add up log-densities and mix them by logsumexp."
        self.compare(student(**inputs), self.oracle(**inputs), cause)

    @pytest.mark.points(1)
    def test_images_far_apart(self, student, generator):
        inputs = self.inputs(generator, dtype=torch.float64)
        order = torch.randperm(5, generator=generator)
        inputs["mean"][:, 0] += 300.0 * order - 600
        cause = "Each draw is so far from the other images that their densities are 0: take logarithms before you add."
        self.compare(student(**inputs), self.oracle(**inputs), cause)

    @pytest.mark.points(1)
    def test_one_image_and_one_draw(self, student, generator):
        for inputs in (self.inputs(generator, images=1), self.inputs(generator, samples=1)):
            self.compare(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_float64_and_strided_inputs(self, student, generator):
        inputs = self.inputs(generator, dtype=torch.float64)
        self.compare(student.run(scenarios.strided, **inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator)
        call = student.run(scenarios.side_effects, **inputs)
        check_unchanged(call)
        self.compare(call.of("value"), self.oracle(**inputs))


def gradients_of_parts(function, *inputs):
    """Gradients of the first part and three times the second, summed, with respect to each input."""
    import torch

    leaves = [tensor.clone().requires_grad_() for tensor in inputs]
    value = function(*leaves)
    total = value if isinstance(value, torch.Tensor) else value[0] + 3 * value[1]
    if not total.requires_grad:
        return [None for _ in leaves]
    return list(torch.autograd.grad(total.sum(), leaves, allow_unused=True))


def trained(function, x, latent, noise_var, seed):
    """The weights after training, and what else changed."""
    import torch

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    weights = function(x, latent, noise_var, torch.Generator().manual_seed(seed))
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    return {
        "weights": {name: weight.detach() for name, weight in weights.items()},
        "inputs": [x, latent, noise_var, seed],
        "unchanged": unchanged,
    }


def digits(generator):
    """800 handwritten digits, their pixels in another order."""
    x = torch.tensor(load_digits().data / 16, dtype=torch.float32)
    rows, pixels = (torch.randperm(size, generator=generator) for size in x.shape)
    return x[rows[:800]][:, pixels]


def pictures(generator, spectrum, pixels=16, count=600):
    """Random pictures whose covariance has exactly these eigenvalues; those not given are 0.02."""
    values = torch.full((pixels,), 0.02, dtype=torch.float64)
    values[: len(spectrum)] = torch.tensor(spectrum, dtype=torch.float64)
    noise = torch.randn(count, pixels, generator=generator, dtype=torch.float64)
    white = torch.linalg.qr(noise - noise.mean(0)).Q * math.sqrt(count)
    x = (white * values.sqrt()) @ directions(generator, pixels).mT
    return (x + torch.rand(pixels, generator=generator)).float()


def eigenvalues(x):
    """Those of the covariance of x, largest first."""
    return torch.linalg.eigvalsh(x.double().mT.cov(correction=0)).flip(0)


@pytest.mark.exercise("ch09.train_linear_vae")
class Test_train_linear_vae:
    @staticmethod
    def train(student, x, latent, noise_var, seed):
        """The call, and its weights in double precision once they have their names and shapes."""
        call = student.run(trained, x=x, latent=latent, noise_var=noise_var, seed=seed)
        weights, pixels = call.of("weights"), x.shape[1]
        shapes = {
            "decoder.weight": (pixels, latent),
            "decoder.bias": (pixels,),
            "encoder.weight": (latent, pixels),
            "encoder.bias": (latent,),
            "log_var": (latent,),
        }
        for name, shape in shapes.items():
            known = type(weights.value) is dict and name in weights.value
            check_that(weights, known, f"train_linear_vae returned no weight of the name {name}.")
            check_form(weights.of(name, name), *shape)
        return call, {name: weights.value[name].double() for name in shapes}

    @pytest.mark.points(2)
    def test_weights_come_and_nothing_else_changes(self, student, generator):
        x = pictures(generator, [1.0, 0.6]).double()
        call, _ = self.train(student, x, 3, 0.2, integer(generator, 0, 10**6))
        check_unchanged(call)

    @pytest.mark.points(4)
    def test_bound_on_digits(self, student, generator):
        x, latent, noise_var = digits(generator), 8, 0.12
        call, weights = self.train(student, x, latent, noise_var, integer(generator, 0, 10**6))
        gap = best_bound(x, latent, noise_var) - mean_bound(weights, x, noise_var)
        told = f"the bound is {said(gap)} nats below the largest that there is."
        check_that(call, gap <= 0.4, f"{told} {cause(weights, x, noise_var)}")

    @pytest.mark.points(4)
    def test_latents_that_should_collapse(self, student, generator):
        x, noise_var = pictures(generator, [1.2, 0.8, 0.13, 0.1]), uniform(generator, 0.28, 0.32)
        call, weights = self.train(student, x, 4, noise_var, integer(generator, 0, 10**6))
        gap = best_bound(x, 4, noise_var) - mean_bound(weights, x, noise_var)
        active = int((encode(weights, x).var(0, correction=0) > 0.2).sum())
        told = f"two eigenvalues of four are above noise_var, and {active} latents are active."
        check_that(call, active == 2, f"{told} {cause(weights, x, noise_var)}")
        told = f"two latents are active, as they should be, and the bound is {said(gap)} nats below the largest."
        check_that(call, gap <= 0.4, f"{told} {cause(weights, x, noise_var)}")

    @pytest.mark.points(2)
    def test_chance_comes_from_the_generator(self, student, generator):
        x, seed = pictures(generator, [1.0, 0.6], count=500), integer(generator, 0, 10**6)
        call, first = self.train(student, x, 2, 0.2, seed)
        _, again = self.train(student, x, 2, 0.2, seed)
        same = all(torch.allclose(first[name], again[name], atol=1e-3) for name in first)
        what = "two calls with the same state of the generator gave other weights: pass it to every random call, "
        check_that(call, same, what + "and draw the first weights with it too.")


def encode(weights, x):
    """The posterior means of all pictures."""
    return x.double() @ weights["encoder.weight"].mT + weights["encoder.bias"]


def mean_bound(weights, x, noise_var):
    """The bound, averaged over the pictures: the decoder is linear, so its expectation over z is exact."""
    mean, sigma = encode(weights, x), (weights["log_var"] / 2).exp()
    decoded = mean @ weights["decoder.weight"].mT + weights["decoder.bias"]
    reconstruction = Normal(decoded, math.sqrt(noise_var)).log_prob(x.double()).sum(-1)
    spread = ((sigma * weights["decoder.weight"]) ** 2).sum() / noise_var
    divergence = kl_divergence(Normal(mean, sigma), Normal(torch.zeros_like(mean), torch.ones_like(mean))).sum(-1)
    return float((reconstruction - 0.5 * spread - divergence).mean())


def best_bound(x, latent, noise_var):
    """The mean log-evidence of probabilistic PCA with this noise variance."""
    spectrum = eigenvalues(x)
    variances = torch.full_like(spectrum, noise_var)
    variances[:latent] = spectrum[:latent].clamp(min=noise_var)
    return float(-0.5 * (math.log(2 * math.pi) + variances.log() + spectrum / variances).sum())


def said(nats):
    """A number as a sentence may hold it: a long one could carry hidden inputs out."""
    return f"{nats:.1f}" if abs(nats) < 100 else "hundreds of"


def cause(weights, x, noise_var):
    """What it looks like when weights are not the best ones."""
    w, variance = weights["decoder.weight"], weights["log_var"].exp()
    mean = encode(weights, x)
    missed = (x.double() - mean @ w.mT - weights["decoder.bias"]).mean(0).square().sum() / (2 * noise_var)
    if missed > 0.3:
        return "The average picture is missed: are decoder.bias and encoder.bias those that were trained?"
    scales = "are both terms sums, and is the squared error divided by 2·noise_var?"
    # At a maximum of reconstruction - β·divergence each s² is β/(β + ‖W_j‖²/noise_var), whatever the data are.
    spread, narrowed = float((variance * w.square().sum(0)).sum() / noise_var), float((1 - variance).sum())
    if spread > 1 and spread > 10 * narrowed:
        return "The encoder's σ are wider than this decoder can bear: were pictures decoded from z, or from its mean?"
    if mean.var(0, correction=0).max() < 0.05:
        return f"The encoder says the same for all pictures: does the gradient reach it through z, {scales}"
    if not 0.7 < spread / max(narrowed, 1e-9) < 1.4:
        return f"The σ are those of a loss in which the two terms have another weight than 1 each: {scales}"
    precision = torch.eye(len(variance)) + w.mT @ w / noise_var
    if 0.5 * (precision.diagonal().log().sum() - precision.logdet()) > 0.1:
        return "The decoder's columns are not at right angles, so that latents share what one could say: train longer."
    return "Train longer, or let the learning rate fall towards the end."
