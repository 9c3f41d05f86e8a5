"""A convolutional VAE: the same bound and the same interface as the perceptrons', another pair of networks."""

import math
from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.likelihoods import Bernoulli
from vae_edu.models.vae import VAE


class ConvEncoder(nn.Module):
    """Two 3×3 convolutions, a 2×2 max-pool, two linear heads: mean and
    log-variance."""

    def __init__(self, side: int, channels: Sequence[int], latent: int):
        """Each convolution takes two pixels off the side, the pool halves
        the rest."""
        super().__init__()
        first, second = channels
        self.features = nn.Sequential(
            nn.Unflatten(1, (1, side, side)),
            nn.Conv2d(1, first, 3), nn.ReLU(),
            nn.Conv2d(first, second, 3), nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(1),
        )  # fmt: skip
        features = second * math.prod(_pooled(side))
        self.mean = nn.Linear(features, latent)
        self.log_var = nn.Linear(features, latent)

    def forward(
        self, x: Float[Tensor, "*batch pixels"]
    ) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch latent"]]:
        """(mean, log_var) of q(z|x) for flat pictures."""
        h = self.features(x.reshape(-1, x.shape[-1]))
        shape = (*x.shape[:-1], self.mean.out_features)
        return self.mean(h).reshape(shape), self.log_var(h).reshape(shape)


class ConvDecoder(nn.Module):
    """A linear layer, nearest-neighbor upsampling, two 3×3 transposed
    convolutions."""

    def __init__(self, latent: int, channels: Sequence[int], side: int):
        """`channels` from the latents outwards; each transposed layer adds
        two pixels."""
        super().__init__()
        first, second = channels
        pooled = _pooled(side)
        self.pixels = side**2
        self.layers = nn.Sequential(
            nn.Linear(latent, first * math.prod(pooled)), nn.ReLU(),
            nn.Unflatten(1, (first, *pooled)),
            nn.Upsample(scale_factor=2),
            nn.ConvTranspose2d(first, second, 3), nn.ReLU(),
            nn.ConvTranspose2d(second, 1, 3),
            nn.Flatten(1),
        )  # fmt: skip

    def forward(self, z: Float[Tensor, "*batch latent"]) -> Float[Tensor, "*batch pixels"]:
        """Logits of flat pictures; leading axes (samples, batch) pass
        through."""
        return self.layers(z.reshape(-1, z.shape[-1])).reshape(*z.shape[:-1], self.pixels)


def conv_vae(pixels: int, channels: Sequence[int], latent: int) -> VAE:
    """The VAE with Bernoulli pixels and convolutions; 784, (32, 16), 20: the
    seed project's.

    Raises ValueError unless the pictures are square, their side even and at
    least 6 pixels.
    """
    side = math.isqrt(pixels)
    if side**2 != pixels or side % 2 or side < 6:
        raise ValueError(f"expected square pictures with an even side of at least 6 pixels, got {pixels} pixels")
    encoder = ConvEncoder(side, channels, latent)
    decoder = ConvDecoder(latent, tuple(reversed(channels)), side)
    return VAE(encoder, decoder, Bernoulli(), latent)


def _pooled(side: int) -> tuple[int, int]:
    """Height and width after two unpadded 3×3 convolutions and a 2×2 pool."""
    return (side - 4) // 2, (side - 4) // 2
