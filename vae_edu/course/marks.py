"""What in the source of a submission a person should look at before its points are final: flags, not verdicts."""

from collections.abc import Callable, Iterable

from vae_edu.course.catalog import Catalog, Exercise
from vae_edu.course.findings import Finding
from vae_edu.course.own_work import forbidden
from vae_edu.course.rules import unusual


def marks(exercises: Iterable[Exercise], text: Callable[[str], str], catalog: Catalog) -> list[str]:
    """A sentence for each, beginning with the file; `text` reads a file of the submission or raises Finding."""
    exercises = list(exercises)
    found = [f"{use}." for use in forbidden(exercises, text, catalog)]
    for file in dict.fromkeys(exercise.file for exercise in exercises):
        try:
            names = unusual(text(file))
        except Finding:
            continue
        found += [f"{file}, line {line}: {_printable(name)}, which no answer needs." for name, line in names.items()]
    return found


def _printable(name: str) -> str:
    return ascii(name)[1:-1][:60]
