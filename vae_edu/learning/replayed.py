"""Many steps of a learner as one launch: small networks leave a GPU waiting for the next kernel to be named.

A step of a small model is many kernels of microseconds, which Python names one after another. Recorded once as a CUDA
graph they are launched together, as often as wanted.
"""

import torch
from torch import Generator, Tensor

from vae_edu.bounds import Terms
from vae_edu.learning.learner import LearnerStep


class Replayed:
    """A learner's step on several minibatches in a row, of `size` data points each, replayed from a CUDA graph.

    What is learned is what the steps would learn one by one. The first call takes them so, which makes whatever an
    optimizer keeps; the second records. A graph has the learning rate in it as a number: another one, another graph.
    Give each learner a process of its own: five replayed at the same time in threads of one spoiled each other's
    results, probably because their graphs share the scratch memory of matrix products.
    """

    def __init__(self, step: LearnerStep, size: int):
        """`step` as `learn` wants it."""
        self.step, self.size = step, size
        self.graph: torch.cuda.CUDAGraph | None = None
        self.rows = 0  # of a whole batch, the largest seen
        self.rates: list[float] = []

    def __call__(self, batch: Tensor, generator: Generator, optimizer: torch.optim.Optimizer) -> Terms:
        """Take the steps; the terms of all data points, in order."""
        if len(batch) != self.rows:
            self.rows = max(self.rows, len(batch))
            return self._one_by_one(batch, generator, optimizer)
        rates = [group["lr"] for group in optimizer.param_groups]
        if self.graph is None or rates != self.rates:
            self.graph = None  # the old one's memory is free before the new one asks for some
            self.graph, self.rates = self._recorded(batch, generator, optimizer), rates
        self.batch.copy_(batch)
        self.graph.replay()
        return {name: term.clone() for name, term in self.terms.items()}

    def _one_by_one(self, batch: Tensor, generator: Generator, optimizer: torch.optim.Optimizer) -> Terms:
        steps = [self.step(part, generator, optimizer) for part in batch.split(self.size)]
        return {name: torch.cat([terms[name].detach() for terms in steps]) for name in steps[0]}

    def _recorded(self, batch: Tensor, generator: Generator, optimizer: torch.optim.Optimizer) -> torch.cuda.CUDAGraph:
        """The graph of the steps, none of which is taken before it is replayed."""
        for group in optimizer.param_groups:
            group["capturable"] = True  # Adam wants the promise that it counts its steps on the GPU: if fused, it does
        self.batch, graph = batch.clone(), torch.cuda.CUDAGraph()
        graph.register_generator_state(generator)
        with torch.cuda.graph(graph):
            self.terms = self._one_by_one(self.batch, generator, optimizer)
        return graph
