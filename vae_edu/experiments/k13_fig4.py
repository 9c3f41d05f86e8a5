"""K13 figure 4: the learned manifolds of MNIST (20×20) and Frey Face (10×10) in two latent dimensions."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import torch
from matplotlib.figure import Figure
from torch import Generator

from vae_edu.bounds import elbo_terms
from vae_edu.checkpoints import load_pretrained
from vae_edu.data import ImageData, load
from vae_edu.evaluation.latent_space import log_aggregate_posterior, manifold
from vae_edu.experiments import Outcome, Request
from vae_edu.gaussians import log_standard_normal, reparameterize
from vae_edu.learning import evaluate, fit
from vae_edu.models import VAE
from vae_edu.plots import raster, use_book_style
from vae_edu.plots.latent_plane import mosaic
from vae_edu.recipes import Stage, recipe

PLAIN = (Stage(500, 1e-3), Stage(100, 2e-4))  # as many passes, without the weighted start

# Read off the paper's figure 2, two latents, ± 5 nats: train and test bound after so many training images.
K13_FREY = {
    "1e6": {"train": 664, "test": 673},
    "1e7": {"train": 835, "test": 823},
    "1e8": {"train": 935, "test": 872},
}


def reproduce(request: Request) -> Outcome:
    """Both manifolds: Frey Face trained here, MNIST from the shipped weights. "quick" trains a hundredth as long.

    Source: K13 figure 4.
    """
    train, test = (load("frey", split, request.data_root) for split in ("train", "test"))
    shorter = 100 if request.budget == "quick" else 1
    frey = recipe("frey-two-latents")
    weighted = (*frey.warm_up, Stage(frey.epochs, frey.learning_rate))
    stages, plain = ([replace(s, epochs=max(1, s.epochs // shorter)) for s in plan] for plan in (weighted, PLAIN))
    model = train_frey(train, stages, request)
    numbers = {
        "frey": measure(model, train, test, request.seed),
        "frey without the weighted start": measure(train_frey(train, plain, request), train, test, request.seed),
        "stages (divergence weight, learning rate, epochs)": [(s.kl_weight, s.learning_rate, s.epochs) for s in stages],
        "images seen": len(train) * sum(stage.epochs for stage in stages),
        "K13 figure 2, 2 latents, digitized": K13_FREY,
        "mnist": "the shipped weights of recipe two-latents",
    }
    figures = draw(model, train.image_shape, load_pretrained("two-latents"))
    return Outcome(numbers, figures, {f"frey {part.split}": part.checksum for part in (train, test)})


def draw(frey: VAE, face_shape: tuple[int, int], mnist: VAE) -> dict[str, Figure]:
    """10×10 faces and 20×20 digits, evenly spaced in prior probability. Source: K13 figure 4."""
    use_book_style()
    raster()
    return {
        "frey": mosaic(manifold(frey, 10), face_shape, width=4.0),
        "mnist": mosaic(manifold(mnist, 20), (28, 28), width=5.0),
    }


def train_frey(data: ImageData, stages: Sequence[Stage], request: Request) -> VAE:
    """K13's Gaussian decoder, trained by Adam in stages that differ in the weight of the divergence and in the step.

    Source: K13 §5.
    """
    model = recipe("frey-two-latents").new_model(request.seed)
    for number, stage in enumerate(stages):
        fit(
            model,
            data.x,
            partial(elbo_terms, kl_weight=stage.kl_weight),
            epochs=stage.epochs,
            learning_rate=stage.learning_rate,
            seed=request.seed + number,
            progress=request.progress,
        )
    return model.requires_grad_(False).cpu()


def measure(model: VAE, train: ImageData, test: ImageData, seed: int) -> dict[str, float]:
    """Bounds on both splits, each z sampled once; how far all posteriors together are from the prior, in nats."""
    mean, log_var = model.encode(train.x)
    z = reparameterize(mean, log_var, generator=Generator().manual_seed(seed))
    aggregate = log_aggregate_posterior(z, mean, log_var) - log_standard_normal(z)
    _, pixel_log_var = model.decode(z)
    return {
        "train bound": evaluate(model, train.x),
        "test bound": evaluate(model, test.x),
        "KL(q(z) || p(z))": aggregate.mean().item(),
        "largest posterior mean": mean.abs().max().item(),
        "smallest log-variance of a pixel": torch.as_tensor(pixel_log_var).min().item(),
    }
