"""The usual slips of chapter 13's exercises."""

import math
from typing import Any

LOG_2PI = math.log(2 * math.pi)


def decoder(z: Any, weights: Any, means: Any, stds: Any) -> dict[str, Any]:
    """What the usual slips return in place of the picture of a code and the slope there."""
    equal = weights * 0 + 1 / len(weights)

    def density(at: Any, weights: Any = weights, stds: Any = stds) -> Any:
        bumps = (-0.5 * ((at.unsqueeze(-1) - means) / stds) ** 2).exp() / stds
        return (weights * bumps).sum(-1) / math.sqrt(2 * math.pi)

    prior = (-0.5 * z**2).exp() / math.sqrt(2 * math.pi)
    x = _inverse(z, weights, means, stds)
    slope = prior / density(x)
    center = (weights * means).sum()
    spread = ((weights * (stds**2 + means**2)).sum() - center**2).sqrt()
    others = {
        "the weights were left out": (equal, stds),
        "stds were squared; they are standard deviations already": (weights, stds**2),
        "the roots of stds were taken; they are standard deviations already": (weights, stds**0.5),
    }
    pictures = {slip: _inverse(z, w, means, s) for slip, (w, s) in others.items()}
    return {
        "the slope is that of the inverse, 1/f'": (x, 1 / slope),
        "the data density was taken at z; it belongs to X = f(z)": (x, prior / density(z)),
        "the slope's logarithm was returned": (x, slope.log()),
        "the prior's density was taken at X; it belongs to z": (
            x,
            (-0.5 * x**2).exp() / math.sqrt(2 * math.pi) / density(x),
        ),
        "the data density was returned for the slope": (x, density(x)),
        "the components' straight lines were averaged": (
            (weights * (means + stds * z.unsqueeze(-1))).sum(-1),
            (weights * stds).sum() + 0 * z,
        ),
        "the mixture was taken for one Gaussian with its mean and variance": (center + spread * z, spread + 0 * z),
    } | {slip: (pictures[slip], prior / density(pictures[slip], w, s)) for slip, (w, s) in others.items()}


def _inverse(z: Any, weights: Any, means: Any, stds: Any) -> Any:
    """F⁻¹(G(z)), by halving an interval; the logarithms of the smaller tails are compared."""
    from torch.special import log_ndtr

    ends = means + stds * z.unsqueeze(-1)
    low, high, side = ends.amin(-1), ends.amax(-1), 1 - 2 * (z > 0).to(z.dtype)
    for _ in range(80):
        middle = (low + high) / 2
        log_tails = log_ndtr(side.unsqueeze(-1) * (middle.unsqueeze(-1) - means) / stds)
        below = side * ((weights.log() + log_tails).logsumexp(-1) - log_ndtr(side * z)) < 0
        low, high = middle.where(below, low), high.where(below, middle)
    return (low + high) / 2


MISTAKES = (
    UNSHRUNK := "the spacing of the points in t was taken; that of z has a factor std",
    VARIANCE := "std was used as a variance; it is a standard deviation",
    NOISE_VARIANCE := "sigma was used as a variance; it is a standard deviation",
    NO_PRIOR := "the prior P(z) is missing",
    NO_SIGMA := "log sigma is missing in the decoder's log-density",
    NO_SPACING := "the spacing of the points is missing in the evidence",
    NO_LOG_2PI := "log 2π is missing in the decoder's and the prior's log-densities",
    REVERSED := "the divergence was taken the other way round, of the posterior from Q",
    BOUND := "the posterior was not normalized: that is minus the bound",
    PRIOR := "that is the divergence from the prior, not from the posterior",
    NOT_LOG := "the evidence was returned, not its logarithm",
    DIFFERENCE := "the bound was returned, not the divergence",
)


def evidence_and_divergence(scenario: Any, **inputs: Any) -> dict[str, Any]:
    """What a scenario gives for the two numbers with one mistake."""

    def outcome(mistake: str) -> Any:
        return scenario(lambda *arguments: _wrong_parts(mistake, *arguments), *inputs.values())

    return {mistake: outcome(mistake) for mistake in MISTAKES}


def _wrong_parts(mistake: str, f: Any, x: Any, mean: Any, std: Any, sigma: float) -> Any:
    t = (x.new_ones(2001).cumsum(-1) - 1001) * 0.012
    std = std.sqrt() if mistake == VARIANCE else std
    sigma = sigma**0.5 if mistake == NOISE_VARIANCE else sigma
    log_2pi = 0 if mistake == NO_LOG_2PI else LOG_2PI
    z = mean.unsqueeze(-1) + std.unsqueeze(-1) * t
    log_sigma = 0 if mistake == NO_SIGMA else math.log(sigma)
    log_joint = -0.5 * (log_2pi + ((x.unsqueeze(-1) - f(z)) / sigma) ** 2) - log_sigma
    log_prior = -0.5 * (log_2pi + z**2)
    if mistake != NO_PRIOR:
        log_joint = log_joint + log_prior
    log_q = -0.5 * (LOG_2PI + t**2) - std.log().unsqueeze(-1)
    right_cell = std.log().unsqueeze(-1) + math.log(0.012)
    cell = {UNSHRUNK: math.log(0.012) + 0 * right_cell, NO_SPACING: 0 * right_cell}.get(mistake, right_cell)
    evidence = (log_joint + cell).logsumexp(-1)
    log_posterior = log_joint - evidence.unsqueeze(-1)
    log_posterior = {BOUND: log_joint, PRIOR: log_prior}.get(mistake, log_posterior)
    divergence = ((log_q + right_cell).exp() * (log_q - log_posterior)).sum(-1)
    if mistake == REVERSED:
        divergence = ((log_posterior + right_cell).exp() * (log_posterior - log_q)).sum(-1)
    if mistake == DIFFERENCE:
        divergence = evidence - divergence
    return evidence.exp() if mistake == NOT_LOG else evidence, divergence


def small_noise_limit(slope: Any, curvature: Any, code: Any) -> dict[str, Any]:
    """What the usual slips make of the right derivatives."""
    s = 1 / slope

    def parts(code: Any = code, s: Any = s, curvature: Any = curvature) -> Any:
        return abs(1 / slope), 0.5 * (code * s + 1.5 * curvature * s**2) ** 2, 0.75 * curvature**2 * s**4

    width, center, skewness = parts()
    return {
        "the width is negative where f falls; a standard deviation is positive": (s, center, skewness),
        "the width is f', not 1/f'": (slope.abs(), center, skewness),
        "the width's square, a variance, was returned": (s**2, center, skewness),
        "s lost its sign in the center": parts(s=s.abs()),
        "the factor 1/2 of the center is missing": (width, 2 * center, skewness),
        "the center was not squared": (width, 0.5 * (code * s + 1.5 * curvature * s**2), skewness),
        "the code is missing in the center": (width, parts(code=0 * code)[1], skewness),
        "f'' is multiplied by s in the center; it needs s²": (
            width,
            0.5 * (code * s + 1.5 * curvature * s) ** 2,
            skewness,
        ),
        "the skewness has s², not s⁴": (width, center, 0.75 * curvature**2 * s**2),
        "f'' was not squared in the skewness": (width, center, 0.75 * curvature * s**4),
        "c was returned in place of one of its parts": (width, center + skewness, center + skewness),
        "center and skewness changed places": (width, skewness, center),
        "f'' was taken as 0": parts(curvature=0 * curvature),
        "f' was taken in place of f''": parts(curvature=slope),
    }
