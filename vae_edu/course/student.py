"""How a check calls a student's function, wherever that function runs."""

import inspect
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vae_edu.course import scenarios
from vae_edu.course.bench import Bench
from vae_edu.course.catalog import Exercise
from vae_edu.course.findings import Finding, finding

# Takes a request and gives the value asked for, or raises Finding.
Answer = Callable[[dict[str, Any]], Any]

# A scenario's annotations name things that are not there where it runs.
POSTPONED = "from __future__ import annotations\n"


@dataclass(frozen=True)
class Call:
    """One finished call: what was called, with what, and what came."""

    exercise: Exercise
    inputs: dict[str, Any]
    value: Any


class Student:
    """One exercise's function as a check sees it: `student(mean=..., log_var=...)` is a Call with its value.

    Inputs are named for the messages' sake and passed by position. The file is loaded at the first call.
    """

    def __init__(self, exercise: Exercise, source: Callable[[str], str], answer: Answer) -> None:
        self.exercise = exercise
        self._source = source
        self._answer = answer
        self._loaded = False

    def __call__(self, **inputs: Any) -> Call:
        return self.run(scenarios.call, **inputs)

    def run(self, scenario: Callable[..., Any], **inputs: Any) -> Call:
        """The call of a scenario on this function. Raises Finding when it has no value."""
        file, function = self.exercise.file, self.exercise.function
        if not self._loaded:
            # What goes wrong while loading is the whole file's, so messages name the file and no function.
            self._answer({"op": "load", "file": file, "function": file, "source": self._source(file)})
            self._loaded = True
        text = POSTPONED + inspect.getsource(scenario)
        request = {"op": "run", "file": file, "function": function, "scenario": text, "name": scenario.__name__}
        value = self._answer({**request, "inputs": list(inputs.values())})
        return Call(self.exercise, inputs, value)


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
