"""Hidden checks of chapter 14. The oracles are torch.distributions and an enumeration of all binary pictures."""

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.distributions import Bernoulli, Categorical, Normal, kl_divergence

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_gradients, check_unchanged, close
from vae_edu.course.findings import Category, Finding, protocol_breach
from vae_edu.course.slips import ch14_conditioning as slips


def integer(generator, low, high):
    """A random size from low up to, not including, high."""
    return int(torch.randint(low, high, (), generator=generator))


def all_pictures(pixels):
    """Every black-and-white picture of so many pixels."""
    return torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * pixels).reshape(-1, pixels)


@pytest.mark.exercise("ch14.best_regressor")
class Test_best_regressor:
    @staticmethod
    def inputs(generator, conditions, pixels, dtype=torch.float32):
        """Some of the pictures of so many pixels in random order, and laws without zeros."""
        count = integer(generator, pixels + 3, 2**pixels)
        pictures = all_pictures(pixels)[torch.randperm(2**pixels, generator=generator)[:count]].to(dtype)
        logits = 2 * torch.randn(conditions, count, generator=generator, dtype=torch.float64)
        return {"pictures": pictures, "probs": logits.softmax(-1).to(dtype)}

    @staticmethod
    def oracle(pictures, probs):
        """The mean picture, and the divergence of p*(y|c) from the law of independent pixels with that mean."""
        pictures, law = pictures.double(), Categorical(probs=probs.double()).probs
        mean = (law[..., None] * pictures).sum(-2).clamp(0, 1)
        independent = Bernoulli(probs=mean[:, None]).log_prob(pictures).sum(-1)
        return mean, (torch.xlogy(law, law) - law * independent).sum(-1)

    def compare(self, call, answer, price, otherwise=""):
        for part, expected in zip(call.parts("the answer", "the price"), (answer, price), strict=True):
            check(part, expected, otherwise=otherwise)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.inputs(generator, integer(generator, 6, 9), integer(generator, 4, 6))
        self.compare(student(**inputs), *self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_independent_pixels_cost_nothing_and_copies_all_but_one(self, student, generator):
        # Independent pixels: price 0. Copies of one pixel, black or white: (pixels - 1) times its entropy.
        shares = 0.1 + 0.8 * torch.rand(5, 3, generator=generator)
        pictures = all_pictures(3)
        probs = Bernoulli(probs=shares[:, None]).log_prob(pictures).sum(-1).exp()
        cause = "Where pixels are independent given the condition, the best regressor is the best model."
        self.compare(student(pictures=pictures, probs=probs), shares, torch.zeros(5), cause)
        copies = torch.tensor([[0.0], [1.0]]).expand(2, 4).contiguous()
        white = shares[:, :1]
        entropy = Bernoulli(probs=white[:, 0]).entropy()
        cause = "Where all pixels are copies of one, all but one are paid for in vain."
        probs = torch.cat([1 - white, white], 1)
        self.compare(student(pictures=copies, probs=probs), white.expand(5, 4), 3 * entropy, cause)

    @pytest.mark.points(2)
    def test_what_is_certain(self, student, generator):
        # The first pixel is always white and the second always black; under each condition half of the pictures
        # never occur, and under the last only one does.
        pictures = torch.cat([torch.tensor([[1.0, 0.0]]).expand(8, 2), all_pictures(3)], 1)
        probs = torch.rand(4, 8, generator=generator) + 0.1
        for row in probs[:-1]:
            row[torch.randperm(8, generator=generator)[:4]] = 0
        probs[-1] = torch.arange(8) == integer(generator, 0, 8)
        inputs = {"pictures": pictures, "probs": probs / probs.sum(-1, keepdim=True)}
        cause = (
            "What is certain went wrong: 0 log 0 is 0, as torch.xlogy has it. Clamp nothing and add no small number."
        )
        self.compare(student(**inputs), *self.oracle(**inputs), cause)
        # Sums of rounded probabilities can be a little above 1; the logarithm of 1 - m must survive that.
        pictures = torch.cat([torch.ones(64, 1), all_pictures(6)], 1)
        probs = torch.rand(200, 64, generator=generator).softmax(-1)
        inputs = {"pictures": pictures, "probs": probs}
        cause = "A pixel that is white in all pictures went wrong: its share, rounded, may be a little above 1."
        self.compare(student(**inputs), *self.oracle(**inputs), cause)

    @pytest.mark.points(1)
    def test_one_condition_and_none(self, student, generator):
        for conditions in (1, 0):
            inputs = self.inputs(generator, conditions, 4)
            self.compare(student(**inputs), *self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_float64_strided_inputs_and_side_effects(self, student, generator):
        inputs = self.inputs(generator, 5, 4, torch.float64)
        self.compare(student.run(scenarios.strided, **inputs), *self.oracle(**inputs))
        check_unchanged(student.run(scenarios.side_effects, **inputs))


class Oracle(nn.Module):
    """The conditional VAE of the exercises; `last` names its last layer."""

    def __init__(self, conditions, targets, hidden, latent, sigma=1.0, last="decoder_mean"):
        super().__init__()
        for name, (outputs, inputs) in layers(conditions, targets, hidden, latent, last).items():
            self.add_module(name, nn.Linear(inputs, outputs, bias=name not in ("encoder_c", "decoder_c")))
        self.sigma, self.last = sigma, last

    def encode(self, y, c):
        h = (self.encoder_y(y) + self.encoder_c(c)).tanh()
        return self.encoder_mean(h), self.encoder_log_var(h)

    def decode(self, z, c):
        return self.get_submodule(self.last)((self.decoder_z(z) + self.decoder_c(c)).tanh())

    def likelihood(self, z, c):
        if self.last == "decoder_logits":
            return Bernoulli(logits=self.decode(z, c), validate_args=False)
        return Normal(self.decode(z, c), self.sigma, validate_args=False)

    def terms(self, y, c, eps, told=None, log_factor=0.0):
        """Reconstruction and divergence with every σ of q times exp(log_factor).

        `told` are the conditions that the decoder is handed in place of c.
        """
        mean, log_var = self.encode(y, c)
        q = Normal(mean, (log_var / 2 + log_factor).exp(), validate_args=False)
        z = q.mean + q.stddev * eps
        log_py = self.likelihood(z, c if told is None else told).log_prob(y).sum(-1).mean(0)
        return log_py, kl_divergence(q, Normal(0.0, 1.0)).sum(-1)

    def bound(self, y, c, eps):
        reconstruction, divergence = self.terms(y, c, eps)
        return reconstruction - divergence

    def complete(self, c, eps):
        return self.decode(eps, c)


def layers(conditions, targets, hidden, latent, last="decoder_mean"):
    """(outputs, inputs) of each layer."""
    return {
        "encoder_mean": (latent, hidden),
        "encoder_log_var": (latent, hidden),
        "encoder_y": (hidden, targets),
        "encoder_c": (hidden, conditions),
        "decoder_z": (hidden, latent),
        "decoder_c": (hidden, conditions),
        last: (targets, hidden),
    }


def shapes(*sizes, **named):
    """The shape of each parameter."""
    sizes = layers(*sizes, **named).items()
    biases = {f"{name}.bias": size[:1] for name, size in sizes if name not in ("encoder_c", "decoder_c")}
    return {f"{name}.weight": size for name, size in sizes} | biases


def parameter_shapes(CVAE, conditions, targets, hidden, latent):
    """The names of a module's parameters, each with its shape in words."""
    model = CVAE(conditions, targets, hidden, latent, 0.5)
    return {name: str(tuple(weight.shape)) for name, weight in model.named_parameters()}


def with_weights(CVAE, method, weights, sigma, *inputs):
    """What a method returns when the layers have the given weights."""
    hidden, conditions = weights["encoder_c.weight"].shape
    latent, targets = len(weights["encoder_mean.weight"]), len(weights["decoder_mean.weight"])
    model = CVAE(conditions, targets, hidden, latent, sigma).to(inputs[0].dtype)
    for name, weight in weights.items():
        model.get_parameter(name).data.copy_(weight)
    value = getattr(model, method)(*inputs)
    return dict(zip(("mean", "log_var"), value, strict=True)) if method == "encode" else {method: value}


def bound_gradients(CVAE, y, c, eps, sigma, encoder_mean, *others):
    """Gradients of the summed bound with respect to the parameters; None for data and noise, and where none arrives."""
    import torch

    names = ["encoder_mean", "encoder_log_var", "encoder_y", "encoder_c", "decoder_z", "decoder_c", "decoder_mean"]
    biased = [name for name in names if not name.endswith("_c")]
    names = [f"{name}.weight" for name in names] + [f"{name}.bias" for name in biased]
    latent, hidden = encoder_mean.shape
    model = CVAE(c.shape[1], y.shape[1], hidden, latent, sigma).to(y.dtype)
    leaves = [model.get_parameter(name) for name in names]
    for leaf, weight in zip(leaves, [encoder_mean, *others], strict=True):
        leaf.data.copy_(weight)
    value = model.bound(y, c, eps)
    if not (isinstance(value, torch.Tensor) and value.requires_grad):
        return [None] * (3 + len(leaves))
    return [None, None, None, *torch.autograd.grad(value.sum(), leaves, allow_unused=True)]


class DetachedDraw(Oracle):
    """The usual mistake: the decoder's complaint does not reach the encoder."""

    def decode(self, z, c):
        return super().decode(z.detach(), c)


def side_effects(CVAE, weights, sigma, y, c, eps):
    """The arguments after bound and complete, whether torch's state was left alone, and the weights after it."""
    import torch

    hidden, conditions = weights["encoder_c.weight"].shape
    model = CVAE(conditions, y.shape[1], hidden, eps.shape[-1], sigma)
    for name, weight in weights.items():
        model.get_parameter(name).data.copy_(weight)

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    before = states()
    model.bound(y, c, eps)
    model.complete(c, eps)
    unchanged = [old == new for old, new in zip(before, states(), strict=True)]
    after = torch.cat([model.get_parameter(name).detach().flatten() for name in weights])
    return {"inputs": [weights, sigma, y, c, eps], "unchanged": unchanged, "weights": after}


@pytest.mark.exercise("ch14.CVAE")
class Test_CVAE:
    @staticmethod
    def sizes(generator):
        """Numbers of samples, pairs, conditions, targets, hidden units and latents, all of them different."""
        order = (torch.randperm(6, generator=generator) + 2).tolist()
        return dict(zip(("samples", "batch", "conditions", "targets", "hidden", "latent"), order, strict=True))

    @staticmethod
    def inputs(generator, samples, batch, conditions, targets, hidden, latent, dtype=torch.float32):
        """Weights, the decoder's σ, pairs and noise."""

        def normal(*size):
            return torch.randn(*size, generator=generator, dtype=dtype)

        weights = {name: normal(*shape) for name, shape in shapes(conditions, targets, hidden, latent).items()}
        sigma = (0.25, 0.5, 2.0, 4.0)[integer(generator, 0, 4)]  # exact in every dtype
        given = {"y": normal(batch, targets), "c": normal(batch, conditions), "eps": normal(samples, batch, latent)}
        return {"weights": weights, "sigma": sigma, **given}

    @staticmethod
    def oracle(method, weights, sigma, *inputs):
        weights = {name: weight.double() for name, weight in weights.items()}
        return with_weights(Oracle, method, weights, sigma, *[value.double() for value in inputs])

    def check_method(self, student, method, inputs, wrong, otherwise=""):
        """Compare what a method that returns one tensor returns."""
        signature = f"{method}({', '.join(list(inputs)[2:])})"
        call = student.run(with_weights, method=method, **inputs).of(method, part=signature)
        expected = self.oracle(method, *inputs.values())[method]
        check(call, expected, slips=wrong, otherwise=otherwise)

    @pytest.mark.points(2)
    def test_parameters(self, student, generator):
        size = {name: self.sizes(generator)[name] for name in ("conditions", "targets", "hidden", "latent")}
        call = student.run(parameter_shapes, **size)
        came = call.value if type(call.value) is dict else {}
        wanted = {name: str(tuple(shape)) for name, shape in shapes(**size).items()}
        wrong = [name for name in wanted if type(came.get(name)) is not str or came[name] != wanted[name]]
        if wrong:
            what = f"CVAE lacks, or has in another shape than the task says, {', '.join(wrong)}."
            raise Finding(Category.WRONG_TYPE, what)
        if len(came) > len(wanted):
            what = "CVAE has more parameters than the task says: seven layers, encoder_c and decoder_c without a bias."
            raise Finding(Category.WRONG_TYPE, what)

    @pytest.mark.points(2)
    def test_encode_and_decode(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator))
        weights, sigma, y, c, eps = inputs.values()
        call = student.run(with_weights, method="encode", weights=weights, sigma=sigma, y=y, c=c)
        expected = self.oracle("encode", weights, sigma, y, c)
        cause = "The encoder's heads are linear layers of tanh of encoder_y of y plus encoder_c of c."
        parts = {"mean": slips.encoded_mean, "log_var": slips.encoded_log_var}
        for part, wrong in parts.items():
            check(call.of(part, part=f"encode's {part}"), expected[part], slips=wrong, otherwise=cause)
        cause = "f is a linear layer of tanh of decoder_z of z plus decoder_c of c."
        for z in (eps[0], eps):
            given = {"weights": weights, "sigma": sigma, "z": z, "c": c}
            self.check_method(student, "decode", given, slips.decoded, cause)

    @pytest.mark.points(3)
    def test_bound(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator))
        self.check_method(student, "bound", inputs, slips.bound)

    @pytest.mark.points(1)
    def test_answers_at_test_time(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator))
        inputs = {name: inputs[name] for name in ("weights", "sigma", "c", "eps")}
        cause = "At test time z = eps comes from the prior and the encoder is not used."
        self.check_method(student, "complete", inputs, slips.completed, cause)

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator), dtype=torch.float64)
        weights, sigma, y, c, eps = inputs.values()
        given = {"y": y, "c": c, "eps": eps, "sigma": sigma, **weights}
        came, mistaken = student.run(bound_gradients, **given).value, bound_gradients(DetachedDraw, *given.values())
        if type(came) is list and all(close(a, b) for a, b in zip(came[3:], mistaken[3:], strict=False)):
            what = "the encoder gets the divergence's gradient alone: none passes through the draw of z."
            raise Finding(Category.WRONG_VALUE, what)
        check_gradients(student, Oracle, bound_gradients, **given)

    @pytest.mark.points(1)
    def test_extreme_outputs_of_the_networks(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator), dtype=torch.float64)
        for layer, size in (("encoder_log_var", 60), ("encoder_log_var", -60), ("decoder_mean", 300)):
            bias = torch.full_like(inputs["weights"][f"{layer}.bias"], size)
            weights = inputs["weights"] | {f"{layer}.bias": bias}
            cause = (
                f"Large outputs of {layer} went wrong: neither clamp nor add small numbers, and work with logarithms."
            )
            self.check_method(student, "bound", {**inputs, "weights": weights}, slips.bound, cause)

    @pytest.mark.points(1)
    def test_side_effects_one_pair_and_none(self, student, generator):
        inputs = self.inputs(generator, **self.sizes(generator))
        call = student.run(side_effects, **inputs)
        check_unchanged(call)
        before = torch.cat([weight.flatten() for weight in inputs["weights"].values()])
        check(call.of("weights", part="its weights after a call of bound"), before, tolerance=0.0)
        for batch in (1, 0):
            sizes = {**self.sizes(generator), "samples": 1, "batch": batch}
            self.check_method(student, "bound", self.inputs(generator, **sizes), slips.bound)


SIZES = {"conditions": 8, "targets": 56, "hidden": 100, "latent": 8, "last": "decoder_logits"}


def digits(generator):
    """(y, c) of two thirds of the handwritten digits and of the rest; y's pixels in a random order."""
    pictures = (torch.tensor(load_digits().data) >= 8).float()
    pictures = pictures[torch.randperm(len(pictures), generator=generator)]
    given = torch.arange(64) % 8 == 3
    y = pictures[:, ~given][:, torch.randperm(56, generator=generator)]
    c = pictures[:, given]
    return (y[:1200], c[:1200]), (y[1200:].double(), c[1200:].double())


def trained(train_cvae, y, c, seeds):
    """For each seed of the generator the trained weights, and the pictures after training."""
    import torch

    runs = [train_cvae(y, c, torch.Generator().manual_seed(seed)) for seed in seeds]
    return {
        "runs": [{name: weight.detach() for name, weight in weights.items()} for weights in runs],
        "inputs": [y, c],
        "unchanged": [True] * 3,  # training may touch torch's state
    }


@pytest.mark.exercise("ch14.train_cvae")
class Test_train_cvae:
    SAMPLES = 20

    @staticmethod
    def models(call):
        """What each run of training returned, as models that hold these weights in double precision."""
        runs, wanted = call.of("runs").value, shapes(**SIZES)
        if type(runs) is not list or len(runs) != len(call.inputs["seeds"]) or any(type(r) is not dict for r in runs):
            raise protocol_breach()
        models = [Oracle(**SIZES).double() for _ in runs]
        for model, weights in zip(models, runs, strict=True):
            if wrong := [name for name, shape in wanted.items() if not is_weight(weights.get(name), shape)]:
                what = "train_cvae returned nothing, or not a tensor of the shape that the task says, for "
                raise Finding(Category.WRONG_TYPE, f"{what}{', '.join(wrong)}.")
            if not all(weights[name].isfinite().all() for name in wanted):
                raise Finding(Category.WRONG_VALUE, "train_cvae returned weights that are infinite or not a number.")
            model.load_state_dict({name: weights[name] for name in wanted})
        return [model.requires_grad_(False) for model in models]

    def learned(self, student, generator):
        """A trained model with held-out targets, conditions and noise to look at it."""
        (y, c), held_out = digits(generator)
        (model,) = self.models(student.run(trained, y=y, c=c, seeds=[integer(generator, 0, 10**6)]))
        eps = torch.randn(self.SAMPLES, len(held_out[0]), 8, generator=generator, dtype=torch.float64)
        return model, (*held_out, eps)

    @pytest.mark.points(2)
    def test_weights_come_and_pictures_stay(self, student, generator):
        y, c = (part[:60] for part in digits(generator)[0])
        call = student.run(trained, y=y, c=c, seeds=[integer(generator, 0, 10**6)])
        self.models(call)
        after = call.of("inputs").value
        if type(after) is not list or not all(close(a, b, 0.0) for a, b in zip(after, (y, c), strict=True)):
            raise Finding(Category.WRONG_VALUE, "the call changed one of its arguments y and c.")

    @pytest.mark.points(4)
    def test_bound_on_held_out_digits(self, student, generator):
        model, looked_at = self.learned(student, generator)
        reconstruction, divergence = (term.mean() for term in model.terms(*looked_at))
        if not reconstruction - divergence > -16.5:
            raise Finding(Category.WRONG_VALUE, shortfall(reconstruction, divergence))

    @pytest.mark.points(2)
    def test_the_loss_was_the_bound(self, student, generator):
        model, looked_at = self.learned(student, generator)
        log_factor = torch.zeros((), dtype=torch.float64, requires_grad=True)
        terms = [term.mean() for term in model.terms(*looked_at, log_factor=log_factor)]
        slopes = [torch.autograd.grad(term, log_factor, retain_graph=True)[0] for term in terms]
        ratio = slopes[0] / slopes[1]
        if not 0.7 < ratio < 1.4:
            raise Finding(Category.WRONG_VALUE, imbalance(ratio, terms[1]))

    @pytest.mark.points(2)
    def test_answers_depend_on_the_condition(self, student, generator):
        model, (y, c, eps) = self.learned(student, generator)
        others = c.roll(1, 0)
        right, wrong = (model.terms(y, c, eps, told)[0].mean() for told in (c, others))
        if not right - wrong > 2:
            what = (
                f"told other digits' conditions, the decoder loses {said(right - wrong)} nats; it should be 2 or more."
            )
            cause = "Is decoder_c of c added in the decoder, and does its weight learn?"
            if wrong < -20:
                cause = "Its reconstructions are bad in any case: look at the bound first."
            raise Finding(Category.WRONG_VALUE, f"{what} {cause}")

    @pytest.mark.points(2)
    def test_chance_comes_from_the_generator(self, student, generator):
        y, c = (part[:60] for part in digits(generator)[0])
        seed = integer(generator, 0, 10**6)
        models = self.models(student.run(trained, y=y, c=c, seeds=[seed, seed, seed + 1]))
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


def shortfall(reconstruction, divergence):
    """What a bound that is too low looks like; a regressor reaches -18.7 at best."""
    bound = reconstruction - divergence
    what = f"the bound on held-out digits is {said(bound)} nats per target; it should be above -16.5."
    if divergence < 0.5 and bound > -20:
        cause = (
            f"The divergence is {said(divergence)}: the latents carry nothing, and the model is a regressor. Does the "
        )
        return f"{what} {cause}gradient reach the encoder through z, and are both terms sums?"
    if divergence < 0.1:
        return f"{what} Has anything been learned? Train longer or with larger steps, and let the loss fall, not rise."
    if reconstruction < -19:
        cause = (
            "Targets decoded from samples of q are worse than a regressor's answers: were such samples, and logits, "
        )
        return f"{what} {cause}what the decoder was trained on, and does the encoder read y and c?"
    if divergence > 8:
        return f"{what} The divergence, {said(divergence)}, is more than it brings: is its weight in the loss 1?"
    return f"{what} Do encoder and decoder both see c? Train longer or with larger steps."


def imbalance(ratio, divergence):
    """What was wrong with a loss that settles at another ratio of slopes than 1."""
    what = (
        f"with all σ of q times a factor, reconstruction and divergence change in the ratio {said(ratio)}, not about 1."
    )
    if divergence < 0.5:
        return f"{what} The divergence is {said(divergence)}: the latents carry nothing."
    if ratio > 1.4:
        return f"{what} It looks as if log_var was taken for log σ, or the divergence weighs more than 1 in the loss."
    return f"{what} It looks as if the divergence weighs less than 1 in the loss, or is not summed over the latents."
