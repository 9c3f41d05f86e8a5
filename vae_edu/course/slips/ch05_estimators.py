"""The usual slips of chapter 5's exercises."""

import math
from itertools import combinations
from typing import Any

from vae_edu.course.slips import sums_gone_wrong

LOG_2PI = math.log(2 * math.pi)


def estimators_a_b(x: Any, mean: Any, log_var: Any, weight: Any, eps: Any) -> dict[str, Any]:
    """What the usual slips return in place of the estimators A and B."""
    sigma, var = (0.5 * log_var).exp(), log_var.exp()

    def pieces(z: Any) -> tuple[Any, Any]:
        likelihood = (LOG_2PI + (x - z @ weight.mT) ** 2).sum(-1) / -2
        return likelihood, (LOG_2PI + z**2).sum(-1) / -2

    likelihood, prior = pieces(mean + sigma * eps)
    log_q = (LOG_2PI + log_var + eps**2).sum(-1) / -2
    terms = (mean**2 + var - 1 - log_var) / 2
    kl = terms.sum(-1)
    ratios = likelihood + prior - log_q

    def both(likelihood: Any, prior: Any, log_q: Any, kl: Any) -> Any:
        return (likelihood + prior - log_q).mean(0), likelihood.mean(0) - kl

    a, b = both(likelihood, prior, log_q, kl)
    wrong = {
        "A and B changed places, or one of them is computed as the other": (b, a),
        "the sign is turned round": (-a, -b),
        "the draws were summed, not averaged": (ratios.sum(0), likelihood.sum(0) - kl),
        "only the first draw was used": (ratios[0], likelihood[0] - kl),
        "the logarithm was taken of the draws' average, which is another bound; average the logarithms": (
            ratios.logsumexp(0) - math.log(len(eps)),
            likelihood.logsumexp(0) - math.log(len(eps)) - kl,
        ),
        "log q was added; subtract it": (both(likelihood, prior, -log_q, kl)[0], b),
        "log q is missing": (both(likelihood, prior, 0, kl)[0], b),
        "log p(z) is missing": (both(likelihood, 0 * prior, log_q, kl)[0], b),
        "A takes the divergence as well as log p(z) and log q": (a - kl, b),
        "the divergence was added; subtract it": (a, likelihood.mean(0) + kl),
        "the divergence is missing": (a, likelihood.mean(0)),
        "the factor 1/2 of the divergence is missing": (a, b - kl),
        "the noise was scaled by σ²; scale it by σ": both(*pieces(mean + var * eps), log_q, kl),
        "z is the mean; the noise is missing": both(*pieces(mean + 0 * eps), log_q, kl),
        "log_var was used as log σ; it is log σ²": both(
            *pieces(mean + var * eps), log_q - log_var.sum(-1) / 2, (mean**2 + var**2 - 1 - 2 * log_var).sum(-1) / 2
        ),
        "log 2π is missing in log p(x|z)": both(likelihood + x.shape[-1] * LOG_2PI / 2, prior, log_q, kl),
        "log 2π is missing in log p(z)": (both(likelihood, prior + mean.shape[-1] * LOG_2PI / 2, log_q, kl)[0], b),
        "log 2π is missing in log q": (both(likelihood, prior, log_q + mean.shape[-1] * LOG_2PI / 2, kl)[0], b),
        "log_var is missing in log q": (both(likelihood, prior, log_q + log_var.sum(-1) / 2, kl)[0], b),
        "log p(x|z) was averaged over the pixels; the equation has their sum": both(
            likelihood / x.shape[-1], prior, log_q, kl
        ),
    }
    divergences = {
        f"of the divergence {slip}": (a, likelihood.mean(0) - value)
        for slip, value in sums_gone_wrong(terms).items()
        if value.shape == kl.shape
    }
    return wrong | divergences


def minibatch_bound(values: Any, n: int) -> dict[str, Any]:
    """What the usual slips return in place of the data set's bound and its estimate's variance."""
    samples, minibatch = values.shape
    averages = values.mean(0)
    mean, within = averages.mean(), values.var(0).mean()
    between = averages.var() - within / samples

    def variance(between: Any = between, within: Any = within, left: float = 1 - minibatch / n) -> Any:
        return n**2 * (left * between / minibatch + within / (minibatch * samples))

    right = n * mean
    return {
        "the variance is that of the mean over the minibatch; the sum over n points has n² times as much": (
            right,
            variance() / n**2,
        ),
        "the mean over the minibatch was returned; the data set's bound is a sum over n points": (
            mean,
            variance() / n**2,
        ),
        "the sum was not scaled by n/M": (averages.sum(), variance() * (minibatch / n) ** 2),
        "the draws were summed, not averaged": (right * samples, variance()),
        "n/M is upside down": (averages.sum() * minibatch / n, variance()),
        "the sum was scaled by n; it needs n/M": (n * averages.sum(), variance()),
        "the variance was scaled by n; scale it by n²": (right, variance() / n),
        "the standard deviation was returned, not the variance": (right, variance().sqrt()),
        "S² still holds the noise of the columns' averages: take v/L from it": (right, variance(averages.var())),
        "v was taken from S²; the noise of an average of L draws is v/L": (right, variance(averages.var() - within)),
        "a negative S² was replaced by 0, which makes the estimate biased": (right, variance(between.clamp(min=0))),
        "1/N is missing: a minibatch drawn without repetition leaves 1/M - 1/N": (right, variance(left=1.0)),
        "the term v/(M·L) is missing": (right, variance(within=0)),
        "the term in S² is missing": (right, variance(0)),
        "v was divided by M; M·L draws take part": (right, variance(within=samples * within)),
        "v was divided by L; M·L draws take part": (right, variance(within=minibatch * within)),
        "v comes from sample variances divided by L, not by L - 1": (
            right,
            _with_other_counts(values, n, columns=0, rows=1),
        ),
        "S² comes from a sample variance divided by M, not by M - 1": (
            right,
            _with_other_counts(values, n, columns=1, rows=0),
        ),
        "sample variances were divided by their count, not by their count less 1": (
            right,
            _with_other_counts(values, n, columns=0, rows=0),
        ),
        "all numbers were taken as independent draws": (right, n**2 * values.var() / values.numel()),
        "rows and columns changed places": _transposed(values, n),
    }


def _with_other_counts(values: Any, n: int, columns: int, rows: int) -> Any:
    samples, minibatch = values.shape
    within = values.var(0, correction=columns).mean()
    between = values.mean(0).var(correction=rows) - within / samples
    return n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))


def _transposed(values: Any, n: int) -> Any:
    minibatch, samples = values.shape
    averages, within = values.mean(1), values.var(1).mean()
    between = averages.var() - within / samples
    return n * averages.mean(), n**2 * ((1 / minibatch - 1 / n) * between + within / (minibatch * samples))


SIGMA, DETACHED, MEAN, SCALE, ADDED_UP, DOWNHILL = BROKEN = (
    "the noise is scaled by σ², not by σ",
    "no gradient passes through z",
    "the divergence is averaged over the latent dimensions",
    "the sum over the minibatch is scaled by n, not by n/M",
    "gradients of earlier steps are still there",
    "the step goes downhill",
)
AVERAGE, SUMMED, WITHOUT = MORE = (
    "the step follows a mean over the minibatch, not n/M times its sum",
    "the draws are summed, not averaged",
    "the divergence is missing",
)


def mended_training_step(scenario: Any, **inputs: Any) -> dict[str, Any]:
    """What a scenario gives for steps with one or two mistakes, and for the broken step as it was."""
    several = [*((mistake,) for mistake in (*BROKEN, *MORE)), *combinations(BROKEN, 2)]

    def outcome(mistakes: tuple[str, ...]) -> Any:
        return scenario(lambda *arguments: _wrong_step(mistakes, *arguments), *inputs.values())

    wrong = {", and ".join(mistakes): outcome(mistakes) for mistakes in several}
    return wrong | {"the broken step was not mended": outcome(BROKEN)}


def _wrong_step(mistakes: tuple[str, ...], model: Any, optimizer: Any, x: Any, n: int, eps: Any) -> Any:
    mean, log_var = model.encode(x)
    z = mean + (log_var if SIGMA in mistakes else 0.5 * log_var).exp() * eps
    likelihood = model.log_likelihood(x, z.detach() if DETACHED in mistakes else z)
    terms = 0.5 * (mean**2 + log_var.exp() - 1 - log_var)
    kl = terms.mean(-1) if MEAN in mistakes else terms.sum(-1)
    bounds = (likelihood.sum(0) if SUMMED in mistakes else likelihood.mean(0)) - (0 if WITHOUT in mistakes else kl)
    scale = 1 / len(x) if AVERAGE in mistakes else n if SCALE in mistakes else n / len(x)
    bound = scale * bounds.sum()
    if ADDED_UP not in mistakes:
        optimizer.zero_grad()
    (bound if DOWNHILL in mistakes else -bound).backward()
    optimizer.step()
    return bound.detach()
