"""The likely causes that visible checks name, without the formulas behind them: `exercises/causes.json`.

A visible check has fixed inputs, so what each usual slip returns for them is a number that can be written down. The
student's copy of the course holds these numbers and not the package `slips`, whose formulas would be answers. What a
scenario gives has no formulas in `slips`: there the wrong answers in `tests/mutants` are run, and a slip is what hidden
checks say of them.
"""

import hashlib
import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vae_edu.course.catalog import Catalog, Exercise
from vae_edu.course.checks import checks_of, outcome
from vae_edu.course.findings import Finding
from vae_edu.course.other_answers import other_answers
from vae_edu.course.student import AnswerHere, Call, Scenario, Slips, Student, no_slips
from vae_edu.files import written_atomically

DIGITS = 7


def slips_of(exercise: Exercise) -> Slips:
    """The usual slips of an exercise, computed; none where it has none, or where this copy lacks them."""
    try:
        module = importlib.import_module(f"vae_edu.course.slips.{Path(exercise.file).stem}")
    except ModuleNotFoundError:
        return no_slips
    return getattr(module, exercise.function, no_slips)


def written_slips(path: Path, exercise: Exercise, scenario: str = "") -> Slips:
    """The usual slips of an exercise, looked up in the file that `record` wrote when a value is wrong."""

    def slips(**inputs: Any) -> dict[str, Any]:
        known = json.loads(path.read_text(encoding="utf-8")).get(exercise.id, {}) if path.is_file() else {}
        return {slip: _tensors(value) for slip, value in known.get(digest(inputs, scenario), {}).items()}

    return slips


def record(catalog: Catalog, exercises: Path, solutions: Path, tests: Path) -> None:
    """Write causes.json: for every call of every visible check what the usual slips return."""
    causes = {exercise.id: _of_one(exercise, exercises, solutions, tests) for exercise in catalog.values()}
    with written_atomically(exercises / "causes.json") as temporary:
        temporary.write_text(json.dumps(causes, indent=0, ensure_ascii=False) + "\n", encoding="utf-8")


def digest(inputs: dict[str, Any], scenario: str = "") -> str:
    """A short name for the inputs of a call, or of a scenario."""
    return hashlib.sha256(f"{scenario}{_lists(inputs)!r}".encode()).hexdigest()[:16]


def _of_one(exercise: Exercise, exercises: Path, solutions: Path, tests: Path) -> dict[str, Any]:
    calls, runs = _calls(exercise, exercises, solutions)
    causes = {digest(call.inputs): call.slips(**call.inputs) for call in calls}
    if runs and "project" not in exercise.tags:  # whose answers train for seconds, and end where chance has them
        wrong = dict(_named_slips(exercise, tests))
        for scenario, right in runs:
            causes[digest(right.inputs, scenario.__name__)] = _wrong_values(exercise, scenario, right, wrong)
    return {name: {slip: _lists(value) for slip, value in values.items()} for name, values in causes.items() if values}


def _calls(exercise: Exercise, exercises: Path, solutions: Path) -> tuple[list[Call], list[tuple[Scenario, Call]]]:
    """The plain calls that the visible checks make on the master, and the scenarios that they run on it."""
    plain: list[Call] = []
    runs: list[tuple[Scenario, Call]] = []

    class Remembering(Student):
        def run(self, scenario: Scenario, **inputs: Any) -> Call:
            call = super().run(scenario, **inputs)
            if self.is_plain(scenario):
                plain.append(call)
            else:
                runs.append((scenario, call))
            return call

    def source(file: str) -> str:
        return (solutions / file).read_text(encoding="utf-8")

    for check in checks_of(exercise, exercises).values():
        student = Remembering(exercise, source, AnswerHere(solutions), slips_of(exercise))
        if finding := outcome(check, student):
            raise finding
    return plain, runs


def _named_slips(exercise: Exercise, tests: Path) -> Iterator[tuple[str, Student]]:
    """The slips that hidden checks name in wrong answers, each with its answer."""
    import torch

    def student(source: str) -> Student:
        return Student(exercise, lambda file: source, AnswerHere(Path("wrong")), slips_of(exercise))

    for answer in other_answers(exercise, tests / "mutants"):
        for check in checks_of(exercise, tests / "hidden").values() if answer.says else ():
            finding = outcome(check, student(answer.source), torch.Generator().manual_seed(0))
            if found := re.search(r"It looks as if (.*?)\.( See |$)", str(finding)):
                yield found[1], student(answer.source)
                break


def _wrong_values(exercise: Exercise, scenario: Scenario, right: Call, wrong: dict[str, Student]) -> dict[str, Any]:
    """What a scenario gives with the wrong answers, where it gives anything and not what it gives with the right."""
    values = {}
    for slip, student in wrong.items():
        try:
            value = student.run(scenario, **right.inputs).value
        except Finding:
            continue
        if repr(_lists(value)) != repr(_lists(right.value)):
            values[slip] = value
    return values


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

    if isinstance(value, dict) and "elements" in value:
        return torch.tensor(value["elements"], dtype=getattr(torch, value["dtype"])).reshape(value["shape"])
    if isinstance(value, dict):
        return {key: _tensors(item) for key, item in value.items()}
    return [_tensors(item) for item in value] if isinstance(value, list) else value
