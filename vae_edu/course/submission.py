"""A submission: a folder of files that somebody else wrote, read without trusting any of them."""

import hashlib
import os
import stat
from pathlib import Path

from vae_edu.course.findings import Category, Finding
from vae_edu.errors import UserError

MAX_SOURCE = 256 * 2**10


class Submission:
    """The folder of one student's work. Nothing in it is imported or executed here."""

    def __init__(self, folder: Path) -> None:
        """Raises UserError when there is no such folder."""
        if not folder.is_dir():
            raise UserError(f"there is no folder {folder}; name the folder that holds the handed-in .py files.")
        self.folder = folder
        self.name = folder.resolve().name

    def source(self, file: str) -> str:
        """The text of one file of the catalog. Raises Finding when it is missing or no ordinary text file."""
        try:
            return self._read(file).decode("utf-8-sig")  # Windows editors begin a file with a mark that Python skips
        except FileNotFoundError:
            raise Finding(Category.NOT_ATTEMPTED, f"the submission has no file {file}.") from None
        except UnicodeDecodeError:
            raise Finding(Category.IMPORT_ERROR, f"{file} cannot be read as text in UTF-8.") from None
        except OSError:
            raise Finding(Category.IMPORT_ERROR, f"{file} is not a text file of its own that can be read.") from None

    def digest(self, file: str) -> str | None:
        """Hexadecimal SHA-256 of one file, None where it cannot be read."""
        try:
            return hashlib.sha256(self._read(file)).hexdigest()
        except (OSError, Finding):
            return None

    def _read(self, file: str) -> bytes:
        content = read_ordinary(self.folder / file)
        if len(content) > MAX_SOURCE:
            raise Finding(Category.TOO_BIG, f"{file} is larger than {MAX_SOURCE // 1024} KiB.")
        return content


def read_ordinary(path: Path) -> bytes:
    """The beginning of a file, one byte more than MAX_SOURCE where there is more.

    Raises OSError for what is no ordinary file of its own: a link, a pipe, a device, a folder.
    """
    # O_NONBLOCK: opening a named pipe must not wait for somebody to write into it.
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(handle, "rb") as opened:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise OSError("not an ordinary file")
        return opened.read(MAX_SOURCE + 1)
