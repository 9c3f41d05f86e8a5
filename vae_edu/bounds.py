"""The evidence lower bound and its two Monte Carlo estimators.

An objective is a function (model, x, *, generator) -> terms: named tensors of shape (batch,), in nats, whose
sum is the bound to maximize for each data point. Naming the terms lets one training loop serve every objective,
plot its parts and say which of them broke.
"""

from typing import Any, Protocol, runtime_checkable

from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.gaussians import kl_standard_normal, log_normal, log_standard_normal, reparameterize
from vae_edu.gradients import mean_of_the_others, score_surrogate

Terms = dict[str, Float[Tensor, "batch"]]


@runtime_checkable
class LatentVariableModel(Protocol):
    """What a bound needs to know of a model; of a conditional one, whose x holds the condition too."""

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of q(z|x)."""

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z)."""


@runtime_checkable
class DeepModel(Protocol):
    """What a bound needs to know of a model with several stochastic layers: how its densities factorize is its own."""

    def log_weights(self, x: Tensor, *, samples: int = 1, generator: Generator | None = None) -> Tensor:
        """log p(x, h) − log q(h|x) for all layers h together, shape (samples, batch), in nats."""


@runtime_checkable
class Objective(Protocol):
    """Anything `fit` can maximize."""

    def __call__(self, model: Any, x: Tensor, *, generator: Generator | None = None) -> Terms:
        """Terms whose sum is the bound, each of shape (batch,), in nats."""


def elbo_terms(
    model: LatentVariableModel,
    x: Float[Tensor, "batch pixels"],
    *,
    eps: Float[Tensor, "samples batch latent"] | None = None,
    samples: int = 1,
    reconstruction_weight: float = 1.0,
    kl_weight: float = 1.0,
    generator: Generator | None = None,
) -> Terms:
    """The two terms of estimator B: E_q[log p(x|z)] by sampling,
    −KL(q(z|x) || p(z)) in closed form.

    The weights make one function of the VAE (1, 1), the β-VAE (1, β),
    "without the KL term" (1, 0) and "without the cross-entropy" (0, 1).
    Mean over samples; nothing is averaged over the batch. Raises ValueError
    for `eps` of another shape.

    Source: K13 (7), K13 (10), D16 (10).
    """
    mean, log_var = model.encode(x)
    z = reparameterize(mean, log_var, _noise(mean, eps, samples, generator))
    return {
        "reconstruction": reconstruction_weight * model.log_likelihood(x, z).mean(0),
        "-KL": -kl_weight * kl_standard_normal(mean, log_var),
    }


def elbo(
    model: LatentVariableModel,
    x: Float[Tensor, "batch pixels"],
    *,
    eps: Float[Tensor, "samples batch latent"] | None = None,
    samples: int = 1,
    generator: Generator | None = None,
) -> Float[Tensor, "batch"]:
    """Estimator B of the evidence lower bound, per data point, in nats.

    Source: K13 (3), K13 (7), K13 (10), D16 (5); of a conditional model, D16 (15).
    """
    terms = elbo_terms(model, x, eps=eps, samples=samples, generator=generator)
    return terms["reconstruction"] + terms["-KL"]


def elbo_a(
    model: LatentVariableModel | DeepModel,
    x: Float[Tensor, "batch pixels"],
    *,
    eps: Float[Tensor, "samples batch latent"] | None = None,
    samples: int = 1,
    generator: Generator | None = None,
) -> Float[Tensor, "batch"]:
    """Estimator A: the mean over samples of
    log p(x|z) + log p(z) − log q(z|x), per data point, in nats.

    Source: K13 (2), K13 (6); the expectation in D16 (3), of a conditional
    model in D16 (14), with its sign changed.
    """
    return log_weights(model, x, eps=eps, samples=samples, generator=generator).mean(0)


def log_weights(
    model: LatentVariableModel | DeepModel,
    x: Float[Tensor, "batch pixels"],
    *,
    eps: Float[Tensor, "samples batch latent"] | None = None,
    samples: int = 1,
    generator: Generator | None = None,
) -> Float[Tensor, "samples batch"]:
    """log p(x, z) − log q(z|x) of each draw z of q.

    The expectation of its exponential is p(x), its own expectation is the
    bound.

    Raises ValueError for `eps` of another shape, and when it is given for a
    model of several stochastic layers, which draws its own noise.

    Source: the integrand of K13 (2) and of K13 (6).
    """
    if isinstance(model, DeepModel):
        if eps is not None:
            raise ValueError("eps is for one stochastic layer; expected a generator, as this model has several")
        return model.log_weights(x, samples=samples, generator=generator)
    mean, log_var = model.encode(x)
    z = reparameterize(mean, log_var, _noise(mean, eps, samples, generator))
    return model.log_likelihood(x, z) + log_standard_normal(z) - log_normal(z, mean, log_var)


def score_function_terms(
    model: LatentVariableModel,
    x: Float[Tensor, "batch pixels"],
    *,
    eps: Float[Tensor, "samples batch latent"] | None = None,
    samples: int = 1,
    baseline: bool = False,
    generator: Generator | None = None,
) -> Terms:
    """The values of `elbo_terms`; but the reconstruction's gradient reaches the encoder through log q(z|x), not z.

    `baseline` takes from each draw's log p(x|z) the mean over the data point's other draws: at least two samples.

    Source: K13 §2.2.
    """
    mean, log_var = model.encode(x)
    z = reparameterize(mean, log_var, _noise(mean, eps, samples, generator)).detach()
    value = model.log_likelihood(x, z)
    others = mean_of_the_others(value) if baseline else 0.0
    return {
        "reconstruction": score_surrogate(value, log_normal(z, mean, log_var), others).mean(0),
        "-KL": -kl_standard_normal(mean, log_var),
    }


def detached_terms(
    model: LatentVariableModel,
    x: Float[Tensor, "batch pixels"],
    *,
    eps: Float[Tensor, "samples batch latent"] | None = None,
    samples: int = 1,
    generator: Generator | None = None,
) -> Terms:
    """The values of `elbo_terms` with z a plain number: the encoder gets the
    divergence's gradient alone.

    A mistake, kept for study: the draw depends on the encoder and the
    gradient does not know it.

    Source: D16 (9).
    """
    mean, log_var = model.encode(x)
    z = reparameterize(mean, log_var, _noise(mean, eps, samples, generator)).detach()
    return {
        "reconstruction": model.log_likelihood(x, z).mean(0),
        "-KL": -kl_standard_normal(mean, log_var),
    }


def _noise(mean: Tensor, eps: Tensor | None, samples: int, generator: Generator | None) -> Tensor:
    shape = (samples, *mean.shape)
    if eps is None:
        # The model's own call draws in its dtype and on its device: no copy, no synchronization.
        return mean.new_empty(shape).normal_(generator=generator)
    if eps.shape[1:] != mean.shape:
        raise ValueError(f"eps must have shape (samples, {', '.join(map(str, mean.shape))}), got {tuple(eps.shape)}")
    return eps
