"""What all widgets' Python faces share: live in Jupyter with Python behind them, a mount in a page of the book."""

import os
from typing import Any, ClassVar, TypeVar

import anywidget
import traitlets

from vae_edu.widgets import bundle
from vae_edu.widgets.page import Data, Mount
from vae_edu.widgets.shipped import check_names, shipped


class Widget(anywidget.AnyWidget):
    """A figure that moves. Its values are traits: what the reader changes is seen in Python, and the other way round.

    `class Gap(Widget, script="gap")` takes its code from `js/gap.js`; `alt` says in words what is to be seen.
    """

    script: ClassVar[str]
    alt: ClassVar[str]
    data = traitlets.Dict().tag(sync=True)

    def __init_subclass__(cls, *, script: str = "", **rest: Any) -> None:
        if script:  # none where anywidget makes a class of its own for an instance
            cls.script, cls._esm, cls._css = script, bundle.module_for_jupyter(script), bundle.stylesheet(script)
        super().__init_subclass__(**rest)

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """The values it begins with, by name."""
        own = set(cls.class_trait_names(sync=True)) - set(Widget.class_trait_names()) - {"data"}
        return {name: trait.default() for name, trait in sorted(cls.class_traits().items()) if name in own}


AnyWidget = TypeVar("AnyWidget", bound=Widget)


def show(widget: type[AnyWidget], data: Data = (), **state: Any) -> AnyWidget | Mount:
    """The widget alive, or its mount while the book is being built (VAE_EDU_BOOK=1).

    `data` are names of shipped files (`two-latents.decoder`), or files by name; `state` are values to begin with
    other than the defaults. Raises UserError for a name that is not shipped.
    """
    if not isinstance(data, dict):
        check_names(*data)
    if os.environ.get("VAE_EDU_BOOK") == "1":
        return Mount(widget.script, widget.alt, data, widget.defaults() | state)
    files = data if isinstance(data, dict) else {name: shipped(name) for name in data}
    return widget(data=files, **state)


def number(default: float, *, min: float | None = None, max: float | None = None) -> Any:
    """A number that the reader moves, from `min` to `max` if given."""
    return traitlets.CFloat(default, min=min, max=max).tag(sync=True)


def whole(default: int, *, min: int | None = None, max: int | None = None) -> Any:
    """A whole number, from `min` to `max` if given."""
    return traitlets.CInt(default, min=min, max=max).tag(sync=True)


def numbers(count: int, *, min: float | None = None, max: float | None = None) -> Any:
    """So many numbers that the reader moves, all 0 at first, each from `min` to `max` if given."""
    each, zeros = traitlets.CFloat(min=min, max=max), [0.0] * count
    return traitlets.List(each, default_value=zeros, minlen=count, maxlen=count).tag(sync=True)


def drawing() -> Any:
    """Strokes that the reader draws, each a list of points [x, y]; none at first."""
    return traitlets.List(traitlets.List()).tag(sync=True)


def point(x: float, y: float) -> Any:
    """Two numbers that the reader moves."""
    return traitlets.Tuple(traitlets.CFloat(), traitlets.CFloat(), default_value=(x, y)).tag(sync=True)


def points() -> Any:
    """Points [x, y] that the reader sets, one after the other; none at first."""
    pair = traitlets.Tuple(traitlets.CFloat(), traitlets.CFloat())
    return traitlets.List(pair).tag(sync=True)
