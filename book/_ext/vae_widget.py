"""The directive {vae-widget}: an interactive figure with a number, a caption and a text alternative.

    :::{vae-widget} latent-plane
    :data: two-latents
    :name: widget-latent-plane
    :alt: what is to be seen, in words
    The caption.
    :::

It calls the widget's function in `vae_edu.widgets`, here `latent_plane("two-latents")`; the words of `:data:`, where
there are any, are its arguments. Only pages that hold a widget, placed by this directive or by a code cell, load the
runtime and the style.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from vae_edu import widgets
from vae_edu.errors import UserError
from vae_edu.widgets import page
from vae_edu.widgets.bundle import widget_names


class widget_mount(nodes.General, nodes.Element):
    """The place a widget fills; its attribute `html` is that of a `Mount`."""


class VaeWidget(SphinxDirective):
    """Makes an ordinary figure whose picture is a widget, so that numbers and references come from Sphinx."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar = dict.fromkeys(("data", "name", "alt"), directives.unchanged_required)

    def run(self) -> list[nodes.Node]:
        widget, arguments = self.arguments[0], self.options.get("data", "").split()
        if widget not in widget_names():
            raise self.error(f"there is no widget {widget!r}; choose one of: {', '.join(widget_names())}.")
        if not self.options.get("alt") or not self.content:
            raise self.error("a widget needs :alt: (what is to be seen, in words) and a caption.")
        try:
            placed = getattr(widgets, widget.replace("-", "_"))(*arguments)
        except (UserError, TypeError) as error:
            raise self.error(f"{widget}: {error}") from error
        mount = widget_mount(html=replace(placed, alt=self.options["alt"]).html)
        figure = nodes.figure("", mount, *self._caption_and_legend(), classes=["vae-figure"])
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure]

    def _caption_and_legend(self) -> list[nodes.Node]:
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        first, *rest = parsed.children
        caption = nodes.caption(first.rawsource, "", *first.children)
        self.set_source_info(caption)
        return [caption, nodes.legend("", *rest)] if rest else [caption]


def visit_widget_mount(translator: Any, node: widget_mount) -> None:
    translator.body.append(node["html"])
    raise nodes.SkipNode


def write_assets(app: Sphinx) -> None:
    """Before any page is written, so that pages link to the files by checksum."""
    if app.builder.format == "html":
        page.write_assets(Path(app.outdir) / "_static" / "vae")


def write_data(app: Sphinx, error: Exception | None) -> None:
    """When all pages are there, the data that any of them asks for."""
    if app.builder.format == "html" and error is None:
        pages = (file.read_text(encoding="utf-8") for file in Path(app.outdir).glob("*.html"))
        page.write_data(Path(app.outdir) / "_static" / "vae", pages)


def load_where_needed(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    if page.MARK in context.get("body", ""):
        app.add_css_file("vae/widgets.css")
        app.add_js_file("vae/runtime.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(widget_mount, html=(visit_widget_mount, None))
    app.add_directive("vae-widget", VaeWidget)
    app.connect("builder-inited", write_assets)
    app.connect("html-page-context", load_where_needed)
    app.connect("build-finished", write_data)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
