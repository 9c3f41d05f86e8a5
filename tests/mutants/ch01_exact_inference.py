"""Answers to ch01.exact_inference. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid, softplus


def _codes(latent, dtype):
    columns = torch.meshgrid(*[torch.tensor([0.0, 1.0], dtype=dtype)] * latent, indexing="ij")
    return torch.stack([column.reshape(-1) for column in columns], 1)


def _log_prior(z, prior_logits):
    return (z * logsigmoid(prior_logits) + (1 - z) * logsigmoid(-prior_logits)).sum(1)


def _log_likelihood(x, z, weight, bias):
    logits = z @ weight.T + bias
    return x @ logsigmoid(logits).T + (1 - x) @ logsigmoid(-logits).T


def _all(x, weight, bias, prior_logits):
    z = _codes(len(prior_logits), x.dtype)
    return z, _log_prior(z, prior_logits), _log_likelihood(x, z, weight, bias)


def _both(z, log_joint):
    return log_joint.logsumexp(1), log_joint.softmax(1) @ z


def right_with_a_loop_over_codes(x, weight, bias, prior_logits):
    evidence = torch.full((len(x),), -math.inf, dtype=x.dtype)
    on = [evidence] * len(prior_logits)
    for code in _codes(len(prior_logits), x.dtype):
        logits = (weight @ code + bias).expand_as(x)
        log_joint = -binary_cross_entropy_with_logits(logits, x, reduction="none").sum(-1)
        log_joint = log_joint + (code * prior_logits).sum() - softplus(prior_logits).sum()
        evidence = torch.logaddexp(evidence, log_joint)
        on = [torch.logaddexp(a, log_joint) if bit else a for a, bit in zip(on, code, strict=True)]
    return evidence, torch.stack(on, 1).sub(evidence.unsqueeze(1)).exp()


def right_through_pixels_chosen_by_where(x, weight, bias, prior_logits):
    z = _codes(len(prior_logits), x.dtype).flip(0)
    logits = torch.einsum("kj,ij->ki", z, weight) + bias
    pixels = torch.where(x[:, None, :] == 1, logsigmoid(logits), logsigmoid(-logits))
    log_joint = pixels.sum(-1) + torch.where(z == 1, logsigmoid(prior_logits), logsigmoid(-prior_logits)).sum(-1)
    largest = log_joint.max(1, keepdim=True).values.detach()
    joint = torch.exp(log_joint - largest)
    total = joint.sum(1)
    return total.log() + largest[:, 0], torch.einsum("bk,kj->bj", joint, z) / total[:, None]


def right_in_float64(x, weight, bias, prior_logits):
    z, log_prior, log_likelihood = _all(x.double(), weight.double(), bias.double(), prior_logits.double())
    log_posterior = (log_likelihood + log_prior).log_softmax(1)
    evidence = (log_likelihood + log_prior - log_posterior).mean(1)
    return evidence.to(x.dtype), (log_posterior.exp() @ z).to(x.dtype)


def prior_missing(x, weight, bias, prior_logits):
    """wrong value: the prior is missing"""
    z, _, log_likelihood = _all(x, weight, bias, prior_logits)
    return _both(z, log_likelihood)


def uniform_prior(x, weight, bias, prior_logits):
    """wrong value: every code was given the same prior probability"""
    z, _, log_likelihood = _all(x, weight, bias, prior_logits)
    return _both(z, log_likelihood - len(prior_logits) * math.log(2))


def half_a_prior(x, weight, bias, prior_logits):
    """wrong value: the prior counts the bits that are on"""
    z, _, log_likelihood = _all(x, weight, bias, prior_logits)
    return _both(z, log_likelihood + z @ prior_logits)


def prior_turned_round(x, weight, bias, prior_logits):
    """wrong value: the prior is turned round"""
    z, _, log_likelihood = _all(x, weight, bias, prior_logits)
    return _both(z, log_likelihood + _log_prior(1 - z, prior_logits))


def average_of_logarithms(x, weight, bias, prior_logits):
    """wrong value: the logarithms were averaged over the codes"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    return (log_likelihood + log_prior).mean(1), _both(z, log_likelihood + log_prior)[1]


def jensen(x, weight, bias, prior_logits):
    """wrong value: the logarithm comes after the sum"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    return log_likelihood @ log_prior.exp(), _both(z, log_likelihood + log_prior)[1]


def average_over_codes(x, weight, bias, prior_logits):
    """wrong value: the average over the codes was taken"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    evidence, posterior = _both(z, log_likelihood + log_prior)
    return evidence - math.log(len(z)), posterior


def best_code(x, weight, bias, prior_logits):
    """wrong value: the most probable code alone was taken"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    best = (log_likelihood + log_prior).max(1)
    return best.values, z[best.indices]


def mean_decoded(x, weight, bias, prior_logits):
    """wrong value: the prior's mean was decoded"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    on = prior_logits.sigmoid()
    return _log_likelihood(x, on[None], weight, bias)[:, 0], _both(z, log_likelihood + log_prior)[1]


def one_bit_at_a_time(x, weight, bias, prior_logits):
    """wrong value: exact_inference returned for log p(x) wrong values"""
    z = torch.cat([torch.zeros(1, len(prior_logits), dtype=x.dtype), torch.eye(len(prior_logits), dtype=x.dtype)])
    return _both(z, _log_likelihood(x, z, weight, bias) + _log_prior(z, prior_logits))


def bits_of_both_signs(x, weight, bias, prior_logits):
    """wrong value: the bits were -1 and 1"""
    z = _codes(len(prior_logits), x.dtype)
    return _both(z, _log_likelihood(x, 2 * z - 1, weight, bias) + _log_prior(z, prior_logits))


def pixels_off_left_out(x, weight, bias, prior_logits):
    """wrong value: pixels that are off were left out"""
    z, log_prior, _ = _all(x, weight, bias, prior_logits)
    return _both(z, x @ logsigmoid(z @ weight.T + bias).T + log_prior)


def mean_over_pixels(x, weight, bias, prior_logits):
    """wrong value: the mean over the pixels was taken"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    return _both(z, log_likelihood / x.shape[1] + log_prior)


def bias_missing(x, weight, bias, prior_logits):
    """wrong value: the bias is missing"""
    z, log_prior, _ = _all(x, weight, bias, prior_logits)
    return _both(z, _log_likelihood(x, z, weight, torch.zeros_like(bias)) + log_prior)


def posterior_of_zero(x, weight, bias, prior_logits):
    """wrong value: the posterior of a 0 was returned"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    evidence, posterior = _both(z, log_likelihood + log_prior)
    return evidence, 1 - posterior


def prior_for_posterior(x, weight, bias, prior_logits):
    """wrong value: the prior was returned in place of the posterior"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    return _both(z, log_likelihood + log_prior)[0], prior_logits.sigmoid().repeat(len(x), 1)


def joint_for_posterior(x, weight, bias, prior_logits):
    """wrong value: the joint probability was returned; divide it by p(x)"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    log_joint = log_likelihood + log_prior
    return log_joint.logsumexp(1), log_joint.exp() @ z


def posterior_of_codes(x, weight, bias, prior_logits):
    """wrong type or shape: the posterior of whole codes was returned"""
    _, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    log_joint = log_likelihood + log_prior
    return log_joint.logsumexp(1), log_joint.softmax(1)


def products_of_probabilities(x, weight, bias, prior_logits):
    """wrong value: leave the range of floating-point numbers"""
    z, log_prior, _ = _all(x, weight, bias, prior_logits)
    on = (z @ weight.T + bias).sigmoid()
    likelihood = torch.where(x[:, None] == 1, on, 1 - on).prod(-1)
    joint = likelihood * log_prior.exp()
    return joint.sum(1).log(), joint @ z / joint.sum(1, keepdim=True)


def logarithm_of_the_sigmoid(x, weight, bias, prior_logits):
    """wrong value: take log sigmoid of the logits themselves"""
    z, log_prior, _ = _all(x, weight, bias, prior_logits)
    on = (z @ weight.T + bias).sigmoid()
    return _both(z, torch.where(x[:, None] == 1, on.log(), (1 - on).log()).sum(-1) + log_prior)


def small_number_added(x, weight, bias, prior_logits):
    """wrong value: take log sigmoid of the logits themselves"""
    z, log_prior, _ = _all(x, weight, bias, prior_logits)
    on = (z @ weight.T + bias).sigmoid().clamp(1e-7, 1 - 1e-7)
    return _both(z, x @ on.log().T + (1 - x) @ (1 - on).log().T + log_prior)


def without_logsumexp(x, weight, bias, prior_logits):
    """wrong value: and logsumexp over the codes"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    joint = (log_likelihood + log_prior).exp()
    return joint.sum(1).log(), joint @ z / joint.sum(1, keepdim=True)


def detached_prior(x, weight, bias, prior_logits):
    """wrong value: no gradient reaches prior_logits"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    return _both(z, log_likelihood + log_prior.detach())


def detached_decoder(x, weight, bias, prior_logits):
    """wrong value: no gradient reaches weight"""
    z, log_prior, log_likelihood = _all(x, weight.detach(), bias, prior_logits)
    return _both(z, log_likelihood + log_prior)


def batch_mean(x, weight, bias, prior_logits):
    """wrong type or shape: the log-evidence was averaged over the batch"""
    evidence, posterior = _both(*(lambda z, p, ll: (z, p + ll))(*_all(x, weight, bias, prior_logits)))
    return evidence.mean(), posterior


def evidence_alone(x, weight, bias, prior_logits):
    """wrong type or shape: exact_inference should return a tuple"""
    _, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    return (log_likelihood + log_prior).logsumexp(1)


def three_bits_only(x, weight, bias, prior_logits):
    """exception: exact_inference stopped with RuntimeError"""
    z = _codes(3, x.dtype)
    return _both(z, _log_likelihood(x, z, weight, bias) + _log_prior(z, prior_logits))


def changed_in_place(x, weight, bias, prior_logits):
    """wrong value: the call changed its argument x"""
    z, log_prior, log_likelihood = _all(x, weight, bias, prior_logits)
    x.mul_(2).sub_(1)
    return _both(z, log_likelihood + log_prior)
