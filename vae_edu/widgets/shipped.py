"""The files that widgets in a page may ask for, by name: the parts that a pretrained model has, NAME.encoder and
NAME.decoder, NAME.condition where the decoder has layers for one, NAME.network of a regressor; and what was recorded in
data/, which goes first.

A page loads each once, however many widgets use it.
"""

from pathlib import Path

from vae_edu.errors import UserError

CHECKPOINTS = Path(__file__).parents[1] / "checkpoints"
DATA = Path(__file__).parent / "data"
_PARTS = ("condition", "decoder", "encoder", "network")


def shipped_names() -> list[str]:
    """All names, sorted. That a network is of a kind that pages can draw is found out when it is asked for."""
    models = [path.stem for path in CHECKPOINTS.glob("*.safetensors")]
    networks = [f"{model}.{part}" for model in models for part in _PARTS]
    return sorted({*networks, *(path.stem for path in DATA.glob("*.safetensors"))})


def check_names(*names: str) -> None:
    """Raises UserError for a name that is not shipped, with those of its kind."""
    for name in set(names) - set(shipped_names()):
        model, _, kind = name.rpartition(".")
        models = [known.removesuffix(f".{kind}") for known in shipped_names() if known.endswith(f".{kind}")]
        raise UserError(f"no {kind} of {model!r} is shipped; choose one of: {', '.join(models)}.")


def shipped(name: str) -> bytes:
    """The file of that name, a safetensors file. Raises UserError when there is none."""
    check_names(name)
    recorded = DATA / f"{name}.safetensors"
    return recorded.read_bytes() if recorded.exists() else _network(name)


def _network(name: str) -> bytes:
    from vae_edu.checkpoints import load_pretrained
    from vae_edu.widgets.networks import pack_condition, pack_decoder, pack_encoder

    model_name, _, part = name.rpartition(".")
    packs = {"condition": pack_condition, "decoder": pack_decoder, "encoder": pack_encoder, "network": pack_decoder}
    model = load_pretrained(model_name)
    network = getattr(model, "decoder" if part == "condition" else part, None)
    if network is None:
        raise UserError(f"{model_name!r} is a {type(model).__name__} and has no {part}.")
    return packs[part](network)


def last_change() -> float:
    """When the last of the files, from which `shipped` takes or makes what it gives, was changed."""
    places = (DATA, CHECKPOINTS, Path(__file__).parent)
    return max(path.stat().st_mtime for place in places for path in place.glob("*.*"))
