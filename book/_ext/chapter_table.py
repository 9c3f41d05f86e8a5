"""The `{chapter-table}` directive: every chapter by part, with the question it answers, what it needs and its minutes.

All of it is read from the chapters' own first lines, so that the table says what the pages say.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import yaml
from docutils import nodes
from equations import chapter_number
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

TITLE = re.compile(r"^# (?P<title>\d+\. .+)$", re.MULTILINE)
QUESTION = re.compile(r"^[`:]{3,}\{admonition\} (?P<question>.+)\n:class: chapter-question$", re.MULTILINE)
FACTS = re.compile(r"^\{\.chapter-facts\}\n(?P<facts>.+(?:\n.+)*)", re.MULTILINE)


class ChapterTable(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        for _, page in pages(Path(self.env.srcdir)):
            self.env.note_dependency(str(Path(self.env.srcdir) / f"{page}.md"))
        try:
            table = "\n".join(markdown(Path(self.env.srcdir)))
        except ValueError as error:
            raise self.error(str(error)) from error
        return self.parse_text_to_nodes(table)


def markdown(book: Path) -> Iterator[str]:
    part = None
    yield "| Chapter | The question it answers | Minutes |\n|---|---|---|"
    for caption, page in pages(book):
        facts = chapter_facts(book / f"{page}.md")
        if caption != part:
            yield f"| **{caption}** | | |"
            part = caption
        yield f"| [{facts['title']}]({page}.md) | {facts['question']} | {facts['minutes']} |"


def pages(book: Path) -> list[tuple[str, str]]:
    """The chapters in reading order, each with the caption of its part."""
    contents = yaml.safe_load((book / "_toc.yml").read_text(encoding="utf-8"))
    entries = [(part["caption"], entry["file"]) for part in contents["parts"] for entry in part["chapters"]]
    return [(caption, page) for caption, page in entries if chapter_number(page)]


def chapter_facts(path: Path) -> dict[str, str]:
    """Title, question, "Needs ..." and minutes of a chapter. Raises ValueError naming what its first lines lack."""
    text = path.read_text(encoding="utf-8")
    title, question, facts = (pattern.search(text) for pattern in (TITLE, QUESTION, FACTS))
    parts = " ".join(facts["facts"].split()).split(" · ") if facts else []
    minutes = [match[1] for part in parts if (match := re.fullmatch(r"(\d+) minutes", part))]
    if not (title and question and minutes and parts[0].startswith("Needs ")):
        raise ValueError(
            f"{path.name} should open with its title, an admonition of class chapter-question and a line of class "
            "chapter-facts: Needs ... · 40 minutes · ..."
        )
    return {"title": title["title"], "question": question["question"], "needs": parts[0], "minutes": minutes[0]}


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_directive("chapter-table", ChapterTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
