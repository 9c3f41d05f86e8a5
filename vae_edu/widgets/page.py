"""Widgets in pages without Python: the place where one goes, and the files it needs."""

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from vae_edu.widgets.bundle import runtime_for_page, script_for_page, stylesheet, widget_names
from vae_edu.widgets.shipped import last_change, shipped

MARK = "data-vae-widget="  # what a page that needs the runtime contains
_DATA = re.compile(r'data-vae-data="([^"]*)"')

Data = Sequence[str] | Mapping[str, bytes]


@dataclass(frozen=True)
class Mount:
    """The place a widget will fill, and what a code cell shows while the book is built: no Jupyter state, so no script
    from elsewhere.

    `alt` says in words what is to be seen: for those who cannot see it, and for all while scripts are off. `data` are
    names of shipped files, or files by name; `state` is what the widget begins with.
    """

    widget: str
    alt: str
    data: Data = ()
    state: Mapping[str, Any] = field(default_factory=dict)

    @property
    def html(self) -> str:
        """The element; with the files in it that are not shipped."""
        shipped_names, own = ("", self.data) if isinstance(self.data, Mapping) else (" ".join(self.data), {})
        attributes = {"vae-widget": self.widget, "vae-data": shipped_names, "vae-state": json.dumps(dict(self.state))}
        marks = " ".join(f'data-{name}="{escape(value)}"' for name, value in attributes.items() if value)
        files = "".join(
            f'<script type="text/plain" class="vae-data" data-name="{escape(name)}">{_base64(content)}</script>'
            for name, content in own.items()
        )
        return (
            f'<div class="vae-widget" {marks} role="group" aria-label="{escape(self.alt)}">'
            f"{files}<noscript><p>{escape(self.alt)}</p></noscript></div>"
        )

    def _repr_html_(self) -> str:
        return self.html


def write_assets(folder: Path) -> None:
    """Write the runtime, every widget's script and the style sheet into `folder`."""
    widgets = widget_names()
    texts = {"runtime.js": runtime_for_page(), "widgets.css": stylesheet(*widgets)}
    texts |= {f"{widget}.js": script_for_page(widget) for widget in widgets}
    _write(folder, texts)


def write_data(folder: Path, pages: Iterable[str]) -> None:
    """Write the shipped files that the pages, given as HTML, ask for; one newer than its sources stays."""
    names = {name for page in pages for listed in _DATA.findall(page) for name in listed.split()}
    changed = last_change()
    old = [name for name in names if not _newer(folder / f"{name}.data.js", changed)]
    _write(folder, {f"{name}.data.js": f'vaeEdu.register("{name}", "{_base64(shipped(name))}");\n' for name in old})


def _newer(path: Path, moment: float) -> bool:
    return path.exists() and path.stat().st_mtime > moment


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()
