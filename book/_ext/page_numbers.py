"""The numbers of equations, figures, listings and exercises, read from the pages' sources as Sphinx gives them.

Pure Python without Sphinx; tests/book/test_notebooks.py compares them with those of the built pages.
"""

import re
from itertools import count
from pathlib import Path

from equations import chapter_number, read_equations, read_pages

# In a page's order: a labelled equation, and what has a caption, with its name if it has one.
EQUATION = re.compile(r"^\$\$ *\((?P<label>[\w-]+)\)|^\$\$.+\$\$ *\((?P<inline>[\w-]+)\)", re.MULTILINE)
FENCE = re.compile(
    r"^(?P<mark>`{3,}|:{3,})\{(?P<kind>[\w:-]+)\}(?P<argument>[^\n]*)\n(?P<body>.*?)^(?P=mark) *$", re.M | re.S
)
NAME = re.compile(r"^ *:?name: *(?P<name>[\w-]+) *$", re.MULTILINE)
CAPTION = re.compile(r"^ *:?caption:", re.MULTILINE)


def page_numbers(root: Path) -> dict[str, str]:
    """What a reference to each label shows: "K13 (10)", "(2.1)", "Figure 2.1", "Listing 2.1", "Exercise 3.1"."""
    equations = {equation.label: equation.id for equation in read_equations(root / "book/equations.yml").values()}
    found: dict[str, str] = {}
    for page in read_pages(root / "book/_toc.yml"):
        path = root / f"book/{page}.md"
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        prefix = f"{number}." if (number := chapter_number(page)) else ""
        own = count(1)
        for match in EQUATION.finditer(text):
            label = match["label"] or match["inline"]
            found[label] = equations.get(label) or f"({prefix}{next(own)})"
        found |= captioned(text, prefix, equations)
    return found


def captioned(text: str, prefix: str, equations: dict[str, str]) -> dict[str, str]:
    """Figures, listings, exercises and algorithms of one page, each kind counted by itself."""
    counts = {kind: count(1) for kind in ("Figure", "Listing", "Exercise")}
    found = {}
    for fence in FENCE.finditer(text):
        kind = kind_of(fence)
        if kind:
            number = f"{kind} {prefix}{next(counts[kind])}"
            name = NAME.search(fence["body"])
            if kind == "Exercise":
                found["ex-" + fence["argument"].strip().replace(".", "-").replace("_", "-")] = number
            elif name:
                found[name["name"]] = number
        elif fence["kind"] == "prf:algorithm" and (label := re.search(r"^:label: *(\S+)", fence["body"], re.MULTILINE)):
            found[label[1]] = equations.get(label[1], fence["argument"].strip())
    return found


def kind_of(fence: re.Match[str]) -> str | None:
    """What a directive is numbered as; cells and included code only with a caption."""
    if fence["kind"] in ("figure", "vae-widget"):
        return "Figure"
    if fence["kind"] == "course-exercise":
        return "Exercise"
    if fence["kind"] in ("code-cell", "literalinclude", "code-block") and CAPTION.search(fence["body"]):
        return "Figure" if fence["kind"] == "code-cell" else "Listing"
    return None
