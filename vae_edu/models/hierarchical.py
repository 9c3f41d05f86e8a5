"""A VAE with two stochastic layers: h2 ~ N(0, I) makes h1, and h1 makes x; the encoders climb the same stairs."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from vae_edu.gaussians import log_normal, log_standard_normal, reparameterize
from vae_edu.likelihoods import Bernoulli, Likelihood
from vae_edu.models.networks import BernoulliMLP, GaussianMLP

Noise = tuple[Tensor, Tensor]


class TwoLayerVAE(nn.Module):
    """q(h1|x)·q(h2|h1) beside p(h2)·p(h1|h2)·p(x|h1), each factor but p(h2) a network.

    No divergence between the two is known in closed form, so bounds go by `log_weights` alone: see `bounds.elbo_a`
    and `importance.iwae_terms`.

    Source: Burda et al. (2015).
    """

    def __init__(
        self,
        encoders: tuple[nn.Module, nn.Module],
        decoders: tuple[nn.Module, nn.Module],
        likelihood: Likelihood,
        latents: tuple[int, int],
    ):
        """`encoders` are those of h1 given x and of h2 given h1, `decoders` those of h1 given h2 and of x given h1."""
        super().__init__()
        self.lower_encoder, self.upper_encoder = encoders
        self.upper_decoder, self.lower_decoder = decoders
        self.likelihood = likelihood
        self.latents = latents

    def log_weights(
        self,
        x: Float[Tensor, "batch pixels"],
        *,
        eps: Noise | None = None,
        samples: int = 1,
        generator: Generator | None = None,
    ) -> Float[Tensor, "samples batch"]:
        """log p(x, h1, h2) − log q(h1, h2|x) for each draw of q, in nats.

        `eps` is the noise of h1 and of h2, each (samples, batch, latent),
        drawn from `generator` unless given.
        """
        eps_1, eps_2 = eps or self._noise(x, samples, generator)
        mean_1, log_var_1 = self.lower_encoder(x)
        h1 = reparameterize(mean_1, log_var_1, eps_1)
        mean_2, log_var_2 = self.upper_encoder(h1)
        h2 = reparameterize(mean_2, log_var_2, eps_2)
        log_p = log_standard_normal(h2) + log_normal(h1, *self.upper_decoder(h2))
        log_q = log_normal(h1, mean_1, log_var_1) + log_normal(h2, mean_2, log_var_2)
        return self.likelihood.log_prob(x, self.lower_decoder(h1)) + log_p - log_q

    def posterior_means(
        self, x: Float[Tensor, "batch pixels"], samples: int = 100, generator: Generator | None = None
    ) -> tuple[Float[Tensor, "batch latent1"], Float[Tensor, "batch latent2"]]:
        """E_q[h1|x], and E_q[h2|x] as the mean of q(h2|h1)'s own mean over `samples` draws of h1."""
        mean, log_var = self.lower_encoder(x)
        eps, _ = self._noise(x, samples, generator)
        upper_mean, _ = self.upper_encoder(reparameterize(mean, log_var, eps))
        return mean, upper_mean.mean(0)

    @torch.no_grad()
    def sample(self, n: int, generator: Generator | None = None) -> Float[Tensor, "n pixels"]:
        """Pictures E[x|h1] for n draws of h2 and, given it, of h1."""
        h2 = next(self.parameters()).new_empty(n, self.latents[1]).normal_(generator=generator)
        mean, log_var = self.upper_decoder(h2)
        h1 = reparameterize(mean, log_var, generator=generator)
        return self.likelihood.mean(self.lower_decoder(h1))

    def _noise(self, x: Tensor, samples: int, generator: Generator | None) -> Noise:
        lower, upper = (x.new_empty(samples, len(x), latent).normal_(generator=generator) for latent in self.latents)
        return lower, upper


def two_layer_vae(
    pixels: int,
    hidden: tuple[Sequence[int], Sequence[int]] = ((200, 200), (100, 100)),
    latents: tuple[int, int] = (100, 50),
    activation: type[nn.Module] = nn.Tanh,
) -> TwoLayerVAE:
    """Two stochastic layers with Bernoulli pixels; by default those of the paper.

    Source: Burda et al. (2015).
    """
    (lower, upper), (h1, h2) = hidden, latents
    encoders = (GaussianMLP((pixels, *lower, h1), activation), GaussianMLP((h1, *upper, h2), activation))
    decoders = (
        GaussianMLP((h2, *reversed(upper), h1), activation),
        BernoulliMLP((h1, *reversed(lower), pixels), activation),
    )
    return TwoLayerVAE(encoders, decoders, Bernoulli(), latents)
