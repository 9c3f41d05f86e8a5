"""The API reference: autodoc's signatures, our docstrings, and links: equations to chapters, code in chapters to here.

    ```{api}
    gaussians
    models.*
    ```

describes modules of `vae_edu`, one section each. In a docstring `K13 (10)` becomes a link to the derivation and
`code` in backquotes stays code; below each `literalinclude` of a chapter stands a link to the entry.
"""

import re
from pathlib import Path

from docutils import nodes
from equations import IDENTIFIER, label, read_equations
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.directives.code import LiteralInclude
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).parents[2]
PACKAGE = "vae_edu"
UNDESCRIBED = ("slips",)  # the usual wrong answers to exercises, known to the checks alone


class Api(SphinxDirective):
    """A section for each module named, `package.*` being all modules of a package."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        modules = [name for pattern in self.content for name in expand(pattern)]
        return self.parse_text_to_nodes("\n".join(map(section, modules)), allow_section_headings=True)


def expand(pattern: str) -> list[str]:
    """The modules that a line of the directive names, by their full names."""
    if not pattern.endswith(".*"):
        return [f"{PACKAGE}.{pattern}"]
    name = pattern.removesuffix(".*")
    folder = ROOT / PACKAGE / name.replace(".", "/")
    found = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
    found += [path.parent.name for path in folder.glob("*/__init__.py") if path.parent.name not in UNDESCRIBED]
    return [f"{PACKAGE}.{name}.{module}" for module in sorted(found)]


def pages_of_modules(book: Path) -> dict[str, str]:
    """The page that describes each module, by the module's name within the package; longer names first."""
    pages = {}
    for page in book.glob("api_*.md"):
        for block in re.findall(r"^```\{api\}\n(.*?)^```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
            names = [name for pattern in block.split() for name in expand(pattern)]
            pages |= {name.removeprefix(f"{PACKAGE}."): page.stem for name in names}
    return dict(sorted(pages.items(), key=lambda entry: -len(entry[0])))


def section(module: str) -> str:
    return (
        f"## `{module.removeprefix(PACKAGE + '.')}`\n\n```{{eval-rst}}\n.. automodule:: {module}\n   :members:\n```\n"
    )


def as_rst(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Docstrings are plain text with `code` and equations' identifiers; escape what RST would read otherwise."""
    known = read_equations(Path(app.srcdir) / "equations.yml")
    for number, line in enumerate(lines):
        parts = re.split(r"(`+[^`]+`+)", line)
        parts[::2] = [linked(re.sub(r"([*|\\]|\b\w*_(?!\w))", r"\\\1", part), known) for part in parts[::2]]
        parts[1::2] = [f"``{part.strip('`')}``" for part in parts[1::2]]
        lines[number] = "".join(parts)


def without_catch_all(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """No `(*args, **kwargs)` for a protocol, which nobody makes, or a widget, which takes what its traits are."""
    return ("" if what == "class" and signature and signature.startswith("(*args") else signature), returns


def linked(text: str, known: dict) -> str:
    def link(match: re.Match[str]) -> str:
        if match[0] not in known or "algorithm" in match[0]:
            return match[0]
        return f":eq:`{label(match[0])}`"

    return IDENTIFIER.sub(link, text)


class LinkedInclude(LiteralInclude):
    """`literalinclude` with a link to the reference below what it shows of the package."""

    def run(self) -> list[nodes.Node]:
        shown = super().run()
        if "pyobject" not in self.options or not self.arguments[0].startswith(f"../{PACKAGE}/"):
            return shown
        module = self.arguments[0].removeprefix("../").removesuffix(".py").replace("/", ".")
        target = f"{module}.{self.options['pyobject']}"
        link = addnodes.pending_xref(
            "", nodes.inline("", "in the reference"), refdomain="py", reftype="obj", reftarget=target, refwarn=False
        )
        where = nodes.literal("", f"{module.removeprefix(PACKAGE + '.')}.{self.options['pyobject']}")
        return [*shown, nodes.paragraph("", "", where, nodes.Text(", "), link, classes=["in-reference"])]


def setup(app: Sphinx) -> dict[str, bool]:
    app.setup_extension("sphinx.ext.autodoc")
    app.add_directive("api", Api)
    app.add_directive("literalinclude", LinkedInclude, override=True)
    app.connect("autodoc-process-docstring", as_rst)
    app.connect("autodoc-process-signature", without_catch_all)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
