"""A VAE that is unsure of its decoder: in place of one value of the weights θ, a Gaussian q(θ) over all values."""

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn
from torch.func import functional_call

from vae_edu.gaussians import kl_standard_normal, log_normal, log_standard_normal, reparameterize
from vae_edu.likelihoods import Likelihood, Parameters


class WeightPosterior(nn.Module):
    """q(θ) = N(mean, exp(log_var)), each weight independent of the others; the prior is p(θ) = N(0, I).

    Source: K13 (23).
    """

    def __init__(self, mean: Float[Tensor, "weights"], log_var: float):
        """Starts at the given means, with one log-variance for all."""
        super().__init__()
        self.mean = nn.Parameter(mean.clone())
        self.log_var = nn.Parameter(torch.full_like(mean, log_var))

    def sample(
        self, zeta: Float[Tensor, "... weights"] | None = None, generator: Generator | None = None
    ) -> Float[Tensor, "... weights"]:
        """θ = h(ζ) = mean + sigma·ζ, differentiable in mean and log_var.

        ζ is standard normal noise.

        Source: K13 (19), K13 (23).
        """
        return reparameterize(self.mean, self.log_var, zeta, generator)

    def log_ratio(self, theta: Float[Tensor, "... weights"]) -> Float[Tensor, "..."]:
        """log p(θ) − log q(θ), in nats; its mean is −KL(q(θ) || p(θ))."""
        return log_standard_normal(theta) - log_normal(theta, self.mean, self.log_var)

    def kl(self) -> Float[Tensor, ""]:
        """KL(q(θ) || p(θ)), in nats, for all weights together.

        Source: the second divergence of K13 (24).
        """
        return kl_standard_normal(self.mean, self.log_var)


class BayesianVAE(nn.Module):
    """An encoder, a likelihood, and a decoder whose weights have a posterior; its biases stay single values.

    The biases belong to the α of K13's appendix F, what p(θ) leaves open: they are learned, and have no prior.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, likelihood: Likelihood, latent: int, log_var: float):
        """q(θ) starts around the decoder's present weights, with log-variance `log_var`."""
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.latent = latent
        weights = {name: p for name, p in decoder.named_parameters() if not name.endswith("bias")}
        self.shapes = {name: weight.shape for name, weight in weights.items()}
        self.weights = WeightPosterior(torch.cat([weight.detach().flatten() for weight in weights.values()]), log_var)
        for weight in weights.values():
            weight.requires_grad_(False)  # only a place for a draw of θ

    def encode(
        self, x: Float[Tensor, "*batch pixels"]
    ) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch latent"]]:
        """Mean and log-variance of q(z|x); the encoder has no θ. Source: K13 (23)."""
        return self.encoder(x)

    def at(self, theta: Float[Tensor, "weights"]) -> "AtWeights":
        """The VAE that this model is for one value of the weights."""
        return AtWeights(self, theta)


class AtWeights:
    """A Bayesian VAE with its weights held at θ: a `LatentVariableModel`, so that every bound applies."""

    def __init__(self, model: BayesianVAE, theta: Float[Tensor, "weights"]):
        """Gradients reach `theta` through whatever is computed."""
        self.model = model
        parts = theta.split([shape.numel() for shape in model.shapes.values()])
        self.weights = {name: part.view(model.shapes[name]) for name, part in zip(model.shapes, parts, strict=True)}

    def encode(
        self, x: Float[Tensor, "*batch pixels"]
    ) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch latent"]]:
        """Mean and log-variance of q(z|x), which does not depend on θ."""
        return self.model.encode(x)

    def decode(self, z: Float[Tensor, "*batch latent"]) -> Parameters:
        """The likelihood's parameters at z, under these weights."""
        return functional_call(self.model.decoder, self.weights, (z,))

    def log_likelihood(
        self, x: Float[Tensor, "*#batch pixels"], z: Float[Tensor, "*#batch latent"]
    ) -> Float[Tensor, "*batch"]:
        """log p(x|z, θ), summed over pixels, in nats."""
        return self.model.likelihood.log_prob(x, self.decode(z))
