"""Recorded runs: numbers on disk together with everything it takes to get them again."""

import json
import os
import platform
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

from vae_edu.errors import UserError
from vae_edu.files import written_atomically

RESULTS = Path("book") / "results"


def results_folder(name: str, root: Path | None = None) -> Path:
    """book/results/NAME below the repository's root (the working folder, unless given).

    Raises UserError when there is no book there to record for.
    """
    root = root or Path.cwd()
    if not (root / "book").is_dir():
        raise UserError(f"there is no book/ in {root}; record from the root of a checkout of vae_edu, or give --out.")
    return root / RESULTS / name


def write_record(
    folder: Path,
    results: Mapping[str, Any],
    *,
    command: str,
    seed: int,
    data: Mapping[str, str],
    duration: float,
    name: str = "run",
) -> Path:
    """Write folder/NAME.json: `results`, and beside them command, seed, data checksums, versions, machine and date."""
    record = {
        "command": command,
        "seed": seed,
        "data": dict(data),
        "date": date.today().isoformat(),
        "duration_seconds": round(duration, 1),
        "machine": machine(),
        "versions": {name: version(name) for name in ("vae-edu", "torch", "numpy")}
        | {"python": platform.python_version()},
        "results": dict(results),
    }
    path = folder / f"{name}.json"
    with written_atomically(path) as temporary:
        temporary.write_text(json.dumps(record, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    return path


def read_record(name: str, root: Path) -> dict[str, Any]:
    """The record of run NAME below the repository's root. Raises UserError if it was never made."""
    path = root / RESULTS / name / "run.json"
    if not path.exists():
        raise UserError(f"run {name!r} is not recorded: {path} does not exist.")
    return json.loads(path.read_text(encoding="utf-8"))


def machine() -> str:
    """Processor, cores used, system and GPU, in words."""
    import torch

    gpu = f", {torch.cuda.get_device_name()}" if torch.cuda.is_available() else ", no GPU"
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}{gpu}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
