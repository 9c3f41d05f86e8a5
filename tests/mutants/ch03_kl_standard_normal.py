"""Answers to ch03.kl_standard_normal. A wrong one's docstring is what its finding has to say; a right one has none."""

import torch
from torch.distributions import Normal, kl_divergence


def right_through_the_library(mean, log_var):
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    return kl_divergence(Normal(mean, torch.exp(0.5 * log_var)), prior).sum(-1)


def right_term_by_term(mean, log_var):
    trace = torch.exp(log_var).sum(dim=1)
    distance = torch.square(mean).sum(dim=1)
    log_determinant = torch.sum(log_var, 1)
    return (trace + distance - mean.size(1) - log_determinant) / 2


def mean_for_sum(mean, log_var):
    """wrong value: the mean over the dimensions was taken"""
    return -0.5 * torch.mean(1 + log_var - mean.pow(2) - log_var.exp(), dim=1)


def mean_over_everything(mean, log_var):
    """wrong type or shape: everything was averaged"""
    return -0.5 * torch.mean(1 + log_var - mean.pow(2) - log_var.exp())


def sum_over_everything(mean, log_var):
    """wrong type or shape: the sum ran over the batch too"""
    return -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp())


def batch_mean(mean, log_var):
    """wrong type or shape: averaged over the batch"""
    return -0.5 * (1 + log_var - mean.pow(2) - log_var.exp()).sum(1).mean()


def wrong_axis(mean, log_var):
    """wrong type or shape: the sum ran over the batch; sum over the last axis"""
    return -0.5 * torch.sum(1 + log_var - mean.pow(2) - log_var.exp(), dim=0)


def turned_sign(mean, log_var):
    """wrong value: the sign is turned round"""
    return 0.5 * (1 + log_var - mean**2 - log_var.exp()).sum(-1)


def no_half(mean, log_var):
    """wrong value: the factor 1/2 is missing"""
    return (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


def no_minus_one(mean, log_var):
    """wrong value: the -1 is missing"""
    return 0.5 * (mean**2 + log_var.exp() - log_var).sum(-1)


def minus_one_once(mean, log_var):
    """wrong value: the -1 was counted once"""
    return 0.5 * ((mean**2 + log_var.exp() - log_var).sum(-1) - 1)


def log_sigma_for_log_var(mean, log_var):
    """wrong value: log_var was used as log σ"""
    return kl_divergence(Normal(mean, log_var.exp()), Normal(0.0, 1.0)).sum(-1)


def sigma_for_variance(mean, log_var):
    """wrong value: σ stands where σ² belongs"""
    return 0.5 * (mean**2 + torch.exp(0.5 * log_var) - 1 - log_var).sum(-1)


def half_log_var(mean, log_var):
    """wrong value: log σ stands where log σ² belongs"""
    return 0.5 * (mean**2 + log_var.exp() - 1 - 0.5 * log_var).sum(-1)


def plus_log_var(mean, log_var):
    """wrong value: the term log σ² has the wrong sign"""
    return 0.5 * (mean**2 + log_var.exp() - 1 + log_var).sum(-1)


def log_var_for_variance(mean, log_var):
    """wrong value: log_var was used where its exponential, the variance, belongs"""
    return 0.5 * (mean**2 + log_var - 1 - log_var).sum(-1)


def mean_not_squared(mean, log_var):
    """wrong value: mean was not squared"""
    return 0.5 * (mean + log_var.exp() - 1 - log_var).sum(-1)


def no_mean(mean, log_var):
    """wrong value: the term in mean is missing"""
    return 0.5 * (log_var.exp() - 1 - log_var).sum(-1)


def other_way_round(mean, log_var):
    """wrong value: the divergence was taken the other way round"""
    return kl_divergence(Normal(0.0, 1.0), Normal(mean, (0.5 * log_var).exp())).sum(-1)


def small_number_added(mean, log_var):
    """wrong value: nor add a small number"""
    var = log_var.exp()
    return 0.5 * (mean**2 + var - 1 - torch.log(var + 1e-6)).sum(-1)


def clamped(mean, log_var):
    """wrong value: neither clamp"""
    log_var = log_var.clamp(-30, 20)
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


def broadcasting_accident(mean, log_var):
    """wrong type or shape: Broadcasting seems to have paired all data points"""
    return 0.5 * ((mean**2).sum(1, keepdim=True) + (log_var.exp() - 1 - log_var).sum(1))


def detached_variance(mean, log_var):
    """wrong value: no gradient reaches log_var"""
    log_var = log_var.detach()
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


def without_gradient(mean, log_var):
    """wrong value: no gradient reaches mean"""
    with torch.no_grad():
        return 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


def half_detached(mean, log_var):
    """wrong value: the gradient with respect to log_var is wrong"""
    return 0.5 * (mean**2 + log_var.detach().exp() - 1 - log_var).sum(-1)


def changed_in_place(mean, log_var):
    """wrong value: the call changed its argument mean"""
    return 0.5 * (mean.pow_(2) + log_var.exp() - 1 - log_var).sum(-1)


def hard_coded(mean, log_var):
    """wrong value: kl_standard_normal returned wrong values"""
    return torch.full((len(mean),), 1.306853)


def sampled(mean, log_var):
    """wrong value: the call changed the random number generator"""
    q = Normal(mean, (0.5 * log_var).exp())
    z = q.rsample()
    return (q.log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(-1)


def number_for_tensor(mean, log_var):
    """wrong type or shape: returned a value of type float; a torch.Tensor"""
    return (0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)).mean().item()


def no_return(mean, log_var):
    """wrong type or shape: returned None: is its return statement missing?"""
    _ = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


def no_empty_batch(mean, log_var):
    """exception: kl_standard_normal stopped with RuntimeError"""
    return torch.stack([0.5 * (m**2 + s.exp() - 1 - s).sum() for m, s in zip(mean, log_var, strict=True)])
