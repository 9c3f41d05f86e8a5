"""The seed project's experiments 1, 2, 3 and 6: z moved from where an image put it, and what the picture does."""

from typing import Any

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Generator, Tensor

from vae_edu.data import ImageData
from vae_edu.evaluation.active_units import THRESHOLD
from vae_edu.experiments import Outcome, Request, checksums
from vae_edu.experiments.seed_paths import interpolate, sampled_twice, shifted, traverse
from vae_edu.experiments.seed_subjects import images, judge, labels, subject, trained, with_latents
from vae_edu.gaussians import kl_standard_normal, reparameterize
from vae_edu.models import VAE
from vae_edu.plots import raster, use_book_style
from vae_edu.plots.images import image_rows
from vae_edu.recipes import recipe

STEPS = torch.linspace(-3, 3, 13)
SEED_STEPS = torch.linspace(0, 4.75, 13)
MANY = 1000  # images over which what is seen in one is averaged
MORE = 50  # latents, of which some stay unused
PATH = torch.linspace(0, 1, 21)
PAIRS = 100


def seed_1(request: Request) -> Outcome:
    """ε = t·(1, …, 1) with t from −3 to 3: digits that differ minutely for |t| ≤ 1, the length of usual noise.

    The seed project sweeps one side only, t = 0 … 0.95.
    """
    printed = {"sweep": "t = 0, 0.05, …, 0.95: one side only", "finding": "the original with minute differences"}
    return _noise_sweep("vanilla", "noise", request, printed)


def seed_6(request: Request) -> Outcome:
    """The same without the KL term: σ has shrunk until few pictures move by as much as a step of grey for |t| ≤ 1."""
    printed = {"finding": "experiment 1's images are the same, all of them"}
    return _noise_sweep("no-kl", "noise-without-kl", request, printed)


def _noise_sweep(name: str, figure: str, request: Request, printed: dict[str, str]) -> Outcome:
    model, (_, test) = subject(name, request), images(request)
    mean, log_var = model.encode(test.x[:MANY])
    z = shifted(mean, log_var, STEPS)
    pictures = model.images(z)
    middle = pictures[len(STEPS) // 2]
    moved = (pictures - middle).abs()
    numbers = {
        "steps of t": STEPS.tolist(),
        "length of ε over its usual length": STEPS.abs().tolist(),  # ‖t·(1, …, 1)‖ / √J
        "image 0": {"label": int(labels(test)[0]), "largest pixel change": moved[:, 0].amax(-1).tolist()},
        f"first {len(mean)} images": {
            "largest pixel change, mean over images": moved.amax(-1).mean(-1).tolist(),
            "largest pixel change of all": moved.amax((1, 2)).tolist(),
            "share moved by less than one step of 8-bit grey": (moved.amax(-1) < 1 / 255).float().mean(-1).tolist(),
            "root mean square pixel change": rms(moved, (1, 2)).tolist(),
            "log p(x|z), mean over images": model.log_likelihood(test.x[:MANY], z).mean(-1).tolist(),
        },
        "root mean square difference of two images of a digit": within_digit(test),
        "one step of 8-bit grey": 1 / 255,
        "log variance": {"mean": log_var.mean().item(), "least": log_var.min().item(), "most": log_var.max().item()},
        "spread of posterior means": mean.std(0).tolist(),
        "seed project": printed,
    }
    return Outcome(numbers, {figure: _rows({"$\\epsilon$ from $-3$ to $3$": pictures[:, 0]}, test)}, checksums(test))


def seed_2(request: Request) -> Outcome:
    """One dimension of z moved from −3 to 3, the others held: an active dimension changes one thing, an inactive none.

    With 20 latents every dimension is active, so a model of 50 is trained here to have inactive ones.

    The seed project puts its moved value through z = mean + sigma·ε once more, the other dimensions at a random draw:
    its sweep of t = 0 … 4.75 moves z by sigma²·t, on one side only.
    """
    _, test = images(request)
    models = {
        "20 latents": subject("vanilla", request),
        "50 latents": trained(with_latents(recipe("vanilla"), MORE, request), request),
    }
    numbers: dict[str, Any] = {"steps of z_j": STEPS.tolist()}
    rows: dict[str, Tensor] = {}
    for name, model in models.items():
        numbers[name] = by_dimension(model, test.x)
        (start,), _ = model.encode(test.x[:1])
        for word, j in numbers[name]["shown"].items():
            rows[f"{name}: {word}, $z_{{{j + 1}}}$"] = model.images(traverse(start, j, STEPS[::2]))
    j = numbers["20 latents"]["shown"]["most active"]
    model = models["20 latents"]
    (mean,), (log_var,) = model.encode(test.x[:1])
    z = sampled_twice(mean, log_var, j, SEED_STEPS, Generator().manual_seed(request.seed))
    rows[f"the seed project's $z_{{{j + 1}}}$"] = model.images(z[::2])
    numbers["the seed project's sweep of the most active of 20"] = {
        "range of z_j": [z[0, j].item(), z[-1, j].item()],
        "root mean square pixel change": along_path(model.images(z)),
    }
    numbers["seed project"] = {
        "finding": "pictures very similar to the original",
        "slip": "the moved value goes through mean + sigma·ε a second time",
    }
    return Outcome(numbers, {"traversal": _rows(rows, test)}, checksums(test))


def by_dimension(model: VAE, x: Float[Tensor, "n pixels"]) -> dict[str, Any]:
    """How much each dimension says of the images, and how far moving it moves the first one's picture."""
    mean, log_var = model.encode(x)
    variance, kl = mean.var(0), kl_standard_normal(mean.unsqueeze(-1), log_var.unsqueeze(-1)).mean(0)
    pictures = [model.images(traverse(mean[0], j, STEPS)) for j in range(model.latent)]
    return {
        "variance of the posterior mean over the data": variance.tolist(),
        "KL, nats": kl.tolist(),
        "root mean square pixel change": [along_path(path) for path in pictures],
        "active dimensions": int((variance > THRESHOLD).sum()),
        "dimensions with a KL above 0.1 nat": int((kl > 0.1).sum()),
        "shown": {"most active": int(variance.argmax()), "least active": int(variance.argmin())},
    }


def along_path(pictures: Float[Tensor, "steps pixels"]) -> float:
    """Root mean square deviation of the pixels from their means along the path."""
    return rms(pictures - pictures.mean(0), (0, 1)).item()


def seed_3(request: Request) -> Outcome:
    """From a 4 to a 9 with one shared ε, in a straight line through z, both ends included: mixtures of the two.

    The seed project stops at t = 0.95. Mixing the pixels of the two ends serves as comparison.
    """
    model, (train, test), critic = subject("vanilla", request), images(request), judge(request)
    fours, nines = (test.x[labels(test) == digit][:PAIRS] for digit in (4, 9))
    n = min(len(fours), len(nines))
    eps = torch.randn(n, model.latent, generator=Generator().manual_seed(request.seed))
    four, nine = (reparameterize(*model.encode(x[:n]), eps) for x in (fours, nines))
    through_z = model.images(interpolate(four, nine, PATH))
    mixed = interpolate(model.images(four), model.images(nine), PATH)
    paths = {"straight line through z": through_z, "mixed pixels": mixed}
    numbers = {
        "t": PATH.tolist(),
        "pairs": n,
        **{name: probabilities(critic.classify, path) for name, path in paths.items()},
        "largest pixel difference between the two midpoints, mean": _midpoint_difference(through_z, mixed),
        "classifier's test accuracy": critic.test_accuracy,
        "seed project": {"finding": "mixtures of the two digits", "slip": "stops at t = 0.95"},
    }
    shown = {name: path[::2, 0] for name, path in paths.items()}
    return Outcome(numbers, {"interpolation": _rows(shown, test)}, checksums(train, test))


def probabilities(classify: torch.nn.Module, path: Float[Tensor, "steps pairs pixels"]) -> dict[str, Any]:
    """What the classifier says along a path, as mean over pairs, with the standard error where it is least sure."""
    p = classify(path).softmax(-1)
    return {
        "p(4)": p[..., 4].mean(1).tolist(),
        "p(9)": p[..., 9].mean(1).tolist(),
        "p(another digit)": (1 - p[..., 4] - p[..., 9]).mean(1).tolist(),
        "largest standard error": (p.std(1) / p.shape[1] ** 0.5).max().item(),
        "first pair": {"p(4)": p[:, 0, 4].tolist(), "p(9)": p[:, 0, 9].tolist()},
    }


def rms(difference: Tensor, dim: tuple[int, ...]) -> Tensor:
    """Root of the mean square, pixels and more averaged over."""
    return difference.square().mean(dim).sqrt()


def within_digit(data: ImageData) -> float:
    """Root mean square pixel difference of two images of the same digit, drawn independently."""
    classes = [data.x[labels(data) == digit] for digit in labels(data).unique()]
    return (2 * torch.stack([x.var(0).mean() for x in classes]).mean()).sqrt().item()


def _midpoint_difference(a: Float[Tensor, "steps n pixels"], b: Float[Tensor, "steps n pixels"]) -> float:
    middle = len(a) // 2
    return (a[middle] - b[middle]).abs().amax(-1).mean().item()


def _rows(rows: dict[str, Tensor], data: ImageData) -> Figure:
    use_book_style()
    raster()
    return image_rows({name: pictures.unflatten(-1, data.image_shape).numpy() for name, pictures in rows.items()})
