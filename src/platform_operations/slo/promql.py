"""Reading PromQL: what an expression selects, what decides it, and the SLI that an error-ratio alert implies.

promql-parser does the parsing. It overflows the stack on deep nesting and takes quadratic time, so the
size of an expression is bounded first. It accepts newer syntax than old servers do: promtool stays the judge.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from platform_operations.model.reliability import Sli
from platform_operations.patterns import regex
from platform_operations.slo.label_regex import UnsupportedPatternError, matches

Operator: TypeAlias = Literal["=", "!=", "=~", "!~"]
Node: TypeAlias = Any
"""A node of promql-parser's tree; the package carries no types."""

LONGEST = 20_000
MOST_PARTS = 1000
_PART = regex(r"[-+*/%^<>(]|\b(?:and|or|unless|atan2)\b", re.IGNORECASE)
_NEGATED: dict[Operator, Operator] = {"=": "!=", "!=": "=", "=~": "!~", "!~": "=~"}
_NAME = "__name__"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why an expression could not be read."""

    reason: str


@dataclass(frozen=True, slots=True, order=True)
class Matcher:
    """One condition on a label."""

    label: str
    op: Operator
    value: str

    def __str__(self) -> str:
        value = self.value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        return f'{self.label}{self.op}"{value}"'

    def negated(self) -> "Matcher":
        """The condition that holds exactly where this one does not."""
        return Matcher(self.label, _NEGATED[self.op], self.value)

    def accepts(self, value: str) -> bool:
        """Whether a value fulfils the condition; UnsupportedPatternError where its regex is not read."""
        found = matches(self.value, value) if "~" in self.op else self.value == value
        return found != self.op.startswith("!")


@dataclass(frozen=True, slots=True)
class Selector:
    """What a selector asks for; `range` is in seconds, `plain` means without offset, `@` or alternatives."""

    name: str | None
    matchers: tuple[Matcher, ...] = ()
    range: int | None = None
    plain: bool = True

    def __str__(self) -> str:
        inside = ",".join(map(str, self.matchers))
        return f"{self.name or ''}{{{inside}}}" if inside or not self.name else self.name

    def accepts(self, labels: dict[str, str]) -> bool:
        """Whether a series (its name under `__name__`) is selected; a label that is missing is empty."""
        if self.name is not None and labels.get(_NAME) != self.name:
            return False
        return all(matcher.accepts(labels.get(matcher.label, "")) for matcher in self.matchers)


@lru_cache(maxsize=8192)
def parsed(text: str) -> "Node | Unreadable":
    """The tree of an expression, `$window` standing for a range; Unreadable says why there is none."""
    import promql_parser

    if len(text) > LONGEST:
        return Unreadable(f"longer than {LONGEST} characters")
    if len(_PART.findall(text)) > MOST_PARTS:
        return Unreadable(f"more than {MOST_PARTS} operators and parentheses")
    try:
        bare_text = without_comments(text)
        return promql_parser.parse(bare_text.replace("$window", "5m").replace("$__rate_interval", "5m"))
    except (ValueError, RecursionError) as error:
        return Unreadable(str(error).splitlines()[0][:200] if str(error) else "not PromQL")


def without_comments(text: str) -> str:
    """The expression without `# ...` to the end of a line, which the parser does not know."""
    if "#" not in text:
        return text
    kept: list[str] = []
    quote, skip = "", False
    for line in text.split("\n"):
        skip, start, index = False, 0, 0
        while index < len(line) and not skip:
            char = line[index]
            if quote:
                index += 1 if char == "\\" and quote != "`" else 0
                quote = "" if char == quote else quote
            elif char in "\"'`":
                quote = char
            elif char == "#":
                kept.append(line[start:index])
                skip = True
            index += 1
        if not skip:
            kept.append(line)
    return "\n".join(kept)


def selectors(text: str) -> tuple[Selector, ...] | Unreadable:
    """Every selector of an expression, each once, in order of appearance."""
    tree = parsed(text)
    return tree if isinstance(tree, Unreadable) else tuple(dict.fromkeys(selected(tree)))


def metric_names(text: str) -> tuple[str, ...] | Unreadable:
    """Every metric name of an expression, sorted."""
    found = selectors(text)
    if isinstance(found, Unreadable):
        return found
    return tuple(sorted({selector.name for selector in found if selector.name is not None}))


def deciding(text: str) -> tuple[Selector, ...] | Unreadable:
    """The selectors that make an alert fire: left of `and` and `unless`, and on each side of `or`."""
    tree = parsed(text)
    if isinstance(tree, Unreadable):
        return tree
    return tuple(
        dict.fromkeys(selector for operand in deciding_operands(tree) for selector in selected(operand))
    )


def deciding_operands(tree: Node) -> Iterator[Node]:
    """The operands that make an alert fire, parentheses removed."""
    tree = bare(tree)
    operator = str(tree.op).lower() if kind(tree) == "BinaryExpr" else ""
    if operator in ("and", "unless"):
        yield from deciding_operands(tree.lhs)
    elif operator == "or":
        yield from deciding_operands(tree.lhs)
        yield from deciding_operands(tree.rhs)
    else:
        yield tree


def kind(tree: Node) -> str:
    """The name of a node's type."""
    return type(tree).__name__


def bare(tree: Node) -> Node:
    """The node without the parentheses around it."""
    while kind(tree) == "ParenExpr":
        tree = tree.expr
    return tree


def number(tree: Node) -> float | None:
    """The value of a number, None for anything else."""
    tree = bare(tree)
    if kind(tree) == "UnaryExpr":
        inner = number(tree.expr)
        return None if inner is None else -inner
    return tree.val if kind(tree) == "NumberLiteral" else None


def selected(tree: Node) -> Iterator[Selector]:
    """The selectors below a node, in order of appearance."""
    match kind(tree):
        case "VectorSelector" | "MatrixSelector":
            yield selector_of(tree)
        case "BinaryExpr":
            yield from selected(tree.lhs)
            yield from selected(tree.rhs)
        case "Call":
            for argument in tree.args:
                yield from selected(argument)
        case "AggregateExpr" | "ParenExpr" | "UnaryExpr" | "SubqueryExpr":
            yield from selected(tree.expr)
        case _:
            return


def selector_of(tree: Node) -> Selector:
    """The selector that a vector or matrix node stands for."""
    vector = tree.vector_selector if kind(tree) == "MatrixSelector" else tree
    length = int(tree.range.total_seconds()) if kind(tree) == "MatrixSelector" else None
    found = [Matcher(matcher.name, _operator(matcher), matcher.value) for matcher in vector.matchers.matchers]
    name: str | None = vector.name
    for matcher in found:
        if name is None and matcher.label == _NAME and matcher.op == "=":
            name = matcher.value
    matchers = tuple(matcher for matcher in found if matcher != Matcher(_NAME, "=", name or ""))
    plain = vector.offset is None and vector.at is None and not vector.matchers.or_matchers
    return Selector(name, matchers, length, plain)


def _operator(matcher: Node) -> Operator:
    operators: dict[str, Operator] = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}
    return operators[str(matcher.op).rpartition(".")[2]]


def grouping(tree: Node) -> tuple[str, ...] | None:
    """The labels that the result of an expression keeps: none for a plain sum, None where it is not known."""
    tree = bare(tree)
    if kind(tree) == "AggregateExpr":
        if tree.modifier is None:
            return ()
        return tuple(tree.modifier.labels) if str(tree.modifier.type).endswith("By") else None
    if kind(tree) == "BinaryExpr":
        if number(tree.rhs) is not None:
            return grouping(tree.lhs)
        if number(tree.lhs) is not None:
            return grouping(tree.rhs)
        left, right = grouping(tree.lhs), grouping(tree.rhs)
        return left if left == right else None
    if kind(tree) == "Call" and tree.func.name in ("vector", "scalar", "time"):
        return ()
    return None


_SAMPLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "": (
        (
            "500",
            "502",
            "503",
            "504",
            "5xx",
            "error",
            "failure",
            "failed",
            "Internal",
            "Unavailable",
            "SERVER_ERROR",
        ),
        ("200", "201", "204", "2xx", "ok", "OK", "success", "SUCCESS", "0", ""),
    ),
    "success": (("false",), ("true",)),
    "error": (("true", "timeout", "500"), ("false", "none", "")),
    "exception": (("true", "IOException", "500"), ("None", "none", "")),
}
"""Values of a label that mean failure and success; under the empty name, for labels not listed."""

_FAILING_NAME = regex(r"(?:^|_)(?:errors?|failed|failures?|exceptions?)(?:_|$)", re.ASCII)
_RATES = ("rate", "increase", "irate")


def availability_sli(text: str) -> Sli | None:
    """The availability SLI that an error-ratio alert implies; None where it implies none for certain.

    Read are failed over all events above a number, and good over all below one, each a sum of rates: the
    same family with an error matcher more, or a family of failures over one of events. What a matcher
    means is decided by trying it on sample values, never by its text.
    """
    tree = parsed(text)
    if isinstance(tree, Unreadable):
        return None
    for operand in deciding_operands(tree):
        below, ratio = _compared(operand)
        found = _from_ratio(ratio, good_on_top=below) if ratio is not None else None
        if found is not None:
            return found
    return None


def _compared(tree: Node) -> tuple[bool, Node | None]:
    """Whether a ratio is alerted on when it is low, and the ratio without factors and comparison."""
    below = False
    if kind(tree) == "BinaryExpr" and str(tree.op) in ("<", "<=", ">", ">=") and number(tree.rhs) is not None:
        below, tree = str(tree.op).startswith("<"), bare(tree.lhs)
    while kind(tree) == "BinaryExpr":
        operator, left, right = str(tree.op), bare(tree.lhs), bare(tree.rhs)
        if operator == "*" and number(right) == 100:
            tree = left
        elif operator == "*" and number(left) == 100:
            tree = right
        elif operator == "-" and number(left) in (1, 100):
            below, tree = not below, right
        else:
            return below, tree if operator == "/" else None
    return below, None


def _from_ratio(ratio: Node, *, good_on_top: bool) -> Sli | None:
    top, bottom = _summed(ratio.lhs), _summed(ratio.rhs)
    if top is None or bottom is None or top.name is None or bottom.name is None:
        return None
    total = _increase(bottom)
    if top.name != bottom.name:
        if good_on_top or not _FAILING_NAME.search(top.name) or _FAILING_NAME.search(bottom.name):
            return None
        good = f"{total} - ({_increase(top)} or vector(0))"
        return Sli(kind="availability", source="prometheus", good=good, total=total)
    extra = [matcher for matcher in top.matchers if matcher not in bottom.matchers]
    if len(extra) != 1 or not set(bottom.matchers) <= set(top.matchers):
        return None
    good_matcher = extra[0] if good_on_top else extra[0].negated()
    if not _means_good(good_matcher):
        return None
    good = Selector(bottom.name, (*bottom.matchers, good_matcher))
    return Sli(kind="availability", source="prometheus", good=_increase(good), total=total)


def _means_good(matcher: Matcher) -> bool:
    failures, successes = _SAMPLES.get(matcher.label.lower(), _SAMPLES[""])
    try:
        kept = [matcher.accepts(value) for value in failures]
        lets_failures_in = any(kept) if matcher.op in ("=", "=~") else all(kept)
        return not lets_failures_in and any(matcher.accepts(value) for value in successes)
    except UnsupportedPatternError:
        return False


def _summed(tree: Node) -> Selector | None:
    """The selector in a sum of one rate, whatever it is grouped by or multiplied with."""
    tree = bare(tree)
    if kind(tree) == "BinaryExpr" and str(tree.op) == "*" and number(tree.lhs) is not None:
        tree = bare(tree.rhs)
    if kind(tree) == "BinaryExpr" and str(tree.op) == "or":
        tree = bare(tree.lhs)
    if kind(tree) == "BinaryExpr" and str(tree.op) == ">" and number(tree.rhs) == 0:
        tree = bare(tree.lhs)
    if kind(tree) == "AggregateExpr" and str(tree.op) == "sum":
        tree = bare(tree.expr)
    if kind(tree) != "Call" or tree.func.name not in _RATES:
        return None
    selector = selector_of(tree.args[0]) if kind(tree.args[0]) == "MatrixSelector" else None
    return selector if selector is not None and selector.plain else None


def _increase(selector: Selector) -> str:
    return f"sum(increase({selector}[$window]))"
