"""D16 §4.1: how many latents? Fewer than four are too few, a thousand do no harm, ten thousand do, it says."""

from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from vae_edu.data import ImageData
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.pictures import unpack
from vae_edu.experiments.points import Point, Result
from vae_edu.experiments.prior_samples import about_the_judge, curve, look, pictures
from vae_edu.experiments.released_vae import WEIGHT_DECAY, Plan, train
from vae_edu.experiments.seed_subjects import Judge, images, judge
from vae_edu.plots import raster, use_book_style
from vae_edu.plots.images import image_rows

LATENTS = {"quick": (2, 50), "cpu": (2, 4, 20, 1000, 10_000), "paper": (2, 3, 4, 20, 1000, 10_000)}
PLANS = {"quick": Plan((32,), 1), "cpu": Plan((1000, 500, 250), 10), "paper": Plan((1000, 500, 250), 100)}
LONGER = {"cpu": {1000: 40}}  # latents and epochs of runs besides: is what is seen a matter of time?
KEPT, SHOWN = 12, 6  # pictures of each point in the record, and in the figure


def reproduce(request: Request) -> Outcome:
    """D16's released VAE with 2 to 10,000 latents, equally many epochs each: bound, divergence, draws from the prior.

    At budget "cpu" a tenth of D16's epochs; one thousand latents are given 40 as well.

    Source: D16 §4.1.
    """
    (data, test), critic = images(request), judge(request)
    plan, latents = PLANS[request.budget], LATENTS[request.budget]
    measured = partial(_point, seed=request.seed, data=data, test=test, critic=critic)
    points = {f"{j} latents": Point(partial(measured, plan, j), cost=1 + j / 3000) for j in latents}
    for j, epochs in LONGER.get(request.budget, {}).items():
        longer = Plan(plan.hidden, epochs)
        points[f"{j} latents, {epochs} epochs"] = Point(partial(measured, longer, j), cost=epochs / plan.epochs)
    results = request.run(points, checksums(data, test))
    numbers = {
        "latents": latents,
        "hidden": plan.hidden,
        "epochs": plan.epochs,
        "weight decay": WEIGHT_DECAY,
        **about_the_judge(critic, test),
        "D16 §4.1": "fewer than 4 latents noticeably worse, 1,000 no worse, 10,000 degraded; no numbers",
    }
    return Outcome(numbers, {"samples": _draw(results, test)}, checksums(data, test))


def _point(
    plan: Plan, latent: int, state: Path, *, seed: int, data: ImageData, test: ImageData, critic: Judge
) -> Result:
    model, history = train(plan, latent, data, test, seed, state)
    return curve(history) | look(model, test, critic, seed) | pictures(model, seed, KEPT)


def _draw(results: dict[str, Result], data: ImageData) -> Figure:
    use_book_style()
    raster()
    rows = {name: unpack(result["pictures"], data.x.shape[1])[:SHOWN] for name, result in results.items()}
    return image_rows({name: row.unflatten(1, data.image_shape).numpy() for name, row in rows.items()})
