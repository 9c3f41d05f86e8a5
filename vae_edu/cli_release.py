"""`vae-edu release`: the student edition, and what was made."""

from pathlib import Path

from vae_edu.cli_text import say, waiting
from vae_edu.course.desk import exercises_folder
from vae_edu.course.release import release as write

BUILT = Path("_build/html")


def release(folder: Path, book: Path | None, with_book: bool) -> None:
    """Write the edition of the course here or above to `folder`, and say what it holds."""
    project = exercises_folder(otherwise="").resolve().parent
    pages = (book or project / BUILT) if with_book else None
    with waiting("writing the edition, and looking for secrets in it …"):
        done = write(project, folder, pages)
    say(f"Student edition, {'with' if pages else 'without'} the book: {done.files:,} files.")
    say(f"None of {done.secrets:,} formulas and lines of answers, hidden checks and slips is in it.")
    say(f"  folder  {done.folder}")
    say(f"  zip     {done.archive}  ({done.archive.stat().st_size / 1e6:.1f} MB)")
    say(f"  SHA-256 of the zip  {done.digest}")
