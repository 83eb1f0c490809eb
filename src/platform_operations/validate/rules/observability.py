"""Observability and drift: the pillars a component needs, correlated, and declared state against actual."""

import re
from collections.abc import Iterator
from decimal import Decimal

from platform_operations.model.reliability import DriftCheck, ObservabilityPillar
from platform_operations.patterns import regex
from platform_operations.validate.compose.drift import drift_entry
from platform_operations.validate.compose.reliability import correlated, pillar_entry
from platform_operations.validate.expectations import is_installed, pillars_of
from platform_operations.validate.graph import LOWER_KINDS
from platform_operations.validate.idling import idle
from platform_operations.validate.rule import Review, Violation, rule
from platform_operations.validate.wordings import says_nothing


@rule("workflow")
def pillar_missing(review: Review) -> Iterator[Violation]:
    """A component lacks a pillar that its types need."""
    for component in review.plan.components:
        rows = review.related.pillars_of.get(component.id, ())
        have = {row.pillar for row in rows if _kept(row)}
        for pillar in pillars_of(component):
            if pillar in have:
                continue
            yield Violation(
                ("observabilityPillars",),
                f"{component.id!r} ({', '.join(component.types)}) has no {pillar}",
                question=(f"components/{component.id}", pillar),
                repair=lambda plan, component=component, pillar=pillar: pillar_entry(
                    review, plan, component, pillar
                ),
                allowed=(pillar,),
                source=component.evidence[0] if component.evidence else None,
            )


def _kept(row: ObservabilityPillar) -> bool:
    """Whether a pillar names what it is seen by, and keeps some of it."""
    return not says_nothing(row.tool) and (row.sampling is None or Decimal(row.sampling) > 0)


@rule("workflow", "warning")
def signals_uncorrelated(review: Review) -> Iterator[Violation]:
    """The pillars of a component share no key, so that one request cannot be followed through them."""
    for component in review.plan.components:
        rows = [
            row
            for row in review.related.pillars_of.get(component.id, ())
            if row.pillar in {"metrics", "logs", "traces"}
        ]
        if len({row.pillar for row in rows}) < 2 or _shared(rows):
            continue
        rows.sort(key=lambda row: row.id)
        yield Violation(
            ("observabilityPillars", rows[0].id, "correlation"),
            f"{', '.join(dict.fromkeys(row.pillar for row in rows))} of {component.id!r} share no key to"
            " correlate them by",
            repair=lambda plan, component=component: correlated(plan, component),
            allowed=("trace_id",),
            source=rows[0].evidence[0] if rows[0].evidence else None,
        )


def _shared(rows: list[ObservabilityPillar]) -> frozenset[str]:
    """Return the keys that every pillar carries."""
    keys = frozenset(rows[0].correlation)
    for row in rows[1:]:
        keys &= frozenset(row.correlation)
    return keys


@rule("workflow")
def drift_unchecked(review: Review) -> Iterator[Violation]:
    """Nothing compares what is declared with what runs."""
    running = [component for component in review.plan.components if not is_installed(component)]
    if not running or any(_compares(review, check) for check in review.plan.drift_checks):
        return
    yield Violation(
        ("driftChecks",),
        "nothing compares what the repository declares with what runs",
        question=("practices", "driftCheck"),
        repair=lambda plan: drift_entry(review, plan, running[0]),
        source=running[0].evidence[0] if running[0].evidence else None,
    )


_SELDOM = regex(r"\b(never|yearly|annual(ly)?|on demand|by hand|manual(ly)?)\b", re.IGNORECASE)


def _compares(review: Review, check: DriftCheck) -> bool:
    """Whether a check compares something, again and again, and not only what stands below production."""
    words = set(re.split(r"[^\w-]+", f"{check.what} {check.tool}".lower()))
    places = {place.kind for place in review.plan.environments if place.id in words}
    below = bool(places) and places <= LOWER_KINDS
    return not (below or says_nothing(check.tool) or idle(check.tool) or _never(check.schedule))


def _never(schedule: str) -> bool:
    return says_nothing(schedule) or _SELDOM.search(schedule) is not None
