"""SLO targets rest on the observed baseline: measured, not above what was seen, alerted, with a policy."""

from collections.abc import Iterator
from decimal import Decimal

from platform_operations.model.baseline import Observation
from platform_operations.model.delivery import Component
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Slo
from platform_operations.slo.durations import seconds
from platform_operations.validate.compose.observed import (
    metric_uri,
    observation_entry,
    observation_in,
    sli_of,
)
from platform_operations.validate.compose.parties import owner_of, with_owner
from platform_operations.validate.compose.reliability import (
    budget_policy,
    burn_alerts,
    observations_of,
    slo_of,
    unmeasured_slo,
)
from platform_operations.validate.edits import amend, cite, united
from platform_operations.validate.expectations import requires
from platform_operations.validate.instants import days_between
from platform_operations.validate.metric_words import machine_words
from platform_operations.validate.rule import Review, Violation, rule
from platform_operations.validate.wordings import platitude

SUPPORTS = frozenset({"ok", "below-floor"})
"""Baseline statuses that carry an objective; every other one leaves the SLO waiting."""

MIN_DAYS = 14
MIN_COVERAGE = Decimal(95)
RUNGS = tuple(
    Decimal(rung)
    for rung in ("90", "95", "97", "98", "99", "99.5", "99.8", "99.9", "99.95", "99.98", "99.99")
)
"""The ladder that targets are chosen from."""


def observation_of(review: Review, slo: Slo) -> Observation | None:
    """Return the measured baseline that an SLO names, or that has its id; without an assessment as the plan says."""
    name = slo.baseline.removeprefix("metric:") if slo.baseline else slo.id
    if review.assessment is None:
        entry = review.plan.ledger.get(metric_uri(name))
        return observation_in(entry, slo.sli.kind) if entry is not None else None
    return review.assessment.observations.get(name)


def _promised(review: Review) -> Iterator[tuple[Slo, Observation]]:
    for slo in review.plan.slos:
        row = observation_of(review, slo)
        if slo.objective is not None and row is not None and slo.baseline is not None:
            yield slo, row


@rule("observed-slos")
def slo_missing(review: Review) -> Iterator[Violation]:
    """A component that serves users promises them nothing."""
    for component in review.plan.components:
        if not requires(component, "slos") or review.related.slos_of.get(component.id):
            continue
        rows = observations_of(review, review.plan, component)
        yield Violation(
            ("slos",),
            f"{component.id!r} serves users and has no SLO"
            + (f"; a baseline was measured for {', '.join(row.id for row in rows)}" if rows else ""),
            question=("practices", "slos"),
            repair=lambda plan, component=component, rows=rows: _promises(review, plan, component, rows),
            source=component.evidence[0] if component.evidence else None,
        )


def _promises(review: Review, plan: Plan, component: Component, rows: tuple[Observation, ...]) -> Plan:
    for row in rows:
        plan, slo = slo_of(review, plan, component, row)
        plan = burn_alerts(review, plan, slo)
    return plan if rows else unmeasured_slo(review, plan, component)


@rule("observed-slos")
def slo_without_baseline(review: Review) -> Iterator[Violation]:
    """An SLO promises a number that no measurement of this repository's metrics backs."""
    yield from _postponed(review)
    for slo in review.plan.slos:
        if slo.objective is None:
            continue
        row = observation_of(review, slo)
        if slo.baseline is None:
            why = "names no baseline"
        elif review.assessment is not None and row is None:
            why = f"names the baseline {slo.baseline!r}, which was not measured"
        elif row is not None and row.status not in SUPPORTS and slo.status == "active":
            why = f"rests on a baseline of status {row.status}, which supports no objective"
        else:
            continue
        yield Violation(
            ("slos", slo.id, "baseline"),
            f"SLO {slo.id!r} promises {slo.objective}% and {why}",
            repair=lambda plan, slo=slo, row=row: _on_baseline(plan, slo, row),
            allowed=(metric_uri(row.id),) if row is not None and row.status in SUPPORTS else (),
            source=next((uri for uri in slo.evidence if uri.startswith("repo:")), None),
        )


def _postponed(review: Review) -> Iterator[Violation]:
    """Yield where a component promises nothing yet, although a baseline that supports a promise was measured."""
    for component in review.plan.components:
        own = review.related.slos_of.get(component.id, ())
        if not own or any(slo.objective is not None for slo in own):
            continue
        rows = [
            row
            for row in observations_of(review, review.plan, component)
            if row.status == "ok" and row.target is not None and not _old(review, row)
        ]
        for row in rows[:1]:
            slo = next((slo for slo in own if slo.id == row.id), own[0])
            yield Violation(
                ("slos", slo.id, "status"),
                f"SLO {slo.id!r} waits for a baseline, and {row.id!r} was measured: it supports {row.target}%",
                repair=lambda plan, slo=slo, row=row: _on_baseline(plan, slo, row),
                allowed=(row.target or "",),
            )


def _now(review: Review) -> str | None:
    """Return the time that ages are judged at: the plan's, or the assessment's where that is later."""
    known = review.assessment.as_is.target.as_of if review.assessment is not None else None
    return max((time for time in (review.plan.target.as_of, known) if time), default=None)


def _old(review: Review, row: Observation) -> bool:
    age = days_between(row.end, _now(review))
    return age is not None and age * 86_400 > seconds(row.window)


def _on_baseline(plan: Plan, slo: Slo, row: Observation | None) -> Plan:
    """Attach the baseline where it supports an objective, else let the SLO wait for one."""
    if row is not None and row.status in SUPPORTS and row.target is not None:
        plan = cite(plan, observation_entry(row))
        return amend(
            plan,
            "slos",
            slo.id,
            baseline=metric_uri(row.id),
            observed=row.observed,
            status="active",
            objective=_lower(slo.objective, row.target),
            sli=sli_of(row),
            window=row.window,
            evidence=united(slo.evidence, (metric_uri(row.id),)),
        )
    return amend(
        plan, "slos", slo.id, baseline=None, observed=None, objective=None, status="needs-baseline", by=None
    )


def _lower(objective: str | None, target: str) -> str:
    return target if objective is None or Decimal(objective) > Decimal(target) else objective


@rule("observed-slos")
def slo_above_baseline(review: Review) -> Iterator[Violation]:
    """An SLO promises more than the baseline supports, and not on purpose."""
    yield from _aimless(review)
    for slo, row in _promised(review):
        if row.target is None or slo.objective is None or row.status not in SUPPORTS:
            continue
        aimed = slo.status == "aspirational"
        if Decimal(slo.objective) > Decimal(row.target) and not aimed:
            yield Violation(
                ("slos", slo.id, "objective"),
                f"SLO {slo.id!r} promises {slo.objective}%, its baseline supports {row.target}% "
                f"(observed {row.observed}%, limited by {row.limited_by})",
                repair=lambda plan, slo=slo, row=row: amend(
                    plan, "slos", slo.id, objective=row.target, status="active"
                ),
                allowed=(row.target,),
            )
        if (
            slo.observed is not None
            and row.observed is not None
            and Decimal(slo.observed) != Decimal(row.observed)
        ):
            yield Violation(
                ("slos", slo.id, "observed"),
                f"SLO {slo.id!r} says {slo.observed}% was observed; the baseline says {row.observed}%",
                repair=lambda plan, slo=slo, row=row: amend(plan, "slos", slo.id, observed=row.observed),
                allowed=(row.observed,),
            )


def _aimless(review: Review) -> Iterator[Violation]:
    """Yield where an SLO aims above what was seen without someone who answers for it, or a day that is to come."""
    today = (review.plan.target.as_of or "")[:10]
    for slo in review.plan.slos:
        if slo.status != "aspirational":
            continue
        due = bool(slo.by) and today <= (slo.by or "") <= _a_year_after(today)
        lacking = "owner" if not slo.owner else None if due else "by"
        if lacking:
            row = observation_of(review, slo)
            what = (
                "nobody as owner"
                if lacking == "owner"
                else f"{slo.by or 'no day'} as the day it is reached by"
            )
            yield Violation(
                ("slos", slo.id, lacking),
                f"SLO {slo.id!r} is aspirational and names {what}",
                repair=lambda plan, slo=slo, row=row: _on_baseline(plan, slo, row),
            )


def _a_year_after(day: str) -> str:
    """Return the day a year later; for no day the last that there is."""
    return f"{int(day[:4]) + 1:04}{day[4:]}" if day[:4].isdigit() else "9999-12-31"


@rule("observed-slos", "warning")
def slo_too_loose(review: Review) -> Iterator[Violation]:
    """An SLO promises at least two rungs less than the baseline supports.

    Nobody notices when the service gets worse.
    """
    for slo, row in _promised(review):
        if row.target is None or slo.objective is None:
            continue
        between = [rung for rung in RUNGS if Decimal(slo.objective) < rung <= Decimal(row.target)]
        if len(between) >= 2:
            yield Violation(
                ("slos", slo.id, "objective"),
                f"SLO {slo.id!r} promises {slo.objective}%, its baseline supports {row.target}%",
                repair=lambda plan, slo=slo, row=row: amend(plan, "slos", slo.id, objective=row.target),
                allowed=(row.target,),
            )


@rule("observed-slos")
def slo_baseline_thin(review: Review) -> Iterator[Violation]:
    """An SLO rests on less than 14 days or less than 95% of the slots."""
    for slo, row in _promised(review):
        days = row.samples * seconds(row.step) / 86_400
        thin = row.coverage is None or Decimal(row.coverage) < MIN_COVERAGE or days < MIN_DAYS * 0.95
        if thin and slo.status == "active" and row.status in SUPPORTS:
            yield Violation(
                ("slos", slo.id, "baseline"),
                f"the baseline of SLO {slo.id!r} has {days:.1f} days and {row.coverage or 0}% of the "
                f"slots; at least {MIN_DAYS} days and {MIN_COVERAGE}% are needed",
                repair=lambda plan, slo=slo: _on_baseline(plan, slo, None),
            )


@rule("observed-slos")
def slo_baseline_stale(review: Review) -> Iterator[Violation]:
    """An SLO rests on a baseline that ended more than one window before the plan's time."""
    for slo, row in _promised(review):
        age = days_between(row.end, _now(review))
        if age is not None and age * 86_400 > seconds(slo.window):
            yield Violation(
                ("slos", slo.id, "baseline"),
                f"the baseline of SLO {slo.id!r} ended {age:.0f} days before {_now(review)}:"
                f" longer ago than its window of {slo.window}",
                repair=lambda plan, slo=slo: _on_baseline(plan, slo, None),
            )


@rule("observed-slos")
def slo_query_mismatch(review: Review) -> Iterator[Violation]:
    """An SLO is promised over other queries than those its baseline measured."""
    for slo, row in _promised(review):
        if row.good_query is None and row.id != slo.id:
            yield Violation(
                ("slos", slo.id, "baseline"),
                f"SLO {slo.id!r} rests on the history of {row.id!r}, which counts other events",
                repair=lambda plan, slo=slo: _on_baseline(plan, slo, None),
            )
            continue
        measured, promised = seconds(row.window), seconds(slo.window)
        if not measured / 4 <= promised <= measured * 4:
            yield Violation(
                ("slos", slo.id, "window"),
                f"SLO {slo.id!r} promises {slo.window}, and its baseline {row.id!r} looked at {row.window}",
                repair=lambda plan, slo=slo, row=row: amend(plan, "slos", slo.id, window=row.window),
                allowed=(row.window,),
            )
        if slo.sli.kind != row.kind:
            yield Violation(
                ("slos", slo.id, "sli"),
                f"SLO {slo.id!r} is called {slo.sli.kind}, and its baseline {row.id!r} measured {row.kind}",
                repair=lambda plan, slo=slo, row=row: amend(plan, "slos", slo.id, sli=sli_of(row)),
                allowed=(row.kind,),
            )
            continue
        if row.good_query is not None and (slo.sli.good, slo.sli.total) != (row.good_query, row.total_query):
            yield Violation(
                ("slos", slo.id, "sli"),
                f"SLO {slo.id!r} counts other events than its baseline {row.id!r} did",
                repair=lambda plan, slo=slo, row=row: amend(
                    plan,
                    "slos",
                    slo.id,
                    sli=slo.sli.model_copy(update={"good": row.good_query, "total": row.total_query}),
                ),
                allowed=(row.good_query or "", row.total_query or ""),
            )


@rule("observed-slos")
def slo_without_budget_policy(review: Review) -> Iterator[Violation]:
    """An SLO says nothing of what happens when its budget is gone, or who decides it."""
    for slo in review.plan.slos:
        policy = slo.budget_policy
        if policy is not None and policy.owner.strip() and not platitude(policy.exhausted):
            continue
        yield Violation(
            ("slos", slo.id, "budgetPolicy"),
            f"SLO {slo.id!r} has no error budget policy with an owner and a consequence",
            repair=lambda plan, slo=slo: _with_policy(review, plan, slo),
            source=next((uri for uri in slo.evidence if uri.startswith("repo:")), None),
        )


def _with_policy(review: Review, plan: Plan, slo: Slo) -> Plan:
    owner = owner_of(review, plan, slo.component)
    plan = amend(plan, "slos", slo.id, budget_policy=budget_policy(owner))
    return with_owner(plan, owner, (f"slos/{slo.id}/budgetPolicy/owner",))


@rule("symptom-alerts")
def sli_not_user_facing(review: Review) -> Iterator[Violation]:
    """An SLO counts what machines feel instead of what users meet."""
    for slo in review.plan.slos:
        queries = (query for query in (slo.sli.good, slo.sli.total) if query)
        word = next((word for query in queries for word in machine_words(query) if word), None)
        if word:
            yield Violation(
                ("slos", slo.id, "sli"),
                f"SLO {slo.id!r} is measured on {word!r}, which users do not meet",
                source=next((uri for uri in slo.evidence if uri.startswith("repo:")), None),
            )
