"""The usual slips of chapter 11's exercises."""

import math
from typing import Any

LOG_2PI = math.log(2 * math.pi)


def importance_estimate(log_likelihood: Any, log_prior: Any, log_q: Any) -> dict[str, Any]:
    """What the usual slips return in place of estimate, effective sample size and shortfall."""
    right = _from_weights(log_likelihood + log_prior - log_q)
    (estimate, effective, shortfall), draws = right, len(log_q)
    one_minus = 0.5 * (draws / effective - 1)
    return {
        "the logarithms were averaged; the weights have to be": (
            (log_likelihood + log_prior - log_q).mean(0), *right[1:],
        ),
        "the weights were summed and not divided by their number: - log K is missing": (
            estimate + math.log(draws), *right[1:],
        ),
        "log q was added; weights are divided by q": _from_weights(log_likelihood + log_prior + log_q),
        "log q was left out of the weights": _from_weights(log_likelihood + log_prior),
        "the prior was left out of the weights": _from_weights(log_likelihood - log_q),
        "q and the prior changed places": _from_weights(log_likelihood + log_q - log_prior),
        "the largest weight alone was taken": (
            (log_likelihood + log_prior - log_q).amax(0) - math.log(draws), *right[1:],
        ),
        "the result ran over the batch, not over the draws": _from_weights((log_likelihood + log_prior - log_q).mT),
        "the mean weight was returned, not its logarithm": (estimate.exp(), *right[1:]),
        "the estimate's sign is turned round": (-estimate, *right[1:]),
        "the shortfall was subtracted from or added to the estimate; it is a result of its own": (
            estimate + shortfall, *right[1:],
        ),
        "the share of effective draws was returned, not their number": (estimate, effective / draws, shortfall),
        "Σw²/(Σw)² was returned; the effective number is its reciprocal": (estimate, 1 / effective, shortfall),
        "ρ is missing its -1": (estimate, effective, 0.5 / effective),
        "the shortfall was not halved": (estimate, effective, 2 * shortfall),
        "ρ was not divided by the number of draws": (estimate, effective, one_minus),
        "the shortfall was not halved and ρ not divided by the number of draws": (
            estimate, effective, 2 * one_minus,
        ),
        "the shortfall has the wrong sign: it says how much too low": (estimate, effective, -shortfall),
    }  # fmt: skip


def hmc_step(
    z: Any, momentum: Any, uniform: Any, precision: Any, quartic: float, step_size: float, steps: int
) -> dict[str, Any]:
    """What the usual slips return for the density of the hidden checks, in place of the new state."""
    import torch

    def log_density(z: Any) -> Any:
        return -0.5 * (z @ precision * z).sum(-1) - 0.25 * quartic * z.pow(4).sum(-1)

    def force(z: Any) -> Any:
        return -(z @ precision) - quartic * z.pow(3)

    def path(first: float = 0.5, last: float = 0.5, sign: int = 1, euler: bool = False, count: int = steps) -> Any:
        end, r = z, momentum
        for _ in range(count):
            before, start = r, end
            r = r + first * step_size * sign * force(end)
            end = end + step_size * (before if euler else r)
            r = r + last * step_size * sign * force(start if euler else end)
        return end, r

    def log_ratio(end: Any, r: Any, kinetic: float = 1.0) -> Any:
        return log_density(end) - log_density(z) + kinetic * 0.5 * (momentum**2 - r**2).sum(-1)

    def state(accepted: Any, end: Any, turned: Any, stayed: Any = momentum) -> Any:
        moved = accepted.unsqueeze(-1)
        return torch.where(moved, end, z), torch.where(moved, turned, stayed), accepted

    def on(end: Any, r: Any) -> Any:
        return state(log_uniform < log_ratio(end, r), end, -r)

    log_uniform = uniform.log()
    end, r = path()
    ratio = log_ratio(end, r)
    accepted = log_uniform < ratio
    return {
        "the momentum at the end was not turned round": state(accepted, end, r),
        "the momentum was turned round where the proposal was rejected, too": state(accepted, end, -r, -momentum),
        "the proposal's momentum was returned where the proposal was rejected, too": state(accepted, end, -r, -r),
        "every proposal was accepted; each chain has a decision of its own to pass": state(
            torch.ones_like(accepted), end, -r
        ),
        "no proposal was accepted; each chain has a decision of its own to pass": state(
            torch.zeros_like(accepted), end, -r
        ),
        "the kinetic energy was left out of the decision": state(log_uniform < log_ratio(end, r, 0.0), end, -r),
        "the kinetic energy has the wrong sign in the decision": state(
            log_uniform < log_ratio(end, r, -1.0), end, -r
        ),
        "the kinetic energy in the decision lacks its 1/2": state(log_uniform < log_ratio(end, r, 2.0), end, -r),
        "the ratio in the decision is upside down": state(log_uniform < -ratio, end, -r),
        "uniform itself, not its logarithm, was compared with the difference of energies": state(
            uniform < ratio, end, -r
        ),
        "accepted and rejected changed places": state(~accepted, end, -r),
        "position and momentum took full steps at once, which is Euler's method": on(*path(1.0, 0.0, euler=True)),
        "the momentum took a full step before each step of the position, and no half steps": on(*path(1.0, 0.0)),
        "the momentum took a full step after each step of the position, and no half steps": on(*path(0.0, 1.0)),
        "both half steps of the momentum were full steps": on(*path(1.0, 1.0)),
        "the last half step of the momentum is missing": on(end, r - 0.5 * step_size * force(end)),
        "the force has the wrong sign: paths run downhill in log_density": on(*path(sign=-1)),
        "one leapfrog step too many was taken": on(*path(count=steps + 1)),
        "one leapfrog step too few was taken": on(*path(count=steps - 1)),
    }  # fmt: skip


def harmonic_log_marginal(draws: Any, log_joint: Any) -> dict[str, Any]:
    """What the usual slips return in place of the harmonic estimate of the evidence."""
    n = len(draws) // 2
    first, second, log_joint_first, log_joint = draws[:n], draws[n:], log_joint[:n], log_joint[n:]
    log_q = _gaussian(first, second)

    def harmonic(log_q: Any, log_joint: Any = log_joint) -> Any:
        return math.log(len(log_q)) - (log_q - log_joint).logsumexp(0)

    right, latent = harmonic(log_q), draws.shape[-1]
    half_log_det = 0.5 * _covariance(first).logdet()
    return {
        "q was evaluated at the draws that it was fitted to": harmonic(_gaussian(first, first), log_joint_first),
        "q was evaluated at all draws, also those that it was fitted to": harmonic(
            _gaussian(first, draws), _joined(log_joint_first, log_joint)
        ),
        "q was fitted to all draws, also those at which it is evaluated": harmonic(_gaussian(draws, second)),
        "q was fitted to all draws and evaluated at all of them": harmonic(
            _gaussian(draws, draws), _joined(log_joint_first, log_joint)
        ),
        "the halves changed places": harmonic(_gaussian(second, first), log_joint_first),
        "log_joint of the first half met q at the second half": harmonic(log_q, log_joint_first),
        "the sign is turned round: that is the logarithm of 1/p(x)": -right,
        "log n is missing: the mean over draws became a sum": right - math.log(n),
        "the sum was divided by the number of all draws, not of the second half": right + math.log(2),
        "the weights p(x, z)/q(z) were averaged; draws of the posterior want q(z)/p(x, z)": (
            (log_joint - log_q).logsumexp(0) - math.log(n)
        ),
        "the logarithms were averaged, not q(z)/p(x, z)": (log_joint - log_q).mean(0),
        "q was left out": harmonic(0 * log_q),
        "only the diagonal of the covariance was used": harmonic(_gaussian(first, second, diagonal=True)),
        "the covariance was divided by n; the task says n - 1": harmonic(
            _gaussian(first, second, (n - 1) / n)
        ),
        "the covariance was not divided by n - 1": harmonic(_gaussian(first, second, n - 1.0)),
        "q has the mean 0, not that of its draws": harmonic(_gaussian(first, second + first.mean(0))),
        "2π is missing in q": right - 0.5 * latent * LOG_2PI,
        "log 2π was counted once, not once per dimension": right - 0.5 * (latent - 1) * LOG_2PI,
        "the determinant is missing in q": right - half_log_det,
        "the log-determinant was not halved": right + half_log_det,
        "the log-determinant has the wrong sign": right - 2 * half_log_det,
        "the factor 1/2 of the squared distance is missing in q": harmonic(
            2 * log_q + latent * LOG_2PI / 2 + half_log_det
        ),
        "the estimate was averaged over the batch; give one number per data point": right.mean(),
    }  # fmt: skip


def _from_weights(log_weights: Any) -> Any:
    estimate = log_weights.logsumexp(0) - math.log(len(log_weights))
    effective = 1 / log_weights.softmax(0).square().sum(0)
    return estimate, effective, 0.5 * (1 / effective - 1 / len(log_weights))


def _joined(first: Any, second: Any) -> Any:
    import torch

    return torch.cat([first, second])


def _covariance(draws: Any) -> Any:
    centered = (draws - draws.mean(0)).transpose(0, 1)
    return centered.mT @ centered / (len(draws) - 1)


def _gaussian(draws: Any, points: Any, scale: float = 1.0, diagonal: bool = False) -> Any:
    """log q at (points, batch, latent), fitted to `draws`; not a number where these do not span the space."""
    import torch

    covariance = scale * _covariance(draws)
    if diagonal:
        covariance = torch.diag_embed(covariance.diagonal(dim1=-2, dim2=-1))
    precision, _ = torch.linalg.inv_ex(covariance)
    shift = points - draws.mean(0)
    squared = torch.einsum("nbi,bij,nbj->nb", shift, precision, shift)
    return -0.5 * (squared + covariance.logdet() + draws.shape[-1] * LOG_2PI)
