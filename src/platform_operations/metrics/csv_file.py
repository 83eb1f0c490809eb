"""The CSV source: `sli,time,good,total`, one line for each SLO id and slot, from any monitoring system.

`time` is the RFC 3339 start of the slot, `good` and `total` the events in it. Lines may come in any order;
the slots of one SLI lie on one grid, which is read off their distances. The file is read as a stream, once
to check every line and once for the intervals asked for, of which the last is kept; so memory does not grow
with the length of the file.
"""

import csv
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from math import gcd
from typing import NamedTuple, TextIO, TypeAlias

from platform_operations.errors import InputError
from platform_operations.metrics.instants import unix
from platform_operations.metrics.query import Amount
from platform_operations.metrics.source import History, Slot, Span
from platform_operations.model.reliability import Sli
from platform_operations.model.words import SliKind
from platform_operations.slo.budget import DAY, HOUR, MINUTE
from platform_operations.slo.sli import NamedSli

HEADER = ("sli", "time", "good", "total")
MOST_LINES = 20_000_000
MOST_SLIS = 2000
MOST_SLOTS = 5_000_000
_LEAD = 3 * DAY
_LONGEST_LINE = 1000
_KINDS: tuple[tuple[SliKind, frozenset[str]], ...] = (
    ("latency", frozenset({"latency", "duration", "speed"})),
    ("freshness", frozenset({"freshness", "age", "lag", "staleness"})),
    ("correctness", frozenset({"correctness", "quality"})),
    ("throughput", frozenset({"throughput"})),
)
_EVENTS = re.compile(r"-?[0-9]{1,18}(\.[0-9]{1,9})?", re.ASCII)

_instant = lru_cache(maxsize=10_000)(unix)

Opener: TypeAlias = Callable[[], AbstractContextManager[TextIO]]


class _Row(NamedTuple):
    line: int
    sli: str
    start: int
    good: Amount
    total: Amount


@dataclass(slots=True)
class _Columns:
    """The slots of one SLI in columns, which take a tenth of the room of objects; `odd` holds the uneven ones."""

    starts: "array[int]" = field(default_factory=lambda: array("q"))
    lines: "array[int]" = field(default_factory=lambda: array("q"))
    goods: "array[int]" = field(default_factory=lambda: array("q"))
    totals: "array[int]" = field(default_factory=lambda: array("q"))
    odd: dict[int, tuple[Amount, Amount]] = field(default_factory=dict[int, tuple[Amount, Amount]])

    def add(self, row: _Row) -> None:
        self.starts.append(row.start)
        self.lines.append(row.line)
        whole = isinstance(row.good, int) and isinstance(row.total, int)
        if not whole:
            self.odd[row.start] = (row.good, row.total)
        self.goods.append(int(row.good) if whole else 0)
        self.totals.append(int(row.total) if whole else 0)

    def repeated(self) -> tuple[int, int] | None:
        """The lines of the first slot that is given twice."""
        seen: dict[int, int] = {}
        for start, line in zip(self.starts, self.lines, strict=True):
            if start in seen:
                return seen[start], line
            seen[start] = line
        return None

    def slots(self, start: int, end: int) -> tuple[Slot, ...]:
        """The slots that start within an interval, in order of time."""
        found: list[Slot] = []
        for index in sorted(range(len(self.starts)), key=self.starts.__getitem__):
            at = self.starts[index]
            if start <= at < end:
                good, total = self.odd.get(at, (self.goods[index], self.totals[index]))
                found.append(Slot(at, Fraction(good), Fraction(total)))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the last reading remembered, for the backtests that follow a baseline."""

    start: int
    end: int
    columns: dict[str, _Columns]


@dataclass(slots=True)
class _Grid:
    """Where the slots of one SLI lie; `step`, their distances' greatest common divisor, was set by `line`."""

    origin: int
    first: int
    last: int
    step: int = 0
    line: int = 0

    def include(self, start: int, line: int) -> bool:
        """Take one more start; false when it is no whole number of minutes away from the others."""
        step = gcd(self.step, abs(start - self.origin))
        if step != self.step:
            self.step, self.line = step, line
        self.first, self.last = min(self.first, start), max(self.last, start)
        return step % MINUTE == 0


class CsvSource:
    """Slots from a CSV file. Every line is checked at first; InputError names the first bad one."""

    def __init__(self, name: str, opener: Opener) -> None:
        self.name = name
        self.warnings: tuple[str, ...] = ()
        self._opener = opener
        self._grids: dict[str, _Grid] = {}
        self._kept: _Kept | None = None
        for row in self._rows():
            grid = self._grids.setdefault(row.sli, _Grid(row.start, row.start, row.start))
            if len(self._grids) > MOST_SLIS:
                raise self._error(row.line, f"more than {MOST_SLIS} SLIs; give one file for each team")
            if not grid.include(row.start, row.line):
                raise self._off_grid(row.line, row.sli)
        for name, grid in self._grids.items():
            if HOUR < grid.step <= DAY and grid.step % HOUR:
                raise self._off_grid(grid.line, name)
            if not _usable(grid.step):
                grid.step = gcd(grid.step, HOUR)

    def _off_grid(self, line: int, sli: str) -> InputError:
        return self._error(
            line,
            f"the slot start of {sli!r} is off the grid of the lines before;"
            " all slots of an SLI need one length: one that divides 1h, from 1m up, or whole hours up to 1d",
        )

    def listed(self) -> tuple[NamedSli, ...]:
        """The SLIs of the file, by id."""
        return tuple(_named(name) for name in sorted(self._grids))

    def newest(self, slis: Sequence[NamedSli], not_after: int | None) -> int | None:
        """The end of the last slot of any of the SLIs, or `not_after` where slots reach beyond it."""
        grids = [self._grids[sli.id] for sli in slis if sli.id in self._grids]
        if not_after is not None:
            grids = [grid for grid in grids if grid.first < not_after]
        ends = [grid.last + grid.step for grid in grids]
        latest = max(ends, default=None)
        return latest if latest is None or not_after is None else min(latest, not_after)

    def histories(self, slis: Sequence[NamedSli], span: Span) -> tuple[History, ...]:
        """The slots of each SLI, summed to `span.step` where the file's are finer."""
        wanted = {sli.id for sli in slis}
        kept = self._kept
        if kept is None or not (
            kept.start <= span.start and span.end <= kept.end and wanted <= kept.columns.keys()
        ):
            kept = self._kept = self._read(wanted, span)
        return tuple(self._history(sli.id, kept.columns[sli.id], span) for sli in slis)

    def _read(self, wanted: set[str], span: Span) -> _Kept:
        kept = _Kept(span.start - _LEAD, span.end, {name: _Columns() for name in wanted})
        count = 0
        for row in self._rows():
            if row.sli in wanted and kept.start <= row.start < kept.end:
                count += 1
                if count > MOST_SLOTS:
                    raise self._error(
                        row.line, f"more than {MOST_SLOTS} slots in the window; use longer slots"
                    )
                kept.columns[row.sli].add(row)
        twice = [(lines, name) for name in sorted(wanted) if (lines := kept.columns[name].repeated())]
        for (first, line), name in twice:
            raise self._error(line, f"slot of {name!r} was already given on line {first}; keep one")
        return kept

    def _history(self, name: str, columns: _Columns, span: Span) -> History:
        grid = self._grids.get(name)
        if grid is None:
            known = ", ".join(sorted(self._grids)[:10]) or "none"
            return History((), span.step, f"{self.name} has no lines for {name!r}; it has: {known}")
        return summed(columns.slots(span.start, span.end), grid.step, span.step)

    def _rows(self) -> Iterator[_Row]:
        with self._opener() as file:
            reader = csv.reader(_bounded(file, self._error), strict=True)
            try:
                header = next(reader, None)
                names = [cell.strip().lower() for cell in header or ()]
                if sorted(names) != sorted(HEADER):
                    raise self._error(1, f"the first line must be the header {','.join(HEADER)!r}")
                order = [names.index(name) for name in HEADER]
                for cells in reader:
                    if cells:
                        yield self._row(reader.line_num, cells, order)
            except csv.Error as error:
                raise self._error(
                    reader.line_num, f"not CSV ({error}); quote cells that hold a comma"
                ) from None
            except UnicodeDecodeError:
                raise self._error(reader.line_num + 1, "not UTF-8; save the file as UTF-8") from None

    def _row(self, line: int, cells: Sequence[str], order: Sequence[int]) -> _Row:
        if len(cells) != len(HEADER):
            raise self._error(line, f"{len(cells)} cells instead of {len(HEADER)} ({', '.join(HEADER)})")
        name, time, good, total = (cells[index].strip() for index in order)
        if not name:
            raise self._error(line, "the sli is empty; name the SLO id")
        try:
            start = _instant(time)
        except InputError as error:
            raise self._error(line, str(error)) from None
        return _Row(line, name, start, self._events(line, "good", good), self._events(line, "total", total))

    def _events(self, line: int, column: str, text: str) -> Amount:
        if _EVENTS.fullmatch(text) is None:
            raise self._error(
                line, f"{column} is {text[:40]!r}; write a plain number of events, leave out unseen slots"
            )
        return Fraction(text) if "." in text else int(text)

    def _error(self, line: int, what: str) -> InputError:
        return InputError(f"{self.name} line {line}: {what}")


def _named(name: str) -> NamedSli:
    """The SLI behind an SLO id: its words say the kind, and it is availability where they do not."""
    words = re.split(r"[^a-z]+", name.lower())
    hinted: list[SliKind] = [kind for kind, hints in _KINDS if not hints.isdisjoint(words)]
    kind: SliKind = hinted[0] if hinted else "availability"
    subject = re.sub(rf"[-_ ]*\b{kind}\b", "", name, flags=re.IGNORECASE) or name
    return NamedSli(name, f"{kind} of {subject}", Sli(kind=kind, source="file"), "named in the file")


def _bounded(file: TextIO, error: Callable[[int, str], InputError]) -> Iterator[str]:
    number = 0
    while line := file.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise error(number, f"longer than {_LONGEST_LINE} characters; expected {','.join(HEADER)}")
        if number > MOST_LINES:
            raise error(number, f"more than {MOST_LINES} lines; export a shorter history")
        if number == 1:
            line = line.removeprefix("\ufeff")
        yield line


def _usable(step: int) -> bool:
    if step < HOUR:
        return step >= MINUTE and HOUR % step == 0
    return step % HOUR == 0 and step <= DAY


def summed(slots: Sequence[Slot], step: int, wanted: int) -> History:
    """The same slots in pieces of `wanted` seconds; coarser ones are given as they are."""
    if step >= wanted or wanted % step:
        return History(tuple(slots), step)
    pieces: dict[int, list[Slot]] = {}
    for slot in slots:
        pieces.setdefault(slot.start // wanted * wanted, []).append(slot)
    share = Fraction(step, wanted)
    return History(
        tuple(
            Slot(
                start,
                sum((slot.good for slot in parts), Fraction(0)),
                sum((slot.total for slot in parts), Fraction(0)),
                sum((slot.seen for slot in parts), Fraction(0)) * share,
            )
            for start, parts in pieces.items()
        ),
        wanted,
    )
