"""The built book as students get it: its pages, and of pictures and downloads those that a page shows."""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from vae_edu.errors import UserError

# Earlier builds leave files in these folders.
SHOWN = re.compile(r"_(?:images|downloads)/[^\"'\s<>()?#]+")
NOTEBOOKS = "notebooks/"


def book_files(pages: Path, stubs: Mapping[str, str]) -> dict[str, bytes]:
    """The files of a folder of built pages, below book/, and its notebooks once more where they can be run.

    Raises UserError where the folder holds no book, or one with other exercises than `stubs`.
    """
    if not (pages / "index.html").is_file():
        raise UserError(
            f"there is no built book in {pages} (no index.html); `make book` builds it, --book names another folder, "
            "--no-book leaves it out."
        )
    found = {path.relative_to(pages).as_posix(): path for path in sorted(pages.rglob("*")) if path.is_file()}
    # What begins with a dot is the builder's own note about its work.
    files = {name: path.read_bytes() for name, path in found.items() if not Path(name).name.startswith(".")}
    html = "\n".join(text.decode("utf-8") for name, text in files.items() if name.endswith(".html"))
    shown = {unquote(name) for name in SHOWN.findall(html)}
    files = {name: text for name, text in files.items() if not SHOWN.match(name) or name in shown}
    _compare(pages, files, stubs)
    runnable = {name: text for name, text in files.items() if name.startswith(NOTEBOOKS)}
    return {f"book/{name}": text for name, text in files.items()} | runnable


def _compare(pages: Path, files: Mapping[str, bytes], stubs: Mapping[str, str]) -> None:
    for name, content in files.items():
        file = Path(name).name
        if name.startswith("_downloads/") and file in stubs and content != stubs[file].encode():
            raise UserError(
                f"the book in {pages} offers another {file} than this edition has: exercises/{file} was not its "
                "stub when the book was built. `make stubs` writes the stubs anew, then `make book` builds it."
            )
