"""The usual slips of chapter 6's exercises."""

from typing import Any

from vae_edu.course.slips import sums_gone_wrong


def log_bernoulli(x: Any, logits: Any) -> dict[str, Any]:
    """What the usual slips return in place of the Bernoulli log-likelihood."""
    from torch import sigmoid
    from torch.nn.functional import softplus

    terms = x * logits - softplus(logits)
    y = sigmoid(logits)
    return sums_gone_wrong(terms) | {
        "the sign is turned round: that is the cross-entropy, a cost": -terms.sum(-1),
        "the term of the dark pixels, (1 - x) log(1 - y), is missing": -(x * softplus(-logits)).sum(-1),
        "the term of the white pixels, x log y, is missing": -((1 - x) * softplus(logits)).sum(-1),
        "x and 1 - x have changed places": ((1 - x) * logits - softplus(logits)).sum(-1),
        "the sigmoid was taken twice; the decoder's output is a logit": (x * y - softplus(y)).sum(-1),
        "the two terms were subtracted, not added": (terms + 2 * (1 - x) * softplus(logits)).sum(-1),
        "softplus of -logits stands where that of logits belongs": (x * logits - softplus(-logits)).sum(-1),
        "the pixels were cut to black and white; a grey pixel mixes both terms": (
            (x > 0.5) * logits - softplus(logits)
        ).sum(-1),
        "the squared error was returned": -(x - y).square().sum(-1),
        "the logarithms were left out": (x * y + (1 - x) * (1 - y)).sum(-1),
        "the probability was returned, not its logarithm": terms.sum(-1).exp(),
    }


def bound(method: str, weights: dict[str, Any], x: Any, eps: Any) -> dict[str, Any]:
    """What the usual slips return in place of a VAE's bound, for the weights of its layers."""
    from torch import tanh

    def layer(name: str, inputs: Any) -> Any:
        return inputs @ weights[f"{name}.weight"].mT + weights[f"{name}.bias"]

    def logits(z: Any) -> Any:
        return layer("decoder_logits", tanh(layer("decoder_hidden", z)))

    h = tanh(layer("encoder_hidden", x))
    return _bounds(x, eps, layer("encoder_mean", h), layer("encoder_log_var", h), logits)


def _bounds(x: Any, eps: Any, mean: Any, log_var: Any, logits: Any) -> dict[str, Any]:
    from torch import sigmoid
    from torch.nn.functional import softplus

    def log_p(z: Any) -> Any:
        return x * logits(z) - softplus(logits(z))

    def divergences(log_var: Any, var: Any) -> Any:
        return 0.5 * (mean**2 + var - 1 - log_var)

    std = (0.5 * log_var).exp()
    terms, kls = log_p(mean + std * eps), divergences(log_var, log_var.exp())
    log_px, kl = terms.sum(-1), kls.sum(-1)
    squashed = sigmoid(logits(mean + std * eps))
    return {
        "the sign is turned round: that is the loss, the bound is what training maximizes": kl - log_px.mean(0),
        "the divergence was added; the bound subtracts it": log_px.mean(0) + kl,
        "the divergence is missing": log_px.mean(0),
        "the reconstruction term is missing": -kl,
        "the factor 1/2 of the divergence is missing": log_px.mean(0) - 2 * kl,
        "the mean over the pixels was taken; the log-likelihood is their sum": terms.mean((0, -1)) - kl,
        "the mean over the latents was taken; the divergence is their sum": log_px.mean(0) - kls.mean(-1),
        "means were taken over pixels and latents; both terms are sums": terms.mean((0, -1)) - kls.mean(-1),
        "the samples were summed; the equation has their mean": log_px.sum(0) - kl,
        "only the first sample was used": log_px[0] - kl,
        "the samples were averaged inside the logarithm; K13 (10) averages logarithms": log_px.exp().mean(0).log() - kl,
        "the bound was averaged over the batch; give one number per data point": (log_px.mean(0) - kl).mean(),
        "the mean of q was decoded, not a sample": log_p(mean).sum(-1) - kl,
        "z was drawn with log_var for log σ; σ is exp(log_var / 2)": log_p(mean + log_var.exp() * eps).sum(-1).mean(0)
        - kl,
        "z was drawn with log_var where σ belongs": log_p(mean + log_var * eps).sum(-1).mean(0) - kl,
        "the first latent's noise was used for all latents": log_p(mean + std * eps[..., :1]).sum(-1).mean(0) - kl,
        "the first data point's noise was used for all of them": log_p(mean + std * eps[:, :1]).sum(-1).mean(0) - kl,
        "the divergence took log_var for log σ": log_px.mean(0) - divergences(2 * log_var, (2 * log_var).exp()).sum(-1),
        "σ stands in the divergence where σ² belongs": log_px.mean(0) - divergences(log_var, std).sum(-1),
        "the sigmoid was taken twice; the decoder's output is a logit": (
            (x * squashed - softplus(squashed)).sum(-1).mean(0) - kl
        ),
    }
