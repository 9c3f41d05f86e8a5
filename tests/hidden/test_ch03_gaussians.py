"""Hidden checks of chapter 3. The oracles are quadrature, torch.distributions and float64 autograd."""

import pytest
import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from vae_edu.course import scenarios
from vae_edu.course.compare import check, check_gradients, check_side_effects


def sizes(generator):
    """A batch size and a smaller number of dimensions, so that no two axes can be mistaken for each other."""
    batch = int(torch.randint(5, 9, (), generator=generator))
    return batch, int(torch.randint(2, 5, (), generator=generator))


def diagonal(generator, *size, dtype=torch.float32):
    """Means and log-variances of diagonal Gaussians."""
    mean = torch.randn(*size, generator=generator, dtype=dtype)
    return {"mean": mean, "log_var": torch.randn(*size, generator=generator, dtype=dtype)}


def extreme(log_var):
    """80 for one data point, -80 for the next: together in one sum the large variance would hide the small one."""
    signs = torch.ones_like(log_var)
    signs[::2] = -1
    return 80 * signs


def covariances(generator, batch, dim, dtype=torch.float32):
    """Well-conditioned covariance matrices with correlations."""
    factor = torch.randn(batch, dim, dim, generator=generator, dtype=dtype)
    return factor @ factor.mT / dim + torch.diag(0.5 + torch.rand(dim, generator=generator, dtype=dtype))


@pytest.mark.exercise("ch03.log_normal")
class Test_log_normal:
    @staticmethod
    def inputs(generator, *size, dtype=torch.float32):
        x = torch.randn(*size, generator=generator, dtype=dtype)
        return {"x": 2 * x, **diagonal(generator, *size, dtype=dtype)}

    @staticmethod
    def oracle(x, mean, log_var):
        return Normal(mean.double(), torch.exp(log_var.double() / 2)).log_prob(x.double()).sum(-1)

    @pytest.mark.points(3)
    def test_values(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator))
        check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_gradients(self, student, generator):
        check_gradients(student, self.oracle, **self.inputs(generator, *sizes(generator)))

    @pytest.mark.points(1)
    def test_extreme_values(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator))
        inputs["log_var"] = extreme(inputs["log_var"])
        check(
            student(**inputs),
            self.oracle(**inputs),
            otherwise="Very large and very small variances went wrong: work with logarithms throughout, and neither "
            "clamp the variance nor add a small number to it.",
        )

    @pytest.mark.points(1)
    def test_one_data_point_and_none(self, student, generator):
        for batch in (1, 0):
            inputs = self.inputs(generator, batch, 3)
            check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_float64_and_strided_inputs(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator), dtype=torch.float64)
        check(student.run(scenarios.strided, **inputs), self.oracle(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator))
        check_side_effects(student, self.oracle(**inputs), **inputs)


@pytest.mark.exercise("ch03.kl_standard_normal")
class Test_kl_standard_normal:
    @staticmethod
    def oracle(mean, log_var):
        """The integral of q (log q - log p) over each dimension by the trapezoidal rule."""
        q = Normal(mean.double().unsqueeze(-1), torch.exp(log_var.double() / 2).unsqueeze(-1))
        z = q.mean + q.stddev * torch.linspace(-12, 12, 4001, dtype=torch.float64)
        integrand = q.log_prob(z).exp() * (q.log_prob(z) - Normal(0.0, 1.0).log_prob(z))
        return torch.trapezoid(integrand, z).sum(-1)

    @staticmethod
    def library(mean, log_var):
        q = Normal(mean.double(), torch.exp(log_var.double() / 2))
        return kl_divergence(q, Normal(torch.zeros_like(q.mean), torch.ones_like(q.mean))).sum(-1)

    @pytest.mark.points(2)
    def test_values(self, student, generator):
        inputs = diagonal(generator, *sizes(generator))
        check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        check_gradients(student, self.library, **diagonal(generator, *sizes(generator)))

    @pytest.mark.points(1)
    def test_extreme_values(self, student, generator):
        inputs = diagonal(generator, *sizes(generator))
        inputs["log_var"] = extreme(inputs["log_var"])
        check(
            student(**inputs),
            self.library(**inputs),
            otherwise="Very large and very small variances went wrong: take log σ² as it is given, and neither clamp "
            "the variance nor add a small number to it.",
        )

    @pytest.mark.points(1)
    def test_one_data_point_and_none(self, student, generator):
        for batch in (1, 0):
            inputs = diagonal(generator, batch, 3)
            check(student(**inputs), self.library(**inputs))

    @pytest.mark.points(1)
    def test_float64_and_strided_inputs(self, student, generator):
        inputs = diagonal(generator, *sizes(generator), dtype=torch.float64)
        check(student.run(scenarios.strided, **inputs), self.library(**inputs))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = diagonal(generator, *sizes(generator))
        check_side_effects(student, self.library(**inputs), **inputs)


def symmetric_gradients(function, *inputs):
    """Gradients where matrices vary as symmetric ones: a factorization may read one triangle or both."""
    import torch

    leaves = [tensor.clone().requires_grad_() for tensor in inputs]
    value = function(*((leaf + leaf.mT) / 2 if leaf.ndim == 3 else leaf for leaf in leaves))
    if not (isinstance(value, torch.Tensor) and value.requires_grad):
        return [None for _ in leaves]
    return list(torch.autograd.grad(value.sum(), leaves, allow_unused=True))


@pytest.mark.exercise("ch03.kl_full")
class Test_kl_full:
    @staticmethod
    def inputs(generator, batch, dim, dtype=torch.float32):
        mean_0, mean_1 = torch.randn(2, batch, dim, generator=generator, dtype=dtype)
        covariance_0, covariance_1 = (covariances(generator, batch, dim, dtype) for _ in range(2))
        return {
            "mean_0": mean_0,
            "covariance_0": covariance_0,
            "mean_1": mean_1,
            "covariance_1": covariance_1,
        }

    @staticmethod
    def oracle(mean_0, covariance_0, mean_1, covariance_1):
        p_0 = MultivariateNormal(mean_0.double(), covariance_0.double())
        return kl_divergence(p_0, MultivariateNormal(mean_1.double(), covariance_1.double()))

    @pytest.mark.points(4)
    def test_values(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator))
        check(student(**inputs), self.oracle(**inputs))

    @pytest.mark.points(2)
    def test_gradients(self, student, generator):
        check_gradients(student, self.oracle, symmetric_gradients, **self.inputs(generator, *sizes(generator)))

    @pytest.mark.points(2)
    def test_many_dimensions(self, student, generator):
        inputs = self.inputs(generator, 3, 120)
        for name, scale in {"mean": 1e-2, "covariance": 1e-4}.items():
            inputs |= {f"{name}_{index}": scale * inputs[f"{name}_{index}"] for index in (0, 1)}
        check(
            student(**inputs),
            self.oracle(**inputs),
            otherwise="In many dimensions a determinant leaves the range of floating-point numbers: sum the logarithms "
            "on the diagonal of a Cholesky factor.",
        )

    @pytest.mark.points(1)
    def test_one_data_point_none_and_float64(self, student, generator):
        inputs = self.inputs(generator, 1, 3, torch.float64)
        check(student(**inputs), self.oracle(**inputs))
        nothing = self.inputs(generator, 0, 3, torch.float64)
        check(student(**nothing), torch.zeros(0))

    @pytest.mark.points(1)
    def test_side_effects(self, student, generator):
        inputs = self.inputs(generator, *sizes(generator))
        check_side_effects(student, self.oracle(**inputs), **inputs)
