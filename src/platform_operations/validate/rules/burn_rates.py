"""Burn rates: every promise is watched, and no alert or trigger is one that can never fire."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from platform_operations.model.delivery import Rollback
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert, BurnWindow, Slo
from platform_operations.slo.budget import decimal, infeasibility, pairs_for
from platform_operations.slo.durations import duration, seconds
from platform_operations.validate.compose.reliability import burn_alerts
from platform_operations.validate.edits import amend
from platform_operations.validate.rule import Review, Violation, rule


@rule("observed-slos")
def slo_unalerted(review: Review) -> Iterator[Violation]:
    """An SLO with an objective that no burn-rate alert watches."""
    for slo in review.plan.slos:
        if slo.objective is None:
            continue
        if slo.id in review.related.watched:
            yield from _waking_nobody(review, slo)
            continue
        yield Violation(
            ("slos", slo.id),
            f"no burn-rate alert watches SLO {slo.id!r}",
            repair=lambda plan, slo=slo: _watched(review, plan, slo),
            source=next((uri for uri in slo.evidence if uri.startswith("repo:")), None),
        )


def _waking_nobody(review: Review, slo: Slo) -> Iterator[Violation]:
    """Yield where a promise that a page could guard has only tickets: a whole outage waits for office hours."""
    alerts = [alert for alert in review.plan.alerts if alert.slo == slo.id and alert.kind == "burn-rate"]
    fast = any(pair.pages for pair in pairs_for(slo.objective or "0", seconds(slo.window)))
    if (
        not fast
        or review.plan.target.risk_profile.level == "low"
        or any(a.severity == "page" for a in alerts)
    ):
        return
    quickest = max(
        alerts, key=lambda alert: max((Decimal(pair.factor) for pair in alert.windows), default=Decimal(0))
    )
    yield Violation(
        ("slos", slo.id),
        f"no alert on SLO {slo.id!r} pages: an outage that spends its budget in hours opens a ticket",
        repair=lambda plan, slo=slo: _paged(review, plan, slo),
        allowed=(f"alerts/{quickest.id}: severity page",),
        source=next((uri for uri in slo.evidence if uri.startswith("repo:")), None),
    )


def _paged(review: Review, plan: Plan, slo: Slo) -> Plan | None:
    """Return the plan in which the fast burn of an SLO pages: the ticket that has just these windows, else a new alert."""
    pages = {
        (duration(p.long), duration(p.short))
        for p in pairs_for(slo.objective or "0", seconds(slo.window))
        if p.pages
    }
    for alert in plan.alerts:
        if alert.slo == slo.id and alert.windows and {(w.long, w.short) for w in alert.windows} <= pages:
            return amend(plan, "alerts", alert.id, severity="page")
    watched = burn_alerts(review, plan, slo)
    return watched if watched != plan else None


def _watched(review: Review, plan: Plan, slo: Slo) -> Plan | None:
    """Return the plan in which burn-rate alerts watch the SLO: what has windows on it already, else new ones."""
    for alert in plan.alerts:
        if alert.slo == slo.id and alert.windows:
            return amend(plan, "alerts", alert.id, kind="burn-rate")
    watched = burn_alerts(review, plan, slo)
    return watched if watched != plan else None


@rule("observed-slos")
def burn_rate_inconsistent(review: Review) -> Iterator[Violation]:
    """A burn-rate alert or rollback trigger that can never fire, or fires while the SLO is met."""
    objectives = review.related.slos
    for alert in review.plan.alerts:
        slo = objectives.get(alert.slo or "")
        if alert.kind != "burn-rate":
            continue
        why = _wrong(alert, slo)
        if why:
            yield Violation(
                ("alerts", alert.id, "windows"),
                f"burn-rate alert {alert.id!r}: {why}",
                repair=lambda plan, alert=alert, slo=slo: _standard(plan, alert, slo),
            )
    for back in review.plan.rollback_plan:
        for index, trigger in enumerate(back.triggers):
            slo = objectives.get(trigger.signal.removeprefix("slo:"))
            if trigger.burn_rate is None or slo is None or slo.objective is None:
                continue
            why = infeasibility(slo.objective, trigger.burn_rate)
            if why:
                yield Violation(
                    ("rollbackPlan", back.id, "triggers", index, "burnRate"),
                    f"rollback {back.id!r}: {why}",
                    repair=lambda plan, back=back, slo=slo: _standard_trigger(plan, back.id, slo),
                )


SHORTEST = 60
"""Seconds: a rate takes two samples, and Prometheus scrapes every 15 to 60 seconds."""


def _wrong(alert: Alert, slo: Slo | None) -> str | None:
    if slo is None:
        return "names no SLO whose budget could burn"
    if slo.component != alert.component:
        return f"is about {alert.component}, and SLO {slo.id!r} is a promise of {slo.component}"
    if slo.objective is None:
        return f"SLO {slo.id!r} has no objective, so there is no budget to burn"
    if not alert.windows:
        return "has no windows"
    objective, window = slo.objective, slo.window
    found = (_wrong_pair(pair.long, pair.short, pair.factor, objective, window) for pair in alert.windows)
    return next((why for why in found if why), None)


@lru_cache(maxsize=1024)
def _wrong_pair(long: str, short: str, factor: str, objective: str, window: str) -> str | None:
    """Say why a pair of windows can never fire, or only when it is too late, None where it can."""
    if seconds(short) >= seconds(long):
        return f"its short window {short} is not shorter than the long one {long}"
    if seconds(short) < SHORTEST:
        return f"its window {short} holds no two scrapes of a metric"
    if seconds(long) > seconds(window):
        return f"its window {long} is longer than the SLO's {window}"
    if Fraction(factor) * seconds(long) >= seconds(window):
        return f"at {factor} over {long} the whole budget is gone before it fires"
    return infeasibility(objective, factor)


def _standard(plan: Plan, alert: Alert, slo: Slo | None) -> Plan | None:

    if slo is None and alert.expression and alert.expression.lstrip().startswith("absent"):
        return amend(plan, "alerts", alert.id, kind="absence")
    if slo is None or slo.objective is None:
        return plan.without_entry("alerts", alert.id)
    if slo.component != alert.component:
        return amend(plan, "alerts", alert.id, component=slo.component)
    pairs = [
        pair
        for pair in pairs_for(slo.objective, seconds(slo.window))
        if pair.pages == (alert.severity == "page")
    ]
    windows = tuple(
        BurnWindow(long=duration(pair.long), short=duration(pair.short), factor=decimal(pair.factor))
        for pair in pairs
    )
    return (
        amend(plan, "alerts", alert.id, windows=windows)
        if windows
        else plan.without_entry("alerts", alert.id)
    )


def _standard_trigger(plan: Plan, name: str, slo: Slo) -> Plan | None:
    back = plan.by_name.get(f"rollbackPlan/{name}")
    if not isinstance(back, Rollback):
        return None
    pairs = [pair for pair in pairs_for(slo.objective or "0", seconds(slo.window)) if pair.pages]
    if not pairs:
        others = tuple(trigger for trigger in back.triggers if trigger.signal != f"slo:{slo.id}")
        return amend(plan, "rollbackPlan", name, triggers=others) if others else None
    triggers = tuple(
        trigger.model_copy(update={"burn_rate": decimal(pairs[0].factor)})
        if trigger.signal == f"slo:{slo.id}"
        else trigger
        for trigger in back.triggers
    )
    return amend(plan, "rollbackPlan", name, triggers=triggers)
