"""What `vae-edu doctor` looks for: versions, data, a browser for the tests, a sandbox for grading, a GPU."""

import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch

from vae_edu import data
from vae_edu.course.isolation import sandboxed
from vae_edu.errors import UserError
from vae_edu.files import data_roots

PACKAGES = ("vae-edu", "torch", "torchvision", "jupyter-book", "anywidget")


@dataclass(frozen=True)
class Finding:
    """One thing looked for. `remedy` is what to do if it was not found."""

    what: str
    found: bool
    detail: str
    remedy: str = ""


def examine(root: Path | None = None) -> list[Finding]:
    """Look for everything; nothing is downloaded or changed."""
    return [
        Finding("Python", True, platform.python_version()),
        *(_package(name) for name in PACKAGES),
        _data_set("mnist", ["MNIST/raw"], root),
        _data_set("frey", ["FreyFace", "."], root),
        _program(
            "Chromium",
            ("chromium", "chromium-browser", "google-chrome"),
            "browser tests are skipped; install chromium",
        ),
        _sandbox(),
        _gpu(),
    ]


def _package(name: str) -> Finding:
    try:
        return Finding(name, True, version(name))
    except PackageNotFoundError:
        return Finding(name, False, "not installed", "run: make book")


def _data_set(name: str, folders: list[str], root: Path | None) -> Finding:
    """Where the data are, without reading more than their names: `load` verifies them."""
    files = list(data.MNIST_FILES) if name == "mnist" else [data.FREY_FILE]
    places = [place / folder for place in data_roots(root) for folder in folders]
    for place in places:
        if all((place / file).is_file() for file in files):
            return Finding(name, True, str(place))
    looked = ", ".join(map(str, places))
    remedy = "downloaded when first used" if name == "mnist" else f"put {data.FREY_FILE} there, or set VAE_EDU_DATA"
    return Finding(name, False, f"not in {looked}", remedy)


def _program(what: str, names: tuple[str, ...], remedy: str) -> Finding:
    paths = [path for path in map(shutil.which, names) if path]
    return Finding(what, bool(paths), paths[0] if paths else "not on the PATH", remedy)


def _sandbox() -> Finding:
    try:
        tried = sandboxed().particulars
    except UserError as error:
        return Finding("bubblewrap", False, "no sandbox, so that grades cannot be recorded", str(error))
    return Finding("bubblewrap", True, f"{tried['bubblewrap']}; the sandbox passed its self-test")


def _gpu() -> Finding:
    if torch.cuda.is_available():
        return Finding("GPU", True, torch.cuda.get_device_name())
    remedy = "nothing: everything here runs on a CPU"
    return Finding("GPU", False, f"none; CPU threads: {torch.get_num_threads()}", remedy)
