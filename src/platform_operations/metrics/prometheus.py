"""The live source: a Prometheus, or what speaks its HTTP API (Thanos, Mimir, VictoriaMetrics)."""

import os
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import floor, isfinite
from typing import Any, cast

from platform_operations.errors import InputError
from platform_operations.metrics.http_api import HttpApi, Refusal
from platform_operations.metrics.instants import rfc3339
from platform_operations.metrics.query import expected_scrapes, seen
from platform_operations.metrics.source import History, Slot, Span
from platform_operations.model.baseline import Backtest
from platform_operations.slo.budget import DAY, HOUR
from platform_operations.slo.durations import duration
from platform_operations.slo.promql import Unreadable, selectors
from platform_operations.slo.sli import WINDOW, NamedSli, ranged

MOST_POINTS = 11_000
"""What a Prometheus answers to one range query at most."""

MOST_VALUES = 2000
_LOOK_BACK = 60 * DAY
_STALE = 5 * 60
_NOISE = Fraction(1, 10**9)

Points = dict[int, Fraction]


class PrometheusSource:
    """Slots measured by range queries; each slot is the increase over its own length, at its end.

    `tried` keeps the backtests made on it by name, objective, start and end, for the snapshot.
    """

    def __init__(self, api: HttpApi) -> None:
        self.name = api.base
        self._api = api
        self._notes: dict[str, None] = {}
        self.tried: dict[tuple[str, str | None, int, int], Backtest] = {}

    @classmethod
    def connect(cls, url: str) -> "PrometheusSource":
        """The source at a base URL, with credentials from the environment; nothing is asked yet."""
        return cls(HttpApi(url, os.environ))

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the server warned of, and queries that it refused."""
        return (*self._api.warnings, *self._notes)

    def listed(self) -> tuple[NamedSli, ...]:
        """Nothing: SLIs are found among the server's metrics."""
        return ()

    def metric_names(self) -> tuple[str, ...]:
        """Every metric name of the server, sorted."""
        return tuple(sorted(self._strings("label/__name__/values", {})))

    def label_values(self, metric: str, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The values that those of the labels which a metric has take, sorted; no more than 2,000 of each."""
        match = {"match[]": f'{{__name__="{metric}"}}'}
        names = self._strings("labels", match)
        return {
            label: tuple(sorted(self._strings(f"label/{label}/values", match)))[:MOST_VALUES]
            for label in labels
            if label in names
        }

    def _strings(self, endpoint: str, parameters: dict[str, str]) -> tuple[str, ...]:
        found = self._api.ask(endpoint, parameters)
        if isinstance(found, Refusal):
            self._notes.setdefault(f"{endpoint}: {found.reason}")
            return ()
        return tuple(map(str, cast("list[Any]", found))) if isinstance(found, list) else ()

    def newest(self, slis: Sequence[NamedSli], not_after: int | None) -> int | None:
        """The time of the newest sample that any SLI's total selects, at most `not_after`.

        A server that has nothing now may hold older history: then the last sample seen at a whole hour of
        the 60 days before counts.
        """
        found = _totals(slis)
        if not found:
            return None
        now = _newest(found)
        if not_after is not None:
            after = self._instant(now, not_after + _STALE)
            if after is not None and after >= not_after:
                return not_after
        latest = self._instant(now, None)
        if latest is None or (not_after is not None and latest < not_after):
            latest = max(
                (time for time in (latest, self._last_hourly(found, not_after)) if time), default=None
            )
        if latest is None and not_after is not None:
            self._notes.setdefault(
                f"{self.name} has no samples of the SLIs in the 60 days before {rfc3339(not_after)};"
                " --as-of names another time"
            )
        return latest if latest is None or not_after is None else min(latest, not_after)

    def _last_hourly(self, found: Sequence[str], not_after: int | None) -> int | None:
        """The newest sample at the last whole hour that has any; asking `timestamp` of every hour is slow."""
        latest = not_after if not_after is not None else self._instant("vector(time())", None)
        if latest is None:
            return None
        end = -(-latest // HOUR) * HOUR
        hours = self.times(
            " or ".join(f"count({selector})" for selector in found), Span(end - _LOOK_BACK, end, HOUR)
        )
        if isinstance(hours, Refusal):
            self._notes.setdefault(f"newest sample: {hours.reason}")
            return None
        return self._instant(_newest(found), hours[-1]) if hours else None

    def histories(self, slis: Sequence[NamedSli], span: Span) -> tuple[History, ...]:
        """The slots of each SLI: good and total events, and which share of its scrapes each slot has."""
        return tuple(self._history(sli, span) for sli in slis)

    def values(self, query: str, span: Span) -> Points | Refusal:
        """The summed value of an expression at the end of every step, asked in chunks that are answered."""
        points: Points = {}
        for answer in self._chunks(query, span):
            if isinstance(answer, Refusal):
                return answer
            for time, value in _samples(answer):
                points[time] = points.get(time, Fraction(0)) + value
        return points

    def times(self, query: str, span: Span) -> tuple[int, ...] | Refusal:
        """When an expression has any result, as an alert would: a value of 0, or NaN, fires too."""
        times: set[int] = set()
        for answer in self._chunks(query, span):
            if isinstance(answer, Refusal):
                return answer
            times.update(time for time, _ in _pairs(answer))
        return tuple(sorted(times))

    def _chunks(self, query: str, span: Span) -> Iterator[Any | Refusal]:
        first, last = span.start + span.step, span.end
        while first <= last:
            end = min(last, first + (MOST_POINTS - 1) * span.step)
            between = {"start": str(first), "end": str(end), "step": str(span.step)}
            yield self._api.ask("query_range", {"query": query} | between)
            first = end + span.step

    def _history(self, sli: NamedSli, span: Span) -> History:
        good, total = sli.sli.good, sli.sli.total
        if good is None or total is None or WINDOW not in good or WINDOW not in total:
            return self._problem(sli, span, f"both queries must measure over {WINDOW}")
        window = duration(span.step)
        events, succeeded = (self.values(ranged(query, window), span) for query in (total, good))
        scrapes = self._scrapes(total, span)
        for found in (events, succeeded, scrapes):
            if isinstance(found, Refusal):
                return self._problem(sli, span, found.reason)
        points, successes, counts = cast("tuple[Points, Points, Points | None]", (events, succeeded, scrapes))
        if any(points.values()) and not successes:
            return self._problem(sli, span, f"no series is selected by {good!r}")
        expected = expected_scrapes([int(count) for count in (counts or {}).values()])
        slots: list[Slot] = []
        for time in sorted(points):
            share = seen(int(counts.get(time, 0)), expected) if counts else Fraction(1)
            slots.append(_slot(time - span.step, successes.get(time, Fraction(0)), points[time], share))
        return History(tuple(slots), span.step)

    def _scrapes(self, total: str, span: Span) -> Points | Refusal | None:
        found = selectors(total)
        if isinstance(found, Unreadable):
            return None
        counts: Points = {}
        for selector in dict.fromkeys(str(selector) for selector in found):
            points = self.values(f"max(count_over_time({selector}[{duration(span.step)}]))", span)
            if isinstance(points, Refusal):
                return points
            for time, count in points.items():
                counts[time] = max(counts.get(time, Fraction(0)), count)
        return counts

    def _problem(self, sli: NamedSli, span: Span, reason: str) -> History:
        self._notes.setdefault(f"{sli.id}: {reason}")
        return History((), span.step, reason)

    def _instant(self, query: str, at: int | None) -> int | None:
        found = self._api.ask("query", {"query": query} | ({} if at is None else {"time": str(at)}))
        if isinstance(found, Refusal):
            self._notes.setdefault(f"newest sample: {found.reason}")
            return None
        return max((floor(value) for _, value in _samples(found)), default=None)


def _totals(slis: Iterable[NamedSli]) -> tuple[str, ...]:
    found = (selectors(sli.sli.total) for sli in slis if sli.sli.total is not None)
    return tuple(
        dict.fromkeys(str(one) for each in found if not isinstance(each, Unreadable) for one in each)
    )


def _newest(found: Sequence[str]) -> str:
    """The time of the newest sample of several selectors; each is labelled, or `or` would keep the first alone."""
    parts = (
        f'label_replace(max(timestamp({selector})), "n", "{index}", "", "")'
        for index, selector in enumerate(found)
    )
    return f"max({' or '.join(parts)})"


def _samples(data: Any) -> list[tuple[int, Fraction]]:
    """The samples of an instant or range answer; what is not a finite number is left out."""
    return [(time, _exact(text)) for time, text in _pairs(data) if isfinite(float(text))]


def _pairs(data: Any) -> list[tuple[int, str]]:
    """Times and values as the server wrote them; InputError where the answer has another shape."""
    try:
        found = [
            (round(float(time)), str(text))
            for series in data["result"]
            for time, text in series.get("values") or [series["value"]]
        ]
        for _, text in found:
            float(text)
    except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
        what = type(error).__name__
        raise InputError(f"the metrics answer has not the shape of the Prometheus API ({what})") from None
    return found


def _exact(text: str) -> Fraction:
    """The number as written where it is written plainly, or as the server's float."""
    return Fraction(text) if len(text) < 40 and "e" not in text.lower() else Fraction(float(text))


def _slot(start: int, good: Fraction, total: Fraction, share: Fraction) -> Slot:
    """A slot in whole events: the server extrapolates to the edges of a slot and computes in floating point.

    Successes above the total by no more than such noise are the total; more is an error of the queries.
    """
    whole, succeeded = floor(total + Fraction(1, 2)), floor(good + Fraction(1, 2))
    if good <= total * (1 + _NOISE):
        succeeded = min(succeeded, whole)
    return Slot(start, Fraction(succeeded), Fraction(whole), share)
