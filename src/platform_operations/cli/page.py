"""A page of text: wrapped to the terminal, styled there, plain elsewhere; nothing reaches it but redacted."""

import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from platform_operations.repository import redact

if TYPE_CHECKING:
    from rich.text import Text

Part: TypeAlias = str | tuple[str, str]
"""A piece of a line: text, or text and the style it has on a terminal."""

Parts: TypeAlias = Part | Sequence[Part]

PLAIN_WIDTH = 100
NARROWEST = 40
WIDEST = 120
"""Lines longer than this are hard to read, however wide the terminal is."""

LONGEST_WORD = 200


@cache
def _redacted(text: str) -> str:
    return redact(text)


def styled_output() -> bool:
    """Return whether standard output is a terminal on which colours are wanted (https://no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def page_width() -> int:
    """Return how many columns to fill: the terminal's, within reason; elsewhere always the same."""
    if not sys.stdout.isatty():
        return PLAIN_WIDTH
    return max(NARROWEST, min(WIDEST, shutil.get_terminal_size((PLAIN_WIDTH, 40)).columns))


class Page:
    """Lines in the order they were written; `print` puts them on standard output."""

    def __init__(self, width: int | None = None) -> None:
        self.width = width or page_width()
        self._lines: list[Text] = []

    def blank(self) -> None:
        """Write an empty line, but never two and never first."""
        from rich.text import Text

        if self._lines and self._lines[-1].plain:
            self._lines.append(Text())

    def title(self, text: str, *detail: str) -> None:
        """Write the page's first line: what it is about, then what else is known of it."""
        self.write([(text, "bold"), *((f"  {word}", "dim") for word in detail if word)], hang=2)

    def heading(self, text: str, detail: str = "") -> None:
        """Write a heading with an empty line before it."""
        self.blank()
        self.write([(text, "bold cyan"), (f"  {detail}" if detail else "", "dim")])

    def write(self, parts: Parts, *, indent: int = 0, hang: int = 0) -> None:
        """Write a paragraph: its first line `indent` columns in, the others `hang` more."""
        self._wrapped(_text(parts), " " * indent, " " * (indent + hang))

    def row(self, label: Parts, body: Parts, *, indent: int = 2, width: int = 20) -> None:
        """Write a label and, beside it, a paragraph; below it where the page is narrow or the label long."""
        name = _text(label)
        start = indent + width + 2
        if name.cell_len > width or self.width < start + 30:
            self._wrapped(name, " " * indent, " " * (indent + 2))
            self._wrapped(_text(body), " " * (indent + 4), " " * (indent + 4))
            return
        name.pad_right(width + 2 - name.cell_len)
        self._wrapped(_text(body), " " * indent, " " * start, name)

    def plain(self) -> str:
        """Return the page as plain text, ended by one LF."""
        return "".join(f"{line.plain.rstrip()}\n" for line in self._lines)

    def print(self) -> None:
        """Put the page on standard output."""
        if not styled_output():
            sys.stdout.write(self.plain())
            return
        from rich.console import Console

        console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
        for line in self._lines:
            line.rstrip()
            console.print(line, soft_wrap=True)

    def _wrapped(self, text: "Text", first: str, rest: str, label: "Text | None" = None) -> None:
        from rich.text import Text

        taken = len(first) + (label.cell_len if label else 0)
        lines = _wrap(text, self.width - taken, self.width - len(rest))
        for index, line in enumerate(lines):
            made = Text(first if index == 0 else rest)
            if index == 0 and label is not None:
                made.append_text(label)
            made.append_text(line)
            self._lines.append(made)


def _text(parts: Parts) -> "Text":
    from rich.text import Text

    whole = Text()
    for part in _parts(parts):
        text, style = (part, "") if isinstance(part, str) else part
        whole.append(" ".join(_redacted(text).splitlines()), style)
    return whole


def _parts(parts: Parts) -> Iterable[Part]:
    if isinstance(parts, str):
        return (parts,)
    if isinstance(parts, tuple) and len(parts) == 2 and all(isinstance(part, str) for part in parts):
        return (parts,)  # pyright: ignore[reportReturnType]  # a text with its style
    return parts  # pyright: ignore[reportReturnType]  # what remains is a sequence


def _wrap(text: "Text", first: int, rest: int) -> "list[Text]":
    """Return the lines of `text`, broken between words; a path too long for its column stays whole, to be copied."""
    from rich.cells import chop_cells
    from rich.text import Text

    lines: list[Text] = []
    line = Text()
    limit = max(8, first)
    for word in text.split(" ", include_separator=False, allow_blank=True):
        room = limit - line.cell_len - (1 if line.plain else 0)
        if line.plain and word.cell_len > room:
            lines.append(line)
            line, limit = Text(), max(8, rest)
        elif line.plain or (lines == [] and not word.plain):
            line.append(" ")
        while word.cell_len > LONGEST_WORD:
            head = len(chop_cells(word.plain, LONGEST_WORD)[0])
            line.append_text(word[:head])
            lines.append(line)
            word, line, limit = word[head:], Text(), max(8, rest)
        line.append_text(word)
    return [*lines, line]
