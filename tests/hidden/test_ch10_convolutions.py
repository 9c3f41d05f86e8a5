"""Hidden checks of chapter 10. The oracles are layers run on zeros and ones, stamps added by fold, torch.distributions
and float64 autograd.
"""

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import Bernoulli, Normal, kl_divergence

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_form, check_gradients, check_that, check_unchanged, close
from vae_edu.course.slips import ch10_convolutions as slips

PARTS = ("sizes", "receptive_fields", "output_padding")


def integer(generator, low, high):
    """A random whole number from `low` to `high`, both included."""
    return int(torch.randint(low, high + 1, (), generator=generator))


@pytest.mark.exercise("ch10.mirror_sizes")
class Test_mirror_sizes:
    @staticmethod
    def inputs(generator, count):
        """Layers of strides 2 to 4, on a side that all of them fit."""
        layers = []
        for index in range(count):
            stride = 2 + (index + integer(generator, 0, 1)) % 3
            kernel = stride + integer(generator, 0, 3)
            layers.append([kernel, stride, integer(generator, 0, (kernel - 1) // 2)])
        return {"side": integer(generator, 420, 500), "layers": torch.tensor(layers)}

    @staticmethod
    def oracle(side, layers):
        """Convolutions and transposed convolutions run on zeros; gradients in the middle of a long row of pixels."""
        rows, maps, sizes = layers.tolist(), torch.zeros(1, 1, side), [side]
        row = torch.ones(1, 1, 4000, dtype=torch.float64, requires_grad=True)
        features, fields, padding = row, [], []
        for kernel, stride, pad in rows:
            weight = torch.ones(1, 1, kernel)
            maps, below = F.conv1d(maps, weight, stride=stride, padding=pad), sizes[-1]
            sizes.append(maps.shape[-1])
            features = F.conv1d(features, weight.double(), stride=stride)
            (gradient,) = torch.autograd.grad(features[0, 0, features.shape[-1] // 2], row, retain_graph=True)
            seen = gradient[0, 0].nonzero()
            fields.append(int(seen[-1] - seen[0]) + 1)
            up = [
                F.conv_transpose1d(maps, weight, stride=stride, padding=pad, output_padding=more).shape[-1]
                for more in range(stride)
            ]
            padding.insert(0, up.index(below))
        return torch.tensor(sizes), torch.tensor(fields), torch.tensor(padding)

    @pytest.mark.points(2)
    def test_sizes(self, student, generator):
        inputs = self.inputs(generator, 4)
        check(student(**inputs).parts(*PARTS)[0], self.oracle(**inputs)[0])

    @pytest.mark.points(2)
    def test_receptive_fields(self, student, generator):
        inputs = self.inputs(generator, 4)
        check(student(**inputs).parts(*PARTS)[1], self.oracle(**inputs)[1])

    @pytest.mark.points(2)
    def test_output_padding(self, student, generator):
        order_matters = {"side": 2 * integer(generator, 10, 20), "layers": torch.tensor([[3, 2, 0], [5, 1, 2]])}
        for inputs in (self.inputs(generator, 3), self.inputs(generator, 4), order_matters):
            check(student(**inputs).parts(*PARTS)[2], self.oracle(**inputs)[2])

    @pytest.mark.points(1)
    def test_one_layer_and_side_effects(self, student, generator):
        for stride in (1, 3):
            inputs = {"side": integer(generator, 20, 30), "layers": torch.tensor([[4, stride, 1]])}
            call = student.run(scenarios.side_effects, **inputs)
            check_unchanged(call)
            for part, expected in zip(call.of("value").parts(*PARTS), self.oracle(**inputs), strict=True):
                check(part, expected)


def parameters(decoder, latent, channels, side):
    """The sorted names in a decoder's state, and each tensor under its name."""
    state = decoder(latent, channels, side).state_dict()
    return {"names": sorted(state), **state}


def decoded(decoder, latent, channels, side, weights, z):
    """The logits of a decoder with given weights."""
    model = decoder(latent, channels, side).to(z.dtype)
    model.load_state_dict(weights)
    return model(z)


def decoded_apart(decoder, latent, channels, side, weights, z):
    """Logits in training and in evaluation, z afterwards, and whether the global generator was left alone."""
    import torch

    model = decoder(latent, channels, side).to(z.dtype)
    model.load_state_dict(weights)
    state, strided = torch.get_rng_state(), torch.stack([z, z], -1)[..., 0]
    training = model.train()(strided)
    kept = torch.equal(state, torch.get_rng_state())
    return {"training": training, "evaluation": model.eval()(strided), "z": strided, "kept": kept}


def slopes(decoder, latent, channels, side, weights, z, direction):
    """The gradients of a weighted sum of logits, by parameter; zero where none arrives."""
    import torch

    model = decoder(latent, channels, side).to(z.dtype)
    model.load_state_dict(weights)
    z = z.clone().requires_grad_()
    total = (model(z) * direction).sum()
    leaves = {"z": z, **dict(model.named_parameters())}
    if not total.requires_grad:
        return {name: torch.zeros_like(leaf) for name, leaf in leaves.items()}
    gradients = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    pairs = zip(leaves.items(), gradients, strict=True)
    return {name: torch.zeros_like(leaf) if gradient is None else gradient for (name, leaf), gradient in pairs}


@pytest.mark.exercise("ch10.ConvDecoder")
class Test_ConvDecoder:
    @staticmethod
    def shapes(latent, channels, side):
        (first, second), places = channels, (side // 4) ** 2
        return {
            "linear.weight": (first * places, latent),
            "linear.bias": (first * places,),
            "up_1.weight": (first, second, 4, 4),
            "up_1.bias": (second,),
            "up_2.weight": (second, 1, 4, 4),
            "up_2.bias": (1,),
        }

    def inputs(self, generator, *leading, side=8, dtype=torch.float64):
        sizes = {
            "latent": integer(generator, 3, 5),
            "channels": (integer(generator, 4, 6), integer(generator, 2, 3)),
            "side": side,
        }
        shapes = self.shapes(**sizes)
        weights = {name: torch.randn(shape, generator=generator, dtype=dtype) / 3 for name, shape in shapes.items()}
        z = torch.randn(*leading, sizes["latent"], generator=generator, dtype=dtype)
        return {**sizes, "weights": weights, "z": z}

    @staticmethod
    def oracle(latent, channels, side, weights, z):
        """Every number of a map puts its stamp on the picture; fold adds the stamps up."""
        weights = {name: weight.double() for name, weight in weights.items()}
        h = torch.einsum("fl,...l->...f", weights["linear.weight"], z.double()) + weights["linear.bias"]
        h = h.clamp(min=0).reshape(-1, channels[0], (side // 4) ** 2)
        for name, size in (("up_1", side // 2), ("up_2", side)):
            kernel, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
            stamps = torch.einsum("bcp,cokl->boklp", h.clamp(min=0), kernel).flatten(1, 3)
            h = F.fold(stamps, size, 4, stride=2, padding=1).flatten(2) + bias.unsqueeze(-1)
        return h.reshape(*z.shape[:-1], side**2)

    @pytest.mark.points(2)
    def test_names_shapes_and_starting_weights(self, student, generator):
        sizes = {"latent": integer(generator, 3, 5), "channels": (5, integer(generator, 2, 4)), "side": 12}
        call, shapes = student.run(parameters, **sizes), self.shapes(**sizes)
        names = f"ConvDecoder should have these parameters and no others: {', '.join(shapes)}."
        check_that(call, str(call.of("names").value) == str(sorted(shapes)), names)
        for name, shape in shapes.items():
            one = call.of(name, part=name)
            check_form(one, *shape)
            same = one.value.numel() > 1 and bool((one.value == one.value.flatten()[0]).all())
            check_that(one, not same, f"{name} starts with equal numbers; leave the start to PyTorch's layers.")

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.inputs(generator, 7)
        check(student.run(decoded, **inputs), self.oracle(**inputs), slips.ConvDecoder)

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        inputs = self.inputs(generator, 4)
        direction = torch.randn(4, 64, generator=generator, dtype=torch.float64)
        leaves = {name: weight.clone().requires_grad_() for name, weight in inputs["weights"].items()}
        z = inputs["z"].clone().requires_grad_()
        total = (self.oracle(**inputs | {"weights": leaves, "z": z}) * direction).sum()
        call = student.run(slopes, **inputs, direction=direction)
        for name, right in zip(["z", *leaves], torch.autograd.grad(total, [z, *leaves.values()]), strict=True):
            cause = f"Does a gradient reach {name}, through layers that stay modules of the decoder?"
            check(call.of(name, part=f"the gradient of {name}"), right, otherwise=cause)

    @pytest.mark.points(1)
    def test_leading_axes_and_an_empty_batch(self, student, generator):
        for leading in ((3, 2), (), (1,), (0,), (2, 0)):
            inputs = self.inputs(generator, *leading, dtype=torch.float32)
            empty = 0 in leading
            expected = torch.zeros(*leading, 64) if empty else self.oracle(**inputs)
            check(student.run(decoded, **inputs), expected, None if empty else slips.ConvDecoder, tolerance=1e-4)

    @pytest.mark.points(1)
    def test_other_sides(self, student, generator):
        for side in (4, 28):
            inputs = self.inputs(generator, 2, side=side)
            check(student.run(decoded, **inputs), self.oracle(**inputs), slips.ConvDecoder)

    @pytest.mark.points(1)
    def test_training_evaluation_and_side_effects(self, student, generator):
        inputs = self.inputs(generator, 6)
        call, expected = student.run(decoded_apart, **inputs), self.oracle(**inputs)
        unchanged = close(call.of("z").value, inputs["z"], 0.0)
        check_that(call, unchanged, "the call changed its argument z: operations ending in _ work in place.")
        for mode in ("training", "evaluation"):
            cause = "Nothing in this decoder may differ between training and evaluation."
            check(call.of(mode, part=f"z in {mode}"), expected, slips.ConvDecoder, cause)
        check_that(call, call.of("kept").value is True, "forward used the random number generator.")


RESULTS = ("loss", "log_likelihood", "kl", "logits", "z")


def reconstruction_slopes(loss, *inputs):
    """The gradients of the summed log-likelihood with respect to conv and heads; zero where none arrives."""
    import torch

    given = [value.clone() for value in inputs]
    leaves = [given[2].requires_grad_(), given[3].requires_grad_()]
    log_likelihood = loss(*given)[1].sum()
    if not log_likelihood.requires_grad:
        return {"conv": torch.zeros_like(leaves[0]), "heads": torch.zeros_like(leaves[1])}
    gradients = torch.autograd.grad(log_likelihood, leaves, allow_unused=True)
    came = [torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, gradients, strict=True)]
    return {"conv": came[0], "heads": came[1]}


@pytest.mark.exercise("ch10.mended_loss")
class Test_mended_loss:
    @staticmethod
    def inputs(generator, batch, dtype=torch.float64):
        """Pictures of 8 × 8 grey pixels and weights of moderate size; 3 channels, 3 latents."""

        def normal(*shape):
            return torch.randn(*shape, generator=generator, dtype=dtype)

        return {
            "x": torch.rand(batch, 1, 8, 8, generator=generator, dtype=dtype),
            "eps": normal(batch, 3),
            "conv": normal(3, 1, 4, 4) / 2,
            "heads": normal(6, 48) / 8,
            "linear": normal(48, 3),
            "up": normal(3, 1, 4, 4) / 3,
        }

    @staticmethod
    def oracle(x, eps, conv, heads, linear, up):
        """Windows and stamps by unfold and fold, densities by torch.distributions."""
        x, eps, conv, heads, linear, up = (value.double() for value in (x, eps, conv, heads, linear, up))
        windows = F.unfold(x, 4, padding=1, stride=2)
        h = torch.einsum("ck,bkp->bcp", conv.flatten(1), windows).clamp(min=0)
        outputs = h.flatten(1) @ heads.T
        latent = eps.shape[-1]
        q = Normal(outputs[:, :latent], outputs[:, latent:].exp().sqrt())
        z = q.mean + q.stddev * eps
        maps = (z @ linear.T).clamp(min=0).reshape(h.shape)
        stamps = torch.einsum("bcp,ck->bkp", maps, up.flatten(1))
        logits = F.fold(stamps, x.shape[-1], 4, padding=1, stride=2)
        pixels = Bernoulli(logits=logits, validate_args=False)
        log_likelihood = pixels.log_prob(x).flatten(1).sum(1)
        kl = kl_divergence(q, Normal(torch.zeros_like(z), torch.ones_like(z))).sum(1)
        return -(log_likelihood - kl).mean(), log_likelihood, kl, logits, z

    def check_part(self, student, inputs, *names, otherwise=""):
        parts = dict(zip(RESULTS, student(**inputs).parts(*RESULTS), strict=True))
        expected = dict(zip(RESULTS, self.oracle(**inputs), strict=True))
        for name in names:
            check(parts[name], expected[name], otherwise=otherwise)

    @pytest.mark.points(2)
    def test_the_draw(self, student, generator):
        self.check_part(student, self.inputs(generator, 5), "z")

    # Without noise σ does not matter, so this check and the next one do not see how z was drawn.
    @pytest.mark.points(2)
    def test_the_logits_of_several_pictures(self, student, generator):
        inputs = self.inputs(generator, 5)
        self.check_part(student, inputs | {"eps": 0 * inputs["eps"]}, "logits")

    # Of one picture alone the axes cannot be mixed either.
    @pytest.mark.points(2)
    def test_the_likelihood_of_one_picture(self, student, generator):
        inputs = self.inputs(generator, 1)
        self.check_part(student, inputs | {"eps": 0 * inputs["eps"]}, "log_likelihood")

    @pytest.mark.points(2)
    def test_the_reconstruction_teaches_the_encoder(self, student, generator):
        inputs = self.inputs(generator, 1)
        inputs |= {"conv": inputs["conv"].abs(), "eps": 0 * inputs["eps"]}
        call = student.run(reconstruction_slopes, **inputs)
        for name in ("conv", "heads"):
            one = call.of(name, part=f"the gradient of {name}")
            check_form(one, *inputs[name].shape)
            cause = (
                f"no gradient of the log-likelihood reaches {name}: something cuts z off from the encoder, which "
                "then learns to ignore x."
            )
            check_that(one, bool((one.value != 0).any()), cause)

    @pytest.mark.points(2)
    def test_everything_together(self, student, generator):
        self.check_part(student, self.inputs(generator, 4), "z", "logits", "log_likelihood", "kl", "loss")
        check_gradients(student, self.oracle, **self.inputs(generator, 3))

    @pytest.mark.points(1)
    def test_saturated_logits(self, student, generator):
        inputs = self.inputs(generator, 3)
        cause = "Logits may be in the hundreds: a logarithm of a sigmoid is minus infinity there."
        self.check_part(student, inputs | {"up": 300 * inputs["up"]}, "log_likelihood", "loss", otherwise=cause)

    @pytest.mark.points(1)
    def test_float32_strided_inputs_and_side_effects(self, student, generator):
        inputs = self.inputs(generator, 3, torch.float32)
        expected = self.oracle(**inputs)
        call = student.run(scenarios.side_effects, **inputs)
        check_unchanged(call)
        for one in (call.of("value"), student.run(scenarios.strided, **inputs)):
            for part, right in zip(one.parts(*RESULTS), expected, strict=True):
                check(part, right, tolerance=1e-4)
