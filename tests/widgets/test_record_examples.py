"""Test images whose column is completed: they are MNIST's, and what is said of them is what the models pay."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file

from vae_edu import data, files
from vae_edu.bounds import log_weights
from vae_edu.checkpoints import load_pretrained
from vae_edu.errors import UserError
from vae_edu.widgets import record_examples
from vae_edu.widgets.networks import pack_condition
from vae_edu.widgets.shipped import shipped


@pytest.fixture(scope="module")
def about() -> dict:
    with safe_open(record_examples.PATH, framework="numpy") as file:
        return json.loads(file.metadata()["about"])


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.from_numpy(load_file(record_examples.PATH)["images"])


def test_what_is_shipped_belongs_to_its_checkpoints(about):
    message = "a checkpoint has changed; run: python -m vae_edu.widgets.record_examples"
    for name, checksum in about["checkpoints"].items():
        assert checksum == files.sha256(record_examples.CHECKPOINTS / f"{name}.safetensors"), message
    assert set(about["checkpoints"]) == {"cvae-column", "regressor-column"}


def test_the_images_are_the_first_of_each_digit(images, mnist):
    test = data.load(mnist.name, "test")
    first = [test.labels.tolist().index(digit) for digit in range(10)]
    torch.testing.assert_close(images / 255, test.x[first])


@torch.no_grad()
def test_the_nats_are_those_of_the_models(about, images):
    x = images / 255
    exact = load_pretrained("regressor-column").log_likelihood(x)
    assert about["exact"] == pytest.approx(exact.tolist(), abs=0.06)
    terms = log_weights(load_pretrained("cvae-column"), x, samples=1000, generator=torch.Generator().manual_seed(1))
    error = (2 * terms.var(0) / 1000).sqrt()  # of a difference of two means; 5.5 for ten comparisons
    assert ((torch.tensor(about["bound"]) - terms.mean(0)).abs() < 0.06 + 5.5 * error).all()
    assert error.max() < 0.4


def test_parts_that_a_model_lacks_are_one_sentence():
    for name, message in {
        "regressor-column.encoder": "'regressor-column' is a Regressor and has no encoder",
        "two-latents.condition": "a decoder with layers for the condition; this BernoulliMLP has none",
        "cvae-label.condition": "a decoder with layers for the condition; this ConditionalMLP has none",
    }.items():
        with pytest.raises(UserError, match=message):
            shipped(name)
    with pytest.raises(UserError, match="this Linear has none"):
        pack_condition(torch.nn.Linear(2, 2))
