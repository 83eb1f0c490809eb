"""Jenkinsfiles as nested blocks. Groovy is not run and not parsed: only braces, strings, comments and calls are seen."""

from dataclasses import dataclass, field
from typing import NamedTuple

MAX_TEXT = 200_000
MAX_BLOCKS = 4_000
MAX_DEPTH = 60


@dataclass(slots=True)
class Block:
    """`head { ... }` with the blocks and statements inside it, in order; lines are counted from 1."""

    head: str
    first: int
    last: int = 0
    parts: "list[Block | Statement]" = field(default_factory=list["Block | Statement"])


class Statement(NamedTuple):
    """A line of code outside of inner blocks; its strings are kept as written."""

    text: str
    first: int
    last: int


@dataclass(slots=True)
class _Reader:
    """Where reading stands: the open blocks, the statement being gathered and the line it began on."""

    stack: list[Block]
    gathered: list[str] = field(default_factory=list[str])
    start: int = 1
    line: int = 1
    parens: int = 0
    blocks: int = 0
    begun: bool = False

    def gather(self, text: str) -> None:
        """Take in the next piece of the statement."""
        if not self.begun:
            self.start, self.gathered, self.begun = self.line, [], True
        self.gathered.append(text)

    def end(self) -> None:
        """Close the statement."""
        _flush(self.gathered, self.stack[-1], self.start, self.line)
        self.gathered, self.begun = [], False

    def open(self) -> None:
        """Begin a block with the gathered text as its head."""
        head = "".join(self.gathered).strip()
        block = Block(head, self.start if head else self.line)
        self.stack[-1].parts.append(block)
        self.stack.append(block)
        self.blocks += 1
        self.gathered, self.begun = [], False

    def close(self) -> None:
        """End the innermost block."""
        self.end()
        if len(self.stack) > 1:
            self.stack.pop().last = self.line

    def take(self, char: str) -> None:
        """Take in one character outside of strings and comments."""
        free = self.parens <= 0
        if char == "{" and free and self.blocks < MAX_BLOCKS and len(self.stack) < MAX_DEPTH:
            self.open()
        elif char == "}" and free:
            self.close()
        elif char in "\n;" and free:
            self.end()
        else:
            self.parens = max(self.parens + (char in "([") - (char in ")]"), 0)
            if char.isspace():
                self.gathered.append(char)
            else:
                self.gather(char)


def parse(text: str) -> Block:
    """Return the text's blocks under one root; unbalanced braces close at the end."""
    root = Block("", 1)
    reader = _Reader([root])
    text = text[:MAX_TEXT]
    index = 0
    while index < len(text):
        skipped = _comment(text, index)
        ended = skipped or _string(text, index)
        if ended:
            if not skipped:
                reader.gather(text[index:ended])
            reader.line += text.count("\n", index, ended)
            index = ended
            continue
        reader.take(text[index])
        reader.line += text[index] == "\n"
        index += 1
    reader.end()
    for block in reader.stack:
        block.last = block.last or reader.line
    return root


def _flush(buffer: list[str], block: Block, start: int, line: int) -> None:
    text = "".join(buffer).strip()
    if text:
        block.parts.append(Statement(text, start, line))


def _comment(text: str, index: int) -> int:
    if text.startswith("//", index) and (index == 0 or text[index - 1] != ":"):
        end = text.find("\n", index)
        return len(text) if end < 0 else end
    if text.startswith("/*", index):
        end = text.find("*/", index + 2)
        return len(text) if end < 0 else end + 2
    return 0


def _string(text: str, index: int) -> int:
    for quote in ("'''", '"""', "'", '"'):
        if not text.startswith(quote, index):
            continue
        at = index + len(quote)
        while at < len(text):
            if text[at] == "\\":
                at += 2
                continue
            if text.startswith(quote, at):
                return at + len(quote)
            if len(quote) == 1 and text[at] == "\n":
                return at
            at += 1
        return len(text)
    return 0
