"""Answers to ch15.full_vb_estimate. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch
from torch.distributions import Normal, kl_divergence

LOG_2PI = math.log(2 * math.pi)


def _draw(mean, log_var, noise):
    return mean + torch.exp(0.5 * log_var) * noise


def _kl(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


def _log_p(x, z, theta):
    return -0.5 * (LOG_2PI + (x - z @ theta.mT) ** 2).sum(-1)


def _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta):
    z, theta = _draw(mean, log_var, eps), _draw(weight_mean, weight_log_var, zeta)
    return _log_p(x, z, theta).mean(0) - _kl(mean, log_var)


def right_by_einsum(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    z, theta = _draw(mean, log_var, eps), _draw(weight_mean, weight_log_var, zeta)
    decoded = torch.einsum("lpj,lbj->lbp", theta, z)
    samples, minibatch, _ = decoded.shape
    log_p = -0.5 * torch.sum((x - decoded) ** 2) / samples - 0.5 * LOG_2PI * x.numel()
    return n / minibatch * (log_p - _kl(mean, log_var).sum()) - _kl(weight_mean, weight_log_var).sum()


def right_draw_by_draw(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    unit = Normal(torch.zeros((), dtype=x.dtype), torch.ones((), dtype=x.dtype))
    bounds = []
    for e, weight_noise in zip(eps, zeta, strict=True):
        decoded = _draw(mean, log_var, e) @ _draw(weight_mean, weight_log_var, weight_noise).T
        bounds.append(unit.log_prob(x - decoded).sum() * n / len(x))
    latent = kl_divergence(Normal(mean, (log_var / 2).exp()), unit).sum() * n / len(x)
    weights = kl_divergence(Normal(weight_mean, (weight_log_var / 2).exp()), unit).sum()
    return sum(bounds) / len(bounds) - latent - weights


def no_n(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the factor n is missing: the data count as one data point"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta)
    return per_point.mean() - _kl(weight_mean, weight_log_var).sum()


def minibatch_summed(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the minibatch was summed and not scaled up"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta)
    return per_point.sum() - _kl(weight_mean, weight_log_var).sum()


def n_times_the_sum(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the minibatch's sum was multiplied by n"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta)
    return n * per_point.sum() - _kl(weight_mean, weight_log_var).sum()


def n_before_everything(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the factor n stands before everything"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta)
    return n * (per_point - _kl(weight_mean, weight_log_var).sum()).mean()


def weights_scaled_by_the_minibatch(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: every data point of the minibatch paid for the weights"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta)
    return n / len(x) * (per_point.sum() - _kl(weight_mean, weight_log_var).sum())


def per_image(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the bound was divided by n"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta)
    return per_point.mean() - _kl(weight_mean, weight_log_var).sum() / n


def no_divergence_of_weights(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the divergence of the weights is missing"""
    return n * _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta).mean()


def divergence_of_weights_added(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the divergence of the weights has the wrong sign"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta)
    return n * per_point.mean() + _kl(weight_mean, weight_log_var).sum()


def no_divergence_of_z(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the divergence of z is missing"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta) + _kl(mean, log_var)
    return n * per_point.mean() - _kl(weight_mean, weight_log_var).sum()


def divergence_of_z_once(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the divergence of z was not multiplied by n"""
    log_p = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta) + _kl(mean, log_var)
    return n * log_p.mean() - _kl(mean, log_var).mean() - _kl(weight_mean, weight_log_var).sum()


def weights_not_drawn(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the weights' means were used, and no draw"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, torch.zeros_like(zeta))
    return n * per_point.mean() - _kl(weight_mean, weight_log_var).sum()


def mean_decoded(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the mean of z was decoded, and no draw"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, torch.zeros_like(eps), zeta)
    return n * per_point.mean() - _kl(weight_mean, weight_log_var).sum()


def one_draw_for_all(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: all draws share the first draw's weights"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta[0])
    return n * per_point.mean() - _kl(weight_mean, weight_log_var).sum()


def log_sigma_for_log_var(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: weight_log_var was used as log σ; it is log σ²"""
    theta = weight_mean + weight_log_var.exp() * zeta
    per_point = _log_p(x, _draw(mean, log_var, eps), theta).mean(0) - _kl(mean, log_var)
    return n * per_point.mean() - _kl(weight_mean, weight_log_var).sum()


def mean_over_pixels(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the mean over the pixels was taken"""
    log_p = _log_p(x, _draw(mean, log_var, eps), _draw(weight_mean, weight_log_var, zeta)) / x.shape[-1]
    return n * (log_p.mean(0) - _kl(mean, log_var)).mean() - _kl(weight_mean, weight_log_var).sum()


def weights_detached(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the gradient with respect to weight_mean is wrong"""
    per_point = _per_point(x, mean, log_var, weight_mean.detach(), weight_log_var.detach(), eps, zeta)
    return n * per_point.mean() - _kl(weight_mean, weight_log_var).sum()


def both_divergences_sampled(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: full_vb_estimate returned wrong values"""
    z, theta = _draw(mean, log_var, eps), _draw(weight_mean, weight_log_var, zeta)
    latent = 0.5 * (eps**2 + log_var.neg() - z**2).sum(-1)
    weights = 0.5 * (zeta**2 - weight_log_var - theta**2).sum((-2, -1))
    return (n * (_log_p(x, z, theta) + latent).mean(1) + weights).mean()


def one_number_per_point(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong type or shape: full_vb_estimate returned the shape"""
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta)
    return n * per_point - _kl(weight_mean, weight_log_var).sum()


def clamped(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: clamp nothing and add nothing to the variance"""
    log_var, weight_log_var = log_var.clamp_min(-20), weight_log_var.clamp_min(-20)
    per_point = _per_point(x, mean, log_var, weight_mean, weight_log_var, eps, zeta)
    return n * per_point.mean() - _kl(weight_mean, weight_log_var).sum()


def changed_in_place(x, mean, log_var, weight_mean, weight_log_var, n, eps, zeta):
    """wrong value: the call changed its argument zeta"""
    divergence = _kl(weight_mean, weight_log_var).sum()
    zeta *= (0.5 * weight_log_var).exp()
    log_p = _log_p(x, _draw(mean, log_var, eps), weight_mean + zeta)
    return n * (log_p.mean(0) - _kl(mean, log_var)).mean() - divergence
