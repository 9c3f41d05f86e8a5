"""The checks of an exercise, found in a test file without pytest: for the student's own runs and for proofs about them.

A file of checks, visible or hidden, has a class `Test_NAME` for each exercise NAME, marked `exercise(id)`; its methods
`test_*` are the checks. They take `student` and, where hidden, `generator`, and no other fixture.
"""

import functools
import importlib.util
import inspect
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from vae_edu.course.catalog import Exercise
from vae_edu.course.findings import Finding
from vae_edu.errors import UserError

Check = Callable[..., None]


def checks_of(exercise: Exercise, folder: Path) -> dict[str, Check]:
    """The checks of one exercise by name, in the file's order.

    Raises UserError when `folder` has no file of checks for it, or the file no class.
    """
    path = folder / f"test_{exercise.file}"
    test_class = getattr(_module(path), f"Test_{exercise.function}", None)
    if test_class is None:
        raise UserError(f"{path} has no class Test_{exercise.function} with the checks of {exercise.id}.")
    lines = {name: method.__code__.co_firstlineno for name, method in inspect.getmembers(test_class, callable)
             if name.startswith("test_")}  # fmt: skip
    return {name: getattr(test_class(), name) for name in sorted(lines, key=lines.__getitem__)}


def outcome(check: Check, *fixtures: Any) -> Finding | None:
    """What a check finds, None where it passes."""
    try:
        check(*fixtures)
    except Finding as finding:
        return finding
    return None


def spoken(name: str) -> str:
    """A check's name as reports show it."""
    return name.removeprefix("test_").replace("_", " ")


@functools.cache
def _module(path: Path) -> ModuleType:
    if not path.is_file():
        raise UserError(f"there is no {path}, which holds the checks.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
