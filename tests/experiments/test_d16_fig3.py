"""D16 figure 3: the shift against SciPy, the numbers on a small made-up data set, the claim on real MNIST."""

import pytest
import torch
from scipy import ndimage

from vae_edu.data import ImageData, load
from vae_edu.errors import UserError
from vae_edu.experiments import d16_fig3
from vae_edu.files import data_roots


def made_up(labels: list[int], shape: tuple[int, int] = (28, 28)) -> ImageData:
    x = torch.rand(len(labels), shape[0] * shape[1], generator=torch.Generator().manual_seed(0))
    return ImageData("made-up", "test", x, torch.tensor(labels), shape, "")


def test_shift_is_bilinear_interpolation_half_a_pixel_down_and_right():
    image = torch.rand(28, 28, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    oracle = ndimage.shift(image.numpy(), (0.5, 0.5), order=1, mode="grid-constant")
    torch.testing.assert_close(d16_fig3.shift_half_pixel(image), torch.from_numpy(oracle))


def test_distances_are_those_of_the_first_two():
    data = made_up([7, 2, 1, 2])
    numbers, _ = d16_fig3.run(data)
    assert (numbers["index"], numbers["twos"]) == (1, 2)
    x = data.x[1].view(28, 28)
    distance = numbers["squared distance"]["summed over pixels, values in [0, 1]"]
    assert distance["part missing"] == pytest.approx(x[d16_fig3.HOLE].square().sum().item(), rel=1e-5)
    others = [(data.x[j] - data.x[1]).square().sum().item() for j in (0, 2, 3)]
    assert distance["nearest other image"] == pytest.approx(min(others), rel=1e-5)


def test_ratio_of_distances_does_not_depend_on_the_normalization():
    numbers, _ = d16_fig3.run(made_up([2, 2]))
    for distance in numbers["squared distance"].values():
        ratio = distance["shifted by half a pixel"] / distance["part missing"]
        assert ratio == pytest.approx(numbers["shifted over missing"])


def test_other_data_is_refused_with_a_sentence():
    with pytest.raises(UserError, match="needs MNIST"):
        d16_fig3.run(made_up([2], shape=(8, 8)))


@pytest.mark.skipif(
    not any(list((root / "MNIST" / "raw").glob("t10k-images*")) for root in data_roots()),
    reason="real MNIST is needed: set VAE_EDU_DATA to the folder above MNIST/raw",
)
def test_on_mnist_the_worse_picture_is_the_nearer_one():
    numbers, _ = d16_fig3.run(load("mnist", "test"))
    distance = numbers["squared distance"]["summed over pixels, values in [0, 1]"]
    assert distance["part missing"] < distance["shifted by half a pixel"] < distance["nearest other image"]
