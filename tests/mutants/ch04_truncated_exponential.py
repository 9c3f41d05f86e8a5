"""Answers to ch04.truncated_exponential. A wrong one's docstring is what its finding says; a right one has none."""

import torch


def right_in_float64(rate, bound, uniform):
    rate, bound, u = rate.double(), bound.double(), uniform.double()
    z = -torch.log1p(-u * -torch.expm1(-rate * bound)) / rate
    return z.to(uniform.dtype)


def right_draw_by_draw(rate, bound, uniform):
    if len(rate) == 0:
        return uniform.clone()
    columns = [torch.log1p(torch.expm1(-r * b) * u) / -r for r, b, u in zip(rate, bound, uniform.T, strict=True)]
    return torch.stack(columns, 1)


def right_in_two_pieces(rate, bound, uniform):
    x = rate * bound
    short = torch.log1p(uniform * torch.expm1(-x))
    long = torch.log((1 - uniform) + uniform * torch.exp(-x))
    return torch.where(x < 1, short, long) / -rate


def not_cut_off(rate, bound, uniform):
    """wrong value: the law was not cut off at bound"""
    return -torch.log1p(-uniform) / rate + 0 * bound


def clamped(rate, bound, uniform):
    """wrong value: moved back to bound"""
    return torch.minimum(-torch.log1p(-uniform) / rate, bound)


def wrapped(rate, bound, uniform):
    """wrong value: wrapped around at bound"""
    return torch.remainder(-torch.log1p(-uniform) / rate, bound)


def divided_by_mass(rate, bound, uniform):
    """wrong value: values that are infinite or not a number"""
    return -torch.log1p(uniform / torch.expm1(-rate * bound)) / rate


def falling(rate, bound, uniform):
    """wrong value: 1 - u was used in place of u"""
    return -torch.log1p((1 - uniform) * torch.expm1(-rate * bound)) / rate


def rate_as_scale(rate, bound, uniform):
    """wrong value: rate was used as a scale"""
    return -torch.log1p(uniform * torch.expm1(-rate * bound)) * rate


def no_rate(rate, bound, uniform):
    """wrong value: the division by rate is missing"""
    return -torch.log1p(uniform * torch.expm1(-rate * bound))


def no_rate_in_mass(rate, bound, uniform):
    """wrong value: rate is missing in the probability"""
    return -torch.log1p(uniform * torch.expm1(-bound)) / rate


def no_bound_in_mass(rate, bound, uniform):
    """wrong value: bound is missing in the probability"""
    return -torch.log1p(uniform * torch.expm1(-rate)) / rate


def uniform_law(rate, bound, uniform):
    """wrong value: the law is uniform, which holds only where"""
    return uniform * bound


def distribution_function(rate, bound, uniform):
    """wrong value: the distribution function was applied, not its inverse"""
    return torch.expm1(-rate * uniform) / torch.expm1(-rate * bound)


def turned_sign(rate, bound, uniform):
    """wrong value: the sign is turned round"""
    return torch.log1p(uniform * torch.expm1(-rate * bound)) / rate


def digits_lost(rate, bound, uniform):
    """wrong value: lose their digits: look for expm1 and log1p"""
    return -torch.log(1 - uniform * (1 - torch.exp(-rate * bound))) / rate


def half_of_the_digits_lost(rate, bound, uniform):
    """wrong value: lose their digits: look for expm1 and log1p"""
    return -torch.log1p(-uniform * (1 - torch.exp(-rate * bound))) / rate


def overflow(rate, bound, uniform):
    """wrong value: exp(rate·bound) leaves the range of floating-point numbers"""
    return bound - torch.log1p((1 - uniform) * torch.expm1(rate * bound)) / rate


def detached_bound(rate, bound, uniform):
    """wrong value: no gradient reaches bound"""
    return -torch.log1p(uniform * torch.expm1(-rate * bound.detach())) / rate


def mass_detached(rate, bound, uniform):
    """wrong value: the gradient with respect to rate is wrong"""
    return -torch.log1p(uniform * torch.expm1(-rate * bound).detach()) / rate


def rate_detached_in_mass(rate, bound, uniform):
    """wrong value: the gradient with respect to rate is wrong"""
    return -torch.log1p(uniform * torch.expm1(-rate.detach() * bound)) / rate


def redrawn_until_inside(rate, bound, uniform):
    """wrong value: the call changed the random number generator"""
    z = -torch.log1p(-uniform) / rate
    for _ in range(20):
        z = torch.where(z < bound, z, -torch.log1p(-torch.rand_like(z)) / rate)
    return z


def axes_exchanged(rate, bound, uniform):
    """wrong type or shape: truncated_exponential returned the shape"""
    return (-torch.log1p(uniform * torch.expm1(-rate * bound)) / rate).T


def averaged(rate, bound, uniform):
    """wrong type or shape: truncated_exponential returned the shape"""
    return (-torch.log1p(uniform * torch.expm1(-rate * bound)) / rate).mean(0)


def changed_in_place(rate, bound, uniform):
    """wrong value: the call changed its argument uniform"""
    uniform *= torch.expm1(-rate * bound)
    return -torch.log1p(uniform) / rate
