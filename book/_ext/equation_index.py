"""The `{equation-index}` directive: every equation with its chapter, code, tests, live checks and exercises."""

import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from equation_survey import Survey, book_labels, checking_cells, survey
from equations import PAPERS, Equation, chapter_number
from live_checks import anchor
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PAGE = "equation_index"
SOURCES = ("vae_edu/**/*.py", "tests/**/test_*.py", "exercises/catalog.yml", "book/*.yml")
HEAD = ["Equation", "What it says", "Chapter", "Code", "Tests", "Live check", "Exercises"]


class EquationIndex(SphinxDirective):
    """Written as MyST, so that links are resolved like any other."""

    def run(self) -> list[nodes.Node]:
        found = survey(Path(self.env.srcdir).parent)
        return self.parse_text_to_nodes("\n".join(markdown(found)), allow_section_headings=True)


def markdown(found: Survey) -> Iterator[str]:
    for paper, title in PAPERS.items():
        yield f"## {paper}: {title}\n"
        yield ":::{container} equation-index\n"
        yield "| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|"
        for equation in found.equations.values():
            if equation.paper == paper:
                yield "| " + " | ".join(cells(found, equation)) + " |"
        yield ":::\n"


def cells(found: Survey, equation: Equation) -> list[str]:
    page = found.chapters.get(equation.chapter)
    return [
        link(equation) if found.of(equation.id, "labels") else equation.id,
        equation.says.replace("|", "\\|"),
        f"[{equation.chapter}]({page}.md)" if page else f"{equation.chapter}, to come",
        code(found.of(equation.id, "functions")),
        code(found.of(equation.id, "tests")),
        ", ".join(live_check(equation, page) for page in found.of(equation.id, "cells")),
        code(found.of(equation.id, "exercises")),
    ]


def link(equation: Equation) -> str:
    if "algorithm" in equation.id:
        return f"{{prf:ref}}`{equation.id} <{equation.label}>`"
    return f"{{eq}}`{equation.label}`"


def live_check(equation: Equation, page: str) -> str:
    return f'<a href="{page}.html#{anchor(equation.id)}">{chapter_number(page)}</a>'


def code(names: list[str]) -> str:
    """Names one below the other; long ones break after a dot or an underscore."""
    breakable = [re.sub(r"([._])", r"\1<wbr>", name) for name in names]
    return "".join(f"<code>{name}</code>" for name in breakable)


def outdated(app: Sphinx, env: object, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """The index depends on every source of the project: read them anew when any of them is not what it was."""
    root = Path(app.srcdir).parent
    sources = sorted((str(path), path.stat().st_mtime_ns) for pattern in SOURCES for path in root.glob(pattern))
    mentions = [*book_labels(root), *(mention for _, mention in checking_cells(root))]
    state = (sources, [(mention.identifier, mention.path) for mention in mentions])
    fresh = getattr(app.env, "equation_sources", None) == state
    app.env.equation_sources = state  # type: ignore[attr-defined]
    return [] if fresh or PAGE not in app.env.all_docs else [PAGE]


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("equation-index", EquationIndex)
    app.connect("env-get-outdated", outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
