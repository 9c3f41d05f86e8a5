"""Points: each run once, kept, shared between processes, and unharmed by SIGKILL at any moment."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import pytest
import torch

from vae_edu import experiments
from vae_edu.data import load
from vae_edu.errors import UserError
from vae_edu.experiments import Outcome, Request, reproduce
from vae_edu.experiments.points import Point, Unfinished
from vae_edu.learning import fit
from vae_edu.models import mlp_vae
from vae_edu.models.networks import draw_small_weights

ran: list[str] = []


def train(name, latent, state):
    """A small training that can be killed; its curve is the result."""
    ran.append(name)
    model = draw_small_weights(mlp_vae(64, (16,), latent), 0.1, torch.Generator().manual_seed(latent))
    history = fit(model, load("digits").x[:300], epochs=6, batch_size=10, resume=state, progress=False)
    return {"curve": history["bound"]}


def trainings(request):
    """An experiment of three points."""
    points = {f"latents {k}": Point(partial(train, f"latents {k}", k), cost=float(k)) for k in (1, 2, 3)}
    results = request.run(points, {"digits": "checksum"})
    return Outcome({"best": max(results, key=lambda name: results[name]["curve"][-1])}, data={"digits": "checksum"})


def failing(request):
    """An experiment whose second point breaks the first time."""

    def second(state):
        if not ran:
            ran.append("second")
            raise UserError("the disk is full")
        return {"value": 2}

    return Outcome(request.run({"first": Point(lambda state: {"value": 1}), "second": Point(second)}, {}))


def undivided(request):
    """An experiment that is one piece."""
    return Outcome({"value": 1})


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    ran.clear()
    for function in ("trainings", "failing", "undivided"):
        monkeypatch.setitem(experiments.EXPERIMENTS, function, f"{__name__}:{function}")
    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])


def run(name, folder, **request):
    path = reproduce(name, folder, Request("quick", progress=False, **request), f"vae-edu reproduce {name}")
    return json.loads(path.read_text())


def test_points_are_kept_with_their_provenance_and_not_run_again(tmp_path):
    record = run("trainings", tmp_path)
    assert ran == ["latents 1", "latents 2", "latents 3"]
    points = record["results"]["points"]
    assert list(points) == ran
    assert all({"result", "seconds", "date", "machine"} == set(point) for point in points.values())
    assert record["duration_seconds"] == pytest.approx(sum(point["seconds"] for point in points.values()), abs=0.1)
    assert record["data"] == {"digits": "checksum"}
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    again = run("trainings", tmp_path)
    assert len(ran) == 3
    assert again["results"] == record["results"]


def test_a_resumed_points_seconds_are_those_of_all_its_sittings(tmp_path, monkeypatch):
    spent = iter((1000.0, 0.0))

    def two(request):
        return Outcome(request.run({name: Point(lambda _: {"seconds": next(spent)}) for name in ("long", "short")}, {}))

    monkeypatch.setattr(sys.modules[__name__], "trainings", two)
    points = run("trainings", tmp_path)["results"]["points"]
    assert points["long"]["seconds"] == 1000
    assert 0 <= points["short"]["seconds"] < 10
    assert points["long"]["result"] == {}


def test_chosen_points_alone_and_the_rest_later(tmp_path):
    with pytest.raises(Unfinished, match="still to run: latents 1, latents 3"):
        run("trainings", tmp_path, only=("latents 2",))
    partial_record = json.loads((tmp_path / "run.json").read_text())
    assert list(partial_record["results"]["points"]) == ["latents 2"]
    assert partial_record["data"] == {"digits": "checksum"}
    assert not list((tmp_path / "unfinished").glob("*.pt"))
    run("trainings", tmp_path)
    assert ran == ["latents 2", "latents 1", "latents 3"]
    with pytest.raises(UserError, match="there is no point 'latents 9'; this experiment has: latents 1, latents 2"):
        run("trainings", tmp_path, only=("latents 9",))


def test_points_named_where_there_are_none_are_refused(tmp_path):
    with pytest.raises(UserError, match="experiment 'undivided' is not divided into points; leave --only out"):
        run("undivided", tmp_path, only=("first",))
    assert not list(tmp_path.iterdir())


def test_a_point_that_breaks_leaves_the_finished_ones(tmp_path):
    with pytest.raises(UserError, match="disk is full"):
        run("failing", tmp_path)
    assert list(json.loads((tmp_path / "run.json").read_text())["results"]["points"]) == ["first"]
    assert run("failing", tmp_path)["results"]["second"] == {"value": 2}


def test_points_of_another_budget_or_seed_are_not_mixed(tmp_path):
    run("trainings", tmp_path)
    with pytest.raises(UserError, match="holds points of budget quick, seed 0, and was asked for quick, seed 1"):
        run("trainings", tmp_path, seed=1)


def test_control_c_keeps_the_finished_points_and_the_state_of_the_one_at_work(tmp_path, monkeypatch):
    ended: list[str] = []

    def slow(state):
        result = train("slow", 2, state)
        ended.append("slow")
        return result

    def patient(request):
        return Outcome(request.run({"quick": Point(lambda state: {"value": 1}), "slow": Point(slow)}, {}))

    monkeypatch.setattr(sys.modules[__name__], "trainings", patient)
    original = signal.getsignal(signal.SIGINT)
    unfinished = tmp_path / "unfinished"

    def interrupt():
        while not list(unfinished.glob("slow.pt")):
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    with pytest.raises(UserError, match="stopped with 1 of 2 points finished; the same command goes on"):
        run("trainings", tmp_path)
    assert signal.getsignal(signal.SIGINT) is original
    assert list(json.loads((tmp_path / "run.json").read_text())["results"]["points"]) == ["quick"]
    assert ended == []  # half a training is no result, whatever the point would make of it
    resumed = run("trainings", tmp_path)["results"]["points"]["slow"]["result"]
    assert resumed == slow(tmp_path / "elsewhere.pt")


PROGRAM = """
import importlib.util, json, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
spec = importlib.util.spec_from_file_location("points_of_a_test", sys.argv[1])
module = importlib.util.module_from_spec(spec)
sys.modules["points_of_a_test"] = module
spec.loader.exec_module(module)
from vae_edu.experiments import EXPERIMENTS, Request, reproduce
EXPERIMENTS["trainings"] = "points_of_a_test:trainings"
print("ready", flush=True)
reproduce("trainings", Path(sys.argv[2]), Request("quick", progress=False), "")
print(json.dumps(module.ran))
"""


def start(folder):
    command = [sys.executable, "-c", PROGRAM, __file__, str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def curves(folder):
    points = json.loads((folder / "run.json").read_text())["results"]["points"]
    return {name: point["result"] for name, point in points.items()}


def test_killed_at_random_moments_and_resumed_gives_the_same_curves(tmp_path):
    """SIGKILL twice, whenever it happens to hit: no point is lost, none is different, none is run twice."""
    assert start(tmp_path / "whole").wait() == 0
    killed = tmp_path / "killed"
    finished: list[str] = []
    for _ in range(2):
        victim = start(killed)
        assert victim.stdout.readline() == "ready\n"
        time.sleep(0.2 + time.time() % 1.0)  # a moment nobody chose
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        if (killed / "run.json").exists():
            done = list(curves(killed))
            assert set(finished) <= set(done)
            finished = done
    last = start(killed)
    output = last.communicate()[0].splitlines()[-1]
    assert last.returncode == 0
    assert not any(name in output for name in finished)
    assert curves(killed) == curves(tmp_path / "whole")


def test_two_processes_share_the_points(tmp_path):
    both = [start(tmp_path) for _ in range(2)]
    lines = [process.communicate()[0].splitlines()[-1] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(name for line in lines for name in json.loads(line)) == ["latents 1", "latents 2", "latents 3"]
    assert list(curves(tmp_path)) == ["latents 1", "latents 2", "latents 3"]
