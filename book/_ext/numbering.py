"""Numbers as papers and chapters have them: equations by the paper's, the rest by chapter and count.

Sphinx numbers equations by page and figures through the whole book. Here an equation labelled `eq-k13-10`
shows "(K13 10)" in the margin and is cited as "K13 (10)"; any other labelled equation, figure, table or
exercise of chapter 6 is 6.1, 6.2 and so on, so that a number stays what it is when another chapter grows.
"""

from itertools import count
from pathlib import Path

from docutils import nodes
from equations import chapter_number, read_equations
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

Numbers = dict[str, dict[str, dict[str, tuple[int, ...]]]]


def number_equations(app: Sphinx, document: nodes.document) -> None:
    """Replace Sphinx's running numbers, in the page and where references look them up."""
    docname = app.env.docname
    identifiers = {e.label: e.id for e in read_equations(Path(app.srcdir) / "equations.yml").values()}
    registry = app.env.get_domain("math").equations
    chapter = chapter_number(docname)
    own = (f"{chapter}.{n}" if chapter else str(n) for n in count(1))
    for node in document.findall(nodes.math_block):
        if node.get("number") is None:
            continue
        identifier = identifiers.get(node["label"])
        shown = identifier or f"({next(own)})"
        node["number"] = shown.replace("(", "").replace(")", "")
        registry[node["label"]] = (docname, shown)


def restore_figure_numbers(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give Sphinx back the numbers it made last time: it rewrites only pages whose numbers changed."""
    env.toc_fignumbers = getattr(env, "running_fignumbers", {})
    return []


def number_figures(app: Sphinx, env: BuildEnvironment) -> list[str]:
    env.running_fignumbers = env.toc_fignumbers
    env.toc_fignumbers = by_chapter(env.running_fignumbers)
    return []


def by_chapter(running: Numbers) -> Numbers:
    """Count every kind of figure anew on each page, behind the chapter's number where there is one."""

    def prefix(docname: str) -> tuple[int, ...]:
        chapter = chapter_number(docname)
        return (chapter,) if chapter else ()

    return {
        docname: {
            kind: {id_: (*prefix(docname), n) for n, id_ in enumerate(sorted(ids, key=ids.__getitem__), 1)}
            for kind, ids in kinds.items()
        }
        for docname, kinds in running.items()
    }


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", number_equations)
    # Sphinx assigns figure numbers at the default priority 500 of this event.
    app.connect("env-get-updated", restore_figure_numbers, priority=400)
    app.connect("env-get-updated", number_figures, priority=600)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
