"""Answers to ch11.harmonic_log_marginal. A wrong one's docstring is what its finding says; a right one has none."""

import math

import torch
from torch.distributions import MultivariateNormal


def right_one_data_point_at_a_time(draws, log_joint):
    n, results = len(draws) // 2, []
    for b in range(draws.shape[1]):
        first, second = draws[:n, b], draws[n:, b]
        covariance = torch.cov(first.T).reshape(first.shape[1], first.shape[1])
        if (first == first[0]).all():
            results.append(draws.new_tensor(math.nan))
            continue
        q = MultivariateNormal(first.mean(0), covariance, validate_args=False)
        log_ratio = q.log_prob(second) - log_joint[n:, b]
        largest = log_ratio.max()
        results.append(-largest - (log_ratio - largest).exp().mean().log())
    return torch.stack(results) if results else draws.new_zeros(0)


def right_through_the_precision(draws, log_joint):
    n, latent = len(draws) // 2, draws.shape[2]
    mean = draws[:n].sum(0) / n
    centered = draws[:n] - mean
    covariance = torch.einsum("nbi,nbj->bij", centered, centered) / (n - 1)
    sign, log_det = torch.linalg.slogdet(covariance)
    precision, _ = torch.linalg.inv_ex(covariance)
    shift = draws[n:] - mean
    distance = torch.einsum("nbi,bij,nbj->nb", shift, precision, shift)
    log_q = -(distance + log_det + latent * math.log(2 * math.pi)) / 2
    estimate = -(torch.logsumexp(log_q - log_joint[n:], dim=0) - math.log(n))
    return torch.where(sign > 0, estimate, torch.full_like(estimate, math.nan))


def right_in_double_precision_through_eigenvalues(draws, log_joint):
    n = len(draws) // 2
    z = draws.double()
    mean = z[:n].mean(0, keepdim=True)
    c = (z[:n] - mean).permute(1, 2, 0)
    values, vectors = torch.linalg.eigh(c @ c.mT / (n - 1))
    turned = torch.einsum("bji,nbj->nbi", vectors, z[n:] - mean)
    spans = values[:, 0] > 1e-12 * values[:, -1]
    log_q = -0.5 * (turned**2 / values + torch.log(2 * math.pi * values)).sum(-1)
    total = torch.logsumexp(log_q - log_joint[n:], 0)
    estimate = math.log(n) - total
    estimate[~spans] = math.nan
    return estimate.to(draws.dtype)


def _covariance(draws, divisor=None):
    centered = (draws - draws.mean(0)).transpose(0, 1)
    return centered.mT @ centered / (divisor or len(draws) - 1)


def _log_q(draws, points, covariance=None, center=None):
    """log q at the points, (points, batch); not a number where the covariance has no inverse."""
    covariance = _covariance(draws) if covariance is None else covariance
    precision, _ = torch.linalg.inv_ex(covariance)
    shift = points - (draws.mean(0) if center is None else center)
    distance = torch.einsum("nbi,bij,nbj->nb", shift, precision, shift)
    log_det = torch.where(torch.linalg.det(covariance) > 0, covariance.logdet(), math.nan)
    return -0.5 * (distance + log_det + draws.shape[2] * math.log(2 * math.pi))


def _halves(values):
    return values[: len(values) // 2], values[len(values) // 2 :]


def _harmonic(log_q, log_joint):
    return math.log(len(log_q)) - torch.logsumexp(log_q - log_joint, 0)


def where_it_was_fitted(draws, log_joint):
    """wrong value: q was evaluated at the draws that it was fitted to"""
    first, _ = _halves(draws)
    return _harmonic(_log_q(first, first), _halves(log_joint)[0])


def evaluated_everywhere(draws, log_joint):
    """wrong value: q was evaluated at all draws, also those that it was fitted to"""
    return _harmonic(_log_q(_halves(draws)[0], draws), log_joint)


def fitted_everywhere(draws, log_joint):
    """wrong value: q was fitted to all draws, also those at which it is evaluated"""
    return _harmonic(_log_q(draws, _halves(draws)[1]), _halves(log_joint)[1])


def no_halves(draws, log_joint):
    """wrong value: q was fitted to all draws and evaluated at all of them"""
    return _harmonic(_log_q(draws, draws), log_joint)


def halves_exchanged(draws, log_joint):
    """wrong value: the halves changed places"""
    first, second = _halves(draws)
    return _harmonic(_log_q(second, first), _halves(log_joint)[0])


def other_half_of_log_joint(draws, log_joint):
    """wrong value: log_joint of the first half met q at the second half"""
    return _harmonic(_log_q(*_halves(draws)), _halves(log_joint)[0])


def every_other_draw(draws, log_joint):
    """wrong value: harmonic_log_marginal returned wrong values"""
    return _harmonic(_log_q(draws[::2], draws[1::2]), log_joint[1::2])


def sign_turned(draws, log_joint):
    """wrong value: that is the logarithm of 1/p(x)"""
    return -_harmonic(_log_q(*_halves(draws)), _halves(log_joint)[1])


def sum_for_mean(draws, log_joint):
    """wrong value: log n is missing"""
    return -torch.logsumexp(_log_q(*_halves(draws)) - _halves(log_joint)[1], 0)


def number_of_all_draws(draws, log_joint):
    """wrong value: the sum was divided by the number of all draws"""
    return _harmonic(_log_q(*_halves(draws)), _halves(log_joint)[1]) + math.log(2)


def importance_weights(draws, log_joint):
    """wrong value: draws of the posterior want q(z)/p(x, z)"""
    log_weights = _halves(log_joint)[1] - _log_q(*_halves(draws))
    return torch.logsumexp(log_weights, 0) - math.log(len(log_weights))


def mean_of_logarithms(draws, log_joint):
    """wrong value: the logarithms were averaged"""
    return (_halves(log_joint)[1] - _log_q(*_halves(draws))).mean(0)


def harmonic_mean_of_the_joint(draws, log_joint):
    """wrong value: q was left out"""
    return _harmonic(torch.zeros_like(_halves(log_joint)[1]), _halves(log_joint)[1])


def diagonal_only(draws, log_joint):
    """wrong value: only the diagonal of the covariance was used"""
    first, second = _halves(draws)
    diagonal = torch.diag_embed(first.var(0))
    return _harmonic(_log_q(first, second, diagonal), _halves(log_joint)[1])


def divided_by_n(draws, log_joint):
    """wrong value: the covariance was divided by n"""
    first, second = _halves(draws)
    return _harmonic(_log_q(first, second, _covariance(first, len(first))), _halves(log_joint)[1])


def not_divided(draws, log_joint):
    """wrong value: the covariance was not divided by n - 1"""
    first, second = _halves(draws)
    return _harmonic(_log_q(first, second, _covariance(first, 1)), _halves(log_joint)[1])


def around_the_origin(draws, log_joint):
    """wrong value: q has the mean 0, not that of its draws"""
    first, second = _halves(draws)
    return _harmonic(_log_q(first, second, center=0), _halves(log_joint)[1])


def one_gaussian_for_all(draws, log_joint):
    """wrong value: harmonic_log_marginal returned wrong values"""
    first, second = _halves(draws)
    pooled = _covariance(first.reshape(-1, 1, draws.shape[2])).expand(draws.shape[1], -1, -1)
    return _harmonic(_log_q(first, second, pooled), _halves(log_joint)[1])


def no_2pi(draws, log_joint):
    """wrong value: 2π is missing in q"""
    log_q = _log_q(*_halves(draws)) + 0.5 * draws.shape[2] * math.log(2 * math.pi)
    return _harmonic(log_q, _halves(log_joint)[1])


def no_determinant(draws, log_joint):
    """wrong value: the determinant is missing in q"""
    first, second = _halves(draws)
    return _harmonic(_log_q(first, second) + 0.5 * _covariance(first).logdet(), _halves(log_joint)[1])


def whole_determinant(draws, log_joint):
    """wrong value: the log-determinant was not halved"""
    first, second = _halves(draws)
    return _harmonic(_log_q(first, second) - 0.5 * _covariance(first).logdet(), _halves(log_joint)[1])


def in_the_open(draws, log_joint):
    """wrong value: e⁵⁰⁰⁰ is no floating-point number"""
    ratio = (_log_q(*_halves(draws)) - _halves(log_joint)[1]).exp()
    return -ratio.mean(0).log()


def stops_at_a_chain_that_stands(draws, log_joint):
    """exception: harmonic_log_marginal stopped with _LinAlgError"""
    first, second = _halves(draws)
    chol = torch.linalg.cholesky(_covariance(first))
    return _harmonic(_log_q(first, second, chol @ chol.mT), _halves(log_joint)[1])


def small_number_added(draws, log_joint):
    """wrong value: nan for its data point"""
    first, second = _halves(draws)
    ridge = 1e-12 * torch.eye(draws.shape[2], dtype=draws.dtype)
    return _harmonic(_log_q(first, second, _covariance(first) + ridge), _halves(log_joint)[1])


def all_or_none(draws, log_joint):
    """wrong value: the others' estimates as if it were not there"""
    estimate = _harmonic(_log_q(*_halves(draws)), _halves(log_joint)[1])
    return estimate if estimate.isfinite().all() else torch.full_like(estimate, math.nan)


def averaged_over_the_batch(draws, log_joint):
    """wrong type or shape: give one number per data point"""
    return _harmonic(_log_q(*_halves(draws)), _halves(log_joint)[1]).mean()


def changed_in_place(draws, log_joint):
    """wrong value: the call changed its argument draws"""
    draws -= draws[: len(draws) // 2].mean(0)
    return _harmonic(_log_q(*_halves(draws)), _halves(log_joint)[1])


def hard_coded(draws, log_joint):
    """wrong type or shape: harmonic_log_marginal returned the shape (1,)"""
    return torch.tensor([0.5 * math.log(4 * math.pi) - 1], dtype=draws.dtype)
