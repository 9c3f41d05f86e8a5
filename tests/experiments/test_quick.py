"""Every experiment runs in seconds at the budget "quick"; those that can, on the embedded digits alone."""

import json
import time

import pytest

from vae_edu.experiments import EXPERIMENTS, Request, reproduce

REAL_DATA = {"d16-fig3": ["mnist"], "k13-fig4": ["frey"]}


@pytest.mark.parametrize("name", sorted(EXPERIMENTS))
def test_every_experiment_runs_quickly(name, tmp_path, request):
    for data in REAL_DATA.get(name, []):
        request.getfixturevalue(data)  # skips where the data are not
    if name not in REAL_DATA:
        request.getfixturevalue("no_data")  # nothing but the digits
    started = time.perf_counter()
    path = reproduce(name, tmp_path, Request("quick", progress=False), f"vae-edu reproduce {name} --budget quick")
    record = json.loads(path.read_text())
    assert record["results"]["budget"] == "quick"
    assert all(len(checksum) == 64 for checksum in record["data"].values())
    assert path.stat().st_size < 200_000
    assert sorted(p.suffix for p in tmp_path.iterdir()) == [".json"] + [".png"] * (len(list(tmp_path.iterdir())) - 1)
    assert time.perf_counter() - started < 60  # a few seconds each on an idle machine, checks of shapes included
