"""Answers to ch13.decoder. A wrong one's docstring is what its finding says; a right one has none."""

import math

import torch
from torch.special import log_ndtr, ndtr, ndtri


def _log_density(x, weights, means, stds):
    """Without the root of 2π."""
    bumps = -0.5 * ((x.unsqueeze(-1) - means) / stds) ** 2
    return torch.logsumexp(weights.log() - stds.log() + bumps, -1)


def _slope(z, x, weights, means, stds):
    return torch.exp(-0.5 * z**2 - _log_density(x, weights, means, stds))


def _search(z, weights, means, stds, low, high, steps=80):
    """By halving, each code with the tail on its own side."""
    left = z < 0

    def tail(x):
        standardized = torch.where(left, 1.0, -1.0).unsqueeze(-1) * (x.unsqueeze(-1) - means) / stds
        return torch.logsumexp(weights.log() + log_ndtr(standardized), -1)

    goal = log_ndtr(-z.abs())
    for _ in range(steps):
        middle = (low + high) / 2
        below = torch.where(left, tail(middle) < goal, tail(middle) > goal)
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    return (low + high) / 2


def _ends(z, means, stds):
    ends = means + stds * z.unsqueeze(-1)
    return ends.min(-1).values, ends.max(-1).values


def right_code_by_code(z, weights, means, stds):
    # Newton's method on the logarithm of the tail, kept inside an interval that shrinks.
    xs = []
    for value in z:
        sign = 1.0 if value < 0 else -1.0
        ends = means + stds * value
        low, high = ends.min(), ends.max()
        goal, x = log_ndtr(sign * value), (low + high) / 2
        for _ in range(60):
            standardized = (x - means) / stds
            log_tail = torch.logsumexp(weights.log() + log_ndtr(sign * standardized), 0)
            excess = sign * (log_tail - goal)
            low, high = (x, high) if excess < 0 else (low, x)
            log_p = torch.logsumexp(weights.log() - stds.log() - 0.5 * standardized**2, 0) - 0.5 * math.log(2 * math.pi)
            x = x - excess * torch.exp(log_tail - log_p)
            if not low <= x <= high:
                x = (low + high) / 2
        xs.append(x)
    x = torch.stack(xs) if xs else torch.zeros_like(z)
    return x, _slope(z, x, weights, means, stds)


def right_from_wide_ends(z, weights, means, stds):
    reach = stds.max() * (z.abs() + 1)
    x = _search(z, weights, means, stds, means.min() - reach, means.max() + reach, 90)
    return x, _slope(z, x, weights, means, stds)


def right_mirrored(z, weights, means, stds):
    # Right tails are left tails of the mirrored data.
    signs = torch.where(z < 0, 1.0, -1.0).double()
    mirrored = signs.unsqueeze(-1) * means
    low, high = _ends(-z.abs(), mirrored, stds)
    for _ in range(80):
        middle = 0.5 * (low + high)
        log_cdf = torch.logsumexp(weights.log() + log_ndtr((middle.unsqueeze(-1) - mirrored) / stds), -1)
        high = torch.where(log_cdf >= log_ndtr(-z.abs()), middle, high)
        low = torch.where(log_cdf < log_ndtr(-z.abs()), middle, low)
    x = signs * low
    return x, torch.exp(-0.5 * z.square() - _log_density(x, weights, means, stds))


def by_the_distribution_functions(z, weights, means, stds):
    """wrong value: In the tails G and F are 0 or 1 in floating point"""
    low, high = _ends(z, means, stds)
    for _ in range(80):
        middle = (low + high) / 2
        below = (weights * ndtr((middle.unsqueeze(-1) - means) / stds)).sum(-1) < ndtr(z)
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    x = (low + high) / 2
    return x, _slope(z, x, weights, means, stds)


def left_tails_only(z, weights, means, stds):
    """wrong value: In the tails G and F are 0 or 1 in floating point"""
    low, high = _ends(z, means, stds)
    for _ in range(80):
        middle = (low + high) / 2
        below = torch.logsumexp(weights.log() + log_ndtr((middle.unsqueeze(-1) - means) / stds), -1) < log_ndtr(z)
        low, high = torch.where(below, middle, low), torch.where(below, high, middle)
    x = (low + high) / 2
    return x, _slope(z, x, weights, means, stds)


def slope_by_densities(z, weights, means, stds):
    """wrong value: a quotient of two densities that are too small for floating point"""
    x = _search(z, weights, means, stds, *_ends(z, means, stds))
    return x, torch.exp(-0.5 * z**2) / torch.exp(_log_density(x, weights, means, stds))


def slope_of_the_inverse(z, weights, means, stds):
    """wrong value: the slope is that of the inverse, 1/f'"""
    x = _search(z, weights, means, stds, *_ends(z, means, stds))
    return x, 1 / _slope(z, x, weights, means, stds)


def density_at_the_code(z, weights, means, stds):
    """wrong value: the data density was taken at z; it belongs to X = f(z)"""
    x = _search(z, weights, means, stds, *_ends(z, means, stds))
    return x, _slope(z, z, weights, means, stds)


def fixed_interval(z, weights, means, stds):
    """wrong value: search between the smallest and the largest of means + stds · z"""
    ends = torch.full_like(z, 100.0)
    x = _search(z, weights, means, stds, -ends, ends)
    return x, _slope(z, x, weights, means, stds)


def too_few_halvings(z, weights, means, stds):
    """wrong value: decoder returned for X wrong values"""
    x = _search(z, weights, means, stds, *_ends(z, means, stds), 12)
    return x, _slope(z, x, weights, means, stds)


def averaged_lines(z, weights, means, stds):
    """wrong value: the components' straight lines were averaged"""
    return z * (weights @ stds) + weights @ means, (weights @ stds).expand_as(z)


def one_gaussian(z, weights, means, stds):
    """wrong value: the mixture was taken for one Gaussian with its mean and variance"""
    center = weights @ means
    spread = (weights @ (stds**2 + means**2) - center**2).sqrt()
    return center + spread * z, spread.expand_as(z)


def weights_left_out(z, weights, means, stds):
    """wrong value: the weights were left out"""
    equal = torch.ones_like(weights) / len(weights)
    x = _search(z, equal, means, stds, *_ends(z, means, stds))
    return x, _slope(z, x, equal, means, stds)


def variances(z, weights, means, stds):
    """wrong value: the roots of stds were taken; they are standard deviations already"""
    x = _search(z, weights, means, stds.sqrt(), *_ends(z, means, stds.sqrt()))
    return x, _slope(z, x, weights, means, stds.sqrt())


def the_encoder(z, weights, means, stds):
    """wrong value: decoder returned for X"""
    x = ndtri((weights * ndtr((z.unsqueeze(-1) - means) / stds)).sum(-1))
    return x, _slope(z, x, weights, means, stds)


def pictures_alone(z, weights, means, stds):
    """wrong type or shape: decoder should return a tuple"""
    return _search(z, weights, means, stds, *_ends(z, means, stds))


def single_precision(z, weights, means, stds):
    """wrong type or shape: keep the dtype"""
    x = _search(z, weights, means, stds, *_ends(z, means, stds))
    return x.float(), _slope(z, x, weights, means, stds).float()


def changed_in_place(z, weights, means, stds):
    """wrong value: the call changed its argument weights"""
    x = _search(z, weights, means, stds, *_ends(z, means, stds))
    slope = _slope(z, x, weights, means, stds)
    weights.log_()
    return x, slope


def hard_coded(z, weights, means, stds):
    """wrong value: decoder returned for X wrong values"""
    return torch.zeros_like(z), torch.full_like(z, math.exp(2))
