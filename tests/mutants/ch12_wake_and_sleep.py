"""Answers to ch12.wake_and_sleep. A wrong one's docstring is what its finding says; a right one has none."""

import math

import torch
from torch.distributions import Normal


def _log_normal(value, mean, log_var):
    return -0.5 * (math.log(2 * math.pi) + log_var + (value - mean) ** 2 / log_var.exp()).sum(-1)


def _log_prior(z):
    return -0.5 * (math.log(2 * math.pi) + z**2).sum(-1)


def _drawn(gaussian, noise):
    mean, log_var = gaussian
    return (mean + torch.exp(0.5 * log_var) * noise).detach()


def right_by_detach(model, x, eps, dreamed_z, dream_noise):
    mean, log_var = model.encode(x)
    z = (mean + torch.exp(0.5 * log_var) * eps).detach()
    mean, log_var = model.decode(z)
    wake = Normal(0.0, 1.0).log_prob(z).sum(-1) + Normal(mean, log_var.exp().sqrt()).log_prob(x).sum(-1)
    mean, log_var = model.decode(dreamed_z)
    dream = (mean + log_var.exp().sqrt() * dream_noise).detach()
    mean, log_var = model.encode(dream)
    return wake, Normal(mean, log_var.exp().sqrt()).log_prob(dreamed_z).sum(-1)


@torch.no_grad()
def _draws(model, x, eps, dreamed_z, dream_noise):
    return _drawn(model.encode(x), eps), _drawn(model.decode(dreamed_z), dream_noise)


def right_dimension_by_dimension(model, x, eps, dreamed_z, dream_noise):
    z, dream = _draws(model, x, eps, dreamed_z, dream_noise)
    wake = torch.zeros(len(x), dtype=x.dtype)
    for column in z.unbind(-1):
        wake = wake - 0.5 * (math.log(2 * math.pi) + column.square())
    mean, log_var = model.decode(z)
    for value, center, log_scale in zip(x.T, mean.T, log_var.T, strict=True):
        wake = wake - 0.5 * (math.log(2 * math.pi) + log_scale + (value - center).square() * (-log_scale).exp())
    return wake, _log_normal(dreamed_z, *model.encode(dream))


def gradient_through_the_guess(model, x, eps, dreamed_z, dream_noise):
    """wrong value: a gradient of the wake phase reaches the encoder"""
    mean, log_var = model.encode(x)
    z = mean + torch.exp(0.5 * log_var) * eps
    dream = _drawn(model.decode(dreamed_z), dream_noise)
    return _log_prior(z) + _log_normal(x, *model.decode(z)), _log_normal(dreamed_z, *model.encode(dream))


def gradient_through_the_dream(model, x, eps, dreamed_z, dream_noise):
    """wrong value: a gradient of the sleep phase reaches the decoder"""
    z = _drawn(model.encode(x), eps)
    mean, log_var = model.decode(dreamed_z)
    dream = mean + torch.exp(0.5 * log_var) * dream_noise
    return _log_prior(z) + _log_normal(x, *model.decode(z)), _log_normal(dreamed_z, *model.encode(dream))


def everything_detached(model, x, eps, dreamed_z, dream_noise):
    """wrong value: no gradient of the wake phase reaches the decoder"""
    z, dream = _draws(model, x, eps, dreamed_z, dream_noise)
    with torch.no_grad():
        return _log_prior(z) + _log_normal(x, *model.decode(z)), _log_normal(dreamed_z, *model.encode(dream))


def encoder_untaught(model, x, eps, dreamed_z, dream_noise):
    """wrong value: no gradient of the sleep phase reaches the encoder"""
    z, dream = _draws(model, x, eps, dreamed_z, dream_noise)
    return _log_prior(z) + _log_normal(x, *model.decode(z)), _log_normal(dreamed_z, *model.encode(dream)).detach()


def variance_for_deviation(model, x, eps, dreamed_z, dream_noise):
    """wrong value: the guess's noise was scaled by σ², not by σ"""
    mean, log_var = model.encode(x)
    z = (mean + log_var.exp() * eps).detach()
    dream = _drawn(model.decode(dreamed_z), dream_noise)
    return _log_prior(z) + _log_normal(x, *model.decode(z)), _log_normal(dreamed_z, *model.encode(dream))


def grey_dreams(model, x, eps, dreamed_z, dream_noise):
    """wrong value: the dream is the decoder's mean; its noise is missing"""
    z = _drawn(model.encode(x), eps)
    dream = model.decode(dreamed_z)[0].detach()
    return _log_prior(z) + _log_normal(x, *model.decode(z)), _log_normal(dreamed_z, *model.encode(dream))


def guess_without_noise(model, x, eps, dreamed_z, dream_noise):
    """wrong value: the guess is q's mean; its noise is missing"""
    z = model.encode(x)[0].detach()
    dream = _drawn(model.decode(dreamed_z), dream_noise)
    return _log_prior(z) + _log_normal(x, *model.decode(z)), _log_normal(dreamed_z, *model.encode(dream))


def prior_forgotten(model, x, eps, dreamed_z, dream_noise):
    """wrong value: log p(z) is missing awake"""
    z, dream = _draws(model, x, eps, dreamed_z, dream_noise)
    return _log_normal(x, *model.decode(z)), _log_normal(dreamed_z, *model.encode(dream))


def the_bound_awake(model, x, eps, dreamed_z, dream_noise):
    """wrong value: log q(z|x) was taken off awake"""
    z, dream = _draws(model, x, eps, dreamed_z, dream_noise)
    wake = _log_prior(z) + _log_normal(x, *model.decode(z)) - _log_normal(z, *model.encode(x)).detach()
    return wake, _log_normal(dreamed_z, *model.encode(dream))


def losses(model, x, eps, dreamed_z, dream_noise):
    """wrong value: the sign is turned round"""
    z, dream = _draws(model, x, eps, dreamed_z, dream_noise)
    return -_log_prior(z) - _log_normal(x, *model.decode(z)), -_log_normal(dreamed_z, *model.encode(dream))


def practice_on_data(model, x, eps, dreamed_z, dream_noise):
    """wrong type or shape: wake_and_sleep returned for the sleep phase the shape"""
    z, _ = _draws(model, x, eps, dreamed_z, dream_noise)
    return _log_prior(z) + _log_normal(x, *model.decode(z)), _log_normal(z, *model.encode(x))


def averaged_over_the_batch(model, x, eps, dreamed_z, dream_noise):
    """wrong type or shape: wake_and_sleep returned for the wake phase the shape ()"""
    z, dream = _draws(model, x, eps, dreamed_z, dream_noise)
    wake = _log_prior(z) + _log_normal(x, *model.decode(z))
    return wake.mean(), _log_normal(dreamed_z, *model.encode(dream)).mean()


def one_sum(model, x, eps, dreamed_z, dream_noise):
    """wrong type or shape: wake_and_sleep should return a tuple"""
    z, dream = _draws(model, x, eps, dreamed_z, dream_noise)
    wake = _log_prior(z) + _log_normal(x, *model.decode(z))
    return wake.mean() + _log_normal(dreamed_z, *model.encode(dream)).mean()


def networks_frozen(model, x, eps, dreamed_z, dream_noise):
    """wrong value: the call left gradients in the model's weights, or switched them off"""
    model.requires_grad_(False)
    z, dream = _draws(model, x, eps, dreamed_z, dream_noise)
    return _log_prior(z) + _log_normal(x, *model.decode(z)), _log_normal(dreamed_z, *model.encode(dream))


def backward_inside(model, x, eps, dreamed_z, dream_noise):
    """wrong value: the call left gradients in the model's weights"""
    z, dream = _draws(model, x, eps, dreamed_z, dream_noise)
    wake = _log_prior(z) + _log_normal(x, *model.decode(z))
    sleep = _log_normal(dreamed_z, *model.encode(dream))
    (-wake.mean() - sleep.mean()).backward(retain_graph=True)
    return wake, sleep


def clamped(model, x, eps, dreamed_z, dream_noise):
    """wrong value: Very large and very small variances went wrong"""

    def log_normal(value, mean, log_var):
        return _log_normal(value, mean, log_var.clamp(-20, 20))

    z, dream = _draws(model, x, eps, dreamed_z, dream_noise)
    return _log_prior(z) + log_normal(x, *model.decode(z)), log_normal(dreamed_z, *model.encode(dream))


def changed_in_place(model, x, eps, dreamed_z, dream_noise):
    """wrong value: the call changed its argument eps"""
    with torch.no_grad():
        mean, log_var = model.encode(x)
        eps *= torch.exp(0.5 * log_var)
        z = mean + eps
    dream = _drawn(model.decode(dreamed_z), dream_noise)
    return _log_prior(z) + _log_normal(x, *model.decode(z)), _log_normal(dreamed_z, *model.encode(dream))


def hard_coded(model, x, eps, dreamed_z, dream_noise):
    """wrong value: wake_and_sleep returned for the wake phase wrong values"""
    return torch.full((len(x),), -5.8379, dtype=x.dtype), torch.full((len(dreamed_z),), -1.4189, dtype=x.dtype)
