"""Recording a plane, and that what is shipped was recorded from the checkpoint beside it."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file

from vae_edu import data, files
from vae_edu.checkpoints import load_pretrained
from vae_edu.widgets import plane, record_plane
from vae_edu.widgets.shipped import shipped_names

PLANES = [name.removesuffix(".plane") for name in shipped_names() if name.endswith(".plane")]


def described(name: str) -> dict:
    with safe_open(plane.plane_path(name), framework="numpy") as file:
        return json.loads(file.metadata()["about"])


def test_a_plane_is_recorded_from_the_test_images(model, images, shelf, monkeypatch):
    x, labels = images
    test = data.ImageData("mnist", "test", x, labels, (4, 4), "checksum")
    monkeypatch.setattr(record_plane, "load_pretrained", lambda name: model)
    monkeypatch.setattr(record_plane.data, "load", lambda name, split: test)
    plane.plane_path(shelf).unlink()
    assert record_plane.main([shelf]) == 0
    recorded, description = load_file(plane.plane_path(shelf)), described(shelf)
    assert np.abs(recorded["means"] - model.encode(x)[0].detach().numpy()).max() < 1e-2
    assert recorded["labels"].tolist() == labels.tolist()
    assert description["checkpoint"] == files.sha256(record_plane.CHECKPOINTS / f"{shelf}.safetensors")
    assert description["image_shape"] == [4, 4]
    first = plane.plane_path(shelf).read_bytes()
    record_plane.main([shelf])
    assert plane.plane_path(shelf).read_bytes() == first


def test_an_unknown_name_is_one_sentence(capsys):
    assert record_plane.main(["no-such-model"]) == 2
    assert "no-such-model" in capsys.readouterr().err


@pytest.mark.parametrize("name", PLANES)
def test_a_shipped_plane_belongs_to_its_checkpoint(name):
    recorded, description = load_file(plane.plane_path(name)), described(name)
    message = f"the checkpoint has changed; run: python -m vae_edu.widgets.record_plane {name}"
    assert description["checkpoint"] == files.sha256(record_plane.CHECKPOINTS / f"{name}.safetensors"), message
    assert recorded["means"].shape == (10_000, 2)
    assert np.bincount(recorded["labels"]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize("name", PLANES)
def test_a_shipped_plane_is_where_the_encoder_puts_mnist(name, mnist):
    means = torch.from_numpy(load_file(plane.plane_path(name))["means"]).float()
    with torch.no_grad():
        expected = load_pretrained(name).encode(data.load(mnist.name, "test").x)[0]
    # Rounding to float16 moves a number by at most one part in 2048.
    assert ((means - expected).abs() <= expected.abs() / 2000 + 1e-4).all()
