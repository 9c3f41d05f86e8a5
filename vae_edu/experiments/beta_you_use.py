"""The β you are really using: losses trained as they are found, beside the β-weighted bounds that they are."""

import math
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Generator, Tensor, nn

from vae_edu.bounds import Objective, elbo_terms
from vae_edu.data import ImageData, load
from vae_edu.evaluation.active_units import THRESHOLD
from vae_edu.evaluation.effective_beta import Error, effective_beta, factors_of, honest_variance
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.points import Point, Result
from vae_edu.experiments.wild_losses import WILD, as_objective
from vae_edu.gaussians import kl_standard_normal, log_normal, reparameterize
from vae_edu.learning import fit
from vae_edu.likelihoods import Bernoulli, Gaussian, log_bernoulli
from vae_edu.models import VAE, BernoulliMLP, GaussianMLP

BATCH = 100


@dataclass(frozen=True)
class Plan:
    """Network, data and schedule of one budget."""

    data: str
    images: int
    pixels: int
    hidden: int
    latent: int
    epochs: int


def reproduce(request: Request) -> Outcome:
    """Every loss of `wild_losses`, and the bound with the β it has, from the same weights with the same noise."""
    quick = request.budget == "quick"
    size = Plan("digits", 300, 64, 50, 5, 1) if quick else Plan("mnist", 60_000, 784, 400, 20, 3)
    train, test = (load(size.data, split, request.data_root) for split in ("train", "test"))
    points: dict[str, Point] = {}
    rows: dict[str, dict[str, Any]] = {}
    for name, (loss, error) in WILD.items():
        r, k = factors_of(loss, error, size.pixels, size.latent, BATCH)
        beta = effective_beta(r, k, error)
        twin = f"bound with {error}, beta {beta:.6g}"
        for run, objective in ((name, as_objective(loss)), (twin, partial(elbo_terms, kl_weight=beta))):
            points[run] = Point(partial(learn, size, train, test, objective, error, request.seed))
        rows[name] = {"r": r, "k": k, "beta": beta, "error": error, "bound": twin}
        if error == "squared error":
            rows[name]["variance at which beta is 1"] = honest_variance(r, k)
    results = request.run(points, checksums(train, test))
    for name, row in rows.items():
        row["as found"], row["as a bound"] = results[name], results[row.pop("bound")]
    numbers = {
        "network": f"{size.pixels}-{size.hidden}-{size.latent}",
        "epochs": size.epochs,
        "learning rate": 1e-3,
        "batch": BATCH,
        "losses": rows,
    }
    return Outcome(numbers, data=checksums(train, test))


class UnitVariance(nn.Module):
    """A decoder of grey pixels: Gaussians of variance 1, the one that a squared error without a factor assumes."""

    def __init__(self, logits: nn.Module):
        """`logits` is the network of a Bernoulli decoder: the same weights serve either error."""
        super().__init__()
        self.logits = logits

    def forward(self, z: Float[Tensor, "*batch latent"]) -> tuple[Tensor, Tensor]:
        """Means in (0, 1), and log-variance 0."""
        mean = torch.sigmoid(self.logits(z))
        return mean, torch.zeros_like(mean)


def new_model(size: Plan, error: Error, seed: int) -> VAE:
    """One encoder and decoder for both errors, with the same initial weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        encoder = GaussianMLP((size.pixels, size.hidden, size.latent))
        decoder = BernoulliMLP((size.latent, size.hidden, size.pixels))
    if error == "squared error":
        return VAE(encoder, UnitVariance(decoder), Gaussian(), size.latent)
    return VAE(encoder, decoder, Bernoulli(), size.latent)


def learn(
    size: Plan, train: ImageData, test: ImageData, objective: Objective, error: Error, seed: int, state: Path
) -> Result:
    """Train with that objective, and look at the test images with weight 1 on everything."""
    model = new_model(size, error, seed)
    x = train.x[: size.images]
    fit(model, x, objective, epochs=size.epochs, batch_size=BATCH, seed=seed, resume=state, progress=False)
    return score(model.cpu(), test.x, seed)


@torch.no_grad()
def score(model: VAE, x: Float[Tensor, "n pixels"], seed: int) -> Result:
    """Means per image, one z each: both errors summed over pixels, the KL, latents in use, and bounds in nats.

    The Bernoulli bound takes the picture as probabilities. The Gaussian one is given the variance that suits these
    images best, the mean squared error of a pixel.
    """
    mean, log_var = model.encode(x)
    picture = model.images(reparameterize(mean, log_var, generator=Generator().manual_seed(seed)))
    kl = kl_standard_normal(mean, log_var).mean().item()
    square = (picture - x).square().sum(-1).mean().item()
    cross_entropy = -log_bernoulli(x, torch.logit(picture, eps=1e-6)).mean().item()
    log_variance = torch.tensor(math.log(square / x.shape[1]))
    return {
        "squared error": square,
        "cross-entropy": cross_entropy,
        "KL": kl,
        "active latents": int((mean.var(0) > THRESHOLD).sum()),
        "Bernoulli bound": -cross_entropy - kl,
        "Gaussian bound, best variance": log_normal(x, picture, log_variance.expand(1)).mean().item() - kl,
    }
