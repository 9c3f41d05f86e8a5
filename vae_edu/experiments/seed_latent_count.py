"""The seed project's experiment 9, which it left without a design: do more latents decode more noise?"""

import math
from functools import partial
from pathlib import Path
from typing import Any

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Generator, Tensor

from vae_edu.bounds import elbo
from vae_edu.data import ImageData
from vae_edu.evaluation.active_units import THRESHOLD
from vae_edu.evaluation.classifier import confidence
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.pictures import pack, unpack
from vae_edu.experiments.points import Point
from vae_edu.experiments.seed_subjects import Judge, images, judge, with_latents
from vae_edu.gaussians import kl_standard_normal, reparameterize
from vae_edu.plots import raster, use_book_style
from vae_edu.plots.images import image_rows
from vae_edu.recipes import Recipe, recipe

LATENTS = {"quick": (2, 5), "cpu": (2, 5, 10, 20, 50, 100), "paper": (2, 5, 10, 20, 50, 100, 200)}
SEEDS = {"quick": 1, "cpu": 1, "paper": 3}
DRAWS = 10_000  # from the prior, and as many reconstructions at most
UNSURE = 0.05  # the judge is called unsure where it is less so of only this share of the test images
SHOWN = 7


def seed_9(request: Request) -> Outcome:
    """VAEs of 2 to 100 latents, trained alike; how many draws from the prior decode to what a classifier cannot name.

    Reconstructions serve as control: the same decoder, at latents that images put there. Beside it the bound, in
    which K13's figure 2 shows no loss up to 200 latents.
    """
    (train, test), critic = images(request), judge(request)
    sure = confidence(critic.classify, test.x)
    threshold = sure.quantile(UNSURE).item()
    seeds = range(request.seed, request.seed + SEEDS[request.budget])
    runs = [(latent, seed) for latent in LATENTS[request.budget] for seed in seeds]
    look = partial(_measure, train=train, test=test, critic=critic, threshold=threshold)
    results = request.run(
        {
            f"{j} latents, seed {seed}": Point(partial(look, with_latents(recipe("vanilla"), j, request), seed))
            for j, seed in runs
        },
        checksums(train, test),
    )
    numbers = {
        "latents": list(LATENTS[request.budget]),
        "unsure: confidence below": threshold,
        "test images": verdict(critic, test.x, threshold),
        "classifier's test accuracy": critic.test_accuracy,
        "draws": DRAWS,
        "seed project": {"finding": "with more latents more z decode to noise", "slip": "claimed, not measured"},
        "K13 figure 2, MNIST, 10⁸ images seen, digitized test bound by latents": {
            "3": -133.4, "5": -119.1, "10": -103.6, "20": -100.1, "200": -100.2,
        },
    }  # fmt: skip
    first = {f"{j} latents": results[f"{j} latents, seed {request.seed}"] for j in LATENTS[request.budget]}
    return Outcome(numbers, {"samples": _draw(first, test.image_shape)}, checksums(train, test))


def _measure(
    plan: Recipe, seed: int, state: Path, *, train: ImageData, test: ImageData, critic: Judge, threshold: float
) -> dict[str, Any]:
    """Train one VAE and look at it."""
    model = plan.new_model(seed)
    history = plan.fit(model, train.x, seed=seed, resume=state, progress=False)
    model.requires_grad_(False).cpu()
    generator = Generator().manual_seed(seed)
    mean, log_var = model.encode(test.x)
    kl = kl_standard_normal(mean.unsqueeze(-1), log_var.unsqueeze(-1)).mean(0)
    bound = elbo(model, test.x, generator=generator)
    samples = model.sample(DRAWS, generator)
    back = model.images(reparameterize(mean, log_var, generator=generator))
    return {
        "train bound, last epoch": history["bound"][-1],
        "test bound": bound.mean().item(),
        "test bound, standard error": standard_error(bound),
        "KL(q(z|x) || p(z)), nats": kl.sum().item(),
        "active latents": int((mean.var(0) > THRESHOLD).sum()),
        "latents with a KL above 0.1 nat": int((kl > 0.1).sum()),
        "prior draws": verdict(critic, samples, threshold),
        "reconstructions": verdict(critic, back, threshold),
        "pictures": pack(samples[:SHOWN]),
    }


def verdict(critic: Judge, pictures: Float[Tensor, "n pixels"], threshold: float) -> dict[str, float]:
    """Means over the pictures, each with its standard error: confidence, entropy in nats, share below the threshold."""
    sure = confidence(critic.classify, pictures)
    log_p = critic.classify(pictures).log_softmax(-1)
    values = {
        "confidence": sure,
        "entropy, nats": -(log_p.exp() * log_p).sum(-1),
        "share unsure": (sure < threshold).float(),
    }
    errors = {f"{name}, standard error": standard_error(value) for name, value in values.items()}
    return {name: value.mean().item() for name, value in values.items()} | errors


def standard_error(values: Float[Tensor, "n"]) -> float:
    """Standard error of the mean of independent values."""
    return values.std().item() / math.sqrt(len(values))


def _draw(results: dict[str, dict[str, Any]], shape: tuple[int, int]) -> Figure:
    use_book_style()
    raster()
    rows = {
        name: unpack(result["pictures"], math.prod(shape))[:SHOWN].unflatten(1, shape)
        for name, result in results.items()
    }
    return image_rows({name: pictures.numpy() for name, pictures in rows.items()})
