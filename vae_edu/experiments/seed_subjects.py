"""Whom the seed project's experiments question: its models with the shipped weights, and images they never saw."""

from dataclasses import dataclass, replace
from functools import partial

from jaxtyping import Int64
from torch import Tensor, nn

from vae_edu.checkpoints import load_pretrained
from vae_edu.data import ImageData, load
from vae_edu.evaluation.classifier import accuracy, train_classifier
from vae_edu.experiments import Request
from vae_edu.models import VAE, mlp_vae
from vae_edu.recipes import Recipe, recipe


def images(request: Request) -> tuple[ImageData, ImageData]:
    """Training and test images: MNIST, and the embedded digits for a quick look."""
    name = "digits" if request.budget == "quick" else "mnist"
    train, test = (load(name, split, request.data_root) for split in ("train", "test"))
    return train, test


def subject(name: str, request: Request) -> VAE:
    """The recipe's model with the shipped weights; for a quick look a small one of the same objective, on digits."""
    if request.budget != "quick":
        return load_pretrained(name).requires_grad_(False)
    return trained(with_latents(recipe(name), recipe(name).new_model().latent, request), request)


def with_latents(plan: Recipe, latent: int, request: Request) -> Recipe:
    """The recipe with another number of latents; for a quick look with fewer hidden units, on digits."""
    if request.budget == "quick":
        return replace(plan, build=partial(mlp_vae, 64, (64,), latent), epochs=20)
    return replace(plan, build=partial(mlp_vae, 784, (400,), latent))


def trained(plan: Recipe, request: Request) -> VAE:
    """A model trained here, by the recipe and the request's seed."""
    model = plan.new_model(request.seed)
    plan.fit(model, images(request)[0].x, seed=request.seed, progress=False)
    return model.requires_grad_(False).cpu()


@dataclass(frozen=True)
class Judge:
    """A classifier of the training images, and the share of test images it names rightly."""

    classify: nn.Module
    test_accuracy: float


def judge(request: Request) -> Judge:
    """A small classifier, trained here."""
    train, test = images(request)
    epochs = 20 if request.budget == "quick" else 3
    classifier = train_classifier(train.x, labels(train), epochs=epochs, seed=request.seed)
    return Judge(classifier, accuracy(classifier, test.x, labels(test)))


def labels(data: ImageData) -> Int64[Tensor, "n"]:
    """The digits' labels, which both data sets have."""
    assert data.labels is not None
    return data.labels
