"""The conditional linear-Gaussian model: the one CVAE whose bound and gap are known exactly."""

from jaxtyping import Float
from torch import Tensor, nn

from vae_edu.models.linear import LinearGaussian


class ConditionalLinearGaussian(nn.Module):
    """y | z, c ~ N(weight·z + bias + condition_weight·c, noise_var·I), z ~ N(0, I); a row is (c, y).

    Once the condition is known it only shifts the target: what it leaves of it is an unconditional linear-Gaussian
    model's data, `remainder`, and every exact result of that model holds for it.
    """

    def __init__(self, linear: LinearGaussian, condition_weight: Float[Tensor, "targets conditions"]):
        """`linear` models, and encodes, what the condition leaves of the target."""
        super().__init__()
        self.linear = linear
        self.latent = linear.latent
        self.likelihood = linear.likelihood
        self.condition_weight = nn.Parameter(condition_weight.clone())

    def condition(self, x: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch conditions"]:
        """The first entries of each row."""
        return x[..., : self.condition_weight.shape[1]]

    def remainder(self, x: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch targets"]:
        """The target less what the condition says of it."""
        return x[..., self.condition_weight.shape[1] :] - self.condition(x) @ self.condition_weight.mT

    def encode(
        self, x: Float[Tensor, "batch entries"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "batch latent"]]:
        """Mean and log-variance of q(z|y, c)."""
        return self.linear.encode(self.remainder(x))

    def decode(
        self, z: Float[Tensor, "*#batch latent"], condition: Float[Tensor, "*#batch conditions"]
    ) -> tuple[Float[Tensor, "*batch targets"], Float[Tensor, "*batch targets"]]:
        """Mean and log-variance of p(y|z, c). Source: D16 (12)."""
        mean, log_var = self.linear.decode(z)
        return mean + condition @ self.condition_weight.mT, log_var

    def log_likelihood(
        self, x: Float[Tensor, "*#batch entries"], z: Float[Tensor, "*#batch latent"]
    ) -> Float[Tensor, "*batch"]:
        """log p(y|z, c), summed over the target, in nats. Source: D16 (12)."""
        return self.linear.log_likelihood(self.remainder(x), z)

    def log_conditional(self, x: Float[Tensor, "batch entries"]) -> Float[Tensor, "batch"]:
        """log p(y|c), exactly, in nats.

        Source: the first term on the left of D16 (15).
        """
        return self.linear.log_marginal(self.remainder(x))

    def posterior(
        self, x: Float[Tensor, "batch entries"]
    ) -> tuple[Float[Tensor, "batch latent"], Float[Tensor, "latent latent"]]:
        """Mean and covariance of p(z|y, c), exactly."""
        return self.linear.posterior(self.remainder(x))

    def gap(self, x: Float[Tensor, "batch entries"]) -> Float[Tensor, "batch"]:
        """KL(q(z|y, c) || p(z|y, c)), exactly, in nats: what the conditional bound loses.

        Source: D16 (13), D16 (14), and the second term on the left of D16 (15).
        """
        return self.linear.gap(self.remainder(x))

    def elbo(self, x: Float[Tensor, "batch entries"]) -> Float[Tensor, "batch"]:
        """The conditional lower bound, exactly, in nats: the right-hand side of D16 (15)."""
        return self.linear.elbo(self.remainder(x))
