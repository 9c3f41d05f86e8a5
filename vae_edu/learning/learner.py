"""What every learner shares: where to compute, which optimizer, how often, and what to remember.

A learner is a step: what to do with one minibatch. `learn` takes it through the data, again and again.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import torch
from jaxtyping import Float, Shaped
from torch import Generator, Tensor

from vae_edu.bounds import Terms
from vae_edu.errors import UserError
from vae_edu.learning.history import History
from vae_edu.learning.loop import Callback, Loop, Measure, Watcher
from vae_edu.learning.resume import Stateful

LearnerStep = Callable[[Tensor, Generator, torch.optim.Optimizer], Terms]
MakeOptimizer = Callable[..., torch.optim.Optimizer]
LearningRate = float | Callable[[int], float]  # the same all along, or that of an epoch by the number of those before
FUSED_ADAM = partial(torch.optim.Adam, fused=True)  # one kernel for all parameters


class Options(TypedDict, total=False):
    """Keyword arguments common to all learners, explained at `learn`."""

    epochs: int
    passes: int
    batch_size: int
    learning_rate: LearningRate
    make_optimizer: MakeOptimizer
    weight_prior: bool | str
    seed: int
    binarization: str
    device: str | torch.device | None
    resume: str | Path | None
    settings: Mapping[str, Any] | None
    measure: Measure | None
    progress: bool
    callbacks: Iterable[Callback]


def learn(
    model: Any,
    x: Shaped[Tensor, "n columns"],
    step: LearnerStep,
    *,
    parts: Mapping[str, Stateful] | None = None,
    epochs: int = 5,
    passes: int = 1,
    batch_size: int = 100,
    learning_rate: LearningRate = 1e-3,
    make_optimizer: MakeOptimizer = FUSED_ADAM,
    weight_prior: bool | str = False,
    seed: int = 0,
    binarization: str = "none",
    device: str | torch.device | None = None,
    resume: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    measure: Measure | None = None,
    progress: bool = True,
    callbacks: Iterable[Callback] = (),
) -> History:
    """Take `step` on every minibatch; the model is trained in place, on the device chosen.

    An epoch is `passes` passes over the data: what is recorded, measured and saved once. A `learning_rate` that is a
    function is asked before each epoch, with the number of epochs finished. With `weight_prior` the weights, not the
    biases, have the prior N(0, I); the name of a network, "decoder" say, leaves it to that one's. `measure()` is called
    after each epoch, and the numbers it returns join the epoch's record. One seed fixes the order of the data, the
    binarization and the noise; give the model its own by `torch.manual_seed` before making it.
    `resume` names a file that holds the run's state after each epoch: a run killed outright goes on from there. It is
    refused if seed, batch size, passes, learning rate, optimizer, prior, binarization, the number of images or anything
    in `settings` has changed since; the objective is not looked at. `parts` is what else changes while learning, saved
    along. Each of `callbacks` is called with the history after each epoch, and may raise StopLearning; one that is a
    `Watcher` is told before the first epoch who learns. Ctrl-C keeps what was learned and returns the epochs finished
    so far.

    Raises UserError when x is not a matrix of images, when pixels to be drawn as 0 or 1 are no probabilities, when
    there is no such device, when a term is no longer finite or not one value per data point, and when `resume` belongs
    to another run.
    """
    device = choose_device(device)
    model.to(device)
    require_flat_images(x, binarization)
    network = weight_prior if isinstance(weight_prior, str) else ""
    parameters = with_weight_prior(model, len(x), network) if weight_prior else model.parameters()
    rate_of = learning_rate if callable(learning_rate) else None
    optimizer = make_optimizer(parameters, lr=rate_of(0) if rate_of else learning_rate)
    callbacks, x = tuple(callbacks), x.to(device)
    for watcher in callbacks:
        if isinstance(watcher, Watcher):
            watcher.begin(model, x, optimizer, epochs)
    loop = Loop(
        epochs, batch_size, seed, binarization, progress, passes,
        resume=Path(resume) if resume else None,
        before=partial(_set_learning_rate, optimizer, rate_of) if rate_of else None,
        callbacks=callbacks,
        settings={
            "learning rate": getattr(learning_rate, "__name__", learning_rate),
            "optimizer": type(optimizer).__name__, "prior on weights": weight_prior, "images": len(x),
            **(settings or {}),
        },
    )  # fmt: skip
    changing = {"model": model, "optimizer": optimizer, **(parts or {})}
    return loop.run(partial(_take, step, optimizer), x, changing, measure)


def _set_learning_rate(optimizer: torch.optim.Optimizer, rate_of: Callable[[int], float], epoch: int) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate_of(epoch)


def require_flat_images(x: Tensor, binarization: str) -> None:
    """Raise UserError unless x is a matrix with a row, and values to be drawn as 0 or 1 are probabilities."""
    if x.ndim != 2 or len(x) == 0:
        raise UserError(f"x must be flat images, shape (n, pixels) with n at least 1; got shape {tuple(x.shape)}.")
    if binarization == "dynamic" and not ((x >= 0) & (x <= 1)).all():
        raise UserError(
            f"binarization 'dynamic' takes pixels for probabilities, from 0 to 1; got {x.min():g} to {x.max():g}: "
            "scale x, or leave it as it is with 'none'."
        )


def _take(step: LearnerStep, optimizer: torch.optim.Optimizer, batch: Tensor, generator: Generator) -> Terms:
    return step(batch, generator, optimizer)


def ascend(optimizer: torch.optim.Optimizer, objective: Float[Tensor, ""]) -> None:
    """One step uphill."""
    optimizer.zero_grad()
    (-objective).backward()
    optimizer.step()


def with_weight_prior(model: torch.nn.Module, n: int, network: str = "") -> list[dict[str, Any]]:
    """Parameter groups for an optimizer that add log N(weights; 0, I) to the
    objective of n data points.

    What is maximized is the mean bound *per data point*, so the prior counts
    1/n, and its gradient −weights/n is what optimizers call weight decay.
    Biases have no prior, nor has what is not in the `network` named.

    Raises UserError when the model has no network of that name.

    Source: K13 (8) with the prior of K13 §5.
    """
    networks = dict(model.named_children())
    if network and network not in networks:
        raise UserError(f"weight_prior {network!r} is no network of this model; it has: {', '.join(networks)}.")
    weights: list[torch.nn.Parameter] = []
    others: list[torch.nn.Parameter] = []
    for name, parameter in model.named_parameters():
        chosen = name.startswith(f"{network}." if network else "") and not name.endswith("bias")
        (weights if chosen else others).append(parameter)
    return [{"params": weights, "weight_decay": 1 / n}, {"params": others, "weight_decay": 0.0}]


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
