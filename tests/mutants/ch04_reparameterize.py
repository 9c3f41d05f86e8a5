"""Answers to ch04.reparameterize. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch


def right_draw_by_draw(mean, log_var, samples, generator):
    sigma = torch.sqrt(torch.exp(log_var))
    draws = [mean + sigma * torch.empty_like(mean).normal_(generator=generator) for _ in range(samples)]
    return torch.stack(draws)


def right_in_another_order_and_turned(mean, log_var, samples, generator):
    eps = torch.randn(mean.shape[1], mean.shape[0], samples, generator=generator, dtype=torch.float64)
    z = mean.double() - (log_var.double() / 2).exp() * eps.permute(2, 1, 0)
    return z.to(mean.dtype)


def right_by_torch_normal(mean, log_var, samples, generator):
    wide = torch.zeros(samples, *mean.shape, dtype=mean.dtype)
    return torch.addcmul(mean, torch.exp(log_var / 2), torch.normal(wide, 1.0, generator=generator))


def _noise(mean, samples, generator):
    return torch.randn(samples, *mean.shape, generator=generator, dtype=mean.dtype)


def variance_for_sigma(mean, log_var, samples, generator):
    """wrong value: the noise was scaled by σ²"""
    return mean + torch.exp(log_var) * _noise(mean, samples, generator)


def log_var_for_sigma(mean, log_var, samples, generator):
    """wrong value: does the noise come from `generator` alone, standard normal?"""
    return mean + log_var * _noise(mean, samples, generator)


def precision_for_sigma(mean, log_var, samples, generator):
    """wrong value: σ⁻¹ stands where σ belongs"""
    return mean + torch.exp(-0.5 * log_var) * _noise(mean, samples, generator)


def not_scaled(mean, log_var, samples, generator):
    """wrong value: the noise was not scaled"""
    return mean + 0 * log_var + _noise(mean, samples, generator)


def no_mean(mean, log_var, samples, generator):
    """wrong value: the mean is missing"""
    return torch.exp(0.5 * log_var) * _noise(mean, samples, generator)


def the_mean_itself(mean, log_var, samples, generator):
    """wrong value: the draws should be standard normal"""
    return mean.expand(samples, *mean.shape)


def uniform_noise(mean, log_var, samples, generator):
    """wrong value: the draws should be standard normal"""
    eps = torch.rand(samples, *mean.shape, generator=generator, dtype=mean.dtype)
    return mean + torch.exp(0.5 * log_var) * eps


def centered_uniform_noise(mean, log_var, samples, generator):
    """wrong value: the draws should be standard normal"""
    eps = 2 * torch.rand(samples, *mean.shape, generator=generator, dtype=mean.dtype) - 1
    return mean + torch.exp(0.5 * log_var) * eps


def noise_shared_by_dimensions(mean, log_var, samples, generator):
    """wrong value: the dimensions of a draw share their noise"""
    eps = torch.randn(samples, len(mean), 1, generator=generator, dtype=mean.dtype)
    return mean + torch.exp(0.5 * log_var) * eps


def noise_shared_by_data_points(mean, log_var, samples, generator):
    """wrong value: the data points share their noise"""
    eps = torch.randn(samples, 1, mean.shape[1], generator=generator, dtype=mean.dtype)
    return mean + torch.exp(0.5 * log_var) * eps


def noise_shared_by_draws(mean, log_var, samples, generator):
    """wrong value: the draws of a data point share their noise"""
    eps = torch.randn(mean.shape, generator=generator, dtype=mean.dtype)
    return (mean + torch.exp(0.5 * log_var) * eps).expand(samples, *mean.shape)


def same_noise_in_every_call(mean, log_var, samples, generator):
    """wrong value: a second call gives the same noise again"""
    return mean + torch.exp(0.5 * log_var) * _noise(mean, samples, torch.Generator().manual_seed(0))


def generator_not_used(mean, log_var, samples, generator):
    """wrong value: the call changed the random number generator"""
    return mean + torch.exp(0.5 * log_var) * torch.randn(samples, *mean.shape, dtype=mean.dtype)


def global_seed(mean, log_var, samples, generator):
    """wrong value: the call changed the random number generator"""
    torch.manual_seed(generator.initial_seed())
    return mean + torch.exp(0.5 * log_var) * torch.randn(samples, *mean.shape, dtype=mean.dtype)


def sampled(mean, log_var, samples, generator):
    """wrong value: no gradient reaches mean"""
    shape = (samples, *mean.shape)
    return torch.normal(mean.detach().expand(shape), (0.5 * log_var.detach()).exp().expand(shape), generator=generator)


def log_var_detached(mean, log_var, samples, generator):
    """wrong value: no gradient reaches log_var"""
    return mean + torch.exp(0.5 * log_var).detach() * _noise(mean, samples, generator)


def clamped(mean, log_var, samples, generator):
    """wrong value: neither clamp σ nor add a small number to it"""
    return mean + torch.exp(0.5 * log_var.clamp(-20, 20)) * _noise(mean, samples, generator)


def no_axis_of_draws(mean, log_var, samples, generator):
    """wrong type or shape: reparameterize returned the shape"""
    return mean + torch.exp(0.5 * log_var) * torch.randn(mean.shape, generator=generator, dtype=mean.dtype)


def axis_of_draws_last(mean, log_var, samples, generator):
    """wrong type or shape: reparameterize returned the shape"""
    return (mean + torch.exp(0.5 * log_var) * _noise(mean, samples, generator)).permute(1, 2, 0)


def float64_noise(mean, log_var, samples, generator):
    """wrong type or shape: keep the dtype"""
    eps = torch.randn(samples, *mean.shape, generator=generator, dtype=torch.float64)
    return mean + torch.exp(0.5 * log_var) * eps


def changed_in_place(mean, log_var, samples, generator):
    """wrong value: the call changed its argument log_var"""
    log_var.mul_(0.5).exp_()
    return mean + log_var * _noise(mean, samples, generator)
