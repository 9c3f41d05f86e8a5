"""Recorded runs of K13's figures 2 and 3 beside the published curves; curves that were not run yet are left out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from vae_edu.errors import UserError
from vae_edu.plots.style import BLUE, GREEN, VERMILION
from vae_edu.recording import read_record

GREY = "#888888"
COLORS = {"AEVB": BLUE, "WS": VERMILION, "MCEM": GREEN}
NAMES = {"AEVB": "AEVB", "WS": "wake-sleep", "MCEM": "Monte Carlo EM"}
MARKERS = {"AEVB": "o", "WS": "s", "MCEM": "^"}

Published = Callable[[str, str, str, str, float], float | None]
Points = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Panel:
    """One panel of a figure of K13: its name among the digitized curves, and our recorded points, by method."""

    figure: str
    name: str
    title: str
    points: Mapping[str, str]


def figure_2_panels(data: str, latents: Sequence[int]) -> list[Panel]:
    """K13 figure 2: `data` is "MNIST" or "Frey"."""
    return [
        Panel("2", f"{data} Nz={n}", f"{n} latents", {method: f"{method} {n}" for method in ("AEVB", "WS")})
        for n in latents
    ]


def figure_3_panels(sizes: Sequence[int] = (1000, 50_000)) -> list[Panel]:
    """K13 figure 3: one panel per number of training images."""
    return [
        Panel("3", f"N={n}", f"{n:,} training images", {method: f"{method}, N = {n}" for method in COLORS})
        for n in sizes
    ]


def recorded_points(name: str, root: Path) -> dict[str, dict[str, Any]]:
    """The points of a recorded run that are there so far, by name; none if there is no record yet."""
    try:
        points = read_record(name, root)["results"]["points"]
    except UserError:
        return {}
    return {point: entry["result"] for point, entry in points.items()}


def recorded_at(curve: Mapping[str, Any] | None, split: str, samples: float) -> float | None:
    """The recorded value within 5 % of so many training images; None where the curve does not reach."""
    seen = np.asarray((curve or {}).get("samples", []), dtype=float)
    if not len(seen) or (off := np.abs(seen / samples - 1)).min() > 0.05:
        return None
    return float((curve or {})[split][int(off.argmin())])


def table_beside_published(
    panels: Sequence[Panel], points: Points, published: Published, samples: Sequence[float] = (1e6, 1e7)
) -> str:
    """Ours and K13's values, train/test, after so many training images; what was not run is said to be so."""
    heads = "".join(f"{f'{n:.0e}, ours':>17}{'K13':>16}" for n in samples)
    lines = [f"{'':17}{heads}"]
    for panel in panels:
        for method, name in panel.points.items():
            curve, cells = points.get(name), []
            for n in samples:
                ours = [recorded_at(curve, split, n) for split in ("train", "test")]
                theirs = [published(panel.figure, panel.name, method, split, n) for split in ("train", "test")]
                left = "not run" if curve is None else "diverged" if curve.get("diverged") else _pair(ours)
                cells.append(f"{left:>17}{_pair(theirs):>16}")
            lines.append(f"{name:17}{''.join(cells)}")
    return "\n".join(lines)


def recorded_and_published(
    panels: Sequence[Panel],
    points: Points,
    published: Published,
    *,
    ylim: tuple[float, float],
    xlim: tuple[float, float] = (1e5, 1e8),
    columns: int = 2,
    ylabel: str = "bound (nats per image)",
) -> Figure:
    """Lines are our records, as many as there are; markers are K13's digitized curves. One panel each."""
    rows = -(-len(panels) // columns)
    figure, grid = plt.subplots(
        rows, columns, figsize=(6.8, 2.3 * rows + 0.7), sharex=True, sharey=True, squeeze=False
    )  # fmt: skip
    at = np.geomspace(*xlim, 13)
    for axis, panel in zip(grid.flat, panels, strict=False):
        for method, name in panel.points.items():
            color, curve = COLORS[method], points.get(name, {})
            for split, line, fill in (("test", "-", color), ("train", "--", "none")):
                if "samples" in curve:
                    axis.plot(curve["samples"], curve[split], color=color, linestyle=line, linewidth=1.6)
                values = [published(panel.figure, panel.name, method, split, float(n)) for n in at]
                kept = [(n, value) for n, value in zip(at, values, strict=True) if value is not None]
                if kept:
                    look = {"marker": MARKERS[method], "color": color, "markerfacecolor": fill}
                    axis.plot(*zip(*kept, strict=True), linestyle="", markersize=4.5, alpha=0.8, **look)
        axis.set(title=panel.title, xscale="log", xlim=xlim, ylim=ylim)
    for axis in grid.flat[len(panels) :]:
        axis.axis("off")
    for column in range(columns):
        lowest = [axis for axis, _ in zip(grid[:, column], range(-(-(len(panels) - column) // columns)), strict=False)]
        if lowest:
            lowest[-1].set_xlabel("training images evaluated")
            lowest[-1].tick_params(labelbottom=True)
    figure.supylabel(ylabel, fontsize="medium")
    figure.legend(handles=_sources(panels), fontsize="small", loc="outside upper center", ncols=3)
    return figure


def _pair(values: Sequence[float | None]) -> str:
    return "/".join("–" if value is None else f"{value:.1f}".replace("-", "−") for value in values)


def _sources(panels: Sequence[Panel]) -> list[Line2D]:
    methods = [method for method in COLORS if any(method in panel.points for panel in panels)]
    lines = [Line2D([], [], color=COLORS[m], marker=MARKERS[m], ms=4.5, label=NAMES[m]) for m in methods]
    plain: dict[str, Any] = {"color": GREY}
    return [
        *lines,
        Line2D([], [], **plain, linestyle="-", label="ours, test"),
        Line2D([], [], **plain, linestyle="--", label="ours, train"),
        Line2D([], [], **plain, linestyle="", marker="o", ms=4.5, label="K13, test"),
        Line2D([], [], **plain, linestyle="", marker="o", ms=4.5, mfc="none", label="K13, train"),
    ]
