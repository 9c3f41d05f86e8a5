"""The widgets, one class and one function each, in alphabetical order."""

from typing import TYPE_CHECKING

from vae_edu.errors import UserError
from vae_edu.widgets.page import Mount
from vae_edu.widgets.plane import live_plane
from vae_edu.widgets.widget import Widget, drawing, number, numbers, point, show, whole

if TYPE_CHECKING:
    from torch import Tensor

    from vae_edu.models import VAE


class DrawDigit(Widget, script="draw-digit"):
    """A drawing: `strokes` of points [x, y] from (0, 0) at the lower left to (1, 1). `seed` makes the draws of z."""

    alt = (
        "A pad to draw a digit on, and beside it the latent plane with the encoder's answer, an ellipse. Below, the "
        "drawing as the encoder sees it, and pictures that the decoder makes at the mean and at draws from the ellipse."
    )
    strokes, seed = drawing(), whole(1)


def draw_digit() -> DrawDigit | Mount:
    """The reader's drawing, encoded and decoded by `two-latents`."""
    return show(DrawDigit, ["two-latents.plane", "two-latents.encoder", "two-latents.decoder"])


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


class TwentySliders(Widget, script="twenty-sliders"):
    """A point on the way from `start` to `end`, two codes of a model with 20 latents, and what was moved by hand.

    `start` and `end` are digits, or -1 for a draw from the prior. z = mean(t) + noise · sd(t) · epsilon + moved, with
    one epsilon, drawn from `seed`, for both ends.
    """

    alt = (
        "Twenty sliders, one for each latent variable, in the order of what the encoder pays for them in nats, and the "
        "picture that the decoder makes of them. Two further sliders move the picture from one digit to another, and "
        "along the noise in its code; all twenty sliders move with them."
    )
    start, end, seed = whole(4, min=-1, max=9), whole(9, min=-1, max=9), whole(1)
    t, noise = number(0.0, min=0.0, max=1.0), number(0.0)
    moved = numbers(20)


def twenty_sliders() -> TwentySliders | Mount:
    """The twenty latents of `vanilla`, moved one by one, between two codes and along the noise."""
    return show(TwentySliders, ["vanilla.latents", "vanilla.decoder"])


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
