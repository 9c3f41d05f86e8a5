"""Modules of the test suite, for scripts that measure with them."""

import importlib.util
from pathlib import Path
from types import ModuleType

GRADING = Path(__file__).resolve().parents[1] / "tests" / "grading"


def load(name: str) -> ModuleType:
    """A module of tests/grading."""
    spec = importlib.util.spec_from_file_location(name, GRADING / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
