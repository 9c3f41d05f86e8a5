"""The one-dimensional VAE of D16's appendix A: a decoder that turns the prior into the data density, whatever that is.

z ~ N(0, 1), X | z ~ N(f(z), σ²). With F the CDF of the data and G that of the prior, f = F⁻¹∘G makes f(z) distributed
as the data are; the encoder is its inverse g = G⁻¹∘F. What is left to go to zero is σ. Everything in float64.
"""

import numpy as np
import torch
from jaxtyping import Float64
from torch import Tensor
from torch.distributions import Categorical, Distribution, MixtureSameFamily, Normal

NODES, WEIGHTS = map(torch.from_numpy, np.polynomial.hermite_e.hermegauss(100))
WEIGHTS = WEIGHTS / WEIGHTS.sum()  # of the mean over N(0, 1), by Gauss-Hermite quadrature
PRIOR = Normal(torch.zeros((), dtype=torch.float64), torch.ones((), dtype=torch.float64))


def mixture(weights: list[float], means: list[float], stds: list[float]) -> MixtureSameFamily:
    """A mixture of Gaussians in float64: a data density with more than one bump."""
    w, m, s = (torch.tensor(values, dtype=torch.float64) for values in (weights, means, stds))
    return MixtureSameFamily(Categorical(w), Normal(m, s))


class OneDimensionalVAE:
    """f = F⁻¹∘G, g = G⁻¹∘F and Q_σ(z|X) = N(g(X), (g′(X)·σ)²), for a data density with CDF F.

    For σ up to about the spread of the data: beyond |z| = 8, float64 cannot tell G(z) from 0 or 1.

    Source: D16 App. A.
    """

    def __init__(self, data: Distribution):
        """`data` is one-dimensional and positive everywhere, with `log_prob`, `cdf`, `mean` and `stddev`."""
        self.data = data

    def g(self, x: Float64[Tensor, "*x"]) -> Float64[Tensor, "*x"]:
        """G⁻¹(F(X)): the z whose picture is X."""
        return torch.special.ndtri(self.data.cdf(x))

    def g_slope(self, x: Float64[Tensor, "*x"]) -> Float64[Tensor, "*x"]:
        """g′(X), the ratio of the data density to the prior's at g(X): by the
        change of variables.
        """
        return torch.exp(self.data.log_prob(x) - PRIOR.log_prob(self.g(x)))

    def f(self, z: Float64[Tensor, "*z"]) -> Float64[Tensor, "*z"]:
        """F⁻¹(G(z)), by bisection: F is known, its inverse is not."""
        low = torch.full_like(z, float(self.data.mean - 40 * self.data.stddev))
        high = torch.full_like(z, float(self.data.mean + 40 * self.data.stddev))
        for _ in range(60):  # each halves the interval: down to the last bit
            middle = (low + high) / 2
            below = self.g(middle) < z
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return (low + high) / 2

    def log_likelihood(
        self, x: Float64[Tensor, "*#z"], z: Float64[Tensor, "*z"], sigma: float
    ) -> Float64[Tensor, "*z"]:
        """log P_σ(X|z) = log N(X; f(z), σ²), in nats."""
        return Normal(self.f(z), sigma).log_prob(x)

    def log_marginal(self, x: Float64[Tensor, "*x"], sigma: float) -> Float64[Tensor, "*x"]:
        """log P_σ(X), in nats. f(z) is distributed as the data, so P_σ is the
        data density blurred by N(0, σ²).
        """
        log_density = self.data.log_prob(x.unsqueeze(-1) + sigma * NODES)
        return torch.logsumexp(log_density + WEIGHTS.log(), dim=-1)

    def log_posterior(self, z: Float64[Tensor, "*z"], x: Float64[Tensor, "*#z"], sigma: float) -> Float64[Tensor, "*z"]:
        """log P_σ(z|X), by Bayes' rule, in nats."""
        return self.log_likelihood(x, z, sigma) + PRIOR.log_prob(z) - self.log_marginal(x, sigma)

    def q(self, x: Float64[Tensor, "*x"], sigma: float) -> Normal:
        """Q_σ(z|X): as wide as the noise is when carried back by g."""
        return Normal(self.g(x), self.g_slope(x) * sigma)

    def divergence(self, x: Float64[Tensor, "*x"], sigma: float) -> Float64[Tensor, "*x"]:
        """D[Q_σ(z|X) ‖ P_σ(z|X)] by quadrature over Q, in nats: what the bound
        loses to a Gaussian Q.
        """
        q = self.q(x.unsqueeze(-1), sigma)
        z = q.mean + q.stddev * NODES
        return (WEIGHTS * (q.log_prob(z) - self.log_posterior(z, x.unsqueeze(-1), sigma))).sum(-1)

    def bound(self, x: Float64[Tensor, "*x"], sigma: float) -> Float64[Tensor, "*x"]:
        """log P_σ(X) − D[Q_σ(z|X) ‖ P_σ(z|X)], in nats: what a VAE maximizes.
        Both parts tend to their best as σ → 0.

        Source: D16 (16).
        """
        return self.log_marginal(x, sigma) - self.divergence(x, sigma)
