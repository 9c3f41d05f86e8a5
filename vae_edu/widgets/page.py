"""Widgets in pages without Python: the place where one goes, and the files it needs."""

import base64
from html import escape
from pathlib import Path

from vae_edu.widgets.bundle import runtime_for_page, script_for_page, stylesheet, widget_names
from vae_edu.widgets.plane import plane_names, recorded_plane

MARK = "data-vae-widget="  # what a page that needs the runtime contains


def mount(widget: str, alt: str, data: str | bytes) -> str:
    """HTML of the place a widget will fill: `data` is the name of shipped data, or the data themselves.

    `alt` says in words what is to be seen: for those who cannot see it, and for all while scripts are off.
    """
    if isinstance(data, str):
        source, inline = f' data-vae-data="{escape(data)}"', ""
    else:
        source, inline = "", f'<script type="text/plain" class="vae-data">{_base64(data)}</script>'
    return (
        f'<div class="vae-widget" {MARK}"{escape(widget)}"{source} role="group" aria-label="{escape(alt)}">'
        f"{inline}<noscript><p>{escape(alt)}</p></noscript></div>"
    )


def write_assets(folder: Path) -> None:
    """Write the runtime, every widget's script, the style sheet and every shipped data set into `folder`."""
    widgets = widget_names()
    texts = {"runtime.js": runtime_for_page(), "widgets.css": stylesheet(*widgets)}
    texts |= {f"{widget}.js": script_for_page(widget) for widget in widgets}
    texts |= {f"{name}.data.js": _data_script(name) for name in plane_names()}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def _data_script(name: str) -> str:
    return f'vaeEdu.register("{name}", "{_base64(recorded_plane(name))}");\n'


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
