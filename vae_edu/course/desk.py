"""Where a student works: the folder with the exercises, and the exercises that a command names."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from vae_edu.course.catalog import Catalog, Exercise
from vae_edu.errors import UserError

CATALOG = "catalog.yml"


def exercises_folder(named: Path | None = None) -> Path:
    """The folder with the exercises: the one named, else here or above, itself or its folder `exercises`.

    Raises UserError where there is none.
    """
    places = [named] if named else [Path.cwd(), *Path.cwd().parents]
    for place in places:
        for folder in (place, place / "exercises"):
            if (folder / CATALOG).is_file():
                return folder
    where = f"in {named}" if named else f"in {Path.cwd()} or above it"
    raise UserError(
        f"there are no exercises {where}: no file {CATALOG}. Go to the course's folder, or name it: --exercises DIR."
    )


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
    """The exercise with this id. Raises UserError as `chosen` does, and for a chapter, naming its exercises."""
    if members := [exercise.id for exercise in catalog.values() if chapter(exercise) == name]:
        raise UserError(f"{name} is a chapter; name one of its exercises: {', '.join(members)}.")
    if name not in catalog:
        raise UserError(f"there is no exercise {name!r}; {_nearest(catalog, name)}")
    return catalog[name]


def _nearest(catalog: Catalog, name: str) -> str:
    # Whoever leaves the chapter out, or its zero, or writes a dash, means the exercise all the same.
    meant = {key: exercise.id for exercise in catalog.values() for key in (exercise.id, exercise.function)}
    meant |= {chapter(exercise): chapter(exercise) for exercise in catalog.values()}
    near = get_close_matches(re.sub(r"^ch(?=\d\b)", "ch0", name.replace("-", "_")), meant, n=1)
    return f"do you mean {meant[near[0]]}?" if near else f"the exercises are {', '.join(catalog)}."
