"""The list of the papers' equations, and the rules that tie an identifier to a label and a page to a chapter.

Pure Python without Sphinx: extensions and tests read `book/equations.yml` through this module.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

IDENTIFIER = re.compile(r"\b(?:K13|D16) (?:\(\d+\)|App\. [A-Z]\b|§\d+(?:\.\d+)*|algorithm \d+)")
PAPERS = {
    "K13": "Kingma & Welling, Auto-Encoding Variational Bayes",
    "D16": "Doersch, Tutorial on Variational Autoencoders",
}


@dataclass(frozen=True)
class Equation:
    """One entry of `book/equations.yml`."""

    id: str
    chapter: int
    says: str

    @property
    def paper(self) -> str:
        return self.id[:3]

    @property
    def label(self) -> str:
        return label(self.id)


def label(identifier: str) -> str:
    """The book's label of an equation: `K13 (10)` is `eq-k13-10`, `K13 §2.2` is `eq-k13-s2-2`."""
    return "eq-" + re.sub(r"[^a-z0-9]+", "-", identifier.lower().replace("§", "s")).strip("-")


def read_equations(path: Path) -> dict[str, Equation]:
    """All equations of the list by identifier, in the list's order."""
    entries = [entry for paper in yaml.safe_load(path.read_text(encoding="utf-8")).values() for entry in paper]
    return {entry["id"]: Equation(**entry) for entry in entries}


def chapter_number(page: str) -> int | None:
    """The chapter a page holds, by its name: `ch06_vae` is 6; None for front and back matter."""
    match = re.match(r"ch(\d+)_", page)
    return int(match[1]) if match else None


def read_pages(toc: Path) -> list[str]:
    """The book's pages in reading order, without suffix."""
    contents = yaml.safe_load(toc.read_text(encoding="utf-8"))
    return [contents["root"], *(entry["file"] for part in contents["parts"] for entry in part["chapters"])]
