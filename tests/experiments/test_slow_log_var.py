"""A layer whose weights count a share moves that share as far: only under an optimizer that does not see the scale."""

from dataclasses import replace

import pytest
import torch

from vae_edu.experiments.k13_fig2 import MNIST
from vae_edu.experiments.slow_log_var import SlowLinear, slow_log_var
from vae_edu.learning.adagrad import GatheringAdagrad
from vae_edu.models import mlp_vae
from vae_edu.models.networks import draw_small_weights


def moved_by_two_steps(layer):
    """How far two steps of Adagrad move what the layer's weights make of h, from zero."""
    draw_small_weights(layer, std=0.0)
    optimizer = GatheringAdagrad(layer.parameters(), lr=0.02, gather=1)
    h = torch.tensor([[0.5, -2.0, 3.0]])
    for _ in range(3):  # the first only gathers
        optimizer.zero_grad()
        layer(h).sum().backward()
        optimizer.step()
    return (layer(h) - layer.bias).item()


def test_what_it_computes_moves_that_share_as_far():
    full, tenth = (moved_by_two_steps(SlowLinear(3, 1, share)) for share in (1.0, 0.1))
    # Steps 2 and 3 are lr/√2 and lr/√3 of every weight, down, against the sign of its input.
    assert full == pytest.approx(-0.02 * (2**-0.5 + 3**-0.5) * (0.5 + 2 + 3), rel=1e-5)
    assert tenth == pytest.approx(full / 10, rel=1e-5)


def test_only_the_log_variances_are_slow():
    x = torch.rand(4, 6, generator=torch.Generator().manual_seed(0))
    model = mlp_vae(6, (5,), 2, torch.nn.Tanh)
    mean = model.encode(x)[0]
    slow = slow_log_var(model, 0.1)
    with torch.no_grad():
        slow.encoder.log_var.weight.fill_(3.0)
        slow.encoder.log_var.bias.fill_(0.25)
    same_mean, other = slow.encode(x)
    torch.testing.assert_close(same_mean, mean)
    h = slow.encoder.hidden(x).sum(1, keepdim=True)
    torch.testing.assert_close(other, (0.3 * h + 0.25).expand(-1, 2))


def test_a_panel_has_it_where_it_says_so_and_starts_with_the_same_weights():
    slow_panel = replace(MNIST, **MNIST.whole_variations["WS 3, slow log-variances"])
    plain, slow = (panel.new_model(3, 64, seed=0) for panel in (MNIST, slow_panel))
    assert slow.encoder.log_var.share == 0.1
    assert plain.encoder.log_var.share == 1.0
    for (name, ours), (other_name, theirs) in zip(slow.named_parameters(), plain.named_parameters(), strict=True):
        assert name == other_name
        torch.testing.assert_close(ours, theirs)
