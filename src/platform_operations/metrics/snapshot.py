"""The JSON snapshot, platform-ops/metrics@1: what was measured, to be judged again without a server."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from fractions import Fraction
from typing import Annotated, Literal, TextIO

from pydantic import Field, ValidationError, model_validator

from platform_operations.errors import InputError
from platform_operations.metrics.csv_file import summed
from platform_operations.metrics.instants import rfc3339, unix
from platform_operations.metrics.prometheus import PrometheusSource
from platform_operations.metrics.source import History, MetricSource, Slot, Span
from platform_operations.model.baseline import Backtest
from platform_operations.model.record import Duration, Instant, Number, Percent, Record
from platform_operations.model.reliability import Sli
from platform_operations.slo.budget import decimal
from platform_operations.slo.durations import duration, seconds
from platform_operations.slo.sli import NamedSli

SCHEMA: Literal["platform-ops/metrics@1"] = "platform-ops/metrics@1"
LARGEST = 64 * 1024 * 1024


class SnapshotSlot(Record):
    """One slot: its start, the events in it, and the share of it that was seen (such as 1 or 41/61)."""

    start: Instant
    good: Number
    total: Number
    seen: Annotated[str, Field(pattern=r"^(0|1|[1-9]\d{0,8}/[1-9]\d{0,8})$")] = "1"


class SnapshotSli(Record):
    """One SLI with its slots of length `step`, in order of time; `problem` says why there are none."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    name: Annotated[str, Field(min_length=1, max_length=500)]
    sli: Sli
    why: str = ""
    step: Duration
    slots: tuple[SnapshotSlot, ...] = ()
    problem: str | None = None

    @model_validator(mode="after")
    def _in_order(self) -> "SnapshotSli":
        starts = [slot.start for slot in self.slots]
        if starts != sorted(set(starts)):
            raise ValueError(f"slots of {self.id!r} are not in order of time, each once")
        return self


class SnapshotTrial(Record):
    """A backtest made on the source then: of which objective, over which interval."""

    objective: Percent | None = None
    start: Instant
    end: Instant
    result: Backtest


class Snapshot(Record):
    """What a source gave: `newest` is the time up to which it had samples."""

    schema_: Annotated[Literal["platform-ops/metrics@1"], Field(alias="schema")]
    source: str
    newest: Instant | None = None
    slis: tuple[SnapshotSli, ...] = ()
    backtests: tuple[SnapshotTrial, ...] = ()


def taken(
    source: MetricSource,
    slis: Sequence[NamedSli],
    *,
    as_of: str | None,
    window: str = "28d",
) -> Snapshot:
    """A snapshot of the hourly slots of the `window` before `as_of`, from which the same baselines follow.

    The backtests that were made on a live source so far go with it: slots of an hour could not give them.
    """
    newest = source.newest(slis, None if as_of is None else unix(as_of)) if slis else None
    if newest is None:
        return Snapshot(
            schema_=SCHEMA, source=source.name, slis=tuple(_kept(sli, History((), 3600)) for sli in slis)
        )
    end = newest // 3600 * 3600
    histories = source.histories(slis, Span(end - seconds(window), end, 3600))
    kept = tuple(_kept(sli, history) for sli, history in zip(slis, histories, strict=True))
    return Snapshot(
        schema_=SCHEMA, source=source.name, newest=rfc3339(newest), slis=kept, backtests=_trials(source)
    )


def _trials(source: MetricSource) -> tuple[SnapshotTrial, ...]:
    if isinstance(source, SnapshotSource):
        return source.snapshot.backtests
    if not isinstance(source, PrometheusSource):
        return ()
    return tuple(
        SnapshotTrial(objective=objective, start=rfc3339(start), end=rfc3339(end), result=result)
        for (_, objective, start, end), result in source.tried.items()
    )


def written(snapshot: Snapshot) -> str:
    """The snapshot as JSON text that ends in a newline."""
    return json.dumps(snapshot.document(), ensure_ascii=False, indent=1) + "\n"


class SnapshotSource:
    """The slots of a snapshot, under the interface of every other source."""

    def __init__(self, name: str, snapshot: Snapshot) -> None:
        self.name = name
        self.warnings: tuple[str, ...] = ()
        self.snapshot = snapshot
        self._by_id = {entry.id: entry for entry in snapshot.slis}

    @classmethod
    def read(cls, name: str, opener: Callable[[], AbstractContextManager[TextIO]]) -> "SnapshotSource":
        """The source in a JSON file; InputError names the field that is wrong."""
        with opener() as file:
            try:
                text = file.read(LARGEST + 1)
            except UnicodeDecodeError:
                raise InputError(f"metrics file {name!r} is not UTF-8 text") from None
        if len(text) > LARGEST:
            raise InputError(
                f"metrics file {name!r} is larger than {LARGEST >> 20} MiB; take a snapshot of fewer SLIs"
            )
        try:
            return cls(name, Snapshot.model_validate_json(text.removeprefix("\ufeff")))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = "/".join(map(str, first["loc"])) or "the document"
            raise InputError(
                f"metrics file {name!r} is no {SCHEMA} document: {place}: {first['msg'][:200]};"
                " save one with `assess --metrics URL -o DIR`"
            ) from None

    def listed(self) -> tuple[NamedSli, ...]:
        """The SLIs that were measured."""
        return tuple(NamedSli(entry.id, entry.name, entry.sli, entry.why) for entry in self.snapshot.slis)

    def newest(self, slis: Sequence[NamedSli], not_after: int | None) -> int | None:
        """The time up to which the source had samples then, at most `not_after`."""
        if self.snapshot.newest is None or not any(sli.id in self._by_id for sli in slis):
            return None
        newest = unix(self.snapshot.newest)
        return newest if not_after is None else min(newest, not_after)

    def histories(self, slis: Sequence[NamedSli], span: Span) -> tuple[History, ...]:
        """The slots of each SLI in the span; an SLI whose queries were others then was not measured."""
        return tuple(self._history(sli, span) for sli in slis)

    def tried_then(self, name: str, objective: str | None, span: Span) -> Backtest | None:
        """The backtest of this alert at this objective over this interval that was made on the source."""
        between = (rfc3339(span.start), rfc3339(span.end))
        for trial in self.snapshot.backtests:
            if (trial.result.name, trial.objective, (trial.start, trial.end)) == (name, objective, between):
                return trial.result
        return None

    def _history(self, sli: NamedSli, span: Span) -> History:
        entry = self._by_id.get(sli.id)
        if entry is None or (entry.sli.good, entry.sli.total) != (sli.sli.good, sli.sli.total):
            return History((), span.step, f"{self.name} was not taken of {sli.id!r} with these queries")
        slots = tuple(
            Slot(unix(slot.start), Fraction(slot.good), Fraction(slot.total), Fraction(slot.seen))
            for slot in entry.slots
        )
        inside = [slot for slot in slots if span.start <= slot.start < span.end]
        history = summed(inside, seconds(entry.step), span.step)
        return History(history.slots, history.step, entry.problem)


def _kept(sli: NamedSli, history: History) -> SnapshotSli:
    slots = tuple(
        SnapshotSlot(
            start=rfc3339(slot.start), good=decimal(slot.good), total=decimal(slot.total), seen=str(slot.seen)
        )
        for slot in history.slots
    )
    return SnapshotSli(
        id=sli.id,
        name=sli.name,
        sli=sli.sli,
        why=sli.why,
        step=duration(history.step),
        slots=slots,
        problem=history.problem,
    )
