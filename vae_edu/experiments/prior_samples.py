"""Pictures decoded from the prior: K13's figure 5 and D16's figure 7, 10×10 each, with what can be measured of them."""

from functools import partial
from pathlib import Path

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Generator, Tensor, nn

from vae_edu.bounds import elbo
from vae_edu.data import ImageData
from vae_edu.evaluation.active_units import THRESHOLD
from vae_edu.evaluation.classifier import confidence
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.pictures import pack, unpack
from vae_edu.experiments.points import Point, Result
from vae_edu.experiments.released_vae import LATENT, WEIGHT_DECAY, Plan, train
from vae_edu.experiments.seed_latent_count import UNSURE, standard_error, verdict
from vae_edu.experiments.seed_subjects import Judge, images, judge
from vae_edu.gaussians import kl_standard_normal
from vae_edu.learning import History, fit
from vae_edu.models import VAE, mlp_vae
from vae_edu.plots import raster, use_book_style
from vae_edu.plots.latent_plane import mosaic

DRAWS = 5000
SIDE = 10
LATENTS = (2, 5, 10, 20)
EPOCHS = {"quick": 2, "cpu": 10, "paper": 200}
RELEASED = {"quick": Plan((64, 32, 16), 2), "cpu": Plan((1000, 500, 250), 40), "paper": Plan((1000, 500, 250), 100)}

# Read off the paper's figure 2 at 10⁸ images, ± 0.2 nats; it has no curve of two latents on MNIST.
K13_FIGURE_2 = {"5": -119.1, "10": -103.6, "20": -100.1}


def k13_fig5(request: Request) -> Outcome:
    """Draws from the prior at 2, 5, 10 and 20 latents: tanh networks with 500 hidden units, by Adam.

    The paper shows the pictures and gives no number for them. Source: K13 §5 and figure 5.
    """
    (data, test), critic = images(request), judge(request)
    results = request.run(
        {f"{latent} latents": Point(partial(_k13_point, latent, request, data, test, critic)) for latent in LATENTS},
        checksums(data, test),
    )
    numbers = {
        "epochs": EPOCHS[request.budget],
        **about_the_judge(critic, test),
        "K13 figure 2, MNIST, 10⁸ images seen, digitized test bound by latents": K13_FIGURE_2,
    }
    figures = {name.replace(" ", "-"): draw(result, test) for name, result in results.items()}
    return Outcome(numbers, figures, checksums(data, test))


def d16_fig7(request: Request) -> Outcome:
    """Draws from the prior of D16's released VAE; the paper shows them and gives no number. Source: D16 §4.1."""
    (data, test), critic = images(request), judge(request)
    plan = RELEASED[request.budget]

    def point(state: Path) -> Result:
        model, history = train(plan, LATENT, data, test, request.seed, state)
        return curve(history) | look(model, test, critic, request.seed) | pictures(model, request.seed)

    results = request.run({"released VAE": Point(point)}, checksums(data, test))
    numbers = {
        "hidden": plan.hidden,
        "latents": LATENT,
        "weight decay": WEIGHT_DECAY,
        "epochs": {"here": plan.epochs, "published": 100},
        **about_the_judge(critic, test),
        "not as released": "log-variances are read from the last hidden layer behind its ReLU, as the means are",
    }
    return Outcome(numbers, {"samples": draw(results["released VAE"], test)}, checksums(data, test))


def _k13_point(latent: int, request: Request, data: ImageData, test: ImageData, critic: Judge, state: Path) -> Result:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(request.seed)
        model = mlp_vae(data.x.shape[1], (500,), latent, nn.Tanh)
    history = fit(
        model, data.x, x_test=test.x, epochs=EPOCHS[request.budget], seed=request.seed, resume=state,
        settings={"latents": latent}, progress=False,
    )  # fmt: skip
    model.requires_grad_(False).cpu()
    return curve(history) | look(model, test, critic, request.seed) | pictures(model, request.seed)


def curve(history: History) -> Result:
    """Train and test bound, epoch by epoch, in nats; the training values are running ones."""
    return {"bound": {"train": _rounded(history["bound"]), "test": _rounded(history["test bound"])}}


def look(model: VAE, test: ImageData, critic: Judge, seed: int) -> Result:
    """What the test images and draws from the prior say of a trained VAE; means with their standard errors, in nats.

    Part by part, as 10,000 latents of 10,000 images are much to hold at once.
    """
    generator = Generator().manual_seed(seed)
    parts = test.x.split(500)
    bound = torch.cat([elbo(model, part, generator=generator) for part in parts])
    posteriors = [model.encode(part) for part in parts]
    divergence = torch.cat([kl_standard_normal(*posterior) for posterior in posteriors])
    samples = torch.cat([model.sample(500, generator) for _ in range(DRAWS // 500)])
    return {
        "test bound": {"mean": bound.mean().item(), "standard error": standard_error(bound)},
        "KL(q(z|x) || p(z))": divergence.mean().item(),
        "active latents": int((torch.cat([mean for mean, _ in posteriors]).var(0) > THRESHOLD).sum()),
        "prior draws": verdict(critic, samples, threshold(critic, test)),
    }


def pictures(model: VAE, seed: int, count: int = SIDE**2) -> Result:
    """Draws from the prior, for the figure."""
    return {"pictures": pack(in_few_greys(model.sample(count, Generator().manual_seed(seed))))}


def in_few_greys(pictures: Float[Tensor, "*batch pixels"]) -> Float[Tensor, "*batch pixels"]:
    """The pictures in 64 greys, which keeps records and files short."""
    return (pictures * 63).round() / 63


def threshold(critic: Judge, test: ImageData) -> float:
    """The confidence that the judge falls short of on a share UNSURE of the test images."""
    return confidence(critic.classify, test.x).quantile(UNSURE).item()


def about_the_judge(critic: Judge, test: ImageData) -> Result:
    """How good the classifier is, and what it says of real images."""
    return {
        "draws": DRAWS,
        "unsure: confidence below": threshold(critic, test),
        "test images": verdict(critic, test.x, threshold(critic, test)),
        "classifier's test accuracy": critic.test_accuracy,
    }


def draw(result: Result, data: ImageData) -> Figure:
    """The 10×10 draws of one point."""
    use_book_style()
    raster()
    whole = unpack(result["pictures"], data.x.shape[1]).view(SIDE, SIDE, -1)
    return mosaic(whole, data.image_shape, width=4.0)


def _rounded(values: list[float]) -> list[float]:
    return [round(value, 3) for value in values]
