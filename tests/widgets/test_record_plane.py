"""Recording a plane, and that what is shipped was recorded from the checkpoint beside it."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file

from vae_edu import data, files
from vae_edu.checkpoints import load_pretrained
from vae_edu.recipes import recipe
from vae_edu.widgets import narrow, plane, record_plane
from vae_edu.widgets.networks import pack_decoder
from vae_edu.widgets.shipped import shipped_names

PLANES = [name.removesuffix(".plane") for name in shipped_names() if name.endswith(".plane")]


def described(name: str) -> dict:
    with safe_open(plane.plane_path(name), framework="numpy") as file:
        return json.loads(file.metadata()["about"])


def test_a_plane_is_recorded_from_the_test_images(model, images, shelf, monkeypatch):
    x, labels = images
    test = data.ImageData("mnist", "test", x, labels, (4, 4), "checksum")
    monkeypatch.setattr(record_plane, "load_pretrained", lambda name: model)
    monkeypatch.setattr(record_plane, "recipe", lambda name: recipe("two-latents"))
    monkeypatch.setattr(record_plane.data, "load", lambda name, split: test)
    plane.plane_path(shelf).unlink()
    assert record_plane.main([shelf]) == 0
    recorded, description = load_file(plane.plane_path(shelf)), described(shelf)
    mean, log_var = model.encode(x)
    assert np.abs(recorded["means"] - mean.detach().numpy()).max() < 1e-2
    assert np.abs(recorded["sds"] - (0.5 * log_var).exp().detach().numpy()).max() < 1e-2
    assert plane.decoder_path(shelf).read_bytes() == pack_decoder(model.decoder)  # too small to be narrowed
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
    count = {"mnist": 10_000, "frey": 365}[recipe(name).data]
    assert recorded["means"].shape == recorded["sds"].shape == (count, 2)
    if "labels" in recorded:
        assert np.bincount(recorded["labels"]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert ("labels" in recorded) == (recipe(name).data == "mnist")


@pytest.mark.parametrize("name", PLANES)
def test_a_shipped_plane_is_where_the_encoder_puts_test_images(name, request):
    real = request.getfixturevalue(recipe(name).data)
    with torch.no_grad():
        mean, log_var = load_pretrained(name).encode(data.load(real.name, "test").x)
    recorded = load_file(plane.plane_path(name))
    for tensor, expected in {"means": mean, "sds": (0.5 * log_var).exp()}.items():
        off = (torch.from_numpy(recorded[tensor]).float() - expected).abs()
        # Rounding to float16 moves a number by at most one part in 2048.
        assert (off <= expected.abs() / 2000 + 1e-4).all()


@pytest.mark.parametrize("name", PLANES)
def test_a_shipped_decoder_is_small_and_draws_what_the_checkpoint_draws(name):
    model, recorded = load_pretrained(name), load_file(plane.decoder_path(name))
    half = plane.half_width(load_file(plane.plane_path(name))["means"])
    z = half * (2 * torch.rand(5000, 2, generator=torch.Generator().manual_seed(0)) - 1)
    head, layer = narrow.head_of(model.decoder)
    layers = [torch.from_numpy(recorded[f"{head}.{i}.weight"]).float() for i in (0, 1)]
    with torch.no_grad():
        pictures = (model.decoder.hidden(z) @ layers[0].T @ layers[1].T + layer.bias).sigmoid()
        off = pictures - model.images(z)
    assert off.abs().max() < 1.25 * narrow.TOLERANCE  # kept on a grid, and asked for between its points
    assert off.square().mean().sqrt() < 0.15 * narrow.TOLERANCE
    assert sum(array.nbytes for array in recorded.values()) < len(pack_decoder(model.decoder)) / 2
