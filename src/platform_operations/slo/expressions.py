"""PromQL of the alerts that an SLO gets: burn rates over window pairs, and the absence of its metric.

What these forms guard against: with no traffic the ratio must be empty, not NaN (`> 0` below it); a series
of successes that is missing while there is traffic means that all failed, not that nothing is known
(`or vector(0)`, or the total times 0 where it is grouped); at low traffic one failure must not page (a
least number of failures); a metric that vanished silences every ratio, so absence alerts by itself.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import NamedTuple

from platform_operations.errors import InputError
from platform_operations.model.reliability import Alert, Sli, Slo
from platform_operations.slo.budget import (
    Exact,
    Pair,
    budget_used,
    decimal,
    detection_time,
    infeasibility,
    lone_failure_alerts,
    threshold,
)
from platform_operations.slo.durations import duration
from platform_operations.slo.promql import Unreadable, grouping, parsed, selectors
from platform_operations.slo.sli import ranged

FEWEST_FAILURES, MOST_FAILURES = 2, 5
"""The least failures that a low-traffic guard asks for: half of what the long window sees, within these."""

ABSENT_FOR = "10m"
"""How long a metric must be gone: at least two scrapes at any usual interval, and longer than a restart."""


class BurnCondition(NamedTuple):
    """One window pair of an alert, with the figures a reader wants to see.

    `limit` is the error ratio it compares with, `detection` the seconds until a complete failure fires it,
    `used` the share of the budget gone when it fires, `least_failures` its low-traffic guard.
    """

    pair: Pair
    limit: Fraction
    detection: Fraction
    used: Fraction
    least_failures: int | None


def burn_conditions(
    objective: str, window: int, pairs: Sequence[Pair], event_rate: Exact | None = None
) -> tuple[BurnCondition, ...]:
    """The pairs with their figures, for an SLO window in seconds and a measured rate in events a second.

    A pair whose long window sees fewer than four events is left out: its guard could never be met.
    InputError when a pair can never fire or would alert below the sustainable rate.
    """
    found: list[BurnCondition] = []
    for pair in pairs:
        wrong = infeasibility(objective, pair.factor)
        if wrong is not None:
            raise InputError(f"no alert for {pair}: {wrong}")
        guard = least_failures(objective, pair, event_rate)
        if guard == 0:
            continue
        detection = detection_time(objective, 1, pair.long, pair.factor)
        if detection is not None:
            limit, used = threshold(objective, pair.factor), budget_used(window, pair.long, pair.factor)
            found.append(BurnCondition(pair, limit, detection, used, guard))
    return tuple(found)


def least_failures(objective: str, pair: Pair, event_rate: Exact | None) -> int | None:
    """The failures a long window must hold: None where a lone one is harmless, 0 where none suffice."""
    if event_rate is None or not lone_failure_alerts(objective, pair, event_rate):
        return None
    usual = Fraction(event_rate) * pair.long
    return 0 if usual < 2 * FEWEST_FAILURES else min(MOST_FAILURES, int(usual / 2))


def burn_expression(sli: Sli, conditions: Sequence[BurnCondition]) -> str:
    """The alert expression: for any condition, both windows above its limit. `sli` needs both queries."""
    return "\nor\n".join(_condition(sli, condition) for condition in conditions)


def _condition(sli: Sli, condition: BurnCondition) -> str:
    long, short = duration(condition.pair.long), duration(condition.pair.short)
    limit = decimal(condition.limit)
    parts = [f"{error_ratio(sli, long)} > {limit}", f"{error_ratio(sli, short)} > {limit}"]
    if condition.least_failures is not None:
        parts.append(f"{failures(sli, long)} >= {condition.least_failures}")
    return "(\n  " + "\nand\n  ".join(parts) + "\n)"


def error_ratio(sli: Sli, window: str) -> str:
    """The share of failed events over a window; empty without traffic, never NaN."""
    good, total = _queries(sli, window)
    return f"(1 - {good} / ({total} > 0))"


def failures(sli: Sli, window: str) -> str:
    """The number of failed events over a window."""
    good, total = _queries(sli, window)
    return f"({total} - {good})"


def _queries(sli: Sli, window: str) -> tuple[str, str]:
    if sli.good is None or sli.total is None:
        raise InputError(
            f"an SLI of kind {sli.kind!r} without `good` and `total` queries has no alert expression"
        )
    good, total = ranged(sli.good, window), ranged(sli.total, window)
    tree = parsed(sli.total)
    plain_sum = not isinstance(tree, Unreadable) and grouping(tree) == ()
    return f"({good} or {'vector(0)' if plain_sum else f'0 * ({total})'})", f"({total})"


def absence_expression(sli: Sli) -> str | None:
    """The alert on a metric that is gone, for each selector of the total; None where it cannot be read."""
    found = () if sli.total is None else selectors(sli.total)
    if isinstance(found, Unreadable):
        return None
    return " or ".join(dict.fromkeys(f"absent({selector})" for selector in found)) or None


def unwatched(slos: Iterable[Slo], alerts: Iterable[Alert]) -> tuple[Slo, ...]:
    """The SLOs of whose metric no absence alert would notice the end: none of theirs, their component's, or the same."""
    absences = [alert for alert in alerts if alert.kind == "absence"]
    promises = {alert.slo for alert in absences if alert.slo}
    components = {alert.component for alert in absences if not alert.slo}
    asked = {alert.expression for alert in absences}
    return tuple(
        slo
        for slo in slos
        if slo.id not in promises
        and slo.component not in components
        and (not asked or absence_expression(slo.sli) not in asked)
    )
