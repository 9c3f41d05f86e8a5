"""Draw a digit: the drawing becomes what MNIST's images are, and the answer to it is PyTorch's."""

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence
from widget_page import check_frames, frame_times, numbers, settle, touch_drag, values

from vae_edu import data
from vae_edu.checkpoints import load_pretrained

ROUNDING = 1.1 / 255  # to a gray value
GRAY = "canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0)"
LIKE_MNIST = "return argument.map((ink) => Array.from(mnist_js.likeMnist(ink)));"
ENLARGED = """const {images, scale, down, along} = argument;
  const of = (k, by) => Math.floor((k - by) / scale);
  return images.map((image) => Array.from(mnist_js.likeMnist(Array.from({length: 140 * 140}, (_, k) => {
    const [row, column] = [of(Math.floor(k / 140), down), of(k % 140, along)];
    return [row, column].every((i) => i >= 0 && i < 28) ? image[28 * row + column] : 0;
  }))));"""
SEEN, AT_THE_MEAN, DRAWS = 0, 1, [2, 3, 4, 5]  # pictures


def like_mnist(ink: np.ndarray) -> np.ndarray:
    """The same steps with matrices: how much of each row and column of the drawing lies in each of the box."""
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    step = (1 + max(np.ptp(rows), np.ptp(columns))) / 20

    def overlap(first: int) -> np.ndarray:
        edges, pixels = first + step * np.arange(21)[:, None], np.arange(len(ink))
        return np.diff(np.clip(edges - pixels, 0, 1), axis=0) / step

    box = overlap(rows[0]) @ ink @ overlap(columns[0]).T
    center = [(box.sum(1 - axis) @ np.arange(20)) / box.sum() for axis in (0, 1)]
    down, along = (int(np.floor(14 - place + 0.5)) for place in center)
    wide = np.zeros((68, 68))
    wide[20 + down : 40 + down, 20 + along : 40 + along] = box
    return wide[20:48, 20:48]


@pytest.fixture(scope="module")
def model():
    return load_pretrained("two-latents").requires_grad_(False)


@pytest.fixture
def page(open_widget):
    return open_widget("draw-digit")


def picture(page, which: int) -> np.ndarray:
    settle(page)
    return np.array(page.locator(".vae-strip canvas").nth(which).evaluate(GRAY)) / 255


def draw(page, *points: tuple[float, float]) -> None:
    """A stroke with the mouse through points of the pad, from (0, 0) at the lower left to (1, 1)."""
    box = page.locator(".vae-pad").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + (1 - y) * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()
    settle(page)


SEVEN = [(0.2, 0.85), (0.75, 0.85), (0.4, 0.1)]


def check_all_that_is_shown(page, model) -> tuple[torch.Tensor, torch.Tensor]:
    """The answer to the image that is shown as seen, against PyTorch; returns mean and standard deviation."""
    mean, log_var = model.encode(torch.tensor(picture(page, SEEN)).float())
    sd = (0.5 * log_var).exp()
    words = numbers(page.inner_text(".vae-readout").replace("z₁", "").replace("z₂", ""))
    # What is seen is known to 1/255 here and in full to the encoder: a hundredth, in a mean.
    assert words[:4] == pytest.approx(torch.stack([mean, sd], 1).flatten().tolist(), abs=0.03)
    divergence = kl_divergence(Normal(mean, sd), Normal(0.0, 1.0)).sum().item()
    assert words[4] == pytest.approx(divergence, abs=0.15)
    told = torch.tensor([words[0], words[2]])
    assert np.abs(picture(page, AT_THE_MEAN) - model.images(told).numpy()).max() < 0.03
    plane, ellipse = (page.locator(name).bounding_box() for name in (".vae-draw-digit .vae-plane", ".vae-ellipse"))
    center = [(ellipse[a] + ellipse[b] / 2 - plane[a]) / plane[b] for a, b in [("x", "width"), ("y", "height")]]
    unit = (center[0] - 0.5) / told[0].item()  # of the plane's width, for 1 of z
    assert center[1] == pytest.approx(0.5 - unit * told[1].item(), abs=0.01)
    assert ellipse["width"] / plane["width"] == pytest.approx(4 * unit * sd[0].item(), abs=0.012)
    assert ellipse["height"] / plane["height"] == pytest.approx(4 * unit * sd[1].item(), abs=0.012)
    return mean, sd


def test_an_mnist_image_drawn_large_and_anywhere_is_that_image_again(script, mnist):
    """Real images, each pixel a square of scale × scale, off the center: what comes back is the image."""
    images = data.load(mnist.name, "test").x[:20].tolist()
    for scale, down, along in [(5, 0, 0), (3, 25, -9), (4, -7, 14)]:
        got = script(["mnist"], ENLARGED, {"images": images, "scale": scale, "down": down, "along": along})
        assert np.abs(np.array(got) - images).max() < 1e-6


def test_any_drawing_becomes_what_python_makes_of_it(script, mnist):
    """Real images stretched to sizes that are no multiple of 20, so that edges turn gray."""
    images = data.load(mnist.name, "test").x[20:32].reshape(-1, 1, 28, 28)
    sizes = [(140, 140), (97, 41), (61, 133), (13, 17)]
    drawings = np.zeros((len(images), 140, 140))
    for i, image in enumerate(images):
        rows, columns = sizes[i % 4]
        stretched = torch.nn.functional.interpolate(image[None], (rows, columns), mode="nearest")[0, 0]
        drawings[i, -rows:, :columns] = stretched.numpy()
    got = np.array(script(["mnist"], LIKE_MNIST, drawings.reshape(len(images), -1).tolist()))
    assert np.abs(got - [like_mnist(drawing).ravel() for drawing in drawings]).max() < 1e-6


def test_nothing_is_claimed_of_an_empty_pad(page):
    assert page.inner_text(".vae-readout") == "Nothing is drawn yet."
    assert not page.locator(".vae-ellipse").is_visible()
    assert all(picture(page, which).max() == 0 for which in range(6))


def test_a_drawing_is_centered_encoded_and_drawn_again(page, model):
    draw(page, *SEVEN)
    seen = picture(page, SEEN).reshape(28, 28)
    assert [np.ptp(np.flatnonzero(seen.any(axis))) + 1 for axis in (0, 1)] == pytest.approx([16, 20], abs=1)
    for axis in (0, 1):
        assert (seen.sum(1 - axis) @ np.arange(28)) / seen.sum() == pytest.approx(14, abs=0.55)
    mean, _ = check_all_that_is_shown(page, model)
    assert "are 7" in page.inner_text(".vae-readout")
    draw(page, (0.3, 0.45), (0.8, 0.45))
    assert (check_all_that_is_shown(page, model)[0] - mean).norm() > 0.05
    assert len(values(page)["strokes"]) == 2


def test_the_draws_are_from_the_posterior(page, model):
    draw(page, *SEVEN)
    mean, sd = check_all_that_is_shown(page, model)
    # A draw farther than 6 standard deviations is one in 10⁸; the pictures inside are those of a grid over that square.
    t = torch.linspace(-6, 6, 61)
    grid = model.images(mean + sd * torch.cartesian_prod(t, t)).numpy()
    before = [picture(page, which) for which in DRAWS]
    for shown in before:
        assert np.abs(grid - shown).max(1).min() < 0.08
    assert np.abs(before[0] - before[1]).max() > ROUNDING
    page.get_by_role("button", name="New draws").click()
    assert np.abs(picture(page, DRAWS[0]) - before[0]).max() > ROUNDING


def test_keys_draw_too(page, model):
    pad = page.locator(".vae-pad")
    for key in ["ArrowLeft"] * 4 + [" "] + ["ArrowRight"] * 8 + ["ArrowDown"] * 12 + [" ", "ArrowLeft"]:
        pad.press(key)
    (stroke,) = values(page)["strokes"]
    assert np.array(stroke)[[0, 8, 20]] == pytest.approx(np.array([[0.3, 0.8], [0.7, 0.8], [0.7, 0.2]]))
    assert len(stroke) == 21
    check_all_that_is_shown(page, model)
    page.get_by_role("button", name="Reset").click()
    assert values(page) == {"strokes": [], "seed": 1}


def test_a_finger_draws(page, model):
    width = page.locator(".vae-pad").bounding_box()["width"]
    touch_drag(page, ".vae-pad", 0.3 * width, 0.3 * width)
    (stroke,) = values(page)["strokes"]
    assert np.ptp(stroke, axis=0) == pytest.approx(np.array([0.3, 0.3]), abs=0.03)
    check_all_that_is_shown(page, model)


def test_a_ready_drawing_is_encoded_and_the_pad_fits_a_phone(page, model):
    page.set_viewport_size({"width": 400, "height": 860})
    page.get_by_role("button", name="A ready 4").click()
    check_all_that_is_shown(page, model)
    box = page.locator(".vae-pad").bounding_box()
    assert box["width"] == pytest.approx(box["height"], abs=1)


def test_frames_keep_coming_while_drawing(page, record_property):
    """60 a second on an idle machine; the bounds leave room for a busy one."""
    box = page.locator(".vae-pad").bounding_box()
    x, y, r = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 0.3 * box["width"]
    page.mouse.move(x + r, y)
    page.mouse.down()
    between = frame_times(page, lambda i: page.mouse.move(x + r * np.cos(i / 15), y + r * np.sin(i / 15)))
    page.mouse.up()
    check_frames(between, record_property)
