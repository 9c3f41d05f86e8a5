"""Table 1 of Burda et al.: nets, schedule and numbers of a row against what they are said to be."""

import math
from dataclasses import replace

import pytest
import torch

from vae_edu.data import binarize, load
from vae_edu.evaluation.marginal_likelihood import importance_sampling
from vae_edu.experiments import Request, iwae_table1
from vae_edu.experiments.iwae_table1 import PLANS, PUBLISHED, difference, name, score, train_row
from vae_edu.likelihoods import log_bernoulli

QUIET = Request("quick", progress=False)


def test_the_papers_rows_and_nets():
    plan, x = PLANS["paper"], torch.rand(50, 784)
    assert len(plan.rows) == 10
    assert len({name(row) for row in plan.rows}) == 10
    one, two = (plan.new_model(layers, x, seed=0) for layers in (1, 2))
    sizes = [tuple(p.shape) for p in one.parameters() if p.ndim == 2]
    assert sizes == [(200, 784), (200, 200), (50, 200), (50, 200), (200, 50), (200, 200), (784, 200)]
    assert two.latents == (100, 50)
    assert [tuple(layer.weight.shape) for layer in two.upper_encoder.hidden[::2]] == [(100, 100), (100, 100)]
    assert {key[0]: value for key, value in PUBLISHED.items() if key[1:] == ("IWAE", 50)} == {
        1: (84.78, [25]),
        2: (82.90, [26, 7]),
    }


@pytest.mark.parametrize("layers", [1, 2])
def test_an_untrained_model_starts_near_the_pixels_means(layers):
    x = load("digits").x
    model = PLANS["quick"].new_model(layers, x, seed=0)
    decoder = model.decoder if layers == 1 else model.lower_decoder
    torch.testing.assert_close(decoder.logits.bias.sigmoid(), x.mean(0).clamp(0.001, 0.999))


def test_all_rows_of_a_budget_train_equally_long_on_the_same_order_of_images(tmp_path):
    """At k = 1 the two objectives are one: trained with either, the same weights come out."""
    plan = replace(PLANS["quick"], draws=5)
    vae, iwae = (train_row(plan, (1, objective, 1), QUIET, tmp_path / objective) for objective in ("VAE", "IWAE"))
    clocked = {"images per second": 0, "seconds": 0}
    assert vae | clocked == iwae | clocked


def test_a_rows_numbers_are_those_of_the_model_it_trained(tmp_path):
    plan, row, state = replace(PLANS["quick"], last_stage=1), (1, "IWAE", 5), tmp_path / "state.pt"
    result = train_row(plan, row, QUIET, state)
    assert result["passes"] == 4
    first, last = result["train bound at the end of each stage"]
    assert last > first
    model = plan.new_model(1, load("digits").x, seed=0)
    model.load_state_dict(torch.load(state, weights_only=True)["parts"]["model"])
    test = binarize(load("digits", "test").x[::2][:100], "dynamic", torch.Generator().manual_seed(0))
    many = -importance_sampling(model, test, 500, torch.Generator().manual_seed(1)).mean().item()
    assert result["NLL"] == pytest.approx(many, abs=0.3)  # 50 draws against 500, of a bound that is nearly tight
    assert result["NLL"] == pytest.approx(sum(result["NLL by group of test images"]) / 20, abs=0.02)
    assert result["units"] == [4]


def test_the_score_of_a_decoder_that_ignores_its_latents_is_the_pixels_own():
    plan, x = PLANS["quick"], load("digits").x
    model = plan.new_model(1, x, seed=0)
    with torch.no_grad():
        model.decoder.logits.weight.zero_()
        for head in (model.encoder.mean, model.encoder.log_var):
            head.weight.zero_()  # q is the prior: every weight is p(x)
    numbers = score(plan, model, x, load("digits", "test").x, seed=0)
    test = binarize(load("digits", "test").x[::2][:100], "dynamic", torch.Generator().manual_seed(0))
    exact = -log_bernoulli(test, model.decoder.logits.bias).mean().item()
    assert numbers["NLL"] == pytest.approx(exact, abs=0.006)
    assert numbers["active units"] == [0]


def test_a_difference_knows_how_sure_it_is():
    gains = torch.randn(20, generator=torch.Generator().manual_seed(0))
    first = {"NLL by group of test images": [100.0 + i for i in range(20)]}
    second = {"NLL by group of test images": [100.0 + i - float(g) for i, g in enumerate(gains)]}
    found = difference(first, second)
    assert found["nats"] == pytest.approx(gains.mean().item(), abs=0.006)
    assert found["standard error"] == pytest.approx(gains.std().item() / math.sqrt(20), abs=0.006)


def test_every_budget_compares_each_row_with_the_vae_of_one_sample():
    for plan in PLANS.values():
        assert {(layers, "VAE", 1) for layers, _, _ in plan.rows} <= set(plan.rows)
    assert iwae_table1.cost((1, "IWAE", 50)) > iwae_table1.cost((1, "IWAE", 5))
