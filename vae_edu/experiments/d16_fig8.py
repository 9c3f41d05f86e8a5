"""D16 figure 8: one column of a digit is given. A CVAE makes up one rest, a regressor takes the mean of them all."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Generator, Tensor

from vae_edu.bounds import elbo
from vae_edu.checkpoints import load_pretrained
from vae_edu.data import ImageData
from vae_edu.evaluation.classifier import confidence
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.pictures import pack, unpack
from vae_edu.experiments.points import Point, Result
from vae_edu.experiments.prior_samples import in_few_greys
from vae_edu.experiments.released_vae import decayed_adam
from vae_edu.experiments.seed_latent_count import standard_error
from vae_edu.experiments.seed_subjects import Judge, images, judge
from vae_edu.importance import importance_weighted_bound
from vae_edu.models import CVAE, Regressor, mlp_cvae, mlp_regressor
from vae_edu.plots import raster, use_book_style
from vae_edu.plots.conditional import completions
from vae_edu.recipes import CENTER_COLUMN, recipe

ROWS, COLUMNS = 4, 15  # of the figure
IMAGES = 500  # of the test set, completed SAMPLES times each
SAMPLES = 100
BEST_OF = (1, 2, 5, 10, 20, 50, 100)
GREY = (0.1, 0.9)  # a pixel between these is neither ink nor paper
DIGITS_COLUMN = range(3, 64, 8)

# Other sizes than the recipes', by budget.
BUILD: dict[str, dict[str, partial[Any]]] = {
    "quick": {
        "cvae-column": partial(mlp_cvae, 64, DIGITS_COLUMN, (16,), (32,), 4),
        "regressor-column": partial(mlp_regressor, 64, DIGITS_COLUMN, (16, 32)),
    },
    "paper": {
        "cvae-column": partial(mlp_cvae, 784, CENTER_COLUMN, (1000, 500, 250), (1000, 500, 250), 30),
        "regressor-column": partial(mlp_regressor, 784, CENTER_COLUMN, (1000, 500, 250, 250, 500, 1000)),
    },
}


def reproduce(request: Request) -> Outcome:
    """Both models on test images: what they say, and how likely, how varied, how sharp and how far off it is.

    At budget "cpu" the shipped weights are looked at; "paper" trains D16's networks for its 60,000 iterations.
    The condition is grey here, where D16 draws it as 0 or 1 with those probabilities.

    Source: D16 §5, D16 figure 8.
    """
    (data, test), critic = images(request), judge(request)

    def cvae(state: Path) -> Result:
        return measure_cvae(subject("cvae-column", request, data, state), test.x, critic, request.seed)

    def regressor(state: Path) -> Result:
        return measure_regressor(subject("regressor-column", request, data, state), test.x, critic)

    results = request.run({"CVAE": Point(cvae), "regressor": Point(regressor)}, checksums(data, test))
    model = untrained("cvae-column", request)
    numbers = {
        "test images": len(test),
        "of these completed": IMAGES,
        "classifier's test accuracy": critic.test_accuracy,
        "truth": about_pictures(model.target(test.x[:IMAGES]), test.x[:IMAGES], critic),
        "the condition": "grey; D16 draws it as 0 or 1",
        "D16 figure 8": "the CVAE's completions sharp and varied, the regressor's blurred; no numbers",
    }
    return Outcome(
        numbers, {"completions": draw(results, model.condition_entries.tolist(), test)}, checksums(data, test)
    )


def untrained(name: str, request: Request) -> Any:
    """The recipe's model in the budget's size, with its first weights."""
    build = BUILD.get(request.budget, {}).get(name)
    return (replace(recipe(name), build=build) if build else recipe(name)).new_model(request.seed)


def subject(name: str, request: Request, data: ImageData, state: Path) -> Any:
    """The shipped model at budget "cpu", else one trained here; "paper" decays the weights as D16 does."""
    if request.budget == "cpu":
        return load_pretrained(name).requires_grad_(False)
    model = untrained(name, request)
    options = {"epochs": 20} if request.budget == "quick" else {"epochs": 100, "make_optimizer": decayed_adam}
    recipe(name).fit(model, data.x, seed=request.seed, resume=state, progress=False, **options)
    return model.requires_grad_(False).cpu()


def measure_cvae(model: CVAE, x: Float[Tensor, "n entries"], critic: Judge, seed: int) -> Result:
    """Its bound on all rows, and SAMPLES completions of each of the first IMAGES.

    On grey pixels a bound is one on the mean log-probability of the target drawn 0 or 1 with them as probabilities.
    """
    generator = Generator().manual_seed(seed)
    bound = torch.cat([elbo(model, part, generator=generator) for part in x.split(1000)])
    few = x[:IMAGES]
    tight = torch.cat(
        [importance_weighted_bound(model, part, samples=SAMPLES, generator=generator) for part in few.split(50)]
    )
    condition, target = model.condition(few), model.target(few)
    samples = torch.stack([model.sample(condition, generator) for _ in range(SAMPLES)])
    error = squared_error(samples, target)
    classes = critic.classify(model.complete(condition, samples[:20])).argmax(-1)
    return {
        "bound on log p(y|c)": {"mean": bound.mean().item(), "standard error": standard_error(bound)},
        f"first {IMAGES}": {
            "bound": bound[:IMAGES].mean().item(),
            f"bound of {SAMPLES} importance weights": tight.mean().item(),
        },
        **about_pictures(samples[0], model.complete(condition, samples[0]), critic),
        "squared error": error[0].mean().item(),
        "squared error of the best of so many": {str(k): error[:k].amin(0).mean().item() for k in BEST_OF},
        "mean of the samples": {
            "squared error": squared_error(samples.mean(0), target).mean().item(),
            "share of grey pixels": grey(samples.mean(0)),
        },
        "variance over samples, summed over pixels": samples.var(0).sum(-1).mean().item(),
        "classes among 20 samples": sum(len(column.unique()) for column in classes.T) / len(few),
        "pictures": pack(model.complete(condition, samples[0])[: ROWS * COLUMNS]),
    }


def measure_regressor(model: Regressor, x: Float[Tensor, "n entries"], critic: Judge) -> Result:
    """Its log-likelihood on all rows, exactly, and its one completion of each of the first IMAGES."""
    value = torch.cat([model.log_likelihood(part) for part in x.split(1000)])
    few = x[:IMAGES]
    condition, target = model.condition(few), model.target(few)
    picture = model.images(condition)
    return {
        "log p(y|c)": {"mean": value.mean().item(), "standard error": standard_error(value)},
        f"first {IMAGES}": {"log p(y|c)": value[:IMAGES].mean().item()},
        **about_pictures(picture, model.complete(condition, picture), critic),
        "squared error": squared_error(picture, target).mean().item(),
        "pictures": pack(model.complete(condition, picture)[: ROWS * COLUMNS]),
    }


def about_pictures(target: Float[Tensor, "n targets"], whole: Float[Tensor, "n entries"], critic: Judge) -> Result:
    """How sharp completions are, and how sure of the digit the judge is."""
    return {"share of grey pixels": grey(target), "confidence": confidence(critic.classify, whole).mean().item()}


def grey(pixels: Float[Tensor, "*batch pixels"]) -> float:
    """Share of pixels between GREY's limits: what blur raises."""
    return ((pixels > GREY[0]) & (pixels < GREY[1])).float().mean().item()


def squared_error(a: Float[Tensor, "*batch pixels"], b: Float[Tensor, "*#batch pixels"]) -> Float[Tensor, "*batch"]:
    """‖a − b‖², summed over pixels."""
    return (a - b).square().sum(-1)


def draw(results: dict[str, Result], given: list[int], test: ImageData) -> Figure:
    """Completions by both and the truth, 15×4 each, what was given in color."""
    use_book_style()
    raster()
    panels = {name: unpack(result["pictures"], test.x.shape[1]) for name, result in results.items()}
    panels["truth"] = test.x[: ROWS * COLUMNS]
    panels = {name: in_few_greys(pictures).view(ROWS, COLUMNS, -1) for name, pictures in panels.items()}
    return completions(panels, given, test.image_shape)
