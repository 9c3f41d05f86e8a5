"""A small model with two latents, and shipped files that hold it and its recorded plane."""

import pytest
import torch
from torch import Tensor

from vae_edu.checkpoints import save_weights
from vae_edu.models import VAE, mlp_vae
from vae_edu.widgets import plane, record_plane, shipped


@pytest.fixture
def model() -> VAE:
    torch.manual_seed(0)
    return mlp_vae(pixels=16, hidden=(8,), latent=2)


@pytest.fixture
def images() -> tuple[Tensor, Tensor]:
    """Images and labels."""
    return torch.rand(30, 16), torch.arange(30) % 10


@pytest.fixture
def shelf(model, images, tmp_path, monkeypatch) -> str:
    """The name of the one model that is shipped, with its plane."""
    for module in (shipped, record_plane, plane):
        for folder in {"CHECKPOINTS", "DATA"} & set(vars(module)):
            monkeypatch.setattr(module, folder, tmp_path)
    monkeypatch.setattr("vae_edu.checkpoints.load_pretrained", lambda name: model)
    save_weights(model, tmp_path / "small.safetensors")
    (tmp_path / "small.plane.safetensors").write_bytes(plane.live_plane(model, *images)["live.plane"])
    return "small"
