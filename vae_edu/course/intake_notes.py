"""What an instructor and a student should know of files that were handed in and not graded, a sentence each."""

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

SHOWN = 5


def about_the_rest(paths: Sequence[PurePosixPath], wanted: Sequence[str]) -> list[str]:
    """A sentence for each mistake that the other files show, and one for the rest together."""
    notes: list[str] = []
    others = [path for path in paths if not hidden(path.name)]
    for path in list(others):
        near = next((file for file in wanted if _means(path, file)), None)
        if near:
            others.remove(path)
        if near and path.suffix.lower() == ".ipynb":
            notes.append(f"{shown(path)} is a notebook and was not graded; hand in {near}.")
        elif near:
            notes.append(f"{shown(path)} was not graded; a file of the course is named {near}.")
    notebooks = [path for path in others if path.suffix.lower() == ".ipynb"]
    if notebooks:
        notes.append(f"{_listed(notebooks)}: notebooks are not graded; hand in the .py files.")
    rest = [path for path in others if path not in notebooks and not _expected(path)]
    if rest:
        notes.append(f"not looked at: {_listed(rest)}.")
    return notes[: 4 * SHOWN]


def _means(path: PurePosixPath, file: str) -> bool:
    """Whether a name is a file's of the course but for case, a copy's number or another ending."""
    plain = re.sub(r"[\W_]*(copy|\d+)?\W*$", "", path.name.partition(".")[0].lower())
    return path.suffix.lower() in (".py", ".ipynb", ".txt") and plain == file.removesuffix(".py")


def _expected(path: PurePosixPath) -> bool:
    """Whether a file belongs to the student edition."""
    return path.name in ("catalog.yml", "causes.json", "conftest.py", "course.yml", "README.md") or bool(
        re.fullmatch(r"test_ch\d\d_\w+\.py", path.name)
    )


def _listed(paths: Sequence[PurePosixPath]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(shown(path) for path in paths[:SHOWN]) + more


def shown(path: PurePosixPath | str) -> str:
    """A path of a submission as a sentence can hold it: printable, and not long."""
    text = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in str(path))
    return text if len(text) <= 80 else f"{text[:40]}…{text[-30:]}"


def hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX", "__pycache__"))
