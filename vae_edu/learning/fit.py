"""Auto-encoding variational Bayes: K13's algorithm 1, for any objective."""

from functools import partial
from typing import Any, Literal, Unpack

import torch
from jaxtyping import Float
from torch import Generator, Tensor

from vae_edu.bounds import Objective, Terms, elbo_terms
from vae_edu.data import binarize
from vae_edu.learning.history import History
from vae_edu.learning.learner import Options, ascend, choose_device, learn
from vae_edu.learning.replayed import Replayed

Precision = Literal["float32", "bfloat16"]
TEST_SEED = 2**31 - 1  # the same noise at every evaluation: epochs differ by what was learned alone


def fit(
    model: Any,
    x: Float[Tensor, "n pixels"],
    objective: Objective = elbo_terms,
    *,
    x_test: Float[Tensor, "n_test pixels"] | None = None,
    precision: Precision = "float32",
    compile: bool = False,
    steps_per_launch: int = 1,
    **options: Unpack[Options],
) -> History:
    """Maximize the mean over data points of `objective`'s bound; the model is trained in place.

    With `x_test` each epoch's record gets the objective's "test bound", one z per image. On a GPU `steps_per_launch`
    steps are launched as one, so that it need not wait for Python between the kernels of a small network: see
    `vae_edu.learning.replayed`. All other options are explained at `vae_edu.learning.learner.learn`: epochs,
    batch_size, learning_rate, make_optimizer, weight_prior, seed, binarization, device, resume, measure, progress and
    more.

    Raises UserError as `learn` does.

    Source: K13 (8) and K13 algorithm 1, with L = 1 unless the objective is told otherwise.
    """
    bound_terms = torch.compile(objective) if compile else objective
    device = choose_device(options.get("device")).type
    autocast = partial(torch.autocast, device, torch.bfloat16, enabled=precision == "bfloat16")

    def step(batch: Tensor, generator: Generator, optimizer: torch.optim.Optimizer) -> Terms:
        with autocast():
            terms = bound_terms(model, batch, generator=generator)
        ascend(optimizer, torch.stack(list(terms.values())).sum(0).mean())
        return terms

    options["settings"] = {"precision": precision, **(options.get("settings") or {})}
    if device == "cuda" and steps_per_launch > 1:
        size = options.get("batch_size", 100)
        step, options["batch_size"] = Replayed(step, size), size * steps_per_launch
    return learn(model, x, step, **with_test_bound(options, model, x_test, objective))


def with_test_bound(options: Options, model: Any, x_test: Tensor | None, objective: Objective) -> Options:
    """The options, with the bound on test images among what is measured; as they are without test images."""
    if x_test is None:
        return options
    how, measure = options.get("binarization", "none"), options.get("measure")

    def both() -> dict[str, float]:
        bound = evaluate(model, x_test, objective, binarization=how)
        return {"test bound": bound, **(measure() if measure else {})}

    return {**options, "measure": both}


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
    """Mean bound per data point, in nats, on images not learned from: z is
    sampled, never the posterior mean.

    Source: D16 (8).
    """
    x = x.to(next(model.parameters()).device)
    generator = torch.Generator(x.device).manual_seed(seed)
    total = torch.zeros((), dtype=torch.float64, device=x.device)
    for batch in x.split(batch_size):
        terms = objective(model, binarize(batch, binarization, generator), generator=generator)
        total += sum(term.double().sum() for term in terms.values())
    return float(total) / len(x)
