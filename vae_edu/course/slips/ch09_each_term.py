"""The usual slips of chapter 9's exercises."""

import math
from typing import Any

LOG_2PI = math.log(2 * math.pi)


def linear_vae_optimum(eigenvalues: Any, latent: int, noise_var: float, beta: float) -> dict[str, Any]:
    """What the usual slips return in place of activities, mean divergence and mean bound."""
    first, rest, pixels = eigenvalues[:latent], eigenvalues[latent:].sum(), len(eigenvalues)

    def value(error: Any, divergence: Any, noise_var: float = noise_var) -> Any:
        return -0.5 * (pixels * (LOG_2PI + math.log(noise_var)) + error / noise_var) - divergence

    def at(level: float) -> Any:
        kept = first.clamp(min=level)
        return 1 - level / kept, 0.5 * (kept / level).log().sum(), first.clamp(max=level).sum() + rest

    level = beta * noise_var
    activity, divergence, error = at(level)
    kept, bound = first.clamp(min=level), value(error, divergence)
    plain, divided = at(noise_var), at(noise_var / beta)
    unclamped = 0.5 * (first / level).log().sum()
    return {
        "beta was left out: the water stands at beta · noise_var": (*plain[:2], value(plain[2], plain[1])),
        "noise_var was divided by beta": (*divided[:2], value(divided[2], divided[1])),
        "the bound weighs the divergence by beta; weigh it by 1": (
            activity,
            divergence,
            value(error, beta * divergence),
        ),
        "the bound was taken with the variance beta · noise_var; the model has noise_var": (
            activity,
            divergence,
            value(error, divergence, level),
        ),
        "the divergence has the wrong sign in the bound": (activity, divergence, value(error, -divergence)),
        "the divergence is missing in the bound": (activity, divergence, value(error, 0.0)),
        "log 2π is missing": (activity, divergence, bound + 0.5 * pixels * LOG_2PI),
        "log noise_var is missing": (activity, divergence, bound + 0.5 * pixels * math.log(noise_var)),
        "the constants were counted once, not once per pixel": (
            activity,
            divergence,
            bound + 0.5 * (pixels - 1) * (LOG_2PI + math.log(noise_var)),
        ),
        "the error on the axes that no latent keeps was forgotten": (
            activity,
            divergence,
            value(error - rest, divergence),
        ),
        "the error of latents that stay was forgotten; it is beta · noise_var for each": (
            activity,
            divergence,
            value(first.where(first < level, 0 * first).sum() + rest, divergence),
        ),
        "the axes beyond the latents were cut off at the water level too": (
            activity,
            divergence,
            value(eigenvalues.clamp(max=level).sum(), divergence),
        ),
        "the factor 1/2 of the divergence is missing": (activity, 2 * divergence, value(error, 2 * divergence)),
        "the factor 1/2 of the reconstruction term is missing": (
            activity,
            divergence,
            2 * value(error, 0.0) - divergence,
        ),
        "collapsed latents were given a negative activity and divergence; both are 0": (
            1 - level / first,
            unclamped,
            value(error, unclamped),
        ),
        "the posterior variance was returned for the activity, 1 minus it": (1 - activity, divergence, bound),
        "the squared length of the decoder's column was returned for the activity": (kept - level, divergence, bound),
        "the divergence was counted in bits; it is asked for in nats": (activity, divergence / math.log(2), bound),
        "the divergence was averaged over the latents": (
            activity,
            divergence / latent,
            value(error, divergence / latent),
        ),
    }


def kl_split(mean: Any, log_var: Any, eps: Any) -> dict[str, Any]:
    """What the usual slips return in place of each image's information and mismatch."""
    import torch

    def densities(sigma: Any, log_var: Any = log_var) -> Any:
        """log q_k(z) for each draw (samples, n) and each image k, of the draw's own image, and of the prior."""
        z = mean + sigma * eps
        each = -0.5 * (LOG_2PI + log_var + (z.unsqueeze(2) - mean) ** 2 * torch.exp(-log_var)).sum(-1)
        return each, each.diagonal(dim1=1, dim2=2), -0.5 * (LOG_2PI + z**2).sum(-1)

    def split(each: Any, own: Any, prior: Any, mixed: Any = None) -> Any:
        mixed = each.logsumexp(-1) - math.log(len(mean)) if mixed is None else mixed
        return (own - mixed).mean(0), (mixed - prior).mean(0)

    each, own, prior = densities(torch.exp(0.5 * log_var))
    information, mismatch = split(each, own, prior)
    log_n = math.log(len(mean))
    exact = 0.5 * (mean**2 + log_var.exp() - 1 - log_var).sum(-1)
    over_draws = each.logsumexp(1) - log_n
    return {
        "the densities of the images were added up and not averaged: log n is missing": split(
            each, own, prior, each.logsumexp(-1)
        ),
        "the mean of the log-densities was taken; q is the mean of the densities": split(
            each, own, prior, each.mean(-1)
        ),
        "the largest of the densities was taken for their mean": split(each, own, prior, each.max(-1).values - log_n),
        "the densities were averaged over the draws of all images; average over the images": split(
            each, own, prior, over_draws
        ),
        "the image itself was left out of the mixture": split(
            each,
            own,
            prior,
            (each - torch.diag_embed(torch.full_like(own, math.inf))).logsumexp(-1) - log_n,
        ),
        "the two parts have changed places": (mismatch, information),
        "the mismatch has the wrong sign: log q(z) - log p(z) is asked for": (information, -mismatch),
        "the information has the wrong sign: log q_i(z) - log q(z) is asked for": (-information, mismatch),
        "the second part is the whole divergence; subtract the information": (information, information + mismatch),
        "the closed-form divergence minus the information was returned as mismatch; average over the draws": (
            information,
            exact - information,
        ),
        "σ² stands where σ belongs in the draws": split(*densities(log_var.exp())),
        "log_var was used as log σ; it is log σ²": split(*densities(log_var.exp(), 2 * log_var)),
        "the sum over the draws was taken; their average is asked for": (
            information * len(eps),
            mismatch * len(eps),
        ),
        "one number was returned for all images; one per image is asked for": (information.mean(), mismatch.mean()),
        "the draws were not averaged": (own - each.logsumexp(-1) + log_n, each.logsumexp(-1) - log_n - prior),
        "the parts were averaged over the images; average over the draws": tuple(
            part.mean(-1) for part in (own - each.logsumexp(-1) + log_n, each.logsumexp(-1) - log_n - prior)
        ),
        "the information was counted in bits; it is asked for in nats": (information / math.log(2), mismatch),
    }
