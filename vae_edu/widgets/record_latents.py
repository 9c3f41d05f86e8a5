"""Record what a pretrained model's encoder says of MNIST's test images, for pages that move its latents one by one.

    python -m vae_edu.widgets.record_latents vanilla

One safetensors file in float16: `mean` and `sd` (10, latents), the posterior of the first test image of each digit, and
over all test images `activity` and `nats` (latents,), the variance of each dimension's posterior mean and its mean
divergence from the prior. Run it again whenever the checkpoint changes.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor

from vae_edu import data, files
from vae_edu.checkpoints import load_pretrained
from vae_edu.evaluation.active_units import activity
from vae_edu.gaussians import kl_standard_normal
from vae_edu.models import VAE
from vae_edu.widgets import record_plane
from vae_edu.widgets.networks import about
from vae_edu.widgets.shipped import CHECKPOINTS, DATA


def latents_path(name: str) -> Path:
    """Where the encoded digits of a pretrained model are recorded."""
    return DATA / f"{name}.latents.safetensors"


@torch.no_grad()
def encoded_digits(model: VAE, x: Tensor, labels: Tensor) -> dict[str, np.ndarray]:
    """The tensors of the file, for images (n, pixels) with labels 0 to 9, each of which must occur."""
    mean, log_var = model.encode(x)
    first = torch.stack([(labels == digit).nonzero()[0, 0] for digit in range(10)])
    tensors = {
        "mean": mean[first],
        "sd": (0.5 * log_var[first]).exp(),
        "activity": activity(model, x)[0],
        "nats": kl_standard_normal(mean.unsqueeze(-1), log_var.unsqueeze(-1)).mean(0),
    }
    return {name: tensor.half().numpy() for name, tensor in tensors.items()}


def record(name: str) -> None:
    """Write `widgets/data/NAME.latents.safetensors`."""
    model, test = load_pretrained(name), data.load("mnist", "test")
    assert test.labels is not None, "MNIST has labels"
    description = {
        "image_shape": test.image_shape,
        "images": f"{test.name} {test.split}, SHA-256 {test.checksum}",
        "checkpoint": files.sha256(CHECKPOINTS / f"{name}.safetensors"),
    }
    with files.written_atomically(latents_path(name)) as temporary:
        save_file(encoded_digits(model, test.x, test.labels), temporary, about(description))


if __name__ == "__main__":
    sys.exit(record_plane.main(sys.argv[1:], record))
