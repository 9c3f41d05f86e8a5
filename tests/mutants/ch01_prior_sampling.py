"""Answers to ch01.prior_sampling. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import numpy as np
import torch


def _log_w(x, decoded, noise_var):
    squared = ((x[:, None, :] - decoded[None, :, :]) ** 2).sum(2)
    return -squared / (2 * noise_var) - x.shape[1] / 2 * math.log(2 * math.pi * noise_var)


def right_with_a_loop_over_draws(x, decoded, noise_var):
    columns = []
    for picture in decoded:
        each_pixel = -0.5 * math.log(2 * math.pi * noise_var) - 0.5 * (x - picture) ** 2 / noise_var
        columns.append(each_pixel.sum(1))
    log_w = torch.stack(columns, 1)
    largest = log_w.max(1).values
    w = torch.exp(log_w - largest[:, None])
    return largest + torch.log(w.mean(1)), w.sum(1) ** 2 / (w * w).sum(1)


def right_through_distances_and_float64(x, decoded, noise_var):
    squared = torch.cdist(x.double(), decoded.double()) ** 2
    log_w = -0.5 * squared / noise_var - 0.5 * x.shape[1] * np.log(2 * np.pi * noise_var)
    log_sum = torch.logsumexp(log_w, dim=1)
    log_effective = 2 * log_sum - torch.logsumexp(2 * log_w, dim=1)
    return (log_sum - np.log(decoded.shape[0])).to(x.dtype), log_effective.exp().to(x.dtype)


def right_as_a_list(x, decoded, noise_var):
    log_w = _log_w(x, decoded, noise_var)
    share = torch.nn.functional.normalize(log_w.softmax(1), p=1, dim=1)
    return [
        torch.logaddexp(log_w.logsumexp(1), torch.tensor(-math.inf)) - math.log(len(decoded)),
        share.norm(dim=1) ** -2,
    ]


def average_of_logarithms(x, decoded, noise_var):
    """wrong value: the logarithms were averaged; the logarithm is taken of the average"""
    log_w = _log_w(x, decoded, noise_var)
    return log_w.mean(1), 1 / log_w.softmax(1).square().sum(1)


def log_n_missing(x, decoded, noise_var):
    """wrong value: the weights were added and not averaged"""
    log_w = _log_w(x, decoded, noise_var)
    return log_w.logsumexp(1), 1 / log_w.softmax(1).square().sum(1)


def logarithms_left_too_early(x, decoded, noise_var):
    """wrong value: stay with logarithms to the end"""
    w = _log_w(x, decoded, noise_var).exp()
    return w.mean(1).log(), w.sum(1) ** 2 / (w**2).sum(1)


def effective_draws_without_logarithms(x, decoded, noise_var):
    """wrong value: stay with logarithms to the end"""
    log_w = _log_w(x, decoded, noise_var)
    w = log_w.exp()
    return log_w.logsumexp(1) - math.log(len(decoded)), w.sum(1) ** 2 / (w**2).sum(1)


def small_number_added(x, decoded, noise_var):
    """wrong value: stay with logarithms to the end"""
    w = _log_w(x, decoded, noise_var).exp()
    return (w.mean(1) + 1e-12).log(), w.sum(1) ** 2 / (w**2).sum(1)


def probability_not_logarithm(x, decoded, noise_var):
    """wrong value: the estimate of p(x) was returned, not its logarithm"""
    log_w = _log_w(x, decoded, noise_var)
    return log_w.exp().mean(1), 1 / log_w.softmax(1).square().sum(1)


def best_draw(x, decoded, noise_var):
    """wrong value: the best draw alone was taken"""
    log_w = _log_w(x, decoded, noise_var)
    return log_w.max(1).values, 1 / log_w.softmax(1).square().sum(1)


def over_the_data_points(x, decoded, noise_var):
    """wrong type or shape: returned for the estimate of log p(x) the shape"""
    log_w = _log_w(x, decoded, noise_var)
    return log_w.logsumexp(0) - math.log(len(decoded)), 1 / log_w.softmax(0).square().sum(0)


def over_everything(x, decoded, noise_var):
    """wrong type or shape: everything was averaged"""
    log_w = _log_w(x, decoded, noise_var)
    return (log_w.logsumexp(1) - math.log(len(decoded))).mean(), (1 / log_w.softmax(1).square().sum(1)).mean()


def no_log_2pi(x, decoded, noise_var):
    """wrong value: log 2π is missing"""
    log_w = -0.5 * ((x[:, None] - decoded) ** 2 / noise_var + math.log(noise_var)).sum(-1)
    return log_w.logsumexp(1) - math.log(len(decoded)), 1 / log_w.softmax(1).square().sum(1)


def log_2pi_once(x, decoded, noise_var):
    """wrong value: log 2π was counted once"""
    log_w = -0.5 * ((x[:, None] - decoded) ** 2 / noise_var + math.log(noise_var)).sum(-1) - 0.5 * math.log(2 * math.pi)
    return log_w.logsumexp(1) - math.log(len(decoded)), 1 / log_w.softmax(1).square().sum(1)


def no_log_variance(x, decoded, noise_var):
    """wrong value: log σ² is missing"""
    log_w = _log_w(x, decoded, noise_var) + 0.5 * x.shape[1] * math.log(noise_var)
    return log_w.logsumexp(1) - math.log(len(decoded)), 1 / log_w.softmax(1).square().sum(1)


def variance_as_sigma(x, decoded, noise_var):
    """wrong value: noise_var was used as σ"""
    log_w = torch.distributions.Normal(decoded, noise_var).log_prob(x[:, None]).sum(-1)
    return log_w.logsumexp(1) - math.log(len(decoded)), 1 / log_w.softmax(1).square().sum(1)


def divided_by_sigma(x, decoded, noise_var):
    """wrong value: the squared distance was divided by σ; divide by σ²"""
    squared = ((x[:, None] - decoded) ** 2).sum(-1)
    log_w = -0.5 * squared / math.sqrt(noise_var) - 0.5 * x.shape[1] * math.log(2 * math.pi * noise_var)
    return log_w.logsumexp(1) - math.log(len(decoded)), 1 / log_w.softmax(1).square().sum(1)


def no_half_of_distance(x, decoded, noise_var):
    """wrong value: the factor 1/2 of the squared distance is missing"""
    squared = ((x[:, None] - decoded) ** 2).sum(-1)
    log_w = -squared / noise_var - 0.5 * x.shape[1] * math.log(2 * math.pi * noise_var)
    return log_w.logsumexp(1) - math.log(len(decoded)), 1 / log_w.softmax(1).square().sum(1)


def mean_over_pixels(x, decoded, noise_var):
    """wrong value: the mean over the pixels was taken"""
    log_w = _log_w(x, decoded, noise_var) / x.shape[1]
    return log_w.logsumexp(1) - math.log(len(decoded)), 1 / log_w.softmax(1).square().sum(1)


def effective_upside_down(x, decoded, noise_var):
    """wrong value: the effective number is upside down"""
    log_w = _log_w(x, decoded, noise_var)
    return log_w.logsumexp(1) - math.log(len(decoded)), log_w.softmax(1).square().sum(1)


def effective_share(x, decoded, noise_var):
    """wrong value: the effective number was divided by the number of draws"""
    log_w = _log_w(x, decoded, noise_var)
    return log_w.logsumexp(1) - math.log(len(decoded)), 1 / log_w.softmax(1).square().mean(1) / len(decoded) ** 2


def effective_from_logarithms(x, decoded, noise_var):
    """wrong value: the logarithms of the weights were put in the place of the weights"""
    log_w = _log_w(x, decoded, noise_var)
    return log_w.logsumexp(1) - math.log(len(decoded)), log_w.sum(1) ** 2 / (log_w**2).sum(1)


def effective_from_entropy(x, decoded, noise_var):
    """wrong value: the exponential of the weights' entropy was taken"""
    log_w = _log_w(x, decoded, noise_var)
    share = log_w.softmax(1)
    return log_w.logsumexp(1) - math.log(len(decoded)), (-share * log_w.log_softmax(1)).sum(1).exp()


def sum_not_squared(x, decoded, noise_var):
    """wrong value: the sum of the weights was not squared"""
    log_w = _log_w(x, decoded, noise_var)
    w = log_w.exp()
    return log_w.logsumexp(1) - math.log(len(decoded)), w.sum(1) / (w**2).sum(1)


def estimate_alone(x, decoded, noise_var):
    """wrong type or shape: prior_sampling should return a tuple"""
    return _log_w(x, decoded, noise_var).logsumexp(1) - math.log(len(decoded))


def float64_results(x, decoded, noise_var):
    """wrong type or shape: keep the dtype"""
    log_w = _log_w(x.double(), decoded.double(), noise_var)
    return log_w.logsumexp(1) - math.log(len(decoded)), 1 / log_w.softmax(1).square().sum(1)


def changed_in_place(x, decoded, noise_var):
    """wrong value: the call changed its argument decoded"""
    decoded /= math.sqrt(noise_var)
    log_w = _log_w(x / math.sqrt(noise_var), decoded, 1.0) - 0.5 * x.shape[1] * math.log(noise_var)
    return log_w.logsumexp(1) - math.log(len(decoded)), 1 / log_w.softmax(1).square().sum(1)


def hard_coded(x, decoded, noise_var):
    """wrong value: prior_sampling returned for the estimate of log p(x) wrong values"""
    return torch.full((len(x),), -2.217815), torch.full((len(x),), 1.648054)
