"""Steps replayed from a CUDA graph learn what steps taken one by one learn."""

from functools import partial

import pytest
import torch
from torch import Generator

from vae_edu.data import load
from vae_edu.importance import iwae_terms
from vae_edu.learning import fit
from vae_edu.learning.learner import ascend
from vae_edu.learning.replayed import Replayed
from vae_edu.models import mlp_vae
from vae_edu.models.networks import draw_glorot_weights

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="CUDA graphs need a GPU")
X = load("digits").x[:600]


def rate(epoch: int) -> float:
    return 0.01 / (1 + epoch // 2)


def learned(**options):
    """Four epochs of 600 images in minibatches of 20, the learning rate halved after two; weights and bounds."""
    model = draw_glorot_weights(mlp_vae(64, (16,), 3, torch.nn.Tanh), Generator().manual_seed(0))
    history = fit(
        model, X, partial(iwae_terms, samples=4), epochs=4, batch_size=20, learning_rate=rate, progress=False, **options
    )
    return [p.detach().cpu() for p in model.parameters()], history["bound"]


def taken(step, batches):
    """What the steps on these batches leave of a small model, and their terms."""
    model = draw_glorot_weights(mlp_vae(64, (16,), 3, torch.nn.Tanh), Generator().manual_seed(0)).to(batches[0].device)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    generator = Generator(batches[0].device).manual_seed(1)

    def one(batch, generator, optimizer):
        terms = iwae_terms(model, batch, samples=4, generator=generator)
        ascend(optimizer, terms["bound"].mean())
        return terms

    terms = [step(one)(batch, generator, optimizer)["bound"].detach() for batch in batches]
    return [p.detach().cpu() for p in model.parameters()], torch.cat(terms).cpu()


def test_a_batch_is_learned_from_in_pieces():
    """The first batch, and any of another size, is not replayed: no GPU is needed."""
    whole, pieces = taken(lambda one: Replayed(one, 20), [X[:200]]), taken(lambda one: one, X[:200].split(20))
    torch.testing.assert_close(whole, pieces)
    assert len(whole[1]) == 200


def test_without_a_gpu_steps_are_taken_one_by_one():
    torch.testing.assert_close(learned(steps_per_launch=7, device="cpu"), learned(device="cpu"))


@needs_gpu
def test_replayed_steps_learn_what_single_steps_learn():
    """Six batches, the last one smaller: the first and the last in pieces, the others replayed; the same noise."""
    x = X.cuda()
    batches = [*x[:500].split(100), x[500:540]]
    step = None

    def kept(one):
        nonlocal step
        step = step or Replayed(one, 20)
        return step

    replayed = taken(kept, batches)
    assert step.graph is not None
    single = taken(lambda one: one, [part for batch in batches for part in batch.split(20)])
    torch.testing.assert_close(replayed, single, rtol=1e-3, atol=1e-4)


@needs_gpu
@pytest.mark.parametrize("steps", [5, 7])
def test_fit_learns_as_well_with_another_learning_rate_from_epoch_to_epoch(steps):
    """Not the same minibatches' noise, hence not the same numbers: bounds of 600 images agree within their scatter."""
    _, replayed = learned(steps_per_launch=steps)
    _, single = learned()
    assert replayed[-1] == pytest.approx(single[-1], abs=0.5)
    assert replayed[-1] > replayed[0] + 3
