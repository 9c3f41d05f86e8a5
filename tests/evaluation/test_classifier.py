"""The judge of pictures: right about digits, sure of clear ones, unsure of what is no digit or two at once."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vae_edu.data import load
from vae_edu.evaluation.classifier import accuracy, classification_terms, confidence, train_classifier


@pytest.fixture(scope="module")
def test_digits():
    return load("digits", "test")


@pytest.fixture(scope="module")
def judge(digits):
    return train_classifier(digits.x, digits.labels, epochs=40)


def test_it_knows_digits_of_writers_it_never_saw(judge, test_digits):
    assert accuracy(judge, test_digits.x, test_digits.labels) > 0.85


def test_confidence_is_calibrated_enough_to_rank_pictures(judge, test_digits):
    x = test_digits.x
    half = len(x) // 2
    mixed = (x[:half] + x[half : 2 * half]) / 2
    noise = torch.bernoulli(x.mean(0).expand(500, -1), generator=torch.Generator().manual_seed(0))
    clear, two_at_once, none = (confidence(judge, images).mean() for images in (x, mixed, noise))
    assert clear > two_at_once
    assert clear > none


def test_terms_are_minus_the_cross_entropy_and_confidence_is_the_top_probability(judge, test_digits):
    x, labels = test_digits.x[:7], test_digits.labels[:7]
    rows = torch.cat([x, F.one_hot(labels, 10).float()], dim=1)
    (terms,) = classification_terms(judge, rows).values()
    torch.testing.assert_close(terms, -F.cross_entropy(judge(x), labels, reduction="none"))
    expected = torch.distributions.Categorical(logits=judge(x)).probs.max(-1).values
    torch.testing.assert_close(confidence(judge, x.view(7, 1, -1)), expected.view(7, 1))


def test_judging_is_repeatable_and_leaves_the_global_stream_alone(digits, test_digits):
    before = torch.get_rng_state()
    first, second = (train_classifier(digits.x[:200], digits.labels[:200], epochs=1, seed=3) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(confidence(first, test_digits.x), confidence(second, test_digits.x))
    assert not any(module.training for module in first.modules() if isinstance(module, nn.Dropout))
