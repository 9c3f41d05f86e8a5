"""Recording a plane, and that what is shipped was recorded from the checkpoint beside it."""

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from vae_edu import data, files
from vae_edu.checkpoints import load_pretrained
from vae_edu.widgets import plane, record_plane


def test_a_plane_is_recorded_from_the_test_images(model, images, shelf, monkeypatch):
    x, labels = images
    test = data.ImageData("mnist", "test", x, labels, (4, 4), "checksum")
    monkeypatch.setattr(record_plane, "load_pretrained", lambda name: model)
    monkeypatch.setattr(record_plane.data, "load", lambda name, split: test)
    monkeypatch.setattr(record_plane, "CHECKPOINTS", plane.CHECKPOINTS)
    plane.plane_path(shelf).unlink()
    assert record_plane.main([shelf]) == 0
    recorded, description = load_file(plane.plane_path(shelf)), plane.recorded_description(shelf)
    assert np.abs(recorded["means"] - model.encode(x)[0].detach().numpy()).max() < 1e-2
    assert recorded["labels"].tolist() == labels.tolist()
    assert description["checkpoint"] == files.sha256(plane.CHECKPOINTS / f"{shelf}.safetensors")
    assert plane.recorded_plane(shelf) == plane.recorded_plane(shelf)  # the same bytes each time


def test_an_unknown_name_is_one_sentence(capsys):
    assert record_plane.main(["no-such-model"]) == 2
    assert "no-such-model" in capsys.readouterr().err


@pytest.mark.parametrize("name", plane.plane_names())
def test_a_shipped_plane_belongs_to_its_checkpoint(name):
    recorded, description = load_file(plane.plane_path(name)), plane.recorded_description(name)
    message = f"the checkpoint has changed; run: python -m vae_edu.widgets.record_plane {name}"
    assert description["checkpoint"] == files.sha256(plane.CHECKPOINTS / f"{name}.safetensors"), message
    assert recorded["means"].shape == (10_000, 2)
    assert np.bincount(recorded["labels"]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize("name", plane.plane_names())
def test_a_shipped_plane_is_where_the_encoder_puts_mnist(name, mnist):
    means = torch.from_numpy(load_file(plane.plane_path(name))["means"]).float()
    with torch.no_grad():
        expected = load_pretrained(name).encode(data.load(mnist.name, "test").x)[0]
    # Rounding to float16 moves a number by at most one part in 2048.
    assert ((means - expected).abs() <= expected.abs() / 2000 + 1e-4).all()
