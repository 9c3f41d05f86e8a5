"""The likely causes that visible checks name, without the formulas behind them: `exercises/causes.json`.

A visible check has fixed inputs, so what each usual slip returns for them is a number that can be written down. The
student's copy of the course holds these numbers and not the package `slips`, whose formulas would be answers.
"""

import hashlib
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vae_edu.course.catalog import Catalog, Exercise
from vae_edu.course.checks import checks_of, outcome
from vae_edu.course.student import AnswerHere, Call, Slips, Student, no_slips
from vae_edu.files import written_atomically

DIGITS = 7


def slips_of(exercise: Exercise) -> Slips:
    """The usual slips of an exercise, computed; none where it has none, or where this copy lacks them."""
    try:
        module = importlib.import_module(f"vae_edu.course.slips.{Path(exercise.file).stem}")
    except ModuleNotFoundError:
        return no_slips
    return getattr(module, exercise.function, no_slips)


def written_slips(path: Path, exercise: Exercise) -> Slips:
    """The usual slips of an exercise, looked up in the file that `record` wrote when a value is wrong."""

    def slips(**inputs: Any) -> dict[str, Any]:
        known = json.loads(path.read_text(encoding="utf-8")).get(exercise.id, {}) if path.is_file() else {}
        return {slip: _tensors(value) for slip, value in known.get(digest(inputs), {}).items()}

    return slips


def record(catalog: Catalog, exercises: Path, solutions: Path) -> None:
    """Write causes.json: for every call of every visible check what the usual slips return."""
    causes = {exercise.id: dict(_of_one(exercise, exercises, solutions)) for exercise in catalog.values()}
    with written_atomically(exercises / "causes.json") as temporary:
        temporary.write_text(json.dumps(causes, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


def digest(inputs: dict[str, Any]) -> str:
    """A short name for the inputs of a call."""
    return hashlib.sha256(repr(_lists(inputs)).encode()).hexdigest()[:16]


def _of_one(exercise: Exercise, exercises: Path, solutions: Path) -> Iterator[tuple[str, Any]]:
    calls: list[Call] = []

    class Remembering(Student):
        def run(self, scenario: Any, **inputs: Any) -> Call:
            calls.append(super().run(scenario, **inputs))
            return calls[-1]

    def source(file: str) -> str:
        return (solutions / file).read_text(encoding="utf-8")

    for check in checks_of(exercise, exercises).values():
        student = Remembering(exercise, source, AnswerHere(solutions), slips_of(exercise))
        if finding := outcome(check, student):
            raise finding
    for call in calls:
        if wrong := call.slips(**call.inputs):
            yield digest(call.inputs), {slip: _lists(value) for slip, value in wrong.items()}


def _lists(value: Any) -> Any:
    """A value as JSON has it: tensors as their elements, rounded, under their dtype."""
    import torch

    if isinstance(value, torch.Tensor):
        elements = value.detach().double().flatten().tolist() if value.is_floating_point() else value.flatten().tolist()
        rounded = [float(f"{x:.{DIGITS}g}") if isinstance(x, float) else x for x in elements]
        return {"dtype": str(value.dtype).removeprefix("torch."), "shape": list(value.shape), "elements": rounded}
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_lists(item) for item in value]
    return value


def _tensors(value: Any) -> Any:
    import torch

    if isinstance(value, dict):
        return torch.tensor(value["elements"], dtype=getattr(torch, value["dtype"])).reshape(value["shape"])
    return [_tensors(item) for item in value] if isinstance(value, list) else value
