"""Records beside published curves: what is missing is said to be missing, and what is there is found."""

import json

import pytest

from vae_edu.plots.recorded import (
    figure_2_panels,
    figure_3_panels,
    recorded_and_published,
    recorded_at,
    recorded_points,
    table_beside_published,
)


def flat(_figure, _panel, method, _split, samples):
    """A published curve that is level, and starts at a million images."""
    return {"AEVB": -100.0, "WS": -110.0, "MCEM": -120.0}[method] if samples >= 1e6 else None


def record(root, points):
    folder = root / "book" / "results" / "half-done"
    folder.mkdir(parents=True)
    entries = {name: {"result": result} for name, result in points.items()}
    (folder / "run.json").write_text(json.dumps({"results": {"points": entries}}), encoding="utf-8")
    return recorded_points("half-done", root)


CURVE = {
    "samples": [500_000, 1_010_000, 9_900_000],
    "train": [-130.0, -123.4, -103.2],
    "test": [-129.0, -121.6, -102.9],
}


def test_no_record_is_no_points(tmp_path):
    assert recorded_points("never-run", tmp_path) == {}


def test_table_has_what_was_run_and_names_what_was_not(tmp_path):
    points = record(tmp_path, {"AEVB 20": CURVE, "AEVB 3": {"step size": 0.1, "diverged": True}})
    lines = table_beside_published(figure_2_panels("MNIST", (3, 20)), points, flat).splitlines()
    rows = {line[:17].strip(): line[17:].split() for line in lines[1:]}
    assert rows["AEVB 20"] == ["−123.4/−121.6", "−100.0/−100.0", "−103.2/−102.9", "−100.0/−100.0"]
    assert rows["WS 20"][:2] == ["not", "run"]
    assert rows["AEVB 3"][0] == "diverged"


@pytest.mark.parametrize(("samples", "value"), [(1e6, -121.6), (1e7, -102.9), (2e6, None), (1e8, None)])
def test_values_are_taken_within_five_percent(samples, value):
    assert recorded_at(CURVE, "test", samples) == value
    assert recorded_at(None, "test", samples) is None


@pytest.mark.parametrize("panels", [figure_2_panels("Frey", (2, 5, 10)), figure_3_panels()])
def test_figure_draws_the_curves_that_are_there(panels):
    some = {next(iter(panels[0].points.values())): CURVE}
    for points, lines in (({}, 0), (some, 2)):
        figure = recorded_and_published(panels, points, flat, ylim=(-150.0, -90.0))
        drawn = [line for axis in figure.axes for line in axis.lines if line.get_linestyle() != "None"]
        assert len(drawn) == lines
