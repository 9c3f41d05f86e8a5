"""Answers to ch13.small_noise_limit. A wrong one's docstring is what its finding says; a right one has none."""

import torch


def _derivatives(f, code):
    with torch.enable_grad():
        z = code.clone().requires_grad_()
        (slope,) = torch.autograd.grad(f(z).sum(), z, create_graph=True)
        (curvature,) = torch.autograd.grad((slope + 0 * z).sum(), z)
    return slope.detach(), curvature


def _center(code, s, curvature):
    return 0.5 * (code * s + 1.5 * curvature * s**2) ** 2


def right_by_functional_derivatives(f, code):
    slope_of = torch.func.grad(f)
    slope, curvature = torch.func.vmap(slope_of)(code), torch.func.vmap(torch.func.grad(slope_of))(code)
    s = slope.detach().reciprocal()
    curvature = curvature.detach()
    bend = curvature * s * s
    return s.abs(), (code * s + 1.5 * bend).square() / 2, 0.75 * bend.square()


def right_with_unused_allowed(f, code):
    z = code.detach().clone().requires_grad_(True)
    ones = torch.ones_like(z)
    (first,) = torch.autograd.grad(f(z), z, ones, create_graph=True)
    second = None
    if first.requires_grad:
        (second,) = torch.autograd.grad(first, z, ones, allow_unused=True)
    first, second = first.detach(), torch.zeros_like(code) if second is None else second
    linear, cubic = code / first, second / first**2 / 2
    # Half of Var(linear·u + cubic·u³) is (15 cubic² + 6 cubic linear + linear²)/2, of which 3 cubic² is skewness.
    total = (15 * cubic**2 + 6 * cubic * linear + linear**2) / 2
    return 1 / first.abs(), total - 3 * cubic**2, 3 * cubic**2


def signed_width(f, code):
    """wrong value: the width is negative where f falls; a standard deviation is positive"""
    slope, curvature = _derivatives(f, code)
    s = 1 / slope
    return s, _center(code, s, curvature), 0.75 * curvature**2 * s**4


def slope_for_width(f, code):
    """wrong value: the width is f', not 1/f'"""
    slope, curvature = _derivatives(f, code)
    s = 1 / slope
    return slope.abs(), _center(code, s, curvature), 0.75 * curvature**2 * s**4


def sign_lost(f, code):
    """wrong value: s lost its sign in the center"""
    slope, curvature = _derivatives(f, code)
    s = 1 / slope.abs()
    return s, _center(code, s, curvature), 0.75 * curvature**2 * s**4


def code_forgotten(f, code):
    """wrong value: the code is missing in the center"""
    slope, curvature = _derivatives(f, code)
    s = 1 / slope
    return s.abs(), _center(0, s, curvature), 0.75 * curvature**2 * s**4


def half_forgotten(f, code):
    """wrong value: the factor 1/2 of the center is missing"""
    slope, curvature = _derivatives(f, code)
    s = 1 / slope
    return s.abs(), 2 * _center(code, s, curvature), 0.75 * curvature**2 * s**4


def one_power_of_s(f, code):
    """wrong value: f'' is multiplied by s in the center; it needs s²"""
    slope, curvature = _derivatives(f, code)
    s = 1 / slope
    return s.abs(), 0.5 * (code * s + 1.5 * curvature * s) ** 2, 0.75 * curvature**2 * s**4


def two_powers_of_s(f, code):
    """wrong value: the skewness has s², not s⁴"""
    slope, curvature = _derivatives(f, code)
    s = 1 / slope
    return s.abs(), _center(code, s, curvature), 0.75 * curvature**2 * s**2


def the_whole(f, code):
    """wrong value: c was returned in place of one of its parts"""
    slope, curvature = _derivatives(f, code)
    s = 1 / slope
    return s.abs(), _center(code, s, curvature) + 0.75 * curvature**2 * s**4, 0.75 * curvature**2 * s**4


def straight_at_the_code(f, code):
    """wrong value: f'' was taken as 0"""
    slope, curvature = _derivatives(f, code)
    s = 1 / slope
    return s.abs(), _center(code, s, 0 * curvature), 0 * curvature


def derivative_at_the_picture(f, code):
    """wrong value: small_noise_limit returned for the width wrong values"""
    slope, curvature = _derivatives(f, f(code))
    s = 1 / slope
    return s.abs(), _center(code, s, curvature), 0.75 * curvature**2 * s**4


def coarse_differences(f, code):
    """wrong value: small_noise_limit returned for the width wrong values"""
    h = 0.01
    slope = (f(code + h) - f(code - h)) / (2 * h)
    curvature = (f(code + h) - 2 * f(code) + f(code - h)) / h**2
    s = 1 / slope
    return s.abs(), _center(code, s, curvature), 0.75 * curvature**2 * s**4


def no_straight_lines(f, code):
    """exception: small_noise_limit stopped with RuntimeError"""
    z = code.clone().requires_grad_()
    (slope,) = torch.autograd.grad(f(z).sum(), z, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), z)
    s = 1 / slope.detach()
    return s.abs(), _center(code, s, curvature), 0.75 * curvature**2 * s**4


def backward_into_the_network(f, code):
    """wrong value: the call left gradients in the decoder's weights"""
    z = code.clone().requires_grad_()
    f(z).sum().backward()
    slope, curvature = z.grad, _derivatives(f, code)[1]
    s = 1 / slope
    return s.abs(), _center(code, s, curvature), 0.75 * curvature**2 * s**4


def summed_over_the_batch(f, code):
    """wrong type or shape: small_noise_limit returned for the center the shape ()"""
    slope, curvature = _derivatives(f, code)
    s = 1 / slope
    return s.abs(), _center(code, s, curvature).sum(), (0.75 * curvature**2 * s**4).sum()


def limit_without_speed(f, code):
    """wrong type or shape: small_noise_limit should return a tuple"""
    return 1 / _derivatives(f, code)[0].abs()


def changed_in_place(f, code):
    """wrong value: the call changed its argument code"""
    slope, curvature = _derivatives(f, code)
    s = 1 / slope
    code *= s
    return s.abs(), 0.5 * (code + 1.5 * curvature * s**2) ** 2, 0.75 * curvature**2 * s**4


def hard_coded(f, code):
    """wrong value: small_noise_limit returned for the width wrong values"""
    return torch.ones_like(code), torch.full_like(code, 1.125), torch.full_like(code, 0.75)
