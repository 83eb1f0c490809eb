"""What a shell script calls, and whether the failure of each call fails the script. Nothing is ever executed.

tree-sitter's grammar of bash does the parsing. A CI system runs a script with `-e`, so a failure ends it there and then,
but for the places that bash exempts: what stands before `&&` or `||`, after `!`, in a condition, before a pipe, in the
background, or inside an argument (Bash Reference Manual, "The Set Builtin", option -e, and "Pipelines"; read 2026-11-23).
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from platform_operations.patterns import regex

Node: TypeAlias = Any
"""A node of tree-sitter's tree."""

LONGEST = 4_000
"""Bytes of one text that are parsed: some hostile texts take the parser quadratic time."""
DEEPEST = 60
_EXPRESSION = regex(r"\$\{\{.{0,600}?\}\}", re.DOTALL)
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ash", "ksh"})
_ENDS = frozenset({"exit", "exec", "return"})
_ZERO = regex(r"0+|\$\(\(.*\)\)")
_WORDS = frozenset({"command", "test_command", "declaration_command", "unset_command"})
SETTING = frozenset(
    {"export", "declare", "local", "readonly", "unset", "alias", "read", "shift", "wait", "cd"}
)
"""Builtins after `||` that put something down and go on."""


class Call(NamedTuple):
    """One simple command as written; `hidden` is what keeps its failure from failing the script, None where nothing does."""

    text: str
    hidden: str | None = None


@lru_cache(maxsize=4096)
def calls(
    runs: tuple[str, ...], pipefail: bool = False, errexit: bool = True
) -> tuple[tuple[Call, ...], ...]:
    """Return, for each text of a stage's commands, what it calls in order.

    Each may be a step of its own or a line of one script, which nobody can tell: its last command decides, and what it
    sets (`set +e`, a trap, an exit) holds for those after it. `pipefail` and `errexit` are the options that the script
    begins with. A text longer than LONGEST is one call that nothing is known of, one that is no bash a call as it stands.
    """
    reading = _Reading(pipefail=pipefail, errexit=errexit)
    return tuple(_read(reading, text, at == len(runs)) for at, text in enumerate(runs, 1))


def _read(reading: "_Reading", text: str, last: bool) -> tuple[Call, ...]:
    # The places of a CI system's own expressions are kept: what stands there is a word to bash.
    source = _EXPRESSION.sub(lambda match: "X" * len(match[0].encode()), text).encode("utf-8", "replace")
    if len(source) > LONGEST:
        return (Call(text, f"more than {LONGEST} bytes"),)
    root = _parser().parse(source).root_node
    if root.has_error:
        return (Call(text),)
    decides = last or reading.errexit
    return tuple(reading.statements(root, text.encode("utf-8", "replace"), None, last=decides))


@lru_cache(maxsize=1)
def _parser() -> Any:
    from tree_sitter import Language, Parser
    from tree_sitter_bash import language

    return Parser(Language(language()))


@dataclass(slots=True)
class _Reading:
    """The state of the shell while its script is read."""

    pipefail: bool = False
    errexit: bool = True
    over: str | None = None
    functions: dict[str, Node] = field(default_factory=dict[str, Node])
    inside: tuple[str, ...] = ()
    depth: int = 0
    judged: bool = False
    """Whether the script ends with a failure of its own where what it tried in a loop did not succeed."""

    def statements(
        self, group: Node, text: bytes, hidden: str | None, *, last: bool = True
    ) -> Iterator[Call]:
        """Read a list of statements; `last` says whether its status is the script's."""
        rows = [child for child in group.children if child.is_named and child.type != "comment"]
        for index, row in enumerate(rows):
            following = row.next_sibling
            final = last and index == len(rows) - 1
            why = hidden or self.over
            if following is not None and following.type == "&":
                why = why or "&"
            if not self.errexit and not final:
                why = why or "set +e"
            yield from self.statement(row, text, why, last=final)

    def statement(self, node: Node, text: bytes, hidden: str | None, *, last: bool) -> Iterator[Call]:
        """Read one statement."""
        read = _READERS.get(node.type)
        if read is None or self.depth >= DEEPEST:
            return
        self.depth += 1
        yield from read(self, node, text, hidden, last)
        self.depth -= 1

    def joined(self, node: Node, text: bytes, hidden: str | None, last: bool) -> Iterator[Call]:
        """Read `a && b` or `a || b`."""
        left, joint, right = node.children[0], node.children[1].type, node.children[-1]
        after, before = hidden, hidden
        shown = _text(right, text).split(None, 1)
        if joint == "||":
            before = before or (f"|| {' '.join(shown)[:40]}" if _harmless(right, text) else None)
            after = after or ("true ||" if _constant(left, text) is True else None)
        else:
            lost = not last and self.errexit and not self.judged
            before = before or (f"&& {' '.join(shown)[:40]}" if lost else None)
            after = after or ("false &&" if _constant(left, text) is False else None)
        if _tested(left):
            if joint == "||" and not _ends_badly(right, text):
                before = before or joint
            after = after or f"{_text(left, text)[:40]} {joint}"
        yield from self.statement(left, text, before, last=last)
        yield from self.statement(right, text, after, last=last)

    def piped(self, node: Node, text: bytes, hidden: str | None, last: bool) -> Iterator[Call]:
        """Read a pipeline, whose last command decides."""
        rows = [child for child in node.children if child.is_named]
        first, decides = (_text(rows[at], text).split(None, 1)[0] for at in (0, -1))
        turned = "!" if first == "!" else None
        fed = (
            f"{first} |"
            if decides in FILTERS and first in QUIET and "$" not in _text(rows[0], text)
            else None
        )
        lost = None if self.pipefail else f"| {decides}"
        for index, row in enumerate(rows):
            why = hidden or turned or (lost if index < len(rows) - 1 else fed)
            yield from self.statement(_asked(row), text, why, last=last)

    def negated(self, node: Node, text: bytes, hidden: str | None, last: bool) -> Iterator[Call]:
        """Read `! a`, which succeeds where `a` fails."""
        yield from self.statement(node.children[-1], text, hidden or "!", last=last)

    def chosen(self, node: Node, text: bytes, hidden: str | None, last: bool) -> Iterator[Call]:
        """Read an `if` or a `case`: what it asks and what it may leave out counts where it ends the script itself."""
        word = node.children[0].type
        condition = node.child_by_field_name("condition")
        never = condition is not None and _constant(condition, text) is False
        why = hidden or (
            f"{word} false" if never else None if self.judged or _ends_badly(node, text) else word
        )
        yield from self._below(node, text, why, last)

    def _below(self, node: Node, text: bytes, hidden: str | None, last: bool) -> Iterator[Call]:
        for child in node.children:
            if child.type in {"elif_clause", "else_clause", "case_item"}:
                yield from self._below(child, text, hidden, last)
            else:
                yield from self.statement(_asked(child), text, hidden, last=last)

    def repeated(self, node: Node, text: bytes, hidden: str | None, last: bool) -> Iterator[Call]:
        """Read a loop: waiting until something holds fails by never ending, which a stage's time limit sees."""
        body = node.child_by_field_name("body")
        condition = node.child_by_field_name("condition")
        if condition is not None:
            waits = node.children[0].type == "until" or condition.type == "negated_command"
            asked = _asked(condition)
            leaves = re.search(rb"\bbreak\b", text[body.start_byte : body.end_byte]) is not None
            seen = (waits and not leaves) or _ends_badly(node, text)
            yield from self.statement(
                asked, text, hidden or (None if seen else node.children[0].type), last=False
            )
            forever = _constant(asked, text) is not None
            hidden = hidden or (None if forever else node.children[0].type)
        kept = self.judged
        self.judged = kept or _judged_after(node, text)
        yield from self.statements(body, text, hidden, last=False)
        self.judged = kept

    def grouped(self, node: Node, text: bytes, hidden: str | None, last: bool) -> Iterator[Call]:
        """Read `{ ... }` or `( ... )`; what a subshell sets or ends is its own."""
        kept = (self.errexit, self.pipefail, self.over)
        yield from self.statements(node, text, hidden, last=last)
        if node.type == "subshell":
            self.errexit, self.pipefail, self.over = kept

    def redirected(self, node: Node, text: bytes, hidden: str | None, last: bool) -> Iterator[Call]:
        """Read what stands before a redirection."""
        body = node.child_by_field_name("body")
        if body is not None:
            yield from self.statement(body, text, hidden, last=last)

    def assigned(self, node: Node, text: bytes, hidden: str | None, last: bool) -> Iterator[Call]:
        """Read `NAME=$(a)`, which fails with `a`."""
        for inner in _substitutions(node):
            yield from self.statements(inner, text, hidden, last=last)

    def defined(self, node: Node, text: bytes, hidden: str | None, last: bool) -> Iterator[Call]:
        """Keep a function for where it is called."""
        self.functions[_text(node.child_by_field_name("name"), text)] = node.child_by_field_name("body")
        yield from ()

    def command(self, node: Node, text: bytes, hidden: str | None, last: bool) -> Iterator[Call]:
        """Read a simple command, or the script or function that it runs."""
        written = _text(node, text)
        name_node = node.child_by_field_name("name")
        name = _text(name_node, text) if name_node is not None else written.split(None, 1)[0]
        self._note(name, written, hidden)
        script = _script(written)
        if name in self.functions and name not in self.inside:
            self.inside = (*self.inside, name)
            yield from self.statement(self.functions[name], text, hidden, last=last)
            self.inside = self.inside[:-1]
        elif script is not None and len(self.inside) < 4:
            for inner in calls((script[0],), script[1] and self.pipefail, script[1])[0]:
                yield Call(inner.text, hidden or inner.hidden)
        elif node.type != "declaration_command":
            yield Call(written, hidden)
        if node.type != "test_command":
            for inner in _substitutions(node):
                yield from self.statements(inner, text, hidden or f"{name} $(...)", last=False)

    def _note(self, name: str, written: str, hidden: str | None) -> None:
        """Take note of what changes the meaning of everything after it."""
        if name == "set":
            for word in written.split()[1:]:
                if re.fullmatch(r"[+-][a-z]*e[a-z]*", word):
                    self.errexit = word[0] == "-"
            if "pipefail" in written:
                self.pipefail = re.search(r"\+\w*o\s+pipefail", written) is None
        elif name == "trap" and re.search(r"exit\s+0|true|:", written):
            self.over = self.over or "trap"
        elif name in _ENDS and hidden is None and self.depth == 1:
            self.over = self.over or written


def _text(node: Node, text: bytes) -> str:
    return text[node.start_byte : node.end_byte].decode("utf-8", "replace")


def _script(written: str) -> tuple[str, bool] | None:
    """Return the script that `sh -c` or `eval` runs, and whether a failure ends it."""
    try:
        words = shlex.split(written, comments=True)
    except ValueError:
        return None
    if words[:1] == ["eval"] and len(words) > 1:
        return " ".join(words[1:]), True
    for at, word in enumerate(words[:-1]):
        shells = [place for place, before in enumerate(words[:at]) if before.rpartition("/")[2] in _SHELLS]
        if shells and re.fullmatch(r"-[a-z]*c", word):
            return words[at + 1], any(
                re.fullmatch(r"-[a-z]*e[a-z]*", flag) for flag in words[shells[-1] : at + 1]
            )
    return None


def _asked(condition: Node) -> Node:
    """Return what a condition asks, without the `!` before it."""
    return condition.children[-1] if condition.type == "negated_command" else condition


def _judged_after(loop: Node, text: bytes) -> bool:
    following = loop.next_named_sibling
    while following is not None:
        if _ends_badly(following, text):
            return True
        following = following.next_named_sibling
    return _ends_badly(loop, text)


def _substitutions(node: Node) -> Iterator[Node]:
    waiting = list(reversed(node.children))
    while waiting:
        one = waiting.pop()
        if one.type in {"command_substitution", "process_substitution"}:
            yield one
        else:
            waiting.extend(reversed(one.children))


def _commands(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if one.type in _WORDS:
            yield one
        waiting.extend(one.children)


def _tested(node: Node) -> bool:
    """Whether a part is nothing but a test of variables or files."""
    return node.type == "test_command" or (node.type == "negated_command" and _tested(node.children[-1]))


def _constant(node: Node, text: bytes) -> bool | None:
    word = _text(node, text).strip()
    return {"true": True, ":": True, "false": False}.get(word)


def _fails(words: list[str]) -> bool:
    """Whether a command ends a script with a failure."""
    if words[:1] == ["false"]:
        return True
    return words[:1] in (["exit"], ["return"]) and not (len(words) > 1 and _ZERO.fullmatch(words[1]))


def _ends_badly(node: Node, text: bytes) -> bool:
    return any(_fails(_text(one, text).split()) for one in _commands(node))


def _harmless(node: Node, text: bytes) -> bool:
    """Whether what stands after `||` cannot fail itself, so that the failure before it is forgotten."""
    if _ends_badly(node, text):
        return False
    if node.type in {"variable_assignment", "variable_assignments", "test_command", "declaration_command"}:
        return True
    return all(_quiet(_text(one, text)) for one in _commands(node))


def _quiet(written: str) -> bool:
    words = written.split()
    program = words[0].rpartition("/")[2] if words else ""
    return program in QUIET or program in SETTING or program in {"[", "[[", "test"}


QUIET = frozenset(
    {"echo", "printf", "true", ":", "sleep", "exit", "break", "continue", "cat", "date", "pwd", "whoami"}
)
"""Programs that do not fail and tell nothing of an artifact."""

FILTERS = frozenset(
    {"grep", "egrep", "fgrep", "sed", "awk", "jq", "yq", "wc", "sort", "head", "tail", "xargs", "test"}
)
"""Programs that say something of what a pipe feeds them, and of nothing else."""

_READERS: dict[str, Any] = {
    "program": _Reading.grouped,
    "list": _Reading.joined,
    "pipeline": _Reading.piped,
    "negated_command": _Reading.negated,
    "if_statement": _Reading.chosen,
    "case_statement": _Reading.chosen,
    "while_statement": _Reading.repeated,
    "for_statement": _Reading.repeated,
    "c_style_for_statement": _Reading.repeated,
    "compound_statement": _Reading.grouped,
    "subshell": _Reading.grouped,
    "redirected_statement": _Reading.redirected,
    "variable_assignment": _Reading.assigned,
    "variable_assignments": _Reading.assigned,
    "function_definition": _Reading.defined,
    "command": _Reading.command,
    "test_command": _Reading.command,
    "declaration_command": _Reading.command,
    "unset_command": _Reading.command,
}
