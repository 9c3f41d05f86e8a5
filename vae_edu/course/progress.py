"""What a student has passed and which hints were taken, remembered beside the exercises in `.progress.json`."""

import json
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from vae_edu.files import written_atomically

FILE = ".progress.json"


@dataclass
class Record:
    """One exercise: the digest of the answer that passed last and when, and the dates of the hints taken."""

    passed: str = ""
    passed_on: str = ""
    hints: list[str] = field(default_factory=list)


class Progress:
    """The records of the exercises in `folder`; damage in the file costs what is damaged and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE
        self.records = _read(self.path)

    def of(self, exercise: str) -> Record:
        """What is known of one exercise."""
        return self.records.get(exercise, Record())

    def passed(self, exercise: str, digest: str) -> None:
        """Remember that the answer with this digest passes its visible checks."""
        record = self._fresh(exercise)
        if record.passed != digest:
            record.passed, record.passed_on = digest, today()

    def take_hint(self, exercise: str) -> None:
        """Remember that one more hint was given."""
        self._fresh(exercise).hints.append(today())

    def save(self) -> None:
        """Write the file, whole or not at all. Raises UserError where the folder cannot be written to."""
        with written_atomically(self.path) as temporary:
            written = {exercise: asdict(record) for exercise, record in self.records.items()}
            temporary.write_text(json.dumps(written, indent=1), encoding="utf-8")

    def _fresh(self, exercise: str) -> Record:
        return self.records.setdefault(exercise, Record())


def today() -> str:
    """The date as ISO 8601 has it."""
    return date.today().isoformat()


def _read(path: Path) -> dict[str, Record]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(entries, dict):
        return {}
    return {exercise: _record(entry) for exercise, entry in entries.items() if isinstance(entry, dict)}


def _record(entry: dict[str, object]) -> Record:
    texts = {name: entry.get(name) for name in ("passed", "passed_on")}
    hints = entry.get("hints")
    return Record(
        **{name: text for name, text in texts.items() if isinstance(text, str)},
        hints=[hint for hint in hints if isinstance(hint, str)] if isinstance(hints, list) else [],
    )
