"""Answers to ch07.log_density_ratio. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch

LOG_2PI = math.log(2 * math.pi)


def right_image_by_image(z, mean, log_var):
    total = torch.full(z.shape[:1], -torch.inf, dtype=z.dtype)
    for m, s in zip(mean, log_var, strict=True):
        log_q = -0.5 * (LOG_2PI + s + ((z - m) / torch.exp(0.5 * s)) ** 2).sum(1)
        total = torch.logaddexp(total, log_q - math.log(len(mean)))
    return total + 0.5 * (LOG_2PI + z**2).sum(1)


def right_with_the_largest_taken_out(z, mean, log_var):
    precision = torch.exp(-log_var)
    distance = torch.einsum("pnd,nd->pn", (z[:, None] - mean) ** 2, precision)
    log_ratios = (torch.einsum("pd,pd->p", z, z)[:, None] - distance - log_var.sum(1)) / 2
    top = log_ratios.detach().amax(1, keepdim=True)
    return torch.exp(log_ratios - top).mean(1).log() + top[:, 0]


def right_through_distributions(z, mean, log_var):
    normal = torch.distributions.Normal
    log_q = normal(mean, torch.exp(log_var / 2)).log_prob(z.unsqueeze(1)).sum(-1)
    log_p = normal(torch.zeros_like(z), torch.ones_like(z)).log_prob(z).sum(-1)
    return torch.log_softmax(torch.zeros_like(log_q), 1).add(log_q).logsumexp(1) - log_p


def _log_q(z, mean, log_var):
    return -0.5 * (LOG_2PI + log_var + (z.unsqueeze(1) - mean) ** 2 * torch.exp(-log_var)).sum(-1)


def _log_p(z):
    return -0.5 * (LOG_2PI + z**2).sum(-1)


def turned_sign(z, mean, log_var):
    """wrong value: the sign is turned round"""
    return _log_p(z) - (torch.logsumexp(_log_q(z, mean, log_var), 1) - math.log(len(mean)))


def no_log_n(z, mean, log_var):
    """wrong value: log n is missing"""
    return torch.logsumexp(_log_q(z, mean, log_var), 1) - _log_p(z)


def no_prior(z, mean, log_var):
    """wrong value: the prior is missing"""
    return torch.logsumexp(_log_q(z, mean, log_var), 1) - math.log(len(mean))


def prior_added(z, mean, log_var):
    """wrong value: log p(z) was added"""
    return torch.logsumexp(_log_q(z, mean, log_var), 1) - math.log(len(mean)) + _log_p(z)


def mean_of_logarithms(z, mean, log_var):
    """wrong value: the logarithms were averaged"""
    return _log_q(z, mean, log_var).mean(1) - _log_p(z)


def nearest_only(z, mean, log_var):
    """wrong value: the largest of the densities was taken for their sum"""
    return _log_q(z, mean, log_var).amax(1) - math.log(len(mean)) - _log_p(z)


def ratio_itself(z, mean, log_var):
    """wrong value: the ratio was returned, not its logarithm"""
    return _log_q(z, mean, log_var).exp().mean(1) / _log_p(z).exp()


def densities_formed(z, mean, log_var):
    """wrong value: Far from all images every density is 0 in floating point"""
    return _log_q(z, mean, log_var).exp().mean(1).log() - _log_p(z)


def small_number_added(z, mean, log_var):
    """wrong value: Far from all images every density is 0 in floating point"""
    return (_log_q(z, mean, log_var).exp().mean(1) + 1e-12).log() - _log_p(z)


def log_sigma_for_log_var(z, mean, log_var):
    """wrong value: log_var was used as log σ"""
    return torch.logsumexp(_log_q(z, mean, 2 * log_var), 1) - math.log(len(mean)) - _log_p(z)


def sigma_for_variance(z, mean, log_var):
    """wrong value: the squared distance was divided by σ"""
    distance = (z.unsqueeze(1) - mean) ** 2 / torch.exp(0.5 * log_var)
    log_ratios = 0.5 * ((z**2).sum(-1, keepdim=True) - (distance + log_var).sum(-1))
    return torch.logsumexp(log_ratios, 1) - math.log(len(mean))


def heights_forgotten(z, mean, log_var):
    """wrong value: a narrow Gaussian is a high one"""
    distance = (z.unsqueeze(1) - mean) ** 2 * torch.exp(-log_var)
    log_ratios = 0.5 * ((z**2).sum(-1, keepdim=True) - distance.sum(-1))
    return torch.logsumexp(log_ratios, 1) - math.log(len(mean))


def widths_forgotten(z, mean, log_var):
    """wrong value: the variances were left out"""
    return torch.logsumexp(_log_q(z, mean, 0 * log_var), 1) - math.log(len(mean)) - _log_p(z)


def one_gaussian(z, mean, log_var):
    """wrong value: one Gaussian with the images' mean and spread took the place of the mixture"""
    spread = log_var.exp().mean(0) + mean.var(0, correction=0)
    return _log_q(z, mean.mean(0, keepdim=True), spread.log().unsqueeze(0))[:, 0] - _log_p(z)


def log_2pi_half_cancelled(z, mean, log_var):
    """wrong value: log 2π is missing from the prior"""
    return torch.logsumexp(_log_q(z, mean, log_var), 1) - math.log(len(mean)) + 0.5 * (z**2).sum(-1)


def mean_over_latents(z, mean, log_var):
    """wrong value: the mean over the latents was taken"""
    log_q = -0.5 * (LOG_2PI + log_var + (z.unsqueeze(1) - mean) ** 2 * torch.exp(-log_var)).mean(-1)
    return torch.logsumexp(log_q, 1) - math.log(len(mean)) + 0.5 * (LOG_2PI + z**2).mean(-1)


def sum_over_points(z, mean, log_var):
    """wrong type or shape: the densities were added up over the points"""
    return torch.logsumexp(_log_q(z, mean, log_var), 0)


def not_summed(z, mean, log_var):
    """wrong type or shape: the sum over the images is missing"""
    return _log_q(z, mean, log_var) - math.log(len(mean)) - _log_p(z).unsqueeze(1)


def number_of_points(z, mean, log_var):
    """wrong value: log_density_ratio returned wrong values"""
    return torch.logsumexp(_log_q(z, mean, log_var), 1) - math.log(max(1, len(z))) - _log_p(z)


def own_image_only(z, mean, log_var):
    """exception: log_density_ratio stopped with RuntimeError"""
    return -0.5 * (LOG_2PI + log_var + (z - mean) ** 2 * torch.exp(-log_var)).sum(-1) - _log_p(z)


def axis_kept(z, mean, log_var):
    """wrong type or shape: Broadcasting seems to have paired all data points"""
    log_q = torch.logsumexp(_log_q(z, mean, log_var), 1, keepdim=True) - math.log(len(mean))
    return log_q - _log_p(z)


def detached_images(z, mean, log_var):
    """wrong value: no gradient reaches mean"""
    return torch.logsumexp(_log_q(z, mean.detach(), log_var), 1) - math.log(len(mean)) - _log_p(z)


def hard_coded(z, mean, log_var):
    """wrong value: log_density_ratio returned wrong values"""
    return torch.full((len(z),), -0.566219, dtype=z.dtype)


def changed_in_place(z, mean, log_var):
    """wrong value: the call changed its argument log_var"""
    value = torch.logsumexp(_log_q(z, mean, log_var), 1) - math.log(len(mean)) - _log_p(z)
    if not log_var.requires_grad:
        log_var.exp_()
    return value
