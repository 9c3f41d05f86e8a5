"""MyST as plain Markdown: directives become quotes, folds and code, roles the words and numbers they stand for."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from pybtex.database import parse_file

FENCE = re.compile(r"^(?P<mark>`{3,}|:{3,})(?:\{(?P<kind>[\w:-]+)\})?(?P<argument>.*)$")
OPTION = re.compile(r"^:(?P<key>[\w-]+): *(?P<value>.*)$")
ROLE = re.compile(r"\{(?P<role>[\w:]+)\}`(?P<text>[^`]+)`")
TARGET = re.compile(r"^\((?P<name>[\w-]+)\)= *$")
STYLE = re.compile(r"^\{[.#][\w -]+\} *$")
ONE_LINE_FORMULA = re.compile(r"^\$\$(?P<formula>.+)\$\$ *(?P<label>\([\w-]+\))? *$")
SPECIAL = (FENCE, TARGET, STYLE, re.compile(r"\$\$"))  # what begins a line that is not plain text
LINK = re.compile(r"\]\((?P<page>[\w-]+)\.md(?P<anchor>#[\w-]*)?\)")

Block = tuple[bool, str]  # whether it is code to run, and its text


class Converter:
    """Turns the Markdown cells of one page into others; `numbers` says what a reference to each label shows."""

    def __init__(self, root: Path, page: str, numbers: dict[str, str]) -> None:
        self.root, self.page, self.numbers = root, page, numbers
        self.bibliography = parse_file(str(root / "book/references.bib")).entries

    def blocks(self, text: str) -> Iterator[Block]:
        """The text as Markdown, cut where a widget becomes a cell of its own."""
        parts: list[str] = []
        for is_code, part in self._parts(text.splitlines()):
            if is_code:
                if any(map(str.strip, parts)):
                    yield False, "\n".join(parts).strip("\n")
                parts = []
                yield True, part
            else:
                parts.append(part)
        if any(map(str.strip, parts)):
            yield False, "\n".join(parts).strip("\n")

    def markdown(self, text: str) -> str:
        """Text without widgets, as Markdown."""
        return "\n\n".join(part for _, part in self.blocks(text))

    def caption(self, figure: dict[str, str]) -> str:
        number = self.numbers.get(figure.get("name", ""), "Figure")
        return f"**{number}.** {self.inline(' '.join(figure['caption'].split()))}"

    def _parts(self, lines: list[str]) -> Iterator[Block]:
        position = 0
        while position < len(lines):
            line = lines[position]
            if fence := FENCE.match(line):
                end = closing(lines, position, fence["mark"])
                if fence["kind"]:
                    yield from self._directive(fence["kind"], fence["argument"].strip(), lines[position + 1 : end])
                else:
                    yield False, "\n".join(lines[position : end + 1])
            elif whole := ONE_LINE_FORMULA.match(line):
                end = position
                yield False, self._display(whole["formula"], whole["label"])
            elif line.startswith("$$"):
                end = next(n for n in range(position + 1, len(lines)) if lines[n].startswith("$$"))
                yield False, self._display("\n".join(lines[position + 1 : end]), lines[end].removeprefix("$$").strip())
            elif target := TARGET.match(line):
                end = position
                yield False, f'<a id="{target["name"]}"></a>'
            elif STYLE.match(line):
                end = position
            else:
                end = position
                while end + 1 < len(lines) and not any(pattern.match(lines[end + 1]) for pattern in SPECIAL):
                    end += 1
                yield False, self.inline("\n".join(lines[position : end + 1]))
            position = end + 1

    def _display(self, formula: str, label: str | None) -> str:
        label = (label or "").strip("()")
        number = re.sub(r"[()]", "", self.numbers.get(label, ""))
        anchor = f'<a id="{label}"></a>\n\n' if label else ""
        return f"{anchor}$$\n{formula}" + (f"\n\\tag{{{number}}}" if number else "") + "\n$$"

    def _directive(self, kind: str, argument: str, body: list[str]) -> Iterator[Block]:
        options, content = split_options(body)
        text = "\n".join(content)
        if kind == "vae-widget":
            function = argument.replace("-", "_")
            arguments = ", ".join(f'"{word}"' for word in options.get("data", "").split())
            yield True, f"from vae_edu.widgets import {function}\n\n{function}({arguments})"
            yield False, self.caption({"name": options["name"], "caption": text})
        elif kind == "literalinclude":
            yield False, self._included(argument, options)
        elif kind == "course-exercise":
            file = argument.partition(".")[0]
            number = self.numbers["ex-" + argument.replace(".", "-").replace("_", "-")]
            told = f"write `{argument}` in `exercises/{file}_*.py`; `vae-edu check {argument}` checks it"
            yield False, f"> **{number}**: {told}, and `vae-edu hint {argument}` helps."
        elif kind == "dropdown":
            yield False, f"<details><summary>{argument}</summary>\n\n{self.markdown(text)}\n\n</details>"
        elif kind == "figure":
            alt = options.get("alt", "")
            yield False, f"![{alt}](../book/{argument})\n\n" + self.caption(options | {"caption": text})
        elif kind in ("list-table", "math"):
            yield False, f"$$\n{text}\n$$" if kind == "math" else text
        else:
            title = self.numbers.get(options.get("label", ""), "")
            heading = ". ".join(part for part in (title, self.inline(argument)) if part)
            quoted = (f"**{heading}**\n\n" if heading else "") + self.markdown(text)
            yield False, "\n".join(f"> {line}".rstrip() for line in quoted.splitlines())

    def _included(self, argument: str, options: dict[str, str]) -> str:
        """The code itself: a notebook cannot include a part of a file."""
        path = (self.root / "book" / argument).resolve()
        code = definition(path.read_text(encoding="utf-8"), options.get("pyobject"))
        caption = self.inline(options.get("caption", ""))
        where = f"*From `{argument.removeprefix('../')}`" + (f": {caption}*" if caption else "*")
        return f"```python\n{code}\n```\n\n{where}"

    def inline(self, text: str) -> str:
        text = ROLE.sub(lambda match: self._role(match["role"], match["text"]), text)
        return LINK.sub(lambda link: f"]({link['page']}.ipynb)", text)

    def _role(self, role: str, text: str) -> str:
        shown, _, target = text.rstrip(">").rpartition(" <")
        target = target or text
        if role.startswith("cite"):
            return self._cited(text, textual=role == "cite:t")
        if role in ("eq", "numref", "ref", "prf:ref"):
            return shown or self.numbers.get(target, unquote(target))
        return shown or text

    def _cited(self, keys: str, textual: bool) -> str:
        cited = []
        for key in keys.split(","):
            entry = self.bibliography[key.strip()]
            names = [str(person.last_names[-1]) for person in entry.persons["author"]]
            who = names[0] + (" et al." if len(names) > 2 else f" and {names[1]}" if len(names) == 2 else "")
            cited.append(f"{who} ({entry.fields['year']})" if textual else f"{who} {entry.fields['year']}")
        return ", ".join(cited) if textual else f"({'; '.join(cited)})"


def closing(lines: list[str], start: int, mark: str) -> int:
    """The line that closes the fence opened at `start`: as many marks or more, alone, and of the same kind."""
    for number in range(start + 1, len(lines)):
        line = lines[number].rstrip()
        if len(line) >= len(mark) and set(line) == {mark[0]}:
            return number
    return len(lines)


def split_options(body: list[str]) -> tuple[dict[str, str], list[str]]:
    options = {}
    while body and (option := OPTION.match(body[0])):
        options[option["key"]] = option["value"]
        body = body[1:]
    return options, body


def definition(source: str, name: str | None) -> str:
    """The text of a function, class or method of a file."""
    if name is None:
        return source.rstrip()
    node: ast.AST = ast.parse(source)
    for part in name.split("."):
        node = next(child for child in ast.iter_child_nodes(node) if getattr(child, "name", None) == part)
    first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])  # type: ignore[attr-defined]
    lines = source.splitlines()[first - 1 : node.end_lineno]  # type: ignore[attr-defined]
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] for line in lines)
