"""Imports run downwards, and what must be light stays light."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "vae_edu"
# From the ground up; a module may import from its own floor and from those below it.
FLOORS = [
    ["errors"],
    ["files", "_torchvision", "recording"],
    ["gaussians", "likelihoods", "data", "hmc", "gradients", "reparameterizations"],
    ["bounds", "models", "objectives", "importance"],
    ["learning", "evaluation"],
    ["recipes"],
    ["checkpoints"],
    ["plots", "training"],
    ["experiments", "widgets"],
    ["doctor", "cli_text", "cli_output", "cli_practice", "cli_hints", "cli_release", "cli_grade", "cli"],
]
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
APART = "course"  # knows of errors alone: a grader must not carry the solutions' package; only the top may use it


def imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "vae_edu":
            parts = node.module.split(".")
            names |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("vae_edu.")}
    return names


def rooms():
    for path in sorted(PACKAGE.rglob("*.py")):
        relative = path.relative_to(PACKAGE)
        room = relative.parts[0].removesuffix(".py")
        if room != "__init__":
            yield pytest.param(room, path, id=str(relative))


@pytest.mark.parametrize(("room", "path"), list(rooms()))
def test_imports_run_downwards(room, path):
    used = imports(path) - {room, "__version__"}
    if room == APART:
        assert used <= {"errors", "files"}
        return
    assert room in FLOOR, f"{path.name}: give {room!r} a floor in this test and in the README's map"
    floors = {**FLOOR, APART: len(FLOORS) - 1}
    above = {name for name in used if floors[name] > FLOOR[room]}
    assert not above, f"{path.relative_to(PACKAGE)} looks up at {sorted(above)}"


@pytest.mark.parametrize("module", ["vae_edu", "vae_edu.cli", "vae_edu.course"])
def test_importing_is_light(module):
    code = f"import sys, {module}; print([m for m in ('torch', 'numpy', 'matplotlib') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_modules_stay_small_enough_to_know():
    long = {
        str(path.relative_to(PACKAGE)): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 250
    }
    assert not long


def test_the_tests_of_a_file_share_a_worker(request):
    """pytest 9.2 and xdist 3.8 together forget all groups without a word, and every worker prepares everything."""
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("one process runs all tests")
    assert request.node.nodeid.endswith("@test_architecture.py")
