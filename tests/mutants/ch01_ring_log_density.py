"""Answers to ch01.ring_log_density. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import numpy as np
import torch


def right_through_the_area(x, width):
    distance = (x[:, 0] ** 2 + x[:, 1] ** 2).sqrt()
    r = (distance - 1) / width
    safe = torch.where(r > 0, r, 1.0)
    # The map stretches by `width` along the ray and by distance/r across it.
    log_area = math.log(width) + torch.log(torch.where(r > 0, distance, 1.0) / safe)
    log_prior = -0.5 * safe**2 - math.log(2 * math.pi)
    return torch.where(r > 0, log_prior - log_area, torch.tensor(-math.inf, dtype=x.dtype))


def right_point_by_point_in_numpy(x, width):
    result = torch.full((len(x),), -math.inf, dtype=x.dtype)
    for index, (first, second) in enumerate(x.double().numpy()):
        distance = np.hypot(first, second)
        if distance > 1:
            log_density = np.log(distance - 1) - 2 * np.log(width) - 0.5 * ((distance - 1) / width) ** 2
            result[index] = log_density - np.log(2 * np.pi * distance)
    return result


def _parts(x, width):
    distance = x.norm(dim=-1)
    return distance, (distance - 1) / width


def _outside(r, value):
    return torch.where(r > 0, value, -math.inf)


def density_of_the_distance(x, width):
    """wrong value: the density of the distance was returned"""
    _, r = _parts(x, width)
    return _outside(r, r.log() - 0.5 * r**2 - math.log(width))


def no_2pi(x, width):
    """wrong value: 2π is missing"""
    distance, r = _parts(x, width)
    return _outside(r, r.log() - 0.5 * r**2 - math.log(width) - distance.log())


def circle_of_radius_one(x, width):
    """wrong value: the length of the circle was taken as 2π"""
    _, r = _parts(x, width)
    return _outside(r, r.log() - 0.5 * r**2 - math.log(2 * math.pi * width))


def multiplied_by_the_circle(x, width):
    """wrong value: the length of the circle was multiplied in place of divided"""
    distance, r = _parts(x, width)
    return _outside(r, r.log() - 0.5 * r**2 - math.log(width) + (2 * math.pi * distance).log())


def no_jacobian(x, width):
    """wrong value: the width is missing in the change of variables"""
    distance, r = _parts(x, width)
    return _outside(r, r.log() - 0.5 * r**2 - (2 * math.pi * distance).log())


def jacobian_upside_down(x, width):
    """wrong value: the density was multiplied by the width"""
    distance, r = _parts(x, width)
    return _outside(r, r.log() - 0.5 * r**2 + math.log(width) - (2 * math.pi * distance).log())


def factor_r_missing(x, width):
    """wrong value: the density of r = ‖z‖ lacks its factor r"""
    distance, r = _parts(x, width)
    return _outside(r, -0.5 * r**2 - math.log(width) - (2 * math.pi * distance).log())


def no_half(x, width):
    """wrong value: the factor 1/2 in the exponent is missing"""
    distance, r = _parts(x, width)
    return _outside(r, r.log() - r**2 - math.log(width) - (2 * math.pi * distance).log())


def distance_not_reduced(x, width):
    """wrong value: the distance was not reduced by 1"""
    distance, r = _parts(x, width)
    s = distance / width
    return _outside(r, s.log() - 0.5 * s**2 - math.log(width) - (2 * math.pi * distance).log())


def prior_at_z(x, width):
    """wrong value: the prior's density at z was returned"""
    _, r = _parts(x, width)
    return _outside(r, -0.5 * r**2 - math.log(2 * math.pi))


def prior_at_x(x, width):
    """wrong value: the density at x was taken from the prior at x"""
    distance, r = _parts(x, width)
    return _outside(r, -0.5 * distance**2 - math.log(2 * math.pi))


def density_not_logarithm(x, width):
    """wrong value: the density was returned, not its logarithm"""
    distance, r = _parts(x, width)
    return torch.where(r > 0, r * (-0.5 * r**2).exp() / width / (2 * math.pi * distance), 0.0)


def logarithm_of_density(x, width):
    """wrong value: Far outside the density is 0 in floating point"""
    distance, r = _parts(x, width)
    return torch.where(r > 0, r * (-0.5 * r**2).exp() / width / (2 * math.pi * distance), 0.0).log()


def not_a_number_inside(x, width):
    """wrong value: Inside the unit circle, and at the origin"""
    distance, r = _parts(x, width)
    return r.log() - 0.5 * r**2 - math.log(width) - (2 * math.pi * distance).log()


def clamped_inside(x, width):
    """wrong value: Inside the unit circle, and at the origin"""
    distance = x.norm(dim=-1)
    r = (distance - 1).clamp(min=1e-6) / width
    return r.log() - 0.5 * r**2 - math.log(width) - (2 * math.pi * distance).log()


def origin_forgotten(x, width):
    """wrong value: Inside the unit circle, and at the origin"""
    distance = x.norm(dim=-1)
    r = (distance - 1).clamp(min=0) / width
    return r.log() - 0.5 * r**2 - math.log(width) - (2 * math.pi * distance).log()


def width_of_the_figure(x, width):
    """wrong value: ring_log_density returned wrong values"""
    distance, r = _parts(x, 0.1)
    return _outside(r, r.log() - 0.5 * r**2 - math.log(0.1) - (2 * math.pi * distance).log())


def wrong_axis(x, width):
    """wrong type or shape: ring_log_density returned the shape (2,)"""
    distance = x.norm(dim=0)
    r = (distance - 1) / width
    return _outside(r, r.log() - 0.5 * r**2 - math.log(width) - (2 * math.pi * distance).log())


def axis_kept(x, width):
    """wrong type or shape: ring_log_density returned the shape"""
    distance = x.norm(dim=-1, keepdim=True)
    r = (distance - 1) / width
    return _outside(r, r.log() - 0.5 * r**2 - math.log(width) - (2 * math.pi * distance).log())


def changed_in_place(x, width):
    """wrong value: the call changed its argument x"""
    distance, r = _parts(x, width)
    x /= distance.unsqueeze(-1)
    return _outside(r, r.log() - 0.5 * r**2 - math.log(width) - (2 * math.pi * distance).log())


def hard_coded(x, width):
    """wrong value: ring_log_density returned wrong values"""
    return torch.full((len(x),), -0.130624)
