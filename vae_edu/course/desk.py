"""Where a student works: the folder with the exercises, and the exercises that a command names."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from vae_edu.course.catalog import Catalog, Exercise
from vae_edu.errors import UserError

CATALOG = "catalog.yml"


def exercises_folder(named: Path | None = None, otherwise: str = ", or name it: --exercises DIR") -> Path:
    """The folder with the exercises: the one named, else here or above, itself or its folder `exercises`.

    Raises UserError where there is none; `otherwise` is what to do but to go there.
    """
    places = [named] if named else [Path.cwd(), *Path.cwd().parents]
    for place in places:
        for folder in (place, place / "exercises"):
            if (folder / CATALOG).is_file():
                return folder
    where = f"in {named}" if named else f"in {Path.cwd()} or above it"
    raise UserError(f"there are no exercises {where}: no file {CATALOG}. Go to the course's folder{otherwise}.")


def chapter(exercise: Exercise) -> str:
    """The chapter of an exercise, such as ch03."""
    return exercise.id.partition(".")[0]


def chosen(catalog: Catalog, names: Sequence[str]) -> list[Exercise]:
    """The exercises that ids and chapters name, in the catalog's order; all where none is named.

    Raises UserError for a name that is neither, and suggests the nearest.
    """
    known = {*catalog, *map(chapter, catalog.values())}
    for name in names:
        if name not in known:
            raise UserError(f"there is no exercise {name!r}; {_nearest(catalog, name)}")
    return [e for e in catalog.values() if not names or e.id in names or chapter(e) in names]


def one(catalog: Catalog, name: str) -> Exercise:
    """The exercise with this id. Raises UserError as `chosen` does, and for a chapter."""
    if within := [exercise.id for exercise in catalog.values() if chapter(exercise) == name]:
        raise UserError(f"{name} is a chapter; name one of its exercises: {', '.join(within)}.")
    if name not in catalog:
        raise UserError(f"there is no exercise {name!r}; {_nearest(catalog, name)}")
    return catalog[name]


def _nearest(catalog: Catalog, name: str) -> str:
    # Whoever leaves out the chapter or a zero, writes a dash or names the file means the exercise all the same.
    plain = re.sub(r"^ch(?=\d(?!\d))", "ch0", Path(name).name.replace("-", "_").lower())
    meant: dict[str, str] = {}
    for exercise in catalog.values():
        of_chapter = dict.fromkeys((exercise.file, chapter(exercise)), chapter(exercise))
        meant |= {exercise.id.lower(): exercise.id, exercise.function.lower(): exercise.id} | of_chapter
    near = get_close_matches(plain, meant, n=1)
    return f"do you mean {meant[near[0]]}?" if near else f"the exercises are {', '.join(catalog)}."
