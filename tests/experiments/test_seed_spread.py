"""The spread over seeds in points: each seed's own run, and the printed statistics of them."""

import statistics

import pytest
import torch

from vae_edu.bounds import elbo_terms
from vae_edu.data import load
from vae_edu.experiments import Request, seed_spread
from vae_edu.learning import fit
from vae_edu.models import conv_vae


def test_each_seed_is_the_recipe_trained_with_that_seed():
    numbers = seed_spread.cnn(Request("quick", progress=False)).numbers["cnn"]
    losses = numbers["train loss by seed"]
    torch.manual_seed(1)
    history = fit(conv_vae(64, (8, 4), 20), load("digits").x, elbo_terms, epochs=1, seed=1, progress=False)
    assert losses["1"] == pytest.approx(-history["bound"][-1], rel=1e-6)
    assert numbers["mean"] == pytest.approx(statistics.mean(losses.values()))
    assert numbers["spread"] == pytest.approx(statistics.stdev(losses.values()))


def test_without_the_kl_term_the_loss_is_the_cross_entropy_alone():
    history = seed_spread.no_kl(Request("quick", progress=False)).numbers["no-kl"]["train loss by seed"]
    assert set(history) == {"0", "1"}
    assert all(0 < loss < 64 for loss in history.values())  # nats for 64 pixels; ½ everywhere costs 44
