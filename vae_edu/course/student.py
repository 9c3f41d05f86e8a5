"""How a check calls a student's function, wherever that function runs."""

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from vae_edu.course import scenarios
from vae_edu.course.bench import Bench
from vae_edu.course.catalog import Exercise
from vae_edu.course.findings import Category, Finding, finding, protocol_breach

# Takes a request and gives the value asked for, or raises Finding.
Answer = Callable[[dict[str, Any]], Any]

# A scenario's annotations name things that are not there where it runs.
POSTPONED = "from __future__ import annotations\n"


# What each usual slip would return for the same inputs, keyed by the end of "It looks as if ...".
Slips = Callable[..., dict[str, Any]]
Scenario = Callable[..., Any]


def no_slips(**inputs: Any) -> dict[str, Any]:
    """For a call of which no usual slip is known."""
    return {}


@dataclass(frozen=True)
class Call:
    """One finished call: what was called, with what, and what came; `part` names what was taken of the value."""

    exercise: Exercise
    inputs: dict[str, Any]
    value: Any
    slips: Slips = no_slips
    part: str = ""

    @property
    def subject(self) -> str:
        """What a sentence about the value begins with."""
        returned = f"{self.exercise.function} returned"
        return f"{returned} for {self.part}" if self.part else returned

    def parts(self, *names: str) -> list["Call"]:
        """The members of a tuple that the function should return. Raises Finding when it returned none such."""
        if type(self.value) not in (tuple, list) or len(self.value) != len(names):
            message = f"{self.exercise.function} should return a tuple: {', '.join(names)}."
            raise Finding(Category.WRONG_TYPE, message)
        return [self._member(index, name) for index, name in enumerate(names)]

    def of(self, key: str, part: str = "") -> "Call":
        """What a scenario that returns a dictionary reports under `key`; sentences call it `part`."""
        if type(self.value) is not dict or key not in self.value:  # a scenario is ours: only a forged reply lacks it
            raise protocol_breach()
        slips = self._slips_of(key, lambda value: isinstance(value, dict) and key in value)
        return replace(self, value=self.value[key], part=part, slips=slips)

    def _member(self, index: int, name: str) -> "Call":
        slips = self._slips_of(index, lambda value: isinstance(value, (tuple, list)) and index < len(value))
        return replace(self, value=self.value[index], part=name, slips=slips)

    def _slips_of(self, key: Any, within: Callable[[Any], bool]) -> Slips:
        """The slips in one part of the value."""
        return lambda **inputs: {slip: value[key] for slip, value in self.slips(**inputs).items() if within(value)}


class Student:
    """One exercise's function as a check sees it: `student(mean=..., log_var=...)` is a Call with its value.

    Inputs are named for the messages' sake and passed by position. The file is loaded at the first call. `slips` knows
    the usual wrong values of plain calls, `slips_in` those of a scenario by its name.
    """

    def __init__(
        self,
        exercise: Exercise,
        source: Callable[[str], str],
        answer: Answer,
        slips: Slips = no_slips,
        slips_in: Callable[[str], Slips] = lambda scenario: no_slips,
    ) -> None:
        self.exercise = exercise
        self._source = source
        self._answer = answer
        self._slips = slips
        self._slips_in = slips_in
        self._loaded = False

    def __call__(self, **inputs: Any) -> Call:
        return self.run(scenarios.call, **inputs)

    @staticmethod
    def is_plain(scenario: Scenario) -> bool:
        """Whether a scenario passes on what the function returns for the inputs."""
        return scenario in (scenarios.call, scenarios.strided, scenarios.side_effects)

    def run(self, scenario: Scenario, **inputs: Any) -> Call:
        """The call of a scenario on this function. Raises Finding when it has no value."""
        file, function = self.exercise.file, self.exercise.function
        if not self._loaded:
            # What goes wrong while loading is the whole file's, so messages name the file and no function.
            self._answer({"op": "load", "file": file, "function": file, "source": self._source(file)})
            self._loaded = True
        text = POSTPONED + inspect.getsource(scenario)
        request = {"op": "run", "file": file, "function": function, "scenario": text, "name": scenario.__name__}
        value = self._answer({**request, "inputs": list(inputs.values())})
        slips = self._slips if self.is_plain(scenario) else self._slips_in(scenario.__name__)
        return Call(self.exercise, inputs, value, slips)


class AnswerHere:
    """Answers from this very process, for checks that students run on their own files in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bench = Bench()

    def __call__(self, request: dict[str, Any]) -> Any:
        # The full path, so that debuggers find the source; copies, because the function may change its arguments.
        reply = self._bench.answer({**deepcopy(request), "file": str(self._folder / request["file"])})
        if "problem" in reply:
            raise finding(reply["problem"], request["file"], request["function"]) from self._bench.error
        return reply["value"]


def remember_failed_loads(answer: Answer) -> Answer:
    """The same answers, but a file that failed to load once is not loaded again for every check."""
    failures: dict[str, Finding] = {}

    def remembering(request: dict[str, Any]) -> Any:
        if request["op"] != "load":
            return answer(request)
        if request["file"] in failures:
            raise failures[request["file"]].with_traceback(None)
        try:
            return answer(request)
        except Finding as failure:
            failures[request["file"]] = failure
            raise

    return remembering
