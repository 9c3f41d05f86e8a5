"""The catalog: what is about an exercise rather than in it, read from `exercises/catalog.yml`."""

from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from vae_edu.errors import UserError

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where it is built in
DIFFICULTIES = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Exercise:
    """One exercise; `equation` and `tags` hold one or more names, `hints` three of growing weight.

    `function` names what to write, a function or a class; `forbidden` what an answer should do without.
    """

    id: str
    title: str
    points: int
    minutes: int
    difficulty: str
    equation: tuple[str, ...]
    file: str
    function: str
    hints: tuple[str, ...]
    tags: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ("torch.distributions",)


Catalog = dict[str, Exercise]


def load_catalog(path: Path) -> Catalog:
    """The exercises of a catalog by id, in the file's order.

    Raises UserError, naming exercise and field, when the file is missing or an entry is not as it should be.
    """
    try:
        loader = LOADER(path.read_text(encoding="utf-8"))
        root = loader.get_single_node()
        entries = loader.construct_document(root) if root else {}
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} could not be read ({error}); it lists the course's exercises.") from None
    except yaml.YAMLError as error:
        raise UserError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(root, yaml.MappingNode):
        raise UserError(f"{path} should map exercise ids such as ch03.log_normal to their entries.")
    ids = [key.value for key, _ in root.value]
    if repeated := {key for key in ids if ids.count(key) > 1}:
        raise UserError(f"{path} has {', '.join(sorted(repeated))} twice; every exercise needs an id of its own.")
    return {key: _exercise(path, key, entry) for key, entry in entries.items()}


def _exercise(path: Path, key: Any, entry: Any) -> Exercise:
    where = f"{path}, exercise {key}"
    if not isinstance(entry, dict):
        raise UserError(f"{where}: expected fields such as title and points, got {entry!r}.")
    known = [field.name for field in fields(Exercise) if field.name != "id"]
    required = [field.name for field in fields(Exercise) if field.default is MISSING and field.name != "id"]
    if missing := [name for name in required if name not in entry]:
        raise UserError(f"{where}: {', '.join(missing)} missing; an exercise needs {', '.join(required)}.")
    if unknown := [str(name) for name in entry if name not in known]:
        raise UserError(f"{where}: unknown field {', '.join(unknown)}; the fields are {', '.join(known)}.")
    exercise = Exercise(id=key, **{name: _value(where, name, value) for name, value in entry.items()})
    _check(where, exercise)
    return exercise


def _value(where: str, name: str, value: Any) -> Any:
    """A field's value in its type; one text may stand for a list of one."""
    if name in ("points", "minutes"):
        if type(value) is not int or value <= 0:
            raise UserError(f"{where}: {name} should be a whole number above 0, got {value!r}.")
        return value
    if name in ("equation", "hints", "tags", "forbidden"):
        texts = [value] if isinstance(value, str) else value
        if not (isinstance(texts, list) and texts and all(isinstance(text, str) and text.strip() for text in texts)):
            raise UserError(f"{where}: {name} should be a text or a list of texts, got {value!r}.")
        return tuple(text.strip() for text in texts)
    if not (isinstance(value, str) and value.strip()):
        raise UserError(f"{where}: {name} should be a text, got {value!r}.")
    return value


def _check(where: str, exercise: Exercise) -> None:
    chapter, _, name = exercise.id.partition(".")
    if not exercise.file.startswith(f"{chapter}_") or Path(exercise.file).name != exercise.file:
        raise UserError(f"{where}: file should be the name of a file {chapter}_*.py, got {exercise.file!r}.")
    if exercise.function != name:
        raise UserError(f"{where}: function should be {name!r} as in the id, got {exercise.function!r}.")
    if exercise.difficulty not in DIFFICULTIES:
        raise UserError(f"{where}: difficulty should be {', '.join(DIFFICULTIES)}, got {exercise.difficulty!r}.")
    if len(exercise.hints) != 3:
        raise UserError(f"{where}: hints should be three, from nudge to near-answer; there are {len(exercise.hints)}.")
