"""A small classifier as a judge of pictures: how sure it is of the class of what a model decodes."""

from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int64
from torch import Generator, Tensor, nn

from vae_edu.bounds import Terms
from vae_edu.learning import fit


def train_classifier(
    x: Float[Tensor, "n pixels"],
    labels: Int64[Tensor, "n"],
    *,
    hidden: int = 256,
    epochs: int = 3,
    seed: int = 0,
) -> nn.Sequential:
    """A perceptron pixels → hidden → classes, trained on the labeled images; ready to judge, on the CPU.

    Dropout keeps it from being sure of pictures unlike any it was shown, which a plain network is too often.
    """
    classes = int(labels.max()) + 1
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = nn.Sequential(
            nn.Dropout(0.2), nn.Linear(x.shape[1], hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(hidden, classes)
        )
        rows = torch.cat([x, F.one_hot(labels, classes).to(x.dtype)], dim=1)
        fit(classifier.train(), rows, classification_terms, epochs=epochs, seed=seed, device="cpu", progress=False)
    return classifier.eval().requires_grad_(False)


def classification_terms(model: Any, x: Float[Tensor, "batch row"], *, generator: Generator | None = None) -> Terms:
    """log p(class|image), in nats, for rows that hold an image and, after its pixels, its class as one-hot vector."""
    pixels = model[1].in_features
    return {"log p(class|image)": (x[:, pixels:] * model(x[:, :pixels]).log_softmax(-1)).sum(-1)}


@torch.no_grad()
def confidence(classifier: nn.Module, images: Float[Tensor, "*batch pixels"]) -> Float[Tensor, "*batch"]:
    """The largest class probability of each picture: near 1 for a clear digit, low for what could be several."""
    return classifier(images).softmax(-1).amax(-1)


@torch.no_grad()
def accuracy(classifier: nn.Module, x: Float[Tensor, "n pixels"], labels: Int64[Tensor, "n"]) -> float:
    """Share of images whose most probable class is their label."""
    return (classifier(x).argmax(-1) == labels).float().mean().item()
