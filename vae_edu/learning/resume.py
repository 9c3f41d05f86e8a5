"""The state of a run on disk: everything the next epoch depends on, so that a killed run goes on unharmed."""

import pickle
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch

from vae_edu.errors import UserError
from vae_edu.files import written_atomically


@runtime_checkable
class Stateful(Protocol):
    """A module or an optimizer."""

    def state_dict(self) -> dict[str, Any]:
        """Everything to save."""

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any:
        """Take up what was saved."""


def save_state(
    path: Path,
    parts: dict[str, Stateful],
    generator: torch.Generator,
    records: list[dict[str, float]],
    settings: dict[str, Any],
) -> None:
    """Write the state in one piece: a reader finds the last epoch's or this one's, never half of either."""
    state = {
        "parts": {name: part.state_dict() for name, part in parts.items()},
        "generator": generator.get_state(),
        "records": records,
        "settings": settings,
    }
    with written_atomically(path) as temporary:
        torch.save(state, temporary)


def load_state(
    path: Path, parts: dict[str, Stateful], generator: torch.Generator, settings: dict[str, Any]
) -> list[dict[str, float]]:
    """Put every part back to where the run stood, and return the records of its epochs; [] if nothing was saved.

    Raises UserError if the file is damaged, or belongs to a run of another model, with other settings or on another
    kind of device.
    """
    if not path.exists():
        return []
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        saved = state["settings"]
    except (RuntimeError, EOFError, KeyError, pickle.UnpicklingError, OSError):
        raise UserError(f"{path} is not a saved run or is damaged; delete it to start the run anew.") from None
    changed = sorted(name for name in settings | saved if settings.get(name) != saved.get(name))
    if changed:
        details = ", ".join(f"{name} was {saved.get(name)} and is now {settings.get(name)}" for name in changed)
        raise UserError(f"{path} belongs to a run with other settings ({details}); use those, or delete the file.")
    try:
        for name, part in parts.items():
            part.load_state_dict(state["parts"][name])
    except (KeyError, RuntimeError, ValueError):
        raise UserError(f"{path} was saved by a run of another model; delete it, or name another file.") from None
    try:
        generator.set_state(state["generator"])
    except RuntimeError:
        raise UserError(
            f"{path} was saved by a run on another kind of device, whose noise cannot go on on this one "
            f"({generator.device.type}); name that device, or delete the file."
        ) from None
    return state["records"]
