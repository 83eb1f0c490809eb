"""From slots of events to a baseline and the SLO target that it supports.

The target is the highest rung of a fixed ladder whose error budget over the measured events covers each of

- sampling: what is left of 1 above the one-sided 95 percent Wilson lower bound of the observed ratio;
- worst-day: all failures seen, and those of the worst 24 hours once more, in case they repeat;
- event-support: at least ten failed events, below which a budget is decided by single requests;
- cap: 99.99 percent at most (four minutes in 28 days), unless the caller allows less.

The ratio is one of sums, never a mean of ratios. Slots seen for less than half are dropped, not zero.
Everything is compared in Fraction: with floating point 1 - 10/200 misses the 95 percent rung.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from platform_operations.errors import InputError
from platform_operations.metrics.instants import rfc3339, unix
from platform_operations.metrics.source import History, MetricSource, Slot, Span
from platform_operations.metrics.wilson import lower_bound, supports
from platform_operations.model.baseline import BaselineStatus, Bound, Observation
from platform_operations.slo.budget import DAY, HOUR, decimal, error_budget, fixed
from platform_operations.slo.durations import duration, seconds
from platform_operations.slo.sli import NamedSli

LADDER = ("90", "95", "97", "98", "99", "99.5", "99.8", "99.9", "99.95", "99.98", "99.99")
"""Targets that may be chosen, in percent."""

SUPPORTING_EVENTS = 10
"""Failed events that a window's budget must hold at least."""

THIN_SPAN, THIN_COVERAGE = 14 * DAY, Fraction(95, 100)
"""A shorter or less observed history gives a provisional target only."""

_HALF = Fraction(1, 2)
_WINDOW_RANGE = (DAY, 400 * DAY)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a history supports, with the numbers that decided it.

    `bounds` holds the highest share that each bound supports, between 0 and 1; the lowest decided.
    `budget_events` and `spent` (share of that budget that the history used) are of the target.
    """

    status: BaselineStatus
    target: str | None = None
    limited_by: Bound | None = None
    good: Fraction = Fraction(0)
    total: Fraction = Fraction(0)
    worst_day: Fraction = Fraction(0)
    bounds: tuple[tuple[Bound, Fraction], ...] = ()
    used: int = 0
    dropped: int = 0
    start: int | None = None
    coverage: Fraction | None = None

    @property
    def budget_events(self) -> Fraction | None:
        return None if self.target is None else error_budget(self.target) * self.total

    @property
    def spent(self) -> Fraction | None:
        budget = self.budget_events
        return (self.total - self.good) / budget if budget else None


def observe(
    source: MetricSource,
    slis: Sequence[NamedSli],
    *,
    as_of: str | None = None,
    window: str = "28d",
    floor: str = "99",
    cap: str = "99.99",
) -> tuple[Observation, ...]:
    """The baseline of each SLI over the `window` before `as_of` (RFC 3339; None means the newest sample).

    All share one end: the last whole hour not after `as_of` and the newest sample of any of them, so that
    an SLI which stopped reporting shows as a gap. Each starts at its own first sample within the window.
    `floor` and `cap` are objectives in percent. InputError when an argument or the source cannot be used.
    """
    length = seconds(window)
    if not _WINDOW_RANGE[0] <= length <= _WINDOW_RANGE[1]:
        raise InputError(f"window {window!r} is outside 1d to 400d; an SLO window is usually 28d")
    if Fraction(cap) < Fraction(LADDER[0]):
        raise InputError(f"cap {cap!r} is below the lowest target, {LADDER[0]}")
    limit = None if as_of is None else unix(as_of)
    if not slis:
        return ()
    newest = source.newest(slis, limit)
    latest = min((time for time in (newest, limit) if time is not None), default=None)
    if latest is None:
        return tuple(_observation(sli, window, HOUR, None, Judgement("no-data")) for sli in slis)
    span = Span(latest // HOUR * HOUR - length, latest // HOUR * HOUR, HOUR)
    histories = source.histories(slis, span)
    return tuple(
        _measured(sli, window, span, history, floor, cap)
        for sli, history in zip(slis, histories, strict=True)
    )


def observe_again(
    source: MetricSource, sli: NamedSli, earlier: Observation, *, floor: str = "99", cap: str = "99.99"
) -> Observation:
    """Measure over the very interval of an earlier observation; equal hashes mean that nothing changed."""
    if earlier.end is None:
        return observe(source, (sli,), window=earlier.window, floor=floor, cap=cap)[0]
    end = unix(earlier.end)
    span = Span(end - seconds(earlier.window), end, HOUR)
    return _measured(sli, earlier.window, span, source.histories((sli,), span)[0], floor, cap)


def _measured(sli: NamedSli, window: str, span: Span, history: History, floor: str, cap: str) -> Observation:
    judgement = judge(history.slots, Span(span.start, span.end, history.step), floor=floor, cap=cap)
    return _observation(sli, window, history.step, span, judgement)


def judge(slots: Sequence[Slot], span: Span, *, floor: str = "99", cap: str = "99.99") -> Judgement:
    """The highest target that the slots within the span support, or the reason why none is.

    `floor` is the objective in percent below which a target is not good enough to promise, only to alert on.
    """
    inside = [slot for slot in slots if slot.start >= span.start and slot.start + span.step <= span.end]
    used = [slot for slot in inside if slot.seen >= _HALF]
    if not used:
        return Judgement("no-data", dropped=len(inside))
    good, total = (
        sum((slot.good for slot in used), Fraction(0)),
        sum((slot.total for slot in used), Fraction(0)),
    )
    start = used[0].start
    coverage = sum((min(slot.seen, Fraction(1)) for slot in used), Fraction(0)) / max(
        1, (span.end - start) // span.step
    )
    partial = Judgement(
        "no-traffic", good=good, total=total, used=len(used), dropped=len(inside) - len(used),
        start=start, coverage=coverage,
    )  # fmt: skip
    if any(slot.total < 0 or not 0 <= slot.good <= slot.total for slot in used):
        return replace(partial, status="data-error")
    if not total:
        return partial
    worst = _worst_day(used, span.step)
    bounds = _bounds(good, total, worst, cap)
    target = _target(good, total, worst, cap)
    thin = span.end - start < THIN_SPAN or coverage < THIN_COVERAGE
    status, limited_by = _status(target, dict(bounds), floor=floor, thin=thin)
    return replace(
        partial, status=status, target=target, limited_by=limited_by, worst_day=worst, bounds=bounds
    )


def _status(
    target: str | None, bounds: Mapping[Bound, Fraction], *, floor: str, thin: bool
) -> tuple[BaselineStatus, Bound]:
    lowest = Fraction(LADDER[0]) / 100
    if target is None:
        if bounds["event-support"] < lowest:
            return "insufficient-events", "event-support"
        if bounds["worst-day"] < lowest:
            return "below-ladder", "worst-day"
        return "insufficient-events", "sampling"
    limited_by = min(bounds, key=lambda bound: bounds[bound])
    if thin:
        return "provisional", limited_by
    if Fraction(target) >= Fraction(floor) or limited_by == "cap":
        return "ok", limited_by
    return ("below-floor" if bounds["worst-day"] < Fraction(floor) / 100 else "low-traffic"), limited_by


def _bounds(good: Fraction, total: Fraction, worst: Fraction, cap: str) -> tuple[tuple[Bound, Fraction], ...]:
    return (
        ("event-support", 1 - SUPPORTING_EVENTS / total),
        ("worst-day", 1 - (total - good + worst) / total),
        ("sampling", lower_bound(good, total)),
        ("cap", Fraction(cap) / 100),
    )


def _target(good: Fraction, total: Fraction, worst: Fraction, cap: str) -> str | None:
    for rung in reversed(LADDER):
        share = Fraction(rung) / 100
        budget = (1 - share) * total
        covered = budget >= SUPPORTING_EVENTS and budget >= total - good + worst
        if covered and Fraction(rung) <= Fraction(cap) and supports(share, good, total):
            return rung
    return None


def _worst_day(slots: Sequence[Slot], step: int) -> Fraction:
    """The most failures in any 24 hours; a slot longer than that counts whole."""
    worst = running = Fraction(0)
    recent: deque[Slot] = deque()
    for slot in slots:
        recent.append(slot)
        running += slot.total - slot.good
        while slot.start + step - recent[0].start > max(DAY, step):
            gone = recent.popleft()
            running -= gone.total - gone.good
        worst = max(worst, running)
    return worst


def _observation(sli: NamedSli, window: str, step: int, span: Span | None, found: Judgement) -> Observation:
    start = found.start if found.start is not None or span is None else span.start
    counted = found.used > 0
    return Observation(
        id=sli.id,
        sli=sli.name,
        kind=sli.sli.kind,
        good_query=sli.sli.good,
        total_query=sli.sli.total,
        good_events=decimal(found.good) if counted else None,
        total_events=decimal(found.total) if counted else None,
        observed=_observed(found),
        target=found.target,
        status=found.status,
        limited_by=found.limited_by,
        window=window,
        start=None if start is None else rfc3339(start),
        end=None if span is None else rfc3339(span.end),
        step=duration(step),
        samples=found.used,
        coverage=None if found.coverage is None else fixed(found.coverage * 100, 1, down=True),
    ).sealed()


def _observed(found: Judgement) -> str | None:
    if not found.total or found.status == "data-error":
        return None
    return fixed(found.good / found.total * 100, 3, down=True)
