"""The variational auto-encoder: an encoder q(z|x), a decoder p(x|z), a prior N(0, I)."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from vae_edu.likelihoods import Bernoulli, Gaussian, Likelihood, Parameters
from vae_edu.models.networks import BernoulliMLP, GaussianMLP


class VAE(nn.Module):
    """Any encoder and decoder, held together by a likelihood.

    What is maximized is not its business: see `bounds`.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, likelihood: Likelihood, latent: int):
        """`encoder` maps x to (mean, log_var); `decoder` maps z to the
        parameters that `likelihood` reads.
        """
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.latent = latent

    def encode(
        self, x: Float[Tensor, "*batch pixels"]
    ) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch latent"]]:
        """Mean and log-variance of the approximate posterior q(z|x).

        Source: K13 (9).
        """
        return self.encoder(x)

    def decode(self, z: Float[Tensor, "*batch latent"]) -> Parameters:
        """The likelihood's parameters at z: logits, or (mean, log_var)."""
        return self.decoder(z)

    def log_likelihood(
        self, x: Float[Tensor, "*#batch pixels"], z: Float[Tensor, "*#batch latent"]
    ) -> Float[Tensor, "*batch"]:
        """log p(x|z), summed over pixels, in nats."""
        return self.likelihood.log_prob(x, self.decode(z))

    def images(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch pixels"]:
        """E[x|z]: the decoder's picture at z."""
        return self.likelihood.mean(self.decode(z))

    @torch.no_grad()
    def sample(self, n: int, generator: Generator | None = None) -> Float[Tensor, "n pixels"]:
        """Pictures E[x|z] for n draws z ~ N(0, I) from the prior.

        Source: D16 (1).
        """
        parameter = next(self.parameters())
        z = torch.randn(n, self.latent, generator=generator, device=parameter.device, dtype=parameter.dtype)
        return self.images(z)


def mlp_vae(
    pixels: int,
    hidden: Sequence[int],
    latent: int,
    activation: type[nn.Module] = nn.ReLU,
) -> VAE:
    """The VAE with Bernoulli pixels:
    pixels → hidden → latent → reversed hidden → pixels.

    Source: K13 §3, K13 (11) for the decoder and K13 (12) for the encoder.
    """
    encoder = GaussianMLP((pixels, *hidden, latent), activation)
    decoder = BernoulliMLP((latent, *reversed(hidden), pixels), activation)
    return VAE(encoder, decoder, Bernoulli(), latent)


def gaussian_mlp_vae(
    pixels: int,
    hidden: Sequence[int],
    latent: int,
    activation: type[nn.Module] = nn.Tanh,
    squash_mean: bool = True,
) -> VAE:
    """The VAE with real-valued pixels, each with a mean and a log-variance, as K13 used for Frey Face.

    Source: K13 (12) for encoder and decoder, means in (0, 1) by a sigmoid.
    """
    encoder = GaussianMLP((pixels, *hidden, latent), activation)
    decoder = GaussianMLP((latent, *reversed(hidden), pixels), activation, squash_mean=squash_mean)
    return VAE(encoder, decoder, Gaussian(), latent)
