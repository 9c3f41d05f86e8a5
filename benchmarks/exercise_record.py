"""A record with an entry for each exercise, which a long run fills one by one and may be stopped in between."""

import hashlib
import json
import time
from datetime import date
from pathlib import Path
from typing import Any

from vae_edu.course.catalog import Exercise
from vae_edu.recording import results_folder, write_record

ROOT = Path(__file__).resolve().parents[1]


class ExerciseRecord:
    """book/results/exercises/NAME/run.json; an entry holds as long as answers and hidden checks are the same."""

    def __init__(self, name: str, command: str) -> None:
        self.folder, self.command = results_folder("exercises") / name, command
        path = self.folder / "run.json"
        record = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        self.entries: dict[str, dict[str, Any]] = record.get("results", {}).get("exercises", {})
        self.duration = record.get("duration_seconds", 0.0)
        self._started = time.perf_counter()

    def holds(self, exercise: Exercise) -> bool:
        """Whether there is an entry about the files as they are now."""
        return self.entries.get(exercise.id, {}).get("files") == digest(exercise)

    def add(self, exercise: Exercise, entry: dict[str, Any]) -> None:
        """Keep an entry, at once."""
        self.entries[exercise.id] = {**entry, "files": digest(exercise), "date": date.today().isoformat()}
        now = time.perf_counter()
        self.duration, self._started = self.duration + now - self._started, now
        ordered = dict(sorted(self.entries.items()))
        results = {"exercises": ordered}
        write_record(self.folder, results, command=self.command, seed=0, data={}, duration=self.duration)


def digest(exercise: Exercise) -> str:
    """Short SHA-256 of the master, the answers in tests/mutants and the hidden checks."""
    mutants = ROOT / "tests/mutants" / f"{exercise.id.replace('.', '_')}.py"
    hashed = hashlib.sha256()
    for path in (ROOT / "solutions" / exercise.file, mutants, ROOT / "tests/hidden" / f"test_{exercise.file}"):
        hashed.update(path.read_bytes())
    return hashed.hexdigest()[:16]
