"""What alerts would have done over the history, before anyone is paged.

Over a live Prometheus the exact expressions that would be deployed are evaluated every minute, in chunks.
Over files our own burn-rate forms are computed from slots that are no longer than the short window. What
neither can answer is `unsupported`, with the reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, groupby
from math import lcm
from typing import Literal, TypeAlias

from platform_operations.errors import InputError
from platform_operations.metrics.baseline import LADDER
from platform_operations.metrics.http_api import Refusal
from platform_operations.metrics.instants import unix
from platform_operations.metrics.prometheus import PrometheusSource
from platform_operations.metrics.snapshot import SnapshotSource
from platform_operations.metrics.source import History, MetricSource, Slot, Span
from platform_operations.model.baseline import Backtest
from platform_operations.model.reliability import Sli
from platform_operations.slo.budget import (
    DAY,
    HOUR,
    MINUTE,
    Exact,
    error_budget,
    fixed,
    pairs_for,
    standard_pairs,
)
from platform_operations.slo.durations import duration
from platform_operations.slo.expressions import BurnCondition, burn_conditions, burn_expression
from platform_operations.slo.promql import Unreadable, selectors
from platform_operations.slo.sli import NamedSli

MOST_PAGES_A_WEEK = 2
MOST_TIME_FIRING = Fraction(20, 100)
"""An alert that pages more often, or fires for a larger share of the time, is noise."""

Severity: TypeAlias = Literal["page", "ticket"]

_SPEEDS: tuple[tuple[Severity, str], ...] = (("page", "fast"), ("ticket", "slow"))
_WEEK = 7 * DAY
_DAYS = (1, 400)


@dataclass(frozen=True, slots=True)
class AlertCase:
    """An alert to try: an expression, or the burn conditions of an SLO (`objective` in percent).

    `held` is how many seconds the expression must hold before it fires.
    """

    name: str
    severity: Severity
    expression: str | None = None
    sli: NamedSli | None = None
    objective: str | None = None
    conditions: tuple[BurnCondition, ...] = ()
    held: int = 0

    def promql(self) -> str | None:
        """The expression that would be deployed; None where the SLI has no queries."""
        if self.expression is not None:
            return self.expression
        if self.sli is None or self.sli.sli.good is None or self.sli.sli.total is None or not self.conditions:
            return None
        return burn_expression(self.sli.sli, self.conditions)


def standard_cases(
    sli: NamedSli, objective: str, window: int, event_rate: Exact | None = None
) -> tuple[AlertCase, ...]:
    """The page and the ticket that an SLO gets: fast and slow burn, for a window in seconds.

    An alert of which no pair can fire at this objective and event rate is left out.
    """
    pairs = pairs_for(objective, window)
    found: list[AlertCase] = []
    for severity, speed in _SPEEDS:
        chosen = [pair for pair in pairs if pair.pages == (severity == "page")]
        conditions = burn_conditions(objective, window, chosen, event_rate)
        if conditions:
            found.append(AlertCase(f"{sli.id}-{speed}-burn", severity, None, sli, objective, conditions))
    return tuple(found)


def backtest(
    source: MetricSource, cases: Sequence[AlertCase], *, as_of: str | None = None, days: int = 28
) -> tuple[Backtest, ...]:
    """What each alert would have done in the `days` before `as_of` (RFC 3339; None: the newest sample)."""
    span = _interval(source, [case.sli or _stand_in(case) for case in cases], as_of, days)
    return tuple(_without_samples(case) if span is None else _tried(source, case, span) for case in cases)


def _interval(source: MetricSource, slis: Sequence[NamedSli], as_of: str | None, days: int) -> Span | None:
    if not _DAYS[0] <= days <= _DAYS[1]:
        raise InputError(f"{days!r} days cannot be tried; give {_DAYS[0]} to {_DAYS[1]}")
    newest = source.newest(slis, None if as_of is None else unix(as_of)) if slis else None
    if newest is None:
        return None
    end = newest // HOUR * HOUR
    return Span(end - days * DAY, end, MINUTE)


def _without_samples(case: AlertCase) -> Backtest:
    return Backtest(name=case.name, status="no-data", reason="the source has no samples")


def quiet_objective(
    source: MetricSource,
    sli: NamedSli,
    target: str,
    window: int,
    *,
    event_rate: Exact | None = None,
    as_of: str | None = None,
    days: int = 28,
) -> tuple[str | None, tuple[Backtest, ...]]:
    """The highest rung up to `target` whose standard alerts would not have been noise, and their backtests.

    None where every rung is noisy; where nothing could be tried, `target` itself.
    """
    span = _interval(source, [sli], as_of, days)
    history: History | None = None
    if span is not None and not isinstance(source, PrometheusSource):
        lead = max(pair.long for pair in standard_pairs(window))
        history = source.histories((sli,), Span(span.start - lead, span.end, span.step))[0]
    tried: tuple[Backtest, ...] = ()
    for rung in reversed(LADDER):
        if Fraction(rung) <= Fraction(target):
            cases = standard_cases(sli, rung, window, event_rate)
            tried = tuple(
                _without_samples(case) if span is None else _tried(source, case, span, history)
                for case in cases
            )
            if not any(result.status == "noisy" for result in tried):
                return rung, tried
    return None, tried


def _stand_in(case: AlertCase) -> NamedSli:
    return NamedSli(
        case.name, case.name, Sli(kind="availability", source="prometheus", total=case.expression)
    )


def _tried(source: MetricSource, case: AlertCase, span: Span, history: History | None = None) -> Backtest:
    if isinstance(source, PrometheusSource):
        found = _over_prometheus(source, case, span)
        source.tried[(found.name, case.objective, span.start, span.end)] = found
        return found
    recorded = (
        source.tried_then(case.name, case.objective, span) if isinstance(source, SnapshotSource) else None
    )
    if recorded is not None:
        return recorded
    if case.sli is None or not case.conditions:
        return _unsupported(case, "only a live Prometheus can evaluate this expression")
    if history is None:
        lead = max(condition.pair.long for condition in case.conditions)
        history = source.histories((case.sli,), Span(span.start - lead, span.end, span.step))[0]
    return _over_slots(history, case, span)


def _over_prometheus(source: PrometheusSource, case: AlertCase, span: Span) -> Backtest:
    expression = case.promql()
    if expression is None:
        return _unsupported(case, "there is no expression to evaluate")
    firing = source.times(expression, span)
    if isinstance(firing, Refusal):
        return _unsupported(case, firing.reason)
    if not firing and not _has_samples(source, expression, span):
        return Backtest(
            name=case.name, status="no-data", reason="what it selects has no samples in the interval"
        )
    spent = None
    if case.sli is not None and case.objective is not None:
        history = source.histories((case.sli,), Span(span.start, span.end, HOUR))[0]
        spent = _spent(history.slots, case.objective)
    return _judged(case, firing, MINUTE, span, spent)


def _has_samples(source: PrometheusSource, expression: str, span: Span) -> bool:
    found = selectors(expression)
    if isinstance(found, Unreadable):
        return True
    hours = Span(span.start, span.end, HOUR)
    counts = (source.times(f"count({selector})", hours) for selector in dict.fromkeys(map(str, found)))
    return any(not isinstance(times, Refusal) and times for times in counts)


def _over_slots(history: History, case: AlertCase, span: Span) -> Backtest:
    if history.problem is not None:
        return _unsupported(case, history.problem)
    slots = history.slots
    if not any(span.start <= slot.start < span.end for slot in slots):
        return Backtest(name=case.name, status="no-data", reason="no slots in the interval")
    shortest = min(condition.pair.short for condition in case.conditions)
    if history.step > shortest:
        return _unsupported(
            case, f"slots of {duration(history.step)} are longer than the short window, {duration(shortest)}"
        )
    first = slots[0].start
    grid = _Grid.of(slots, Span(first, span.end, history.step))
    ends = range(first + history.step, span.end + 1, history.step)
    firing = [
        end
        for index, end in enumerate(ends)
        if end > span.start
        and any(grid.burns(index, condition, history.step) for condition in case.conditions)
    ]
    spent = (
        None if case.objective is None else grid.spent((span.start - first) // history.step, case.objective)
    )
    return _judged(case, firing, history.step, span, spent)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Running sums of failures and events over consecutive slots, in whole units of 1/`unit` event."""

    bad: tuple[int, ...]
    total: tuple[int, ...]
    unit: int

    @classmethod
    def of(cls, slots: Sequence[Slot], span: Span) -> "_Grid":
        unit = lcm(*(part.denominator for slot in slots for part in (slot.good, slot.total)))
        length = (span.end - span.start) // span.step
        bad, total = [0] * length, [0] * length
        for slot in slots:
            index = (slot.start - span.start) // span.step
            if index < length:
                events = slot.total.numerator * (unit // slot.total.denominator)
                bad[index] += events - slot.good.numerator * (unit // slot.good.denominator)
                total[index] += events
        return cls((0, *accumulate(bad)), (0, *accumulate(total)), unit)

    @property
    def length(self) -> int:
        return len(self.bad) - 1

    def spent(self, begin: int, objective: str) -> Fraction | None:
        """The share of the budget that the failures from a slot on have used; None without events."""
        begin = max(0, begin)
        bad, total = self.bad[-1] - self.bad[begin], self.total[-1] - self.total[begin]
        return Fraction(bad, total) / error_budget(objective) if total > 0 else None

    def burns(self, index: int, condition: BurnCondition, step: int) -> bool:
        """Whether at the end of this slot both windows are above the limit, with failures enough."""
        limit, guard = condition.limit, condition.least_failures
        for window in (condition.pair.short, condition.pair.long):
            begin = max(0, index + 1 - window // step)
            bad, total = self.bad[index + 1] - self.bad[begin], self.total[index + 1] - self.total[begin]
            if bad * limit.denominator <= limit.numerator * total:
                return False
            if guard is not None and window == condition.pair.long and bad < guard * self.unit:
                return False
        return True


def _spent(slots: Sequence[Slot], objective: str) -> Fraction | None:
    total = sum((slot.total for slot in slots), Fraction(0))
    bad = total - sum((slot.good for slot in slots), Fraction(0))
    return bad / (total * error_budget(objective)) if total > 0 else None


def _judged(case: AlertCase, times: Sequence[int], step: int, span: Span, spent: Fraction | None) -> Backtest:
    episodes = [(start, last) for start, last in _runs(times, step) if last - start >= case.held]
    firing = sum((last - start - case.held + step for start, last in episodes), 0)
    pages = Fraction(len(episodes) * _WEEK, span.end - span.start)
    share = Fraction(firing, span.end - span.start)
    reasons: list[str] = []
    if case.severity == "page" and pages > MOST_PAGES_A_WEEK:
        reasons.append(f"it would have paged {fixed(pages, 2)} times a week, more than {MOST_PAGES_A_WEEK}")
    if share > MOST_TIME_FIRING:
        reasons.append(
            f"it would have fired {fixed(share * 100, 0)}% of the time, more than {MOST_TIME_FIRING * 100}%"
        )
    quiet = f"{len(episodes)} episode{'' if len(episodes) == 1 else 's'} in {duration(span.end - span.start)}"
    return Backtest(
        name=case.name,
        status="noisy" if reasons else "ok",
        episodes=len(episodes),
        hours_firing=fixed(Fraction(firing, HOUR), 2),
        pages_per_week=fixed(pages, 2) if case.severity == "page" else None,
        budget_spent=None if spent is None else fixed(spent * 100, 1),
        reason="; ".join(reasons) or quiet,
    )


def _runs(times: Sequence[int], step: int) -> Iterator[tuple[int, int]]:
    """The first and last time of each unbroken run of evaluations."""
    for _, run in groupby(enumerate(sorted(times)), key=lambda pair: pair[1] - pair[0] * step):
        found = [time for _, time in run]
        yield found[0], found[-1]


def _unsupported(case: AlertCase, reason: str) -> Backtest:
    return Backtest(name=case.name, status="unsupported", reason=reason)
