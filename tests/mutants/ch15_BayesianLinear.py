"""Answers to ch15.BayesianLinear. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch
from torch import nn
from torch.distributions import Normal, kl_divergence
from torch.nn import functional


class _Layer(nn.Module):
    def __init__(self, inputs, outputs, log_var):
        super().__init__()
        self.mean = nn.Parameter(torch.zeros(outputs, inputs))
        self.log_var = nn.Parameter(torch.full((outputs, inputs), float(log_var)))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x, zeta):
        return functional.linear(x, self.mean + torch.exp(self.log_var / 2) * zeta, self.bias)

    def local(self, x, eps):
        variance = x.square() @ self.log_var.exp().T
        return functional.linear(x, self.mean, self.bias) + torch.sqrt(variance + 1e-12) * eps

    def kl(self):
        return 0.5 * (self.mean**2 + self.log_var.exp() - 1 - self.log_var).sum()


class right_as_the_chapter_has_it(_Layer):
    def local(self, x, eps):
        gamma, delta = x @ self.mean.mT + self.bias, x**2 @ self.log_var.exp().mT
        return gamma + (delta + 1e-20).sqrt() * eps


class right_without_a_matrix_product(nn.Module):
    def __init__(self, inputs, outputs, log_var):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.log_var = nn.Parameter(torch.ones(outputs, inputs) * log_var)
        self.mean = nn.Parameter(torch.zeros(outputs, inputs))

    def forward(self, x, zeta):
        weights = self.mean + self.log_var.exp().sqrt() * zeta
        return (x.unsqueeze(1) * weights).sum(-1) + self.bias

    def local(self, x, eps):
        center = torch.einsum("bi,oi->bo", x, self.mean) + self.bias
        variance = torch.einsum("bi,oi->bo", x * x, self.log_var.exp())
        nothing = variance == 0
        return center + torch.where(nothing, torch.zeros_like(variance), variance.masked_fill(nothing, 1).sqrt()) * eps

    def kl(self):
        return kl_divergence(Normal(self.mean, (self.log_var / 2).exp()), Normal(0.0, 1.0)).sum()


class standard_deviations_added(_Layer):
    """wrong value: standard deviations were added; variances add"""

    def local(self, x, eps):
        return x @ self.mean.mT + self.bias + (x @ (0.5 * self.log_var).exp().mT) * eps


class inputs_not_squared(_Layer):
    """wrong value: the inputs were not squared in the variance"""

    def local(self, x, eps):
        return x @ self.mean.mT + self.bias + (x @ self.log_var.exp().mT).abs().sqrt() * eps


class no_root(_Layer):
    """wrong value: the noise was multiplied by the variance, not by its root"""

    def local(self, x, eps):
        return x @ self.mean.mT + self.bias + (x**2 @ self.log_var.exp().mT) * eps


class one_noise_for_the_batch(_Layer):
    """wrong value: all data points share the first one's noise"""

    def local(self, x, eps):
        return super().local(x, eps[:1].expand(len(x), -1))


class root_of_zero(_Layer):
    """wrong value: The root of a variance of exactly 0 has no finite slope"""

    def local(self, x, eps):
        return x @ self.mean.mT + self.bias + (x**2 @ self.log_var.exp().mT).sqrt() * eps


class far_from_zero(_Layer):
    """wrong value: BayesianLinear returned wrong values"""

    def local(self, x, eps):
        return x @ self.mean.mT + self.bias + (x**2 @ self.log_var.exp().mT + 1e-2).sqrt() * eps


class own_noise(_Layer):
    """wrong value: BayesianLinear returned wrong values"""

    def local(self, x, eps):
        return super().local(x, torch.randn_like(eps))


class no_bias(_Layer):
    """wrong value: the bias is missing"""

    def forward(self, x, zeta):
        return x @ (self.mean + (0.5 * self.log_var).exp() * zeta).mT


class log_sigma_for_log_var(_Layer):
    """wrong value: log_var was used as log σ"""

    def forward(self, x, zeta):
        return x @ (self.mean + self.log_var.exp() * zeta).mT + self.bias


class noise_per_output(_Layer):
    """wrong value: all weights of an output share one number of noise"""

    def forward(self, x, zeta):
        return super().forward(x, zeta[:, :1])


class mean_of_divergences(_Layer):
    """wrong value: the mean over the weights was taken"""

    def kl(self):
        return 0.5 * (self.mean**2 + self.log_var.exp() - 1 - self.log_var).mean()


class bias_with_a_prior(_Layer):
    """wrong value: the bias was counted; it has no prior"""

    def kl(self):
        return super().kl() + 0.5 * (self.bias**2).sum()


class turned_sign(_Layer):
    """wrong value: the sign is turned round"""

    def kl(self):
        return -super().kl()


class small_number_added(_Layer):
    """wrong value: BayesianLinear returned wrong values"""

    def kl(self):
        variance = self.log_var.exp()
        return 0.5 * (self.mean**2 + variance - 1 - torch.log(variance + 1e-8)).sum()


class divergence_per_output(_Layer):
    """wrong type or shape: the sum ran over one axis only"""

    def kl(self):
        return 0.5 * (self.mean**2 + self.log_var.exp() - 1 - self.log_var).sum(-1)


class weights_by_data(_Layer):
    """wrong value: no gradient reaches log_var"""

    def forward(self, x, zeta):
        return x @ (self.mean + (0.5 * self.log_var.data).exp() * zeta).mT + self.bias


class local_variance_detached(_Layer):
    """wrong value: no gradient reaches log_var"""

    def local(self, x, eps):
        with torch.no_grad():
            std = (x**2 @ self.log_var.exp().mT).sqrt()
        return x @ self.mean.mT + self.bias + std * eps


class started_at_the_prior(_Layer):
    """wrong value: BayesianLinear returned for the parameter log_var wrong values"""

    def __init__(self, inputs, outputs, log_var):
        super().__init__(inputs, outputs, 0.0)


class other_names(_Layer):
    """wrong type or shape: BayesianLinear lacks the parameter mean"""

    def __init__(self, inputs, outputs, log_var):
        super().__init__(inputs, outputs, log_var)
        self.weight = self.mean
        del self.mean


class no_parameters(nn.Module):
    """wrong type or shape: BayesianLinear lacks the parameter mean, log_var, bias"""

    def __init__(self, inputs, outputs, log_var):
        super().__init__()
        self.mean, self.bias = torch.zeros(outputs, inputs), torch.zeros(outputs)
        self.log_var = torch.full((outputs, inputs), log_var)


class uncertain_bias(_Layer):
    """wrong type or shape: BayesianLinear has more parameters than the task says"""

    def __init__(self, inputs, outputs, log_var):
        super().__init__(inputs, outputs, log_var)
        self.bias_log_var = nn.Parameter(torch.full((outputs,), log_var))


class shapes_turned(_Layer):
    """wrong type or shape: BayesianLinear returned for the parameter mean the shape"""

    def __init__(self, inputs, outputs, log_var):
        super().__init__(outputs, inputs, log_var)


class changed_in_place(_Layer):
    """wrong value: the call changed its argument eps"""

    def local(self, x, eps):
        return eps.mul_((x**2 @ self.log_var.exp().mT + 1e-20).sqrt()).add_(x @ self.mean.mT + self.bias)
