"""The command line as a person meets it: a process of its own, its output, its exit status."""

import json
import os
import resource
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from vae_edu.data import FREY_FILE
from vae_edu.doctor import examine

EXERCISES = Path(__file__).parents[1] / "exercises"
COMMAND = [str(Path(sys.executable).parent / "vae-edu")]


def vae_edu(*arguments, cwd=None, **environment):
    return subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, capture_output=True, text=True, check=False, env=os.environ | environment
    )


@pytest.fixture
def digits_recipe(tmp_path):
    """`vae-edu` with a recipe that trains on the embedded digits in a second."""
    script = tmp_path / "small.py"
    script.write_text(
        "from functools import partial\n"
        "from vae_edu import cli, recipes\n"
        "from vae_edu.models import mlp_vae\n"
        "recipes.RECIPES['small'] = recipes.Recipe('small', 'VAE 64-16-2 on digits', 'a test', 'digits',\n"
        "    partial(mlp_vae, 64, (16,), 2), epochs=2)\n"
        "cli.main()\n"
    )
    return [sys.executable, str(script)]


def test_help_answers_at_once():
    def help_me():
        result = vae_edu("--help")
        assert result.returncode == 0
        assert "train" in result.stdout

    bare = min(_cpu_seconds(partial(subprocess.run, [sys.executable, "-c", "pass"], check=True)) for _ in range(3))
    # 0.2 s, of which bare Python takes about 0.03; PyTorch would take 2. A busy machine stretches only the clock.
    assert min(_cpu_seconds(help_me) for _ in range(3)) < max(0.3, 15 * bare)


def _cpu_seconds(run):
    """What the processes that `run` starts and waits for take of the processor."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["train", "nonsense"], "there is no recipe 'nonsense'; choose one of: vanilla, two-latents"),
        (["reproduce", "nonsense"], "there is no experiment 'nonsense'; choose one of:"),
        (["reproduce", "d16-fig3", "--budget", "huge"], "there is no budget 'huge'"),
        (["train", "vanilla", "--device", "toaster"], "there is no device 'toaster'"),
        (["check"], "Go to the course's folder, or name it: --exercises DIR."),
        (["release", "edition"], "Go to the course's folder.\n"),
        (
            ["hint", "ch03.kl_ful", "--exercises", str(EXERCISES)],
            "there is no exercise 'ch03.kl_ful'; do you mean ch03.kl_full?",
        ),
    ],
)
def test_a_mistake_is_one_sentence_and_status_2(arguments, sentence, tmp_path):
    result = vae_edu(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_train_writes_weights_card_and_record(digits_recipe, tmp_path):
    result = subprocess.run(
        [*digits_recipe, "train", "small", "--out", "my runs"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    folder = tmp_path / "my runs"
    assert sorted(path.name for path in folder.iterdir()) == ["run.json", "small.md", "small.safetensors", "state.pt"]
    record = json.loads((folder / "run.json").read_text())
    assert record["command"] == "vae-edu train small --out 'my runs'"
    assert record["seed"] == 0
    assert len(record["results"]["epochs"]) == 2
    assert {"command", "data", "date", "machine", "versions", "duration_seconds"} <= set(record)
    assert str(tmp_path) not in json.dumps(record)
    assert "nats per image" in result.stdout
    assert "images/s" in result.stderr


def test_train_again_goes_on_where_it_was(digits_recipe, tmp_path):
    for epochs in ("1", "3"):
        result = subprocess.run(
            [*digits_recipe, "train", "small", "--epochs", epochs],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
    shutil.copy(tmp_path / "runs/small/run.json", tmp_path / "resumed.json")
    shutil.rmtree(tmp_path / "runs")
    subprocess.run([*digits_recipe, "train", "small", "--epochs", "3"], cwd=tmp_path, capture_output=True, check=True)
    resumed, whole = (
        json.loads(path.read_text())["results"]
        for path in (tmp_path / "resumed.json", tmp_path / "runs/small/run.json")
    )
    assert [e["bound"] for e in resumed["epochs"]] == [e["bound"] for e in whole["epochs"]]
    assert resumed["bounds of float16 weights"] == whole["bounds of float16 weights"]
    assert result.returncode == 0


def test_an_output_folder_that_cannot_be_written_is_one_sentence(digits_recipe, tmp_path):
    (tmp_path / "taken").write_text("a file")
    result = subprocess.run(
        [*digits_recipe, "train", "small", "--out", "taken"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "cannot be written to" in result.stderr
    assert "Traceback" not in result.stderr


def test_reproduce_outside_a_checkout_says_so(tmp_path):
    result = vae_edu("reproduce", "d16-fig3", cwd=tmp_path)
    assert result.returncode == 2
    assert "there is no book/" in result.stderr


def test_a_quick_trial_does_not_take_the_place_of_a_record(tmp_path):
    record = tmp_path / "book/results/d16-appendix-a/run.json"
    record.parent.mkdir(parents=True)
    record.write_text("recorded")
    result = vae_edu("reproduce", "d16-appendix-a", "--budget", "quick", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert record.read_text() == "recorded"
    assert (tmp_path / "runs/d16-appendix-a/run.json").is_file()


def test_doctor_says_what_is_there_and_what_to_do(tmp_path):
    result = vae_edu("doctor", "--data", str(tmp_path), VAE_EDU_DATA="", XDG_CACHE_HOME=str(tmp_path), COLUMNS="200")
    assert result.returncode == 0
    for word in ("Python", "torch", "mnist", "frey", "Chromium", "bubblewrap", "GPU", "downloaded when first used"):
        assert word in result.stdout


def test_doctor_finds_the_faces_wherever_they_are_loaded_from(tmp_path):
    (tmp_path / FREY_FILE).touch()
    assert next(found for found in examine(tmp_path) if found.what == "frey").detail == str(tmp_path)


def test_a_changed_recipe_is_refused_not_resumed(digits_recipe, tmp_path):
    subprocess.run([*digits_recipe, "train", "small"], cwd=tmp_path, capture_output=True, check=True)
    script = Path(digits_recipe[1])
    script.write_text(script.read_text().replace("(16,)", "(17,)"))
    result = subprocess.run(
        [*digits_recipe, "train", "small"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert "network was mlp_vae(64, (16,), 2) and is now mlp_vae(64, (17,), 2)" in result.stderr
