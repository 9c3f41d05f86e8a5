"""Images per second of every learner beside `fit`'s, and where a step's time goes.

Run by hand from the repository's root, on an otherwise idle machine:

    python benchmarks/learners.py

One net, one minibatch size, the learners in turn in every round; what counts is the ratio within a round.
"""

import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
from torch.profiler import ProfilerActivity, profile

from vae_edu.bounds import elbo_terms, score_function_terms
from vae_edu.data import ImageData, load
from vae_edu.importance import iwae_terms
from vae_edu.learning import fit, monte_carlo_em, wake_sleep
from vae_edu.learning.full_vb import full_vb
from vae_edu.models import BayesianVAE, mlp_vae
from vae_edu.recipes import recipe
from vae_edu.recording import results_folder, write_record

BATCH, STEPS, ROUNDS, SEED = 100, 100, 5, 0
NET = (784, (400,), 20)
PRODUCTS = ("aten::mm", "aten::addmm", "aten::bmm", "aten::mkldnn_convolution", "aten::convolution_backward")

Learner = Callable[..., object]


def bayesian_vae() -> BayesianVAE:
    """The same net with a posterior over its decoder's weights."""
    vae = mlp_vae(*NET)
    return BayesianVAE(vae.encoder, vae.decoder, vae.likelihood, vae.latent, log_var=-8.0)


LEARNERS: dict[str, tuple[Callable[[], torch.nn.Module], Learner]] = {
    "fit": (partial(mlp_vae, *NET), partial(fit, objective=elbo_terms)),
    "fit, 5 draws per image": (partial(mlp_vae, *NET), partial(fit, objective=partial(elbo_terms, samples=5))),
    "fit, IWAE k = 5": (partial(mlp_vae, *NET), partial(fit, objective=partial(iwae_terms, samples=5))),
    "fit, IWAE k = 50": (partial(mlp_vae, *NET), partial(fit, objective=partial(iwae_terms, samples=50))),
    "fit, score function": (partial(mlp_vae, *NET), partial(fit, objective=score_function_terms)),
    "wake-sleep": (partial(mlp_vae, *NET), wake_sleep),
    "Monte Carlo EM": (partial(mlp_vae, *NET), monte_carlo_em),
    "full variational Bayes": (bayesian_vae, full_vb),
    "fit, convolutional net": (recipe("cnn").new_model, fit),
}


def images_per_second(learner: Learner, model: torch.nn.Module, data: ImageData) -> float:
    """One epoch of STEPS minibatches, after three that do not count."""
    learner(model, x=data.x[: 3 * BATCH], epochs=1, batch_size=BATCH, progress=False)
    started = time.perf_counter()
    learner(model, x=data.x[: STEPS * BATCH], epochs=1, batch_size=BATCH, progress=False)
    return STEPS * BATCH / (time.perf_counter() - started)


def shares(learner: Learner, model: torch.nn.Module, data: ImageData) -> dict[str, float]:
    """What part of the time goes into matrix products and convolutions, into the optimizer, into all else."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        learner(model, x=data.x[: 20 * BATCH], epochs=1, batch_size=BATCH, progress=False)
    events = profiler.key_averages()
    total = sum(event.self_cpu_time_total for event in events)
    products = sum(event.self_cpu_time_total for event in events if event.key in PRODUCTS)
    optimizer = sum(event.cpu_time_total for event in events if event.key.startswith("Optimizer.step"))
    parts = {"matrix products, convolutions": products / total, "optimizer": optimizer / total}
    return {name: round(share, 2) for name, share in (parts | {"all else": 1 - sum(parts.values())}).items()}


def main() -> None:
    """Measure in turn, print, and record under book/results/throughput-learners."""
    torch.manual_seed(SEED)
    data, started = load("mnist"), time.perf_counter()
    models = {name: build() for name, (build, _) in LEARNERS.items()}
    rounds = [
        {name: images_per_second(learner, models[name], data) for name, (_, learner) in LEARNERS.items()}
        for _ in range(ROUNDS)
    ]
    table = {
        name: {
            "images per second": round(median(r[name] for r in rounds)),
            "beside fit": round(median(r[name] / r["fit"] for r in rounds), 2),
            "share of the time": shares(learner, models[name], data),
        }
        for name, (_, learner) in LEARNERS.items()
    }
    results = {
        "net": "784-400-20; the convolutional one is the seed project's", "batch": BATCH, "steps": STEPS,
        "threads": torch.get_num_threads(), "medians over rounds": table,
        "rounds": [{name: round(value) for name, value in r.items()} for r in rounds],
    }  # fmt: skip
    path = write_record(
        results_folder("throughput-learners"),
        results,
        command="python benchmarks/learners.py",
        seed=SEED,
        data={"mnist train": data.checksum},
        duration=time.perf_counter() - started,
    )
    for name, row in table.items():
        print(f"{row['images per second']:>7}  {row['beside fit']:>5} × fit  {name}: {row['share of the time']}")
    print(f"Recorded in {path}")


if __name__ == "__main__":
    main()
