"""What was measured: the baseline of one SLI, and what an alert would have done on the same history."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from platform_operations.model.record import Document, Duration, Instant, Number, Percent, Record, digest

BaselineStatus: TypeAlias = Literal[
    "ok",
    "low-traffic",
    "insufficient-events",
    "below-floor",
    "below-ladder",
    "provisional",
    "no-data",
    "no-traffic",
    "data-error",
]
Bound: TypeAlias = Literal["sampling", "worst-day", "event-support", "cap"]
BacktestStatus: TypeAlias = Literal["ok", "noisy", "no-data", "unsupported"]

REFUSED: frozenset[BaselineStatus] = frozenset(
    {"insufficient-events", "below-ladder", "no-data", "no-traffic", "data-error"}
)
"""Statuses under which the history supports no target at all."""


class Observation(Record):
    """One SLI over one interval of history, and the target that this history supports.

    Percentages are decimal strings in percent; `observed` has three decimals and `coverage` one, both
    rounded down so that neither claims more than was seen. Event counts are decimal strings too.
    `start` is inclusive and `end` exclusive; `samples` counts the slots of length `step` that were used,
    `window` is the SLO window asked for. `limited_by` names the bound that kept the target from being
    higher, or that left none. `hash` covers every other field.
    """

    id: Annotated[str, Field(min_length=1)]
    sli: Annotated[str, Field(min_length=1)]
    kind: Annotated[str, Field(min_length=1)]
    good_query: str | None = None
    total_query: str | None = None
    good_events: Number | None = None
    total_events: Number | None = None
    observed: Percent | None = None
    target: Percent | None = None
    status: BaselineStatus
    limited_by: Bound | None = None
    window: Duration
    start: Instant | None = None
    end: Instant | None = None
    step: Duration
    samples: Annotated[int, Field(ge=0)]
    coverage: Percent | None = None
    hash: str | None = None

    @model_validator(mode="after")
    def _target_where_supported(self) -> "Observation":
        if (self.target is None) != (self.status in REFUSED):
            wanted = "no target" if self.status in REFUSED else "a target"
            raise ValueError(f"baseline {self.id!r}: status {self.status!r} comes with {wanted}")
        return self

    def sealed(self) -> "Observation":
        """Return the observation with its own hash filled in."""
        return self.model_copy(update={"hash": self.own_hash()})

    def own_hash(self) -> str:
        """Return the hash of the observation without its hash."""
        document: Document = self.document()
        document.pop("hash", None)
        return digest(document)


class Backtest(Record):
    """What one alert would have done over the history; null figures where that could not be computed.

    `episodes` counts separate runs of firing, `hours_firing` and `pages_per_week` have two decimals,
    `budget_spent` is the share of the error budget that the history spent, in percent with one decimal.
    """

    name: Annotated[str, Field(min_length=1)]
    status: BacktestStatus
    episodes: Annotated[int | None, Field(ge=0)] = None
    hours_firing: Number | None = None
    pages_per_week: Number | None = None
    budget_spent: Number | None = None
    reason: str
