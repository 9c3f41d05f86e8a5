"""The latent plane with several models: whose pictures are shown, the film of a path, and q(z) against the prior."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch.distributions import Normal
from widget_page import drag, numbers, settle, touch_drag, values

from vae_edu.checkpoints import load_pretrained
from vae_edu.widgets.narrow import TOLERANCE
from vae_edu.widgets.plane import plane_path

TITLES = {
    "two-latents": "full VAE",
    "no-kl": "without KL",
    "kl-only": "without cross-entropy",
    "frey-two-latents": "Frey Face",
}
PICTURE = """c => {
  const {data} = c.getContext("2d").getImageData(0, 0, c.width, c.height);
  return {shape: [c.height, c.width], gray: Array.from(data).filter((_, i) => i % 4 === 0)};
}"""
FILM = """() => {
  const {model} = document.querySelector(".vae-widget");
  window.film = [];
  model.on("change:z", () => window.film.push(model.get("z")));
}"""


@pytest.fixture
def page(open_widget):
    return open_widget("latent-plane", *TITLES)


def choose(page, which: int, label: str) -> None:
    page.locator(".vae-choice select").nth(which).select_option(label=label)
    settle(page)
    settle(page)


def on_path(path: np.ndarray, point: np.ndarray) -> float:
    """How far a point is from the nearest piece of the path."""
    start, way = path[:-1], np.diff(path, axis=0)
    share = (((point - start) * way).sum(1) / (way**2).sum(1)).clip(0, 1)
    return np.linalg.norm(start + share[:, None] * way - point, axis=1).min()


def test_each_model_draws_what_pytorch_draws_and_its_pixels_move_alike(page):
    for name, title in TITLES.items():
        choose(page, 0, title)
        model, seen, expected = load_pretrained(name), [], []
        for keys in (["Home"], ["Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowUp"]):
            for key in keys:
                page.locator(".vae-plane").press(key)
            z = values(page)["z"]
            picture = page.locator(".vae-picture").evaluate(PICTURE)
            assert picture["shape"] == ([28, 20] if name == "frey-two-latents" else [28, 28])
            seen.append(np.array(picture["gray"]) / 255)
            with torch.no_grad():
                expected.append(model.images(torch.tensor(z, dtype=torch.float32)).numpy())
        assert np.abs(np.array(seen) - expected).max() < TOLERANCE + 0.5 / 255
        moved, should = (np.abs(pictures[1] - pictures[0]).mean() for pictures in (seen, expected))
        assert moved == pytest.approx(should, abs=0.002)
        assert moved > 0.01


def test_the_film_goes_along_the_drawn_path_with_even_speed(page):
    drag(page, ".vae-plane", 90, 60)
    page.keyboard.press("Shift+ArrowDown")
    page.locator(".vae-plane").press("Enter")
    path = np.array(values(page)["path"])
    assert len(path) >= 6
    assert path[0] == pytest.approx((0, 0), abs=0.02)
    assert path[-1] == pytest.approx(values(page)["z"])
    page.emulate_media(reduced_motion="no-preference")
    page.evaluate(FILM)
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    page.get_by_role("button", name="Play the path").click()
    page.clock.run_for(3000)
    half_way = np.array(page.evaluate("film.at(-1)"))
    page.clock.run_for(4000)
    film = np.array(page.evaluate("film"))
    assert max(on_path(path, z) for z in film) < 1e-6
    assert film[0] == pytest.approx(path[0], abs=0.05)
    assert film[-1] == pytest.approx(path[-1])
    lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
    assert min(np.linalg.norm(film - corner, axis=1).min() for corner in path) == pytest.approx(
        0, abs=lengths.sum() / 60
    )
    gone = np.concatenate([[0], lengths.cumsum()]) / lengths.sum()
    middle = [np.interp(0.5, gone, path[:, axis]) for axis in (0, 1)]
    assert half_way == pytest.approx(middle, abs=lengths.sum() / 50)
    assert page.get_by_role("button", name="Play the path").count() == 1  # it has ended


def test_with_less_motion_the_film_goes_in_steps_and_a_press_stops_it(page):
    page.get_by_role("button", name="A circle").click()
    page.evaluate(FILM)
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)
    page.get_by_role("button", name="Play the path").click()
    page.clock.run_for(3100)
    assert 2 <= len(page.evaluate("film")) <= 3
    assert np.linalg.norm(page.evaluate("film"), axis=1) == pytest.approx(1.0, abs=0.01)  # within a polygon of 48 sides
    page.locator(".vae-plane").press("ArrowUp")
    assert page.get_by_role("button", name="Play the path").count() == 1


def test_a_path_by_keys_and_by_finger(page):
    plane = page.locator(".vae-plane")
    for key in ["Enter", "Shift+ArrowRight", "Enter", "Shift+ArrowUp", "Enter", "Enter"]:
        plane.press(key)
    assert values(page)["path"] == [[0, 0], [0.5, 0], [0.5, 0.5]]  # Enter twice in one place adds one
    plane.press("Delete")
    assert values(page)["path"] == []
    touch_drag(page, ".vae-plane", 80, 0)
    path = np.array(values(page)["path"])
    assert len(path) == 4
    assert np.abs(path[:, 1]).max() < 0.02
    page.mouse.click(*(page.locator(".vae-plane").bounding_box()[side] + 50 for side in ("x", "y")))
    assert values(page)["path"] == path.tolist()  # a press alone draws nothing
    page.get_by_role("button", name="Reset").click()
    assert values(page) == {"model": "two-latents", "dots": "means", "z": [0, 0], "path": []}


def test_places_on_a_path_agree_with_interpolation(script):
    path = np.random.default_rng(0).normal(size=(9, 2))
    path[4] = path[3]  # a piece of no length
    gone = np.concatenate([[0], np.linalg.norm(np.diff(path, axis=0), axis=1).cumsum()])
    shares = np.linspace(0, 1, 41)
    expected = np.stack([np.interp(shares * gone[-1], gone, path[:, axis]) for axis in (0, 1)], axis=1)
    run = "return argument.shares.map((share) => path_js.along(argument.path, share));"
    assert np.abs(script(["path"], run, {"path": path.tolist(), "shares": shares.tolist()}) - expected).max() < 1e-12


def test_the_aggregate_posterior_of_each_model_is_pytorchs(page, script):
    """Of the recorded posteriors, which tests/widgets/test_record_plane.py holds against the encoder."""
    for name, title in TITLES.items():
        choose(page, 0, title)
        recorded = load_file(plane_path(name))
        mean, sd = (recorded[tensor].double() for tensor in ("means", "sds"))
        n = len(mean)
        noise = script(["random"], "return Array.from(new random_js.Random(1).normals(argument));", 2 * n)
        drawn = mean + sd * torch.tensor(noise).view(n, 2)
        for dots, points in {"posterior means": mean, "one draw of each posterior": drawn}.items():
            choose(page, 1, dots)
            radius, share, count, prior = numbers(page.inner_text(".vae-within").replace(",", "", 1))
            expected = 100 * (points.norm(dim=1) <= radius).double().mean().item()
            assert (share, count) == (pytest.approx(expected, abs=0.051), n)  # shown with one digit
            assert prior == pytest.approx(100 * (1 - np.exp(-(radius**2) / 2)), abs=0.05)
        exact = within(mean, sd, radius)
        # One draw an image: the share's variance is at most p(1 − p)/n; false alarm 1e-6 at 4.9 standard deviations.
        assert abs(share / 100 - exact) < 4.9 * (exact * (1 - exact) / n) ** 0.5 + 0.0005


def within(mean: torch.Tensor, sd: torch.Tensor, radius: float) -> float:
    """The probability of a disk under a mixture of diagonal Gaussians, by quadrature over z1."""
    share = torch.zeros(len(mean), dtype=torch.float64)
    # Equal masses of z1, then the exact mass of z2 between the edges of the disk.
    for u in (torch.arange(400, dtype=torch.float64) + 0.5) / 400:
        z1 = mean[:, 0] + sd[:, 0] * torch.special.ndtri(u)
        edge = (radius**2 - z1**2).clamp(min=0).sqrt()
        z2 = Normal(mean[:, 1], sd[:, 1])
        share += (z2.cdf(edge) - z2.cdf(-edge)) * (z1.abs() < radius) / 400
    return share.mean().item()


def test_another_model_brings_z_into_its_window(page):
    choose(page, 0, "without KL")
    for _ in range(3):
        page.locator(".vae-plane").press("Shift+ArrowRight")
    assert values(page)["z"] == pytest.approx([7.5, 0])
    choose(page, 0, "full VAE")
    assert values(page)["z"] == [4, 0]
    choose(page, 0, "Frey Face")
    assert not page.locator(".vae-legend, .vae-cloud, .vae-detail").filter(visible=True).count()  # faces have no labels
