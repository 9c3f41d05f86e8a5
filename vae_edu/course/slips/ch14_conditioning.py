"""The usual slips of chapter 14's exercises."""

import math
from typing import Any


def best_regressor(pictures: Any, probs: Any) -> dict[str, Any]:
    """What the usual slips return in place of the best regressor's answer and its price."""
    from torch import xlogy

    def entropies(share: Any) -> Any:
        return -xlogy(share, share) - xlogy(1 - share, 1 - share)

    answer = (probs @ pictures).clamp(0, 1)
    by_pixel, best = entropies(answer), -xlogy(probs, probs).sum(-1)
    cost = by_pixel.sum(-1)
    common = probs.mean(0, keepdim=True) @ pictures

    def answered(wrong: Any) -> Any:
        return wrong.expand(answer.shape), cost - best

    costs = {
        "the sign of the price is turned round: no model is better than p*(y|c)": best - cost,
        "the regressor's whole cost was returned; subtract what the best model pays": cost,
        "the best model's cost was returned; it is what has to be subtracted": best,
        "the two costs were added": cost + best,
        "the mean over the pixels was taken; the cost of a picture is their sum": by_pixel.mean(-1) - best,
        "a dark pixel costs nothing: the term (1 - m) log(1 - m) is missing": -xlogy(answer, answer).sum(-1) - best,
        "the logarithms are to the base 2; nats are wanted": (cost - best) / math.log(2),
        "the squared error was taken for the cross-entropy": (answer * (1 - answer)).sum(-1) - best,
        "the answer was cut to 0 and 1, and scored as certain": -best,
        "the price was averaged over the conditions; give one number for each": (cost - best).mean(),
        "the price was summed over the conditions; give one number for each": (cost - best).sum(),
        "the pixels' terms were not summed": by_pixel - best[:, None],
    }
    return {slip: (answer, price) for slip, price in costs.items()} | {
        "all pictures were counted alike; weigh each by its probability": answered(pictures.mean(0)),
        "the most probable picture was given; the best answer is the mean of all": answered(pictures[probs.argmax(-1)])
        if len(probs)
        else (answer, cost),
        "every pixel was cut to its likelier value; the best answer is a probability": answered((answer > 0.5) + 0.0),
        "the answer is one for all conditions; each has its own": answered(common),
        "the answer is that of the dark pixels, 1 - m": answered(1 - answer),
    }


def _layer(weights: dict[str, Any], name: str, inputs: Any) -> Any:
    return inputs @ weights[f"{name}.weight"].mT + weights.get(f"{name}.bias", 0)


def _encoded(weights: dict[str, Any], y: Any, c: Any) -> tuple[Any, Any]:
    h = (_layer(weights, "encoder_y", y) + _layer(weights, "encoder_c", c)).tanh()
    return _layer(weights, "encoder_mean", h), _layer(weights, "encoder_log_var", h)


def _decoded(weights: dict[str, Any], z: Any, c: Any) -> Any:
    return _layer(weights, "decoder_mean", (_layer(weights, "decoder_z", z) + _layer(weights, "decoder_c", c)).tanh())


def encoded_mean(method: str, weights: dict[str, Any], sigma: float, y: Any, c: Any) -> dict[str, Any]:
    """What the usual slips return as the mean of q(z|y, c)."""
    h = _layer(weights, "encoder_y", y) + _layer(weights, "encoder_c", c)
    return {
        "the encoder is not told the condition": _encoded(weights, y, 0 * c)[0],
        "the encoder is not told the target": _encoded(weights, 0 * y, c)[0],
        "the hidden units lack their tanh": _layer(weights, "encoder_mean", h),
        "the two heads have changed places": _encoded(weights, y, c)[1],
    }


def encoded_log_var(method: str, weights: dict[str, Any], sigma: float, y: Any, c: Any) -> dict[str, Any]:
    """What the usual slips return as the log-variance of q(z|y, c)."""
    mean, log_var = _encoded(weights, y, c)
    return {
        "the variance was returned; log_var is its logarithm": log_var.exp(),
        "σ was returned; log_var is the logarithm of σ²": (log_var / 2).exp(),
        "the two heads have changed places": mean,
    }


def decoded(method: str, weights: dict[str, Any], sigma: float, z: Any, c: Any) -> dict[str, Any]:
    """What the usual slips return in place of f(z, c)."""
    h = _layer(weights, "decoder_z", z) + _layer(weights, "decoder_c", c)
    right = _decoded(weights, z, c)
    return {
        "the decoder ignores the condition": _decoded(weights, z, 0 * c),
        "the decoder ignores z: it is a regressor": _decoded(weights, 0 * z, c),
        "the hidden units lack their tanh": _layer(weights, "decoder_mean", h),
        "the means went through a sigmoid; a Gaussian's mean may be any number": right.sigmoid(),
    }


def completed(method: str, weights: dict[str, Any], sigma: float, c: Any, eps: Any) -> dict[str, Any]:
    """What the usual slips return in place of answers from the prior."""
    answers = _decoded(weights, eps, c)
    return {
        "z is the prior's mean, not a draw from it: all answers to a condition are the same": _decoded(
            weights, 0 * eps, c
        ),
        "the answers were averaged over the samples, which blurs them": answers.mean(0),
        "only the first sample was used": answers[0],
        "the decoder ignores the condition": _decoded(weights, eps, 0 * c),
    }


def bound(method: str, weights: dict[str, Any], sigma: float, y: Any, c: Any, eps: Any) -> dict[str, Any]:
    """What the usual slips return in place of the conditional bound."""
    (mean, log_var), targets = _encoded(weights, y, c), y.shape[-1]
    std, log_2pi = (0.5 * log_var).exp(), math.log(2 * math.pi)

    def log_ps(z: Any, c: Any = c, scale: float = 2 * sigma**2) -> Any:
        return -((y - _decoded(weights, z, c)) ** 2) / scale - math.log(sigma) - 0.5 * log_2pi

    def kls(mean: Any, log_var: Any, var: Any) -> Any:
        return 0.5 * (mean**2 + var - 1 - log_var)

    z = mean + std * eps
    terms, divergences = log_ps(z), kls(mean, log_var, log_var.exp())
    log_py, kl = terms.sum(-1), divergences.sum(-1)
    reconstruction = log_py.mean(0)
    right = reconstruction - kl
    prior = _decoded(weights, eps, c)
    blind = _encoded(weights, y, 0 * c)
    drawn_blind = blind[0] + (0.5 * blind[1]).exp() * eps
    return {
        "the sign is turned round: that is the loss, the bound is what training maximizes": -right,
        "the divergence was added; the bound subtracts it": reconstruction + kl,
        "the divergence is missing": reconstruction,
        "the reconstruction term is missing": -kl,
        "the factor 1/2 of the divergence is missing": reconstruction - 2 * kl,
        "the mean over the target's entries was taken; log p(y|z, c) is their sum": terms.mean((0, -1)) - kl,
        "the mean over the latents was taken; the divergence is their sum": reconstruction - divergences.mean(-1),
        "means were taken over entries and latents; both terms are sums": terms.mean((0, -1)) - divergences.mean(-1),
        "the samples were summed; the bound has their mean": log_py.sum(0) - kl,
        "only the first sample was used": log_py[0] - kl,
        "the samples were averaged inside the logarithm": log_py.exp().mean(0).log() - kl,
        "the bound was averaged over the batch; give one number per data point": right.mean(),
        "the mean of q was decoded, not a sample": log_ps(mean).sum(-1) - kl,
        "z came from the prior; in the bound it comes from q": (
            (-((y - prior) ** 2) / (2 * sigma**2) - math.log(sigma) - 0.5 * log_2pi).sum(-1).mean(0) - kl
        ),
        "z was drawn with log_var for log σ; σ is exp(log_var / 2)": log_ps(mean + log_var.exp() * eps).sum(-1).mean(0)
        - kl,
        "the first latent's noise was used for all latents": log_ps(mean + std * eps[..., :1]).sum(-1).mean(0) - kl,
        "the first data point's noise was used for all of them": log_ps(mean + std * eps[:, :1]).sum(-1).mean(0) - kl,
        "the divergence took log_var for log σ": reconstruction - kls(mean, 2 * log_var, (2 * log_var).exp()).sum(-1),
        "σ stands in the divergence where σ² belongs": reconstruction - kls(mean, log_var, std).sum(-1),
        "log 2π is missing": right + 0.5 * targets * log_2pi,
        "log 2π was counted once, not once per entry of the target": right + 0.5 * (targets - 1) * log_2pi,
        "the decoder's log σ is missing": right + targets * math.log(sigma),
        "the decoder's log σ was counted once, not once per entry of the target": right
        + (targets - 1) * math.log(sigma),
        "all that does not depend on the weights was left out": right + targets * (math.log(sigma) + 0.5 * log_2pi),
        "the squared distance was divided by σ; divide by 2σ²": log_ps(z, scale=sigma).sum(-1).mean(0) - kl,
        "the squared distance was divided by 2σ; divide by 2σ²": log_ps(z, scale=2 * sigma).sum(-1).mean(0) - kl,
        "the factor 1/2 of the squared distance is missing": log_ps(z, scale=sigma**2).sum(-1).mean(0) - kl,
        "the squared distance was not divided by 2σ²": log_ps(z, scale=1.0).sum(-1).mean(0) - kl,
        "the decoder ignores the condition": log_ps(z, 0 * c).sum(-1).mean(0) - kl,
        "the encoder is not told the condition": log_ps(drawn_blind).sum(-1).mean(0)
        - kls(blind[0], blind[1], blind[1].exp()).sum(-1),
    }
