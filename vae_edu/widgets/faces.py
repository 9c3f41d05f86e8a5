"""The widgets, one class and one function each, in alphabetical order."""

from typing import TYPE_CHECKING, Any, cast

import traitlets

from vae_edu.errors import UserError
from vae_edu.widgets.page import Mount
from vae_edu.widgets.plane import live_plane
from vae_edu.widgets.widget import Widget, drawing, number, numbers, point, points, show, whole

if TYPE_CHECKING:
    from torch import Tensor

    from vae_edu.models import VAE
    from vae_edu.widgets.dashboard import Dashboard


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


class FillIn(Widget, script="fill-in"):
    """A center column to complete: that of a test image of `digit`, or with -1 the 28 pixels of `column`.

    `count` draws of z, made from `seed`, go into the mean of the draws.
    """

    alt = (
        "A narrow pad with the center column of a digit, which can be picked or drawn. Beside it the regressor's one "
        "answer, blurred, the mean of some draws of the CVAE, as blurred, and the test image that the column is from. "
        "Below, eight single draws of the CVAE around the same column: sharper, and different digits."
    )
    digit, column = whole(8, min=-1, max=9), numbers(28, min=0.0, max=1.0)
    count, seed = whole(8, min=1, max=64), whole(1)


def fill_in() -> FillIn | Mount:
    """A column completed by `cvae-column`, one draw of z after the other, and by `regressor-column`, once."""
    cvae = ["cvae-column.condition", "cvae-column.decoder"]
    return show(FillIn, [*cvae, "regressor-column.network", "column.examples"])


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


class ImportanceWeights(Widget, script="importance-weights"):
    """q = N(mean, sd²) in the model of `Gap` at x = 2, and 2^`doublings` draws of it; another `seed`, other draws."""

    alt = (
        "Bell curves of a guess q, with its draws as marks, and of the posterior. Below, the importance weights as "
        "bars, and the bound L_k, which rises towards log p(x) as the number of draws k grows."
    )
    mean, sd = number(0.0), number(1.0, min=0.05)
    doublings, seed = number(3.0, min=0.0, max=7.0), number(1.0)


def importance_weights() -> ImportanceWeights | Mount:
    """L_k between the bound and log p(x), exactly, and the weights of k draws."""
    return show(ImportanceWeights)


class LatentPlane(Widget, script="latent-plane"):
    """The latent plane explorer. Dragging changes `z` in Python, and leaves a `path`; setting them moves it.

    `model` is the one that is shown, of those it was given; `dots` are posterior "means", or one of the "draws" each.
    """

    alt = (
        "A plane of two latent variables with a dot for every encoded image, colored by its label, and the circles of "
        "the prior; beside it the picture that the decoder makes of the point z, which can be dragged, moved with the "
        "arrow keys, or sent along a path. Where there are several models, a list changes to another."
    )
    model = traitlets.Unicode().tag(sync=True)
    dots = traitlets.Enum(("means", "draws"), "means").tag(sync=True)
    z, path = point(0.0, 0.0), points()

    @traitlets.validate("model")
    def _known(self, proposal: Any) -> str:
        names = [name.removesuffix(".plane") for name in self.data if name.endswith(".plane")]
        if proposal["value"] not in names:
            raise traitlets.TraitError(f"{proposal['value']!r} is not shown here; choose one of: {', '.join(names)}.")
        return proposal["value"]


def latent_plane(
    *models: "str | VAE",
    x: "Tensor | None" = None,
    labels: "Tensor | None" = None,
    image_shape: tuple[int, int] | None = None,
) -> LatentPlane | Mount:
    """The latent plane explorer, for names of pretrained models, or for one VAE with images to encode.

    `x` has shape (n, pixels), `labels` (n,) if there are any; `image_shape` is needed where it is not square.
    While the book is being built a mount for the page is returned instead of a widget, as by all these functions.

    Raises UserError for an unknown name and for a model that cannot be drawn.
    """
    names = [model for model in models if isinstance(model, str)]
    if names and len(names) == len(models):
        return show(LatentPlane, [f"{name}.{part}" for name in names for part in ("plane", "decoder")], model=names[0])
    if names or len(models) != 1 or x is None:
        raise UserError("expected names of pretrained models, or one model and images: latent_plane(model, x=images).")
    return show(LatentPlane, live_plane(cast("VAE", models[0]), x, labels, image_shape), model="live")


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


class PriorSampling(Widget, script="prior-sampling"):
    """z ~ N(0, I) of so many dimensions, x | z ~ N(z, sigma² I) and x = 0; another `seed`, other draws."""

    alt = (
        "Five running estimates of log p(x) over the number of draws from the prior. In few dimensions they settle on "
        "the exact value; in many, or with little noise, they climb towards it in jumps and stay far below."
    )
    dimension, sigma, seed = number(2.0, min=1.0, max=12.0), number(0.3, min=0.1), number(1.0)


def prior_sampling() -> PriorSampling | Mount:
    """The evidence as an average over draws from the prior, D16 (1), for any dimension and noise."""
    return show(PriorSampling)


class Ring(Widget, script="ring"):
    """A cloud of N(0, I), bent from 0 to 1 towards z/10 + z/‖z‖, and one point `z` of the plane to follow."""

    alt = (
        "A round cloud of dots in the plane that a slider bends into a thin ring, and a point to drag, with a line to "
        "where it goes. Beside it a histogram of the dots' distances from the center under their derived density."
    )
    bend, z = number(0.0, min=0.0, max=1.0), point(1.5, 1.0)


def ring() -> Ring | Mount:
    """A Gaussian cloud bent into a ring by a decoder of one line, D16 figure 2."""
    return show(Ring)


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


class TwoGradients(Widget, script="two-gradients"):
    """`count` estimates of a derivative of E‖z‖² under N(0, I) of so many dimensions, each from so many draws."""

    alt = (
        "Two histograms on one axis, of score-function and of pathwise estimates of the same derivative from the same "
        "noise. The first is wide, and wider the higher the dimension; the second is narrow and stays as it is."
    )
    dimension, samples, count = number(5.0, min=1.0), number(1.0, min=1.0), number(200.0, min=2.0, max=5000.0)


def two_gradients() -> TwoGradients | Mount:
    """Score-function and pathwise gradients, K13 §2.2 and K13 (5), filling histograms."""
    return show(TwoGradients)
