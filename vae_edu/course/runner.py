"""What a worker needs and no more: the system, an interpreter, three packages with what they require, three files.

An installed copy of the course, or the project's own folder, would show the solutions; neither is among them.
"""

import functools
import os
import re
import sys
from glob import glob
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
SYSTEM = Path("/usr")
LINKS = ("/bin", "/sbin", "/lib", "/lib32", "/lib64")
PACKAGES = ("torch", "numpy", "safetensors")
FILES = ("worker.py", "bench.py", "protocol.py")

RUNNER = Path("/runner")
SITE = RUNNER / "site"


def interpreter() -> Path:
    """The interpreter itself, not a virtual environment's link to it: the environment stays outside."""
    return Path(sys.executable).resolve()


def trees() -> list[Path]:
    """The folders that appear inside under the names they have here."""
    prefix = Path(sys.base_prefix).resolve()
    return [SYSTEM] if prefix.is_relative_to(SYSTEM) else [SYSTEM, prefix]


def hidden() -> list[Path]:
    """Folders within `trees` where packages are installed, and the project if it lies there."""
    patterns = [f"{tree}{local}/lib*/python3*/*-packages" for tree in trees() for local in ("", "/local")]
    installed = {Path(found).resolve() for pattern in patterns for found in glob(pattern)}
    return sorted(path for path in installed | {PROJECT} if any(path.is_relative_to(tree) for tree in trees()))


@functools.cache
def packages() -> dict[str, Path]:
    """Name below SITE and path here of everything that PACKAGES and what they require consist of."""
    found: dict[str, Path] = {}
    waiting, seen = list(PACKAGES), set()
    while waiting:
        name = waiting.pop().lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            installed = distribution(name)
        except PackageNotFoundError:  # required on other systems
            continue
        for file in installed.files or ():
            # Of the shared cache of compiled modules only what is this package's own.
            part = str(file) if file.parts[0] == "__pycache__" else file.parts[0]
            if part not in (*found, "..") and (path := Path(str(installed.locate_file(part)))).exists():
                found[part] = path.resolve()
        waiting += [
            match[0]
            for line in installed.requires or ()
            if "extra ==" not in line and (match := re.match(r"[\w.-]+", line))
        ]
    return found


def mounts() -> dict[Path, Path]:
    """Place inside and path here of all that is mounted, each of it to be read only."""
    shown = {tree: tree for tree in trees()}
    shown |= {Path(link): Path(link) for link in LINKS if os.path.isdir(link) and not os.path.islink(link)}
    shown |= {RUNNER / file: HERE / file for file in FILES}
    shown |= {SITE / name: path for name, path in sorted(packages().items())}
    cache = Path("/etc/ld.so.cache")
    return shown | ({cache: cache} if cache.exists() else {})


def links() -> dict[str, str]:
    """Links of the root folder into the system's tree: place and target."""
    return {link: os.readlink(link) for link in LINKS if os.path.islink(link)}
