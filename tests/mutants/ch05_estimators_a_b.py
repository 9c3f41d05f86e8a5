"""Answers to ch05.estimators_a_b. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch
from torch.distributions import Normal, kl_divergence

LOG_2PI = math.log(2 * math.pi)


def right_through_the_library(x, mean, log_var, weight, eps):
    q, prior = Normal(mean, torch.exp(log_var / 2)), Normal(torch.zeros_like(mean), torch.ones_like(mean))
    z = mean + q.stddev * eps
    likelihood = Normal(torch.einsum("sbj,pj->sbp", z, weight), 1.0).log_prob(x).sum(-1)
    ratio = (q.log_prob(z) - prior.log_prob(z)).sum(-1)
    return torch.mean(likelihood - ratio, 0), torch.mean(likelihood, 0) - kl_divergence(q, prior).sum(-1)


def right_draw_by_draw_in_float64(x, mean, log_var, weight, eps):
    x64, mean64, log_var64, weight64 = x.double(), mean.double(), log_var.double(), weight.double()
    a, b = 0.0, -(mean64**2 + log_var64.exp() - log_var64).sum(1) / 2 + mean.shape[1] / 2
    for noise in eps.double():
        z = mean64 + (log_var64 / 2).exp() * noise
        likelihood = -((x64 - z @ weight64.T).square().sum(1) + x.shape[1] * LOG_2PI) / 2
        a = a + (likelihood - z.square().sum(1) / 2 + (log_var64 + noise.square()).sum(1) / 2) / len(eps)
        b = b + likelihood / len(eps)
    return a.to(x.dtype), b.to(x.dtype)


def _pieces(x, mean, log_var, weight, eps):
    z = mean + torch.exp(0.5 * log_var) * eps
    likelihood = -0.5 * (LOG_2PI + (x - z @ weight.mT) ** 2).sum(-1)
    prior = -0.5 * (LOG_2PI + z**2).sum(-1)
    log_q = -0.5 * (LOG_2PI + log_var + eps**2).sum(-1)
    return likelihood, prior, log_q, 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)


def swapped(x, mean, log_var, weight, eps):
    """wrong value: A and B changed places"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return likelihood.mean(0) - kl, (likelihood + prior - log_q).mean(0)


def b_samples_the_divergence(x, mean, log_var, weight, eps):
    """wrong value: one of them is computed as the other"""
    likelihood, prior, log_q, _ = _pieces(x, mean, log_var, weight, eps)
    a = (likelihood + prior - log_q).mean(0)
    return a, a.clone()


def negated(x, mean, log_var, weight, eps):
    """wrong value: the sign is turned round"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (log_q - likelihood - prior).mean(0), kl - likelihood.mean(0)


def draws_summed(x, mean, log_var, weight, eps):
    """wrong value: the draws were summed, not averaged"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood + prior - log_q).sum(0), likelihood.sum(0) - kl


def first_draw_only(x, mean, log_var, weight, eps):
    """wrong value: only the first draw was used"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood + prior - log_q)[0], likelihood[0] - kl


def importance_weighted(x, mean, log_var, weight, eps):
    """wrong value: the logarithm was taken of the draws' average"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood + prior - log_q).logsumexp(0) - math.log(len(eps)), likelihood.mean(0) - kl


def log_q_added(x, mean, log_var, weight, eps):
    """wrong value: log q was added; subtract it"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood + prior + log_q).mean(0), likelihood.mean(0) - kl


def no_log_q(x, mean, log_var, weight, eps):
    """wrong value: log q is missing"""
    likelihood, prior, _, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood + prior).mean(0), likelihood.mean(0) - kl


def no_prior(x, mean, log_var, weight, eps):
    """wrong value: log p(z) is missing"""
    likelihood, _, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood - log_q).mean(0), likelihood.mean(0) - kl


def divergence_counted_twice(x, mean, log_var, weight, eps):
    """wrong value: A takes the divergence as well"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood + prior - log_q).mean(0) - kl, likelihood.mean(0) - kl


def divergence_added(x, mean, log_var, weight, eps):
    """wrong value: the divergence was added; subtract it"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) + kl


def divergence_averaged(x, mean, log_var, weight, eps):
    """wrong value: of the divergence the mean over the dimensions was taken"""
    likelihood, prior, log_q, _ = _pieces(x, mean, log_var, weight, eps)
    kl = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).mean(-1)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def variance_for_sigma(x, mean, log_var, weight, eps):
    """wrong value: the noise was scaled by σ²"""
    _, _, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    likelihood, prior, _, _ = _pieces(x, mean, 2 * log_var, weight, eps)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def log_sigma_for_log_var(x, mean, log_var, weight, eps):
    """wrong value: log_var was used as log σ"""
    likelihood, prior, log_q, kl = _pieces(x, mean, 2 * log_var, weight, eps)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def the_mean_decoded(x, mean, log_var, weight, eps):
    """wrong value: z is the mean; the noise is missing"""
    _, _, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    likelihood, prior, _, _ = _pieces(x, mean, log_var, weight, 0 * eps)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def pixels_averaged(x, mean, log_var, weight, eps):
    """wrong value: log p(x|z) was averaged over the pixels"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    likelihood = likelihood / x.shape[1]
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def squared_error(x, mean, log_var, weight, eps):
    """wrong value: log 2π is missing in log p(x|z)"""
    _, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    z = mean + torch.exp(0.5 * log_var) * eps
    likelihood = -0.5 * ((x - z @ weight.mT) ** 2).sum(-1)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def no_log_var_in_log_q(x, mean, log_var, weight, eps):
    """wrong value: log_var is missing in log q"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood + prior - log_q - 0.5 * log_var.sum(-1)).mean(0), likelihood.mean(0) - kl


def prior_without_noise(x, mean, log_var, weight, eps):
    """wrong value: every draw of estimator A should be log p(x)"""
    likelihood, _, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    prior = -0.5 * (LOG_2PI + mean**2).sum(-1)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def z_detached(x, mean, log_var, weight, eps):
    """wrong value: the gradient with respect to mean is wrong"""
    likelihood, prior, log_q, kl = _pieces(x, mean.detach(), log_var.detach(), weight, eps)
    z = (mean + torch.exp(0.5 * log_var) * eps).detach()
    log_q = Normal(mean, torch.exp(0.5 * log_var)).log_prob(z).sum(-1)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def score_left_out(x, mean, log_var, weight, eps):
    """wrong value: the gradient with respect to mean is wrong"""
    likelihood, prior, _, kl = _pieces(x, mean, log_var, weight, eps)
    z = mean + torch.exp(0.5 * log_var) * eps
    log_q = Normal(mean.detach(), torch.exp(0.5 * log_var).detach()).log_prob(z).sum(-1)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def nothing_learned(x, mean, log_var, weight, eps):
    """wrong value: no gradient reaches x"""
    with torch.no_grad():
        likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def small_number_added(x, mean, log_var, weight, eps):
    """wrong value: neither clamp σ nor add a small number"""
    log_var = torch.log(log_var.exp() + 1e-8)
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def draws_kept(x, mean, log_var, weight, eps):
    """wrong type or shape: estimators_a_b returned for estimator A the shape"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return likelihood + prior - log_q, likelihood - kl


def batch_averaged(x, mean, log_var, weight, eps):
    """wrong type or shape: estimators_a_b returned for estimator A the shape"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    return (likelihood + prior - log_q).mean(), (likelihood.mean(0) - kl).mean()


def added(x, mean, log_var, weight, eps):
    """wrong type or shape: estimators_a_b should return a tuple"""
    likelihood, _, _, kl = _pieces(x, mean, log_var, weight, eps)
    return likelihood.mean(0) - kl


def changed_in_place(x, mean, log_var, weight, eps):
    """wrong value: the call changed its argument eps"""
    likelihood, prior, log_q, kl = _pieces(x, mean, log_var, weight, eps)
    eps *= torch.exp(0.5 * log_var)
    return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl


def hard_coded(x, mean, log_var, weight, eps):
    """wrong value: estimators_a_b returned for estimator A wrong values"""
    return torch.full_like(x[:, 0], -2.2655), torch.full_like(x[:, 0], -1.5584)
