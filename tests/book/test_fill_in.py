"""Fill in the digit: what stands around the column is what PyTorch makes of it, and the words say how far it varies."""

import base64
import json

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file
from widget_page import check_frames, drag, frame_times, numbers, settle, touch_drag, values

from vae_edu.checkpoints import load_pretrained
from vae_edu.models import mlp_cvae
from vae_edu.widgets import record_examples
from vae_edu.widgets.networks import pack_condition, pack_decoder
from vae_edu.widgets.shipped import shipped

DRAW = """const {files, columns, seed, count} = argument;
  const data = Object.fromEntries(Object.entries(files).map(([name, base64]) => [name, runtime_js.bytesOf(base64)]));
  const of = (ending) => weights_js.network({get: () => data}, ending);
  const parts = {condition: of(".condition"), decoder: of(".decoder")};
  return columns.map((column) => {
    const draws = new completion_js.Draws(parts, column, seed);
    while (draws.add(count, 3));
    return draws.pictures.map((picture) => Array.from(picture));
  });"""
ANSWER = """const data = {"a.network": runtime_js.bytesOf(argument.file)};
  const network = weights_js.network({get: () => data}, ".network");
  return argument.columns.map((column) => Array.from(network.forward(column)[0]));"""
Z = """const random = new random_js.Random(argument.seed);
  return Array.from({length: argument.count}, () => Array.from(random.normals(argument.latent)));"""
GRAYS = """canvas => Array.from(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data)
  .filter((_, i) => i % 4 === 0)"""
ROUNDING = 0.51 / 255  # to a gray value
REGRESSOR, MEAN, TRUTH, DRAWS = 0, 1, 2, range(3, 11)  # pictures
PAD = ".vae-column"


@pytest.fixture(scope="module")
def models():
    """The shipped CVAE and regressor: float16 weights, computed in float64."""
    return [load_pretrained(name).double().requires_grad_(False) for name in ("cvae-column", "regressor-column")]


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.from_numpy(load_file(record_examples.PATH)["images"]).double() / 255


@pytest.fixture
def draw_z(script):
    """The noise that the page draws from a seed."""

    def draw(seed: int, count: int, latent: int = 16) -> torch.Tensor:
        return torch.tensor(
            script(["random"], Z, {"seed": seed, "count": count, "latent": latent}), dtype=torch.float64
        )

    return draw


@pytest.fixture
def page(open_widget):
    return open_widget("fill-in")


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def grays(page, selector: str, which: int = 0) -> np.ndarray:
    settle(page)
    return np.array(page.locator(selector).nth(which).evaluate(GRAYS)) / 255


def picture(page, which: int) -> np.ndarray:
    return grays(page, ".vae-completions canvas", which)


def given(page, images: torch.Tensor) -> torch.Tensor:
    """The column in full precision."""
    state = values(page)
    return images[state["digit"], 13::28] if state["digit"] >= 0 else torch.tensor(state["column"]).double()


def check_all_that_is_shown(page, models, images, draw_z) -> dict[str, float]:
    """Every picture and every number of the words, against PyTorch; returns the numbers."""
    (cvae, regressor), c, state = models, given(page, images), values(page)
    count = state["count"]
    page.wait_for_function(f"document.querySelector('.vae-answers').textContent.includes('mean of {count} draw')")
    y = cvae.images(draw_z(state["seed"], max(count, 8)), c)
    mean, answer = y[:count].mean(0), regressor.images(c)
    expected = {REGRESSOR: answer, MEAN: mean} | {which: y[i] for i, which in enumerate(DRAWS)}
    for which, target in expected.items():
        assert np.abs(picture(page, which) - cvae.complete(c, target).numpy()).max() < ROUNDING + 1e-5
    assert np.abs(grays(page, PAD + " canvas") - c.numpy()).max() < ROUNDING
    variance = y[:count].var(0, correction=0).sum().item()
    told = numbers(page.inner_text(".vae-readout").partition("differ")[2])
    assert told[0] == pytest.approx((variance / 756) ** 0.5, abs=0.0051)
    assert told[1:5] == pytest.approx([756, variance, 0, count], abs=0.051)
    assert told[5] == pytest.approx((mean - answer).square().mean().sqrt().item(), abs=0.0051)
    assert page.locator(".vae-completions canvas").nth(TRUTH).is_visible() == (state["digit"] >= 0)
    if state["digit"] < 0:
        assert len(told) == 6
        return {"variance": variance, "off": told[5]}
    truth = cvae.target(images[state["digit"]])

    def error(target: torch.Tensor) -> float:
        return (target - truth).square().sum(-1).mean().item()

    assert told[6:10] == pytest.approx([error(y[:count]), error(mean), variance, error(answer)], abs=0.051)
    assert told[6] == pytest.approx(told[7] + told[8], abs=0.16)  # eq-error-of-a-draw, of three rounded numbers
    assert np.abs(picture(page, TRUTH) - images[state["digit"]].numpy()).max() < ROUNDING
    return {"variance": variance, "off": told[5], "draw": told[6], "regressor": told[9]}


@pytest.mark.parametrize("shape", ["shipped", "tanh, one layer for the condition"])
def test_draws_agree_with_pytorch_in_float64(script, draw_z, models, images, shape):
    """Float16 weights in both; JavaScript keeps layers in float32, whose rounding is all that may differ."""
    model = models[0]
    if shape != "shipped":
        torch.manual_seed(0)
        model = mlp_cvae(784, range(13, 784, 28), (30,), (40, 20), 3, torch.nn.Tanh).half().double()
    model.requires_grad_(False)
    files = {"a.condition": pack_condition(model.decoder), "a.decoder": pack_decoder(model.decoder)}
    if shape == "shipped":
        assert files == {f"a.{part}": shipped(f"cvae-column.{part}") for part in ("condition", "decoder")}
    columns = torch.cat([images[:, 13::28], torch.zeros(1, 28), torch.ones(1, 28)])
    argument = {"files": {name: encoded(file) for name, file in files.items()}, "columns": columns.tolist()}
    got = script(["runtime", "weights", "completion"], DRAW, argument | {"seed": 5, "count": 7})
    expected = model.images(draw_z(5, 7, model.latent).expand(12, -1, -1), columns[:, None])
    torch.testing.assert_close(torch.tensor(got).double(), expected, atol=1e-5, rtol=0)


def test_the_answer_agrees_with_pytorch_in_float64(script, models, images):
    columns = images[:, 13::28]
    file = encoded(shipped("regressor-column.network"))
    got = script(["runtime", "weights"], ANSWER, {"file": file, "columns": columns.tolist()})
    torch.testing.assert_close(torch.tensor(got).double(), models[1].images(columns), atol=1e-5, rtol=0)


def test_column_and_target_are_those_of_the_model(script, models):
    x = torch.rand(784).double()
    take = """const [column, target] = [completion_js.columnOf(argument), completion_js.targetOf(argument)];
      return [column, target, Array.from(completion_js.complete(column, target))];"""
    expected = [models[0].condition(x), models[0].target(x), x]
    for got, right in zip(script(["completion"], take, x.tolist()), expected, strict=True):
        torch.testing.assert_close(torch.tensor(got).double(), right, atol=1e-7, rtol=0)


def test_ink_is_what_the_pen_covers(script):
    """Against counting: rows cut into 500 slices, of which a slice is covered when it is at most 1.2 from the way."""
    rng = np.random.default_rng(0)
    column = np.round(rng.random(28), 3)
    strokes = [[14, 14], [3.3, 9.8], [9.8, 3.3], [0, 0.2], [27, 28], *rng.uniform(0, 28, (20, 2)).tolist()]
    paint = "return argument[1].flatMap((way) => [1, 0].map((ink) => completion_js.painted(argument[0], way, ink)));"
    got = np.array(script(["completion"], paint, [column.tolist(), strokes])).reshape(-1, 2, 28)
    slices = (np.arange(28 * 500) + 0.5) / 500
    for (inked, rubbed), way in zip(got, strokes, strict=True):
        covered = (slices > min(way) - 1.2) & (slices < max(way) + 1.2)
        share = covered.reshape(28, 500).mean(1)
        assert inked == pytest.approx(np.maximum(column, share), abs=0.003)
        assert rubbed == pytest.approx(np.minimum(column, 1 - share), abs=0.003)


def test_it_begins_with_an_eight_and_says_what_the_models_pay_for_it(page, models, images, draw_z):
    shown = check_all_that_is_shown(page, models, images, draw_z)
    assert shown["regressor"] < shown["draw"]
    with safe_open(record_examples.PATH, framework="numpy") as file:
        about = json.loads(file.metadata()["about"])
    assert numbers(page.inner_text(".vae-readout"))[-2:] == [round(about[key][8]) for key in ("bound", "exact")]
    assert "inked in rows 7–9, 14–17 and 20–22." in page.inner_text(".vae-readout")


def test_new_draws_and_a_new_digit_change_what_they_should(page, models, images, draw_z):
    before = [picture(page, which) for which in range(11)]
    page.get_by_role("button", name="New draws").click()
    check_all_that_is_shown(page, models, images, draw_z)
    changed = [np.abs(picture(page, which) - before[which]).max() > 0.1 for which in range(11)]
    assert changed == [False, True, False] + 8 * [True]
    page.get_by_role("combobox").select_option("a test image of 7")
    check_all_that_is_shown(page, models, images, draw_z)  # from the same z
    assert values(page)["seed"] == 2


def test_the_mean_of_many_draws_comes_near_the_regressor(page, models, images, draw_z):
    slider, off = page.get_by_role("slider", name="draws in the mean"), []
    for count in (1, 8, 64):
        slider.fill(str(count))
        shown = check_all_that_is_shown(page, models, images, draw_z)
        off.append(shown["off"])
        assert (shown["variance"] == 0) == (count == 1)
    # The mean over seeds of ‖mean − answer‖² is V/n + what does not vanish: 1 against 64 draws is no close call.
    assert off[0] > 1.5 * off[2]


def test_a_stroke_of_the_mouse_draws_and_one_that_begins_on_ink_rubs_out(page, models, images, draw_z):
    page.get_by_role("button", name="Clear").click()
    settle(page)
    assert "your own column, with no ink" in page.inner_text(".vae-readout")
    check_all_that_is_shown(page, models, images, draw_z)
    row = page.locator(PAD).bounding_box()["height"] / 28
    drag(page, PAD, 0, 6 * row)
    check_all_that_is_shown(page, models, images, draw_z)
    assert sum(values(page)["column"]) == pytest.approx(8.4, abs=0.5)  # six rows and the pen's width
    assert "inked in rows 8–15." in page.inner_text(".vae-readout")
    drag(page, PAD, 0, -8 * row)
    assert "inked in rows 8–13." in page.inner_text(".vae-readout")  # rubbed out from 12.8 on
    check_all_that_is_shown(page, models, images, draw_z)


def test_a_finger_draws_into_a_picked_column(page, models, images, draw_z):
    row = page.locator(PAD).bounding_box()["height"] / 28
    page.get_by_role("combobox").select_option("a test image of 1")
    before = given(page, images)
    touch_drag(page, PAD, 3, -10 * row)
    assert values(page)["digit"] == -1
    after = torch.tensor(values(page)["column"])
    changed = (after - before).abs() > 0.01
    assert changed.any()
    assert not changed[:10].any()  # above the finger
    check_all_that_is_shown(page, models, images, draw_z)


def test_keys_draw_too_and_say_where_the_pen_is(page, models, images, draw_z):
    page.get_by_role("button", name="Clear").click()
    pad = page.locator(PAD)
    for key in ["ArrowUp"] * 4 + [" "] + ["ArrowDown"] * 6 + [" ", "ArrowDown"]:
        pad.press(key)
    settle(page)
    assert page.inner_text(".vae-readout").startswith("Given is your own column, inked in rows 10–18.")
    page.wait_for_function(
        "document.querySelector('.vae-column-pad [role=status]').textContent.includes('up at row 18')"
    )
    check_all_that_is_shown(page, models, images, draw_z)


def test_reset_brings_all_back(page):
    begin = values(page)
    drag(page, PAD, 0, 40)
    page.get_by_role("slider", name="draws in the mean").press("End")
    page.get_by_role("button", name="New draws").click()
    page.get_by_role("button", name="Reset").click()
    assert values(page) == begin


def test_on_a_phone_the_pad_is_beside_all_pictures(page):
    page.set_viewport_size({"width": 400, "height": 860})
    settle(page)
    pad, pictures = (page.locator(name).bounding_box() for name in (PAD, ".vae-completions"))
    assert pad["x"] + pad["width"] < pictures["x"]
    assert pad["height"] == pytest.approx(pictures["height"], abs=2)
    assert pad["width"] >= 44  # a finger


def test_what_is_missing_is_said_in_its_place(page):
    page.context.route("**/regressor-column.network.data.js", lambda route: route.abort())
    page.reload()
    page.wait_for_selector(".vae-failure")
    assert "regressor-column.network.data.js could not be loaded" in page.inner_text(".vae-failure")
    page.trouble.clear()


def test_frames_keep_coming_while_drawing(page, record_property):
    """60 a second on an idle machine; the bounds leave room for a busy one."""
    box = page.locator(PAD).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    between = frame_times(page, lambda i: page.mouse.move(x, y + 0.45 * box["height"] * np.sin(i / 10)))
    page.mouse.up()
    check_frames(between, record_property)
