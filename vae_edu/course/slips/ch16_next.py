"""The usual slips of chapter 16's exercises."""

import math
from typing import Any

LOG_2PI = math.log(2 * math.pi)


def m2_bounds(bounds: Any, logits: Any, labels: Any, alpha: float) -> dict[str, Any]:
    """What the usual slips return in place of bounds and objectives with and without labels."""
    log_q = logits.log_softmax(-1)
    q, known = log_q.exp(), labels >= 0
    chosen = labels.clamp_min(0).unsqueeze(-1)
    labeled = bounds.gather(-1, chosen).squeeze(-1)
    supervised = log_q.gather(-1, chosen).squeeze(-1)
    entropy = -(q * log_q).sum(-1)
    expected = (q * bounds).sum(-1)

    def both(unlabeled: Any, labeled: Any = labeled, extra: Any = alpha * supervised) -> tuple[Any, Any]:
        bound = unlabeled.where(~known, labeled)
        return bound, (bound + extra).where(known, bound)

    right = both(expected + entropy)
    return {
        "the entropy is missing: it keeps the classifier from being sure whatever it knows": both(expected),
        "the entropy has the wrong sign": both(expected - entropy),
        "the best classifier's bound was returned, not that of the given one": both(bounds.logsumexp(-1)),
        "the likeliest class alone was used; a hidden label is summed over": both(
            bounds.gather(-1, logits.argmax(-1, keepdim=True)).squeeze(-1)
        ),
        "the classes were averaged with equal weights, not with the classifier's": both(bounds.mean(-1) + entropy),
        "labels were ignored: every y was summed over": (expected + entropy, expected + entropy),
        "log_softmax of the logits was forgotten": both((logits.exp() * (bounds - logits)).sum(-1)),
        "a label of -1 was taken for the last class": (
            bounds.gather(-1, (labels % logits.shape[-1]).unsqueeze(-1)).squeeze(-1),
            right[1],
        ),
        "the classifier's log-probability is missing from the objective": both(expected + entropy, extra=0 * labeled),
        "alpha was left out": both(expected + entropy, extra=supervised),
        "the classifier's log-probability has the wrong sign": both(expected + entropy, extra=-alpha * supervised),
        "the classifier's probability was added, not its logarithm": both(
            expected + entropy, extra=alpha * supervised.exp()
        ),
        "the classifier's log-probability was added to the bound as well": (right[1], right[1]),
        "data points without a label were weighted by alpha as well": (
            right[0],
            right[0] + alpha * log_q.gather(-1, (labels % logits.shape[-1]).unsqueeze(-1)).squeeze(-1),
        ),
        "the signs are turned round: these are bounds, and no losses": (-right[0], -right[1]),
        "the batch was summed; give one number per data point": (right[0].sum(), right[1].sum()),
        "the batch was averaged; give one number per data point": (right[0].mean(), right[1].mean()),
    }


def _parts(kept: int, weights: Any, points: Any) -> tuple[Any, Any, Any, Any]:
    """The two parts of the points, and the log-scale and shift that the first gives."""
    h = (points[:, :kept] @ weights["hidden.weight"].mT + weights["hidden.bias"]).tanh()
    log_scale, shift = (h @ weights[f"{name}.weight"].mT + weights[f"{name}.bias"] for name in ("log_scale", "shift"))
    return points[:, :kept], points[:, kept:], log_scale, shift


def _joined(first: Any, second: Any) -> Any:
    import torch

    return torch.cat([first, second], -1)


def moved(method: str, kept: int, weights: Any, points: Any) -> dict[str, Any]:
    """What the usual slips return in place of the moved points."""
    first, second, log_scale, shift = _parts(kept, weights, points)
    scaled = second * log_scale.exp()
    return {
        "the log-scale was used as the scale": _joined(first, second * log_scale + shift),
        "the shift was scaled too: scale first, then shift": _joined(first, (second + shift) * log_scale.exp()),
        "the shift is missing": _joined(first, scaled),
        "the scale is missing": _joined(first, second + shift),
        "the inverse was returned": _joined(first, (second - shift) * (-log_scale).exp()),
        "the two parts were joined in the other order": _joined(scaled + shift, first),
        "the kept coordinates were left out": scaled + shift,
    }


def log_det(method: str, kept: int, weights: Any, points: Any) -> dict[str, Any]:
    """What the usual slips return in place of the log-determinant."""
    _, _, log_scale, _ = _parts(kept, weights, points)
    return {
        "the sign of the log-determinant is turned round: where the map stretches it is positive": -log_scale.sum(-1),
        "the determinant was returned, not its logarithm": log_scale.sum(-1).exp(),
        "the log-scales were averaged; the logarithm of a product is a sum": log_scale.mean(-1),
        "the log-scales were not summed": log_scale,
        "the scales were summed, not their logarithms": log_scale.exp().sum(-1),
        "the log-determinant was summed over the batch": log_scale.sum(),
    }


def inverse(method: str, kept: int, weights: Any, points: Any) -> dict[str, Any]:
    """What the usual slips return in place of the points that were moved."""
    first, second, log_scale, shift = _parts(kept, weights, points)
    return {
        "the points were moved once more, not back": _joined(first, second * log_scale.exp() + shift),
        "the scale was undone before the shift; the last step is undone first": _joined(
            first, second * (-log_scale).exp() - shift
        ),
        "the scale was not undone": _joined(first, second - shift),
        "the shift was not undone": _joined(first, second * (-log_scale).exp()),
        "the scale was applied once more and not undone": _joined(first, (second - shift) * log_scale.exp()),
    }


def log_prob(method: str, kept: int, weights: Any, points: Any) -> dict[str, Any]:
    """What the usual slips return in place of the log-density."""
    first, second, log_scale, shift = _parts(kept, weights, points)

    def base(z: Any) -> Any:
        return -0.5 * (LOG_2PI + z**2).sum(-1)

    right, total = base(_joined(first, (second - shift) * (-log_scale).exp())), log_scale.sum(-1)
    return {
        "the log-determinant has the wrong sign: where the map stretches the density falls": right + total,
        "the log-determinant is missing": right,
        "the density of y itself was taken: it is z that is standard normal": base(points) - total,
        "log 2π is missing": right - total + 0.5 * LOG_2PI * points.shape[-1],
        "log 2π was counted once, not once per dimension": right - total + 0.5 * LOG_2PI * (points.shape[-1] - 1),
        "the kept coordinates were left out of the density": right - total - base(first),
        "the density was returned, not its logarithm": (right - total).exp(),
        "y was moved forward once more, not back": base(_joined(first, second * log_scale.exp() + shift)) - total,
    }


def doubly_reparameterized(x: Any, mean: Any, log_var: Any, weight: Any, eps: Any) -> dict[str, Any]:
    """What the usual slips return in place of the doubly reparameterized gradient."""
    std = (0.5 * log_var).exp()
    z = mean + std * eps
    residual = x - z @ weight.mT
    log_joint = -0.5 * z.square().sum(-1) - 0.5 * residual.square().sum(-1)
    share = (log_joint + 0.5 * eps.square().sum(-1)).softmax(0).unsqueeze(-1)
    joint_slope = residual @ weight - z
    slope = joint_slope + eps / std

    def both(weights: Any, slope: Any, std: Any = std) -> tuple[Any, Any]:
        return (weights * slope).sum(0), (weights * slope * 0.5 * std * eps).sum(0)

    right, k = both(share**2, slope), len(eps)
    usual = (share * joint_slope).sum(0), (share * (joint_slope * 0.5 * std * eps + 0.5)).sum(0)
    return {
        "the usual gradient of the bound of many draws was returned": usual,
        "the normalized weights were not squared": both(share, slope),
        "all draws have the same weight, as in the VAE's bound": both(1 / k, slope),
        "all draws have the weight 1/k²": both(1 / k**2, slope),
        "the weights are w̃(1 - w̃): that is what is subtracted from w̃": both(share * (1 - share), slope),
        "q is missing from the derivative of log w": both(share**2, joint_slope),
        "q is missing from the weights: w = p(x, z)/q(z)": both(log_joint.softmax(0).unsqueeze(-1) ** 2, slope),
        "the prior is missing from the derivative of log w": both(share**2, slope + z),
        "the derivative of log q has the wrong sign": both(share**2, joint_slope - eps / std),
        "the derivative of log q was divided by σ twice: it is -ε/σ": both(share**2, joint_slope + eps / std**2),
        "the derivative of z by log_var lacks the factor 1/2": (right[0], 2 * right[1]),
        "the derivative was taken by σ; it is asked for by log_var": (right[0], 2 * right[1] / std),
        "the draws were averaged; the weights are already normalized": (right[0] / k, right[1] / k),
        "the sign is turned round: this is the gradient of the bound, and no loss's": (-right[0], -right[1]),
        "the two gradients changed places": (right[1], right[0]),
        "the gradients were summed over the batch": (right[0].sum(0), right[1].sum(0)),
    }
