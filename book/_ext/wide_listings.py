"""Code that is longer than a line of the page takes the margin too, where there is one.

The class `full-width` is the theme's: it folds the page's contents away while such a block is on the screen. How wide
"full" is, `book.css` says.
"""

from docutils import nodes
from sphinx.application import Sphinx

COLUMNS = 88  # what a line of the page holds at 1280 pixels
FLOWING = (nodes.document, nodes.section, nodes.container)  # not in boxes and lists, whose frame it would leave


def mark(app: Sphinx, document: nodes.document) -> None:
    for block in document.findall(nodes.literal_block):
        widest = max(map(len, block.astext().splitlines()), default=0)
        if widest > COLUMNS and all(isinstance(parent, FLOWING) for parent in ancestors(block)):
            block["classes"].append("full-width")


def ancestors(node: nodes.Node) -> list[nodes.Node]:
    return [node.parent, *ancestors(node.parent)] if node.parent else []


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", mark)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
