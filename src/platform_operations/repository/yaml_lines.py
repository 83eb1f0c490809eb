"""YAML as a tree of nodes that know their lines.

Scalars stay text (`on` is "on", `012` is "012"): what a scalar means is its reader's business. The tree is built from
libyaml's events with a stack of our own, so nesting cannot exhaust Python's, and anchors share nodes, so a bomb of
aliases costs nothing until someone expands it, which `plain` refuses beyond a bound.
"""

from collections.abc import Iterator
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
    pairs: list[tuple["Node", "Node"]] = field(default_factory=list["tuple[Node, Node]"])
    items: list["Node"] = field(default_factory=list["Node"])
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
        return tuple(_documents(text))
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
class _Open:
    node: Node
    key: Node | None = None


@dataclass(slots=True)
class _Builder:
    """The documents under construction: open nodes, and the anchors of the document being read."""

    lines: list[str]
    stack: list[_Open] = field(default_factory=list[_Open])
    anchors: dict[str, Node] = field(default_factory=dict[str, Node])
    count: int = 0

    def take(self, event: Any) -> Node | None:
        """Take one event; return the document that it completes."""
        if isinstance(event, yaml.DocumentStartEvent):
            self.anchors = {}
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = self.stack.pop().node
            _close(closed)
            return self._settle(closed)
        elif isinstance(event, yaml.NodeEvent):
            node = self._known(event) if isinstance(event, yaml.AliasEvent) else self._new(event)
            if self.stack:
                _place(self.stack[-1], node)
            if not isinstance(event, yaml.CollectionStartEvent):
                return self._settle(node)
            if len(self.stack) >= MAX_DEPTH:
                raise _Refused(node.first, f"nested deeper than {MAX_DEPTH}")
            self.stack.append(_Open(node))
        return None

    def _settle(self, node: Node) -> Node | None:
        """Let the parent of a complete node grow by it; without a parent the node is a document."""
        if not self.stack:
            return node
        _grow(self.stack[-1].node, node)
        return None

    def _known(self, event: Any) -> Node:
        known = self.anchors.get(cast("str", event.anchor))
        if known is None:
            raise _Refused(event.start_mark.line + 1, f"unknown anchor {event.anchor!r}")
        return known

    def _new(self, event: Any) -> Node:
        line: int = event.start_mark.line + 1
        self.count += 1
        if self.count > MAX_NODES:
            raise _Refused(line, f"more than {MAX_NODES} nodes")
        node = _node(event, line, self.lines)
        if event.anchor:
            self.anchors[cast("str", event.anchor)] = node
        return node


def _documents(text: str) -> Iterator[Node]:
    builder = _Builder(text.split("\n"))
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events = cast("Iterator[Any]", yaml.parse(text, Loader=loader))  # pyright: ignore[reportUnknownMemberType]
    for event in events:
        document = builder.take(event)
        if document is not None:
            yield document


def _node(event: Any, line: int, lines: list[str]) -> Node:
    if isinstance(event, yaml.ScalarEvent):
        value = cast("str", event.value)
        last: int = min(event.end_mark.line + 1, len(lines))
        block = event.style in {"|", ">"}
        if block and event.end_mark.column == 0:
            last -= 1
        while block and last > line and not lines[last - 1].strip():
            last -= 1
        tag = cast("str | None", event.tag)
        quoted = block or event.style in {"'", '"'}
        return Node("text", line, max(line, last), value, quoted=quoted, tag=tag)
    kind: Literal["map", "list"] = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
    return Node(kind, line, line, tag=cast("str | None", event.tag))


def _place(parent: _Open, node: Node) -> None:
    if parent.node.kind == "list":
        parent.node.items.append(node)
    elif parent.key is None:
        parent.key = node
    else:
        parent.node.pairs.append((parent.key, node))
        parent.key = None


def _grow(parent: Node, child: Node) -> None:
    parent.weight = min(parent.weight + child.weight, 2 * MAX_EXPANDED)
    if child.first >= parent.first:
        parent.last = max(parent.last, child.last)


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
