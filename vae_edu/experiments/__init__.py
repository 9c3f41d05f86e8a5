"""One module per reproduced figure, table or claim; `vae-edu reproduce NAME` runs it and records what came out.

An experiment is a function `reproduce(request) -> Outcome`, or one named after a colon, in the modules listed below.
What takes minutes it divides into points: see `vae_edu.experiments.points`.
"""

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae_edu.errors import UserError
from vae_edu.experiments.points import UNFINISHED, Ledger, Point, Result, run_points
from vae_edu.files import written_atomically
from vae_edu.recording import results_folder, write_record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from vae_edu.data import ImageData

BUDGETS = ("quick", "cpu", "paper")

EXPERIMENTS = {
    "beta-you-use": "vae_edu.experiments.beta_you_use",
    "d16-appendix-a": "vae_edu.experiments.d16_appendix_a",
    "d16-fig2": "vae_edu.experiments.d16_fig2",
    "d16-fig3": "vae_edu.experiments.d16_fig3",
    "d16-fig7": "vae_edu.experiments.prior_samples:d16_fig7",
    "d16-fig8": "vae_edu.experiments.d16_fig8",
    "d16-half": "vae_edu.experiments.d16_half",
    "d16-latents": "vae_edu.experiments.d16_latents",
    "estimators-a-b": "vae_edu.experiments.estimators_a_b",
    "full-vb": "vae_edu.experiments.full_vb",
    "gradient-variance": "vae_edu.experiments.gradient_variance",
    "iwae-table1": "vae_edu.experiments.iwae_table1",
    "k13-fig2-frey": "vae_edu.experiments.k13_fig2:frey",
    "k13-fig2-mnist": "vae_edu.experiments.k13_fig2:mnist",
    "k13-fig3": "vae_edu.experiments.k13_fig3",
    "k13-fig4": "vae_edu.experiments.k13_fig4",
    "k13-fig5": "vae_edu.experiments.prior_samples:k13_fig5",
    "ppca": "vae_edu.experiments.ppca",
    "seed-1": "vae_edu.experiments.seed_traversals:seed_1",
    "seed-2": "vae_edu.experiments.seed_traversals:seed_2",
    "seed-3": "vae_edu.experiments.seed_traversals:seed_3",
    "seed-4": "vae_edu.experiments.seed_planes:seed_4",
    "seed-5": "vae_edu.experiments.seed_planes:seed_5",
    "seed-6": "vae_edu.experiments.seed_traversals:seed_6",
    "seed-7": "vae_edu.experiments.seed_planes:seed_7",
    "seed-8": "vae_edu.experiments.seed_planes:seed_8",
    "seed-9": "vae_edu.experiments.seed_latent_count:seed_9",
    "seed-spread": "vae_edu.experiments.seed_spread",
    "seed-spread-cnn": "vae_edu.experiments.seed_spread:cnn",
    "seed-spread-no-kl": "vae_edu.experiments.seed_spread:no_kl",
}


@dataclass(frozen=True)
class Request:
    """What an experiment is asked for."""

    budget: str = "cpu"
    seed: int = 0
    data_root: Path | None = None
    progress: bool = True
    only: tuple[str, ...] = ()  # points to run; all unless named
    ledger: Ledger | None = None  # set by `reproduce`: where finished points are kept

    def __post_init__(self) -> None:
        """Raise UserError for a budget there is not."""
        if self.budget not in BUDGETS:
            raise UserError(f"there is no budget {self.budget!r}; choose one of: {', '.join(BUDGETS)}.")

    def run(self, points: Mapping[str, Point], data: Mapping[str, str]) -> dict[str, Result]:
        """Results by name, each point run unless the record has it already; `data` are the checksums behind them.

        Raises UserError as `run_points` does.
        """
        return run_points(points, self.ledger, data, self.progress, self.only)


@dataclass(frozen=True)
class Outcome:
    """What an experiment found: numbers, pictures by file stem, and the checksums of the data behind them."""

    numbers: dict[str, Any]
    figures: "dict[str, Figure]" = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)


def checksums(*parts: "ImageData") -> dict[str, str]:
    """What a record says of its data."""
    return {f"{part.name} {part.split}": part.checksum for part in parts}


def default_folder(name: str, budget: str) -> Path:
    """Where a record goes unless told: to the book's, but a quick trial must not take the place of one of those.

    Raises UserError for an unknown name, listing those there are, and where there is no book to record for.
    """
    _location(name)
    return Path("runs") / name if budget == "quick" else results_folder(name)


def _location(name: str) -> str:
    if name not in EXPERIMENTS:
        raise UserError(f"there is no experiment {name!r}; choose one of: {', '.join(EXPERIMENTS)}.")
    return EXPERIMENTS[name]


def reproduce(name: str, folder: Path, request: Request, command: str) -> Path:
    """Run experiment NAME and write its pictures (PNG) and run.json into `folder`; returns the record's path.

    Raises UserError for an unknown name, listing those there are, for points of another budget or seed there, and
    where points are named and the experiment has none.
    """
    module, _, function = _location(name).partition(":")
    started = time.perf_counter()

    def write(numbers: Result, data: Mapping[str, str]) -> Path:
        points = numbers.get("points", {}).values()
        spent = sum(point["seconds"] for point in points) if points else time.perf_counter() - started
        numbers = {"budget": request.budget, **numbers}
        return write_record(folder, numbers, command=command, seed=request.seed, data=data, duration=spent)

    ledger = Ledger(folder, request.budget, request.seed, write)
    outcome: Outcome = getattr(import_module(module), function or "reproduce")(replace(request, ledger=ledger))
    points = ledger.finished()
    if request.only and not points:
        raise UserError(f"experiment {name!r} is not divided into points; leave --only out.")
    for stem, figure in outcome.figures.items():
        _save(figure, folder / f"{stem}.png")
    shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
    return write({**outcome.numbers, **({"points": points} if points else {})}, outcome.data)


def _save(figure: "Figure", path: Path) -> None:
    from matplotlib import pyplot

    with written_atomically(path) as temporary:
        figure.savefig(temporary, format="png", dpi=120)
    pyplot.close(figure)
