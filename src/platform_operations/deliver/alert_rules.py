"""The alerts of a plan as Prometheus rules: what the rule files and their behaviour tests both rest on."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from platform_operations.errors import InputError
from platform_operations.model.evidence import LedgerEntry, repo_place
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert, Runbook, Slo
from platform_operations.repository import redact
from platform_operations.slo.budget import Pair, decimal
from platform_operations.slo.durations import duration, seconds
from platform_operations.slo.expressions import (
    ABSENT_FOR,
    BurnCondition,
    absence_expression,
    burn_conditions,
    burn_expression,
    unwatched,
)
from platform_operations.slo.promql import Unreadable, parsed
from platform_operations.slo.sli import WINDOW

_LONGEST_NAME = 80

_PLACEHOLDER = re.compile(r"\$\{?[A-Za-z_]\w*\}?|\{\{.*?\}\}", re.ASCII)
"""What a template would fill in: Prometheus expands nothing in an expression, so it would never match."""


@dataclass(frozen=True, slots=True)
class AlertRule:
    """One alerting rule. `entry` is where it comes from; `group` the file it goes to, `slo-ID` or `component-ID`.

    `conditions` are a burn-rate alert's, `slo` its SLO; `held` is its `for` in seconds, `interval` how often it is
    evaluated.
    """

    entry: str
    group: str
    name: str
    expression: str
    held: int
    interval: int
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    slo: Slo | None = None
    conditions: tuple[BurnCondition, ...] = ()
    rate: Fraction | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class AlertRules:
    """Every rule that the plan's alerts become, in the plan's order, and why the others become none."""

    rules: tuple[AlertRule, ...]
    left_out: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class _Known:
    slos: Mapping[str, Slo]
    runbooks: Mapping[str, Runbook]
    ledger: Mapping[str, LedgerEntry]
    names: set[str] = field(default_factory=set[str])


class _Same:
    """A plan as a key: the same object, not an equal one, which would take longer to find out than to render."""

    __slots__ = ("plan",)

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.plan is self.plan

    def __hash__(self) -> int:
        return id(self.plan)


def alert_rules(plan: Plan) -> AlertRules:
    """Return the alerting rules of a plan: its alerts and no other.

    What is left out names an SLO too whose burn-rate alerts would fall silent with its metric, unseen.
    """
    return _all_of(_Same(plan))


@lru_cache(maxsize=1)
def _all_of(same: _Same) -> AlertRules:
    """Return the rules once for all renderers that ask for them."""
    plan = same.plan
    known = _Known({slo.id: slo for slo in plan.slos}, {book.id: book for book in plan.runbooks}, plan.ledger)
    rules: list[AlertRule] = []
    left_out: list[tuple[str, str]] = []
    for alert in plan.alerts:
        made = _rule(alert, known)
        if isinstance(made, AlertRule):
            rules.append(made)
        else:
            left_out.append((f"alerts/{alert.id}", made))
    left_out += _unseen(plan, rules)
    alerted = {alert.slo for alert in plan.alerts}
    left_out += [
        (f"slos/{slo.id}", why)
        for slo in plan.slos
        if slo.id not in alerted and (why := unmeasured(slo)) is not None
    ]
    return AlertRules(tuple(rules), tuple(left_out))


def unmeasured(slo: Slo) -> str | None:
    """Return why no alert can be made for an SLO: no objective, no queries, or none that a window fits in."""
    if slo.objective is None:
        return f"SLO {slo.id!r} has no objective yet: it waits for its baseline"
    if slo.sli.good is None or slo.sli.total is None:
        return f"SLO {slo.id!r} has no `good` and `total` query (its source is {slo.sli.source!r})"
    for query in (slo.sli.good, slo.sli.total):
        tree = parsed(query)
        if isinstance(tree, Unreadable):
            return f"SLO {slo.id!r}: {query[:200]!r} is not PromQL: {tree.reason}"
        if WINDOW not in query:
            return f"SLO {slo.id!r}: {query[:200]!r} measures over no {WINDOW}, so no window can be put in"
    return None


def _rule(alert: Alert, known: _Known) -> AlertRule | str:
    slo = known.slos.get(alert.slo or "")
    conditions: tuple[BurnCondition, ...] = ()
    rate = None
    if alert.windows and alert.kind in {"burn-rate", None}:
        if slo is None:
            return "it burns the budget of no SLO that the plan has"
        rate = event_rate(slo, known.ledger)
        found = unmeasured(slo) or _conditions(alert, slo, rate)
        if isinstance(found, str):
            return found
        conditions = found
        expression = burn_expression(slo.sli, conditions)
    else:
        found = _written(alert, slo)
        if found is None:
            return "it has no expression"
        expression = found
        unfit = _unfit(expression)
        if unfit is not None:
            return unfit
    return AlertRule(
        f"alerts/{alert.id}",
        f"slo-{slo.id}" if slo is not None else f"component-{alert.component}",
        _named(alert.id, known.names),
        expression,
        seconds(alert.for_) if alert.for_ else seconds(ABSENT_FOR) if alert.kind == "absence" else 0,
        _interval(alert, conditions),
        _labels(alert),
        _annotations(alert, slo, conditions, known),
        slo,
        conditions,
        rate,
        _replaced(alert),
    )


def _unfit(expression: str) -> str | None:
    tree = parsed(expression)
    if isinstance(tree, Unreadable):
        return f"its expression is not PromQL: {tree.reason}"
    found = None if "label_replace(" in expression else _PLACEHOLDER.search(expression)
    return None if found is None else f"its expression holds the placeholder {found[0]!r}"


def _written(alert: Alert, slo: Slo | None) -> str | None:
    if alert.expression is not None:
        return alert.expression.strip() or None
    return absence_expression(slo.sli) if alert.kind == "absence" and slo is not None else None


def event_rate(slo: Slo, ledger: Mapping[str, LedgerEntry]) -> Fraction | None:
    """Return the events a second that the SLO's baseline saw; None where the plan's ledger does not say."""
    row = ledger.get(slo.baseline or "")
    if row is None or row.total_events is None or not row.samples or row.step is None:
        return None
    return Fraction(row.total_events) / (row.samples * seconds(row.step))


def windowed(alert: Alert, slo: Slo, ledger: Mapping[str, LedgerEntry]) -> tuple[BurnCondition, ...]:
    """Return the burn conditions of an alert's windows at the rate of its SLO's baseline; none where none can fire."""
    found = _conditions(alert, slo, event_rate(slo, ledger))
    return () if isinstance(found, str) else found


def _conditions(alert: Alert, slo: Slo, rate: Fraction | None) -> tuple[BurnCondition, ...] | str:
    if slo.objective is None:
        return f"SLO {slo.id!r} has no objective yet: it waits for its baseline"
    windows = tuple((row.long, row.short, row.factor) for row in alert.windows)
    return _burning(slo.objective, slo.window, windows, alert.severity == "page", rate)


@lru_cache(maxsize=1024)
def _burning(
    objective: str, window: str, windows: Sequence[tuple[str, str, str]], pages: bool, rate: Fraction | None
) -> tuple[BurnCondition, ...] | str:
    """Return the conditions of windows, the same for all SLOs of an objective and a rate; else why there are none."""
    pairs = [Pair(seconds(long), seconds(short), Fraction(factor), pages) for long, short, factor in windows]
    try:
        found = burn_conditions(objective, seconds(window), pairs, rate)
    except InputError as error:
        return str(error)
    hourly = decimal((rate or 0) * 3600, 2)
    return found or (
        f"at the measured {hourly} events an hour none of its windows holds enough events to tell a failure"
        " from bad luck"
    )


def _interval(alert: Alert, conditions: Sequence[BurnCondition]) -> int:
    """Return how often a rule is evaluated: what pages twice a minute, what opens a ticket every two minutes."""
    slow = (
        bool(conditions) and alert.severity == "ticket" and min(row.pair.short for row in conditions) >= 1200
    )
    return 120 if slow else 30


def _named(id: str, taken: set[str]) -> str:
    """Return the id in CamelCase, as alerts are named; the id itself where another alert has that name."""
    name = "".join(part[:1].upper() + part[1:] for part in id.split("-"))
    name = id.replace("-", "_") if name in taken else name
    taken.add(name)
    return name


def escaped(text: str) -> str:
    """Return a text in which Prometheus sees no template action: it expands labels and annotations."""
    return text.replace("{{", '{{ "{{" }}')


def _labels(alert: Alert) -> dict[str, str]:
    rows = (
        ("severity", alert.severity),
        ("owner", alert.owner),
        ("route", alert.route),
        ("component", alert.component),
        ("slo", alert.slo),
    )
    return {name: escaped(value) for name, value in rows if value}


def _annotations(
    alert: Alert, slo: Slo | None, conditions: Sequence[BurnCondition], known: _Known
) -> dict[str, str]:
    book = known.runbooks.get(alert.runbook or "")
    place = (book.url or book.path) if book else None
    summary = _shown(alert.summary)
    told = [_figure(row) for row in conditions]
    if book is not None and book.impact:
        told.append(f"Impact: {_shown(book.impact)}")
    if slo is not None:
        told.append(_shown(slo.summary))
    if alert.time_to_impact:
        told.append(f"Time to impact: {alert.time_to_impact}.")
    rows = (
        ("summary", summary),
        ("runbook_url", place and _shown(place)),
        ("description", " ".join(told) or summary),
    )
    return {name: value for name, value in rows if value}


@lru_cache(maxsize=1024)
def _shown(text: str) -> str:
    """Return a plan's text on one line, without secrets, and without anything that Prometheus would expand."""
    return escaped(redact(" ".join(text.split())))


@lru_cache(maxsize=1024)
def _figure(row: BurnCondition) -> str:
    long, short = duration(row.pair.long), duration(row.pair.short)
    text = (
        f"More than {decimal(row.limit * 100)}% of events failed over {long} and over {short}: "
        f"{decimal(row.pair.factor)} times what the objective allows, "
        f"{decimal(row.used * 100, 1)}% of the budget when it fires, "
        f"{decimal(row.detection, 0)} s after everything began to fail."
    )
    if row.least_failures is None:
        return text
    return f"{text} At least {row.least_failures} failures over {long}: traffic is low."


def _replaced(alert: Alert) -> str | None:
    for uri in alert.evidence if alert.origin != "proposed" else ():
        place = repo_place(uri)
        if place is not None:
            return f"{place.path} lines {place.first} to {place.last}"
    return None


def _unseen(plan: Plan, rules: Sequence[AlertRule]) -> Iterator[tuple[str, str]]:
    """Yield the SLOs with burn-rate alerts of whose metric nobody would notice that it is gone."""
    burning = {rule.slo.id for rule in rules if rule.slo is not None and rule.conditions}
    for slo in unwatched(plan.slos, plan.alerts):
        if slo.id in burning:
            why = "the plan has no absence alert on its metric: when that is gone, its burn-rate alerts fall silent"
            yield f"slos/{slo.id}", why


def file_name(id: str, longest: int = _LONGEST_NAME) -> str:
    """Return an id as part of a file's name: a long one is cut, with its hash in place of what is cut."""
    if len(id) <= longest:
        return id
    return f"{id[: longest - 9]}-{hashlib.sha256(id.encode()).hexdigest()[:8]}"
