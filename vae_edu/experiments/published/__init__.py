"""Curves read off the vector figures of K13 (± 0.2 nat on MNIST, ± 5 on Frey Face), to lay ours beside."""

import csv
from functools import cache
from importlib.resources import files

import numpy as np

Key = tuple[str, str, str, str]


def published(figure: str, panel: str, method: str, split: str, samples: float) -> float | None:
    """A curve's value after so many training images, interpolated over their logarithm; None outside the curve."""
    curve = _curves().get((figure, panel, method, split))
    if curve is None or not curve[0][0] <= samples <= curve[0][-1]:
        return None
    return round(float(np.interp(np.log(samples), np.log(curve[0]), curve[1])), 1)


@cache
def _curves() -> dict[Key, tuple[list[float], list[float]]]:
    points: dict[Key, list[tuple[float, float]]] = {}
    with (files(__name__) / "k13_curves.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            key = (row["figure"], row["panel"], row["method"], row["split"])
            points.setdefault(key, []).append((float(row["samples"]), float(row["value"])))
    unzipped = {key: tuple(zip(*sorted(values), strict=True)) for key, values in points.items()}
    return {key: (list(samples), list(values)) for key, (samples, values) in unzipped.items()}
