"""Shipped weights load, do what their card says, and broken files are refused with a sentence."""

import pytest
import torch
from safetensors.torch import save_file

from vae_edu import checkpoints
from vae_edu.checkpoints import load_pretrained, load_weights, save_weights
from vae_edu.errors import UserError
from vae_edu.models import CVAE, VAE, mlp_vae
from vae_edu.recipes import recipe
from vae_edu.recording import read_record

ROOT = checkpoints.FOLDER.parents[1]
SHIPPED = sorted(path.stem for path in checkpoints.FOLDER.glob("*.safetensors"))


@pytest.fixture
def model():
    return mlp_vae(16, (8,), 2)


def test_what_is_saved_is_what_is_loaded_to_float16_precision(model, tmp_path):
    save_weights(model, tmp_path / "m.safetensors")
    loaded = load_weights(mlp_vae(16, (8,), 2), tmp_path / "m.safetensors")
    for a, b in zip(model.parameters(), loaded.parameters(), strict=True):
        assert b.dtype == torch.float32
        # float16 has 11 significant bits, and steps of 2⁻²⁴ near zero
        torch.testing.assert_close(a, b, rtol=2**-11, atol=2**-24)


@pytest.mark.parametrize("keep", [0, 7, 200, -1])
def test_a_truncated_file_is_refused(model, tmp_path, keep):
    path = tmp_path / "m.safetensors"
    save_weights(model, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(UserError, match="not a whole safetensors file"):
        load_weights(model, path)


def test_another_architecture_is_refused_by_tensor(model, tmp_path):
    save_weights(mlp_vae(16, (9,), 2), tmp_path / "m.safetensors")
    with pytest.raises(UserError, match=r"another architecture: the model expects .*8.* for .* the file has .*9"):
        load_weights(model, tmp_path / "m.safetensors")


def test_missing_and_superfluous_tensors_are_refused(model, tmp_path):
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    del state["decoder.logits.bias"]
    save_file(state, tmp_path / "less.safetensors")
    with pytest.raises(UserError, match=r"expects \(16,\) for 'decoder.logits.bias' and the file has nothing"):
        load_weights(model, tmp_path / "less.safetensors")
    save_file(dict(model.state_dict()) | {"extra": torch.zeros(3)}, tmp_path / "more.safetensors")
    with pytest.raises(UserError, match="expects nothing for 'extra'"):
        load_weights(model, tmp_path / "more.safetensors")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e6])  # 1e6 overflows float16
def test_values_that_are_not_finite_are_refused(model, tmp_path, value):
    with torch.no_grad():
        model.decoder.logits.bias[3] = value
    save_weights(model, tmp_path / "m.safetensors")
    with pytest.raises(UserError, match=r"not finite in 'decoder.logits.bias'"):
        load_weights(mlp_vae(16, (8,), 2), tmp_path / "m.safetensors")


def test_no_weights_and_no_recipe_are_told_apart():
    with pytest.raises(UserError, match="there is no recipe 'nonsense'; choose one of"):
        load_pretrained("nonsense")


def test_what_is_shipped_has_a_card():
    assert {"vanilla", "two-latents"} <= set(SHIPPED)
    for name in SHIPPED:
        card = (checkpoints.FOLDER / f"{name}.md").read_text()
        for fact in ("command", "schedule", "seed", "SHA-256", "date", "bound on train", "bound on test"):
            assert fact in card


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_decode_and_are_small(name):
    model, generator = load_pretrained(name), torch.Generator().manual_seed(0)
    if isinstance(model, VAE):
        images = model.sample(5, generator)
    else:
        condition = torch.rand(5, len(model.condition_entries), generator=generator)
        images = model.sample(condition, generator) if isinstance(model, CVAE) else model.images(condition)
    assert images.isfinite().all()
    assert (checkpoints.FOLDER / f"{name}.safetensors").stat().st_size < 2_000_000


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights_reach_the_recorded_values(name, request):
    """One draw of z per image: two evaluations with other noise differ by a mean over the images used."""
    plan, model = recipe(name), load_pretrained(name)
    data = request.getfixturevalue(plan.data)  # skips where the data are not
    recorded = read_record(name, ROOT)["results"]
    goals = {"bounds of float16 weights": plan.bound}
    if plan.term_weights:
        goals["objective of float16 weights"] = plan.objective
    for key, goal in goals.items():
        # One image after another, so that the spread between them says how far a mean over 5,000 of all may stray.
        with torch.no_grad():
            terms = goal(model, plan.rows(data)[:5000], generator=torch.Generator().manual_seed(5))
        values = sum(terms.values())
        # Six standard errors, the normal law's 2e-9: whatever the objective, and however widely its values spread.
        assert abs(values.mean() - recorded[key]["train"]) < 6 * values.std() / len(values) ** 0.5
