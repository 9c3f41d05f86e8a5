"""One look for every picture of the book: colors that survive color blindness, backgrounds that survive dark mode."""

from typing import Any

import matplotlib.pyplot as plt

# Okabe and Ito's palette, ordered so that neighbors differ in lightness too.
BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, YELLOW, BLACK = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442", "#000000",
)  # fmt: skip
PALETTE = (BLUE, VERMILION, GREEN, BLACK, PURPLE, SKY, ORANGE)

# Ten classes need ten colors: each at least 3:1 on white, and apart for three kinds of color blindness.
DIGIT_COLORS = (
    "#4d21a3", "#c18215", "#58a175", "#861a0d", "#1b77b5", "#642054", "#c32f8b", "#0f6c60", "#7a6c19", "#222222",
)  # fmt: skip

_STYLE: dict[str, Any] = {
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "savefig.transparent": True,
    "savefig.bbox": "tight",
    "figure.figsize": (6.4, 3.6),
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": plt.cycler(color=PALETTE),
    "axes.titlesize": "medium",
    "font.size": 10,
    "legend.frameon": False,
    "lines.linewidth": 1.8,
    "image.cmap": "gray",
    "svg.fonttype": "path",
    "svg.hashsalt": "vae_edu",  # the same picture gives the same file
}


def use_book_style() -> None:
    """Set matplotlib to the book's look; in a notebook also draw line plots as SVG. Call once per page.

    SVG pictures are dark ink on nothing: the book's style sheet inverts them in dark mode. Pictures of data
    (digits, faces) belong in PNG, which is left alone: see `raster`.
    """
    plt.rcParams.update(_STYLE)  # type: ignore[arg-type]
    _notebook_format("svg")


def raster() -> None:
    """From here on draw pictures as PNG on white: for images of digits and faces, which must not be inverted."""
    _notebook_format("png")
    plt.rcParams.update({"figure.facecolor": "white", "savefig.transparent": False, "savefig.facecolor": "white"})


def _notebook_format(name: str) -> None:
    try:
        from IPython.core.getipython import get_ipython
        from matplotlib_inline.backend_inline import set_matplotlib_formats
    except ImportError:
        return
    if get_ipython() is not None:
        # Without a date the same picture gives the same file.
        set_matplotlib_formats(name, metadata={"Date": None} if name == "svg" else {})
