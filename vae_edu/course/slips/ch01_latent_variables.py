"""The usual slips of chapter 1's exercises."""

import math
from typing import Any

LOG_2PI = math.log(2 * math.pi)


def prior_sampling(x: Any, decoded: Any, noise_var: float) -> dict[str, Any]:
    """What the usual slips return in place of prior sampling's estimate and its effective draws."""
    squared, pixels, draws = (x.unsqueeze(1) - decoded).square().sum(-1), x.shape[1], math.log(len(decoded))

    def log_weights(scaled: Any, log_var: float = math.log(noise_var), log_2pi: float = LOG_2PI) -> Any:
        return -0.5 * (scaled + pixels * (log_var + log_2pi))

    def both(log_w: Any) -> tuple[Any, Any]:
        return log_w.logsumexp(1) - draws, 1 / log_w.softmax(1).square().sum(1)

    right = log_weights(squared / noise_var)
    estimate, effective = both(right)
    share, log_var = right.softmax(1), math.log(noise_var)
    return {
        "the logarithms were averaged; the logarithm is taken of the average": (right.mean(1), effective),
        "the weights were added and not averaged: log n is missing": (estimate + draws, effective),
        "the estimate of p(x) was returned, not its logarithm": (estimate.exp(), effective),
        "the sign is turned round": (-estimate, effective),
        "the best draw alone was taken, not the average over the draws": (right.amax(1), effective),
        "the average ran over the data points; average over the draws": (
            right.logsumexp(0) - draws,
            1 / right.softmax(0).square().sum(0),
        ),
        "everything was averaged; give one number per data point": (estimate.mean(), effective.mean()),
        "log 2π is missing": both(log_weights(squared / noise_var, log_2pi=0.0)),
        "log 2π was counted once, not once per pixel": both(right + 0.5 * (pixels - 1) * LOG_2PI),
        "log σ² was counted once, not once per pixel": both(right + 0.5 * (pixels - 1) * log_var),
        "log σ² is missing": both(log_weights(squared / noise_var, 0.0)),
        "the factor 1/2 is missing": both(2 * right),
        "the factor 1/2 of the squared distance is missing": both(log_weights(2 * squared / noise_var)),
        "noise_var was used as σ; it is σ²": both(log_weights(squared / noise_var**2, 2 * log_var)),
        "the squared distance was divided by σ; divide by σ²": both(log_weights(squared / noise_var**0.5)),
        "the mean over the pixels was taken; the equation has their sum": both(right / pixels),
        "the effective number was divided by the number of draws": (estimate, effective / len(decoded)),
        "the effective number is upside down": (estimate, 1 / effective),
        "the sum of the weights was not squared": (estimate, 1 / (share.square().sum(1) * right.exp().sum(1))),
        "the logarithms of the weights were put in the place of the weights": (
            estimate,
            right.sum(1).square() / right.square().sum(1),
        ),
        "the exponential of the weights' entropy was taken, which is another effective number": (
            estimate,
            (-(share * right.log_softmax(1)).sum(1)).exp(),
        ),
    }


def ring_log_density(x: Any, width: float) -> dict[str, Any]:
    """What the usual slips return in place of the ring's log-density."""
    distance = x.norm(dim=-1)
    radius = (distance - 1) / width
    log_radius = radius.log() - 0.5 * radius**2  # log-density of ‖z‖
    around = distance.log() + LOG_2PI
    right = log_radius - math.log(width) - around
    outside, inside = radius > 0, radius <= 0

    def ring(value: Any) -> Any:
        return value.where(outside, value.new_full((), -math.inf))

    alternatives = {
        "the density of the distance was returned; points of one distance share a circle of length 2πR": right + around,
        "2π is missing: the circle has length 2πR": right + LOG_2PI,
        "the length of the circle was taken as 2π; at distance R it is 2πR": right + distance.log(),
        "the length of the circle was multiplied in place of divided": right + 2 * around,
        "the width is missing in the change of variables: |dr/dR| is 1/width": right + math.log(width),
        "the density was multiplied by the width; |dr/dR| is 1/width": right + 2 * math.log(width),
        "the density of r = ‖z‖ lacks its factor r": right - radius.log(),
        "the factor 1/2 in the exponent is missing": right - 0.5 * radius**2,
        "the distance was not reduced by 1: z/‖z‖ has length 1, so that ‖z‖ = (R - 1)/width": (
            (distance / width).log() - 0.5 * (distance / width) ** 2 - math.log(width) - around
        ),
        "the prior's density at z was returned; the map stretches and squeezes areas": -0.5 * radius**2 - LOG_2PI,
        "the density at x was taken from the prior at x; first find the z that was sent to x": (
            -0.5 * distance**2 - LOG_2PI
        ),
        "the sign is turned round": -right,
    }
    return {slip: ring(value) for slip, value in alternatives.items()} | {
        "the density was returned, not its logarithm": right.exp().where(outside, right.new_zeros(())),
        "0 was returned where nothing comes out; the logarithm of a density 0 is minus infinity": right.masked_fill(
            inside, 0
        ),
    }


def exact_inference(x: Any, weight: Any, bias: Any, prior_logits: Any) -> dict[str, Any]:
    """What the usual slips return in place of a binary model's log-evidence and posterior."""
    from torch import arange
    from torch.nn.functional import logsigmoid

    latent = len(prior_logits)
    z = (arange(2**latent).unsqueeze(1) // 2 ** arange(latent).flip(0) % 2).to(x.dtype)

    def log_likelihood(z: Any, bias: Any = bias) -> Any:
        logits = z @ weight.mT + bias
        return x @ logits.mT + logsigmoid(-logits).sum(-1)

    def both(log_joint: Any) -> tuple[Any, Any]:
        return log_joint.logsumexp(-1), log_joint.softmax(-1) @ z

    log_prior = z @ prior_logits + logsigmoid(-prior_logits).sum()
    likelihood = log_likelihood(z)
    log_joint = likelihood + log_prior
    evidence, posterior = both(log_joint)
    on = prior_logits.sigmoid()
    prior, decoded_mean = on.expand(len(x), -1), log_likelihood(on.unsqueeze(0)).flatten()
    return {
        "the prior is missing: p(x|z) was added up, not p(x|z) p(z)": both(likelihood),
        "every code was given the same prior probability; use prior_logits": (
            likelihood.logsumexp(-1) - latent * math.log(2),
            both(likelihood)[1],
        ),
        "the prior counts the bits that are on and not those that are off": both(likelihood + z @ prior_logits),
        "the prior is turned round: sigmoid(prior_logits) is the probability of a 1": both(
            likelihood - z @ prior_logits + logsigmoid(prior_logits).sum()
        ),
        "the logarithms were averaged over the codes; add the probabilities": (log_joint.mean(-1), posterior),
        "the logarithms of p(x|z) were averaged under the prior; the logarithm comes after the sum": (
            likelihood @ log_prior.exp(),
            posterior,
        ),
        "the average over the codes was taken, not their sum": (evidence - latent * math.log(2), posterior),
        "the most probable code alone was taken, not the sum over all": (
            log_joint.amax(-1),
            z[log_joint.argmax(-1)],
        ),
        "the prior's mean was decoded; the sum runs over codes of 0 and 1": (decoded_mean, posterior),
        "the evidence was returned, not its logarithm": (evidence.exp(), posterior),
        "the sign is turned round": (-evidence, posterior),
        "pixels that are off were left out; they have a probability too": both(
            x @ logsigmoid(z @ weight.mT + bias).mT + log_prior
        ),
        "the mean over the pixels was taken; the logarithm of a product has their sum": both(
            likelihood / max(1, x.shape[1]) + log_prior
        ),
        "the bits were -1 and 1; they are 0 and 1": both(log_likelihood(2 * z - 1) + log_prior),
        "the bias is missing": both(log_likelihood(z, 0 * bias) + log_prior),
        "the log-evidence was averaged over the batch; give one number per data point": (evidence.mean(), posterior),
        "the posterior of whole codes was returned; add up the codes in which bit j is 1": (
            evidence,
            log_joint.softmax(-1),
        ),
        "the posterior of a 0 was returned; asked is that of a 1": (evidence, 1 - posterior),
        "the prior was returned in place of the posterior": (evidence, prior),
        "the joint probability was returned; divide it by p(x)": (evidence, log_joint.exp() @ z),
    }
