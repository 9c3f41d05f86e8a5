"""Formulas on the screen are typeset before all others; see typeset.js."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

SCRIPT = Path(__file__).with_suffix(".js")


def add_script(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Inline and after Sphinx's own configuration of MathJax, which is inline too and has priority 500."""
    app.add_js_file(None, body=SCRIPT.read_text(encoding="utf-8"), priority=600)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("html-page-context", add_script)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
