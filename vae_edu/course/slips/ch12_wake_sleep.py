"""The usual slips of chapter 12's exercises."""

import math
from typing import Any

LOG_2PI = math.log(2 * math.pi)

MISTAKES = (
    WAKE_SIGMA := "the guess's noise was scaled by σ², not by σ",
    SLEEP_SIGMA := "the dream's noise was scaled by σ², not by σ",
    WAKE_MEAN := "the guess is q's mean; its noise is missing",
    SLEEP_MEAN := "the dream is the decoder's mean; its noise is missing",
    NO_PRIOR := "log p(z) is missing awake",
    PRIOR_ONLY := "log p(x|z) is missing awake",
    BOUND := "log q(z|x) was taken off awake; that makes the bound of log p(x, z)",
    NO_LOG_2PI := "log 2π is missing",
    HALF := "the factor 1/2 is missing",
    PIXEL_MEAN := "the mean over the dimensions was taken; a log-density is their sum",
    SIGN := "the sign is turned round: both are to be made larger",
    ROOT := "the squared distance was divided by σ; divide by σ²",
)


def wake_and_sleep(scenario: Any, **inputs: Any) -> dict[str, Any]:
    """What a scenario gives for the two phases with one mistake."""

    def outcome(mistake: str) -> Any:
        return scenario(lambda *arguments: _wrong_phases(mistake, *arguments), *inputs.values())

    return {mistake: outcome(mistake) for mistake in MISTAKES}


def _wrong_phases(mistake: str, model: Any, x: Any, eps: Any, dreamed_z: Any, dream_noise: Any) -> Any:
    def log_normal(value: Any, mean: Any, log_var: Any) -> Any:
        scale = (0.5 * log_var if mistake == ROOT else log_var).exp()
        log_2pi = 0 if mistake == NO_LOG_2PI else LOG_2PI
        terms = (-1 if mistake == HALF else -0.5) * (log_2pi + log_var + (value - mean) ** 2 / scale)
        return terms.mean(-1) if mistake == PIXEL_MEAN else terms.sum(-1)

    def draw(gaussian: Any, noise: Any, squared: str, none: str) -> Any:
        mean, log_var = gaussian
        scale = 0 if mistake == none else (log_var if mistake == squared else 0.5 * log_var).exp()
        return (mean + scale * noise).detach()

    q = model.encode(x)
    z = draw(q, eps, WAKE_SIGMA, WAKE_MEAN)
    dream = draw(model.decode(dreamed_z), dream_noise, SLEEP_SIGMA, SLEEP_MEAN)
    prior, likelihood = log_normal(z, 0 * z, 0 * z), log_normal(x, *model.decode(z))
    wake = (0 if mistake == NO_PRIOR else prior) + (0 if mistake == PRIOR_ONLY else likelihood)
    if mistake == BOUND:
        wake = wake - log_normal(z, *q).detach()
    sleep = log_normal(dreamed_z, *model.encode(dream))
    return (-wake, -sleep) if mistake == SIGN else (wake, sleep)


def three_pulls(x: Any, weight: Any, noise_var: float) -> dict[str, Any]:
    """What the usual slips return in place of the three pulls."""
    n, latent = len(x), weight.shape[1]
    identity = weight.new_ones(latent).diag()
    right = _Beliefs(x, weight, noise_var, identity)
    variances = {
        "the bound's guess has the posterior's own variances; smaller ones are best for it": (
            right.full,
            right.by_sleep,
            right.by_sleep,
        ),
        "the sleep phase's guess has the bound's variances; it wants the posterior's own": (
            right.full,
            right.by_bound,
            right.by_bound,
        ),
        "the bound's guess has variances that are the diagonal of the precision matrix; take one over it": (
            right.full,
            right.precision.diagonal().diag(),
            right.by_sleep,
        ),
        "the beliefs' covariances are missing: all z are at the mean": (0 * right.full,) * 3,
        "all three beliefs were given the posterior's covariance": (right.full,) * 3,
        "the covariances were divided by the number of data points": tuple(c / n for c in right.all),
        "the covariances were multiplied by the number of data points": tuple(c * n for c in right.all),
        "standard deviations stand where variances belong in the diagonal guesses": (
            right.full,
            right.by_bound.sqrt(),
            right.by_sleep.sqrt(),
        ),
    }
    others = {
        "the posterior's precision lacks the prior's part, the identity": _Beliefs(x, weight, noise_var, 0 * identity)
        if weight.shape[0] >= latent
        else right,
        "noise_var was squared; it is a variance already": _Beliefs(x, weight, noise_var**2, identity),
        "the root of noise_var was taken; the formulas need the variance": _Beliefs(
            x, weight, noise_var**0.5, identity
        ),
    }
    pulls = tuple(right.pull(covariance) for covariance in right.all)
    return (
        {slip: tuple(right.pull(covariance) for covariance in given) for slip, given in variances.items()}
        | {slip: tuple(b.pull(c) for c in b.all) for slip, b in others.items() if b is not right}
        | {
            "the sign is turned round": tuple(-pull for pull in pulls),
            "the sum over the data points was taken; the task asks for their average": tuple(
                n * pull for pull in pulls
            ),
            "the pulls are not divided by noise_var": tuple(noise_var * pull for pull in pulls),
            "z zᵀ was averaged as the product of two averages over the data": tuple(
                (x.mT @ right.mean / n - weight @ (c + right.mean.mean(0).outer(right.mean.mean(0)))) / noise_var
                for c in right.all
            ),
            "the term in x is missing": tuple(pull - x.mT @ right.mean / n / noise_var for pull in pulls),
            "the log-densities' other term, that of the prior, was differentiated too: weight is not in it": tuple(
                pull - weight for pull in pulls
            ),
        }
    )


class _Beliefs:
    """The mean and the three covariances, and what they make of the weight."""

    def __init__(self, x: Any, weight: Any, noise_var: float, identity: Any) -> None:
        self.x, self.weight, self.noise_var = x, weight, noise_var
        self.precision = identity + weight.mT @ weight / noise_var
        self.full = self.precision.inverse()
        self.mean = x @ weight @ self.full / noise_var
        self.by_bound = (1 / self.precision.diagonal()).diag()
        self.by_sleep = self.full.diagonal().diag()
        self.all = (self.full, self.by_bound, self.by_sleep)

    def pull(self, covariance: Any) -> Any:
        n = len(self.x)
        second_moment = covariance + self.mean.mT @ self.mean / n
        return (self.x.mT @ self.mean / n - self.weight @ second_moment) / self.noise_var
