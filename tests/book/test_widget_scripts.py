"""The widgets' JavaScript, run in the browser as pages and Jupyter get it, against NumPy and PyTorch."""

import base64
import json

import numpy as np
import pytest
import torch

from vae_edu.models import VAE, gaussian_mlp_vae, mlp_vae
from vae_edu.widgets import bundle
from vae_edu.widgets.narrow import TOLERANCE
from vae_edu.widgets.networks import pack_decoder
from vae_edu.widgets.plane import live_plane
from vae_edu.widgets.shipped import shipped

DECODE = """const {files, points} = argument;
  const data = Object.fromEntries(Object.entries(files).map(([name, base64]) => [name, runtime_js.bytesOf(base64)]));
  const decoder = weights_js.network({get: () => data}, ".decoder");
  return points.map((z) => Array.from(decoder.forward(z)[0]));"""


@pytest.fixture
def decode(script):
    """The pictures that JavaScript makes of points, from packed data."""

    def run(packed: dict[str, bytes], points: torch.Tensor) -> torch.Tensor:
        files = {name: base64.b64encode(content).decode() for name, content in packed.items()}
        return torch.tensor(script(["runtime", "weights"], DECODE, {"files": files, "points": points.tolist()}))

    return run


def test_half_precision_is_read_exactly(script):
    halves = np.arange(65536, dtype=np.uint16)
    read = "return Array.from(new Uint32Array(Float32Array.from(argument, float16_js.halfToNumber).buffer));"
    bits = np.array(script(["float16"], read, halves.tolist()), dtype=np.uint32)
    expected = halves.view(np.float16).astype(np.float32)
    finite_or_infinite = ~np.isnan(expected)
    assert (bits == expected.view(np.uint32))[finite_or_infinite].all()
    assert np.isnan(bits.view(np.float32))[~finite_or_infinite].all()


@pytest.mark.parametrize(
    "model",
    [
        mlp_vae(784, (512,), 2),
        mlp_vae(64, (20, 30), 2, torch.nn.Tanh),
        gaussian_mlp_vae(560, (200,), 2),
        gaussian_mlp_vae(64, (20,), 2, squash_mean=False),
    ],
    ids=["mnist", "two hidden layers", "frey", "real-valued"],
)
def test_pictures_agree_with_pytorch_in_float32(decode, model: VAE):
    points, pixels = 3 * torch.randn(50, 2), model.encoder.hidden[0].in_features
    for parameter in model.decoder.parameters():
        parameter.data *= 3  # logits as large as those of a trained decoder
    pictures = decode(live_plane(model, torch.rand(5, pixels), image_shape=(1, pixels)), points)
    assert (pictures - model.images(points)).abs().max() < 1e-2


@pytest.mark.parametrize("name", ["two-latents", "no-kl", "kl-only", "vanilla", "frey-two-latents"])
def test_pictures_of_shipped_weights_agree_with_pytorch(decode, name: str):
    from vae_edu.checkpoints import load_pretrained

    model = load_pretrained(name)
    points = torch.randn(200, model.latent)
    with torch.no_grad():
        expected = model.images(points)
    # The same weights, summed in another order; those of two latents are narrowed.
    tolerance = 1e-4 if model.latent > 2 else 1.25 * TOLERANCE
    assert (decode({f"{name}.decoder": shipped(f"{name}.decoder")}, points) - expected).abs().max() < tolerance


def test_a_file_is_found_by_its_name_before_one_whose_name_ends_so(script):
    images = torch.rand(5, 64)
    packed = [live_plane(mlp_vae(64, (8,), 2), images[:n])["live.plane"] for n in (3, 4)]
    files = dict(zip(["frey-two-latents.plane", "two-latents.plane"], map(base64.b64encode, packed), strict=True))
    count = """const bytes = ([name, base64]) => [name, runtime_js.bytesOf(base64)];
      const data = Object.fromEntries(Object.entries(argument).map(bytes));
      const means = (ending) => weights_js.file({get: () => data}, ending).tensors.means.shape[0];
      return ["two-latents.plane", "frey-two-latents.plane", ".plane"].map(means);"""
    found = script(["runtime", "weights"], count, {name: content.decode() for name, content in files.items()})
    assert found == [4, 3, 3]


def test_a_head_of_two_layers_agrees_with_pytorch(decode):
    model, points = mlp_vae(64, (40,), 2).requires_grad_(False), torch.randn(50, 2)
    model.decoder.logits = torch.nn.Sequential(torch.nn.Linear(40, 6), torch.nn.Linear(6, 64))
    for parameter in model.parameters():
        parameter.data = parameter.half().float()
    pictures = decode({"a.decoder": pack_decoder(model.decoder)}, points)
    assert (pictures - model.images(points)).abs().max() < 1e-5


def test_the_encoder_agrees_with_pytorch(script, digits):
    from vae_edu.widgets.networks import pack_encoder

    model, x = mlp_vae(64, (20, 30), 5, torch.nn.Tanh).requires_grad_(False), digits.x[:20]
    encode = """const data = {"a.encoder": runtime_js.bytesOf(argument.file)};
      const encoder = weights_js.network({get: () => data}, ".encoder");
      return argument.x.map((x) => encoder.forward(x).map((part) => Array.from(part)));"""
    file = base64.b64encode(pack_encoder(model.encoder)).decode()
    got = torch.tensor(script(["runtime", "weights"], encode, {"file": file, "x": x.tolist()}))
    assert (got - torch.stack(model.encode(x), 1)).abs().max() < 1e-2


def test_nearest_images_agree_with_sorting(script):
    means, labels = np.random.default_rng(0).normal(size=(500, 2)), np.arange(500) % 3
    distances = np.linalg.norm(means - [0.5, -1], axis=1)
    nearest = np.argsort(distances)[:20]
    search = "return neighbors_js.neighbors(argument.means, argument.labels, [0.5, -1]);"
    found = script(["neighbors"], search, {"means": means.ravel().tolist(), "labels": labels.tolist()})
    assert found["distance"] == pytest.approx(distances.min())
    assert dict(found["counts"]) == {k: int(n) for k, n in enumerate(np.bincount(labels[nearest])) if n}


def test_the_window_holds_nearly_all_and_labels_are_written_in_their_clouds(script):
    rng = np.random.default_rng(0)
    centers = np.array([[3, 3], [-3, 0], [2, -4]])
    labels = np.arange(600) % 3
    means = (centers[labels] + 0.3 * rng.normal(size=(600, 2))).ravel().tolist()
    place = """const half = scatter_js.halfWidth(argument.means);
      return {half, places: [...scatter_js.labelPlaces(argument.means, argument.labels, half)]};"""
    found = script(["scatter"], place, {"means": means, "labels": labels.tolist()})
    assert np.mean(np.abs(means) <= found["half"]) >= 0.995
    assert all(np.linalg.norm(np.array(place) - centers[label]) < 1 for label, place in found["places"])


MOCK = """async ([module, files]) => {
  const {default: widget} = await import("data:text/javascript;base64," + module);
  const bytes = (base64) => new DataView(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
  const data = Object.fromEntries(Object.entries(files).map(([name, base64]) => [name, bytes(base64)]));
  const state = {model: "live", dots: "means", z: [0.25, -0.5], path: [], data};
  const listeners = new Set();
  const saved = window.saved = [];
  const model = window.model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; listeners.forEach((listener) => listener()); },
    save_changes: () => saved.push(state.z),
    on: (event, listener) => event === "change:z" && listeners.add(listener),
    off: (event, listener) => listeners.delete(listener),
  };
  const el = document.body.appendChild(document.createElement("div"));
  const cleanup = widget.render({model, el});
  window.end = () => { cleanup(); return listeners.size; };
}"""


def test_the_module_that_jupyter_gets_follows_and_moves_the_model(browser):
    page, model = browser.new_page(), mlp_vae(64, (8,), 2)
    packed = live_plane(model, torch.rand(40, 64), torch.arange(40) % 10)
    module = base64.b64encode(bundle.module_for_jupyter("latent-plane").encode()).decode()
    files = {name: base64.b64encode(content).decode() for name, content in packed.items()}
    page.add_style_tag(content=bundle.stylesheet("latent-plane"))
    page.evaluate(MOCK, [module, files])
    point = page.locator(".vae-point")
    assert point.inner_text(timeout=2000) in ("", "z = (0.25, −0.50)")  # drawn in the next frame
    page.evaluate("model.set('z', [1, 2])")
    page.wait_for_function("document.querySelector('.vae-point').textContent === 'z = (1.00, 2.00)'")
    page.locator(".vae-plane").press("ArrowLeft")
    assert json.loads(page.evaluate("JSON.stringify(saved)")) == [[0.9, 2]]
    assert page.evaluate("end()") == 0
    page.close()
