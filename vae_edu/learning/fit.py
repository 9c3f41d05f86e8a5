"""Auto-encoding variational Bayes: K13's algorithm 1, for any objective."""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import Objective, Terms, elbo_terms
from vae_edu.data import binarize
from vae_edu.errors import UserError
from vae_edu.learning.history import History
from vae_edu.learning.loop import Callback, Loop

Precision = Literal["float32", "bfloat16"]
FUSED_ADAM = partial(torch.optim.Adam, fused=True)  # one kernel for all parameters
TEST_SEED = 2**31 - 1  # the same noise at every evaluation: epochs differ by what was learned alone


def fit(
    model: Any,
    x: Float[Tensor, "n pixels"],
    objective: Objective = elbo_terms,
    *,
    x_test: Float[Tensor, "n_test pixels"] | None = None,
    epochs: int = 5,
    batch_size: int = 100,
    learning_rate: float = 1e-3,
    make_optimizer: Callable[..., torch.optim.Optimizer] = FUSED_ADAM,
    seed: int = 0,
    binarization: str = "none",
    device: str | torch.device | None = None,
    precision: Precision = "float32",
    compile: bool = False,
    resume: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    progress: bool = True,
    callbacks: Iterable[Callback] = (),
) -> History:
    """Maximize the mean over data points of `objective`'s bound; the model is trained in place, on the device chosen.

    One seed fixes the order of the data, the binarization and the noise; give the model its own by
    `torch.manual_seed` before making it. `resume` names a file that holds the run's state after each epoch: a run
    killed outright goes on from there. It is refused if seed, batch size, learning rate, optimizer, precision,
    binarization, the number of images or anything in `settings` has changed since; the objective is not looked at.
    Ctrl-C keeps what was learned and returns the epochs finished so far.

    Raises UserError when x is not a matrix of images, when there is no such device, when a term is no longer finite,
    and when `resume` belongs to another run.

    Source: K13 (8) and algorithm 1, with L = 1.
    """
    device = choose_device(device)
    model.to(device)
    if x.ndim != 2 or len(x) == 0:
        raise UserError(f"x must be flat images, shape (n, pixels) with n at least 1; got shape {tuple(x.shape)}.")
    x = x.to(device)
    optimizer = make_optimizer(model.parameters(), lr=learning_rate)
    bound_terms = torch.compile(objective) if compile else objective
    autocast = partial(torch.autocast, device.type, torch.bfloat16, enabled=precision == "bfloat16")

    def step(batch: Tensor, generator: Generator) -> Terms:
        with autocast():
            terms = bound_terms(model, batch, generator=generator)
        bound = torch.stack(list(terms.values())).sum(0).mean()
        optimizer.zero_grad()
        (-bound).backward()
        optimizer.step()
        return terms

    loop = Loop(
        epochs, batch_size, seed, binarization, progress,
        resume=Path(resume) if resume else None,
        callbacks=tuple(callbacks),
        settings={
            "learning rate": learning_rate, "optimizer": type(optimizer).__name__, "precision": precision,
            "images": len(x), **(settings or {}),
        },
    )  # fmt: skip
    score = None if x_test is None else partial(evaluate, model, x_test, objective, binarization=binarization)
    return loop.run(step, x, {"model": model, "optimizer": optimizer}, score)


@torch.no_grad()
def evaluate(
    model: Any,
    x: Float[Tensor, "n pixels"],
    objective: Objective = elbo_terms,
    *,
    binarization: str = "none",
    seed: int = TEST_SEED,
    batch_size: int = 1000,
) -> float:
    """Mean bound per data point, in nats, on images not learned from: z is sampled, never the posterior mean."""
    x = x.to(next(model.parameters()).device)
    generator = torch.Generator(x.device).manual_seed(seed)
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for batch in x.split(batch_size):
        terms = objective(model, binarize(batch, binarization, generator), generator=generator)
        total += sum(term.double().sum() for term in terms.values())
    return float(total) / len(x)


def choose_device(name: str | torch.device | None = None) -> torch.device:
    """The device of that name; unless named, a GPU if torch sees one, else the CPU.

    Raises UserError for a device that this machine does not have.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        return torch.empty(0, device=name).device
    except (RuntimeError, AssertionError):
        raise UserError(f"there is no device {str(name)!r} on this machine; choose cpu, or leave it out.") from None
