"""Words of a submission, such as its name, made harmless for the places where they are shown."""

import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from vae_edu.files import written_atomically

# What makes a spreadsheet compute a cell instead of showing it; the last four are their wide forms.
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
LONGEST = 2000
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def shown(text: str) -> str:
    """Text with every character that is not seen, such as terminal codes and changes of direction, spelled out."""
    cut = text if len(text) <= LONGEST else text[:LONGEST] + " ..."
    if cut.isprintable():
        return cut
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in cut)


def cell(value: object) -> object:
    """A value for a CSV file: text that a spreadsheet would take for a formula gets an apostrophe in front."""
    if not isinstance(value, str):
        return value
    text = shown(value)
    return f"'{text}" if text.lstrip().startswith(FORMULA) else text


def file_names(names: Iterable[str]) -> dict[str, str]:
    """For each name one that a file may have on every system, without an ending.

    A name of plain letters, digits, dots, hyphens and underscores stays as it is. Any other gets eight digits of its
    SHA-256; so do names that differ in upper and lower case alone.
    """
    names = list(names)
    lower = [name.casefold() for name in names]
    return {name: _file_name(name, lower.count(name.casefold()) > 1) for name in names}


def _file_name(name: str, shared: bool) -> str:
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", ascii_only)[:80].strip(".")
    if plain == name and plain and not shared and not RESERVED.fullmatch(plain) and not plain.startswith("-"):
        return plain
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{plain.lstrip('-') or 'name'}-{digits}" if not RESERVED.fullmatch(plain) else f"name-{plain}-{digits}"


def write_csv(path: Path, rows: Iterable[Sequence[object]], encoding: str = "utf-8") -> None:
    """Write rows of cells, each made harmless, whole or not at all."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerows([cell(value) for value in row] for row in rows)
    write(path, buffer.getvalue(), encoding)


def write(path: Path, text: str, encoding: str = "utf-8") -> None:
    """Write a file, whole or not at all. Raises UserError when its folder cannot be written to."""
    with written_atomically(path) as temporary:
        temporary.write_bytes(text.encode(encoding, "backslashreplace"))
