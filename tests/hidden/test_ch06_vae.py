"""Hidden checks of chapter 6. The oracles are torch.distributions and an enumeration of all binary pictures."""

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.distributions import Bernoulli, Normal, kl_divergence

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_gradients, check_side_effects, check_unchanged, close
from vae_edu.course.findings import Category, Finding, protocol_breach
from vae_edu.course.slips import ch06_vae as slips


def integer(generator, low, high):
    """A random size from low up to, not including, high."""
    return int(torch.randint(low, high, (), generator=generator))


def logit_gradients(function, x, logits):
    """The gradient of the summed value with respect to the logits alone."""
    import torch

    leaf = logits.clone().requires_grad_()
    value = function(x, leaf)
    reached = isinstance(value, torch.Tensor) and value.requires_grad
    return [None, *torch.autograd.grad(value.sum(), leaf)] if reached else [None, None]


@pytest.mark.exercise("ch06.log_bernoulli")
class Test_log_bernoulli:
    @staticmethod
    def inputs(generator, batch, pixels, dtype=torch.float32):
        """Pictures of which half are black and white and half are grey."""
        x = torch.rand(batch, pixels, generator=generator, dtype=dtype)
        x[::2] = x[::2].round()
        return {"x": x, "logits": 2 * torch.randn(batch, pixels, generator=generator, dtype=dtype)}

    @staticmethod
    def oracle(x, logits):
        """The expected log-probability of a random black-and-white version of x, by enumeration of all of them."""
        x, logits = x.double(), logits.double()
        pictures = torch.cartesian_prod(*[torch.tensor([0.0, 1.0]).double()] * x.shape[1]).reshape(-1, 1, x.shape[1])
        share = Bernoulli(probs=x, validate_args=False).log_prob(pictures).sum(-1).exp()
        return (share * Bernoulli(logits=logits).log_prob(pictures).sum(-1)).sum(0)

    @staticmethod
    def sure(generator):
        """Black and white pictures and logits up to 2,000 in size: all of them right, all wrong, right, …"""
        x = torch.rand(6, 4, generator=generator).round()
        size = 100 + 1900 * torch.rand(6, 4, generator=generator)
        right = torch.tensor([[1.0], [-1.0]]).repeat(3, 1)
        return {"x": x, "logits": right * (2 * x - 1) * size}

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.inputs(generator, integer(generator, 5, 9), integer(generator, 2, 5))
        check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_gradients(self, student, generator):
        inputs = self.inputs(generator, integer(generator, 5, 9), integer(generator, 2, 5))
        check_gradients(student, self.oracle, logit_gradients, **inputs)

    @pytest.mark.points(2)
    def test_sure_and_mistaken_decoders(self, student, generator):
        inputs = self.sure(generator)
        x, logits = inputs.values()
        mistaken = x != (logits > 0)
        check(
            student(**inputs),
            -(mistaken * logits.abs()).double().sum(-1),
            otherwise="With large logits y is 0 or 1 in floating point: work with logits, clamp nothing and add no "
            "small number inside a logarithm.",
        )
        # The derivative is x - y, and y is 0 or 1: -1 or 1 where the decoder is mistaken, 0 where it is right.
        check(
            student.run(scenario=logit_gradient, **inputs),
            mistaken * (2 * x - 1).double(),
            otherwise="The gradient of a sure and mistaken logit is -1 or 1; where it vanishes or is not a number, the "
            "pixel is never unlearned.",
        )

    @pytest.mark.points(1)
    def test_one_picture_and_none(self, student, generator):
        for batch in (1, 0):
            inputs = self.inputs(generator, batch, 3)
            check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_float64_strided_inputs_and_side_effects(self, student, generator):
        inputs = self.inputs(generator, integer(generator, 5, 9), 3, torch.float64)
        check(student.run(scenarios.strided, **inputs), self.oracle(**inputs))
        check_side_effects(student, self.oracle(**inputs), **inputs)


def logit_gradient(function, x, logits):
    """The gradient of the summed value with respect to the logits, as a value of its own."""
    import torch

    leaf = logits.clone().requires_grad_()
    return torch.autograd.grad(function(x, leaf).sum(), leaf)[0]


class Oracle(nn.Module):
    """The VAE of the exercises, with its two terms by torch.distributions."""

    def __init__(self, pixels, hidden, latent):
        super().__init__()
        for name, (outputs, inputs) in layers(pixels, hidden, latent).items():
            self.add_module(name, nn.Linear(inputs, outputs))

    def encode(self, x):
        h = self.encoder_hidden(x).tanh()
        return self.encoder_mean(h), self.encoder_log_var(h)

    def decode(self, z):
        return self.decoder_logits(self.decoder_hidden(z).tanh())

    def terms(self, x, eps, log_factor=0.0):
        """Reconstruction and divergence with every σ times exp(log_factor)."""
        mean, log_var = self.encode(x)
        q = Normal(mean, (log_var / 2 + log_factor).exp(), validate_args=False)
        p = Bernoulli(logits=self.decode(q.mean + q.stddev * eps), validate_args=False)
        return p.log_prob(x).sum(-1).mean(0), kl_divergence(q, Normal(0.0, 1.0)).sum(-1)

    def bound(self, x, eps):
        reconstruction, divergence = self.terms(x, eps)
        return reconstruction - divergence


def layers(pixels, hidden, latent):
    """(outputs, inputs) of each layer."""
    return {
        "encoder_mean": (latent, hidden),
        "encoder_log_var": (latent, hidden),
        "encoder_hidden": (hidden, pixels),
        "decoder_hidden": (hidden, latent),
        "decoder_logits": (pixels, hidden),
    }


def shapes(pixels, hidden, latent):
    """The shape of each parameter."""
    sizes = layers(pixels, hidden, latent).items()
    return {f"{name}.weight": size for name, size in sizes} | {f"{name}.bias": size[:1] for name, size in sizes}


def parameter_shapes(VAE, pixels, hidden, latent):
    """The names of a module's parameters, each with its shape in words."""
    return {name: str(tuple(weight.shape)) for name, weight in VAE(pixels, hidden, latent).named_parameters()}


def with_weights(VAE, method, weights, *inputs):
    """What a method returns when the layers have the given weights."""
    pixels, hidden = weights["decoder_logits.weight"].shape
    model = VAE(pixels, hidden, weights["encoder_mean.weight"].shape[0]).to(inputs[0].dtype)
    for name, weight in weights.items():
        model.get_parameter(name).data.copy_(weight)
    value = getattr(model, method)(*inputs)
    return dict(zip(("mean", "log_var"), value, strict=True)) if method == "encode" else {method: value}


def bound_gradients(VAE, x, eps, encoder_mean, *others):
    """Gradients of the summed bound with respect to the parameters; None for data and noise, and where none arrives."""
    import torch

    names = ["encoder_mean", "encoder_log_var", "encoder_hidden", "decoder_hidden", "decoder_logits"]
    names = [f"{name}.{kind}" for kind in ("weight", "bias") for name in names]
    latent, hidden = encoder_mean.shape
    model = VAE(x.shape[1], hidden, latent).to(x.dtype)
    leaves = [model.get_parameter(name) for name in names]
    for leaf, weight in zip(leaves, [encoder_mean, *others], strict=True):
        leaf.data.copy_(weight)
    value = model.bound(x, eps)
    if not (isinstance(value, torch.Tensor) and value.requires_grad):
        return [None] * (2 + len(leaves))
    return [None, None, *torch.autograd.grad(value.sum(), leaves, allow_unused=True)]


class DetachedDraw(Oracle):
    """The usual mistake: the decoder's complaint does not reach the encoder."""

    def decode(self, z):
        return super().decode(z.detach())


def bound_side_effects(VAE, weights, x, eps):
    """The arguments after the bound, whether torch's state was left alone, and the weights after it."""
    import torch

    pixels, hidden = weights["decoder_logits.weight"].shape
    model = VAE(pixels, hidden, eps.shape[-1])
    for name, weight in weights.items():
        model.get_parameter(name).data.copy_(weight)

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    model.bound(x, eps)
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    after = torch.cat([model.get_parameter(name).detach().flatten() for name in weights])
    return {"inputs": [weights, x, eps], "unchanged": unchanged, "weights": after}


@pytest.mark.exercise("ch06.VAE")
class Test_VAE:
    @staticmethod
    def sizes(generator):
        """Numbers of samples, pictures, pixels, hidden units and latents, all of them different."""
        order = (torch.randperm(5, generator=generator) + 2).tolist()
        return dict(zip(("samples", "batch", "pixels", "hidden", "latent"), order, strict=True))

    @staticmethod
    def inputs(generator, samples, batch, pixels, hidden, latent, dtype=torch.float32):
        """Weights, pictures and noise."""

        def normal(*size):
            return torch.randn(*size, generator=generator, dtype=dtype)

        weights = {name: normal(*shape) for name, shape in shapes(pixels, hidden, latent).items()}
        x = torch.rand(batch, pixels, generator=generator, dtype=dtype).round()
        return {"weights": weights, "x": x, "eps": normal(samples, batch, latent)}

    @staticmethod
    def oracle(method, weights, *inputs):
        weights = {name: weight.double() for name, weight in weights.items()}
        return with_weights(Oracle, method, weights, *[value.double() for value in inputs])

    def check_bound(self, student, inputs, otherwise=""):
        call = student.run(with_weights, method="bound", **inputs).of("bound", part="bound(x, eps)")
        expected = self.oracle("bound", *inputs.values())["bound"]
        check(call, expected, slips=slips.bound, otherwise=otherwise)

    @pytest.mark.points(2)
    def test_parameters(self, student, generator):
        size = {name: self.sizes(generator)[name] for name in ("pixels", "hidden", "latent")}
        call = student.run(parameter_shapes, **size)
        came = call.value if type(call.value) is dict else {}
        wanted = {name: str(tuple(shape)) for name, shape in shapes(**size).items()}
        wrong = [name for name in wanted if type(came.get(name)) is not str or came[name] != wanted[name]]
        if wrong:
            what = f"VAE lacks, or has in another shape than the task says, {', '.join(wrong)}."
            raise Finding(Category.WRONG_TYPE, what)
        if len(came) > len(wanted):
            raise Finding(Category.WRONG_TYPE, "VAE has more parameters than the five layers of the task.")

    @pytest.mark.points(2)
    def test_encode_and_decode(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator))
        weights, x = inputs["weights"], inputs["x"]
        call = student.run(with_weights, method="encode", weights=weights, x=x)
        expected = self.oracle("encode", weights, x)
        cause = "The encoder's heads are linear layers of tanh of its hidden layer."
        check(call.of("mean", part="encode's mean"), expected["mean"], otherwise=cause)
        check(call.of("log_var", part="encode's log_var"), expected["log_var"], otherwise=cause)
        z = inputs["eps"][0]
        call = student.run(with_weights, method="decode", weights=weights, z=z).of("decode", part="decode(z)")
        cause = "The logits are a linear layer of tanh of the decoder's hidden layer, without a sigmoid."
        check(call, self.oracle("decode", weights, z)["decode"], otherwise=cause)

    @pytest.mark.points(4)
    def test_bound(self, student, generator):
        self.check_bound(student, self.inputs(generator, **self.sizes(generator)))

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator), dtype=torch.float64)
        given = {"x": inputs["x"], "eps": inputs["eps"], **inputs["weights"]}
        came, mistaken = student.run(bound_gradients, **given).value, bound_gradients(DetachedDraw, *given.values())
        if type(came) is list and all(close(a, b) for a, b in zip(came[2:], mistaken[2:], strict=False)):
            what = "the encoder gets the divergence's gradient alone: none passes through the draw of z."
            raise Finding(Category.WRONG_VALUE, what)
        check_gradients(student, Oracle, bound_gradients, **given)

    @pytest.mark.points(1)
    def test_extreme_outputs_of_the_networks(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator), dtype=torch.float64)
        for layer, size in (("encoder_log_var", 60), ("encoder_log_var", -60), ("decoder_logits", 300)):
            bias = torch.full_like(inputs["weights"][f"{layer}.bias"], size)
            weights = inputs["weights"] | {f"{layer}.bias": bias}
            cause = f"Large outputs of {layer} went wrong: neither clamp nor add small numbers, and work with logits."
            self.check_bound(student, {**inputs, "weights": weights}, otherwise=cause)

    @pytest.mark.points(1)
    def test_side_effects_one_picture_and_none(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator))
        call = student.run(bound_side_effects, **inputs)
        check_unchanged(call)
        before = torch.cat([weight.flatten() for weight in inputs["weights"].values()])
        check(call.of("weights", part="its weights after a call of bound"), before, tolerance=0.0)
        for batch in (1, 0):
            sizes = {**self.sizes(generator), "samples": 1, "batch": batch}
            self.check_bound(student, self.inputs(generator, **sizes))


def digits(generator):
    """Two thirds of the handwritten digits and the rest, black and white, the pixels in a random order."""
    pictures = (torch.tensor(load_digits().data) >= 8).float()
    pictures = pictures[:, torch.randperm(64, generator=generator)]
    return pictures[torch.randperm(len(pictures), generator=generator)].split([1200, 597])


def trained(train_vae, x, seed):
    """The trained weights, and the pictures after training."""
    import torch

    weights = train_vae(x, torch.Generator().manual_seed(seed))
    return {"weights": {name: weight.detach() for name, weight in weights.items()}, "x": x}


@pytest.mark.exercise("ch06.train_vae")
class Test_train_vae:
    SAMPLES = 20

    @staticmethod
    def model(call):
        """What training returned, as a model that holds these weights in double precision."""
        weights, wanted = call.of("weights").value, shapes(64, 100, 8)
        if type(weights) is not dict:
            raise protocol_breach()
        if wrong := [name for name, shape in wanted.items() if not is_weight(weights.get(name), shape)]:
            what = "train_vae returned nothing, or not a tensor of the shape that the task says, for "
            raise Finding(Category.WRONG_TYPE, f"{what}{', '.join(wrong)}.")
        if not all(weights[name].isfinite().all() for name in wanted):
            raise Finding(Category.WRONG_VALUE, "train_vae returned weights that are infinite or not a number.")
        model = Oracle(64, 100, 8).double()
        model.load_state_dict({name: weights[name] for name in wanted})
        return model.requires_grad_(False)

    def means(self, model, x, generator, log_factor=0.0):
        """The two terms of the bound, averaged over the pictures."""
        eps = torch.randn(self.SAMPLES, len(x), 8, generator=generator, dtype=torch.float64)
        return [term.mean() for term in model.terms(x.double(), eps, log_factor)]

    @pytest.mark.points(2)
    def test_weights_come_and_pictures_stay(self, student, generator):
        x = digits(generator)[0][:60]
        call = student.run(trained, x=x, seed=integer(generator, 0, 10**6))
        self.model(call)
        after = call.of("x").value
        if type(after) is not torch.Tensor or not torch.equal(after, x):
            raise Finding(Category.WRONG_VALUE, "the call changed its argument x.")

    @pytest.mark.points(5)
    def test_bound_on_held_out_digits(self, student, generator):
        x, held_out = digits(generator)
        model = self.model(student.run(trained, x=x, seed=integer(generator, 0, 10**6)))
        reconstruction, divergence = self.means(model, held_out, generator)
        if not reconstruction - divergence > -21:
            share = x.double().mean(0).clamp(1e-3, 1 - 1e-3)
            constant = Bernoulli(probs=share).log_prob(held_out.double()).sum(-1).mean()
            raise Finding(Category.WRONG_VALUE, shortfall(reconstruction, divergence, constant))

    @pytest.mark.points(3)
    def test_the_loss_was_the_bound(self, student, generator):
        x, _ = digits(generator)
        model = self.model(student.run(trained, x=x, seed=integer(generator, 0, 10**6)))
        log_factor = torch.zeros((), dtype=torch.float64, requires_grad=True)
        terms = self.means(model, x, generator, log_factor)
        slopes = [torch.autograd.grad(term, log_factor, retain_graph=True)[0] for term in terms]
        ratio = slopes[0] / slopes[1]
        if not 0.7 < ratio < 1.4:
            raise Finding(Category.WRONG_VALUE, imbalance(ratio, terms[1]))

    @pytest.mark.points(2)
    def test_chance_comes_from_the_generator(self, student, generator):
        x = digits(generator)[0][:60]
        seed = integer(generator, 0, 10**6)
        models = [self.model(student.run(trained, x=x, seed=number)) for number in (seed, seed, seed + 1)]
        first, again, other = (nn.utils.parameters_to_vector(model.parameters()) for model in models)
        if not torch.allclose(first, again, atol=1e-3):
            what = "two calls with the same state of the generator gave other weights: pass it to every random call, "
            raise Finding(Category.WRONG_VALUE, what + "and draw the first weights with it too.")
        if torch.allclose(first, other, atol=1e-3):
            raise Finding(Category.WRONG_VALUE, "two states of the generator gave the same weights: it was not used.")


def is_weight(value, shape):
    """Whether a value is a floating-point tensor of a shape."""
    return type(value) is torch.Tensor and value.is_floating_point() and tuple(value.shape) == shape


def said(nats):
    """A number as a sentence may hold it: a long one could carry hidden inputs out."""
    return f"{nats:.1f}" if abs(nats) < 100 else "far off"


def shortfall(reconstruction, divergence, constant):
    """What a bound that is too low looks like; `constant` is reached without a latent variable."""
    bound = reconstruction - divergence
    what = f"the bound on held-out digits is {said(bound)} nats per picture; it should be above -21."
    if divergence < 0.5 and bound > constant - 2:
        cause = f"The divergence is {said(divergence)}: the latents carry nothing. Does the gradient reach the encoder "
        return f"{what} {cause}through z, and are both terms sums?"
    if reconstruction < constant:
        cause = (
            "Pictures decoded from samples of q are worse than without a latent variable: were they what the decoder "
        )
        return f"{what} {cause}was trained on, and is its output the logits?"
    if divergence > 8:
        return f"{what} The divergence, {said(divergence)}, is more than it brings: is its weight in the loss 1?"
    return f"{what} Train longer or with larger steps, and look at how z is drawn and what the divergence weighs."


def imbalance(ratio, divergence):
    """What was wrong with a loss that settles at another ratio of slopes than 1."""
    what = f"with all σ multiplied by c, reconstruction and divergence change in the ratio {said(ratio)}, not about 1."
    if divergence < 0.5:
        return f"{what} The divergence is {said(divergence)}: the latents carry nothing."
    if 1.6 < ratio < 2.4:
        return f"{what} It looks as if the divergence was taken twice, or σ² stood for σ where z is drawn."
    if 0.33 < ratio < 0.65:
        return f"{what} It looks as if the divergence was halved once too often, or took log σ for log σ²."
    return f"{what} Did the loss weigh the divergence by this, or had training not settled?"
