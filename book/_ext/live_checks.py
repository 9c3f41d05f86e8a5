"""Cells that check an equation: `:checks: [K13 (1), K13 (2)]` in a cell's options.

The page says above the cell what it checks, and the equation index links to that line.
"""

from collections.abc import Iterator

from docutils import nodes
from equations import label
from sphinx import addnodes
from sphinx.application import Sphinx


def announce(app: Sphinx, document: nodes.document) -> None:
    """Put a line in front of every checking cell; the first that names an equation is the index's target."""
    targets: set[str] = set()
    for cell in list(document.findall(nodes.container)):
        identifiers = cell.get("cell_metadata", {}).get("checks", [])
        if identifiers:
            line = nodes.paragraph("", "Checks ", *joined(identifiers), classes=["live-check"])
            line["ids"] = [target for identifier in identifiers if (target := anchor(identifier)) not in targets]
            targets.update(line["ids"])
            cell.parent.insert(cell.parent.index(cell), line)


def anchor(identifier: str) -> str:
    """Where the page's first check of an equation stands."""
    return label(identifier).replace("eq-", "check-", 1)


def joined(identifiers: list[str]) -> Iterator[nodes.Node]:
    for position, identifier in enumerate(identifiers):
        if position:
            yield nodes.Text(", ")
        if "algorithm" in identifier:
            yield nodes.Text(identifier)
        else:
            yield addnodes.pending_xref(
                "", nodes.inline("", identifier), refdomain="math", reftype="eq", reftarget=label(identifier)
            )


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", announce)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
