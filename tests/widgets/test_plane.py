"""What widgets are given: networks and encoded images, and sentences for mistakes."""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load

from vae_edu.errors import UserError
from vae_edu.models import VAE, LinearGaussian, gaussian_mlp_vae, mlp_vae
from vae_edu.widgets import plane
from vae_edu.widgets.networks import pack_decoder, pack_encoder
from vae_edu.widgets.shipped import shipped


def layers(packed: bytes) -> list[np.ndarray]:
    """Weights and biases from the first layer to the one head."""
    tensors = load(packed)
    count = sum(name.endswith(".weight") for name in tensors) - 1
    (head,) = {name.partition(".")[0] for name in tensors} - {"hidden"}
    names = [*(f"hidden.{i}" for i in range(count)), head]
    return [tensors[f"{name}.{part}"] for name in names for part in ("weight", "bias")]


def about(packed: bytes) -> dict:
    length = int.from_bytes(packed[:8], "little")
    return json.loads(json.loads(packed[8 : 8 + length])["__metadata__"]["about"])


def decoded(packed: bytes, z: np.ndarray) -> np.ndarray:
    """The decoder's head before its output function, from the packed weights by NumPy alone."""
    h, weights = z, [layer.astype(np.float64) for layer in layers(packed)]
    for i in range(0, len(weights), 2):
        h = h @ weights[i].T + weights[i + 1]
        h = np.maximum(h, 0) if i + 2 < len(weights) else h
    return h


def test_a_live_model_is_packed_layer_by_layer(images):
    model = mlp_vae(pixels=16, hidden=(12, 8), latent=2)
    z = torch.randn(5, 2)
    packed = plane.live_plane(model, *images)["live.decoder"]
    assert np.abs(decoded(packed, z.double().numpy()) - model.decode(z).detach().numpy()).max() < 1e-2


def test_more_than_ten_layers_keep_their_order(images):
    model = mlp_vae(pixels=16, hidden=(4,) * 12, latent=2)
    shapes = [tuple(layer.shape) for layer in layers(plane.live_plane(model, *images)["live.decoder"])]
    assert shapes == [tuple(p.shape) for p in model.decoder.parameters()]


def test_the_images_themselves_are_not_in_it(model, images):
    packed = plane.live_plane(model, *images)
    tensors = load(packed["live.plane"])
    assert set(packed) == {"live.decoder", "live.plane"}
    assert set(tensors) == {"means", "sds", "labels"}
    mean, log_var = model.encode(images[0])
    assert np.abs(tensors["means"] - mean.detach().numpy()).max() < 1e-2
    assert np.abs(tensors["sds"] - (0.5 * log_var).exp().detach().numpy()).max() < 1e-2
    assert tensors["labels"].tolist() == images[1].tolist()


def test_shipped_files_equal_the_live_ones(model, images, shelf):
    live = plane.live_plane(model, *images)
    assert {name: shipped(f"{shelf}.{name}") for name in ("plane", "decoder")} == {
        "plane": live["live.plane"],
        "decoder": live["live.decoder"],
    }


def test_labels_may_be_missing(model, images):
    assert "labels" not in load(plane.live_plane(model, images[0])["live.plane"])


@pytest.mark.parametrize(
    ("model", "activation", "head"),
    [
        (mlp_vae(16, (8,), 2), "relu", ["logits", "sigmoid"]),
        (gaussian_mlp_vae(16, (8,), 2), "tanh", ["mean", "sigmoid"]),
        (gaussian_mlp_vae(16, (8,), 2, squash_mean=False), "tanh", ["mean", "identity"]),
    ],
)
def test_the_page_is_told_how_to_read_the_decoder(model, activation, head):
    assert about(pack_decoder(model.decoder)) == {"activation": activation, "heads": [head]}


def test_an_encoder_has_two_heads_in_order(model):
    packed = pack_encoder(model.encoder)
    assert about(packed)["heads"] == [["mean", "identity"], ["log_var", "identity"]]
    weight = load(packed)["log_var.weight"]
    assert np.abs(weight - model.encoder.log_var.weight.detach().numpy()).max() < 1e-3


def test_mistakes_are_one_sentence(model, images, shelf):
    x, labels = images
    linear = VAE(model.encoder, torch.nn.Linear(2, 16), model.likelihood, 2)
    gelu = mlp_vae(16, (8,), 2, torch.nn.GELU)
    ppca = LinearGaussian(torch.rand(16, 2), torch.zeros(16), 1.0)
    mistakes = [
        (lambda: shipped("three.plane"), "no plane of 'three' is shipped; choose one of: small"),
        (lambda: pack_encoder(linear), "needs an MLP encoder, but this is a VAE"),
        (lambda: plane.live_plane(mlp_vae(16, (8,), 3), x), "a model with 2 latents, but this one has 3"),
        (lambda: plane.live_plane(linear, x), "needs an MLP decoder, but this is a Linear"),
        (lambda: plane.live_plane(gelu, x), "uses GELU"),
        (lambda: plane.live_plane(mlp_vae(15, (8,), 2), x[:, :15]), "15 pixels are not square"),
        (lambda: plane.live_plane(model, x, labels[:3]), "3 labels for 30 images"),
        (lambda: plane.live_plane(model, x[:0]), "at least one image"),
        (lambda: plane.live_plane(ppca, x), "this is a LinearGaussian"),
    ]
    for mistake, sentence in mistakes:
        with pytest.raises(UserError, match=sentence):
            mistake()
