"""Hidden checks of chapter 16. The oracles are autograd's Jacobian, quadrature and another form of the M2 bound."""

import math

import pytest
import torch
from torch import nn
from torch.distributions import Categorical, Normal, kl_divergence

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_gradients, check_unchanged
from vae_edu.course.findings import Category, Finding
from vae_edu.course.slips import ch16_next as slips


def integer(generator, low, high):
    """A random size from low up to, not including, high."""
    return int(torch.randint(low, high, (), generator=generator))


def normal(generator, *size, dtype=torch.float32):
    return torch.randn(*size, generator=generator, dtype=dtype)


@pytest.mark.exercise("ch16.m2_bounds")
class Test_m2_bounds:
    @staticmethod
    def inputs(generator, batch, classes, dtype=torch.float32):
        """Labels from none to the last class; each data point has another."""
        return {
            "bounds": 2 * normal(generator, batch, classes, dtype=dtype) - 3,
            "logits": 2 * normal(generator, batch, classes, dtype=dtype),
            "labels": (torch.arange(batch) + integer(generator, 0, classes + 1)) % (classes + 1) - 1,
            "alpha": integer(generator, 3, 20) / 8,  # exact in every dtype
        }

    def random(self, generator, dtype=torch.float32):
        return self.inputs(generator, integer(generator, 8, 11), integer(generator, 3, 6), dtype)

    @staticmethod
    def oracle(bounds, logits, labels, alpha):
        """Without a label: what the best classifier would get, less the divergence from it."""
        bounds, q = bounds.double(), Categorical(logits=logits.double())
        known, y = labels != -1, labels.clamp_min(0)
        unlabeled = bounds.logsumexp(-1) - kl_divergence(q, Categorical(logits=bounds))
        labeled = (bounds * nn.functional.one_hot(y, bounds.shape[-1])).sum(-1)
        bound = torch.where(known, labeled, unlabeled)
        return bound, bound + torch.where(known, alpha * q.log_prob(y), torch.zeros_like(bound))

    @staticmethod
    def check(call, expected, **told):
        for part, right in zip(call.parts("the bound", "the objective"), expected, strict=True):
            check(part, right, **told)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.random(generator)
        self.check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        check_gradients(student, self.oracle, **self.random(generator, torch.float64))

    @pytest.mark.points(1)
    def test_sure_classifiers(self, student, generator):
        inputs = self.random(generator, torch.float64)
        inputs["logits"] = 500 * inputs["logits"].sign() + inputs["logits"]
        cause = "Where a probability is 0 in floating point its logarithm is not: take log_softmax of the logits."
        self.check(student(**inputs), self.oracle(**inputs), otherwise=cause)
        check_gradients(student, self.oracle, **inputs)

    @pytest.mark.points(1)
    def test_all_labeled_none_labeled_one_data_point_and_none(self, student, generator):
        for label, batch in ((-1, 4), (2, 4), (-1, 1), (0, 1)):
            inputs = self.inputs(generator, batch, 3)
            inputs["labels"] = torch.full((batch,), label)
            self.check(student(**inputs), self.oracle(**inputs))
        nothing = self.inputs(generator, 0, 3)
        self.check(student(**nothing), (torch.zeros(0), torch.zeros(0)))

    @pytest.mark.points(1)
    def test_float64_strided_inputs_and_side_effects(self, student, generator):
        inputs = self.random(generator, torch.float64)
        self.check(student.run(scenarios.strided, **inputs), self.oracle(**inputs))
        check_unchanged(student.run(scenarios.side_effects, **inputs))


class Oracle(nn.Module):
    """The layer of the exercise, coordinate by coordinate, with its log-determinant by autograd."""

    def __init__(self, dim, kept, hidden):
        super().__init__()
        self.kept = kept
        self.hidden = nn.Linear(kept, hidden)
        self.log_scale = nn.Linear(hidden, dim - kept)
        self.shift = nn.Linear(hidden, dim - kept)

    def moved(self, point):
        h = self.hidden(point[: self.kept]).tanh()
        pairs = zip(point[self.kept :], self.log_scale(h), self.shift(h), strict=True)
        return torch.stack([*point[: self.kept], *(Normal(b, 1.0).mean + a.exp() * p for p, a, b in pairs)])

    def log_det(self, point):
        jacobian = torch.autograd.functional.jacobian(self.moved, point, create_graph=True)
        return torch.linalg.slogdet(jacobian)[1]

    def forward(self, z):
        if not len(z):
            return z, z.sum(-1)
        return torch.stack([self.moved(p) for p in z]), torch.stack([self.log_det(p) for p in z])

    def inverse(self, y):
        """Solved for z: the map is linear once the first coordinates are known."""
        if not len(y):
            return y
        points = []
        for point in y:
            start = torch.cat([point[: self.kept], torch.zeros_like(point[self.kept :])])
            slope = torch.autograd.functional.jacobian(self.moved, start, create_graph=True)[self.kept :, self.kept :]
            rest = torch.linalg.solve(slope, (point - self.moved(start))[self.kept :])
            points.append(torch.cat([point[: self.kept], rest]))
        return torch.stack(points)

    def log_prob(self, y):
        z = self.inverse(y)
        return Normal(0.0, 1.0).log_prob(z).sum(-1) - self.forward(z)[1]


def shapes(dim, kept, hidden):
    """The parameters' shapes by name."""
    moved = dim - kept
    sizes = {"hidden": (hidden, kept), "log_scale": (moved, hidden), "shift": (moved, hidden)}
    weights = {f"{name}.weight": size for name, size in sizes.items()}
    return weights | {f"{name}.bias": size[:1] for name, size in sizes.items()}


def parameter_shapes(layer_class, dim, kept, hidden):
    """The shapes of a new layer's parameters by name, as text."""
    return {name: str(tuple(value.shape)) for name, value in layer_class(dim, kept, hidden).named_parameters()}


def with_weights(layer_class, method, kept, weights, points):
    """The value of one method of a layer with these parameters."""
    hidden = len(weights["hidden.bias"])
    layer = layer_class(kept + len(weights["shift.bias"]), kept, hidden).to(points.dtype)
    layer.load_state_dict(weights)
    return layer(points) if method == "forward" else getattr(layer, method)(points)


def layer_gradients(layer_class, method, kept, points, *values):
    """Gradients of one method's summed squares with respect to the points and to the parameters, sorted by name."""
    import torch

    names = [f"{layer}.{kind}" for layer in ("hidden", "log_scale", "shift") for kind in ("bias", "weight")]
    moved, hidden = values[3].shape
    layer = layer_class(kept + moved, kept, hidden).to(points.dtype)
    layer.load_state_dict(dict(zip(names, values, strict=True)))
    leaf = points.clone().requires_grad_()
    value = layer(leaf) if method == "forward" else getattr(layer, method)(leaf)
    parts = [part for part in (value if isinstance(value, tuple) else (value,)) if part.requires_grad]
    leaves = [leaf, *(dict(layer.named_parameters())[name] for name in names)]
    if not parts:
        return [None for _ in leaves]
    total = sum(part.square().sum() for part in parts)
    return list(torch.autograd.grad(total, leaves, allow_unused=True))


def method_side_effects(layer_class, z):
    """Side effects of the three methods."""
    import torch

    def states():
        return [torch.get_rng_state().tolist(), torch.is_grad_enabled(), str(torch.get_default_dtype())]

    layer = layer_class(z.shape[1], 1, 3)
    before = states()
    layer(z), layer.inverse(z), layer.log_prob(z)
    return {"inputs": [z], "unchanged": [old == new for old, new in zip(before, states(), strict=True)]}


@pytest.mark.exercise("ch16.AffineCoupling")
class Test_AffineCoupling:
    @staticmethod
    def sizes(generator):
        kept = integer(generator, 1, 3)
        return {"dim": kept + 1 + kept % 2, "kept": kept, "hidden": integer(generator, 4, 6)}

    @staticmethod
    def weights(generator, size, dtype):
        """Smaller in float32, where undoing a small scale makes rounding large."""
        scale = 0.7 if dtype == torch.float64 else 0.3
        return {name: scale * normal(generator, *s, dtype=dtype) for name, s in shapes(**size).items()}

    def given(self, generator, method, batch=7, dtype=torch.float64):
        size = self.sizes(generator)
        weights = self.weights(generator, size, dtype)
        points = 1.5 * normal(generator, batch, size["dim"], dtype=dtype)
        return {"method": method, "kept": size["kept"], "weights": weights, "points": points}

    @pytest.mark.points(1)
    def test_parameters(self, student, generator):
        size = self.sizes(generator)
        call = student.run(parameter_shapes, **size)
        came, wanted = call.value, {name: str(shape) for name, shape in shapes(**size).items()}
        if type(came) is not dict or came != wanted:
            what = "AffineCoupling should have the parameters of the three layers hidden, log_scale and shift, in the "
            raise Finding(Category.WRONG_TYPE, f"{what}shapes that the task says, and no others.")

    @pytest.mark.points(3)
    def test_moved_points_and_determinants(self, student, generator):
        for batch, dtype in ((7, torch.float64), (1, torch.float32), (0, torch.float64)):
            given = self.given(generator, "forward", batch, dtype)
            call, right = student.run(with_weights, **given), with_weights(Oracle, **given)
            moved, log_det = call.parts("the moved points", "the log-determinant")
            check(moved, right[0].to(dtype), slips=slips.moved)
            check(log_det, right[1].to(dtype), slips=slips.log_det)

    @pytest.mark.points(2)
    def test_inverse(self, student, generator):
        for batch, dtype in ((7, torch.float64), (1, torch.float32), (0, torch.float64)):
            given = self.given(generator, "inverse", batch, dtype)
            check(student.run(with_weights, **given), with_weights(Oracle, **given), slips=slips.inverse)

    @pytest.mark.points(2)
    def test_density(self, student, generator):
        for batch in (7, 0):
            given = self.given(generator, "log_prob", batch)
            check(student.run(with_weights, **given), with_weights(Oracle, **given), slips=slips.log_prob)

    @pytest.mark.points(1)
    def test_far_points_and_steep_scales(self, student, generator):
        # With weights 0 the layer is z -> exp(a) z + b in the last coordinate.
        weights = {name: torch.zeros(size) for name, size in shapes(2, 1, 3).items()}
        for log_scale in (-40.0, 40.0):
            weights["log_scale.bias"] = torch.tensor([log_scale])
            y = torch.tensor([[0.0, 30 * math.exp(log_scale)]])
            call = student.run(with_weights, method="log_prob", kept=1, weights=weights, points=y)
            right = torch.tensor([-math.log(2 * math.pi) - 450 - log_scale])
            cause = "A small density or a steep scale went wrong: work with logarithms, and clamp nothing."
            check(call, right, slips=slips.log_prob, otherwise=cause)

    @pytest.mark.points(1)
    def test_gradients_and_side_effects(self, student, generator):
        check_unchanged(student.run(method_side_effects, z=normal(generator, 5, 3)))
        for method in ("forward", "inverse", "log_prob"):
            given = self.given(generator, method, 4)
            named = {name.replace(".", "_"): given["weights"][name] for name in sorted(given["weights"])}
            others = {"method": method, "kept": given["kept"], "points": given["points"]}
            check_gradients(student, Oracle, layer_gradients, **others, **named)


@pytest.mark.exercise("ch16.doubly_reparameterized")
class Test_doubly_reparameterized:
    @staticmethod
    def inputs(generator, batch, pixels, latent, draws, dtype=torch.float32):
        mean, log_var = normal(generator, 2, batch, latent, dtype=dtype)
        return {
            "x": 2 * normal(generator, batch, pixels, dtype=dtype),
            "mean": 0.5 * mean,
            "log_var": 0.5 * log_var,
            "weight": 0.7 * normal(generator, pixels, latent, dtype=dtype),
            "eps": normal(generator, draws, batch, latent, dtype=dtype),
        }

    def random(self, generator, dtype=torch.float32):
        sizes = integer(generator, 6, 9), 5, integer(generator, 2, 4), integer(generator, 9, 12)
        return self.inputs(generator, *sizes, dtype)

    @staticmethod
    def log_w(x, mean, log_var, weight, z):
        q, one = Normal(mean, torch.exp(log_var / 2)), Normal(0.0, 1.0)
        log_likelihood = Normal(z @ weight.mT, 1.0).log_prob(x).sum(-1)
        return log_likelihood + one.log_prob(z).sum(-1) - q.log_prob(z).sum(-1)

    def oracle(self, x, mean, log_var, weight, eps):
        """Autograd through the places of the draws alone."""
        x, mean, log_var, weight, eps = (v.double() for v in (x, mean, log_var, weight, eps))
        leaves = mean.clone().requires_grad_(), log_var.clone().requires_grad_()
        z = leaves[0] + torch.exp(leaves[1] / 2) * eps
        log_w = self.log_w(x, mean, log_var, weight, z)
        share = (log_w - log_w.logsumexp(0)).exp().detach()
        return torch.autograd.grad((share**2 * log_w).sum(), leaves)

    @staticmethod
    def check(call, expected, **told):
        for part, right in zip(call.parts("mean", "log_var"), expected, strict=True):
            check(part, right, **told)

    @pytest.mark.points(4)
    def test_values(self, student, generator):
        inputs = self.random(generator, torch.float64)  # draws may cancel, down to what float32 rounds away
        self.check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_no_noise_at_the_posterior(self, student, generator):
        # One pixel for each latent dimension, so that the posterior has a diagonal covariance.
        inputs = self.inputs(generator, 4, 2, 2, 5, torch.float64)
        scale = inputs["weight"][0]
        inputs["weight"] = scale.diag()
        inputs["mean"] = scale * inputs["x"] / (1 + scale**2)
        inputs["log_var"] = -torch.log1p(scale**2).expand(4, 2).clone()
        cause = "At the exact posterior log w is the same at every draw, so that every draw's gradient is 0."
        self.check(student(**inputs), (torch.zeros(4, 2), torch.zeros(4, 2)), otherwise=cause)

    @pytest.mark.points(2)
    def test_very_small_weights(self, student, generator):
        inputs = self.random(generator, torch.float64)
        inputs["x"] = 40 + inputs["x"]
        inputs["eps"] = 0.1 * inputs["eps"]
        cause = "All weights of a data point are 0 in floating point: normalize them by their logarithms."
        self.check(student(**inputs), self.oracle(**inputs), otherwise=cause)

    @pytest.mark.points(1)
    def test_one_draw_one_data_point_and_none(self, student, generator):
        for batch, draws, dtype in ((1, 4, torch.float64), (3, 1, torch.float32), (0, 4, torch.float64)):
            inputs = self.inputs(generator, batch, 3, 2, draws, dtype)
            self.check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_float64_strided_inputs_and_side_effects(self, student, generator):
        inputs = self.random(generator, torch.float64)
        self.check(student.run(scenarios.strided, **inputs), self.oracle(**inputs))
        check_unchanged(student.run(scenarios.side_effects, **inputs))
