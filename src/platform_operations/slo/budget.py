"""Error budgets and burn rates in exact numbers: what an objective allows and when its alerts can speak.

The formulas are those of the SRE workbook, chapter 5. Objectives are in percent ("99.9"), windows in
seconds, everything else in Fraction. Here T is the objective as a share, so 1 - T is the error budget.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from math import floor
from typing import NamedTuple, TypeAlias

from platform_operations.errors import InputError
from platform_operations.slo.durations import duration

Exact: TypeAlias = Fraction | int | str

MINUTE, HOUR, DAY = 60, 3600, 86_400
_SHORT_OF_LONG = 12
_PAIRS_KEPT = (14 * DAY, 90 * DAY)
_SCALED_FROM = 28 * DAY


class Pair(NamedTuple):
    """Two windows (seconds) that must both burn the budget faster than `factor`."""

    long: int
    short: int
    factor: Fraction
    pages: bool

    def __str__(self) -> str:
        return f"{decimal(self.factor)} times over {duration(self.long)} and {duration(self.short)}"


_STANDARD = (
    Pair(HOUR, 5 * MINUTE, Fraction("14.4"), pages=True),
    Pair(6 * HOUR, 30 * MINUTE, Fraction(6), pages=True),
    Pair(DAY, 2 * HOUR, Fraction(3), pages=False),
    Pair(3 * DAY, 6 * HOUR, Fraction(1), pages=False),
)


@lru_cache(maxsize=1024)
def error_budget(objective: str) -> Fraction:
    """The share of events that may fail, 1 - T, from an objective in percent; above 0 and at most 1."""
    try:
        budget = 1 - Fraction(objective) / 100
    except (ValueError, ZeroDivisionError):
        raise InputError(f"objective {objective!r} is not a percentage; write it as '99.9'") from None
    if not 0 < budget <= 1:
        raise InputError(f"objective {objective!r} must be at least 0 and below 100 percent")
    return budget


def budget_minutes(objective: str, window: int) -> Fraction:
    """Minutes of complete failure that use up the budget of a window of `window` seconds."""
    return error_budget(objective) * window / MINUTE


def budget_events(objective: str, events: Exact) -> Fraction:
    """Failed events that use up the budget of a window with `events` events."""
    return error_budget(objective) * Fraction(events)


def burn_rate(error_ratio: Exact, objective: str) -> Fraction:
    """How many times faster than sustainable the budget goes at an error ratio between 0 and 1."""
    return Fraction(error_ratio) / error_budget(objective)


def threshold(objective: str, factor: Exact) -> Fraction:
    """The error ratio above which a window burns faster than `factor`: factor x (1 - T)."""
    return Fraction(factor) * error_budget(objective)


def detection_time(objective: str, error_ratio: Exact, long: int, factor: Exact) -> Fraction | None:
    """Seconds from the start of a failure until the long window crosses: (1 - T) / ratio x long x factor.

    None when the error ratio is not above the threshold, so that the window never crosses.
    """
    ratio = Fraction(error_ratio)
    limit = threshold(objective, factor)
    return limit / ratio * long if ratio > limit else None


def budget_used(window: int, long: int, factor: Exact) -> Fraction:
    """The share of the window's budget that is gone when the long window crosses: factor x long / window."""
    return Fraction(factor) * long / window


def feasible(objective: str, factor: Exact) -> bool:
    """Whether an alert at this factor can fire and should: factor x (1 - T) below 1, and factor at least 1.

    An error ratio cannot exceed 1, and a burn below 1 would alert although the objective will be met.
    """
    return Fraction(factor) >= 1 and threshold(objective, factor) < 1


@lru_cache(maxsize=4096)
def infeasibility(objective: str, factor: Exact) -> str | None:
    """Why an alert at this factor must not be emitted; None when it may."""
    if Fraction(factor) < 1:
        return (
            f"a burn rate of {decimal(factor)} is sustainable: the objective {objective}% would still be met"
        )
    limit = threshold(objective, factor)
    if limit >= 1:
        ratio = f"{decimal(factor)} times the budget of {objective}%, an error ratio of {decimal(limit)}"
        return f"{ratio}, cannot occur: no ratio exceeds 1"
    return None


def standard_pairs(window: int) -> tuple[Pair, ...]:
    """The four window pairs for an SLO window in seconds, fastest first.

    From 14 to 90 days the burn rates and windows are the workbook's for 30 days, unscaled: the
    same percentages over 28 days or 7 would give burns below 1. Below 14 days the windows shrink with the
    SLO window (from 28 days, as pyrra does) to whole minutes and the burn rates stay; above 90 they stay.
    """
    if window >= _PAIRS_KEPT[0]:
        return _STANDARD
    scaled = (_scaled(pair, window) for pair in _STANDARD)
    return tuple(pair for pair in scaled if pair.short < pair.long <= window)


@lru_cache(maxsize=1024)
def pairs_for(objective: str, window: int) -> tuple[Pair, ...]:
    """The standard pairs that can fire for this objective."""
    return tuple(pair for pair in standard_pairs(window) if feasible(objective, pair.factor))


def _scaled(pair: Pair, window: int) -> Pair:
    long = _whole_minutes(Fraction(pair.long * window, _SCALED_FROM))
    short = max(MINUTE, _whole_minutes(Fraction(long, _SHORT_OF_LONG)))
    return Pair(long, short, pair.factor, pair.pages)


def _whole_minutes(length: Fraction) -> int:
    return floor(length / MINUTE + Fraction(1, 2)) * MINUTE


def events_needed(objective: str, factor: Exact) -> Fraction:
    """Events a window must see so that one failure does not cross the threshold: 1 / (factor x (1 - T))."""
    return 1 / threshold(objective, factor)


def lone_failure_alerts(objective: str, pair: Pair, events_per_second: Exact) -> bool:
    """Whether at this event rate one failed event alone crosses the pair's long window: it needs a guard."""
    return Fraction(events_per_second) * pair.long < events_needed(objective, pair.factor)


def fastest_detection(objective: str, error_ratio: Exact, pairs: Sequence[Pair]) -> Fraction | None:
    """Seconds until the first of the paging pairs crosses; None when none ever does."""
    times = [detection_time(objective, error_ratio, pair.long, pair.factor) for pair in pairs if pair.pages]
    return min((time for time in times if time is not None), default=None)


def decimal(value: Exact, places: int = 12) -> str:
    """The plain decimal spelling of a number, rounded half up to `places` and without trailing zeros."""
    text = fixed(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


@lru_cache(maxsize=4096)
def fixed(value: Exact, places: int, *, down: bool = False) -> str:
    """The decimal spelling with exactly `places` decimals: half up, or towards zero with `down`."""
    number = Fraction(value)
    scaled = abs(number) * 10**places
    units = floor(scaled) if down else floor(scaled + Fraction(1, 2))
    digits = str(units).rjust(places + 1, "0")
    sign = "-" if number < 0 and units else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"
