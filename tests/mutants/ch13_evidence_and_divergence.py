"""Answers to ch13.evidence_and_divergence. A wrong one's docstring is what its finding says; a right one has none."""

import math

import numpy as np
import torch
from torch.distributions import Normal

_PRIOR = Normal(torch.zeros((), dtype=torch.float64), 1.0)


def _points(mean, std, reach=12, count=2001):
    t = torch.linspace(-reach, reach, count, dtype=torch.float64)
    return mean[:, None] + std[:, None] * t, std[:, None] * (t[1] - t[0])


def _logs(f, x, mean, std, sigma, z):
    """Log-densities of the joint and of Q."""
    log_joint = Normal(f(z), sigma).log_prob(x[:, None]) + _PRIOR.log_prob(z)
    return log_joint, -0.5 * (math.log(2 * math.pi) + ((z - mean[:, None]) / std[:, None]) ** 2) - std[:, None].log()


def right_data_point_by_data_point(f, x, mean, std, sigma):
    evidences, divergences = [], []
    for value, center, width in zip(x, mean, std, strict=True):
        z = center + width * torch.linspace(-11, 11, 1501, dtype=torch.float64)
        log_joint = Normal(f(z), sigma).log_prob(value) + Normal(0.0, 1.0).log_prob(z)
        log_q = Normal(center, width).log_prob(z)
        evidence = torch.trapezoid(log_joint.exp(), z).log()
        divergences.append(torch.trapezoid(log_q.exp() * (log_q - log_joint + evidence), z))
        evidences.append(evidence)
    if not evidences:
        return torch.zeros_like(x), torch.zeros_like(x)
    return torch.stack(evidences), torch.stack(divergences)


def right_by_legendre(f, x, mean, std, sigma):
    # The bound first: reconstruction minus divergence from the prior, the latter in closed form.
    nodes, weights = (torch.from_numpy(values) for values in np.polynomial.legendre.leggauss(200))
    t, dt = 12 * nodes, 12 * weights
    z = mean.unsqueeze(-1) + torch.outer(std, t)
    log_likelihood = -0.5 * ((x.unsqueeze(-1) - f(z)) / sigma).square() - math.log(sigma * math.sqrt(2 * math.pi))
    reconstruction = log_likelihood @ (dt * torch.exp(-0.5 * t.square()) / math.sqrt(2 * math.pi))
    bound = reconstruction - 0.5 * (mean.square() + std.square() - 1 - 2 * std.log())
    prior = torch.exp(-0.5 * z.square()) / math.sqrt(2 * math.pi)
    evidence = torch.log(std * ((log_likelihood.exp() * prior) @ dt))
    return evidence, evidence - bound


def fixed_grid(f, x, mean, std, sigma):
    """wrong value: the grid has to move and to shrink with Q"""
    z = torch.linspace(-6, 6, 4001, dtype=torch.float64).expand(len(x), -1)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    evidence = (torch.logsumexp(log_joint, -1, keepdim=True) + math.log(12 / 4000)).squeeze(-1)
    return evidence, (log_q.exp() * (log_q - log_joint + evidence[:, None])).sum(-1) * 12 / 4000


def the_other_way_round(f, x, mean, std, sigma):
    """wrong value: the divergence was taken the other way round"""
    z, dz = _points(mean, std)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    evidence = torch.logsumexp(log_joint + dz.log(), -1)
    log_posterior = log_joint - evidence[:, None]
    return evidence, (log_posterior.exp() * (log_posterior - log_q) * dz).sum(-1)


def not_normalized(f, x, mean, std, sigma):
    """wrong value: the posterior was not normalized: that is minus the bound"""
    z, dz = _points(mean, std)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    return torch.logsumexp(log_joint + dz.log(), -1), (log_q.exp() * (log_q - log_joint) * dz).sum(-1)


def the_bound(f, x, mean, std, sigma):
    """wrong value: the bound was returned, not the divergence"""
    z, dz = _points(mean, std)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    return torch.logsumexp(log_joint + dz.log(), -1), (log_q.exp() * (log_joint - log_q) * dz).sum(-1)


def from_the_prior(f, x, mean, std, sigma):
    """wrong value: that is the divergence from the prior, not from the posterior"""
    z, dz = _points(mean, std)
    log_joint, _ = _logs(f, x, mean, std, sigma, z)
    divergence = 0.5 * (mean**2 + std**2 - 1) - std.log()
    return torch.logsumexp(log_joint + dz.log(), -1), divergence


def spacing_of_t(f, x, mean, std, sigma):
    """wrong value: the spacing of the points in t was taken; that of z has a factor std"""
    z, dz = _points(mean, std)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    evidence = torch.logsumexp(log_joint + math.log(24 / 2000), -1)
    return evidence, (log_q.exp() * (log_q - log_joint + evidence[:, None]) * dz).sum(-1)


def no_spacing(f, x, mean, std, sigma):
    """wrong value: the spacing of the points is missing in the evidence"""
    z, dz = _points(mean, std)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    evidence = torch.logsumexp(log_joint, -1)
    return evidence, (log_q.exp() * (log_q - log_joint + evidence[:, None]) * dz).sum(-1)


def sigma_as_a_variance(f, x, mean, std, sigma):
    """wrong value: sigma was used as a variance; it is a standard deviation"""
    z, dz = _points(mean, std)
    log_joint, log_q = _logs(f, x, mean, std, math.sqrt(sigma), z)
    evidence = torch.logsumexp(log_joint + dz.log(), -1)
    return evidence, (log_q.exp() * (log_q - log_joint + evidence[:, None]) * dz).sum(-1)


def no_log_sigma(f, x, mean, std, sigma):
    """wrong value: log sigma is missing in the decoder's log-density"""
    z, dz = _points(mean, std)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    evidence = torch.logsumexp(log_joint + math.log(sigma) + dz.log(), -1)
    return evidence, (log_q.exp() * (log_q - log_joint - math.log(sigma) + evidence[:, None]) * dz).sum(-1)


def no_prior(f, x, mean, std, sigma):
    """wrong value: the prior P(z) is missing"""
    z, dz = _points(mean, std)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    log_joint = log_joint - _PRIOR.log_prob(z)
    evidence = torch.logsumexp(log_joint + dz.log(), -1)
    return evidence, (log_q.exp() * (log_q - log_joint + evidence[:, None]) * dz).sum(-1)


def not_a_logarithm(f, x, mean, std, sigma):
    """wrong value: the evidence was returned, not its logarithm"""
    z, dz = _points(mean, std)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    evidence = (log_joint.exp() * dz).sum(-1)
    return evidence, (log_q.exp() * (log_q - log_joint + evidence.log()[:, None]) * dz).sum(-1)


def too_narrow(f, x, mean, std, sigma):
    """wrong value: evidence_and_divergence returned for the evidence wrong values"""
    z, dz = _points(mean, std, reach=3)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    evidence = torch.logsumexp(log_joint + dz.log(), -1)
    return evidence, (log_q.exp() * (log_q - log_joint + evidence[:, None]) * dz).sum(-1)


def by_random_draws(f, x, mean, std, sigma):
    """wrong value: the call changed the random number generator"""
    z = mean + std * torch.randn(20_000, 1, dtype=torch.float64)
    log_joint = Normal(f(z), sigma).log_prob(x) + _PRIOR.log_prob(z)
    log_ratio = Normal(mean, std, validate_args=False).log_prob(z) - log_joint
    evidence = torch.logsumexp(-log_ratio, 0) - math.log(20_000)
    return evidence, log_ratio.mean(0) + evidence


def single_precision(f, x, mean, std, sigma):
    """wrong value: evidence_and_divergence returned for the evidence wrong values"""
    t = torch.linspace(-12, 12, 2001)
    z = (mean[:, None] + std[:, None] * t).float().double()
    dz = std[:, None] * 24 / 2000
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    evidence = torch.logsumexp(log_joint + dz.log(), -1)
    return evidence, (log_q.exp() * (log_q - log_joint + evidence[:, None]) * dz).sum(-1)


def the_divergence_alone(f, x, mean, std, sigma):
    """wrong type or shape: evidence_and_divergence should return a tuple"""
    z, dz = _points(mean, std)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    evidence = torch.logsumexp(log_joint + dz.log(), -1)
    return (log_q.exp() * (log_q - log_joint + evidence[:, None]) * dz).sum(-1)


def summed_over_the_batch(f, x, mean, std, sigma):
    """wrong type or shape: evidence_and_divergence returned for the evidence the shape ()"""
    z, dz = _points(mean, std)
    log_joint, log_q = _logs(f, x, mean, std, sigma, z)
    evidence = torch.logsumexp(log_joint + dz.log(), -1)
    divergence = (log_q.exp() * (log_q - log_joint + evidence[:, None]) * dz).sum()
    return evidence.sum(), divergence


def hard_coded(f, x, mean, std, sigma):
    """wrong value: evidence_and_divergence returned for the evidence wrong values"""
    return torch.full_like(x, -2.1237), torch.full_like(x, 0.1134)
