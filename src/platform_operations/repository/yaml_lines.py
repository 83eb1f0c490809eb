"""YAML as a tree of nodes that know their lines.

Scalars stay text (`on` is "on", `012` is "012"): what a scalar means is its reader's business. The tree is built from
libyaml's events with a stack of our own, so nesting cannot exhaust Python's, and anchors share nodes, so a bomb of
aliases costs nothing until someone expands it, which `plain` refuses beyond a bound.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, cast

import yaml

MAX_DEPTH = 100
MAX_NODES = 400_000
MAX_EXPANDED = 400_000

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain] | None"


@dataclass(slots=True, eq=False)
class Node:
    """A mapping, a list or a text with the lines it stands on, counted from 1.

    `last` is the line of the last scalar inside: the parser's own end mark of a block is the token after it.
    """

    kind: Literal["map", "list", "text"]
    first: int
    last: int
    text: str = ""
    quoted: bool = False
    tag: str | None = None
    pairs: "Sequence[tuple[Node, Node]]" = ()
    items: "Sequence[Node]" = ()
    weight: int = 1

    def get(self, *path: str) -> "Node | None":
        """Return the node under the keys of `path`, None when a key is missing or its parent is no mapping."""
        node: Node | None = self
        for key in path:
            node = next((value for name, value in node.pairs if name.text == key), None) if node else None
        return node

    def key(self, name: str) -> "Node | None":
        """Return the key node `name` of a mapping: its `first` is the line where the entry starts."""
        return next((key for key, _ in self.pairs if key.text == name), None)

    def string(self, *path: str) -> str | None:
        """Return the text under `path`, None when it is missing, null or no text."""
        node = self.get(*path)
        return node.text if node is not None and node.kind == "text" and not node.null else None

    def strings(self, *path: str) -> tuple[str, ...]:
        """Return the texts under `path`: of a list its texts, of one text that text, else nothing."""
        node = self.get(*path)
        if node is None or node.null:
            return ()
        if node.kind == "text":
            return (node.text,)
        return tuple(item.text for item in node.items if item.kind == "text")

    def children(self, *path: str) -> tuple["Node", ...]:
        """Return the items of the list under `path`, nothing when there is none."""
        node = self.get(*path)
        return tuple(node.items) if node is not None else ()

    def entries(self, *path: str) -> tuple[tuple["Node", "Node"], ...]:
        """Return the key and value nodes of the mapping under `path`, nothing when there is none."""
        node = self.get(*path)
        return tuple(node.pairs) if node is not None else ()

    @property
    def null(self) -> bool:
        """Whether this is YAML's null: an unquoted empty scalar, ~ or null."""
        return self.kind == "text" and not self.quoted and self.text in {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True, slots=True)
class Broken:
    """Why a text is no YAML, and the line where that shows."""

    line: int
    reason: str


class TooLarge(ValueError):
    """A tree that grows beyond MAX_EXPANDED nodes when its aliases are expanded."""


def read_yaml(text: str) -> tuple[Node, ...] | Broken:
    """Return the documents of `text`, or where and why it cannot be read.

    A template (Helm, Jinja, ERB) is usually Broken: read it by lines and say so.
    """
    try:
        return _Builder(text).build()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return Broken(mark.line + 1 if mark else 1, error.problem or "not YAML")
    except yaml.YAMLError as error:
        return Broken(1, " ".join(str(error).split())[:200])
    except _Refused as refused:
        return Broken(refused.line, refused.reason)


class _Refused(Exception):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


@dataclass(slots=True)
class _Builder:
    """The documents under construction: open nodes with their pending keys, and the anchors of the document being read."""

    text: str
    done: list[Node] = field(default_factory=list[Node])
    stack: list[Node] = field(default_factory=list[Node])
    keys: list[Node | None] = field(default_factory=list["Node | None"])
    anchors: dict[str, Node] = field(default_factory=dict[str, Node])
    count: int = 0
    lines: tuple[str, ...] = ()
    line_count: int = 0
    merges: bool = False

    def __post_init__(self) -> None:
        self.line_count = self.text.count("\n") + 1
        self.merges = "<<" in self.text

    def build(self) -> tuple[Node, ...]:
        """Return the documents of the text. An event costs one call: a large repository holds a million of them."""
        take: dict[type[Any], Callable[[Any], None]] = {
            yaml.ScalarEvent: self.scalar,
            yaml.MappingStartEvent: self.mapping,
            yaml.SequenceStartEvent: self.sequence,
            yaml.MappingEndEvent: self.close,
            yaml.SequenceEndEvent: self.close,
            yaml.AliasEvent: self.alias,
            yaml.DocumentStartEvent: self.begin,
        }
        loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(self.text)
        next_event: Callable[[], Any] = loader.get_event
        try:
            while (event := next_event()) is not None:
                step = take.get(event.__class__)
                if step is not None:
                    step(event)
        finally:
            loader.dispose()
        return tuple(self.done)

    def begin(self, _event: Any) -> None:
        """Forget the anchors of the document before."""
        self.anchors = {}

    def scalar(self, event: Any) -> None:
        """Take a text."""
        first: int = event.start_mark.line + 1
        style = event.style
        block = style == "|" or style == ">"
        last: int = event.end_mark.line + 1
        if last > self.line_count:
            last = max(first, self.line_count)
        if block:
            last = self._last_of_block(first, last, event.end_mark.column)
        quoted = block or style == "'" or style == '"'
        node = Node("text", first, last, event.value, quoted, event.tag)
        self._count(event.anchor, node)
        self._place(node)
        if self.stack:
            parent = self.stack[-1]
            parent.weight += 1
            if last > parent.last:
                parent.last = last

    def mapping(self, event: Any) -> None:
        """Open a mapping."""
        self._open("map", event)

    def sequence(self, event: Any) -> None:
        """Open a list."""
        self._open("list", event)

    def close(self, _event: Any) -> None:
        """Complete the innermost mapping or list."""
        node = self.stack.pop()
        self.keys.pop()
        if self.merges and node.kind == "map":
            _close(node)
        if self.stack:
            self._grow(node)
        else:
            self.done.append(node)

    def alias(self, event: Any) -> None:
        """Take what an anchor named before."""
        known = self.anchors.get(event.anchor)
        if known is None:
            raise _Refused(event.start_mark.line + 1, f"unknown anchor {event.anchor!r}")
        self._place(known)
        if self.stack:
            self._grow(known)

    def _open(self, kind: Literal["map", "list"], event: Any) -> None:
        line: int = event.start_mark.line + 1
        pairs: list[tuple[Node, Node]] = []
        items: list[Node] = []
        node = Node(kind, line, line, "", False, event.tag, pairs, items)
        self._count(event.anchor, node)
        if self.stack:
            self._place(node)
        if len(self.stack) >= MAX_DEPTH:
            raise _Refused(line, f"nested deeper than {MAX_DEPTH}")
        self.stack.append(node)
        self.keys.append(None)

    def _count(self, anchor: str | None, node: Node) -> None:
        self.count += 1
        if self.count > MAX_NODES:
            raise _Refused(node.first, f"more than {MAX_NODES} nodes")
        if anchor:
            self.anchors[anchor] = node

    def _place(self, node: Node) -> None:
        """Hang a node into its parent; without one it is a document."""
        if not self.stack:
            self.done.append(node)
            return
        parent = self.stack[-1]
        if parent.kind == "list":
            cast("list[Node]", parent.items).append(node)
            return
        key = self.keys[-1]
        if key is None:
            self.keys[-1] = node
        else:
            cast("list[tuple[Node, Node]]", parent.pairs).append((key, node))
            self.keys[-1] = None

    def _grow(self, child: Node) -> None:
        """Let the parent of a complete node grow by it."""
        parent = self.stack[-1]
        parent.weight = min(parent.weight + child.weight, 2 * MAX_EXPANDED)
        if child.first >= parent.first:
            parent.last = max(parent.last, child.last)

    def _last_of_block(self, first: int, last: int, column: int) -> int:
        """Return the last line of a block scalar that holds something; its end mark may be the next token."""
        if not self.lines:
            self.lines = tuple(self.text.split("\n"))
        if column == 0:
            last -= 1
        while last > first and not self.lines[last - 1].strip():
            last -= 1
        return max(first, last)


def _close(node: Node) -> None:
    """Fold YAML merge keys in: own keys win over merged ones, earlier merges over later."""
    merges = [value for key, value in node.pairs if key.text == "<<" and not key.quoted]
    if not merges:
        return
    own = [(key, value) for key, value in node.pairs if key.text != "<<" or key.quoted]
    seen = {key.text for key, _ in own}
    for merge in merges:
        for source in merge.items if merge.kind == "list" else [merge]:
            for key, value in source.pairs:
                if key.text not in seen:
                    seen.add(key.text)
                    own.append((key, value))
    if len(own) > MAX_NODES:
        raise _Refused(node.first, f"more than {MAX_NODES} merged keys")
    node.pairs = own


def plain(node: Node) -> Plain:
    """Return the tree as dictionaries, lists and texts; a null is None.

    Raises:
        TooLarge: the expanded tree has more than MAX_EXPANDED nodes.
    """
    if node.weight > MAX_EXPANDED:
        raise TooLarge(f"more than {MAX_EXPANDED} nodes once its aliases are expanded")
    return _plain(node, 0)


def _plain(node: Node, depth: int) -> Plain:
    if depth > 2 * MAX_DEPTH:
        raise TooLarge("an anchor contains itself")
    if node.kind == "text":
        return None if node.null else node.text
    if node.kind == "list":
        return [_plain(item, depth + 1) for item in node.items]
    return {key.text: _plain(value, depth + 1) for key, value in node.pairs}
