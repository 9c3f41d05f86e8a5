"""Plots of a class as pictures inside a page: ink on nothing, turned over by the page's style in the dark."""

import base64
import io
from collections.abc import Callable, Sequence
from typing import Any

BINS = 10
BLUE = "#0072B2"
STYLE: dict[str, Any] = {
    "svg.hashsalt": "vae_edu",
    "svg.fonttype": "path",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9,
}


def histogram(percentages: Sequence[float]) -> list[int]:
    """How many of the percentages fall into each tenth; 100 counts to the last."""
    counts = [0] * BINS
    for percentage in percentages:
        counts[min(int(percentage * BINS / 100), BINS - 1)] += 1
    return counts


def distribution(counts: Sequence[int]) -> str:
    """How many submissions reached each tenth of the points, as an address of data for an image."""
    width = 100 / len(counts)
    return _picture(
        (6.4, 2.8),
        lambda axes: axes.bar([width * (n + 0.5) for n in range(len(counts))], counts, width=0.92 * width, color=BLUE),
        xlabel="total in % of all points", ylabel="submissions", xlim=(0, 100),
    )  # fmt: skip


def shares(names: Sequence[str], values: Sequence[float]) -> str:
    """The mean share of the points of each exercise, from top to bottom."""
    return _picture(
        (6.4, 0.6 + 0.2 * len(names)),
        lambda axes: axes.barh(names, values, height=0.75, color=BLUE),
        xlabel="mean of all submissions, in % of the points", xlim=(0, 100), ylim=(len(names) - 0.4, -0.6),
    )  # fmt: skip


def _picture(size: tuple[float, float], draw: Callable[[Any], object], **labels: Any) -> str:
    """A drawing as SVG. The same drawing gives the same bytes: no date, and names of its parts that do not vary."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)  # type: ignore[arg-type]
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.subplots()
        draw(axes)
        axes.set(**labels)
        if "ylabel" in labels:
            axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return f"data:image/svg+xml;base64,{base64.b64encode(buffer.getvalue()).decode()}"
