"""K13's Adagrad against its formula written out; the prior on the weights against the gradient of (8) plus log p(θ)."""

import pytest
import torch

from vae_edu.bounds import elbo_terms
from vae_edu.errors import UserError
from vae_edu.gaussians import log_standard_normal
from vae_edu.learning import fit
from vae_edu.learning.adagrad import GatheringAdagrad
from vae_edu.learning.learner import ascend, learn, with_weight_prior
from vae_edu.models import mlp_vae
from vae_edu.models.networks import draw_small_weights


@pytest.mark.parametrize("gather", [0, 1, 3])
def test_steps_are_those_of_the_formula(gather):
    torch.manual_seed(0)
    parameter = torch.nn.Parameter(torch.randn(5, dtype=torch.float64))
    expected, squares = parameter.detach().clone(), torch.full((5,), 1e-3, dtype=torch.float64)
    optimizer = GatheringAdagrad([parameter], lr=0.3, gather=gather, damping=1e-3)
    for step in range(6):
        gradient = torch.randn(5, dtype=torch.float64)
        parameter.grad = gradient.clone()
        optimizer.step()
        squares += gradient**2
        if step >= gather:
            expected -= 0.3 * gradient / squares.sqrt()
        torch.testing.assert_close(parameter.detach(), expected)


def test_gathering_goes_on_where_it_was_after_a_restart(digits, tmp_path):
    """Two steps an epoch and 100 to gather: the state must know how many are left."""

    def new():
        torch.manual_seed(0)
        return mlp_vae(64, (8,), 2)

    options = {"batch_size": 100, "make_optimizer": GatheringAdagrad, "learning_rate": 0.05, "progress": False}
    whole = fit(new(), digits.x[:200], epochs=60, **options)
    fit(new(), digits.x[:200], epochs=30, resume=tmp_path / "s.pt", **options)
    resumed = fit(new(), digits.x[:200], epochs=60, resume=tmp_path / "s.pt", **options)
    assert resumed["bound"] == whole["bound"]
    assert whole["bound"][55] > whole["bound"][45] + 0.5  # and it did begin to learn at step 100


@pytest.mark.equation("K13 (8)")
def test_the_prior_is_that_of_the_weights_scaled_for_one_data_point(digits):
    """The gradient of N·mean bound + log p(weights), divided by N, by autograd; biases are free."""
    torch.manual_seed(0)
    model, x = mlp_vae(64, (8,), 2).double(), digits.x[:40].double()
    eps = torch.randn(1, 40, 2, dtype=torch.float64)

    def bound(model, x, *, generator=None):
        return elbo_terms(model, x, eps=eps)

    names, parameters = zip(*model.named_parameters(), strict=True)
    before = [parameter.detach().clone() for parameter in parameters]
    weights = [p for n, p in zip(names, parameters, strict=True) if n.endswith("weight")]
    whole = sum(bound(model, x).values()).sum() + sum(log_standard_normal(p.flatten()) for p in weights)
    gradients = torch.autograd.grad(whole / len(x), parameters)
    step = {"learning_rate": 0.1, "make_optimizer": torch.optim.SGD, "batch_size": 40, "epochs": 1, "progress": False}
    order = torch.randperm(40, generator=torch.Generator().manual_seed(0))
    fit(model, x[order.argsort()], bound, weight_prior=True, **step)
    for parameter, start, gradient in zip(parameters, before, gradients, strict=True):
        torch.testing.assert_close(parameter.detach(), start + 0.1 * gradient)


def test_every_parameter_is_in_one_group():
    model = mlp_vae(64, (8,), 2)
    groups = with_weight_prior(model, 50)
    assert [group["weight_decay"] for group in groups] == [1 / 50, 0.0]
    assert [p.ndim for p in groups[0]["params"]] == [2] * len(groups[0]["params"])
    assert sum(len(group["params"]) for group in groups) == len(list(model.parameters()))


@pytest.mark.parametrize(("network", "decayed"), [(True, 5), ("decoder", 2), (False, 0)])
def test_the_prior_is_on_the_weights_of_the_network_named(network, decayed):
    """Without a gradient from the data, a step follows log N(w; 0, I) alone: it moves towards 0, or not at all."""
    model = mlp_vae(6, (5,), 2)
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}

    def step(batch, generator, optimizer):
        value = torch.zeros(len(batch))
        ascend(optimizer, sum(0.0 * parameter.sum() for parameter in model.parameters()))
        return {"nothing": value}

    learn(
        model, torch.zeros(4, 6), step, epochs=1, weight_prior=network, make_optimizer=torch.optim.SGD,
        learning_rate=0.4, progress=False,
    )  # fmt: skip
    moved = {name for name, parameter in model.named_parameters() if not torch.equal(parameter, before[name])}
    assert len(moved) == decayed
    assert all(name.endswith("weight") for name in moved)
    assert network != "decoder" or all(name.startswith("decoder") for name in moved)
    for name in moved:
        torch.testing.assert_close(model.get_parameter(name), 0.9 * before[name])  # 1 - 0.4/4


def test_a_run_is_not_taken_up_with_the_prior_on_another_network(tmp_path):
    options = {"resume": tmp_path / "state.pt", "progress": False}
    fit(mlp_vae(6, (5,), 2), torch.rand(4, 6), epochs=1, weight_prior="decoder", **options)
    with pytest.raises(UserError, match="prior on weights"):
        fit(mlp_vae(6, (5,), 2), torch.rand(4, 6), epochs=2, weight_prior=True, **options)


def test_a_prior_on_a_network_that_is_not_there_is_refused():
    with pytest.raises(UserError, match=r"weight_prior 'decode' is no network.*: encoder, decoder"):
        fit(mlp_vae(6, (5,), 2), torch.rand(4, 6), weight_prior="decode", progress=False)


def test_small_weights_start_at_the_prior():
    model = draw_small_weights(mlp_vae(64, (200,), 5), generator=torch.Generator().manual_seed(0))
    mean, log_var = model.encode(torch.rand(10, 64))
    assert torch.equal(log_var, torch.zeros_like(log_var))
    assert mean.abs().max() < 0.1
    weights = model.decoder.hidden[0].weight.flatten()  # 1,000 draws; χ² has 6 deviations of about 0.022 in its root
    assert abs(weights.std() / 0.01 - 1) < 0.15
