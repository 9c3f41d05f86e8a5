"""Answers to ch08.road. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch


def right_case_by_case(mean, log_var, eps, t):
    sigma = torch.sqrt(torch.exp(log_var))
    start, end = mean[0] + sigma[0] * eps, mean[1] + sigma[1] * eps
    cosine = (start * end).sum(-1) / (torch.linalg.norm(start, dim=-1) * torch.linalg.norm(end, dim=-1))
    angle = torch.acos(torch.clamp(cosine, -1, 1))
    near = angle < 1e-2
    angle = torch.where(near, torch.ones_like(angle), angle)
    road = []
    for time in t:
        first = torch.where(near, 1 - time, torch.sin((1 - time) * angle) / torch.sin(angle))
        last = torch.where(near, time, torch.sin(time * angle) / torch.sin(angle))
        road.append(first[:, None] * start + last[:, None] * end)
    return torch.stack(road) if road else torch.zeros(0, *eps.shape, dtype=eps.dtype)


def right_by_turning(mean, log_var, eps, t):
    a, b = mean.double() + torch.exp(log_var.double() / 2) * eps.double()
    u, v = torch.nn.functional.normalize(a, dim=-1), torch.nn.functional.normalize(b, dim=-1)
    # The half angle from chords: no cosine near 1.
    half = torch.atan2((u - v).norm(dim=-1), (u + v).norm(dim=-1))
    omega = (2 * half).clamp(min=1e-6)
    s = torch.sin(torch.einsum("s,p->sp", t.double(), omega)) / torch.sin(omega)
    c = torch.sin(torch.einsum("s,p->sp", 1 - t.double(), omega)) / torch.sin(omega)
    return (torch.einsum("sp,pl->spl", c, a) + torch.einsum("sp,pl->spl", s, b)).to(mean.dtype)


def _circle(start, end, t):
    angle = torch.arccos(torch.cosine_similarity(start, end, dim=-1).clamp(-1, 1)).unsqueeze(-1) / torch.pi
    t = t.view(-1, 1, 1)
    weighted = (1 - t) * torch.sinc((1 - t) * angle) * start + t * torch.sinc(t * angle) * end
    return weighted / torch.sinc(angle)


def straight(mean, log_var, eps, t):
    """wrong value: the road is straight and no great circle"""
    start, end = mean + torch.exp(0.5 * log_var) * eps
    return torch.lerp(start, end, t.view(-1, 1, 1))


def noise_left_out(mean, log_var, eps, t):
    """wrong value: the noise was left out"""
    return _circle(mean[0], mean[1], t)


def noise_on_the_way(mean, log_var, eps, t):
    """wrong value: the noise added on the way"""
    sigma, s = torch.exp(0.5 * log_var), t.view(-1, 1, 1)
    return _circle(mean[0], mean[1], t) + ((1 - s) * sigma[0] + s * sigma[1]) * eps


def variance_for_sigma(mean, log_var, eps, t):
    """wrong value: σ² stands where σ belongs"""
    start, end = mean + log_var.exp() * eps
    return _circle(start, end, t)


def log_var_for_sigma(mean, log_var, eps, t):
    """wrong value: log_var stands where σ belongs"""
    start, end = mean + log_var * eps
    return _circle(start, end, t)


def one_sigma(mean, log_var, eps, t):
    """wrong value: both ends were drawn with the first picture's σ"""
    start, end = mean + torch.exp(0.5 * log_var[0]) * eps
    return _circle(start, end, t)


def sigmas_exchanged(mean, log_var, eps, t):
    """wrong value: the σ of the last, or the other way round"""
    start, end = mean + torch.exp(0.5 * log_var.flip(0)) * eps
    return _circle(start, end, t)


def fresh_noise(mean, log_var, eps, t):
    """wrong value: the call changed the random number generator"""
    torch.randn_like(eps)
    start, end = mean + torch.exp(0.5 * log_var) * eps
    return _circle(start, end, t)


def one_noise_for_all_pairs(mean, log_var, eps, t):
    """wrong value: road returned wrong values"""
    start, end = mean + torch.exp(0.5 * log_var) * eps[:1]
    return _circle(start, end, t)


def backwards(mean, log_var, eps, t):
    """wrong value: the road leads from the last picture to the first"""
    start, end = mean + torch.exp(0.5 * log_var) * eps
    return _circle(end, start, t)


def unit_ends(mean, log_var, eps, t):
    """wrong value: the ends were scaled to length 1"""
    start, end = torch.nn.functional.normalize(mean + torch.exp(0.5 * log_var) * eps, dim=-1)
    return _circle(start, end, t)


def not_divided(mean, log_var, eps, t):
    """wrong value: not divided by sin Ω"""
    start, end = mean + torch.exp(0.5 * log_var) * eps
    angle = torch.arccos(torch.cosine_similarity(start, end, dim=-1)).unsqueeze(-1)
    s = t.view(-1, 1, 1)
    return torch.sin((1 - s) * angle) * start + torch.sin(s * angle) * end


def quarter_turn_taken(mean, log_var, eps, t):
    """wrong value: the angle between the ends was taken to be 90°"""
    start, end = mean + torch.exp(0.5 * log_var) * eps
    s = t.view(-1, 1, 1) * math.pi / 2
    return torch.cos(s) * start + torch.sin(s) * end


def one_angle_for_all(mean, log_var, eps, t):
    """wrong value: one angle was computed for all pairs together"""
    start, end = mean + torch.exp(0.5 * log_var) * eps
    return _circle(start.reshape(1, -1), end.reshape(1, -1), t).reshape(len(t), *eps.shape)


def inner_product_for_cosine(mean, log_var, eps, t):
    """wrong value: values that are infinite or not a number"""
    start, end = mean + torch.exp(0.5 * log_var) * eps
    angle = torch.arccos((start * end).sum(-1)).unsqueeze(-1)
    s = t.view(-1, 1, 1)
    return (torch.sin((1 - s) * angle) * start + torch.sin(s * angle) * end) / torch.sin(angle)


def no_care_for_small_angles(mean, log_var, eps, t):
    """wrong value: rounding lifts their cosine over 1"""
    start, end = mean + torch.exp(0.5 * log_var) * eps
    cosine = (start * end).sum(-1) / (start.norm(dim=-1) * end.norm(dim=-1))
    angle, s = torch.arccos(cosine).unsqueeze(-1), t.view(-1, 1, 1)
    return (torch.sin((1 - s) * angle) * start + torch.sin(s * angle) * end) / torch.sin(angle)


def small_number_added(mean, log_var, eps, t):
    """wrong value: sin(tΩ)/sin Ω tends to t"""
    start, end = mean + torch.exp(0.5 * log_var) * eps
    angle = torch.arccos(torch.cosine_similarity(start, end, dim=-1).clamp(-1, 1)).unsqueeze(-1)
    s = t.view(-1, 1, 1)
    return (torch.sin((1 - s) * angle) * start + torch.sin(s * angle) * end) / (torch.sin(angle) + 1e-8)


def pairs_first(mean, log_var, eps, t):
    """wrong type or shape: road returned the shape"""
    start, end = mean + torch.exp(0.5 * log_var) * eps
    return _circle(start, end, t).transpose(0, 1)


def own_times(mean, log_var, eps, t):
    """wrong value: road returned wrong values"""
    start, end = mean + torch.exp(0.5 * log_var) * eps
    return _circle(start, end, torch.linspace(0, 1, len(t), dtype=t.dtype))


def changed_in_place(mean, log_var, eps, t):
    """wrong value: the call changed its argument mean"""
    mean += torch.exp(0.5 * log_var) * eps
    return _circle(mean[0], mean[1], t)


def hard_coded(mean, log_var, eps, t):
    """wrong type or shape: road returned the shape (3, 1, 2)"""
    return torch.tensor([[[3.0, 4.0]], [[-0.70710678, 4.9497475]], [[-4.0, 3.0]]])
