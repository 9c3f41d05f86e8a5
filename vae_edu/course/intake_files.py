"""The files inside a submission, a folder or a zip: found by name, none of them unpacked, links not followed."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from vae_edu.course.intake_notes import hidden, shown
from vae_edu.course.submission import MAX_SOURCE, read_ordinary

MAX_ENTRIES = 5000  # the student edition with its book has a few hundred
MAX_DEPTH = 6
MAX_ARCHIVE = 100 * 2**20


class Unreadable(Exception):
    """A zip, or a file in it, that cannot be read."""


@dataclass(frozen=True)
class Item:
    """A file inside a submission, and how to read the beginning of it; None where it is no ordinary one."""

    path: PurePosixPath
    read: Callable[[], bytes | None]
    modified: float


def items(entry: Path, notes: list[str]) -> Iterator[Item]:
    """The files of a submission, those nearest to its top first."""
    status = entry.lstat()
    if stat.S_ISDIR(status.st_mode):
        found = _with_its_zip(entry, list(_walk(entry, notes)), notes)
    elif stat.S_ISREG(status.st_mode) and entry.suffix.lower() == ".zip":
        found = list(_members(entry, status, notes))
    else:
        notes.append(f"{shown(entry.name)} is neither a folder nor a zip; hand in a folder or a zip.")
        found = []
    yield from sorted(found, key=lambda item: (len(item.path.parts), item.path))


def _walk(top: Path, notes: list[str]) -> Iterator[Item]:
    """Files below a folder, links not followed; only so many, and only so deep."""
    seen, waiting = 0, [(top, 1)]
    while waiting:
        folder, depth = waiting.pop(0)
        for entry in _entries(folder, notes):
            seen += 1
            if seen > MAX_ENTRIES:
                notes.append(f"there are more than {MAX_ENTRIES} files; the others were not looked at.")
                return
            path = Path(entry.path)
            if not entry.is_dir(follow_symlinks=False):
                modified = entry.stat(follow_symlinks=False).st_mtime
                yield Item(PurePosixPath(path.relative_to(top)), partial(_ordinary, path), modified)
            elif depth < MAX_DEPTH and not hidden(entry.name):
                waiting.append((path, depth + 1))


def _with_its_zip(top: Path, found: list[Item], notes: list[str]) -> list[Item]:
    """The files of a folder and, where one zip lies on its top, as Moodle has it, those in that one."""
    zips = [item for item in found if item.path.suffix.lower() == ".zip" and len(item.path.parts) == 1]
    if len(zips) != 1 or not stat.S_ISREG((status := (top / zips[0].path).lstat()).st_mode):
        return found
    try:
        members = list(_members(top / zips[0].path, status, notes))
    except Unreadable:
        return found
    others = [item for item in found if item is not zips[0]]
    return [*others, *(replace(member, path=zips[0].path / member.path) for member in members)]


def _entries(folder: Path, notes: list[str]) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            yield from islice(entries, MAX_ENTRIES + 1)
    except OSError as error:
        notes.append(f"{shown(folder.name)} could not be opened ({error.strerror}).")


def _ordinary(path: Path) -> bytes | None:
    try:
        return read_ordinary(path)
    except OSError:
        return None


def _members(path: Path, status: os.stat_result, notes: list[str]) -> Iterator[Item]:
    """Files in a zip, by their names alone: no path in it is ever used to write."""
    if status.st_size > MAX_ARCHIVE:
        notes.append(f"the zip is larger than {MAX_ARCHIVE // 2**20} MiB and was not opened.")
        return
    with _a_zip(path) as archive:
        files = (member for member in archive.infolist() if member.filename and not member.is_dir())
        seen = (member for member in files if not any(map(hidden, {*_inside(member).parts[:-1]} - {".."})))
        members = list(islice(seen, MAX_ENTRIES + 1))
    if len(members) > MAX_ENTRIES:
        notes.append(f"there are more than {MAX_ENTRIES} files; the others were not looked at.")
    outside = 0
    for member in members[:MAX_ENTRIES]:
        inside = _inside(member)
        if inside.is_absolute() or ".." in inside.parts:
            outside += 1
        else:
            yield Item(inside, partial(_read_member, path, member), status.st_mtime)
    if outside:
        notes.append(f"{outside} path{'s' * (outside > 1)} in the zip would lead out of it; nothing there was read.")


def _inside(member: ZipInfo) -> PurePosixPath:
    return PurePosixPath(member.filename.replace("\\", "/"))


def _read_member(path: Path, member: ZipInfo) -> bytes | None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) or member.flag_bits & 1 or member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        return None
    with _a_zip(path) as archive, archive.open(member) as opened:
        return opened.read(MAX_SOURCE + 1)


@contextmanager
def _a_zip(path: Path) -> Iterator[ZipFile]:
    """An opened zip; whatever goes wrong inside the block is the archive's own fault."""
    try:
        with ZipFile(path) as archive:
            yield archive
    except Exception as error:  # on bytes that are no archive zipfile raises a dozen kinds
        raise Unreadable(str(error)) from None
