"""The `{equation-index}` directive: every equation with its chapter, code, tests, live checks and exercises."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from api_reference import PACKAGE, pages_of_modules
from course_exercise import exercise_label
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
        found, modules = survey(Path(self.env.srcdir).parent), pages_of_modules(Path(self.env.srcdir))
        return self.parse_text_to_nodes("\n".join(markdown(found, modules)), allow_section_headings=True)


def markdown(found: Survey, modules: dict[str, str]) -> Iterator[str]:
    for paper, title in PAPERS.items():
        yield f"## {paper}: {title}\n"
        yield ":::{container} equation-index\n"
        yield "| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|"
        for equation in found.equations.values():
            if equation.paper == paper:
                yield "| " + " | ".join(cells(found, modules, equation)) + " |"
        yield ":::\n"


def cells(found: Survey, modules: dict[str, str], equation: Equation) -> list[str]:
    page = found.chapters.get(equation.chapter)
    return [
        link(equation) if found.of(equation.id, "labels") else equation.id,
        equation.says.replace("|", "\\|"),
        f"[{equation.chapter}]({page}.md)" if page else f"{equation.chapter}, to come",
        code(found.of(equation.id, "functions"), partial(in_the_reference, modules)),
        code(found.of(equation.id, "tests")),
        ", ".join(live_check(equation, page) for page in found.of(equation.id, "cells")),
        code(found.of(equation.id, "exercises"), partial(in_a_chapter, found.chapters)),
    ]


def link(equation: Equation) -> str:
    if "algorithm" in equation.id:
        return f"{{prf:ref}}`{equation.id} <{equation.label}>`"
    return f"{{eq}}`{equation.label}`"


def live_check(equation: Equation, page: str) -> str:
    return f'<a href="{page}.html#{anchor(equation.id)}">{chapter_number(page)}</a>'


def code(names: list[str], address: Callable[[str], str | None] = lambda name: None) -> str:
    """Names one below the other, links where they have an address; long ones break after a dot or an underscore."""
    shown = []
    for name in names:
        breakable, to = re.sub(r"([._])", r"\1<wbr>", name), address(name)
        shown.append(f'<a href="{to}"><code>{breakable}</code></a>' if to else f"<code>{breakable}</code>")
    return "".join(shown)


def in_the_reference(modules: dict[str, str], name: str) -> str | None:
    """Where the API reference describes `gaussians.kl_full`; private names have no entry."""
    module = next((module for module in modules if name.startswith(f"{module}.")), None)
    if module is None or "._" in name:
        return None
    return f"{modules[module]}.html#{PACKAGE}.{name}"


def in_a_chapter(chapters: dict[int, str], name: str) -> str | None:
    """Where exercise `ch02.bound` stands."""
    page = chapters.get(chapter_number(name.replace(".", "_")) or 0)
    return page and f"{page}.html#{exercise_label(name)}"


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
