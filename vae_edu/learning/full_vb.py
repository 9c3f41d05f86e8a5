"""Full variational Bayes: the bound on log p(X) with the decoder's weights integrated out, and how to climb it."""

from functools import partial
from typing import Unpack

from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import Terms, elbo_terms
from vae_edu.errors import UserError
from vae_edu.gaussians import log_normal, log_standard_normal, reparameterize
from vae_edu.learning.fit import fit, with_test_bound
from vae_edu.learning.history import History
from vae_edu.learning.learner import Options
from vae_edu.models.bayesian import BayesianVAE, WeightPosterior


def over_weights(
    weights: WeightPosterior, log_likelihood: Float[Tensor, "*batch"], theta: Float[Tensor, "*#batch weights"]
) -> Float[Tensor, "*batch"]:
    """log p(X|θ) + log p(θ) − log q(θ), in nats.

    Its mean over θ ~ q, that is over ζ, is the bound on log p(X).
    `log_likelihood` is log p(X|θ) of all the data, or what stands in for it.

    Source: the integrands of K13 (14) and K13 (20).
    """
    return log_likelihood + weights.log_ratio(theta)


def integrand(
    model: BayesianVAE,
    x: Float[Tensor, "batch pixels"],
    z: Float[Tensor, "batch latent"],
    theta: Float[Tensor, "weights"],
    n: int,
) -> Float[Tensor, "batch"]:
    """f(x, z, θ): the whole data set's bound, in nats.

    As seen from each one of its n points.

    Source: K13 (21); its bracket is the integrand of K13 (16) and K13 (18).
    """
    one = model.at(theta).log_likelihood(x, z) + log_standard_normal(z) - log_normal(z, *model.encode(x))
    return over_weights(model.weights, n * one, theta)


def estimator_a(
    model: BayesianVAE,
    x: Float[Tensor, "batch pixels"],
    n: int,
    *,
    eps: Float[Tensor, "batch latent"] | None = None,
    zeta: Float[Tensor, "weights"] | None = None,
    generator: Generator | None = None,
) -> Float[Tensor, ""]:
    """The bound on log p(X), estimated from a minibatch, in nats.

    X has n data points, and everything is sampled. Each data point has its
    own noise ε; the minibatch shares one draw of the weights.

    Source: K13 (22), with K13 (17) for z and K13 (19) for θ.
    """
    theta = model.weights.sample(zeta, generator)
    z = reparameterize(*model.encode(x), eps, generator)
    return integrand(model, x, z, theta, n).mean(0)


def full_vb_terms(
    model: BayesianVAE,
    x: Float[Tensor, "batch pixels"],
    *,
    n: int,
    eps: Float[Tensor, "1 batch latent"] | None = None,
    zeta: Float[Tensor, "weights"] | None = None,
    generator: Generator | None = None,
) -> Terms:
    """The same bound per data point, both divergences in closed form.

    Three terms whose sum, times n, estimates it. Every data point bears its
    share 1/n of what the weights cost.

    Source: K13 (24), divided by the number of data points n.
    """
    terms = drawn_weights_terms(model, x, eps=eps, zeta=zeta, generator=generator)
    return {**terms, "-KL of weights": -(model.weights.kl() / n).expand(len(x))}


def drawn_weights_terms(
    model: BayesianVAE,
    x: Float[Tensor, "batch pixels"],
    *,
    eps: Float[Tensor, "1 batch latent"] | None = None,
    zeta: Float[Tensor, "weights"] | None = None,
    generator: Generator | None = None,
) -> Terms:
    """The VAE's bound under one draw θ ~ q(θ): on average a lower bound of log E_q(θ)[p(x|θ)], for new images too."""
    theta = model.weights.sample(zeta, generator)
    return elbo_terms(model.at(theta), x, eps=eps, generator=generator)


def full_vb(
    model: BayesianVAE,
    x: Float[Tensor, "n pixels"],
    *,
    x_test: Float[Tensor, "n_test pixels"] | None = None,
    **options: Unpack[Options],
) -> History:
    """Learn encoder and q(θ) together.

    Each step draws one θ for its minibatch, where the paper's algorithm
    draws one per data point: as unbiased, and one pass through the decoder
    in place of as many as there are images. With `x_test` the "test bound"
    is that of `drawn_weights_terms`. Options are those of
    `vae_edu.learning.learner.learn`, which lists the errors raised; one more
    is a UserError for `weight_prior`, which the bound holds already.

    Source: K13 algorithm 2.
    """
    if options.get("weight_prior"):
        raise UserError("full VB's bound holds the prior on the weights already; leave weight_prior out.")
    options = with_test_bound(options, model, x_test, drawn_weights_terms)
    return fit(model, x, partial(full_vb_terms, n=len(x)), **options)
