"""One module per reproduced figure, table or claim; `vae-edu reproduce NAME` runs it and records what came out.

An experiment module has one function, `reproduce(request) -> Outcome`, listed below.
"""

import time
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vae_edu.errors import UserError
from vae_edu.files import written_atomically
from vae_edu.recording import write_record

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BUDGETS = ("quick", "cpu", "paper")

EXPERIMENTS = {
    "d16-fig3": "vae_edu.experiments.d16_fig3",
    "k13-fig4": "vae_edu.experiments.k13_fig4",
    "seed-spread": "vae_edu.experiments.seed_spread",
}


@dataclass(frozen=True)
class Request:
    """What an experiment is asked for."""

    budget: str = "cpu"
    seed: int = 0
    data_root: Path | None = None
    progress: bool = True

    def __post_init__(self) -> None:
        """Raise UserError for a budget there is not."""
        if self.budget not in BUDGETS:
            raise UserError(f"there is no budget {self.budget!r}; choose one of: {', '.join(BUDGETS)}.")


@dataclass(frozen=True)
class Outcome:
    """What an experiment found: numbers, pictures by file stem, and the checksums of the data behind them."""

    numbers: dict[str, Any]
    figures: "dict[str, Figure]" = field(default_factory=dict)
    data: dict[str, str] = field(default_factory=dict)


def reproduce(name: str, folder: Path, request: Request, command: str) -> Path:
    """Run experiment NAME and write its pictures (PNG) and run.json into `folder`; returns the record's path.

    Raises UserError for an unknown name, listing those there are.
    """
    if name not in EXPERIMENTS:
        raise UserError(f"there is no experiment {name!r}; choose one of: {', '.join(EXPERIMENTS)}.")
    started = time.perf_counter()
    outcome: Outcome = import_module(EXPERIMENTS[name]).reproduce(request)
    for stem, figure in outcome.figures.items():
        with written_atomically(folder / f"{stem}.png") as temporary:
            figure.savefig(temporary, format="png", dpi=120)
    return write_record(
        folder,
        {"budget": request.budget, **outcome.numbers},
        command=command,
        seed=request.seed,
        data=outcome.data,
        duration=time.perf_counter() - started,
    )
