"""What a metric source gives: slots of good and total events for an SLI, whatever it reads them from."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from platform_operations.slo.sli import NamedSli


@dataclass(frozen=True, slots=True)
class Slot:
    """The events of one stretch of time.

    `start` is in Unix seconds. `seen` is the share of the slot that was observed, from 0 to 1: of its
    scrapes, or of its finer slots.
    """

    start: int
    good: Fraction
    total: Fraction
    seen: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Span:
    """An interval in Unix seconds: `start` inclusive, `end` exclusive, cut into slots of `step`."""

    start: int
    end: int
    step: int


@dataclass(frozen=True, slots=True)
class History:
    """The slots of one SLI in order of time; `problem` says why a source could not give any."""

    slots: tuple[Slot, ...]
    step: int
    problem: str | None = None


class MetricSource(Protocol):
    """Somewhere that measured events can be had from."""

    @property
    def name(self) -> str:
        """What the source is, for a person; never a credential."""
        ...

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the source said beside its data, so far."""
        ...

    def listed(self) -> tuple[NamedSli, ...]:
        """The SLIs that the source itself names; empty where they have to be discovered."""
        ...

    def newest(self, slis: Sequence[NamedSli], not_after: int | None) -> int | None:
        """The time up to which any of the SLIs was measured, at most `not_after`; None when nothing was."""
        ...

    def histories(self, slis: Sequence[NamedSli], span: Span) -> tuple[History, ...]:
        """The slots of each SLI that lie in the span, in the order of `slis`.

        A source with coarser slots than `span.step` gives those, and says so in the history's `step`.
        """
        ...
