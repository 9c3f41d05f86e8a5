"""Training by recipe, in process and on the embedded digits: the card says what was maximized."""

import json
import time
from dataclasses import replace
from functools import partial

import pytest
import torch

from vae_edu import recipes
from vae_edu.bounds import elbo, elbo_terms
from vae_edu.checkpoints import load_weights
from vae_edu.cli_output import show_training
from vae_edu.data import ImageData
from vae_edu.errors import UserError
from vae_edu.learning import History, evaluate
from vae_edu.models import mlp_cvae, mlp_regressor, mlp_vae
from vae_edu.objectives import regression_terms
from vae_edu.recipes import Recipe, labeled_images, recipe
from vae_edu.training import nats, train


def small(**options) -> Recipe:
    return Recipe(
        "small", "VAE 64–8–2 on digits", "a test", "digits", partial(mlp_vae, 64, (8,), 2), epochs=1, **options
    )


def run(monkeypatch, folder, plan):
    monkeypatch.setitem(recipes.RECIPES, "small", plan)
    trained = train("small", folder, command="vae-edu train small", progress=False)
    return trained, (folder / "small.md").read_text()


def test_a_bound_is_named_and_called_a_bound(monkeypatch, tmp_path):
    trained, card = run(monkeypatch, tmp_path, small())
    assert "| objective | `elbo_terms` |" in card
    assert not trained.objective
    assert f"| bound on test | {trained.bounds['test']:.2f} nats per image |" in card


@pytest.mark.parametrize("weights", [{"kl_weight": 0.0}, {"reconstruction_weight": 0.0}, {"kl_weight": 4.0}])
def test_a_weighted_bound_is_not_passed_off_as_the_bound(monkeypatch, tmp_path, weights):
    trained, card = run(monkeypatch, tmp_path, small(objective=partial(elbo_terms, **weights)))
    ((name, weight),) = weights.items()
    assert f"| objective | `elbo_terms({name}={weight})`: terms weighted, so no bound" in card
    assert f"| objective on train | {nats(trained.objective['train'])} nats per image |" in card
    assert f"| bound on train | {trained.bounds['train']:.2f} nats per image |" in card
    assert trained.bounds["train"] != trained.objective["train"]


def test_a_run_repeated_keeps_the_time_that_its_training_took(monkeypatch, tmp_path):
    def seconds():
        trained, _ = run(monkeypatch, tmp_path, small())
        return trained.history["seconds"], json.loads((tmp_path / "run.json").read_text())["duration_seconds"]

    first, again = seconds(), seconds()
    assert first == again
    assert first[1] == round(sum(first[0]), 1)


def test_a_stopped_run_says_so_on_its_card_and_shows_no_empty_table(monkeypatch, tmp_path, capsys):
    def stopped(*arguments, **options):
        return History([], interrupted=True)

    monkeypatch.setattr(Recipe, "fit", stopped)
    trained, card = run(monkeypatch, tmp_path, small())
    assert "| 0 epochs and the part of the next that was done when it was stopped, Adam" in card
    show_training(trained)
    shown = capsys.readouterr().out
    assert shown.startswith("Stopped. Finished epochs: 0;")
    assert "━" not in shown


def test_the_bound_of_a_weighted_recipe_has_its_terms_whole():
    plan = small(objective=partial(elbo_terms, reconstruction_weight=0.5, kl_weight=3.0, samples=2))
    model, x = plan.new_model(), torch.rand(5, 64)
    terms = plan.bound(model, x, generator=torch.Generator().manual_seed(1))
    whole = elbo(model, x, samples=2, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(sum(terms.values()), whole)
    assert small().bound is elbo_terms


def test_the_ablations_are_weights_of_one_objective():
    assert recipe("no-kl").term_weights == {"kl_weight": 0.0}
    assert recipe("kl-only").term_weights == {"reconstruction_weight": 0.0}
    assert recipe("no-kl").objective.func is recipe("kl-only").objective.func is recipe("cnn").objective


def test_small_numbers_are_not_rounded_away():
    assert [nats(value) for value in (-107.834, 0.0, -5.6e-7)] == ["-107.83", "0.00", "-5.6e-07"]


def test_rows_with_labels_train_a_conditional_model(monkeypatch, tmp_path, digits):
    plan = small(rows=labeled_images)
    plan = replace(plan, build=partial(mlp_cvae, 74, range(64, 74), (), (8,), 2))
    rows = plan.rows(digits)
    assert torch.equal(rows[:, :64], digits.x)
    assert torch.equal(rows[:, 64:].argmax(1), digits.labels)
    assert (rows[:, 64:].sum(1) == 1).all()
    trained, _ = run(monkeypatch, tmp_path, plan)
    model = load_weights(plan.new_model(), trained.weights)
    assert trained.bounds["train"] == pytest.approx(evaluate(model, rows))


def test_rows_with_labels_need_labels():
    with pytest.raises(UserError, match="'faces' has none"):
        labeled_images(ImageData("faces", "train", torch.zeros(2, 3), None, (1, 3), ""))


def test_the_card_of_a_regressor_speaks_of_no_latent_variable(monkeypatch, tmp_path):
    plan = replace(small(objective=regression_terms), build=partial(mlp_regressor, 64, range(3, 64, 8), (8,)))
    trained, card = run(monkeypatch, tmp_path, plan)
    assert "with no z: the bound is log p(y|c) itself." in card
    assert "sampled" not in card
    assert "divergence" not in card
    assert f"| bound on test | {trained.bounds['test']:.2f} nats per image |" in card


def test_a_resumed_run_records_the_time_of_all_its_sittings(monkeypatch, tmp_path):
    monkeypatch.setitem(recipes.RECIPES, "small", small())
    for _ in range(2):  # the second finds everything done
        train("small", tmp_path, command="", progress=False, measure=lambda: time.sleep(1) or {})
    assert json.loads((tmp_path / "run.json").read_text())["duration_seconds"] >= 1
