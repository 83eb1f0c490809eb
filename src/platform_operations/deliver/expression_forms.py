"""Expressions of alerts that are understood well enough to say what makes them fire, and after how long."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from platform_operations.deliver.series import Signal, example, labels_of, signal_of
from platform_operations.slo.budget import decimal
from platform_operations.slo.promql import (
    Node,
    Selector,
    Unreadable,
    availability_sli,
    bare,
    deciding_operands,
    grouping,
    kind,
    number,
    parsed,
    selected,
    selector_of,
)

_AGGREGATES = ("max", "min", "sum", "avg")
_RISES = ("increase", "rate", "irate")
_OPERATORS = ("==", "!=", ">", "<", ">=", "<=")


@dataclass(frozen=True, slots=True)
class Share:
    """Fires when more than `limit` of the events fail over a window of seconds."""

    signal: Signal
    limit: Fraction
    window: int


@dataclass(frozen=True, slots=True)
class Level:
    """Fires when a gauge leaves `calm` for `firing`, or a counter rises by `rise` a second.

    Then it fires `delay` seconds later, and is clear `clear` seconds after all is calm again.
    """

    series: str
    labels: tuple[tuple[str, str], ...]
    calm: Fraction = Fraction(0)
    firing: Fraction = Fraction(0)
    rise: Fraction | None = None
    delay: Fraction = Fraction(0)
    clear: int = 0


@dataclass(frozen=True, slots=True)
class Gone:
    """Fires when series are gone, for `over` seconds where the expression says so."""

    series: tuple[tuple[str, Fraction], ...]
    labels: tuple[tuple[tuple[str, str], ...], ...]
    over: int | None = None


Form: TypeAlias = Share | Level | Gone


def form_of(expression: str) -> Form | str:
    """Return the form of an expression, or why there is no test for it."""
    tree = parsed(expression)
    if isinstance(tree, Unreadable):
        return f"its expression cannot be read: {tree.reason}"
    operands = tuple(deciding_operands(tree))
    if all(_absent(one) is not None for one in operands):
        return _gone(operands)
    tree = bare(tree)
    if kind(tree) != "BinaryExpr" or str(tree.op) not in _OPERATORS or number(tree.rhs) is None:
        return "no series could be made for its expression: it is no comparison with a number"
    left, limit = bare(tree.lhs), Fraction(str(number(tree.rhs)))
    for found in (_quantile(left, str(tree.op), limit), _ratio(expression, left, str(tree.op), limit)):
        if found is not None:
            return found
    return _level(left, str(tree.op), limit) or "no series could be made for its expression"


def _absent(tree: Node) -> Node | None:
    tree = bare(tree)
    fits = kind(tree) == "Call" and tree.func.name in ("absent", "absent_over_time")
    return bare(tree.args[0]) if fits else None


def _gone(operands: Sequence[Node]) -> Gone | str:
    series: dict[str, Fraction] = {}
    labels: dict[tuple[tuple[str, str], ...], None] = {}
    over: set[int | None] = set()
    for one in operands:
        inner: Node = _absent(one)
        value = Fraction(1)
        plain = kind(inner) in ("VectorSelector", "MatrixSelector")
        if kind(inner) == "BinaryExpr" and number(inner.rhs) is not None:
            value = _holding(str(inner.op), Fraction(str(number(inner.rhs))))
        found = tuple(selected(inner))
        name = example(found[0]) if len(found) == 1 else None
        if name is None:
            return "no series could be made for its expression: it does not miss one selector"
        series[name] = value
        over.add(found[0].range)
        labels.setdefault(_absent_labels(found[0]) if plain else ())
    if len(over) > 1:
        return "no series could be made for its expression: it misses over several lengths of time"
    return Gone(tuple(series.items()), tuple(labels), over.pop())


def _absent_labels(selector: Selector) -> tuple[tuple[str, str], ...]:
    """Return the labels that absent() gives its result: those that exactly one `=` names."""
    names = [row.label for row in selector.matchers]
    return tuple(
        sorted(
            (row.label, row.value)
            for row in selector.matchers
            if row.op == "=" and names.count(row.label) == 1
        )
    )


def _quantile(left: Node, operator: str, limit: Fraction) -> Share | None:
    """Return the form of a latency alert: the quantile leaps when more events are slow than it leaves out."""
    if kind(left) != "Call" or left.func.name != "histogram_quantile" or operator not in (">", ">="):
        return None
    quantile, rates = number(left.args[0]), bare(left.args[1])
    found, group = tuple(selected(rates)), grouping(rates)
    if quantile is None or not 0 < quantile < 1 or group is None or "le" not in group or limit <= 0:
        return None
    if len(found) != 1 or found[0].range is None or _rise(bare(rates.expr)) is None:
        return None
    kept = {label: "a" for label in group if label != "le"}
    bounds = (limit / 2, limit * 2, limit * 4)
    names = [example(found[0], {**kept, "le": bound}) for bound in (*map(decimal, bounds), "+Inf")]
    if any(name is None for name in names):
        return None
    buckets = tuple(name for name in names if name is not None)
    labels = {label: labels_of(buckets[0]).get(label, "") for label in kept}
    return Share(Signal(labels, buckets, buckets[2:]), 1 - Fraction(str(quantile)), found[0].range)


def _ratio(expression: str, left: Node, operator: str, limit: Fraction) -> Share | None:
    """Return the form of an alert on failed by all events, or on good by all."""
    group, sli = grouping(left), availability_sli(expression)
    ranges = {selector.range for selector in selected(left)}
    if kind(left) != "BinaryExpr" or str(left.op) != "/" or sli is None or group is None or len(ranges) != 1:
        return None
    window = ranges.pop()
    allowed = limit if operator in (">", ">=") else 1 - limit
    signal = signal_of(sli, group)
    if window is None or isinstance(signal, str) or not 0 < allowed < 1:
        return None
    return Share(signal, allowed, window)


def _level(left: Node, operator: str, limit: Fraction) -> Level | None:
    group: tuple[str, ...] | None = None
    if kind(left) == "AggregateExpr":
        group = grouping(left)
        if group is None or str(left.op) not in _AGGREGATES:
            return None
        left = bare(left.expr)
    found = tuple(selected(left))
    series = example(found[0], dict.fromkeys(group or (), "a")) if len(found) == 1 else None
    if series is None:
        return None
    own = labels_of(series)
    labels = tuple((name, own[name]) for name in sorted(own) if group is None or name in group)
    if kind(left) == "VectorSelector":
        return Level(series, labels, _holding(_opposite(operator), limit), _holding(operator, limit))
    return _rising(left, series, labels, operator, limit)


def _rising(
    left: Node, series: str, labels: tuple[tuple[str, str], ...], operator: str, limit: Fraction
) -> Level | None:
    """Return the form of an alert on how fast a counter rises: twice the limit is above it at half the window."""
    window = _rise(left)
    if window is None or operator not in (">", ">=") or limit < 0:
        return None
    a_second = limit / window if left.func.name == "increase" else limit
    if left.func.name == "irate" or limit == 0:
        return Level(series, labels, rise=2 * a_second + 1, clear=window)
    return Level(series, labels, rise=2 * a_second, delay=Fraction(window, 2), clear=window)


def _rise(tree: Node) -> int | None:
    fits = kind(tree) == "Call" and tree.func.name in _RISES and kind(tree.args[0]) == "MatrixSelector"
    return selector_of(tree.args[0]).range if fits else None


def _opposite(operator: str) -> str:
    return {"==": "!=", "!=": "==", ">": "<=", "<": ">=", ">=": "<", "<=": ">"}[operator]


def _holding(operator: str, limit: Fraction) -> Fraction:
    """Return a value for which the comparison holds."""
    if operator in ("==", ">=", "<="):
        return limit
    return limit - 1 if operator == "<" else limit + 1
