"""Answers to ch02.bound_and_gap. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch


def right_through_the_divergence(log_joint, log_q):
    evidence = torch.logsumexp(log_joint, dim=1)
    log_posterior = log_joint - evidence[:, None]
    possible = log_q != -math.inf
    safe = log_q.masked_fill(~possible, 0)
    gap = torch.einsum("bk,bk->b", log_q.exp() * possible, safe - log_posterior)
    return evidence - gap, gap


def right_with_xlogy(log_joint, log_q):
    q = log_q.exp()
    energy, entropy = -(q * log_joint).sum(1), torch.special.entr(q).sum(1)
    largest = log_joint.max(1, keepdim=True).values
    evidence = (log_joint - largest).exp().sum(1).log() + largest[:, 0]
    return entropy - energy, evidence + energy - entropy


def right_with_a_loop_over_values(log_joint, log_q):
    bound = torch.zeros_like(log_joint[:, 0])
    evidence = torch.full_like(bound, -math.inf)
    for p, q in zip(log_joint.T, log_q.T, strict=True):
        evidence = torch.logaddexp(evidence, p)
        bound = bound + torch.where(q.isinf(), torch.zeros_like(q), q.exp() * (p - q.clamp(min=-1e30)))
    return [bound, evidence - bound]


def _bound(log_joint, log_q):
    terms = torch.where(log_q > -math.inf, log_joint - log_q, 0.0)
    return (log_q.exp() * terms).sum(-1)


def _mean(log_q, value):
    return (log_q.exp() * value).sum(-1)


def entropy_missing(log_joint, log_q):
    """wrong value: the entropy of q is missing"""
    bound = _mean(log_q, log_joint)
    return bound, log_joint.logsumexp(-1) - bound


def entropy_subtracted(log_joint, log_q):
    """wrong value: the entropy of q was subtracted"""
    bound = _mean(log_q, log_joint + log_q)
    return bound, log_joint.logsumexp(-1) - bound


def equal_weights(log_joint, log_q):
    """wrong value: the mean was taken with equal weights"""
    bound = (log_joint - log_q).mean(-1)
    return bound, log_joint.logsumexp(-1) - bound


def no_weights(log_joint, log_q):
    """wrong value: the sum was taken without weights"""
    bound = (log_joint - log_q).sum(-1)
    return bound, log_joint.logsumexp(-1) - bound


def under_the_posterior(log_joint, log_q):
    """wrong value: the mean was taken under the posterior"""
    bound = (log_joint.softmax(-1) * (log_joint - log_q)).sum(-1)
    return bound, log_joint.logsumexp(-1) - bound


def logarithms_as_weights(log_joint, log_q):
    """wrong value: log q was used where q belongs"""
    bound = (log_q * (log_joint - log_q)).sum(-1)
    return bound, log_joint.logsumexp(-1) - bound


def logarithm_of_the_mean(log_joint, log_q):
    """wrong value: the logarithm was taken after the mean"""
    bound = _mean(log_q, (log_joint - log_q).exp()).log()
    return bound, log_joint.logsumexp(-1) - bound


def mean_for_sum(log_joint, log_q):
    """wrong value: the bound was divided by the number of values of z"""
    bound = (log_q.exp() * (log_joint - log_q)).mean(-1)
    return bound, log_joint.logsumexp(-1) - bound


def turned_sign(log_joint, log_q):
    """wrong value: the sign is turned round"""
    bound = _bound(log_joint, log_q)
    return -bound, log_joint.logsumexp(-1) - bound


def gap_turned_round(log_joint, log_q):
    """wrong value: the sign is turned round"""
    bound = _bound(log_joint, log_q)
    return bound, bound - log_joint.logsumexp(-1)


def gap_in_the_other_direction(log_joint, log_q):
    """wrong value: the gap was taken the other way round"""
    log_posterior = log_joint.log_softmax(-1)
    return _bound(log_joint, log_q), (log_posterior.exp() * (log_posterior - log_q)).sum(-1)


def divergence_from_the_joint(log_joint, log_q):
    """wrong value: the divergence of q from p(x, z) was taken"""
    return _bound(log_joint, log_q), _mean(log_q, log_q - log_joint)


def evidence_for_gap(log_joint, log_q):
    """wrong value: log p(x) was returned in place of the gap"""
    return _bound(log_joint, log_q), log_joint.logsumexp(-1)


def evidence_as_average(log_joint, log_q):
    """wrong value: p(x) was taken as the average of p(x, z)"""
    bound = _bound(log_joint, log_q)
    return bound, log_joint.exp().mean(-1).log() - bound


def evidence_as_maximum(log_joint, log_q):
    """wrong value: p(x) was taken as the largest p(x, z)"""
    bound = _bound(log_joint, log_q)
    return bound, log_joint.amax(-1) - bound


def logarithms_added(log_joint, log_q):
    """wrong value: the logarithms log p(x, z) were added"""
    bound = _bound(log_joint, log_q)
    return bound, log_joint.sum(-1) - bound


def gap_of_probabilities(log_joint, log_q):
    """wrong value: the gap of probabilities was returned"""
    bound = _bound(log_joint, log_q)
    return bound, log_joint.logsumexp(-1).exp() - bound.exp()


def zero_times_infinity(log_joint, log_q):
    """wrong value: has to be left out of the mean"""
    bound = _mean(log_q, log_joint - log_q)
    return bound, log_joint.logsumexp(-1) - bound


def logarithm_taken_too_late(log_joint, log_q):
    """wrong value: p(x) may be too small for a floating-point number"""
    bound = _bound(log_joint, log_q)
    return bound, log_joint.exp().sum(-1).log() - bound


def batch_mean(log_joint, log_q):
    """wrong type or shape: the bound was averaged over the batch"""
    bound = _bound(log_joint, log_q)
    return bound.mean(), (log_joint.logsumexp(-1) - bound).mean()


def wrong_axis(log_joint, log_q):
    """wrong type or shape: bound_and_gap returned for the bound the shape"""
    bound = (log_q.exp() * (log_joint - log_q)).sum(0)
    return bound, log_joint.logsumexp(0) - bound


def detached_weights(log_joint, log_q):
    """wrong value: the gradient with respect to log_q is wrong"""
    terms = torch.where(log_q > -math.inf, log_joint - log_q, 0.0)
    bound = (log_q.exp().detach() * terms).sum(-1)
    return bound, log_joint.logsumexp(-1) - bound


def detached_gap(log_joint, log_q):
    """wrong value: no gradient reaches log_joint"""
    bound = _bound(log_joint, log_q)
    return bound, (log_joint.logsumexp(-1) - bound).detach()


def changed_in_place(log_joint, log_q):
    """wrong value: the call changed its argument log_joint"""
    evidence = log_joint.logsumexp(-1)
    log_joint -= log_q.clamp(min=-1e9)
    bound = _mean(log_q, log_joint)
    return bound, evidence - bound


def bound_alone(log_joint, log_q):
    """wrong type or shape: bound_and_gap should return a tuple"""
    return _bound(log_joint, log_q)


def hard_coded(log_joint, log_q):
    """wrong value: bound_and_gap returned for the bound wrong values"""
    return torch.full_like(log_joint[:, 0], math.log(0.09)), torch.full_like(log_joint[:, 0], math.log(0.41 / 0.09))
