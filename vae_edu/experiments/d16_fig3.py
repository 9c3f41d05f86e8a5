"""D16 figure 3: in squared distance, a digit with a hole is nearer than one moved by half a pixel."""

import torch
import torch.nn.functional as F
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from vae_edu.data import ImageData, load
from vae_edu.errors import UserError
from vae_edu.experiments import Outcome, Request
from vae_edu.plots import raster, use_book_style
from vae_edu.plots.generative import image_row

DIGIT = 2
HOLE = slice(13, 16)  # rows in the middle of the stroke: the digit falls into two pieces


def reproduce(request: Request) -> Outcome:
    """The figure on MNIST's test set; it costs seconds at every budget."""
    data = load("mnist", "test", request.data_root)
    numbers, figure = run(data)
    return Outcome(numbers, {"twos": figure}, {"mnist test": data.checksum})


def run(data: ImageData) -> tuple[dict[str, object], Figure]:
    """Squared distances from the first "2" of `data` to its pierced and shifted self and the nearest other.

    Returns the numbers, in several normalizations because the paper does not state its own, and the picture.
    Raises UserError when `data` is not labeled 28×28 images.

    Source: D16 figure 3.
    """
    if data.labels is None or data.image_shape != (28, 28):
        raise UserError(
            f"D16 figure 3 needs MNIST, labeled 28×28 images; got {data.name!r}: pass load('mnist', 'test')."
        )
    images = data.x.unflatten(1, data.image_shape)
    twos = (data.labels == DIGIT).nonzero().flatten()
    first = int(twos[0])
    x, pierced, shifted = images[first], pierce(images[first]), shift_half_pixel(images[first])
    distance = {
        "part missing": squared_distance(x, pierced).item(),
        "shifted by half a pixel": squared_distance(x, shifted).item(),
        "nearest other image": _to_nearest_other(images, first),
    }
    farther = squared_distance(images[twos], shift_half_pixel(images[twos])) > squared_distance(
        images[twos], pierce(images[twos])
    )
    numbers = {
        "digit": DIGIT,
        "index": first,
        "squared norm": x.square().sum().item(),
        "squared distance": {
            "summed over pixels, values in [0, 1]": distance,
            "mean over pixels": {name: d / x.numel() for name, d in distance.items()},
            "relative to the squared norm": {name: d / x.square().sum().item() for name, d in distance.items()},
            "summed over pixels, values 0 to 255": {name: d * 255**2 for name, d in distance.items()},
        },
        "shifted over missing": distance["shifted by half a pixel"] / distance["part missing"],
        "twos": len(twos),
        "share of twos with the shifted one farther": farther.float().mean().item(),
    }
    use_book_style()
    raster()
    return numbers, image_row({"(a) the image": x, "(b) part missing": pierced, "(c) moved by ½ pixel": shifted})


def pierce(image: Float[Tensor, "*batch height width"]) -> Float[Tensor, "*batch height width"]:
    """The image with the rows of HOLE blank."""
    pierced = image.clone()
    pierced[..., HOLE, :] = 0
    return pierced


def shift_half_pixel(image: Float[Tensor, "*batch height width"]) -> Float[Tensor, "*batch height width"]:
    """The image moved half a pixel down and right by bilinear interpolation: each pixel the mean of four."""
    return F.avg_pool2d(F.pad(image, (1, 0, 1, 0)).unsqueeze(-3), kernel_size=2, stride=1).squeeze(-3)


def squared_distance(
    a: Float[Tensor, "*#batch height width"], b: Float[Tensor, "*#batch height width"]
) -> Float[Tensor, "*#batch"]:
    """‖a − b‖², summed over pixels."""
    return (a - b).square().sum((-2, -1))


def _to_nearest_other(images: Float[Tensor, "n height width"], index: int) -> float:
    others = torch.cat([images[:index], images[index + 1 :]])
    return squared_distance(others, images[index]).min().item()
