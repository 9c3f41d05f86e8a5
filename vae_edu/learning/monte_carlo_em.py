"""Monte Carlo EM: no encoder; each data point keeps a draw of its own posterior, moved by Hamiltonian Monte Carlo."""

from functools import partial
from itertools import cycle, islice
from typing import Any, Unpack

import torch
from jaxtyping import Float, Int64
from torch import Generator, Tensor, nn

from vae_edu.bounds import Terms
from vae_edu.data import binarize
from vae_edu.gaussians import log_standard_normal
from vae_edu.hmc import hmc_step, tuned
from vae_edu.learning.history import History
from vae_edu.learning.learner import Options, ascend, choose_device, learn, require_flat_images

AT_ONCE = 1000  # chains moved at once: all of a sweep's would leave the cache


class Chains(nn.Module):
    """The latest posterior draw of each of n data points, and the step size that all of them share."""

    z: Float[Tensor, "n latent"]
    step_size: Float[Tensor, ""]

    def __init__(self, n: int, latent: int, step_size: float, generator: Generator, dtype: torch.dtype):
        """Chains start at draws from the prior."""
        super().__init__()
        self.register_buffer("z", torch.randn(n, latent, generator=generator, dtype=dtype))
        self.register_buffer("step_size", torch.tensor(step_size, dtype=torch.float64))


def monte_carlo_em(
    model: Any,
    x: Float[Tensor, "n pixels"],
    *,
    leapfrog_steps: int = 10,
    acceptance: float = 0.9,
    updates: int = 5,
    update_size: int | None = None,
    **options: Unpack[Options],
) -> History:
    """Climb log p(x, z) with z moved along the posterior p(z|x).

    For each minibatch one HMC step, then `updates` steps. The step size is
    tuned so that a share `acceptance` of the proposals is accepted. Of
    `model` the decoder alone is used and learned. One chain per data point
    goes on from visit to visit, so the method needs the data to be few or
    patient; with batch_size=len(x), K13's way, all chains move before the
    weights do. One update looks at `update_size` images, the next at others;
    unless given, at the whole minibatch. What is recorded is log p(x, z),
    which is no bound. Options are those of `learn`.

    Raises UserError as `learn` does.

    Source: K13 App. E.
    """
    device, how = choose_device(options.get("device")), options.get("binarization", "none")
    require_flat_images(x, how)
    x = x.to(device)
    chains = Chains(len(x), model.latent, 0.05, Generator().manual_seed(options.get("seed", 0)), x.dtype).to(device)

    def log_joint(x: Float[Tensor, "batch pixels"], z: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch"]:
        return model.log_likelihood(x, z) + log_standard_normal(z)

    def step(rows: Int64[Tensor, "batch 1"], generator: Generator, optimizer: torch.optim.Optimizer) -> Terms:
        rows = rows.squeeze(1)
        batch = binarize(x[rows], how, generator)

        step_size, moved = float(chains.step_size), []
        for some_x, some_z in zip(batch.split(AT_ONCE), chains.z[rows].split(AT_ONCE), strict=True):
            moved.append(hmc_step(partial(log_joint, some_x), some_z, step_size, leapfrog_steps, generator))
        z, accepted = (torch.cat(pieces) for pieces in zip(*moved, strict=True))
        chains.z[rows] = z
        chains.step_size.fill_(tuned(step_size, float(accepted.float().mean()), acceptance))
        with torch.no_grad():
            log_p = log_joint(batch, z)
        size = update_size or len(batch)  # a minibatch is in random order: its parts are as random
        for part_x, part_z in islice(cycle(zip(batch.split(size), z.split(size), strict=True)), updates):
            ascend(optimizer, log_joint(part_x, part_z).mean())
        return {"log p(x, z)": log_p}

    # The loop hands out row numbers: whoever gets an image must find its chain too.
    options["binarization"] = "none"
    options["settings"] = {
        "learner": "Monte Carlo EM", "leapfrog steps": leapfrog_steps, "acceptance": acceptance, "updates": updates,
        "images in an update": update_size, "pixels": how, **(options.get("settings") or {}),
    }  # fmt: skip
    return learn(model, torch.arange(len(x)).unsqueeze(1), step, parts={"chains": chains}, **options)
