"""The usual slips of chapter 4's exercises.

The first two take a generator or a function, so their calls are scenarios and the checks pass these slips themselves.
"""

from collections.abc import Callable
from typing import Any


def reparameterize(mean: Any, log_var: Any, noise: Any) -> dict[str, Any]:
    """What the usual slips make of standard normal `noise`, shape (samples, batch, latent)."""
    sigma = (0.5 * log_var).exp()
    return {
        "the noise was scaled by σ²; scale it by σ": mean + log_var.exp() * noise,
        "log_var was used as σ; σ is exp(log_var / 2)": mean + log_var * noise,
        "σ⁻¹ stands where σ belongs": mean + noise / sigma,
        "the mean was returned without noise": mean.expand_as(noise),
        "the mean is missing": sigma * noise,
        "the noise was not scaled": mean + noise,
    }


def score_function_gradient(f: Callable[[Any], Any], mean: Any, log_var: Any, eps: Any) -> dict[str, Any]:
    """What the usual slips return in place of the two gradients."""
    sigma = (0.5 * log_var).exp()
    value = f(mean + sigma * eps)
    weight = value - (value.sum(0) - value) / (len(value) - 1)

    def gradients(weight: Any, mean_score: Any = eps / sigma, log_var_score: Any = (eps**2 - 1) / 2) -> Any:
        return tuple((weight.unsqueeze(-1) * score).mean(0) for score in (mean_score, log_var_score))

    by_mean, by_log_var = gradients(weight)
    return {
        "the sign is turned round": (-by_mean, -by_log_var),
        "the two gradients changed places": (by_log_var, by_mean),
        "the draws were summed, not averaged": (by_mean * len(eps), by_log_var * len(eps)),
        "there is no baseline": gradients(value),
        "the baseline is the mean of all draws; the draw's own value does not belong in it": gradients(
            value - value.mean(0)
        ),
        "the baseline was added; subtract it": gradients(2 * value - weight),
        "the baseline is the sum of the other draws; take their mean": gradients(2 * value - value.sum(0)),
        "the baseline was taken over the data points, not over the draws": gradients(
            value - value.mean(1, keepdim=True)
        ),
        "the score of mean lacks its 1/σ": gradients(weight, eps),
        "the score of mean was divided by σ²; in terms of ε it is ε/σ": gradients(weight, eps / sigma**2),
        "the score of mean was multiplied by σ; it is ε/σ": gradients(weight, eps * sigma),
        "the second gradient is with respect to log σ; log_var is log σ²": gradients(weight, log_var_score=eps**2 - 1),
        "the second gradient is with respect to σ, not to log_var": gradients(
            weight, log_var_score=(eps**2 - 1) / sigma
        ),
        "the second gradient is with respect to σ², not to log_var": gradients(
            weight, log_var_score=(eps**2 - 1) / (2 * sigma**2)
        ),
    }


def truncated_exponential(rate: Any, bound: Any, uniform: Any) -> dict[str, Any]:
    """What the usual slips return in place of the inverse distribution function."""
    mass = -(-rate * bound).expm1()
    endless = -(-uniform).log1p() / rate

    def draws(mass: Any, uniform: Any = uniform) -> Any:
        return -(-uniform * mass).log1p() / rate

    return {
        "the law was not cut off at bound": endless,
        "the uncut exponential's draws were moved back to bound (min or clamp)": endless.minimum(bound),
        "the uncut exponential's draws were wrapped around at bound": endless % bound,
        "the uncut exponential's draws were scaled by bound": endless * bound,
        "the uniform number was divided by 1 - exp(-rate·bound); solve u = F(z) once more": draws(1 / mass),
        "1 - u was used in place of u: the draw has to rise with u": draws(mass, 1 - uniform),
        "rate was used as a scale: divide by it": draws(mass) * rate**2,
        "the division by rate is missing": draws(mass) * rate,
        "rate is missing in the probability exp(-rate·bound)": draws(-(-bound).expm1()),
        "bound is missing in the probability exp(-rate·bound)": draws(-(-rate).expm1()),
        "the probability exp(-rate·bound) stands where 1 minus it belongs": draws(1 - mass),
        "the sign is turned round": -draws(mass),
        "the law is uniform, which holds only where rate·bound is small": uniform * bound,
        "the distribution function was applied, not its inverse": -(-rate * uniform).expm1() / mass,
    }
