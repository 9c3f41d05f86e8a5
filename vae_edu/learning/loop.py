"""Epochs: minibatches in random order, a progress bar, a history, and a run that survives being stopped.

What happens to a minibatch is the learner's business (`fit`'s step is K13's algorithm 1); everything around it is here.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from jaxtyping import Shaped
from torch import Generator, Tensor
from tqdm.auto import tqdm

from vae_edu.bounds import Terms
from vae_edu.data import binarize
from vae_edu.errors import UserError
from vae_edu.learning.history import History
from vae_edu.learning.interrupt import Interrupted, StopFlag, StopLearning, stop_on_interrupt
from vae_edu.learning.resume import Stateful, load_state, save_state

Step = Callable[[Tensor, Generator], Terms]
Measure = Callable[[], Mapping[str, float]]
Callback = Callable[[History], None]  # after each epoch; raises StopLearning if there shall be no other
CHECK_EVERY = 100  # steps between two looks at the numbers: each look makes a GPU wait for its queue


@runtime_checkable
class Watcher(Protocol):
    """A callback that wants to know beforehand who learns what, and how."""

    def begin(self, model: Any, x: Tensor, optimizer: torch.optim.Optimizer, epochs: int) -> None:
        """Called before the first epoch; `optimizer` may be told another learning rate between epochs."""


@dataclass
class Loop:
    """How often, in what order and with what precautions a learner's step is taken."""

    epochs: int
    batch_size: int
    seed: int
    binarization: str = "none"
    progress: bool = True
    passes: int = 1
    resume: Path | None = None
    before: Callable[[int], object] | None = None  # called before each epoch with the number of those finished
    callbacks: tuple[Callback, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def run(
        self,
        step: Step,
        x: Shaped[Tensor, "n columns"],
        parts: dict[str, Stateful],
        measure: Measure | None = None,
    ) -> History:
        """Take `step` on every minibatch of every epoch; what `measure` finds after each joins its record.

        `parts` is what changes (modules, optimizers): saved after each epoch if `resume` names a file, and taken
        up from there if the file exists. Raises UserError when a term of the bound is no longer finite or not one
        value per data point, and when that file has more epochs than asked for.
        """
        generator = torch.Generator(x.device).manual_seed(self.seed)
        settings = self.settings | {
            "batch size": self.batch_size,
            "passes": self.passes,
            "seed": self.seed,
            "binarization": self.binarization,
        }
        history = History(load_state(self.resume, parts, generator, settings) if self.resume else [])
        if len(history) > self.epochs:
            raise UserError(
                f"{self.resume} has learned for {len(history)} epochs already and was asked for {self.epochs}; ask for "
                f"{len(history)} or more, or delete the file."
            )
        bar = tqdm(
            total=self.epochs * self.passes * len(x), initial=len(history) * self.passes * len(x), unit=" images",
            unit_scale=True, disable=not self.progress, dynamic_ncols=True, mininterval=0.25,
            leave=None,  # not below another bar
        )  # fmt: skip
        enough = False  # said by a callback: of this loop alone, which may be a part of something that goes on
        with bar, stop_on_interrupt() as stop:
            while len(history) < self.epochs and not stop and not enough:
                started = time.perf_counter()
                if self.before:
                    self.before(len(history))
                means = self._epoch(step, x, generator, bar, stop, len(history) + 1)
                if stop:
                    break
                found = measure() if measure else {}
                history.records.append({**means, **found, "seconds": time.perf_counter() - started})
                if self.resume:
                    save_state(self.resume, parts, generator, history.records, settings)
                enough = self._tell(history)
            history.interrupted = bool(stop) or enough
            if stop and stop.whole_only:
                raise Interrupted
        return history

    def _tell(self, history: History) -> bool:
        """Call the callbacks; whether one of them has seen enough."""
        try:
            for callback in self.callbacks:
                callback(history)
        except StopLearning:
            return True
        return False

    def _epoch(
        self, step: Step, x: Tensor, generator: Generator, bar: tqdm, stop: StopFlag, epoch: int
    ) -> dict[str, float]:
        """`passes` times through the data; the mean of each term per data point."""
        trace = Trace(epoch)
        for batch in chain.from_iterable(minibatches(x, self.batch_size, generator) for _ in range(self.passes)):
            trace.add(_one_per_row(step(binarize(batch, self.binarization, generator), generator), len(batch)))
            bar.update(len(batch))
            if len(trace) % CHECK_EVERY == 0:
                bar.set_postfix(epoch=epoch, bound=f"{trace.recent():.2f}", refresh=False)
            if stop:
                break
        return trace.means()


def _one_per_row(terms: dict[str, Tensor], rows: int) -> Terms:
    """The terms, if they are what an objective promises. Raises UserError for sums, means, and values per sample."""
    for name, term in terms.items():
        if term.shape != (rows,):
            raise UserError(
                f"the objective's term {name!r} has shape {tuple(term.shape)} on a minibatch of {rows}; expected "
                f"({rows},), one value per data point: sum over dimensions, average over samples, not over the batch."
            )
    return terms


def minibatches(
    x: Shaped[Tensor, "n columns"], size: int, generator: Generator
) -> Iterator[Shaped[Tensor, "batch columns"]]:
    """The data once, in random order, `size` at a time; the last may be
    smaller."""
    for indices in torch.randperm(len(x), generator=generator, device=x.device).split(size):
        yield x[indices]


class Trace:
    """Sums of the terms, step by step, left on the device until somebody looks."""

    def __init__(self, epoch: int):
        """Nothing seen yet; `epoch` is for the message when a number breaks."""
        self.epoch = epoch
        self.names: list[str] = []
        self.sums: list[Tensor] = []
        self.counts: list[int] = []
        self.checked = 0

    def __len__(self) -> int:
        """Steps so far."""
        return len(self.sums)

    def add(self, terms: Terms) -> None:
        """Remember one step's terms, summed over the minibatch; no number leaves the device."""
        self.names = list(terms)
        self.sums.append(torch.stack([term.detach().sum() for term in terms.values()]))
        self.counts.append(len(next(iter(terms.values()))))

    def recent(self) -> float:
        """The mean bound since the last look."""
        sums = self._checked_sums()
        recent, self.checked = self.checked, len(self.sums)
        return float(sums[recent:].sum() / sum(self.counts[recent:]))

    def means(self) -> dict[str, float]:
        """The mean per data point of the bound and of each term."""
        if not self.sums:
            return {}
        means = (self._checked_sums().sum(0) / sum(self.counts)).tolist()
        return {"bound": sum(means), **dict(zip(self.names, means, strict=True))}

    def _checked_sums(self) -> Tensor:
        sums = torch.stack(self.sums).double().cpu()
        broken = (~sums.isfinite()).nonzero()
        if len(broken):
            step = int(broken[0, 0])
            terms = " and ".join(self.names[int(column)] for row, column in broken if int(row) == step)
            raise UserError(
                f"training stopped: in epoch {self.epoch}, step {step + 1}, the term {terms} of the bound was no "
                "longer finite; a smaller learning rate is the usual remedy, data outside [0, 1] the usual cause."
            )
        return sums
