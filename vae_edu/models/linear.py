"""The linear-Gaussian model: the one VAE whose evidence, posterior and gap are known exactly.

z ~ N(0, I), x | z ~ N(weight·z + bias, noise_var·I): probabilistic PCA. Every estimator of the book is
tested against it.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.gaussians import kl_full, kl_standard_normal, log_normal
from vae_edu.likelihoods import Gaussian


class LinearGaussian(nn.Module):
    """A linear decoder with a linear encoder q(z|x) = N(encoder_weight·(x − bias), exp(encoder_log_var))."""

    def __init__(
        self,
        weight: Float[Tensor, "pixels latent"],
        bias: Float[Tensor, "pixels"],
        noise_var: float,
    ):
        """Starts at the best diagonal encoder for this decoder; move its parameters to open the gap."""
        super().__init__()
        self.likelihood = Gaussian()
        self.latent = weight.shape[1]
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(bias.clone())
        self.log_noise_var = nn.Parameter(torch.as_tensor(noise_var, dtype=weight.dtype, device=weight.device).log())
        self.encoder_weight = nn.Parameter(weight.new_empty(self.latent, weight.shape[0]))
        self.encoder_log_var = nn.Parameter(weight.new_empty(self.latent))
        self.fit_encoder()

    @torch.no_grad()
    def fit_encoder(self) -> None:
        """Set the encoder to the diagonal Gaussian closest to the posterior.

        Its mean is the posterior's, its variances are noise_var / diag(M).
        """
        m = self._m()
        self.encoder_weight.copy_(torch.linalg.solve(m, self.weight.mT))
        self.encoder_log_var.copy_(self.log_noise_var - m.diagonal().log())

    def encode(
        self, x: Float[Tensor, "batch pixels"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Mean and log-variance of q(z|x)."""
        mean = (x - self.bias) @ self.encoder_weight.mT
        return mean, self.encoder_log_var.expand_as(mean)

    def decode(
        self, z: Float[Tensor, "*batch latent"]
    ) -> tuple[Float[Tensor, "*batch pixels"], Float[Tensor, "*batch pixels"]]:
        """Mean and log-variance of p(x|z)."""
        mean = z @ self.weight.mT + self.bias
        return mean, self.log_noise_var.expand_as(mean)

    def log_likelihood(
        self, x: Float[Tensor, "*#batch pixels"], z: Float[Tensor, "*#batch latent"]
    ) -> Float[Tensor, "*batch"]:
        """log p(x|z), summed over pixels, in nats. Source: D16 §2.4.3."""
        return log_normal(x, *self.decode(z))

    def log_marginal(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch"]:
        """log p(x), exactly, in nats.

        Here the integral over z is a Gaussian density.

        Source: the left-hand side of K13 (1), the integral of D16 (1).
        """
        identity = torch.eye(self.weight.shape[0], dtype=x.dtype, device=x.device)
        covariance = self.weight @ self.weight.mT + self.log_noise_var.exp() * identity
        # Without validation, which refuses an empty batch.
        density = torch.distributions.MultivariateNormal(self.bias, covariance, validate_args=False)
        return density.log_prob(x)

    def posterior(
        self, x: Float[Tensor, "batch pixels"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "latent latent"]]:
        """Mean and covariance of p(z|x), exactly.

        The covariance is the same for every x.
        """
        inverse = torch.linalg.inv(self._m())
        return (x - self.bias) @ self.weight @ inverse, self.log_noise_var.exp() * inverse

    def gap(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch"]:
        """KL(q(z|x) || p(z|x)), exactly, in nats: what the bound loses.

        Source: K13 (1), D16 (2), D16 (5).
        """
        mean, log_var = self.encode(x)
        return kl_full(mean, torch.diag_embed(log_var.exp()), *self.posterior(x))

    def elbo(self, x: Float[Tensor, "batch pixels"]) -> Float[Tensor, "batch"]:
        """The evidence lower bound, exactly, in nats: no sampling.

        Source: K13 (3), D16 (4), D16 (5).
        """
        mean, log_var = self.encode(x)
        # What q's spread adds to the mean of ‖x − W·z − b‖²: Σ_j var_j·‖W_j‖².
        spread = (log_var.exp() * self.weight.square().sum(0)).sum(-1)
        reconstruction = self.log_likelihood(x, mean) - 0.5 * spread / self.log_noise_var.exp()
        return reconstruction - kl_standard_normal(mean, log_var)

    def _m(self) -> Float[Tensor, "latent latent"]:
        identity = torch.eye(self.latent, dtype=self.weight.dtype, device=self.weight.device)
        return self.weight.mT @ self.weight + self.log_noise_var.exp() * identity
