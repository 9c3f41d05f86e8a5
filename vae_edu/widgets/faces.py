"""The widgets' Python faces: one function each, live in Jupyter, and a mount in a page of the book."""

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anywidget
import traitlets

from vae_edu.errors import UserError
from vae_edu.widgets import bundle, page
from vae_edu.widgets.plane import live_plane, recorded_plane

if TYPE_CHECKING:
    from torch import Tensor

    from vae_edu.models import VAE

_ALT = (
    "A plane of two latent variables with a dot for every encoded image, colored by its label, and beside it "
    "the picture that the decoder makes of the point z, which can be dragged or moved with the arrow keys."
)


class LatentPlane(anywidget.AnyWidget):
    """The latent plane explorer. Dragging changes `z` in Python; setting `z` moves it."""

    _esm = bundle.module_for_jupyter("latent-plane")
    _css = bundle.stylesheet("latent-plane")
    data = traitlets.Bytes().tag(sync=True)
    z = traitlets.Tuple(traitlets.CFloat(), traitlets.CFloat(), default_value=(0.0, 0.0)).tag(sync=True)


@dataclass(frozen=True)
class Mount:
    """What a code cell shows while the book is being built: no Jupyter state, so no script from elsewhere."""

    html: str

    def _repr_html_(self) -> str:
        return self.html


def latent_plane(
    model: "str | VAE",
    x: "Tensor | None" = None,
    labels: "Tensor | None" = None,
    image_shape: tuple[int, int] | None = None,
) -> LatentPlane | Mount:
    """The latent plane explorer, for a pretrained model's name or for a VAE with images to encode.

    `x` has shape (n, pixels), `labels` (n,) if there are any; `image_shape` is needed where it is not square.
    While the book is being built (VAE_EDU_BOOK=1) a mount for the page is returned instead of a widget.

    Raises UserError for an unknown name and for a model that cannot be drawn.
    """
    building = os.environ.get("VAE_EDU_BOOK") == "1"
    if isinstance(model, str):
        data = recorded_plane(model)
        return Mount(page.mount("latent-plane", _ALT, model)) if building else LatentPlane(data=data)
    if x is None:
        raise UserError("a model in memory needs images to encode: latent_plane(model, x, labels).")
    data = live_plane(model, x, labels, image_shape)
    return Mount(page.mount("latent-plane", _ALT, data)) if building else LatentPlane(data=data)
