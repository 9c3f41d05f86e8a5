"""Pictures of chapter 7: where data sit in a plane of two latents, what the plane decodes to, how it stretches."""

import math

import matplotlib.pyplot as plt
import numpy as np
from jaxtyping import Float, Int64
from matplotlib.axes import Axes
from matplotlib.collections import EllipseCollection
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from torch import Tensor

from vae_edu.plots.style import BLACK, BLUE, DIGIT_COLORS, ORANGE, VERMILION

PRIOR_MASSES = (0.5, 0.9, 0.99)


def mosaic(images: Float[Tensor, "rows columns pixels"], image_shape: tuple[int, int], width: float = 6.4) -> Figure:
    """A grid of pictures drawn as one, without gaps: K13's manifolds."""
    whole = images.unflatten(-1, image_shape).permute(0, 2, 1, 3).flatten(2).flatten(0, 1)
    figure, axes = plt.subplots(figsize=(width, width * whole.shape[0] / whole.shape[1]), layout="none")
    axes.imshow(whole.numpy(), vmin=0, vmax=1, cmap="gray", interpolation="nearest")
    axes.set_position((0, 0, 1, 1))
    axes.axis("off")
    return figure


def scatter(mean: Float[Tensor, "n 2"], labels: Int64[Tensor, "n"], axes: Axes | None = None) -> Figure:
    """Posterior means colored by digit, each digit written at its median, over circles of prior probability."""
    axes = axes or _plane()
    _prior_circles(axes)
    many = len(mean) > 1000  # as paths they would weigh a third of a megabyte
    for digit in labels.unique().tolist():
        points = mean[labels == digit]
        axes.plot(*points.T, ".", ms=4, alpha=0.6, color=DIGIT_COLORS[digit], rasterized=many)
    for digit in labels.unique().tolist():
        middle = mean[labels == digit].median(0).values
        _digit(axes, middle, digit)
    return _whole(axes)


def ellipses(mean: Float[Tensor, "n 2"], log_var: Float[Tensor, "n 2"], labels: Int64[Tensor, "n"]) -> Figure:
    """Each image's q(z|x) as an ellipse of one standard deviation: half-axes exp(log_var/2), along the axes."""
    axes = _plane()
    _prior_circles(axes)
    width, height = (2 * (0.5 * log_var).exp()).numpy().T
    colors = [DIGIT_COLORS[digit] for digit in labels.tolist()]
    marks = EllipseCollection(
        width, height, np.zeros(len(mean)), units="xy", offsets=mean.numpy(), offset_transform=axes.transData,
        facecolors=[(color, 0.25) for color in colors], edgecolors=colors, linewidths=0.8,
    )  # fmt: skip
    axes.add_collection(marks)
    return _whole(axes)


def inverse_cdf(edges: Float[Tensor, "cuts"], points: Float[Tensor, "side"], side: int) -> Figure:
    """Left: equal steps of probability through the inverse normal CDF. Right: the cells they cut from the plane."""
    figure, (curve, plane) = plt.subplots(1, 2, figsize=(7.2, 3.4))
    z = np.linspace(-3, 3, 301)
    cdf = np.array([0.5 * (1 + math.erf(value / math.sqrt(2))) for value in z])
    curve.plot(z, cdf, color=BLACK)
    for k, value in enumerate(points.tolist()):
        u = (k + 0.5) / side
        curve.plot([-3, value, value], [u, u, 0], color=BLUE, lw=0.9)
    curve.set(xlabel="$z$", ylabel=r"$u = \Phi(z)$", xlim=(-3, 3), ylim=(0, 1), title="one axis")
    for cut in edges.tolist():
        plane.axvline(cut, color=BLACK, lw=0.6)
        plane.axhline(cut, color=BLACK, lw=0.6)
    plane.plot(*np.meshgrid(points, points), ".", color=BLUE, ms=5)
    plane.set(xlim=(-3, 3), ylim=(-3, 3), aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
    plane.set_title(f"{side}×{side} cells of prior probability 1/{side**2}")
    return figure


def stretch(
    trace: Float[Tensor, "side side"], extent: float, mean: Float[Tensor, "n 2"], labels: Int64[Tensor, "n"]
) -> Figure:
    """How far the picture moves per unit of z, sqrt(trace/2), over the square ±extent; row 0 holds the largest z2."""
    axes = _plane(extent)
    speed = (trace / 2).sqrt()
    picture = axes.imshow(speed, extent=(-extent, extent, -extent, extent), cmap="magma", interpolation="bilinear")
    axes.figure.colorbar(picture, ax=axes, label="distance per unit of z", shrink=0.85)
    for digit in labels.unique().tolist():
        _digit(axes, mean[labels == digit].median(0).values, digit)
    return _whole(axes)


def densities(log_q: Float[Tensor, "side side"], log_p: Float[Tensor, "side side"], extent: float) -> Figure:
    """Left: contours of prior and aggregate posterior at equal density. Right: their log ratio, in nats."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.6, 3.7))
    ticks = np.linspace(-extent, extent, log_q.shape[1])
    plane = (ticks, ticks[::-1])
    levels = sorted(density_level(mass) for mass in PRIOR_MASSES)
    left.contour(*plane, log_q.exp(), levels=levels, colors=BLUE, linewidths=1.2)
    left.contour(*plane, log_p.exp(), levels=levels, colors=ORANGE, linewidths=1.4, linestyles="dashed")
    left.plot([], color=BLUE, label="aggregate posterior")
    left.plot([], color=ORANGE, ls="--", label="prior")
    left.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=2, fontsize="small")
    picture = right.imshow(
        log_q - log_p, extent=(-extent, extent, -extent, extent), cmap="RdBu", vmin=-3, vmax=3, interpolation="bilinear"
    )
    figure.colorbar(picture, ax=right, label="log q(z) − log p(z), nats", shrink=0.85, extend="both")
    _prior_circles(right)
    for axes in (left, right):
        axes.set(xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
    return figure


def density_level(mass: float) -> float:
    """The density of N(0, I) in two dimensions on the circle that encloses this much of its probability."""
    return (1 - mass) / (2 * math.pi)


def turning(degrees: Float[Tensor, "n"], full: Float[Tensor, "n"], diagonal: Float[Tensor, "n"]) -> Figure:
    """The bound of one model turned by every angle, with the full covariance and with its diagonal alone."""
    figure, axes = plt.subplots(figsize=(6.4, 3.0))
    axes.plot(degrees, full, color=BLUE, label="turned encoder, full covariance")
    axes.plot(degrees, diagonal, color=VERMILION, ls="--", label="turned encoder, diagonal of that covariance")
    axes.set(xlabel="angle, degrees", ylabel="bound, nats per image", xticks=range(0, 181, 45))
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2, fontsize="small")
    return figure


def planes_compared(planes: dict[str, Float[Tensor, "n 2"]], labels: Int64[Tensor, "n"]) -> Figure:
    """The same images in several planes, one panel each."""
    figure, panels = plt.subplots(1, len(planes), figsize=(2.7 * len(planes), 2.9), sharex=True, sharey=True)
    for axes, (name, mean) in zip(panels, planes.items(), strict=True):
        axes.set(aspect="equal", title=name, xlabel="$z_1$")
        scatter(mean, labels, axes)
    panels[0].set_ylabel("$z_2$")
    return figure


def widths(predicted: Float[Tensor, "n 2"], log_var: Float[Tensor, "n 2"]) -> Figure:
    """The encoder's standard deviations against those that the decoder's Jacobian predicts, and the diagonal."""
    figure, axes = plt.subplots(figsize=(4.2, 3.6))
    for axis, color in enumerate((BLUE, ORANGE)):
        x, y = (0.5 * predicted[:, axis]).exp(), (0.5 * log_var[:, axis]).exp()
        label = f"$z_{axis + 1}$"  # rasterized: thousands of paths would weigh half a megabyte
        axes.loglog(x, y, ".", ms=3, alpha=0.4, color=color, label=label, rasterized=True)
    axes.axline((0.1, 0.1), (1, 1), color=BLACK, lw=1)
    axes.set(xlabel="predicted from the decoder", ylabel="encoder's standard deviation", aspect="equal")
    axes.legend(markerscale=3)
    return figure


def _plane(extent: float | None = None) -> Axes:
    _, axes = plt.subplots(figsize=(5.2, 5.0))
    axes.set(aspect="equal", xlabel="$z_1$", ylabel="$z_2$")
    if extent is not None:
        axes.set(xlim=(-extent, extent), ylim=(-extent, extent))
    return axes


def _prior_circles(axes: Axes) -> None:
    for mass in PRIOR_MASSES:
        radius = math.sqrt(-2 * math.log(1 - mass))
        axes.add_patch(plt.Circle((0, 0), radius, fill=False, color=BLACK, lw=0.7, ls=":"))


def _digit(axes: Axes, place: Float[Tensor, "2"], digit: int) -> None:
    halo = [withStroke(linewidth=3, foreground="white")]
    color = DIGIT_COLORS[digit]
    x, y = place.tolist()
    axes.text(x, y, str(digit), color=color, weight="bold", size="large", ha="center", va="center", path_effects=halo)


def _whole(axes: Axes) -> Figure:
    figure = axes.figure
    assert isinstance(figure, Figure)
    return figure
