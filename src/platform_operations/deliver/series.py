"""Series that make an expression true or false: what a behaviour test feeds to Prometheus.

From the queries of an SLI follows which series a good event counts up and which a failed one, whatever the queries
look like: the labels that the matchers name are tried with values that fulfil them and values that do not, and each
combination is run through the queries' own arithmetic.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import combinations, islice, product
from typing import Literal, TypeAlias

from platform_operations.model.reliability import Sli
from platform_operations.slo.budget import decimal
from platform_operations.slo.label_regex import UnsupportedPatternError, matches
from platform_operations.slo.promql import (
    Matcher,
    Node,
    Selector,
    Unreadable,
    bare,
    grouping,
    kind,
    number,
    parsed,
    selected,
    selector_of,
)

State: TypeAlias = Literal["traffic", "idle", "gone"]
Labels: TypeAlias = tuple[tuple[str, str], ...]

_MOST_SERIES = 64
_COMMON = ("200", "404", "500", "ok", "error", "OK", "Internal", "13", "true", "false", "a", "0", "")
_GONE_BY = 10**9


@dataclass(frozen=True, slots=True)
class Phase:
    """Some scrapes in which `ratio` of the events fails, nothing happens, or the series are gone."""

    steps: int
    ratio: Fraction = Fraction(0)
    state: State = "traffic"


@dataclass(frozen=True, slots=True)
class Series:
    """One series of a test: its name, and its value at each scrape in promtool's notation."""

    name: str
    values: str


@dataclass(frozen=True, slots=True)
class Signal:
    """What an SLI watches, as series.

    `labels` are those of the queries' result. With `counters`, `good` and `bad` are the series that an event counts
    up. Else each series has a value while all is well and one while all fails: `levels`, in (rise, value) a scrape.
    """

    labels: Mapping[str, str]
    good: tuple[str, ...] = ()
    bad: tuple[str, ...] = ()
    levels: tuple[tuple[str, tuple[int, Fraction], tuple[int, Fraction]], ...] = ()
    counters: bool = True
    finest: int | None = None

    def series(self, phases: Sequence[Phase], events: Fraction, step: int) -> tuple[Series, ...]:
        """Return the series of some phases one after the other, with `events` events a scrape."""
        if self.counters:
            names = dict.fromkeys((*self.good, *self.bad))
            return tuple(Series(name, self._counted(name, phases, events)) for name in names)
        return tuple(Series(row[0], _levels(row, phases, step)) for row in self.levels)

    def _counted(self, name: str, phases: Sequence[Phase], events: Fraction) -> str:
        value = Fraction(0)
        words: list[str] = []
        for phase in phases:
            share = (name in self.good) * (1 - phase.ratio) + (name in self.bad) * phase.ratio
            rise = share * events if phase.state == "traffic" else Fraction(0)
            words.append(_word(value + rise, rise, phase))
            value += rise * phase.steps
        return " ".join(words)


def _levels(
    row: tuple[str, tuple[int, Fraction], tuple[int, Fraction]], phases: Sequence[Phase], step: int
) -> str:
    at = 0
    words: list[str] = []
    for phase in phases:
        rising, level = row[2] if phase.ratio else row[1]
        words.append(_word(level + rising * at * step, Fraction(rising * step), phase))
        at += phase.steps
    return " ".join(words)


@lru_cache(maxsize=4096)
def _word(first: Fraction, rise: Fraction, phase: Phase) -> str:
    if phase.state == "gone":
        return f"_x{phase.steps}"
    sign = "-" if rise < 0 else "+"
    return f"{decimal(first)}{sign}{decimal(abs(rise))}x{phase.steps - 1}"


def signal_of(sli: Sli, kept: tuple[str, ...] | None = None) -> Signal | str:
    """Return the series of an SLI, or why there are none that could be made for its queries.

    `kept` are the labels by which an alert groups what the queries sum up; None: as the queries do.
    """
    return _signal(sli.good or "", sli.total or "", kept)


@lru_cache(maxsize=256)
def _signal(good_query: str, total_query: str, kept: tuple[str, ...] | None) -> Signal | str:
    good, total = (parsed(query) for query in (good_query, total_query))
    if isinstance(good, Unreadable) or isinstance(total, Unreadable):
        return "its queries cannot be read"
    sliced = _time_slices(good, total)
    if sliced is not None:
        return sliced
    group, other = (grouping(good), grouping(total)) if kept is None else (kept, kept)
    if group is None or group != other:
        return "its queries do not keep the same labels"
    labels = dict.fromkeys(group, "a")
    probed = _probe(good, total, labels)
    if probed is not None:
        return probed
    return _counters(good, total, labels)


def _counters(good: Node, total: Node, labels: Mapping[str, str]) -> Signal | str:
    effects: dict[tuple[Fraction, Fraction], str] = {}
    found = tuple(dict.fromkeys((*selected(good), *selected(total))))
    try:
        for name in dict.fromkeys(selector.name for selector in found):
            same = [selector for selector in found if selector.name == name]
            rows = [row for one in same for row in one.matchers]
            shared = {row.label for row in rows if row.op == "=" and rows.count(row) == len(same)}
            for series in _tried(name, rows, labels, shared):
                effect = (_counted(good, series), _counted(total, series))
                if effect != (0, 0):
                    effects.setdefault(effect, _text(name or "", series))
    except (_UncountedError, UnsupportedPatternError) as error:
        return f"no series could be made for its queries: {error}"
    well, badly = _summing(effects, (1, 1)), _summing(effects, (0, 1))
    if well is None or badly is None:
        return "no series could be made that its queries take for a good and for a failed event"
    return Signal(labels, well, badly)


class _UncountedError(ValueError):
    """The queries do more than add up increases."""


def _tried(
    name: str | None,
    matchers: Sequence[Matcher],
    labels: Mapping[str, str],
    shared: AbstractSet[str] = frozenset(),
) -> Iterator[Labels]:
    """Yield label sets that fulfil the matchers in every way that matters, the most usual values first.

    `shared` are labels of which every selector asks the same value: no other one matters.
    """
    if name is None:
        raise _UncountedError("a selector names no metric")
    names = tuple(dict.fromkeys((*(row.label for row in matchers), *labels)))
    values = [
        _values(tuple(row for row in matchers if row.label == label), labels.get(label), label in shared)
        for label in names
    ]
    for chosen in islice(product(*values), _MOST_SERIES):
        row = dict(zip(names, chosen, strict=True))
        yield (*((label, value) for label, value in sorted(row.items()) if value), ("__name__", name))


@lru_cache(maxsize=1024)
def _values(matchers: tuple[Matcher, ...], given: str | None, shared: bool) -> tuple[str, ...]:
    """Return one value for each way in which the matchers of a label can hold or not."""
    if not matchers:
        return (given or "a",)
    if shared:
        return (next(row.value for row in matchers if row.op == "="),)
    wanted = [value for row in matchers for value in _hints(row)]
    found: dict[tuple[bool, ...], str] = {}
    for value in (*wanted, *_COMMON):
        found.setdefault(tuple(row.accepts(value) for row in matchers), value)
    return tuple(sorted(found.values(), key=lambda value: -sum(row.accepts(value) for row in matchers)))


def _hints(row: Matcher) -> Iterator[str]:
    if row.op == "=":
        yield row.value
    if row.op == "!=":
        yield from ("200", row.value) if row.value != "200" else (row.value,)
    if "~" in row.op:
        yield from (value for value in _COMMON[:3] if matches(row.value, value) == (row.op == "=~"))
        for word in re.split(r"\|", row.value.strip("^$()")):
            plain = re.sub(r"\\d|\.(?![*+])|\[[^]]*\]", "0", re.sub(r"\.[*+]", "a", word))
            yield re.sub(r"\\(.)|[?*+(){}^$]", r"\1", plain)


def _counted(tree: Node, series: Labels) -> Fraction:
    """Return by how much an expression rises when a series does by one."""
    tree = bare(tree)
    match kind(tree):
        case "AggregateExpr" if str(tree.op) == "sum":
            return _counted(tree.expr, series)
        case "Call" if tree.func.name in ("increase", "rate") and kind(tree.args[0]) == "MatrixSelector":
            selector = selector_of(tree.args[0])
            if not selector.plain:
                raise _UncountedError(f"{selector} has an offset or alternatives")
            return Fraction(selector.accepts(dict(series)))
        case "BinaryExpr":
            return _combined(tree, series)
        case _:
            raise _UncountedError(f"they hold {kind(tree)}, where sums of increases are understood")


def _combined(tree: Node, series: Labels) -> Fraction:
    operator, left, right = str(tree.op).lower(), number(tree.lhs), number(tree.rhs)
    if operator == "or" or (operator == ">" and right == 0):
        return _counted(tree.lhs, series)
    if operator == "*" and left is not None:
        return Fraction(left) * _counted(tree.rhs, series)
    if operator in ("*", "/") and right:
        return _counted(tree.lhs, series) * (Fraction(right) if operator == "*" else 1 / Fraction(right))
    if operator in ("+", "-"):
        sign = 1 if operator == "+" else -1
        return _counted(tree.lhs, series) + sign * _counted(tree.rhs, series)
    raise _UncountedError(f"they combine with {operator!r}")


def _summing(
    effects: Mapping[tuple[Fraction, Fraction], str], wanted: tuple[int, int]
) -> tuple[str, ...] | None:
    """Return the fewest series whose effects together are the wanted one."""
    for count in (1, 2, 3):
        for chosen in combinations(effects, count):
            if (sum(row[0] for row in chosen), sum(row[1] for row in chosen)) == wanted:
                return tuple(effects[row] for row in chosen)
    return None


def _probe(good: Node, total: Node, labels: Mapping[str, str]) -> Signal | None:
    """Return the series of a probe that is 1 or 0: its sum over time by its count."""
    found = [_over_time(tree, name) for tree, name in ((good, "sum_over_time"), (total, "count_over_time"))]
    if found[0] is None or found[0] != found[1] or found[0].name is None:
        return None
    series = example(found[0], labels)
    if series is None:
        return None
    return Signal(labels, levels=((series, (0, Fraction(1)), (0, Fraction(0))),), counters=False)


def _over_time(tree: Node, name: str) -> Selector | None:
    tree = bare(tree)
    if kind(tree) == "AggregateExpr" and str(tree.op) == "sum":
        tree = bare(tree.expr)
    if kind(tree) != "Call" or tree.func.name != name or kind(tree.args[0]) != "MatrixSelector":
        return None
    return selector_of(tree.args[0])


def _time_slices(good: Node, total: Node) -> Signal | None:
    """Return the series of an age that is compared minute by minute: of a last success, or as a gauge."""
    inner = [_subquery(tree, name) for tree, name in ((good, "sum_over_time"), (total, "count_over_time"))]
    compared = inner[0]
    if compared is None or inner[1] is None or kind(compared) != "BinaryExpr" or str(compared.op) != "<=":
        return None
    found, age, limit = tuple(selected(compared.lhs)), bare(compared.lhs), number(compared.rhs)
    series = example(found[0]) if len(found) == 1 else None
    if series is None or limit is None or grouping(age) != ():
        return None
    stamp = kind(age) == "BinaryExpr" and str(age.op) == "-" and "time()" in str(age.prettify())
    if stamp:
        levels = (series, (1, Fraction(0)), (0, Fraction(-_GONE_BY) - Fraction(limit)))
    else:
        levels = (series, (0, Fraction(0)), (0, Fraction(limit) + 1))
    return Signal({}, levels=(levels,), counters=False, finest=60)


def _subquery(tree: Node, name: str) -> Node | None:
    tree = bare(tree)
    if kind(tree) != "Call" or tree.func.name != name or kind(tree.args[0]) != "SubqueryExpr":
        return None
    return bare(tree.args[0].expr)


def example(selector: Selector, labels: Mapping[str, str] | None = None) -> str | None:
    """Return a series that a selector selects; None where none was found."""
    try:
        for series in _tried(selector.name, selector.matchers, labels or {}):
            if selector.plain and selector.accepts(dict(series)):
                return _text(selector.name or "", series)
    except (_UncountedError, UnsupportedPatternError):
        pass
    return None


def labels_of(series: str) -> dict[str, str]:
    """Return the labels of a series that this module wrote."""
    found = parsed(series)
    rows = () if isinstance(found, Unreadable) else selector_of(found).matchers
    return {row.label: row.value for row in rows}


def _text(name: str, series: Labels) -> str:
    rows = tuple(Matcher(label, "=", value) for label, value in series if label != "__name__")
    return str(Selector(name, rows))
