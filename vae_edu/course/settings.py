"""What an instructor decides about a course: `course.yml` beside the exercises, or without it the defaults."""

import re
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from vae_edu.errors import UserError

CHAPTER = re.compile(r"ch\d\d")
SOLUTIONS = ("after-passing", "always", "never")


@dataclass(frozen=True)
class Settings:
    """When a student may see solutions, the course's title, whom to ask, when chapters are due, where the book is."""

    solutions: str = "after-passing"
    title: str = ""
    contact: str = ""
    due: dict[str, date] = field(default_factory=dict)
    book: str = ""


def load_settings(path: Path) -> Settings:
    """The settings of a course. Raises UserError, naming the field, when one is not as it should be."""
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} could not be read ({error}); it should be a text file.") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    known = [setting.name for setting in fields(Settings)]
    if not isinstance(entries, dict):
        raise UserError(f"{path} should give the settings {', '.join(known)} a value each, got {entries!r}.")
    if unknown := [str(name) for name in entries if name not in known]:
        raise UserError(f"{path}: unknown setting {', '.join(unknown)}; the settings are {', '.join(known)}.")
    return Settings(**{name: _value(path, name, value) for name, value in entries.items()})


def _value(path: Path, name: str, value: Any) -> Any:
    if name == "solutions" and value not in SOLUTIONS:
        raise UserError(f"{path}: solutions should be {', '.join(SOLUTIONS)}, got {value!r}.")
    if name == "due":
        chapters = value if isinstance(value, dict) else {"": None}
        if not all(CHAPTER.fullmatch(str(key)) and type(day) is date for key, day in chapters.items()):
            raise UserError(f"{path}: due should give chapters a date, such as ch03: 2030-01-31, got {value!r}.")
        return value
    if name == "book" and not (isinstance(value, str) and value.startswith(("https://", "http://"))):
        raise UserError(f"{path}: book should be the book's address, https://..., got {value!r}.")
    if not isinstance(value, str):
        raise UserError(f"{path}: {name} should be a text, got {value!r}.")
    return value
