"""Answers to ch09.kl_split. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch
from torch.distributions import Normal

LOG_2PI = math.log(2 * math.pi)


def right_image_by_image(mean, log_var, eps):
    n, parts = len(mean), []
    for i in range(n):
        z = mean[i] + torch.sqrt(log_var[i].exp()) * eps[:, i]
        under = [-0.5 * (LOG_2PI + log_var[k] + (z - mean[k]) ** 2 / log_var[k].exp()).sum(1) for k in range(n)]
        log_q = torch.stack(under).logsumexp(0) - math.log(n)
        log_p = -0.5 * (LOG_2PI + z.square()).sum(1)
        parts.append(torch.stack([(under[i] - log_q).mean(), (log_q - log_p).mean()]))
    information, mismatch = torch.stack(parts, 1)
    return information, mismatch


def right_by_who_it_was(mean, log_var, eps):
    q = Normal(mean, torch.exp(0.5 * log_var))
    z = q.loc + q.scale * eps
    each = q.log_prob(z[:, :, None, :]).sum(-1)
    # The information is log n plus the log-probability that a guess gives to the image itself.
    named = torch.einsum("snn->sn", each.log_softmax(-1))
    log_ratio = (q.log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(-1)
    information = named.mean(0) + math.log(len(mean))
    return information, log_ratio.mean(0) - information


def _densities(mean, log_var, eps):
    z = mean + torch.exp(0.5 * log_var) * eps
    each = -0.5 * (LOG_2PI + log_var + (z.unsqueeze(2) - mean) ** 2 * torch.exp(-log_var)).sum(-1)
    return z, each, each.diagonal(dim1=1, dim2=2), -0.5 * (LOG_2PI + z**2).sum(-1)


def no_log_n(mean, log_var, eps):
    """wrong value: log n is missing"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.logsumexp(-1)
    return (own - mixed).mean(0), (mixed - prior).mean(0)


def mean_of_logarithms(mean, log_var, eps):
    """wrong value: the mean of the log-densities was taken"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.mean(-1)
    return (own - mixed).mean(0), (mixed - prior).mean(0)


def largest_density(mean, log_var, eps):
    """wrong value: the largest of the densities was taken for their mean"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.max(-1).values - math.log(len(mean))
    return (own - mixed).mean(0), (mixed - prior).mean(0)


def averaged_over_the_draws(mean, log_var, eps):
    """wrong value: the densities were averaged over the draws of all images"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.logsumexp(1) - math.log(len(mean))
    return (own - mixed).mean(0), (mixed - prior).mean(0)


def own_image_left_out(mean, log_var, eps):
    """wrong value: the image itself was left out of the mixture"""
    _, each, own, prior = _densities(mean, log_var, eps)
    others = each - torch.diag_embed(torch.full_like(own, math.inf))
    mixed = others.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).mean(0), (mixed - prior).mean(0)


def exponentiated(mean, log_var, eps):
    """wrong value: Of many latents all densities are 0"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.exp().mean(-1).log()
    return (own - mixed).mean(0), (mixed - prior).mean(0)


def gaussian_aggregate(mean, log_var, eps):
    """wrong value: kl_split returned for the information wrong values"""
    z, _, own, prior = _densities(mean, log_var, eps)
    var = mean.var(0, correction=0) + log_var.exp().mean(0)
    mixed = -0.5 * (LOG_2PI + var.log() + (z - mean.mean(0)) ** 2 / var).sum(-1)
    return (own - mixed).mean(0), (mixed - prior).mean(0)


def small_number_added(mean, log_var, eps):
    """wrong value: Of many latents all densities are 0"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = (each.exp().mean(-1) + 1e-8).log()
    return (own - mixed).mean(0), (mixed - prior).mean(0)


def places_changed(mean, log_var, eps):
    """wrong value: the two parts have changed places"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.logsumexp(-1) - math.log(len(mean))
    return (mixed - prior).mean(0), (own - mixed).mean(0)


def mismatch_turned_round(mean, log_var, eps):
    """wrong value: the mismatch has the wrong sign"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).mean(0), (prior - mixed).mean(0)


def whole_divergence(mean, log_var, eps):
    """wrong value: the second part is the whole divergence"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).mean(0), (own - prior).mean(0)


def rest_of_the_closed_form(mean, log_var, eps):
    """wrong value: the closed-form divergence minus the information was returned"""
    _, each, own, _ = _densities(mean, log_var, eps)
    information = (own - each.logsumexp(-1) + math.log(len(mean))).mean(0)
    return information, 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1) - information


def variance_for_sigma(mean, log_var, eps):
    """wrong value: σ² stands where σ belongs in the draws"""
    z = mean + log_var.exp() * eps
    each = -0.5 * (LOG_2PI + log_var + (z.unsqueeze(2) - mean) ** 2 * torch.exp(-log_var)).sum(-1)
    own, mixed = each.diagonal(dim1=1, dim2=2), each.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).mean(0), (mixed + 0.5 * (LOG_2PI + z**2).sum(-1)).mean(0)


def log_sigma_for_log_var(mean, log_var, eps):
    """wrong value: log_var was used as log σ"""
    _, each, own, prior = _densities(mean, 2 * log_var, eps)
    mixed = each.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).mean(0), (mixed - prior).mean(0)


def at_the_means(mean, log_var, eps):
    """wrong value: kl_split returned for the information wrong values"""
    _, each, own, prior = _densities(mean, log_var, 0 * eps)
    mixed = each.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).mean(0), (mixed - prior).mean(0)


def summed_over_the_draws(mean, log_var, eps):
    """wrong value: the sum over the draws was taken"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).sum(0), (mixed - prior).sum(0)


def one_number_for_all(mean, log_var, eps):
    """wrong type or shape: one number was returned for all images"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).mean(), (mixed - prior).mean()


def draws_not_averaged(mean, log_var, eps):
    """wrong type or shape: the draws were not averaged"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.logsumexp(-1) - math.log(len(mean))
    return own - mixed, mixed - prior


def averaged_over_the_images(mean, log_var, eps):
    """wrong type or shape: the parts were averaged over the images"""
    _, each, own, prior = _densities(mean, log_var, eps)
    mixed = each.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).mean(1), (mixed - prior).mean(1)


def mixture_detached(mean, log_var, eps):
    """wrong value: the gradient with respect to mean is wrong"""
    z, _, own, prior = _densities(mean, log_var, eps)
    fixed = (-0.5 * (LOG_2PI + log_var + (z.unsqueeze(2) - mean) ** 2 * torch.exp(-log_var)).sum(-1)).detach()
    mixed = fixed.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).mean(0), (mixed - prior).mean(0)


def draws_detached(mean, log_var, eps):
    """wrong value: the gradient with respect to mean is wrong"""
    z = (mean + torch.exp(0.5 * log_var) * eps).detach()
    each = -0.5 * (LOG_2PI + log_var + (z.unsqueeze(2) - mean) ** 2 * torch.exp(-log_var)).sum(-1)
    own, mixed = each.diagonal(dim1=1, dim2=2), each.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).mean(0), (mixed + 0.5 * (LOG_2PI + z**2).sum(-1)).mean(0)


def changed_in_place(mean, log_var, eps):
    """wrong value: the call changed its argument eps"""
    z = eps.mul_(torch.exp(0.5 * log_var)).add_(mean)
    each = -0.5 * (LOG_2PI + log_var + (z.unsqueeze(2) - mean) ** 2 * torch.exp(-log_var)).sum(-1)
    own, mixed = each.diagonal(dim1=1, dim2=2), each.logsumexp(-1) - math.log(len(mean))
    return (own - mixed).mean(0), (mixed + 0.5 * (LOG_2PI + z**2).sum(-1)).mean(0)


def hard_coded(mean, log_var, eps):
    """wrong type or shape: kl_split returned for the information the shape (2,)"""
    return torch.tensor([0.566219, 0.674997]), torch.tensor([-0.066219, 0.825003])
