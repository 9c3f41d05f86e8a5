"""Choose a step size as K13 did: from a few candidates, by how far training comes in its first moments."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path

from vae_edu.errors import UserError
from vae_edu.files import written_atomically

CANDIDATES = (0.01, 0.02, 0.1)  # K13 §5


def choose_step_size(
    trial: Callable[[float], float], state: Path, candidates: Iterable[float] = CANDIDATES
) -> tuple[float, dict[str, float | None]]:
    """The candidate whose `trial` ends highest, and what each came to; None where training broke.

    Trials are remembered beside `state`, so that a training that is resumed does not try again.
    """
    memory = state.with_suffix(".steps.json")
    if memory.exists():
        found = json.loads(memory.read_text(encoding="utf-8"))
    else:
        found = {str(step): _attempt(trial, step) for step in candidates}
        with written_atomically(memory) as temporary:
            temporary.write_text(json.dumps(found), encoding="utf-8")
    best = max(found, key=lambda step: float("-inf") if found[step] is None else found[step])
    return float(best), found


def _attempt(trial: Callable[[float], float], step: float) -> float | None:
    try:
        return round(trial(step), 2)
    except UserError as error:
        if "finite" not in str(error):
            raise
        return None
