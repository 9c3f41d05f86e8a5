"""What a student edition consists of, file by file, made from a checkout of the course and a built book.

Only what is listed here gets in: a file of the instructor's that lies beside the exercises does not.
"""

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from vae_edu.course import stubs
from vae_edu.course.built_book import book_files
from vae_edu.course.catalog import Catalog, load_catalog
from vae_edu.course.leaks import SLIPS
from vae_edu.course.settings import load_settings
from vae_edu.errors import UserError

MANIFEST = "edition.json"
NEEDED = ("exercises/catalog.yml", "solutions", "tests/hidden", "vae_edu", "pyproject.toml", "constraints.txt")
BESIDE = ("conftest.py", "catalog.yml", "causes.json", "course.yml", ".gitignore")
# Sections of pyproject.toml that an installed package needs.
SECTIONS = (
    "build-system",
    "project",
    "project.scripts",
    "tool.setuptools.packages.find",
    "tool.setuptools.package-data",
)
PYTEST = '\n[tool.pytest.ini_options]\ntestpaths = ["exercises"]\naddopts = "--import-mode=importlib"\n'
HANDOUT = Path(__file__).parent / "handout"
Files = dict[str, bytes]


def edition(project: Path, book: Path | None) -> Files:
    """The files of the student edition by path, sorted, with a manifest; `book` is a folder of built pages, or none.

    Raises UserError where `project` is no instructor's checkout, or the book is not one to hand out.
    """
    if missing := [name for name in NEEDED if not (project / name).exists()]:
        raise UserError(
            f"{project} has no {', '.join(missing)}; a student edition is made in the instructor's copy of the course."
        )
    catalog = load_catalog(project / "exercises/catalog.yml")
    stubs_of = {file: _stub(project, file) for file in sorted({exercise.file for exercise in catalog.values()})}
    files = {f"exercises/{file}": text.encode() for file, text in stubs_of.items()}
    files |= {f"exercises/{name}": _read(project / "exercises" / name) for name in _beside(stubs_of)}
    files |= {path: _read(project / path) for path in _package(project)}
    files |= _fixed(project) | {"README.md": _readme(project, catalog, book is not None).encode()}
    if book:
        files |= book_files(book, stubs_of) | _recorded(project)
    return _with_manifest(dict(sorted(files.items())))


def _stub(project: Path, file: str) -> str:
    """From the master: the file in `exercises` may hold somebody's answers."""
    return stubs.stub(_read(project / "solutions" / file).decode("utf-8"), file)


def _beside(files: Any) -> list[str]:
    return [*(f"test_{file}" for file in files), *BESIDE]


def _package(project: Path) -> Iterator[str]:
    """The package as it is installed, without the slips: their formulas are next to answers."""
    data = tomllib.loads(_read(project / "pyproject.toml").decode())["tool"]["setuptools"]["package-data"]["vae_edu"]
    package = project / "vae_edu"
    for pattern in ("**/*.py", *data):
        for path in package.glob(pattern):
            name = path.relative_to(project).as_posix()
            if path.is_file() and not name.startswith(f"{SLIPS}/") and "__pycache__" not in path.parts:
                yield name


def _fixed(project: Path) -> Files:
    """What makes the package installable, and the workflow."""
    head = re.compile(r"^\[+([^]]+)]", re.MULTILINE)
    text = _read(project / "pyproject.toml").decode()
    starts = [*(found.start() for found in head.finditer(text)), len(text)]
    parts = [text[start:end] for start, end in zip(starts, starts[1:], strict=False)]
    kept = "".join(part for part in parts if part[1 : part.index("]")] in SECTIONS).rstrip() + "\n"
    pins = _read(project / "constraints.txt").decode().splitlines(keepends=True)
    files = {
        "pyproject.toml": (kept + PYTEST).encode(),
        "constraints.txt": "".join(line for line in pins if not line.startswith("#")).encode(),
        ".gitignore": _read(HANDOUT / "gitignore"),
        ".github/workflows/classroom.yml": _read(HANDOUT / "classroom.yml"),
    }
    return files | ({"LICENSE": _read(project / "LICENSE")} if (project / "LICENSE").exists() else {})


def _readme(project: Path, catalog: Catalog, book: bool) -> str:
    from jinja2 import Environment, StrictUndefined

    settings = load_settings(project / "exercises/course.yml")
    by_file: dict[str, list[str]] = {}
    for exercise in catalog.values():
        by_file.setdefault(exercise.file, []).append(exercise.function)
    template = Environment(undefined=StrictUndefined, keep_trailing_newline=False).from_string(
        _read(HANDOUT / "README.md.j2").decode("utf-8")
    )
    title = settings.title or "Variational auto-encoders, derived and run"
    facts = {"title": title, "contact": settings.contact, "due": settings.due, "files": by_file, "book": book}
    return template.render(facts).strip() + "\n"


def _recorded(project: Path) -> Files:
    """The recorded runs, which the notebooks show; those of grading are the instructor's."""
    folder = project / "book/results"
    paths = [path for path in folder.glob("*/*") if path.suffix in (".json", ".png") and path.parent.name != "grading"]
    return {path.relative_to(project).as_posix(): _read(path) for path in paths}


def _with_manifest(files: Files) -> Files:
    checksums = {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}
    text = json.dumps({"student edition of": "vae_edu", "files": checksums}, indent=1, ensure_ascii=False)
    return files | {MANIFEST: (text + "\n").encode()}


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} could not be read ({error.strerror}); a student edition needs it.") from None
