"""A small model with two latents, and a checkpoint folder that holds it and its recorded plane."""

import pytest
import torch
from safetensors.numpy import save_file
from torch import Tensor

from vae_edu.checkpoints import save_weights
from vae_edu.models import VAE, mlp_vae
from vae_edu.widgets import plane


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
    """The name of the one plane there is."""
    monkeypatch.setattr(plane, "CHECKPOINTS", tmp_path)
    monkeypatch.setattr(plane, "PLANES", tmp_path)
    save_weights(model, tmp_path / "small.safetensors")
    save_file(plane.encode(model, *images), plane.plane_path("small"), plane.metadata(plane.describe(model, (4, 4))))
    return "small"
