"""What was measured, in the plan's words: SLIs, ledger entries of baselines and backtests."""

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import cast

from pydantic import ValidationError

from platform_operations.model.baseline import Backtest, Observation
from platform_operations.model.evidence import LedgerEntry
from platform_operations.model.reliability import Sli
from platform_operations.model.words import SliKind
from platform_operations.validate.rule import Review

KINDS: Mapping[str, SliKind] = MappingProxyType(
    {
        "availability": "availability",
        "latency": "latency",
        "freshness": "freshness",
        "correctness": "correctness",
        "throughput": "throughput",
    }
)


def metric_uri(name: str) -> str:
    """Return the URI of a baseline."""
    return f"metric:{name}"


def sli_of(row: Observation) -> Sli:
    """Return the SLI that a baseline measured."""
    queried = row.good_query is not None and row.total_query is not None
    return Sli(
        kind=_kind(row),
        source="prometheus" if queried else "file",
        good=row.good_query,
        total=row.total_query,
    )


def _kind(row: Observation) -> SliKind:
    for name in (row.id.rpartition("-")[2], row.kind):
        if name in KINDS:
            return KINDS[name]
    return "availability"


def observation_entry(row: Observation) -> LedgerEntry:
    """Return the ledger entry of a baseline, sealed with its own hash."""
    return _kept_entry(row)


def _observation_entry(row: Observation) -> LedgerEntry:
    return LedgerEntry(
        uri=metric_uri(row.id),
        sli=row.sli,
        observed=row.observed,
        target=row.target,
        status=row.status,
        limited_by=row.limited_by,
        good_query=row.good_query,
        total_query=row.total_query,
        good_events=row.good_events,
        total_events=row.total_events,
        window=row.window,
        start=row.start,
        end=row.end,
        step=row.step,
        samples=row.samples,
        coverage=row.coverage,
    ).sealed()


def observation_in(entry: LedgerEntry, kind: SliKind) -> Observation | None:
    """Return the baseline that a ledger entry holds; None where it holds none, or one that cannot be."""
    try:
        return Observation.model_validate(
            {
                **entry.model_dump(include=set(Observation.model_fields)),
                "id": entry.uri.removeprefix("metric:"),
                "sli": entry.sli or entry.uri,
                "kind": kind,
            }
        )
    except ValidationError:
        return None


def backtest_uri(review: Review, alert: str) -> str | None:
    """Return the URI of an alert's backtest, None when the history could not be tested."""
    if review.assessment is None:
        return None
    found = any(row.name == alert and row.status in {"ok", "noisy"} for row in review.assessment.backtests)
    return f"metric:backtest-{alert}" if found else None


def backtest_entry(review: Review, alert: str) -> LedgerEntry | None:
    """Return the ledger entry of an alert's backtest."""
    rows = review.assessment.backtests if review.assessment else ()
    return next((_kept_tested(row) for row in rows if row.name == alert), None)


def _tested_entry(row: Backtest) -> LedgerEntry:
    return LedgerEntry(
        uri=f"metric:backtest-{row.name}",
        status=row.status,
        episodes=row.episodes,
        hours_firing=row.hours_firing,
        pages_per_week=row.pages_per_week,
        budget_spent=row.budget_spent,
        reason=row.reason,
    ).sealed()


# Frozen records are hashable, which their type does not say; sealing one costs more than most rules.
_kept_entry = cast("Callable[[Observation], LedgerEntry]", lru_cache(maxsize=1024)(_observation_entry))
_kept_tested = cast("Callable[[Backtest], LedgerEntry]", lru_cache(maxsize=1024)(_tested_entry))
