"""The OpenMetrics source: counters with timestamps in a text file.

Increases are counted exactly. A decrease is a counter reset, so the new value is the increase. The events
between two samples belong to the slot of the later one; across a slot's edge they count only where the
samples are at most two scrape intervals apart, so that what happened in a gap is not put into one slot.
The file is read as a stream, once to check it and once for the intervals asked for, of which the last is kept
within bounds, so memory does not grow with the length of the file.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import NamedTuple, TextIO

from platform_operations.errors import InputError
from platform_operations.metrics.query import (
    Amount,
    Term,
    Unanswerable,
    expected_scrapes,
    seen,
    terms,
    value,
)
from platform_operations.metrics.source import History, Slot, Span
from platform_operations.slo.budget import DAY
from platform_operations.slo.promql import Selector, UnsupportedPatternError
from platform_operations.slo.sli import NamedSli

MOST_LINES = 50_000_000
MOST_SERIES = 200_000
MOST_SLOTS = 1_000_000
MOST_KEPT = 4_000_000
_LARGEST_KEPT = 2**62
_LEAD = 3 * DAY * 1000
_LONGEST_LINE = 10_000
_MILLISECONDS_FROM = 10**11
_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*", re.ASCII)
_TIME = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?([eE]\+?[0-9]{1,2})?", re.ASCII)
_LABEL = re.compile(r'\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,?)', re.ASCII)
_STEPS = (60, 120, 300, 600, 900, 1800, 3600)
_ESCAPES = {"\\n": "\n", '\\"': '"', "\\\\": "\\"}

Labels = dict[str, str]


class _Sample(NamedTuple):
    line: int
    series: str
    time: int
    text: str


@dataclass(slots=True)
class _Known:
    """A series of the file: its labels, its last sample and the shortest distance of two, in milliseconds."""

    labels: Labels
    last: int
    shortest: int = 0


@dataclass(slots=True)
class _Tally:
    """What is added up for one selector: per slot its increase, and the most samples of any series."""

    increases: dict[int, Amount] = field(default_factory=dict[int, Amount])
    counts: dict[int, int] = field(default_factory=dict[int, int])


@dataclass(slots=True)
class _Cursor:
    """Where the reading of one series is: its last sample, and its samples in the current slot."""

    tallies: tuple[_Tally, ...]
    time: int | None = None
    value: Amount = 0
    shortest: int | None = None
    slot: int = -1
    count: int = 0


@dataclass(slots=True)
class _Kept:
    """Samples remembered in two columns for each series, for the backtests that follow a baseline."""

    start: int
    end: int
    columns: dict[str, tuple["array[int]", "array[int]"]]


class OpenMetricsSource:
    """Counters from an OpenMetrics file. Every line is checked first; InputError names the first bad one."""

    def __init__(self, name: str, opener: Callable[[], AbstractContextManager[TextIO]]) -> None:
        self.name = name
        self.warnings: tuple[str, ...] = ()
        self._opener = opener
        self._series: dict[str, _Known] = {}
        self._kept: _Kept | None = None
        for sample in self._samples():
            known = self._series.get(sample.series)
            if known is None:
                if len(self._series) >= MOST_SERIES:
                    raise self._error(sample.line, f"more than {MOST_SERIES} series; export fewer")
                labels = self._labels(sample.line, sample.series)
                known = self._series[sample.series] = _Known(labels, sample.time)
            elif sample.time <= known.last:
                raise self._error(
                    sample.line, f"{sample.series} goes back in time; sort each series by timestamp"
                )
            else:
                gap = sample.time - known.last
                known.shortest = min(known.shortest or gap, gap)
            known.last = sample.time
            self._amount(sample)

    def listed(self) -> tuple[NamedSli, ...]:
        """Nothing: a file of samples has series, and SLIs are found among them."""
        return ()

    def metric_names(self) -> tuple[str, ...]:
        """Every metric name of the file, sorted."""
        return tuple(sorted({known.labels["__name__"] for known in self._series.values()}))

    def label_values(self, metric: str, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The values that those of the labels which a metric has take, sorted."""
        values: dict[str, set[str]] = {}
        for known in self._series.values():
            if known.labels["__name__"] == metric:
                for label in labels:
                    if label in known.labels:
                        values.setdefault(label, set()).add(known.labels[label])
        return {label: tuple(sorted(found)) for label, found in values.items()}

    def newest(self, slis: Sequence[NamedSli], not_after: int | None) -> int | None:
        """The time of the last sample that any SLI's total selects, at most `not_after`."""
        wanted = {part.selector for sli in slis for part in _parts(sli.sli.total)}
        last = [known.last // 1000 for known in self._series.values() if self._selects(wanted, known)]
        if not_after is not None:
            last = [min(time, not_after) for time in last]
        return max(last, default=None)

    def histories(self, slis: Sequence[NamedSli], span: Span) -> tuple[History, ...]:
        """The slots of each SLI, from the increases of the counters that its queries select.

        Slots that are shorter than the distance of scrapes would be empty, so they are made longer.
        """
        if (span.end - span.start) // span.step > MOST_SLOTS:
            raise InputError(f"{self.name}: more than {MOST_SLOTS} slots asked for; use a longer step")
        queries = [query for sli in slis for query in (sli.sli.good, sli.sli.total)]
        wanted = dict.fromkeys(part.selector for query in queries for part in _parts(query))
        span = Span(span.start, span.end, self._step(set(wanted), span))
        tallies = {selector: _Tally() for selector in wanted}
        self._tally(tallies, span)
        return tuple(self._history(sli, tallies, span) for sli in slis)

    def _step(self, wanted: set[Selector], span: Span) -> int:
        shortest = [known.shortest for known in self._series.values() if self._selects(wanted, known)]
        scrape = -(-max(shortest, default=0) // 1000)
        return next((step for step in _STEPS if step >= max(scrape, span.step)), span.step)

    def _history(self, sli: NamedSli, tallies: dict[Selector, _Tally], span: Span) -> History:
        wanted = terms(sli.sli.good or ""), terms(sli.sli.total or "")
        for found in wanted:
            if isinstance(found, Unanswerable):
                return History((), span.step, found.reason)
        good, total = (
            [(part, tallies[part.selector]) for part in parts]
            for parts in map(_parts, (sli.sli.good, sli.sli.total))
        )
        if not any(tally.increases for _, tally in good):
            what = f"no series of {self.name} in the interval is selected by {sli.sli.good!r}"
            return History((), span.step, what)
        counts: dict[int, int] = {}
        for _, tally in total:
            for slot, count in tally.counts.items():
                counts[slot] = max(counts.get(slot, 0), count)
        expected = expected_scrapes(tuple(counts.values()))
        successes, everything = (
            [(part, tally.increases) for part, tally in parts] for parts in (good, total)
        )
        slots: list[Slot] = []
        for slot in sorted(counts):
            events = value(everything, slot)
            if events is not None:
                start, share = span.start + slot * span.step, seen(counts[slot], expected)
                slots.append(Slot(start, Fraction(value(successes, slot) or 0), Fraction(events), share))
        return History(tuple(slots), span.step)

    def _tally(self, tallies: dict[Selector, _Tally], span: Span) -> None:
        start, end, step = span.start * 1000, span.end * 1000, span.step * 1000
        cursors: dict[str, _Cursor] = {}
        for series, known in self._series.items():
            chosen = tuple(tally for selector, tally in tallies.items() if self._selects({selector}, known))
            if chosen:
                cursors[series] = _Cursor(chosen)
        for series, time, amount in self._amounts(cursors.keys(), start - step, end):
            _advance(cursors[series], time, amount, start, step)
        for cursor in cursors.values():
            _count(cursor)

    def _amounts(self, wanted: Set[str], start: int, end: int) -> Iterator[tuple[str, int, Amount]]:
        """The samples of some series in an interval: those remembered of the last reading, or read again."""
        kept = self._kept
        if kept is not None and kept.start <= start and end <= kept.end and wanted <= kept.columns.keys():
            for series in wanted:
                times, amounts = kept.columns[series]
                for index in range(bisect_left(times, start), bisect_right(times, end)):
                    yield series, times[index], amounts[index]
            return
        kept = _Kept(start - _LEAD, end, {series: (array("q"), array("q")) for series in wanted})
        self._kept, room = None, MOST_KEPT
        for sample in self._samples():
            if sample.series not in wanted or not kept.start <= sample.time <= end:
                continue
            amount = self._amount(sample)
            if amount is None:
                continue
            room -= 1 if isinstance(amount, int) and amount < _LARGEST_KEPT else MOST_KEPT
            if room >= 0:
                times, amounts = kept.columns[sample.series]
                times.append(sample.time)
                amounts.append(int(amount))
            if sample.time >= start:
                yield sample.series, sample.time, amount
        self._kept = kept if room >= 0 else None

    def _selects(self, wanted: set[Selector], known: _Known) -> bool:
        try:
            return any(selector.accepts(known.labels) for selector in wanted)
        except UnsupportedPatternError as error:
            raise InputError(f"a label matcher of an SLI query is not read ({error})") from None

    def _samples(self) -> Iterator[_Sample]:
        ended = False
        with self._opener() as file:
            number = 0
            try:
                while line := file.readline(_LONGEST_LINE + 1):
                    number += 1
                    if (ended and not line.isspace()) or len(line) > _LONGEST_LINE or number > MOST_LINES:
                        raise self._error(number, self._over(ended, number))
                    line = line.strip() if number > 1 else line.removeprefix("\ufeff").strip()
                    if line.startswith("#"):
                        ended = line == "# EOF"
                    elif line:
                        yield self._sample(number, line)
            except UnicodeDecodeError:
                raise self._error(number + 1, "not UTF-8; OpenMetrics text is UTF-8") from None
        if not ended:
            self.warnings = (f"{self.name} does not end in '# EOF': it may have been cut off",)

    def _over(self, ended: bool, number: int) -> str:
        if ended:
            return "text after '# EOF'; give one exposition"
        if number > MOST_LINES:
            return f"more than {MOST_LINES} lines; export a shorter history"
        return f"longer than {_LONGEST_LINE} characters"

    def _sample(self, number: int, line: str) -> _Sample:
        quick = line.rfind("}") + 1
        if line[:quick] in self._series:  # seen before, so what follows is the value and the time
            words = line[quick:].split(" ")
            if len(words) == 3 and words[2].isdecimal() and words[2].isascii() and len(words[2]) < 11:
                return _Sample(number, line[:quick], int(words[2]) * 1000, words[1])
        brace, space = line.find("{"), line.find(" ")
        end = space if brace < 0 or 0 < space < brace else line.find("} ") + 1
        if line[:end] not in self._series and end > 0 and brace >= 0:
            end = self._series_end(line, brace) or end
        words = line[end:].split(" ", 3)
        if end <= 0 or len(words) < 2:
            raise self._error(number, f"{line[:80]!r} is no sample; write NAME{{LABELS}} VALUE TIMESTAMP")
        if len(words) < 3 or words[2].startswith("#"):
            raise self._error(number, "the sample has no timestamp; export with timestamps in seconds")
        return _Sample(number, line[:end], self._time(number, words[2]), words[1])

    def _series_end(self, line: str, brace: int) -> int | None:
        """Where the labels of a series end, read label by label: a value may hold a brace."""
        at = brace + 1
        while match := _LABEL.match(line, at):
            at = match.end()
        return at + 1 if line[at : at + 2] == "} " else None

    def _time(self, number: int, text: str) -> int:
        if _TIME.fullmatch(text) is None:
            raise self._error(number, f"timestamp {text[:40]!r} is no number of seconds")
        time = int(text) * 1000 if text.isdigit() else int(Decimal(text) * 1000)
        if time >= _MILLISECONDS_FROM * 1000:
            raise self._error(number, f"timestamp {text[:40]!r} is not in seconds; OpenMetrics uses seconds")
        return time

    def _amount(self, sample: _Sample) -> Amount | None:
        text = sample.text
        if text.isascii() and text.isdigit() and len(text) < 20:
            return int(text)
        try:
            number = Decimal(text)
        except InvalidOperation:
            raise self._error(sample.line, f"value {text[:40]!r} is no number") from None
        if number.is_nan():
            return None
        if number.is_infinite() or abs(number.adjusted()) > 40:
            return None
        amount = Fraction(number)
        return int(amount) if amount.denominator == 1 else amount

    def _labels(self, number: int, series: str) -> Labels:
        name, _, inside = series.partition("{")
        labels: Labels = {"__name__": name}
        at, body = 0, inside.removesuffix("}")
        while match := _LABEL.match(body, at):
            labels[match[1]] = re.sub(r"\\.", lambda found: _ESCAPES.get(found[0], found[0]), match[2])
            at = match.end()
            if not match[3]:
                break
        if _NAME.fullmatch(name) is None or body[at:].strip():
            raise self._error(number, f'{series[:80]!r} is no series; write NAME{{LABEL="VALUE",...}}')
        return labels

    def _error(self, line: int, what: str) -> InputError:
        return InputError(f"{self.name} line {line}: {what}")


def _parts(query: str | None) -> tuple[Term, ...]:
    found = terms(query or "")
    return () if isinstance(found, Unanswerable) else found


def _advance(cursor: _Cursor, time: int, amount: Amount, start: int, step: int) -> None:
    slot = -(-(time - start) // step) - 1 if time != start else 0
    if cursor.time is not None and slot >= 0:
        gap = time - cursor.time
        cursor.shortest = gap if cursor.shortest is None else min(cursor.shortest, gap)
        same_slot = cursor.time >= start + slot * step
        if same_slot or (gap <= 2 * cursor.shortest and gap <= step):
            increase = amount - cursor.value if amount >= cursor.value else amount
            for tally in cursor.tallies:
                tally.increases[slot] = tally.increases.get(slot, 0) + increase
    if slot != cursor.slot:
        _count(cursor)
        edge = start + slot * step
        cursor.slot, cursor.count = slot, 1 if cursor.time == edge and time != edge else 0
    cursor.count += 1
    cursor.time, cursor.value = time, amount


def _count(cursor: _Cursor) -> None:
    if cursor.slot >= 0:
        for tally in cursor.tallies:
            tally.counts[cursor.slot] = max(tally.counts.get(cursor.slot, 0), cursor.count)
