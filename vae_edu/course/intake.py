"""What was handed in: a folder of students' folders and zips, read without trusting a byte of it.

Of each submission only files with the names of the course's are read, wherever in it they lie, and no more of each than
an answer can have. Nothing is unpacked: a path in an archive, a link or a bomb has nothing to act on. Whatever else is
there becomes a sentence for the report.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from vae_edu.course.intake_files import Item, Unreadable, items
from vae_edu.course.intake_notes import about_the_rest, shown
from vae_edu.course.submission import MAX_SOURCE
from vae_edu.errors import UserError

NOT_A_NAME = re.compile(r"[^\w .@+()-]")


@dataclass(frozen=True)
class HandedIn:
    """One submission: the bytes of its files by the course's names, None for what is there and no ordinary file."""

    name: str
    origin: str
    files: dict[str, bytes | None] = field(default_factory=dict)
    modified: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def digest(self, file: str) -> str | None:
        """SHA-256 of a file, None where there is none that can be read."""
        content = self.files.get(file)
        return None if content is None or len(content) > MAX_SOURCE else hashlib.sha256(content).hexdigest()

    def write(self, folder: Path) -> None:
        """Put the files where the hidden tests find them; a folder stands for what is no ordinary file."""
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in self.files.items():
            if content is None:
                (folder / file).mkdir(exist_ok=True)
            else:
                (folder / file).write_bytes(content)


def collect(folder: Path, wanted: Sequence[str]) -> list[HandedIn]:
    """Every submission in `folder`, by name. Raises UserError where it holds none, or files that are nobody's."""
    if folder.is_file():
        raise UserError(
            f"{folder} is a file; unpack it, and name the folder that holds the students' folders and zips."
        )
    if not folder.is_dir():
        raise UserError(f"there is no folder {folder}; name the folder that holds the students' folders and zips.")
    entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "__MACOSX")))
    if any(entry.name in wanted for entry in entries):
        raise UserError(
            f"{folder} is itself a submission: it holds {min({e.name for e in entries} & {*wanted})}; name the folder "
            "that holds the students' folders and zips."
        )
    if loose := [entry.name for entry in entries if _with_more_before_it(entry, wanted)]:
        raise UserError(
            f"{folder} holds {shown(loose[0])}, as course systems name a single file; put each student's files, under "
            "the names that the course gives them, into a folder named by the student's login."
        )
    if not entries:
        raise UserError(f"{folder} is empty; it should hold a folder or a zip for each student.")
    names = _names(entries)
    return sorted((_one(entry, names[entry], wanted) for entry in entries), key=lambda handed_in: handed_in.name)


def _with_more_before_it(entry: Path, wanted: Sequence[str]) -> bool:
    """Whether it is a file such as lovelaceada_12_345_ch03_gaussians-1.py (Canvas)."""
    plain = re.sub(r"-\d+(?=\.py$)", "", entry.name)
    return plain.endswith(tuple(f"_{file}" for file in wanted)) and not entry.is_dir()


def _names(entries: Sequence[Path]) -> dict[Path, str]:
    """A name for each that is safe as a file's and no other's: of two with the same one, a folder's before a zip's."""
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for entry in sorted(entries, key=lambda entry: (entry.suffix.lower() == ".zip", entry.name)):
        plain = entry.name[: -len(".zip")] if entry.suffix.lower() == ".zip" else entry.name
        mark = "~" + hashlib.sha256(os.fsencode(entry.name)).hexdigest()[:6]
        choices = [safe_name(plain), safe_name(entry.name), safe_name(plain) + mark]
        names[entry] = next(choice for choice in choices if choice.casefold() not in taken)
        taken.add(names[entry].casefold())
    return names


def safe_name(name: str) -> str:
    """A name as files, tables and pages can bear it; what is unusual in it is replaced by underscores."""
    text = unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))
    return NOT_A_NAME.sub("_", text).strip(" .")[:80] or "unnamed"


def _one(entry: Path, name: str, wanted: Sequence[str]) -> HandedIn:
    origin = shown(entry.name)
    notes: list[str] = []
    try:
        inside = list(items(entry, notes))
    except Unreadable:
        inside, notes = [], [f"{origin} is not a zip file that can be read; hand in a folder or a zip."]
    files: dict[str, bytes | None] = {}
    modified: dict[str, str] = {}
    for file in wanted:
        found = [item for item in inside if item.path.name == file]
        if not found:
            continue
        if len(found) > 1:
            notes.append(f"{file} is there {len(found)} times; {shown(found[0].path)} was graded.")
        files[file] = _content(found[0], notes)
        modified[file] = _in_words(found[0].modified)
    notes += about_the_rest([item.path for item in inside if item.path.name not in wanted], wanted)
    if not files:
        notes.append("none of the course's files was found.")
    return HandedIn(name, origin, files, modified, tuple(notes))


def _content(item: Item, notes: list[str]) -> bytes | None:
    try:
        content = item.read()
    except Unreadable:
        content = None
    if content is None:
        notes.append(f"{item.path.name} is not an ordinary file that can be read; hand in the file itself.")
    elif len(content) > MAX_SOURCE:
        notes.append(f"{item.path.name} is larger than {MAX_SOURCE // 1024} KiB, which no answer needs.")
    return content


def _in_words(time: float) -> str:
    try:
        return datetime.fromtimestamp(time, UTC).isoformat(timespec="seconds")
    except (OverflowError, OSError, ValueError):  # a file's time can be set to anything
        return "unknown"
