"""Wake-sleep: the older way to learn an encoder beside a decoder, each by its own objective."""

from typing import Any, Unpack

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import Terms, elbo_terms
from vae_edu.gaussians import log_normal, log_standard_normal, reparameterize
from vae_edu.learning.fit import with_test_bound
from vae_edu.learning.history import History
from vae_edu.learning.learner import Options, ascend, learn


def wake_sleep(
    model: Any,
    x: Float[Tensor, "n pixels"],
    *,
    x_test: Float[Tensor, "n_test pixels"] | None = None,
    **options: Unpack[Options],
) -> History:
    """Learn the decoder from real images, the encoder from dreamed ones.

    Awake, the decoder climbs log p(x, z) on real images with inferred z,
    drawn from q(z|x); asleep, the encoder climbs log q(z|x) on dreams with
    known z, (x, z) ~ p. No gradient passes from one network to the
    other, and no single function is maximized. What is recorded is the bound
    all the same, so that runs can be laid beside those of `fit`: its terms
    log p(x, z) and −log q(z|x) of the wake phase, and with `x_test` the
    "test bound". Options are those of `vae_edu.learning.learner.learn`.

    Raises UserError as `learn` does.

    Source: K13 §5, after Hinton et al. (1995).
    """

    def step(batch: Tensor, generator: Generator, optimizer: torch.optim.Optimizer) -> Terms:
        with torch.no_grad():
            mean, log_var = model.encode(batch)
            z = reparameterize(mean, log_var, generator=generator)
            dreamed_z = torch.empty_like(z).normal_(generator=generator)
            dream = model.likelihood.sample(model.decode(dreamed_z), generator)
        wake = model.log_likelihood(batch, z) + log_standard_normal(z)
        sleep = log_normal(dreamed_z, *model.encode(dream))
        # Each half reaches one network only, so one step climbs both.
        ascend(optimizer, (wake + sleep).mean())
        return {"log p(x, z)": wake, "-log q(z|x)": -log_normal(z, mean, log_var)}

    options["settings"] = {"learner": "wake-sleep", **(options.get("settings") or {})}
    return learn(model, x, step, **with_test_bound(options, model, x_test, elbo_terms))
