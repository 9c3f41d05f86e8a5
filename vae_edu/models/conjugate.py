"""A Bayesian VAE small enough for pen and paper: one weight, one latent variable, one pixel, all Gaussian.

θ ~ N(0, 1), and for each data point z ~ N(0, 1) and x | z, θ ~ N(slope·z + θ, noise_var). Evidence, posteriors and
every divergence are known, so that each equation of full variational Bayes can be checked. Given θ it is probabilistic
PCA in one dimension; with `slope` 0 the data do not depend on z, and the bound is tight.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.distributions import LowRankMultivariateNormal

from vae_edu.gaussians import kl_diagonal, kl_standard_normal, log_normal
from vae_edu.likelihoods import Gaussian
from vae_edu.models.bayesian import BayesianVAE


class ConjugateGaussian(BayesianVAE):
    """The model above, with q(θ) and q(z|x) = N(gain·(x − center), exp(log_var)) anywhere in their families."""

    encoder: "LinearEncoder"
    decoder: "Shift"

    def __init__(self, slope: float, noise_var: float):
        """Starts with both posteriors at their priors."""
        super().__init__(LinearEncoder(), Shift(slope, noise_var), Gaussian(), latent=1, log_var=0.0)
        self.slope, self.noise_var = slope, noise_var
        self.spread = slope**2 + noise_var  # the variance of x given θ

    def log_evidence(self, x: Float[Tensor, "n 1"]) -> Float[Tensor, ""]:
        """log p(X) of all data points, in nats: θ makes them dependent."""
        ones = torch.ones_like(x)
        return LowRankMultivariateNormal(torch.zeros_like(x[:, 0]), ones, self.spread * ones[:, 0]).log_prob(x[:, 0])

    def weight_posterior(self, x: Float[Tensor, "n 1"]) -> tuple[Float[Tensor, "1"], Float[Tensor, "1"]]:
        """Mean and log-variance of p(θ|X), which is Gaussian."""
        variance = 1 / (1 + len(x) / self.spread)
        mean = variance * x.sum(0) / self.spread
        return mean, torch.full_like(mean, math.log(variance))

    def weight_gap(self, x: Float[Tensor, "n 1"]) -> Float[Tensor, ""]:
        """KL(q(θ) || p(θ|X)), in nats.

        What is lost because q(θ) is not the posterior.

        Source: K13 (13).
        """
        return kl_diagonal(self.weights.mean, self.weights.log_var, *self.weight_posterior(x))

    def bound_over_weights(self, x: Float[Tensor, "n 1"]) -> Float[Tensor, ""]:
        """E_q(θ)[log p(X|θ) + log p(θ) − log q(θ)], in nats.

        With z integrated out exactly.

        Source: K13 (13), K13 (14).
        """
        log_likelihood = log_normal(x, self.weights.mean, torch.full_like(x, math.log(self.spread))).sum()
        return log_likelihood - 0.5 * len(x) * self.weights.log_var.exp().sum() / self.spread - self.weights.kl()

    def latent_gap(self, x: Float[Tensor, "n 1"]) -> Float[Tensor, "n"]:
        """E_q(θ)[KL(q(z|x) || p(z|x, θ))] per data point, in nats.

        What is lost because q(z|x) is not the posterior.

        Source: K13 (15), averaged over q(θ).
        """
        gain, log_var = self.slope / self.spread, math.log(self.noise_var / self.spread)
        mean_q, log_var_q = self.encode(x)
        at_mean = kl_diagonal(mean_q, log_var_q, gain * (x - self.weights.mean), torch.full_like(x, log_var))
        # The posterior's mean moves with θ, and q(z|x) cannot follow.
        return at_mean + 0.5 * gain**2 * self.weights.log_var.exp() / math.exp(log_var)

    def bound(self, x: Float[Tensor, "n 1"]) -> Float[Tensor, ""]:
        """The bound on log p(X) that is maximized, exactly, in nats.

        Source: K13 (14) with K13 (16) put in.
        """
        mean, log_var = self.encode(x)
        log_likelihood = log_normal(
            x, self.slope * mean + self.weights.mean, torch.full_like(x, math.log(self.noise_var))
        )
        spread = self.slope**2 * log_var.exp().sum(-1) + self.weights.log_var.exp()
        reconstruction = log_likelihood - 0.5 * spread / self.noise_var
        return (reconstruction - kl_standard_normal(mean, log_var)).sum() - self.weights.kl()

    @torch.no_grad()
    def fit_posteriors(self, x: Float[Tensor, "n 1"]) -> None:
        """Set q(θ) and q(z|x) to where the bound is largest."""
        mean, _ = self.weight_posterior(x)
        self.weights.mean.copy_(mean)
        # Narrower than p(θ|X), whose variance has `spread` here: q(θ) believes that it knows z.
        self.weights.log_var.fill_(-math.log1p(len(x) / self.noise_var))
        self.encoder.gain.fill_(self.slope / self.spread)
        self.encoder.center.copy_(mean)
        self.encoder.log_var.fill_(math.log(self.noise_var / self.spread))


class LinearEncoder(nn.Module):
    """q(z|x) = N(gain·(x − center), exp(log_var)), at the prior to begin with."""

    def __init__(self) -> None:
        """Three numbers."""
        super().__init__()
        self.gain, self.center, self.log_var = (nn.Parameter(torch.zeros(1)) for _ in range(3))

    def forward(self, x: Float[Tensor, "n 1"]) -> tuple[Float[Tensor, "n 1"], Float[Tensor, "n 1"]]:
        """Mean and log-variance."""
        return self.gain * (x - self.center), self.log_var.expand_as(x)


class Shift(nn.Module):
    """p(x|z, θ) = N(slope·z + θ, noise_var), with θ the one weight."""

    def __init__(self, slope: float, noise_var: float):
        """θ is 0 to begin with."""
        super().__init__()
        self.slope, self.log_noise_var = slope, math.log(noise_var)
        self.shift = nn.Parameter(torch.zeros(1))

    def forward(self, z: Float[Tensor, "*batch 1"]) -> tuple[Float[Tensor, "*batch 1"], Float[Tensor, "*batch 1"]]:
        """Mean and log-variance of x."""
        mean = self.slope * z + self.shift
        return mean, torch.full_like(mean, self.log_noise_var)
