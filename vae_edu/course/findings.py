"""What can be wrong with a submission, each kind with a sentence that is safe to show.

A worker's account of a failure is data from a process that ran a student's code: it is checked here and
only ever put into sentences of ours, so that no text of a submission and no hidden input reaches a report.
"""

import builtins
from enum import StrEnum
from typing import Any

USUAL_TYPES = (
    "FunctionMissing",
    "ImportNotAllowed",
    "LinAlgError",
    "_LinAlgError",
    "NoneType",
    "ndarray",
    "Parameter",
    "float32",
    "float64",
)


class Category(StrEnum):
    """The kinds of findings."""

    NOT_ATTEMPTED = "not attempted"
    IMPORT_ERROR = "import error"
    EXCEPTION = "exception"
    WRONG_VALUE = "wrong value"
    WRONG_TYPE = "wrong type or shape"
    TIMEOUT = "timeout"
    CRASH = "crash"
    TOO_BIG = "too big"
    PROTOCOL = "protocol"
    GAVE_UP = "gave up"


# What no honest submission runs into: a person has to look before the points are final.
FLAGGED = (Category.PROTOCOL, Category.GAVE_UP)


class Finding(Exception):
    """A check's verdict against a submission.

    `message` says it without showing any input; `details` shows the call, for the student's own visible
    checks.
    """

    def __init__(self, category: Category, message: str, details: str = "") -> None:
        super().__init__(f"{category}: {message}")
        self.category = category
        self.message = message
        self.details = details


def finding(problem: Any, file: str, function: str) -> Finding:
    """The finding that a worker's account of a failure amounts to."""
    match problem:
        case {"category": str(category), "type": str(type_name), "line": None | int() as line}:
            place = f"line {line} of {file}" if line in range(1, 100_000) else file
            sentences = _sentences(file, function, _known(type_name), place)
            if category in sentences:
                return Finding(Category(category), sentences[category])
    return protocol_breach()


def protocol_breach() -> Finding:
    """The finding for bytes that an honest worker never sends."""
    return Finding(Category.PROTOCOL, "the worker's reply was not understood; a person has to look at this.")


def gave_up(why: str) -> Finding:
    """The finding for every check that a submission did not get to."""
    return Finding(
        Category.GAVE_UP, f"the submission was not run any further, because {why}; a person has to look at this."
    )


def _sentences(file: str, function: str, error: str, place: str) -> dict[str, str]:
    rule = " Exercises may import torch, numpy and math only." if error == "ImportNotAllowed" else ""
    return {
        Category.NOT_ATTEMPTED: f"{file} defines nothing named {function}; was it renamed or deleted?"
        if error == "FunctionMissing"
        else f"{function} in {file} has no answer yet.",
        Category.IMPORT_ERROR: f"{file} could not be loaded: {error} at {place}.{rule}",
        Category.EXCEPTION: f"{function} stopped with {error} at {place}."
        if place != file
        else f"{function} in {file} cannot be called as the task says, or what it returned cannot be used: {error}.",
        Category.WRONG_TYPE: not_a_tensor(f"{function} returned", error),
        Category.TIMEOUT: f"{function} did not return in time; look for a loop that does not end.",
        Category.CRASH: f"the process that ran {function} ended without an answer.",
        Category.TOO_BIG: f"{function} returned more data than any right answer has.",
    }


def not_a_tensor(subject: str, type_name: str) -> str:
    """The sentence for a value of another type than a tensor's; `subject` says who returned it."""
    return f"{subject} a value of type {type_name}; a torch.Tensor is expected."


def _known(type_name: str) -> str:
    """A type's name if it is a usual one: a name of the student's own could carry hidden inputs out."""
    builtin = isinstance(getattr(builtins, type_name, None), type)
    return type_name if builtin or type_name in USUAL_TYPES else "CustomType"
