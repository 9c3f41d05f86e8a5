"""The widgets, one class and one function each, in alphabetical order."""

from typing import TYPE_CHECKING

import traitlets

from vae_edu.errors import UserError
from vae_edu.widgets.page import Mount
from vae_edu.widgets.plane import live_plane
from vae_edu.widgets.widget import Widget, number, point, show

if TYPE_CHECKING:
    from torch import Tensor

    from vae_edu.models import VAE
    from vae_edu.widgets.dashboard import Dashboard


class Gap(Widget, script="gap"):
    """A guess q = N(mean, sd²) for the posterior of z ~ N(0, 1), x | z ~ N(z, 1), at the observation `x`."""

    alt = (
        "Two bell curves over z, a guess q that can be moved and stretched, and the posterior. Below, the bars of the "
        "bound and of the gap, which together reach log p(x) whatever q is; the gap vanishes where q is the posterior."
    )
    mean, sd, x = number(0.0), number(1.0, min=0.05), number(2.0)


def gap() -> Gap | Mount:
    """The evidence cut into bound and gap, K13 (1), in the linear-Gaussian model of one dimension."""
    return show(Gap)


class LatentPlane(Widget, script="latent-plane"):
    """The latent plane explorer. Dragging changes `z` in Python; setting `z` moves it."""

    alt = (
        "A plane of two latent variables with a dot for every encoded image, colored by its label, and beside it "
        "the picture that the decoder makes of the point z, which can be dragged or moved with the arrow keys."
    )
    z = point(0.0, 0.0)


def latent_plane(
    model: "str | VAE",
    x: "Tensor | None" = None,
    labels: "Tensor | None" = None,
    image_shape: tuple[int, int] | None = None,
) -> LatentPlane | Mount:
    """The latent plane explorer, for a pretrained model's name or for a VAE with images to encode.

    `x` has shape (n, pixels), `labels` (n,) if there are any; `image_shape` is needed where it is not square.
    While the book is being built a mount for the page is returned instead of a widget, as by all these functions.

    Raises UserError for an unknown name and for a model that cannot be drawn.
    """
    if isinstance(model, str):
        return show(LatentPlane, [f"{model}.plane", f"{model}.decoder"])
    if x is None:
        raise UserError("a model in memory needs images to encode: latent_plane(model, x, labels).")
    return show(LatentPlane, live_plane(model, x, labels, image_shape))


class LiveBeta(Widget, script="live-beta"):
    """A VAE that trains where it is shown. `passes`, `reconstruction` and `divergence` say how far it is, in nats."""

    alt = (
        "A small VAE learning the 8 × 8 digits: a plane with a colored dot for each digit, pictures of draws from the "
        "prior, a bar of nats for each latent, and curves of the bound and its two terms. A slider weighs the "
        "divergence with β: the larger, the shorter the bars, until all latents are silent and all pictures the same."
    )
    beta = number(1.0, min=0.0)
    latents = traitlets.Enum((2, 4, 8), 2).tag(sync=True)
    learning_rate = traitlets.Enum((0.0005, 0.002, 0.008, 0.03), 0.002).tag(sync=True)
    passes, reconstruction, divergence = number(0.0), number(0.0), number(0.0)


def live_beta() -> LiveBeta | Mount:
    """Train a VAE with a weight β on the divergence and see what becomes of its terms, latents and samples."""
    return show(LiveBeta, ["digits.bits"])


def live_dashboard(labels: "Tensor | None" = None, image_shape: tuple[int, int] | None = None) -> "Dashboard":
    """A callback for `fit` and its like: `fit(model, x, callbacks=[live_dashboard()])` shows in Jupyter how it goes.

    For a VAE it shows samples and the two latents with the largest divergence as well, colored by the images' `labels`,
    shape (n,), if given. `image_shape` is needed where images are not square: `fit` raises UserError without it.
    """
    from vae_edu.widgets.dashboard import Dashboard

    return Dashboard(labels, image_shape)


class TwoGaussians(Widget, script="two-gaussians"):
    """q = N(q_mean, q_sd²) and p = N(p_mean, p_sd²), in one dimension."""

    alt = (
        "Two bell curves q and p over z, each with handles for its mean and its standard deviation. Below, shaded, the "
        "integrands of KL(q ‖ p) and KL(p ‖ q): large where the first has mass and the second has next to none."
    )
    q_mean, q_sd = number(1.0), number(2.0, min=0.05)
    p_mean, p_sd = number(0.0), number(1.0, min=0.05)


def two_gaussians() -> TwoGaussians | Mount:
    """The divergence of two Gaussians in both directions, and where each comes from."""
    return show(TwoGaussians)
