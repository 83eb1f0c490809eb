"""Alerts with the standard windows of a promise, whatever they are called."""

from functools import lru_cache

from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert, Slo
from platform_operations.slo.budget import decimal, pairs_for
from platform_operations.slo.durations import duration, seconds


def tried_as(alert: Alert, plan: Plan) -> str:
    """Return the name that an alert was tried under on the measured history.

    One with the standard windows of a promise has the name that the promise's own alert would have.
    """
    slo = plan.by_name.get(f"slos/{alert.slo}")
    if not isinstance(slo, Slo) or slo.objective is None or not alert.windows:
        return alert.id
    windows = frozenset((pair.long, pair.short, pair.factor) for pair in alert.windows)
    for speed, pages in (("fast", True), ("slow", False)):
        if windows == _usual(slo.objective, slo.window, pages):
            return f"{slo.id}-{speed}-burn"
    return alert.id


@lru_cache(maxsize=256)
def _usual(objective: str, window: str, pages: bool) -> frozenset[tuple[str, str, str]]:
    """Return the standard windows that page, or open a ticket, as a plan writes them."""
    pairs = (pair for pair in pairs_for(objective, seconds(window)) if pair.pages == pages)
    return frozenset((duration(pair.long), duration(pair.short), decimal(pair.factor)) for pair in pairs)
