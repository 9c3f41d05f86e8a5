"""The course is light to import and knows nothing of models; what runs elsewhere stands on its own."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from vae_edu.course import scenarios

COURSE = Path(__file__).resolve().parents[2] / "vae_edu/course"
MODULES = [
    "vae_edu.course." + ".".join(path.relative_to(COURSE).with_suffix("").parts)
    for path in sorted(COURSE.rglob("*.py"))
    if path.stem != "__init__"
]


def test_importing_the_course_does_not_import_torch():
    code = f"import sys, {', '.join(MODULES)}; sys.exit(any(name in sys.modules for name in ('torch', 'numpy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", ["bench", "protocol"])
def test_what_the_worker_loads_knows_nothing_of_the_course(name):
    tree = ast.parse((COURSE / f"{name}.py").read_text(encoding="utf-8"))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not [module for module in imported if module.startswith("vae_edu")]


@pytest.mark.parametrize("name", ["call", "strided", "gradients", "side_effects"])
def test_a_scenario_stands_on_its_own(name):
    namespace = {}
    exec("from __future__ import annotations\n" + inspect.getsource(getattr(scenarios, name)), namespace)
    free = namespace[name].__code__.co_names
    assert not [word for word in free if word in vars(scenarios)]
