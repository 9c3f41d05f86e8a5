"""Models of a target given a condition: the conditional VAE, and the regressor it is compared with.

A data row `x` holds both, so the training loop and the bound that train a VAE train these as well.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from vae_edu.likelihoods import Bernoulli, Likelihood, Parameters
from vae_edu.models.networks import BernoulliMLP, GaussianMLP, trunk


class Conditional(nn.Module):
    """Knows which entries of a data row are the condition; the target is the rest, in order."""

    condition_entries: Tensor
    target_entries: Tensor

    def __init__(self, entries: int, condition: Sequence[int]):
        """A row has so many `entries`; `condition` says which of them are given, such as range(13, 784, 28).

        Raises ValueError unless each of those is named once, counted from 0.
        """
        super().__init__()
        given = set(condition)
        if len(given) < len(condition) or not given <= set(range(entries)):
            raise ValueError(f"expected different entries from 0 to {entries - 1}, got {list(condition)}")
        rest = [entry for entry in range(entries) if entry not in given]
        self.register_buffer("condition_entries", torch.tensor(list(condition)), persistent=False)
        self.register_buffer("target_entries", torch.tensor(rest), persistent=False)

    def condition(self, x: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch conditions"]:
        """What is given of each row."""
        return x[..., self.condition_entries]

    def target(self, x: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch targets"]:
        """What is to be told of each row."""
        return x[..., self.target_entries]

    def complete(
        self, condition: Float[Tensor, "*#batch conditions"], target: Float[Tensor, "*#batch targets"]
    ) -> Float[Tensor, "*batch entries"]:
        """Rows put together again, every entry in its place: the inverse of `condition` and `target`."""
        batch = torch.broadcast_shapes(condition.shape[:-1], target.shape[:-1])
        x = target.new_empty(*batch, condition.shape[-1] + target.shape[-1])
        x[..., self.condition_entries] = condition
        x[..., self.target_entries] = target
        return x


class CVAE(Conditional):
    """The conditional VAE: a decoder p(y|z, c) that sees the condition c, an encoder q(z|y, c), the prior N(0, I).

    The prior does not look at the condition: what z has to add to it is the same whatever it is. `elbo_terms`, `fit`
    and everything else that takes a VAE and data takes this and whole rows, except `wake_sleep`, which would have to
    dream conditions too. Source: D16 §3, D16 (12).
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        likelihood: Likelihood,
        latent: int,
        entries: int,
        condition: Sequence[int],
    ):
        """`encoder` maps a row to (mean, log_var); `decoder` maps z and a condition to the target's parameters."""
        super().__init__(entries, condition)
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.latent = latent

    def encode(
        self, x: Float[Tensor, "*batch entries"]
    ) -> tuple[Float[Tensor, "*batch latent"], Float[Tensor, "*batch latent"]]:
        """Mean and log-variance of q(z|y, c), from the whole row.

        Source: Q(z|Y, X) in D16 (13).
        """
        return self.encoder(x)

    def decode(self, z: Float[Tensor, "*#batch latent"], condition: Float[Tensor, "*#batch conditions"]) -> Parameters:
        """The likelihood's parameters of the target at z, given the condition.

        Source: D16 (12), where they are a mean f(z, X) beside a fixed variance; any likelihood will do.
        """
        return self.decoder(z, condition)

    def log_likelihood(
        self, x: Float[Tensor, "*#batch entries"], z: Float[Tensor, "*#batch latent"]
    ) -> Float[Tensor, "*batch"]:
        """log p(y|z, c), summed over the target, in nats. Source: D16 (12)."""
        return self.likelihood.log_prob(self.target(x), self.decode(z, self.condition(x)))

    def images(
        self, z: Float[Tensor, "*batch latent"], condition: Float[Tensor, "*#batch conditions"]
    ) -> Float[Tensor, "*batch targets"]:
        """E[y|z, c]: the decoder's picture of the target."""
        return self.likelihood.mean(self.decode(z, condition))

    @torch.no_grad()
    def sample(
        self, condition: Float[Tensor, "*batch conditions"], generator: Generator | None = None
    ) -> Float[Tensor, "*batch targets"]:
        """The picture of one draw z ~ N(0, I) for each condition.

        Source: D16 §3, at test time.
        """
        z = condition.new_empty(*condition.shape[:-1], self.latent).normal_(generator=generator)
        return self.images(z, condition)


class Regressor(Conditional):
    """p(y|c) with no latent variable.

    The entries of the target are independent once the condition is known.
    Trained by `regression_terms`. Source: D16 §5.
    """

    def __init__(self, network: nn.Module, likelihood: Likelihood, entries: int, condition: Sequence[int]):
        """`network` maps a condition to the target's parameters."""
        super().__init__(entries, condition)
        self.network = network
        self.likelihood = likelihood

    def log_likelihood(self, x: Float[Tensor, "*batch entries"]) -> Float[Tensor, "*batch"]:
        """log p(y|c), summed over the target, in nats."""
        return self.likelihood.log_prob(self.target(x), self.network(self.condition(x)))

    def images(self, condition: Float[Tensor, "*batch conditions"]) -> Float[Tensor, "*batch targets"]:
        """E[y|c]: the mean of all the targets there could be."""
        return self.likelihood.mean(self.network(condition))


class ConditionalMLP(nn.Module):
    """A Bernoulli decoder with two inputs, z and the condition.

    Each has its own way to the first hidden layer. There the two are added,
    as in D16's released network; that is what one layer makes of them side
    by side.
    """

    def __init__(
        self,
        latent: int,
        condition: Sequence[int],
        hidden: Sequence[int],
        targets: int,
        activation: type[nn.Module] = nn.ReLU,
    ):
        """The condition's own layers, and the layers after the sum.

        `condition` = (conditions, hidden, …); `hidden` begins with the sum.
        """
        super().__init__()
        self.condition = trunk(condition, activation)
        self.from_condition = nn.Linear(condition[-1], hidden[0])
        self.from_z = nn.Linear(latent, hidden[0], bias=False)
        self.activation = activation()
        self.rest = BernoulliMLP((*hidden, targets), activation)

    def forward(
        self, z: Float[Tensor, "*#batch latent"], condition: Float[Tensor, "*#batch conditions"]
    ) -> Float[Tensor, "*batch targets"]:
        """Logits of the target.

        A condition is looked at once for all its samples of z.
        """
        return self.rest(self.activation(self.from_z(z) + self.from_condition(self.condition(condition))))


def mlp_cvae(
    entries: int,
    condition: Sequence[int],
    condition_hidden: Sequence[int],
    hidden: Sequence[int],
    latent: int,
    activation: type[nn.Module] = nn.ReLU,
) -> CVAE:
    """The CVAE with Bernoulli targets: row → hidden → latent, then z and the condition → reversed hidden → target.

    D16 trains 784, range(13, 784, 28), (1000, 500, 250), (1000, 500, 250), 30; there the encoder gets the
    condition from the decoder's first two layers, here it reads the row. Source: D16 §5.
    """
    encoder = GaussianMLP((entries, *hidden, latent), activation)
    decoder = ConditionalMLP(
        latent, (len(condition), *condition_hidden), hidden[::-1], entries - len(condition), activation
    )
    return CVAE(encoder, decoder, Bernoulli(), latent, entries, condition)


def mlp_regressor(
    entries: int, condition: Sequence[int], hidden: Sequence[int], activation: type[nn.Module] = nn.ReLU
) -> Regressor:
    """The regressor with Bernoulli targets: condition → hidden → target.

    D16 trains 784, range(13, 784, 28), (1000, 500, 250, 250, 500, 1000). Source: D16 §5.
    """
    network = BernoulliMLP((len(condition), *hidden, entries - len(condition)), activation)
    return Regressor(network, Bernoulli(), entries, condition)
