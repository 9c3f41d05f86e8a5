"""The hidden suite of this copy of the project: what it consists of, by which hash records know it."""

import hashlib
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from vae_edu.course.catalog import Catalog, load_catalog
from vae_edu.course.intake import HandedIn
from vae_edu.course.runner import PROJECT
from vae_edu.course.stubs import stub
from vae_edu.errors import UserError

TESTS = "tests/hidden"


@dataclass(frozen=True)
class Suite:
    """Hidden tests, reference and catalog below `root`."""

    root: Path
    catalog: Catalog

    def files(self, exercises: Iterable[str]) -> list[str]:
        """The files that answers to these exercises stand in, in the catalog's order."""
        return list(dict.fromkeys(self.catalog[name].file for name in exercises))

    def tests(self, exercises: Sequence[str]) -> list[str]:
        """What to name to pytest for these exercises."""
        chosen = [self.catalog[name] for name in exercises]
        return [f"{TESTS}/test_{exercise.file}::Test_{exercise.function}" for exercise in chosen]

    def digests(self, exercises: Iterable[str]) -> dict[str, str]:
        """SHA-256, by file, of hidden tests, reference and catalog together."""
        return {file: self._digest(file) for file in self.files(exercises)}

    def ground(self) -> str:
        """SHA-256 of what decides beside the tests themselves: the grader's code, the versions of Python and torch."""
        hashed = hashlib.sha256(f"{platform.python_version()} {version('torch')}".encode())
        for path in [self.root / TESTS / "conftest.py", *sorted((self.root / "vae_edu/course").glob("*.py"))]:
            hashed.update(path.read_bytes())
        return hashed.hexdigest()

    def reference(self) -> HandedIn:
        """The masters, as if handed in."""
        return HandedIn("reference", "solutions", {file: self._master(file).encode() for file in self._files()})

    def stubs(self) -> HandedIn:
        """What students are given, as if handed in."""
        return HandedIn("stubs", "exercises", {file: stub(self._master(file), file).encode() for file in self._files()})

    def _files(self) -> list[str]:
        return self.files(self.catalog)

    def _master(self, file: str) -> str:
        return (self.root / "solutions" / file).read_text(encoding="utf-8")

    def _digest(self, file: str) -> str:
        hashed = hashlib.sha256((self.root / TESTS / f"test_{file}").read_bytes())
        hashed.update(self._master(file).encode())
        hashed.update(repr([asdict(exercise) for exercise in self.catalog.values() if exercise.file == file]).encode())
        return hashed.hexdigest()


def load_suite(root: Path = PROJECT) -> Suite:
    """The suite below `root`. Raises UserError where this copy has none, as a student's has not."""
    if not (root / TESTS).is_dir() or not (root / "solutions").is_dir():
        raise UserError(
            "grading needs the hidden tests and the solutions, and this copy of vae_edu has none; run it in a clone of "
            "the project, installed with `pip install -e .`."
        )
    return Suite(root, load_catalog(root / "exercises" / "catalog.yml"))
