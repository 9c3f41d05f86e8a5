"""Answers to ch03.log_normal. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import numpy as np
import torch

LOG_2PI = math.log(2 * math.pi)


def right_through_the_precision(x, mean, log_var):
    precision = (-log_var).exp()
    distance = torch.einsum("bd,bd,bd->b", x - mean, x - mean, precision)
    return -(distance + torch.sum(log_var, dim=1) + x.shape[1] * LOG_2PI) / 2


def right_through_the_standard_deviation(x, mean, log_var):
    std = torch.sqrt(torch.exp(log_var))
    z = (x - mean) / std
    return (-0.5 * z * z - std.log() - 0.5 * np.log(2 * np.pi)).sum(dim=-1)


def mean_for_sum(x, mean, log_var):
    """wrong value: the mean over the dimensions was taken"""
    return -0.5 * (LOG_2PI + log_var + (x - mean) ** 2 / log_var.exp()).mean(1)


def no_sum(x, mean, log_var):
    """wrong type or shape: the sum over the dimensions is missing"""
    return -0.5 * (LOG_2PI + log_var + (x - mean) ** 2 / log_var.exp())


def wrong_axis(x, mean, log_var):
    """wrong type or shape: the sum ran over the batch; sum over the last axis"""
    return -0.5 * (LOG_2PI + log_var + (x - mean) ** 2 / log_var.exp()).sum(0)


def one_number(x, mean, log_var):
    """wrong type or shape: the sum ran over the batch too"""
    return -0.5 * (LOG_2PI + log_var + (x - mean) ** 2 / log_var.exp()).sum()


def turned_sign(x, mean, log_var):
    """wrong value: the sign is turned round"""
    return 0.5 * (LOG_2PI + log_var + (x - mean) ** 2 / log_var.exp()).sum(-1)


def no_log_2pi(x, mean, log_var):
    """wrong value: log 2π is missing"""
    return -0.5 * (log_var + (x - mean) ** 2 / log_var.exp()).sum(-1)


def log_2pi_once(x, mean, log_var):
    """wrong value: log 2π was counted once"""
    return -0.5 * (LOG_2PI + (log_var + (x - mean) ** 2 / log_var.exp()).sum(-1))


def no_half(x, mean, log_var):
    """wrong value: the factor 1/2 is missing"""
    return -(LOG_2PI + log_var + (x - mean) ** 2 / log_var.exp()).sum(-1)


def no_half_of_log_var(x, mean, log_var):
    """wrong value: the factor 1/2 of log_var is missing"""
    return -(0.5 * LOG_2PI + log_var + 0.5 * (x - mean) ** 2 / log_var.exp()).sum(-1)


def no_half_of_distance(x, mean, log_var):
    """wrong value: the factor 1/2 of the squared distance is missing"""
    return -(0.5 * LOG_2PI + 0.5 * log_var + (x - mean) ** 2 / log_var.exp()).sum(-1)


def log_sigma_for_log_var(x, mean, log_var):
    """wrong value: log_var was used as log σ"""
    return torch.distributions.Normal(mean, log_var.exp()).log_prob(x).sum(-1)


def sigma_for_variance(x, mean, log_var):
    """wrong value: the squared distance was divided by σ; divide by σ²"""
    return -0.5 * (LOG_2PI + log_var + (x - mean) ** 2 / (0.5 * log_var).exp()).sum(-1)


def variance_squared(x, mean, log_var):
    """wrong value: the squared distance was divided by σ⁴"""
    return -0.5 * (LOG_2PI + log_var + ((x - mean) / log_var.exp()) ** 2).sum(-1)


def log_var_for_variance(x, mean, log_var):
    """wrong value: log_var was used where its exponential, the variance, belongs"""
    return -0.5 * (LOG_2PI + log_var + (x - mean) ** 2 / log_var).sum(-1)


def distance_not_squared(x, mean, log_var):
    """wrong value: the distance was not squared"""
    return -0.5 * (LOG_2PI + log_var + (x - mean) / log_var.exp()).sum(-1)


def density(x, mean, log_var):
    """wrong value: the density was returned, not its logarithm"""
    return torch.distributions.Normal(mean, (0.5 * log_var).exp()).log_prob(x).sum(-1).exp()


def logarithm_of_density(x, mean, log_var):
    """wrong value: work with logarithms throughout"""
    std = (0.5 * log_var).exp()
    density = torch.exp(-0.5 * ((x - mean) / std) ** 2) / (std * math.sqrt(2 * math.pi))
    return density.prod(-1).log()


def small_number_added(x, mean, log_var):
    """wrong value: nor add a small number"""
    var = log_var.exp() + 1e-8
    return -0.5 * (LOG_2PI + var.log() + (x - mean) ** 2 / var).sum(-1)


def broadcasting_accident(x, mean, log_var):
    """wrong type or shape: Broadcasting seems to have paired all data points"""
    distance = ((x - mean) ** 2 / log_var.exp()).sum(-1, keepdim=True)
    return -0.5 * (distance + log_var.sum(-1) + x.shape[-1] * LOG_2PI)


def axis_kept(x, mean, log_var):
    """wrong type or shape: the summed axis was kept (keepdim)"""
    return -0.5 * (LOG_2PI + log_var + (x - mean) ** 2 / log_var.exp()).sum(-1, keepdim=True)


def detached_mean(x, mean, log_var):
    """wrong value: no gradient reaches mean"""
    return -0.5 * (LOG_2PI + log_var + (x - mean.detach()) ** 2 / log_var.exp()).sum(-1)


def through_numpy(x, mean, log_var):
    """exception: log_normal stopped with RuntimeError"""
    variance = np.exp(log_var.numpy())
    return torch.tensor(-0.5 * np.sum(LOG_2PI + np.log(variance) + (x - mean).numpy() ** 2 / variance, axis=-1))


def float64_result(x, mean, log_var):
    """wrong type or shape: keep the dtype"""
    return -0.5 * (LOG_2PI + log_var + (x - mean) ** 2 / log_var.exp()).sum(-1, dtype=torch.float64)


def changed_in_place(x, mean, log_var):
    """wrong value: the call changed its argument x"""
    x -= mean
    return -0.5 * (LOG_2PI + log_var + x**2 / log_var.exp()).sum(-1)


def hard_coded(x, mean, log_var):
    """wrong type or shape: returned the shape (1,)"""
    return torch.tensor([-LOG_2PI - 0.5 - math.log(2)], dtype=x.dtype)


def loop_over_two_dimensions(x, mean, log_var):
    """exception: log_normal stopped with IndexError"""
    total = torch.zeros(len(x), dtype=x.dtype)
    for dim in range(6):
        variance = log_var[:, dim].exp()
        total = total - 0.5 * (LOG_2PI + log_var[:, dim] + (x[:, dim] - mean[:, dim]) ** 2 / variance)
    return total
