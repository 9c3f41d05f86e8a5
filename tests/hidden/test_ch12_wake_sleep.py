"""Hidden checks of chapter 12.

The oracles are torch.distributions with one network's weights held still, the exact evidence of linear-Gaussian models
and conditioning of joint Gaussians, and all 256 codes of a machine with eight bits.
"""

import math
from dataclasses import replace

import pytest
import torch
from sklearn.datasets import load_digits
from torch.distributions import Bernoulli, MultivariateNormal, Normal
from torch.nn.functional import softplus

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_form, check_that, check_unchanged
from vae_edu.course.findings import Category, Finding, protocol_breach
from vae_edu.course.slips import ch12_wake_sleep as usual


def integer(generator, low, high):
    """A random whole number from low to high - 1."""
    return int(torch.randint(low, high, (), generator=generator))


def both_phases(function, x, eps, dreamed_z, dream_noise, encoder, decoder):
    """Both phases, the gradients in each network of sums where all rows count differently, and what else may change.

    `encoder` and `decoder` are [weight, bias] of linear layers; that of the decoder is followed by tanh.
    """
    import torch

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = torch.nn.ParameterList([value.clone() for value in encoder])
            self.decoder = torch.nn.ParameterList([value.clone() for value in decoder])

        def encode(self, x):
            weight, bias = self.encoder
            return (x @ weight.mT + bias).chunk(2, -1)

        def decode(self, z):
            weight, bias = self.decoder
            mean, log_var = (z @ weight.mT + bias).chunk(2, -1)
            return mean.tanh(), log_var

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    def gradient(value, weights):
        zeros = [torch.zeros_like(weight) for weight in weights]
        if isinstance(value, torch.Tensor) and value.requires_grad:
            counted = (torch.arange(1, value.numel() + 1) * value.flatten()).sum()
            came = torch.autograd.grad(counted, list(weights), retain_graph=True, allow_unused=True)
            zeros = [zero if part is None else part for zero, part in zip(zeros, came, strict=True)]
        return torch.cat([part.flatten() for part in zeros])

    model, before = Model(), states()
    value = function(model, x, eps, dreamed_z, dream_noise)
    after = states()
    parts = value if isinstance(value, (tuple, list)) else [value]
    wake, sleep = (*parts, None, None)[:2]
    weights = list(model.parameters())
    return {
        "value": [part.detach() if isinstance(part, torch.Tensor) else part for part in parts],
        "wake, encoder": gradient(wake, model.encoder),
        "wake, decoder": gradient(wake, model.decoder),
        "sleep, encoder": gradient(sleep, model.encoder),
        "sleep, decoder": gradient(sleep, model.decoder),
        "inputs": [x, eps, dreamed_z, dream_noise],
        "weights": torch.cat([weight.detach().flatten() for weight in weights]),
        "as before": all(weight.requires_grad and weight.grad is None for weight in weights),
        "unchanged": [old == new for old, new in zip(before, after, strict=True)],
    }


@pytest.mark.exercise("ch12.wake_and_sleep")
class Test_wake_and_sleep:
    names = ("the wake phase", "the sleep phase")

    @staticmethod
    def inputs(generator, batch, dreams, pixels=5, latent=2, dtype=torch.float32):
        def normal(*size):
            return torch.randn(*size, generator=generator, dtype=dtype)

        return {
            "x": normal(batch, pixels),
            "eps": normal(batch, latent),
            "dreamed_z": normal(dreams, latent),
            "dream_noise": normal(dreams, pixels),
            "encoder": [0.4 * normal(2 * latent, pixels), 0.3 * normal(2 * latent)],
            "decoder": [0.7 * normal(2 * pixels, latent), 0.3 * normal(2 * pixels)],
        }

    @staticmethod
    def oracle(model, x, eps, dreamed_z, dream_noise):
        """A phase sees the weights of the other network as numbers, and so does every draw."""

        def gaussian(layers, method, given):
            held = method(given) if layers else [value.detach() for value in method(given)]
            return Normal(held[0], torch.exp(held[1] / 2))

        q, p = (gaussian(False, *pair) for pair in ((model.encode, x), (model.decode, dreamed_z)))
        z, dream = q.mean + q.stddev * eps, p.mean + p.stddev * dream_noise
        wake = Normal(0.0, 1.0).log_prob(z).sum(-1) + gaussian(True, model.decode, z).log_prob(x).sum(-1)
        return wake, gaussian(True, model.encode, dream).log_prob(dreamed_z).sum(-1)

    @staticmethod
    def slips(of, **inputs):
        """What the usual slips give, where `of` takes it from the scenario's result."""

        def computed(**_):
            return {slip: of(result) for slip, result in usual.wake_and_sleep(both_phases, **inputs).items()}

        return computed

    def compare(self, call, otherwise="", **inputs):
        right = both_phases(self.oracle, *inputs.values())["value"]
        for number, part in enumerate(call.of("value").parts(*self.names)):
            slips = self.slips(lambda result, number=number: result["value"][number], **inputs)
            check(part, right[number], slips, otherwise)

    def compare_gradients(self, student, phase, learner, other, **inputs):
        call, right = student.run(both_phases, **inputs), both_phases(self.oracle, *inputs.values())
        part = f"the {learner}'s gradient, {phase} phase"
        key, none = f"{phase}, {learner}", f"{phase}, {other}"
        what = f"a gradient of the {phase} phase reaches the {other}, which the {learner} is to take as it is: "
        drawn = "the guess z" if phase == "wake" else "the dream"
        leak = call.of(none).value
        leaks = type(leak) is not torch.Tensor or bool(leak.count_nonzero())
        check_that(call, not leaks, f"{what}{drawn} has to be a plain number.")
        came = call.of(key, part)
        nothing = type(came.value) is torch.Tensor and not came.value.count_nonzero()
        check_that(call, not nothing, f"no gradient of the {phase} phase reaches the {learner}.")
        check(came, right[key], self.slips(lambda result: result[key], **inputs))

    def sizes(self, generator):
        batch = integer(generator, 4, 7)
        return {"batch": batch, "dreams": batch + integer(generator, 1, 4)}

    @pytest.mark.points(2)
    def test_values(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator))
        self.compare(student.run(both_phases, **inputs), **inputs)

    @pytest.mark.points(2)
    def test_the_wake_phase_teaches_the_decoder(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator), dtype=torch.float64)
        self.compare_gradients(student, "wake", "decoder", "encoder", **inputs)

    @pytest.mark.points(2)
    def test_the_sleep_phase_teaches_the_encoder(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator), dtype=torch.float64)
        self.compare_gradients(student, "sleep", "encoder", "decoder", **inputs)

    @pytest.mark.points(1)
    def test_few_data_points_and_few_dreams(self, student, generator):
        for batch, dreams in ((1, 3), (3, 1), (0, 2), (2, 0)):
            inputs = self.inputs(generator, batch, dreams)
            self.compare(student.run(both_phases, **inputs), **inputs)

    @pytest.mark.points(1)
    def test_extreme_variances(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator), dtype=torch.float64)
        cause = "Very large and very small variances went wrong: take log σ² as it is, and neither clamp nor add to σ."
        for extreme in ({"encoder": 40.0}, {"encoder": -40.0}, {"decoder": 40.0}, {"decoder": -40.0}):
            given = dict(inputs)
            for network in ("encoder", "decoder"):  # constant log-variances, the second half of what its layer gives
                weight, bias = inputs[network]
                half = len(bias) // 2
                log_var = extreme.get(network, 0.0) + bias[half:]
                given[network] = [torch.cat([weight[:half], 0 * weight[half:]]), torch.cat([bias[:half], log_var])]
            self.compare(student.run(both_phases, **given), cause, **given)

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator))
        call = student.run(both_phases, **inputs)
        check_unchanged(call)
        before = torch.cat([value.flatten() for network in ("encoder", "decoder") for value in inputs[network]])
        check(call.of("weights", "the model's weights after the call"), before, tolerance=0.0)
        what = "the call left gradients in the model's weights, or switched them off: only return the two tensors."
        check_that(call, call.of("as before").value is True, what)
        self.compare(call, **inputs)


@pytest.mark.exercise("ch12.three_pulls")
class Test_three_pulls:
    names = ("the posterior", "the bound's guess", "the sleep phase's guess")

    @staticmethod
    def inputs(generator, batch, pixels, latent, dtype=torch.float32):
        weight = torch.randn(pixels, latent, generator=generator, dtype=dtype)
        noise_var = 0.4 + 0.4 * torch.rand((), generator=generator).item()
        return {
            "x": 2 * torch.randn(batch, pixels, generator=generator, dtype=dtype) + 0.5,
            "weight": weight,
            "noise_var": noise_var,
        }

    @staticmethod
    def sizes(generator):
        return {"batch": integer(generator, 7, 10), "pixels": integer(generator, 4, 6), "latent": 3}

    @staticmethod
    def posterior(x, weight, noise_var):
        """Mean and covariance of z given x, by conditioning the joint Gaussian of both."""
        evidence = weight @ weight.mT + noise_var * torch.eye(len(weight), dtype=weight.dtype)
        gain = torch.linalg.solve(evidence, weight).mT
        return x @ gain.mT, torch.eye(weight.shape[1], dtype=weight.dtype) - gain @ weight

    def oracle(self, x, weight, noise_var):
        """Automatic differentiation of log p(x, z), averaged over points with the mean and covariance of a belief."""
        x, weight = x.double(), weight.double()
        mean, covariance = self.posterior(x, weight, noise_var)
        by_bound = torch.diag(1 / torch.linalg.inv(covariance).diagonal())
        beliefs = covariance, by_bound, torch.diag(covariance.diagonal())
        return [self.pull(x, weight, noise_var, mean, belief) for belief in beliefs]

    @staticmethod
    def pull(x, weight, noise_var, mean, covariance):
        latent = len(covariance)
        columns = math.sqrt(latent) * torch.linalg.cholesky(covariance).mT
        z = mean.unsqueeze(1) + torch.cat([columns, -columns])
        leaf = weight.clone().requires_grad_()
        log_p = Normal(z @ leaf.mT, math.sqrt(noise_var)).log_prob(x.unsqueeze(1)).sum(-1)
        return torch.autograd.grad(log_p.mean(), leaf)[0]

    def compare(self, call, expected, otherwise=""):
        for part, right in zip(call.parts(*self.names), expected, strict=True):
            check(part, right, otherwise=otherwise)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator))
        self.compare(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_the_posterior_pulls_up_the_evidence(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator), dtype=torch.float64)
        leaf = inputs["weight"].clone().requires_grad_()
        covariance = leaf @ leaf.mT + inputs["noise_var"] * torch.eye(len(leaf), dtype=torch.float64)
        log_p = MultivariateNormal(torch.zeros(len(leaf)).double(), covariance).log_prob(inputs["x"])
        (slope,) = torch.autograd.grad(log_p.mean(), leaf)
        first, *_ = student(**inputs).parts(*self.names)
        check(first, slope, otherwise="Under the posterior the pull is the slope of the mean log p(x).")

    @pytest.mark.points(1)
    def test_where_the_posterior_is_diagonal(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator), dtype=torch.float64)
        columns = torch.linalg.qr(inputs["weight"]).Q * torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64)
        inputs |= {"weight": columns}
        right = self.oracle(**inputs)[0]
        cause = "With columns at right angles the posterior is diagonal, and all three beliefs are one."
        self.compare(student(**inputs), [right] * 3, cause)

    @pytest.mark.points(1)
    def test_more_latents_than_pixels(self, student, generator):
        inputs = self.inputs(generator, 5, 2, 4)
        self.compare(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_one_data_point_float64_and_strided_inputs(self, student, generator):
        inputs = self.inputs(generator, 1, 3, 2, torch.float64)
        self.compare(student.run(scenarios.strided, **inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator))
        call = student.run(scenarios.side_effects, **inputs)
        check_unchanged(call)
        self.compare(replace(call.of("value"), slips=call.slips), self.oracle(**inputs))


def learned(function, x, seeds):
    """What each seed of the generator learns, and what else may change."""
    import torch

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    runs = [function(x, torch.Generator().manual_seed(seed)) for seed in seeds]
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    runs = [{name: weight.detach() for name, weight in weights.items()} for weights in runs]
    return {"runs": runs, "inputs": [x, seeds], "unchanged": unchanged}


def digits(generator):
    """1000 black-and-white digits and the 797 others, the pixels in a random order."""
    pictures = (torch.tensor(load_digits().data) >= 8).float()
    pictures = pictures[:, torch.randperm(64, generator=generator)]
    return pictures[torch.randperm(len(pictures), generator=generator)].split([1000, 797])


def exact(weights, x):
    """Mean evidence and mean bound, all codes added up, in float64."""
    prior, weight, bias, encoder_weight, encoder_bias = (value.double() for value in weights)
    x, z = x.double(), (torch.arange(256).unsqueeze(1) >> torch.arange(8) & 1).double()

    def log_bernoulli(values, logits):
        """For every row of values under every row of logits, the sum over the columns of -log(1 + exp(∓ logit))."""
        return -(values @ softplus(-logits).mT + (1 - values) @ softplus(logits).mT)

    log_joint = log_bernoulli(z, prior.unsqueeze(0)).mT + log_bernoulli(x, z @ weight.mT + bias)
    log_q = log_bernoulli(z, x @ encoder_weight.mT + encoder_bias).mT
    bound = (log_q.exp() * (log_joint - log_q)).sum(-1)
    return log_joint.logsumexp(-1).mean().item(), bound.mean().item()


def said(nats):
    """A number as a sentence may hold it: a long one could carry hidden inputs out."""
    return f"{nats:.1f}" if abs(nats) < 100 else "far off"


SHAPES = {"prior": (8,), "weight": (64, 8), "bias": (64,), "encoder_weight": (8, 64), "encoder_bias": (8,)}


@pytest.mark.exercise("ch12.learn_binary_codes")
class Test_learn_binary_codes:
    # Over 20 splits of the digits wake-sleep with plain steps or with Adam, reweighted wake-sleep and the gradient of
    # the exact evidence reach -20.6 nats or more, and bounds of -21.8 or more. Without a code it is -25.3 to -25.0; an
    # encoder that learns from its own guesses, from codes that belong to no picture or not at all stays below -24.3.

    def runs(self, student, x, seeds):
        """The call, and for each seed the five tensors, once they have the right form."""
        call = student.run(learned, x=x, seeds=seeds)
        runs = call.of("runs").value
        if type(runs) is not list or len(runs) != len(seeds) or any(type(run) is not dict for run in runs):
            raise protocol_breach()
        for run in runs:
            if missing := [name for name in SHAPES if name not in run]:
                what = f"learn_binary_codes should return a dictionary that also holds {', '.join(missing)}."
                raise Finding(Category.WRONG_TYPE, what)
            for name, shape in SHAPES.items():
                check_form(replace(call, value=run[name], part=name), *shape)
        return call, [[run[name] for name in SHAPES] for run in runs]

    def on_digits(self, student, generator):
        x, others = digits(generator)
        call, (weights,) = self.runs(student, x, [integer(generator, 0, 10**6)])
        evidence, bound = exact(weights, others)
        share = x.double().mean(0).clamp(1e-3, 1 - 1e-3)
        without_bits = Bernoulli(probs=share).log_prob(others.double()).sum(-1).mean().item()
        return call, evidence, bound, without_bits

    @pytest.mark.points(5)
    def test_evidence_of_held_out_digits(self, student, generator):
        call, evidence, _, without_bits = self.on_digits(student, generator)
        cause = ""
        if evidence < without_bits - 0.5:
            cause = (
                "That is below pixels without a code: do the steps climb, and are prior and decoder given as logits?"
            )
        elif evidence < without_bits + 1:
            cause = "That is what pixels reach without a code, so the bits say nothing. "
            cause += "Does the encoder learn from dreams, each with the code behind it?"
        what = f"log p(x) of held-out digits is {said(evidence)} nats per picture; it should be above -22."
        check_that(call, evidence > -22, f"{what} {cause}".strip())

    @pytest.mark.points(4)
    def test_bound_on_held_out_digits(self, student, generator):
        call, evidence, bound, _ = self.on_digits(student, generator)
        cause = ""
        if evidence - bound > 1.5:
            cause = (
                f"That is {said(evidence - bound)} nats below log p(x): the encoder does not know the decoder's codes."
            )
        what = f"the bound on held-out digits is {said(bound)} nats per picture; it should be above -22.5."
        check_that(call, bound > -22.5, f"{what} {cause}".strip())

    @pytest.mark.points(3)
    def test_chance_comes_from_the_generator(self, student, generator):
        x, seed = digits(generator)[0][:200], integer(generator, 0, 10**6)
        call, (first, again) = self.runs(student, x, [seed, seed])
        check_unchanged(call)
        alike = all(torch.allclose(one, other, atol=1e-3) for one, other in zip(first, again, strict=True))
        what = "two calls with the same state of the generator gave other weights: pass it to every random call."
        check_that(call, alike, what)
