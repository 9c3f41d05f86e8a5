"""A record holds what it takes to get its numbers again, and nothing of the machine's private paths."""

import json
import re
from functools import partial
from pathlib import Path

import pytest
import torch

from vae_edu.bounds import elbo_terms
from vae_edu.errors import UserError
from vae_edu.experiments import Request, reproduce
from vae_edu.learning import fit
from vae_edu.models import gaussian_mlp_vae, mlp_vae
from vae_edu.recipes import RECIPES, Recipe, Stage, recipe
from vae_edu.recording import read_record, results_folder, write_record

ROOT = Path(__file__).parents[1]


def test_a_record_can_be_read_back(tmp_path):
    (tmp_path / "book").mkdir()
    folder = results_folder("some-run", tmp_path)
    write_record(folder, {"bound": -1.5}, command="vae-edu x", seed=3, data={"digits": "ab"}, duration=2.04)
    record = read_record("some-run", tmp_path)
    assert record["results"] == {"bound": -1.5}
    assert (record["command"], record["seed"], record["data"]) == ("vae-edu x", 3, {"digits": "ab"})
    assert record["duration_seconds"] == 2.0
    assert {"date", "machine", "versions"} <= set(record)
    assert [path.name for path in folder.iterdir()] == ["run.json"]


def test_what_json_cannot_hold_leaves_no_file(tmp_path):
    with pytest.raises(TypeError):
        write_record(tmp_path, {"x": torch.zeros(1)}, command="", seed=0, data={}, duration=0)
    assert list(tmp_path.iterdir()) == []


def test_missing_records_and_places_are_named(tmp_path):
    with pytest.raises(UserError, match="there is no book/"):
        results_folder("x", tmp_path)
    with pytest.raises(UserError, match="run 'x' is not recorded"):
        read_record("x", tmp_path)


def test_unknown_experiments_and_budgets_list_the_known(tmp_path):
    with pytest.raises(UserError, match=r"choose one of: .*d16-fig3"):
        reproduce("nonsense", tmp_path, Request(), "vae-edu reproduce nonsense")
    with pytest.raises(UserError, match="choose one of: quick, cpu, paper"):
        Request(budget="huge")


def test_recipes_have_the_seed_projects_networks():
    counts = {name: sum(p.numel() for p in recipe(name).new_model().parameters()) for name in RECIPES}
    assert counts["vanilla"] == 652_824
    assert counts["two-latents"] == 807_700
    assert counts["cnn"] == 150_457
    assert counts["no-kl"] == counts["kl-only"] == 631_188


def test_a_recipes_network_in_words_holds_its_options():
    plan = Recipe("small", "", "", "frey", partial(gaussian_mlp_vae, 560, (200,), 2, squash_mean=False))
    assert plan.network == "gaussian_mlp_vae(560, (200,), 2, squash_mean=False)"


def test_a_new_model_depends_on_its_seed_alone():
    before = torch.get_rng_state()
    a, b, other = (recipe("vanilla").new_model(seed) for seed in (5, 5, 6))
    assert torch.equal(before, torch.get_rng_state())
    assert torch.equal(a.encoder.mean.weight, b.encoder.mean.weight)
    assert not torch.equal(a.encoder.mean.weight, other.encoder.mean.weight)


def test_unknown_recipes_list_the_known():
    with pytest.raises(UserError, match="there is no recipe 'x'; choose one of: vanilla, two-latents"):
        recipe("x")


def test_a_warm_up_comes_first_and_survives_a_stop(digits, tmp_path):
    """Stages with their own weight; a run resumed is the run never stopped; given epochs are the last stage's alone."""
    stages = (Stage(2, 1e-3, kl_weight=20.0), Stage(1, 1e-2))
    plan = Recipe("small", "", "", "digits", partial(mlp_vae, 64, (16,), 2), warm_up=stages, epochs=2)
    quiet = {"progress": False}
    whole = plan.fit(plan.new_model(), digits.x, **quiet)
    assert len(whole) == 5
    by_hand = plan.new_model()
    first = fit(by_hand, digits.x, partial(elbo_terms, kl_weight=20.0), epochs=2, **quiet)
    assert whole["bound"][:2] == first["bound"]
    state = tmp_path / "state.pt"
    stopped = plan.fit(plan.new_model(), digits.x, resume=state, **quiet)
    again = plan.fit(plan.new_model(), digits.x, resume=state, **quiet)  # finds every stage finished
    assert stopped["bound"] == again["bound"] == whole["bound"]
    assert len(plan.fit(plan.new_model(), digits.x, epochs=1, **quiet)) == 1


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("book/results/**/*.json")), ids=lambda path: f"{path.parent.name} {path.stem}"
)
def test_what_is_recorded_can_be_run_again_and_tells_nothing_of_the_machine(path):
    text = path.read_text(encoding="utf-8")
    record = json.loads(text)
    assert {"command", "seed", "data", "date", "machine", "versions", "duration_seconds", "results"} == set(record)
    assert record["command"].startswith(("vae-edu train ", "vae-edu reproduce ", "python benchmarks/"))
    needs_none = record["command"].startswith("python benchmarks/") or record["command"].endswith(("-a", "d16-fig2"))
    assert record["data"] or needs_none
    assert record["results"].get("budget") != "quick"
    assert not re.search(r'"(/|[A-Z]:)[^"]*/', text), "an absolute path"
    assert path.stat().st_size < 300_000
