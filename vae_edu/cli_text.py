"""Text on a terminal or in a pipe: as it is, without markup, and readable without colour."""

import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.control import Control
from rich.segment import ControlType
from rich.text import Text

console = Console(highlight=False)


def say(text: str, style: str = "", indent: int = 0) -> None:
    """Print as it is, without rich's markup; a terminal's lines end between words, a pipe's where the text has it."""
    for line in text.splitlines() or [""]:
        rest = line.lstrip()
        margin = " " * (indent + len(line) - len(rest))
        room = max(40, console.width - len(margin)) if console.is_terminal else sys.maxsize
        for part in textwrap.wrap(rest, room, break_long_words=False, break_on_hyphens=False) or [""]:
            console.print(Text(margin + part), style=style, soft_wrap=True)


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Show on a terminal what is being done, and take it away again."""
    if console.is_terminal:
        console.print(Text(text), style="dim", end="\r")
    yield
    if console.is_terminal:
        console.control(Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2)))
