"""Answers to ch15.evidence_and_bound. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch
from torch.distributions import MultivariateNormal, Normal, kl_divergence

LOG_2PI = math.log(2 * math.pi)


def _evidence(x, variance, shared=1.0):
    n = len(x)
    covariance = variance * torch.eye(n, dtype=x.dtype) + shared
    squared = x @ torch.linalg.solve(covariance, x)
    return -0.5 * (n * LOG_2PI + torch.linalg.slogdet(covariance)[1] + squared)


def _likelihood(x, spread, mean, var):
    return -0.5 * (LOG_2PI + torch.log(spread) + ((x - mean) ** 2 + var) / spread).sum()


def _kl(mean, log_var):
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var)


def right_with_the_covariance_matrix(x, slope, noise_var, mean, log_var):
    spread = slope * slope + noise_var
    bound = _likelihood(x, spread, mean, log_var.exp()) - _kl(mean, log_var)
    return _evidence(x, spread), bound


def right_number_by_number(x, slope, noise_var, mean, log_var):
    spread = slope.pow(2) + noise_var
    belief, belief_var = torch.zeros_like(mean), torch.ones_like(mean)
    evidence, bound = torch.zeros_like(mean), -_kl(mean, log_var)
    for number in x:
        # What is believed of θ so far predicts the next number, which corrects the belief.
        evidence = evidence + Normal(belief, (belief_var + spread).sqrt()).log_prob(number)
        bound = bound + Normal(mean, spread.sqrt()).log_prob(number) - 0.5 * log_var.exp() / spread
        gain = belief_var / (belief_var + spread)
        belief, belief_var = belief + gain * (number - belief), (1 - gain) * belief_var
    return evidence, bound


def right_from_the_posterior(x, slope, noise_var, mean, log_var):

    spread = slope**2 + noise_var
    precision = 1 + len(x) / spread
    center = x.sum() / spread / precision
    at_center = -0.5 * (LOG_2PI + spread.log() + (x - center) ** 2 / spread).sum() - 0.5 * center**2
    bound = _likelihood(x, spread, mean, log_var.exp()) - _kl(mean, log_var)
    return at_center - 0.5 * precision.log(), bound


def independent_numbers(x, slope, noise_var, mean, log_var):
    """wrong value: the numbers were taken as independent; they share the weight"""
    spread = slope**2 + noise_var
    evidence = Normal(0.0, (spread + 1).sqrt()).log_prob(x).sum()
    return evidence, _likelihood(x, spread, mean, log_var.exp()) - _kl(mean, log_var)


def no_weight_in_the_evidence(x, slope, noise_var, mean, log_var):
    """wrong value: the weight was left out of the evidence"""
    spread = slope**2 + noise_var
    evidence = Normal(0.0, spread.sqrt()).log_prob(x).sum()
    return evidence, _likelihood(x, spread, mean, log_var.exp()) - _kl(mean, log_var)


def no_z(x, slope, noise_var, mean, log_var):
    """wrong value: z was left out"""
    bound = _likelihood(x, noise_var, mean, log_var.exp()) - _kl(mean, log_var)
    return _evidence(x, noise_var), bound


def slope_not_squared(x, slope, noise_var, mean, log_var):
    """wrong value: slope was not squared"""
    spread = slope + noise_var
    return _evidence(x, spread), _likelihood(x, spread, mean, log_var.exp()) - _kl(mean, log_var)


def no_variance_of_the_guess(x, slope, noise_var, mean, log_var):
    """wrong value: the guess's variance was left out"""
    spread = slope**2 + noise_var
    return _evidence(x, spread), _likelihood(x, spread, mean, 0.0) - _kl(mean, log_var)


def variance_once(x, slope, noise_var, mean, log_var):
    """wrong value: the guess's variance was counted once, not for every number"""
    spread = slope**2 + noise_var
    likelihood = _likelihood(x, spread, mean, 0.0) - 0.5 * log_var.exp() / spread
    return _evidence(x, spread), likelihood - _kl(mean, log_var)


def paid_for_by_every_number(x, slope, noise_var, mean, log_var):
    """wrong value: the weight was paid for once per number; it is paid for once"""
    spread = slope**2 + noise_var
    return _evidence(x, spread), _likelihood(x, spread, mean, log_var.exp()) - len(x) * _kl(mean, log_var)


def no_divergence(x, slope, noise_var, mean, log_var):
    """wrong value: the divergence is missing"""
    spread = slope**2 + noise_var
    return _evidence(x, spread), _likelihood(x, spread, mean, log_var.exp())


def divergence_added(x, slope, noise_var, mean, log_var):
    """wrong value: the divergence has the wrong sign"""
    spread = slope**2 + noise_var
    q = Normal(mean, (log_var / 2).exp())
    return _evidence(x, spread), _likelihood(x, spread, mean, log_var.exp()) + kl_divergence(q, Normal(0.0, 1.0))


def log_sigma_for_log_var(x, slope, noise_var, mean, log_var):
    """wrong value: log_var was used as log σ"""
    spread, log_var = slope**2 + noise_var, 2 * log_var
    return _evidence(x, spread), _likelihood(x, spread, mean, log_var.exp()) - _kl(mean, log_var)


def changed_places(x, slope, noise_var, mean, log_var):
    """wrong value: evidence_and_bound returned for the evidence wrong values"""
    spread = slope**2 + noise_var
    return _likelihood(x, spread, mean, log_var.exp()) - _kl(mean, log_var), _evidence(x, spread)


def mean_of_the_data(x, slope, noise_var, mean, log_var):
    """wrong value: the results were divided by the number of data points"""
    spread = slope**2 + noise_var
    bound = _likelihood(x, spread, mean, log_var.exp()) - _kl(mean, log_var)
    return _evidence(x, spread) / len(x), bound / len(x)


def one_value(x, slope, noise_var, mean, log_var):
    """wrong type or shape: evidence_and_bound should return a tuple"""
    return _evidence(x, slope**2 + noise_var)


def clamped(x, slope, noise_var, mean, log_var):
    """wrong value: use log σ² as it is given, and clamp nothing"""
    spread, log_var = slope**2 + noise_var, log_var.clamp(-20, 20)
    return _evidence(x, spread), _likelihood(x, spread, mean, log_var.exp()) - _kl(mean, log_var)


def detached_model(x, slope, noise_var, mean, log_var):
    """wrong value: no gradient reaches slope"""
    spread = float(slope) ** 2 + noise_var
    return _evidence(x, spread), _likelihood(x, spread, mean, log_var.exp()) - _kl(mean, log_var)


def detached_guess(x, slope, noise_var, mean, log_var):
    """wrong value: the gradient with respect to mean is wrong"""
    spread = slope**2 + noise_var
    return _evidence(x, spread), _likelihood(x, spread, mean.detach(), log_var.exp()) - _kl(mean, log_var)


def changed_in_place(x, slope, noise_var, mean, log_var):
    """wrong value: the call changed its argument x"""
    spread = slope**2 + noise_var
    evidence = _evidence(x, spread)
    x -= mean
    return evidence, _likelihood(x, spread, 0.0, log_var.exp()) - _kl(mean, log_var)


def fails_without_data(x, slope, noise_var, mean, log_var):
    """exception: evidence_and_bound"""
    spread = slope**2 + noise_var
    scale = x.abs().max()
    evidence = MultivariateNormal(torch.zeros_like(x), spread * torch.eye(len(x), dtype=x.dtype) + 1).log_prob(x)
    return evidence + 0 * scale, _likelihood(x, spread, mean, log_var.exp()) - _kl(mean, log_var)
