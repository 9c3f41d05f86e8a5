"""Answers to ch11.importance_estimate. A wrong one's docstring is what its finding has to say; a right one has none."""

import math

import torch


def right_through_the_largest_weight(log_likelihood, log_prior, log_q):
    log_weights = log_likelihood + (log_prior - log_q)
    count, batch = log_weights.shape
    largest = log_weights.max(0).values if batch else log_weights[0]
    weights = torch.exp(log_weights - largest)
    total, squares = weights.sum(0), (weights**2).sum(0)
    rho = count * squares / total**2 - 1
    return largest + torch.log(total / count), total**2 / squares, rho / (2 * count)


def right_one_data_point_at_a_time(log_likelihood, log_prior, log_q):
    estimates, effectives, shortfalls = [], [], []
    for a, b, c in zip(log_likelihood.T, log_prior.T, log_q.T, strict=True):
        log_w = (a + b - c).double()
        count = log_w.numel()
        effective = torch.exp(2 * torch.logsumexp(log_w, 0) - torch.logsumexp(2 * log_w, 0))
        estimates.append(torch.logsumexp(log_w, 0) - math.log(count))
        effectives.append(effective)
        shortfalls.append((count / effective - 1) / count / 2)
    empty = [torch.zeros(0)]
    return tuple(
        torch.stack(values).to(log_q.dtype) if values else empty[0].to(log_q.dtype)
        for values in (estimates, effectives, shortfalls)
    )


def _results(log_weights):
    draws = len(log_weights)
    estimate = torch.logsumexp(log_weights, 0) - math.log(draws)
    effective = 1 / torch.softmax(log_weights, 0).square().sum(0)
    return estimate, effective, 0.5 * (1 / effective - 1 / draws)


def mean_of_logarithms(log_likelihood, log_prior, log_q):
    """wrong value: the logarithms were averaged"""
    log_weights = log_likelihood + log_prior - log_q
    return log_weights.mean(0), *_results(log_weights)[1:]


def no_log_k(log_likelihood, log_prior, log_q):
    """wrong value: - log K is missing"""
    log_weights = log_likelihood + log_prior - log_q
    return torch.logsumexp(log_weights, 0), *_results(log_weights)[1:]


def q_added(log_likelihood, log_prior, log_q):
    """wrong value: log q was added; weights are divided by q"""
    return _results(log_likelihood + log_prior + log_q)


def no_q(log_likelihood, log_prior, log_q):
    """wrong value: log q was left out of the weights"""
    return _results(log_likelihood + log_prior)


def no_prior(log_likelihood, log_prior, log_q):
    """wrong value: the prior was left out of the weights"""
    return _results(log_likelihood - log_q)


def turned_round(log_likelihood, log_prior, log_q):
    """wrong value: q and the prior changed places"""
    return _results(log_likelihood + log_q - log_prior)


def over_the_batch(log_likelihood, log_prior, log_q):
    """wrong type or shape: the result ran over the batch, not over the draws"""
    return _results((log_likelihood + log_prior - log_q).T)


def batch_size_for_k(log_likelihood, log_prior, log_q):
    """wrong value: importance_estimate returned for estimate wrong values"""
    log_weights = log_likelihood + log_prior - log_q
    _, effective, shortfall = _results(log_weights)
    return torch.logsumexp(log_weights, 0) - math.log(max(1, log_weights.shape[1])), effective, shortfall


def exponentials_in_the_open(log_likelihood, log_prior, log_q):
    """wrong value: are no floating-point numbers"""
    weights = torch.exp(log_likelihood + log_prior - log_q)
    effective = weights.sum(0) ** 2 / (weights**2).sum(0)
    return torch.log(weights.mean(0)), effective, 0.5 * (1 / effective - 1 / len(weights))


def impossible_draws_dropped(log_likelihood, log_prior, log_q):
    """wrong value: counts as one of the K draws"""
    log_weights = log_likelihood + log_prior - log_q
    count = log_weights.isfinite().sum(0)
    _, effective, _ = _results(log_weights)
    return torch.logsumexp(log_weights, 0) - count.log(), effective, 0.5 * (1 / effective - 1 / count)


def weight_not_logarithm(log_likelihood, log_prior, log_q):
    """wrong value: the mean weight was returned, not its logarithm"""
    estimate, effective, shortfall = _results(log_likelihood + log_prior - log_q)
    return estimate.exp(), effective, shortfall


def share_of_draws(log_likelihood, log_prior, log_q):
    """wrong value: the share of effective draws was returned"""
    estimate, effective, shortfall = _results(log_likelihood + log_prior - log_q)
    return estimate, effective / len(log_q), shortfall


def reciprocal(log_likelihood, log_prior, log_q):
    """wrong value: the effective number is its reciprocal"""
    estimate, effective, shortfall = _results(log_likelihood + log_prior - log_q)
    return estimate, 1 / effective, shortfall


def rho_without_its_one(log_likelihood, log_prior, log_q):
    """wrong value: ρ is missing its -1"""
    estimate, effective, _ = _results(log_likelihood + log_prior - log_q)
    return estimate, effective, 0.5 / effective


def variance_not_halved(log_likelihood, log_prior, log_q):
    """wrong value: the shortfall was not halved"""
    estimate, effective, shortfall = _results(log_likelihood + log_prior - log_q)
    return estimate, effective, 2 * shortfall


def rho_of_one_draw(log_likelihood, log_prior, log_q):
    """wrong value: ρ was not divided by the number of draws"""
    estimate, effective, _ = _results(log_likelihood + log_prior - log_q)
    return estimate, effective, 0.5 * (len(log_q) / effective - 1)


def corrected_estimate(log_likelihood, log_prior, log_q):
    """wrong value: it is a result of its own"""
    estimate, effective, shortfall = _results(log_likelihood + log_prior - log_q)
    return estimate + shortfall, effective, shortfall


def detached_weights(log_likelihood, log_prior, log_q):
    """wrong value: the estimate's gradient with respect to log_likelihood"""
    return _results((log_likelihood + log_prior - log_q).detach())


def sticking_the_landing(log_likelihood, log_prior, log_q):
    """wrong value: the estimate's gradient with respect to log_q"""
    return _results(log_likelihood + log_prior - log_q.detach())


def changed_in_place(log_likelihood, log_prior, log_q):
    """wrong value: the call changed its argument log_likelihood"""
    if log_likelihood.requires_grad:
        return _results(log_likelihood + log_prior - log_q)
    log_likelihood += log_prior
    log_likelihood -= log_q
    return _results(log_likelihood)


def two_results(log_likelihood, log_prior, log_q):
    """wrong type or shape: should return a tuple: estimate, effective, shortfall"""
    return _results(log_likelihood + log_prior - log_q)[:2]


def hard_coded(log_likelihood, log_prior, log_q):
    """wrong type or shape: importance_estimate returned for estimate the shape (1,)"""
    return torch.tensor([math.log(0.2)]), torch.tensor([0.16 / 0.1088]), torch.tensor([0.09])
