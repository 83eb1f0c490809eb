"""Alerts: on what users meet, loud only for cause, with a runbook, an owner and a way to them."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert, Runbook
from platform_operations.patterns import regex
from platform_operations.slo.budget import fixed, pairs_for
from platform_operations.slo.durations import seconds
from platform_operations.slo.promql import Unreadable, metric_names
from platform_operations.validate.compose.parties import UNNAMED, owner_of, with_owner
from platform_operations.validate.compose.reliability import routed
from platform_operations.validate.compose.runbooks import actionable, runbook_for
from platform_operations.validate.edits import amend
from platform_operations.validate.metric_words import tells_of_machines
from platform_operations.validate.rule import Review, Violation, rule
from platform_operations.validate.wordings import platitude, says_nothing

MOST_PAGES_A_WEEK = Decimal(2)
"""Above two pages a week an alert is noise: our own bound for one alert. Google's limit for all alerts together is two
incidents in a 12-hour shift (Site Reliability Engineering, chapter 11)."""


LONGEST_WAIT = 86_400
"""The longest `for` in seconds that still tells someone in time."""


def _source(alert: Alert) -> str | None:
    return next((uri for uri in alert.evidence if uri.startswith("repo:")), None)


@rule("symptom-alerts")
def alert_on_cause(review: Review) -> Iterator[Violation]:
    """A page on a cause, or on what nobody could classify, where a symptom could page."""
    for alert in review.plan.alerts:
        says = _cause(review, alert) if alert.severity == "page" else None
        if says is None:
            continue
        yield Violation(
            ("alerts", alert.id, "kind" if alert.kind != "imminent" else "timeToImpact"),
            f"alert {alert.id!r} pages and {says}; users' symptoms are what should wake someone",
            question=(f"alerts/{alert.id}", "kind") if alert.kind is None else None,
            repair=lambda plan, alert=alert: amend(plan, "alerts", alert.id, severity="ticket"),
            allowed=("severity: ticket", "kind: symptom", "kind: burn-rate"),
            source=_source(alert),
        )


def _cause(review: Review, alert: Alert) -> str | None:
    """Say why a page is not on what users meet, None where it is."""
    if alert.kind is None:
        return "is of a kind that could not be told"
    if alert.kind == "cause" or (alert.kind == "imminent" and not alert.time_to_impact):
        return f"is about a cause ({alert.kind})"
    today = review.as_is.by_name.get(f"alerts/{alert.id}") if review.as_is is not None else None
    if isinstance(today, Alert) and today.kind == "cause" and today.expression == alert.expression:
        return f"is called {alert.kind}, and the same expression is about a cause today"
    if alert.kind != "imminent" and alert.expression and tells_of_machines(alert.expression):
        return f"is called {alert.kind}, and its expression tells of machines"
    return None


@rule("symptom-alerts", implied_by=("burn-rate-inconsistent",))
def alert_noisy(review: Review) -> Iterator[Violation]:
    """An alert that would have been noise on the history that was measured."""
    for alert in review.plan.alerts:
        why = _by_itself(review, alert)
        if why:
            yield Violation(
                ("alerts", alert.id, "windows" if alert.windows else "expression"),
                f"alert {alert.id!r} {why}",
                repair=lambda plan, alert=alert: (
                    amend(plan, "alerts", alert.id, severity="ticket") if alert.windows else None
                ),
            )
            continue
        entry = review.plan.ledger.get(alert.backtest or "")
        if entry is None or entry.pages_per_week is None:
            continue
        pages = Decimal(entry.pages_per_week)
        if alert.severity == "page" and pages > MOST_PAGES_A_WEEK:
            yield Violation(
                ("alerts", alert.id, "backtest"),
                f"alert {alert.id!r} would have paged {pages} times a week on the measured history; at "
                f"most {MOST_PAGES_A_WEEK} are bearable",
                repair=lambda plan, alert=alert: amend(plan, "alerts", alert.id, severity="ticket"),
            )
        elif entry.status == "noisy" and alert.severity == "ticket":
            yield Violation(
                ("alerts", alert.id, "backtest"),
                f"alert {alert.id!r} would have been firing {entry.hours_firing} hours of the measured "
                "history: a ticket that is always open",
            )


_NAME = regex(r"(?!(?:vector|scalar|time|bool|and|or|unless)\b)\b[a-zA-Z_:][\w:]*")
_ALWAYS = regex(r"(?:>=\s*(?:bool\s+)?-?0(?:\.0*)?|>\s*(?:bool\s+)?-\d[\d.]*)\s*$")


def _by_itself(review: Review, alert: Alert) -> str | None:
    """Say why an alert is noise, or silence, whatever happens: it pages within the budget, or measures nothing."""
    if alert.origin == "existing" or review.today:
        return None
    today = review.as_is.by_name.get(f"alerts/{alert.id}") if review.as_is is not None else None
    if isinstance(today, Alert) and today.expression == alert.expression and not alert.windows:
        return None
    slo = review.related.slos.get(alert.slo)
    if alert.severity == "page" and alert.windows and slo is not None and slo.objective is not None:
        paging = [pair.factor for pair in pairs_for(slo.objective, seconds(slo.window)) if pair.pages]
        lowest = min(Fraction(pair.factor) for pair in alert.windows)
        if paging and lowest < min(paging):
            return f"pages when the budget burns {fixed(lowest, 1)} times: a ticket is quick enough for that"
    if not alert.expression or alert.windows:
        return None
    if not _measures(alert.expression):
        return f"measures nothing: {alert.expression[:80]!r} names no metric"
    always = _ALWAYS.search(alert.expression.strip()) and not _JOINED.search(alert.expression)
    return f"always fires: {alert.expression[:80]!r}" if always else None


_JOINED = regex(r"\b(?:and|unless)\b")
"""What holds only where something else holds too."""


@lru_cache(maxsize=4096)
def _measures(expression: str) -> bool:
    """Whether an expression names a metric; of one that cannot be read, whether anything in it looks like a name."""
    names = metric_names(expression)
    if "__name__" in expression:
        return True
    return bool(_NAME.search(expression) if isinstance(names, Unreadable) else names)


@rule("symptom-alerts")
def alert_duplicated(review: Review) -> Iterator[Violation]:
    """Two alerts that say the same thing."""
    seen: dict[tuple[object, ...], str] = {}
    for alert in sorted(review.plan.alerts, key=lambda alert: (alert.origin == "proposed", alert.id)):
        key = (alert.component, alert.slo, alert.windows, alert.expression, alert.for_)
        if not alert.windows and not alert.expression:
            continue
        first = seen.setdefault(key, alert.id)
        if first != alert.id:
            yield Violation(
                ("alerts", alert.id),
                f"alert {alert.id!r} says the same as {first!r}",
                repair=lambda plan, alert=alert: plan.without_entry("alerts", alert.id),
                source=_source(alert),
            )


def _told_where_it_stands(review: Review, alert: Alert) -> bool:
    """Whether today's alert has no expression either: an alarm whose condition is fields of the lines it cites."""
    today = review.as_is.by_name.get(f"alerts/{alert.id}") if review.as_is is not None else None
    return review.today or (isinstance(today, Alert) and not today.expression and bool(_source(alert)))


@rule("symptom-alerts")
def alert_without_window(review: Review) -> Iterator[Violation]:
    """An alert that fires on a single evaluation."""
    for alert in review.plan.alerts:
        silent = not alert.windows and not (alert.expression or "").strip() and alert.kind != "burn-rate"
        if silent and not _told_where_it_stands(review, alert):
            yield Violation(
                ("alerts", alert.id, "expression"),
                f"alert {alert.id!r} says nothing of when it fires: it has neither an expression nor windows",
                source=_source(alert),
            )
            continue
        if alert.for_ is not None and seconds(alert.for_) > LONGEST_WAIT and not alert.windows:
            yield Violation(
                ("alerts", alert.id, "for"),
                f"alert {alert.id!r} waits {alert.for_} before it fires: longer than a day tells nobody in time",
                repair=lambda plan, alert=alert: amend(plan, "alerts", alert.id, for_="5m"),
                source=_source(alert),
            )
            continue
        if alert.windows or alert.for_ is not None or alert.kind in {"burn-rate", "imminent"}:
            continue
        yield Violation(
            ("alerts", alert.id, "for"),
            f"alert {alert.id!r} fires on one evaluation: it has neither `for` nor windows",
            repair=lambda plan, alert=alert: amend(plan, "alerts", alert.id, for_="5m"),
            source=_source(alert),
        )


@rule("actionable-alerts")
def alert_without_owner(review: Review) -> Iterator[Violation]:
    """An alert that nobody owns, or that names someone the repository does not know."""
    known = review.related.owners
    for alert in review.plan.alerts:
        if alert.owner and alert.owner in known:
            continue
        why = f"names {alert.owner!r}, who is not among the plan's owners" if alert.owner else "has no owner"
        yield Violation(
            ("alerts", alert.id, "owner"),
            f"alert {alert.id!r} {why}",
            repair=lambda plan, alert=alert: _owned(review, plan, alert),
            allowed=tuple(sorted(known)),
            source=_source(alert),
        )


def _owned(review: Review, plan: Plan, alert: Alert) -> Plan:
    owner = owner_of(review, plan, alert.component)
    plan = amend(plan, "alerts", alert.id, owner=owner)
    return with_owner(plan, owner, (f"alerts/{alert.id}/owner",))


@rule("actionable-alerts")
def alert_without_route(review: Review) -> Iterator[Violation]:
    """An alert that reaches nobody."""
    for alert in review.plan.alerts:
        if not says_nothing(alert.route):
            continue
        yield Violation(
            ("alerts", alert.id, "route"),
            f"alert {alert.id!r} has no route to {alert.owner or 'anyone'}",
            question=("alerts", "receivers"),
            repair=lambda plan, alert=alert: routed(review, plan, alert.id),
            source=_source(alert),
        )


@rule("actionable-alerts")
def alert_without_runbook(review: Review) -> Iterator[Violation]:
    """An alert that does not say what to do."""
    for alert in review.plan.alerts:
        if alert.runbook:
            continue
        yield Violation(
            ("alerts", alert.id, "runbook"),
            f"alert {alert.id!r} names no runbook",
            repair=lambda plan, alert=alert: _with_runbook(review, plan, alert),
            allowed=tuple(book.id for book in review.plan.runbooks),
            source=_source(alert),
        )


def _with_runbook(review: Review, plan: Plan, alert: Alert) -> Plan:
    plan, name = runbook_for(review, plan, alert)
    return amend(plan, "alerts", alert.id, runbook=name)


@rule("actionable-alerts")
def runbook_not_actionable(review: Review) -> Iterator[Violation]:
    """A runbook that an alert leads to leaves out what is hurt, how to see it, what to do or whom to call."""
    led_to = {alert.runbook: alert for alert in reversed(review.plan.alerts) if alert.runbook}
    for book in review.plan.runbooks:
        alert = led_to.get(book.id)
        if alert is None or _elsewhere(book):
            continue
        back = ("the rollback",) if book.rollback and not all(map(says_nothing, book.mitigate)) else ()
        parts = {
            "impact": (book.impact or "",),
            "confirm": book.confirm,
            "mitigate": (*book.mitigate, *back),
            "escalate": (book.escalate or "",),
        }
        lacking = [name for name, value in parts.items() if all(platitude(text) for text in value)]
        if lacking:
            yield Violation(
                ("runbooks", book.id, lacking[0]),
                f"runbook {book.id!r}, which {alert.id!r} leads to, does not say {', '.join(lacking)}",
                repair=lambda plan, book=book, alert=alert: actionable(
                    review, plan, book.id, alert.component
                ),
                source=next((uri for uri in book.evidence if uri.startswith("repo:")), None),
            )


def _elsewhere(book: Runbook) -> bool:
    """Whether the runbook is a page outside the repository, whose words nobody here can read."""
    return book.url is not None and book.path is None


@rule("actionable-alerts", "warning")
def owner_assumed(review: Review) -> Iterator[Violation]:
    """Nobody is known to own what the plan needs an owner for."""
    if any(owner.id == UNNAMED for owner in review.plan.owners):
        yield Violation(
            ("owners", UNNAMED),
            'nobody is named as owner in the repository: add CODEOWNERS, or owners = ["NAME"] to platform-ops.toml',
        )
