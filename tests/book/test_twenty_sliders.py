"""Twenty sliders: each picture is the one that PyTorch decodes from the z that is shown."""

import re

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save
from widget_page import check_frames, frame_times, numbers, settle, values, write_page

from vae_edu.checkpoints import load_pretrained
from vae_edu.experiments.seed_paths import interpolate
from vae_edu.gaussians import reparameterize
from vae_edu.widgets.networks import about
from vae_edu.widgets.page import Mount
from vae_edu.widgets.record_latents import latents_path
from vae_edu.widgets.shipped import shipped

WIDGET, FILES = "twenty-sliders", ("vanilla.latents", "vanilla.decoder")
ROUNDING = 1.1 / 255  # to a gray value
GRAY = """canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0)"""
ROWS = """() => [...document.querySelectorAll('.vae-latents input')].map((input) =>
  `${input.labels[0].textContent.match(/z\\d+/)[0].slice(1)} ${input.getAttribute('aria-valuetext')}`)"""
START, HERE, END = 0, 1, 2  # pictures


@pytest.fixture
def page(open_widget):
    return open_widget(WIDGET)


@pytest.fixture(scope="module")
def vanilla():
    return load_pretrained("vanilla").requires_grad_(False)


@pytest.fixture(scope="module")
def recorded():
    return {name: torch.from_numpy(array).float() for name, array in load(latents_path("vanilla").read_bytes()).items()}


def latent(page, number: int):
    """The slider of z_number."""
    return page.get_by_role("slider", name=re.compile(rf"^z{number}\b"))


def z_shown(page) -> torch.Tensor:
    """z in its own order, as the sliders say it."""
    settle(page)
    rows = [numbers(row) for row in page.evaluate(ROWS)]  # of each: its number, and its value
    return torch.tensor([value for _, value in sorted(rows)])


def picture(page, which: int = HERE) -> np.ndarray:
    settle(page)
    return np.array(page.locator(".vae-stage canvas").nth(which).evaluate(GRAY)) / 255


def set_slider(page, name: str, value: float) -> None:
    page.get_by_role("slider", name=name).fill(str(value))
    settle(page)


def test_the_way_is_between_two_draws_with_one_noise(script):
    """The interpolated mean and width of eq-ch8-shared against a straight line between two reparameterized ends."""
    generator = torch.Generator().manual_seed(0)
    mean, log_var = torch.randn(2, 10, 6, generator=generator, dtype=torch.float64)
    cases = [
        {"start": 3, "end": 7, "t": t, "noise": noise, "seed": seed, "moved": [0, 0, 0.5, 0, 0, -2]}
        for t, noise, seed in [(0, 1, 1), (1, -2.5, 2), (0.3, 0, 3), (0.6, 3, 4)]
    ]
    each = """const file = (values) => ({shape: [10, 6], values});
      const codes = new codes_js.Codes({mean: file(argument.mean), sd: file(argument.sd)});
      const noise = (seed) => Array.from(new random_js.Random(seed).normals(6));
      return argument.cases.map((values) => [codes.at(values), noise(values.seed)]);"""
    sd = (0.5 * log_var).exp()
    argument = {"mean": mean.flatten().tolist(), "sd": sd.flatten().tolist(), "cases": cases}
    for case, (z, epsilon) in zip(cases, script(["random", "codes"], each, argument), strict=True):
        eps = case["noise"] * torch.tensor(epsilon, dtype=torch.float64)
        ends = [reparameterize(mean[i], log_var[i], eps) for i in (3, 7)]
        expected = interpolate(*ends, torch.tensor([case["t"]], dtype=torch.float64))[0]
        torch.testing.assert_close(
            torch.tensor(z, dtype=torch.float64), expected + torch.tensor(case["moved"], dtype=torch.float64)
        )


def test_it_begins_with_a_four_on_the_way_to_a_nine(page, vanilla, recorded):
    for which, digit in [(START, 4), (HERE, 4), (END, 9)]:
        assert np.abs(picture(page, which) - vanilla.images(recorded["mean"][digit]).numpy()).max() < ROUNDING
    assert (z_shown(page) - recorded["mean"][4]).abs().max() < 0.0051


def test_the_sliders_stand_in_the_order_of_their_price(page, recorded):
    names = page.locator(".vae-price").all_inner_texts()
    order = [int(numbers(name)[0]) - 1 for name in names]
    assert order == recorded["nats"].argsort(descending=True).tolist()
    assert [numbers(name)[1] for name in names] == pytest.approx(recorded["nats"][order].tolist(), abs=0.051)


def test_one_slider_moves_one_number_and_the_words_say_how_far_the_picture_went(page, vanilla, recorded):
    latent(page, 8).fill("1.5")
    z = recorded["mean"][4].clone()
    before = vanilla.images(z)
    z[7] = 1.5
    after = vanilla.images(z)
    assert (z_shown(page) - z).abs().max() < 0.0051
    assert np.abs(picture(page) - after.numpy()).max() < ROUNDING
    words = page.inner_text(".vae-readout")
    length, moved = words.partition("z is ")[2], words.partition("by hand")[0].partition("z8 ")[2]
    assert numbers(length)[0] == pytest.approx(z.norm().item(), abs=0.0051)
    expected = [recorded["mean"][4, 7].item(), 1.5, (after - before).square().mean().sqrt().item()]
    assert numbers(moved) == pytest.approx(expected, abs=0.0051)
    assert numbers(moved)[2] > 0.02
    latent(page, 8).press("ArrowLeft")
    assert z_shown(page)[7] == pytest.approx(1.45)
    page.get_by_role("button", name="Put back").click()
    assert (z_shown(page) - recorded["mean"][4]).abs().max() < 0.0051


def test_the_way_moves_all_and_keeps_what_was_moved_by_hand(page, vanilla, recorded):
    latent(page, 5).fill("2")
    by = values(page)["moved"][4]
    set_slider(page, "way t", 0.5)
    z = (recorded["mean"][4] + recorded["mean"][9]) / 2
    z[4] += by
    assert (z_shown(page) - z).abs().max() < 0.0051
    assert np.abs(picture(page) - vanilla.images(z).numpy()).max() < ROUNDING
    assert page.inner_text(".vae-readout").startswith("50 % of the way from a test image of 4 to a test image of 9")


def test_one_noise_shakes_both_ends_and_the_way_between(page, vanilla, recorded):
    means = recorded["mean"][[4, 9]]
    set_slider(page, "noise", 2)
    first = (z_shown(page) - means[0]) / recorded["sd"][4]
    set_slider(page, "way t", 1)
    last = (z_shown(page) - means[1]) / recorded["sd"][9]
    epsilon = (first + last) / 4
    assert (first - last).abs().max() < 0.02 / recorded["sd"][[4, 9]].min()  # two decimals are shown
    assert 1 < epsilon.square().sum().sqrt() < 9  # 20 draws of N(0, 1): outside with less than one in a million
    for which, digit in [(START, 4), (HERE, 9), (END, 9)]:
        expected = vanilla.images(recorded["mean"][digit] + 2 * recorded["sd"][digit] * epsilon).numpy()
        assert np.abs(picture(page, which) - expected).max() < 0.05
    shaken = z_shown(page)
    page.get_by_role("button", name="New draws").click()
    assert (z_shown(page) - shaken).abs().max() > 0.1


def test_draws_from_the_prior_are_other_ones_at_both_ends_and_the_way_between_is_shorter(page):
    for end in range(2):
        page.locator("select").nth(end).select_option("a draw from the prior")
    lengths = []
    for _ in range(10):
        ways = []
        for t in (0, 0.5, 1):
            set_slider(page, "way t", t)
            ways.append(z_shown(page))
        torch.testing.assert_close(ways[1], (ways[0] + ways[2]) / 2, atol=0.0101, rtol=0)
        lengths.append([z.norm().item() for z in ways])
        page.get_by_role("button", name="New draws").click()
    squares = np.square(lengths)
    # Of 200 squared draws of N(0, 1), and of N(0, 1/2): chi² of 200 degrees, inside but for one in a million.
    for column, variance in enumerate([1, 0.5, 1]):
        assert 104 < squares[:, column].sum() / variance < 332
    set_slider(page, "noise", 3)
    assert np.abs(z_shown(page).norm().item() ** 2) < 70  # a draw has no width that noise could fill


def test_what_the_encoder_does_not_use_is_marked(page, tmp_path):
    tensors = load(shipped(FILES[0]))
    tensors["activity"][6] = 0.009
    data = {"live.latents": save(tensors, about({"image_shape": [28, 28]})), "live.decoder": shipped(FILES[1])}
    assert page.locator(".vae-inactive").count() == 0
    page.goto(write_page(tmp_path, Mount(WIDGET, "alt", data, values(page))))
    page.wait_for_selector(".vae-ready")
    assert page.locator(".vae-inactive").inner_text().split()[:2] == ["z7", "inactive"]


def test_reset_brings_all_back(page):
    begin = values(page)
    latent(page, 3).press("End")
    set_slider(page, "way t", 0.4)
    set_slider(page, "noise", -1)
    page.get_by_role("button", name="New draws").click()
    page.get_by_role("button", name="Reset").click()
    assert values(page) == begin


def test_on_a_phone_the_picture_stays_in_sight_of_the_last_slider(page):
    page.set_viewport_size({"width": 400, "height": 700})
    last = page.locator(".vae-latents input").last
    last.scroll_into_view_if_needed()
    settle(page)
    box = page.locator(".vae-stage canvas").nth(HERE).bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] < last.bounding_box()["y"] <= 700


def test_frames_keep_coming_while_dragging(page, record_property):
    """60 a second on an idle machine; the bounds leave room for a busy one."""
    box = latent(page, 5).bounding_box()
    middle, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(middle, y)
    page.mouse.down()
    between = frame_times(page, lambda i: page.mouse.move(middle + 0.4 * box["width"] * np.sin(i / 10), y))
    page.mouse.up()
    check_frames(between, record_property)
