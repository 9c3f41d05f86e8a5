"""The parts of a diagram: boxes, circles, plates, arrows, in one look for all chapters."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch

from vae_edu.plots.style import BLACK, VERMILION

DRAWN = "#cccccc"  # the fill of what is drawn at random, or observed
DASHES = (0, (2, 1))
Point = tuple[float, float]


def blank(axes: Axes, xlim: Point, ylim: Point, title: str = "") -> None:
    """Equal units and no axes; the title, if any, on the left."""
    axes.set(xlim=xlim, ylim=ylim, aspect="equal")
    axes.axis("off")
    axes.set_title(title, loc="left")


def box(
    axes: Axes, x: float, y: float, width: float, text: str, height: float = 0.9, color: str = BLACK, **style: Any
) -> None:
    """A step of a computation around (x, y); `style` is of its text."""
    corner, look = (x - width / 2, y - height / 2), "round,pad=0,rounding_size=0.1"
    axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle=look, fill=False, edgecolor=color, linewidth=1.3))
    centered: dict[str, Any] = {"ha": "center", "va": "center", "linespacing": 1.3}
    axes.text(x, y, text, **(centered | style))


def circle(axes: Axes, x: float, y: float, radius: float, text: str, face: str = DRAWN, fontsize: float = 13) -> None:
    """A random variable."""
    axes.add_patch(Circle((x, y), radius, facecolor=face, edgecolor=BLACK, linewidth=1.3))
    axes.text(x, y, text, ha="center", va="center", fontsize=fontsize)


def plate(axes: Axes, corner: Point, width: float, height: float, count: str = "$N$") -> None:
    """The frame around what exists once for each data point, `count` in its lower right corner."""
    look = "round,pad=0,rounding_size=0.15"
    axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle=look, fill=False, edgecolor=BLACK, linewidth=1.3))
    axes.text(corner[0] + width - 0.15, corner[1] + 0.13, count, ha="right", fontsize=12)


def arrow(axes: Axes, start: Point, end: Point, bend: float = 0.0, **style: Any) -> None:
    """From `start` to `end`, straight or bent."""
    look: dict[str, Any] = {
        "arrowstyle": "-|>", "mutation_scale": 12, "color": BLACK, "linewidth": 1.4, "shrinkA": 0, "shrinkB": 0,
        "connectionstyle": f"arc3,rad={bend}",
    }  # fmt: skip
    axes.add_patch(FancyArrowPatch(start, end, **(look | style)))


def gradient(axes: Axes, start: Point, end: Point) -> None:
    """The way of a gradient, against the computation."""
    arrow(axes, start, end, color=VERMILION, linestyle=DASHES, linewidth=1.9)


def legend(figure: Figure) -> None:
    """What arrows and fills mean in a network."""
    handles = [
        Line2D([], [], color=BLACK, linewidth=1.4, label="computed forward"),
        Line2D([], [], color=VERMILION, linestyle=DASHES, linewidth=1.9, label="gradient"),
        Line2D(
            [], [], linestyle="", marker="o", markersize=11, color=DRAWN, markeredgecolor=BLACK, label="drawn at random"
        ),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
