"""HTML pages from templates: whatever is put into one is made visible and escaped."""

import functools
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from vae_edu.course.gradebook.text import shown


def page(name: str, **values: Any) -> str:
    """The page of a template, with these values."""
    return _environment().get_template(name).render(**values)


@functools.cache
def _environment() -> Environment:
    folder = files("vae_edu.course.gradebook") / "templates"
    templates = {entry.name: entry.read_text(encoding="utf-8") for entry in folder.iterdir() if entry.is_file()}
    environment = Environment(
        loader=DictLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["minute"] = lambda moment: str(moment)[:16].replace("T", " ")
    return environment


def _visible(value: Any) -> Any:
    """A value's text with its control characters spelled out; Jinja2 escapes markup after that."""
    return value if hasattr(value, "__html__") else shown(str(value))
