"""The usual slips of chapter 15's exercises."""

import math
from typing import Any

LOG_2PI = math.log(2 * math.pi)


def _kl(mean: Any, log_var: Any) -> Any:
    return 0.5 * (mean**2 + log_var.exp() - 1 - log_var)


def evidence_and_bound(x: Any, slope: Any, noise_var: Any, mean: Any, log_var: Any) -> dict[str, Any]:
    """What the usual slips return in place of the log evidence and the bound."""
    n, spread, var = len(x), slope**2 + noise_var, log_var.exp()

    def evidence(spread: Any, shared: float) -> Any:
        """One Gaussian of all numbers, whose covariances are `shared`."""
        common = spread + n * shared
        log_det = (n - 1) * spread.log() + common.log()
        squared = (x.square().sum() - shared * x.sum().square() / common) / spread
        return -0.5 * (n * LOG_2PI + log_det + squared)

    def likelihood(spread: Any, var: Any) -> Any:
        return -0.5 * (n * (LOG_2PI + spread.log()) + ((x - mean).square().sum() + n * var) / spread)

    right, expected, kl = evidence(spread, 1.0), likelihood(spread, var), _kl(mean, log_var)
    bound = expected - kl
    return {
        "the signs are turned round": (-right, -bound),
        "the numbers were taken as independent; they share the weight": (evidence(spread + 1, 0.0), bound),
        "the weight was left out of the evidence": (evidence(spread, 0.0), bound),
        "z was left out: given θ the variance is slope² + noise_var": (
            evidence(noise_var, 1.0),
            likelihood(noise_var, var) - kl,
        ),
        "slope was not squared": (evidence(slope + noise_var, 1.0), likelihood(slope + noise_var, var) - kl),
        "log 2π was left out": (right + 0.5 * n * LOG_2PI, bound + 0.5 * n * LOG_2PI),
        "the guess's variance was left out: (x - θ)² is (x - mean)² + σ² on average": (
            right,
            likelihood(spread, 0 * var) - kl,
        ),
        "the guess's variance was counted once, not for every number": (right, likelihood(spread, var / n) - kl),
        "the divergence is missing": (right, expected),
        "the divergence has the wrong sign": (right, expected + kl),
        "the weight was paid for once per number; it is paid for once": (right, expected - n * kl),
        "log_var was used as log σ; it is log σ²": (right, likelihood(spread, var**2) - _kl(mean, 2 * log_var)),
        "σ stands where σ² belongs": (right, likelihood(spread, var.sqrt()) - kl + 0.5 * (var - var.sqrt())),
        "the results were divided by the number of data points": (right / n, bound / n),
    }


def full_vb_estimate(
    x: Any, mean: Any, log_var: Any, weight_mean: Any, weight_log_var: Any, n: int, eps: Any, zeta: Any
) -> dict[str, Any]:
    """What the usual slips return in place of the bound of a whole data set."""
    minibatch = len(x)

    def likelihood(factor: float = 0.5, weight_factor: float = 0.5, eps: Any = eps, zeta: Any = zeta) -> Any:
        theta = weight_mean + (weight_factor * weight_log_var).exp() * zeta
        z = mean + (factor * log_var).exp() * eps
        return -0.5 * (LOG_2PI + (x - z @ theta.mT) ** 2)

    log_p = likelihood()
    kl, kl_weights = _kl(mean, log_var).sum(-1), _kl(weight_mean, weight_log_var).sum()
    per_point = log_p.sum(-1).mean(0) - kl

    def whole(log_p: Any) -> Any:
        return n * (log_p.sum(-1).mean(0) - kl).mean() - kl_weights

    return {
        "the sign is turned round": -whole(log_p),
        "the factor n is missing: the data count as one data point": per_point.mean() - kl_weights,
        "the minibatch was summed and not scaled up to the n data points": per_point.sum() - kl_weights,
        "the minibatch's sum was multiplied by n; its mean stands for n points": n * per_point.sum() - kl_weights,
        "the factor n stands before everything; the weights are paid for once": n * (per_point.mean() - kl_weights),
        "every data point of the minibatch paid for the weights": whole(log_p) - (n / minibatch - 1) * kl_weights,
        "the bound was divided by n; it is that of the whole data set": whole(log_p) / n,
        "the divergence of the weights is missing": n * per_point.mean(),
        "the divergence of the weights has the wrong sign": n * per_point.mean() + kl_weights,
        "the divergence of the weights was averaged over them; it is a sum": n * per_point.mean()
        - kl_weights / weight_mean.numel(),
        "the divergence of z is missing": n * log_p.sum(-1).mean() - kl_weights,
        "the divergence of z has the wrong sign": n * (log_p.sum(-1).mean(0) + kl).mean() - kl_weights,
        "the divergence of z was not multiplied by n": n * log_p.sum(-1).mean() - kl.mean() - kl_weights,
        "the draws were summed; average over them": n * (log_p.sum(-1).sum(0) - kl).mean() - kl_weights,
        "the mean over the pixels was taken; log p(x|z) is their sum": whole(log_p.mean(-1, keepdim=True)),
        "log 2π was left out": whole(log_p + 0.5 * LOG_2PI),
        "the weights' means were used, and no draw": whole(likelihood(zeta=0 * zeta)),
        "the mean of z was decoded, and no draw": whole(likelihood(eps=0 * eps)),
        "all draws share the first draw's weights": whole(likelihood(zeta=zeta[:1])),
        "weight_log_var was used as log σ; it is log σ²": whole(likelihood(weight_factor=1.0)),
        "log_var was used as log σ; it is log σ²": whole(likelihood(factor=1.0)),
        "both log-variances were used as log σ; they are log σ²": whole(likelihood(1.0, 1.0)),
    }


def forward(mean: Any, log_var: Any, bias: Any, x: Any, zeta: Any, method: str = "") -> dict[str, Any]:
    """What the usual slips return for outputs with one draw of the weights."""

    def outputs(std: Any, zeta: Any = zeta) -> Any:
        return x @ (mean + std * zeta).mT

    std = (0.5 * log_var).exp()
    return {
        "the bias is missing": outputs(std),
        "the noise is missing": outputs(0 * std) + bias,
        "log_var was used as log σ; it is log σ²": outputs(log_var.exp()) + bias,
        "log_var was used where σ, the exponential of its half, belongs": outputs(log_var) + bias,
        "all weights of an output share one number of noise": outputs(std, zeta[:, :1]) + bias,
    }


def local(mean: Any, log_var: Any, bias: Any, x: Any, eps: Any, method: str = "") -> dict[str, Any]:
    """What the usual slips return for outputs drawn with their own mean and variance."""
    center, var, std = x @ mean.mT + bias, log_var.exp(), (0.5 * log_var).exp()
    variance = x**2 @ var.mT
    return {
        "the bias is missing": center - bias + variance.sqrt() * eps,
        "the inputs were not squared in the variance": center + (x @ var.mT).abs().sqrt() * eps,
        "standard deviations were added; variances add": center + (x @ std.mT) * eps,
        "standard deviations, times the inputs' sizes, were added; variances add": center + (x.abs() @ std.mT) * eps,
        "the noise was multiplied by the variance, not by its root": center + variance * eps,
        "log_var was used as log σ; it is log σ²": center + (x**2 @ var.square().mT).sqrt() * eps,
        "σ stands where σ² belongs": center + (x**2 @ std.mT).sqrt() * eps,
        "all data points share the first one's noise": center + variance.sqrt() * eps[:1],
        "all outputs of a data point share one number of noise": center + variance.sqrt() * eps[:, :1],
    }


def divergence(mean: Any, log_var: Any, bias: Any, method: str = "") -> dict[str, Any]:
    """What the usual slips return in place of the divergence of all weights."""
    right = _kl(mean, log_var)
    return {
        "the sign is turned round: a divergence is never negative": -right.sum(),
        "the mean over the weights was taken; the divergence is their sum": right.mean(),
        "the sum ran over one axis only": right.sum(-1),
        "the factor 1/2 is missing": 2 * right.sum(),
        "the bias was counted; it has no prior": right.sum() + 0.5 * bias.square().sum(),
        "log_var was used as log σ; it is log σ²": _kl(mean, 2 * log_var).sum(),
        "the term in the means is missing": _kl(0 * mean, log_var).sum(),
    }
