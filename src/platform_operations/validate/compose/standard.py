"""Alerts with the standard windows of a promise, whatever they are called."""

from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert
from platform_operations.slo.budget import decimal, pairs_for
from platform_operations.slo.durations import duration, seconds


def tried_as(alert: Alert, plan: Plan) -> str:
    """Return the name that an alert was tried under on the measured history.

    One with the standard windows of a promise has the name that the promise's own alert would have.
    """
    slo = next((slo for slo in plan.slos if slo.id == alert.slo), None)
    if slo is None or slo.objective is None or not alert.windows:
        return alert.id
    pairs = pairs_for(slo.objective, seconds(slo.window))
    for speed, pages in (("fast", True), ("slow", False)):
        usual = {(duration(p.long), duration(p.short), decimal(p.factor)) for p in pairs if p.pages == pages}
        if usual and {(pair.long, pair.short, pair.factor) for pair in alert.windows} == usual:
            return f"{slo.id}-{speed}-burn"
    return alert.id
