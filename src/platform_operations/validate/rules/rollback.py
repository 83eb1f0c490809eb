"""Rollback before rollout: measurable triggers, a way the platform has, an owner, data that survives it."""

import re
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction

from platform_operations.model.delivery import DataPlan, Rollback, RollbackTrigger, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert, Slo
from platform_operations.patterns import regex
from platform_operations.platforms import platform
from platform_operations.platforms.platform import Rollback as WayBack
from platform_operations.slo.budget import fixed
from platform_operations.slo.durations import seconds
from platform_operations.validate.compose.parties import REGISTRIES, carriers, owner_of, with_owner
from platform_operations.validate.compose.release import TIME_LIMIT, chosen_way, triggers_of, ways_back
from platform_operations.validate.compose.stages import component_of
from platform_operations.validate.edits import amend
from platform_operations.validate.graph import proves
from platform_operations.validate.rule import Review, Violation, rule

LONGEST_SECONDS = 86_400
"""A way back that may take longer than a day is none that anybody waits for."""


def _at_users(review: Review) -> tuple[Rollback, ...]:
    """Return the ways back from where users meet a release: in a lower environment nobody has to be quick."""
    places = review.graph.environments
    return tuple(
        back
        for back in review.plan.rollback_plan
        if back.environment in places and places[back.environment].kind in {"production", "registry"}
    )


def _release_of(review: Review, back: Rollback) -> Stage | None:
    return next(
        (
            stage
            for stage in review.graph.full_releases
            if stage.component == back.component and stage.environment == back.environment
        ),
        None,
    )


@rule("rollback-triggers")
def rollback_trigger_missing(review: Review) -> Iterator[Violation]:
    """A way back that nothing starts."""
    for back in _at_users(review):
        if not back.triggers:
            yield Violation(
                ("rollbackPlan", back.id, "triggers"),
                f"rollback {back.id!r} has no trigger: nothing says when {back.component} is taken back",
                repair=lambda plan, back=back: _with_triggers(review, plan, back),
                source=back.evidence[0] if back.evidence else None,
            )


def _with_triggers(review: Review, plan: Plan, back: Rollback) -> Plan | None:
    now = Review(plan, review.assessment)
    component, release = component_of(plan, back.component), _release_of(now, back)
    if component is None:
        return None
    way = ways_back(component, now.graph.environments.get(back.environment or "")).get(back.mechanism)
    if way is None:
        return None
    if (
        release is None
    ):  # nothing of the pipelines puts it there: what the platform itself detects starts the way back
        seen = [RollbackTrigger(signal=f"platform:{word}", comparison="detected") for word in way.signals[:1]]
        return amend(plan, "rollbackPlan", back.id, triggers=tuple(seen)) if seen else None
    found = triggers_of(review, plan, component, release, way)
    measurable = tuple(trigger for trigger in found if _unmeasurable(now, back, trigger) is None)
    return amend(plan, "rollbackPlan", back.id, triggers=measurable) if measurable else None


@rule("rollback-triggers")
def rollback_trigger_unmeasurable(review: Review) -> Iterator[Violation]:
    """A trigger whose signal nothing measures."""
    for back in _at_users(review):
        for index, trigger in enumerate(back.triggers):
            why = _unmeasurable(review, back, trigger)
            if why:
                yield Violation(
                    ("rollbackPlan", back.id, "triggers", index, "signal"),
                    f"rollback {back.id!r} waits for {trigger.signal!r}, but {why}",
                    repair=lambda plan, back=back: _with_triggers(review, plan, back),
                )
    for stage in review.plan.pipeline_stages:
        back = review.plan.by_name.get(f"rollbackPlan/{stage.on_failure}") if stage.on_failure else None
        if isinstance(back, Rollback) and (back.component, back.environment) != (
            stage.component,
            stage.environment,
        ):
            yield Violation(
                ("pipelineStages", stage.id, "onFailure"),
                f"{stage.id!r} takes back {back.component} in {back.environment} when it fails, and looks at "
                f"{stage.component} in {stage.environment}",
                repair=lambda plan, name=stage.id: amend(plan, "pipelineStages", name, on_failure=None),
            )


def _unmeasurable(review: Review, back: Rollback, trigger: RollbackTrigger) -> str | None:
    kind, _, name = trigger.signal.partition(":")
    if not _starts(kind, trigger.comparison):
        return f"nothing starts it by {trigger.comparison!r}"
    bounded = trigger.burn_rate is not None or trigger.value is not None
    if kind == "slo":
        return _of_promise(review, back, trigger, name) or (
            None if bounded else "no burn rate or value says how much"
        )
    if kind == "alert":
        return _of_alert(review, back, name)
    if kind == "stage":
        return _of_stage(review, back, name)
    if kind == "metric":
        if trigger.signal not in review.plan.ledger:
            return "that metric was not measured"
        return None if bounded else "no value says how much"
    if kind == "platform":
        return None if name in _detected(review, back) else "no platform of the component detects it"
    return "it is none of slo:, alert:, stage:, metric:, platform:"


_ABOVE = frozenset({">", ">=", "above", "exceeds"})
_COMPARES = _ABOVE | {"<", "<=", "below"}
_GOOD = regex(
    r"never|not?|succe\w*|pass\w*|ok|good|healthy|up|green|resolved|silent|inactive|false|none|<=?|[!=]=",
    re.IGNORECASE,
)
"""Words by which a stage, an alert or a platform says that all is well, which is no reason to go back."""


def _starts(kind: str, comparison: str) -> bool:
    """Whether a signal of a kind can start something by a comparison."""
    word = comparison.lower().strip()
    return word in _COMPARES if kind in {"slo", "metric"} else bool(word) and not _GOOD.fullmatch(word)


def _of_alert(review: Review, back: Rollback, name: str) -> str | None:
    alert = review.plan.by_name.get(f"alerts/{name}")
    if not isinstance(alert, Alert):
        return "there is no such alert"
    if alert.component != back.component:
        return f"that alert is about {alert.component}"
    if alert.severity == "ticket" and alert.windows:
        return "that alert opens a ticket after days"
    cause = alert.severity == "ticket" and alert.kind == "cause"
    return (
        "that alert opens a ticket about a cause: users may meet nothing, and nobody is woken"
        if cause
        else None
    )


def _of_promise(review: Review, back: Rollback, trigger: RollbackTrigger, name: str) -> str | None:
    slo = review.related.slos.get(name)
    if slo is None:
        return "there is no such SLO"
    if slo.component != back.component:
        return f"that SLO is a promise of {slo.component}"
    if trigger.burn_rate is not None and trigger.comparison not in _ABOVE:
        return "a budget that burns slower is no reason"
    if trigger.value is not None and not 0 < Decimal(trigger.value) < 100:
        return f"no share of events is ever beyond {trigger.value}%"
    if slo.objective is None:
        return "that SLO still waits for its baseline"
    return _too_late(review, trigger, slo)


def _too_late(review: Review, trigger: RollbackTrigger, slo: Slo) -> str | None:
    """Say how much of the budget is gone when a burn has lasted for the trigger's window, None where a release may spend it."""
    if trigger.burn_rate is None or trigger.window is None:
        return None
    # R times too fast over a part of the SLO's window takes R times that part of the budget.
    spent = Fraction(trigger.burn_rate) * seconds(trigger.window) / seconds(slo.window) * 100
    return (
        f"{fixed(spent, 1)}% of the budget is gone by then" if spent > Fraction(review.budget_share) else None
    )


def _of_stage(review: Review, back: Rollback, name: str) -> str | None:
    stage = review.graph.stages.get(name)
    if stage is None:
        return "there is no such stage"
    if stage.component != back.component or stage.environment != back.environment:
        return f"that stage says nothing of {back.component} in {back.environment}"
    releases = [
        release.id
        for release in review.graph.releases_of(back.component)
        if release.environment == back.environment
    ]
    if releases and all(review.graph.guarded_by(name, stage.id) for name in releases):
        return "that stage is over before the release"
    if stage.kind == "verify":
        elsewhere = review.graph.asks_elsewhere(stage)
        return (
            f"that stage asks {elsewhere}"
            if elsewhere
            else None
            if proves(stage)
            else "that stage cannot fail"
        )
    acts = stage.action is not None or (stage.kind in {"provision", "migrate"} and bool(stage.runs))
    return None if acts else "that stage verifies nothing"


def _detected(review: Review, back: Rollback) -> frozenset[str]:
    """Return what the platforms of the component detect, in a registry what registries do."""
    component = review.related.components.get(back.component)
    place = review.graph.environments.get(back.environment)
    words = {word for found in carriers(component) for word in found.signals} if component else set[str]()
    registries = platform(REGISTRIES)
    if registries and (not words or (place is not None and place.kind == "registry")):
        words |= set(registries.signals)
    return frozenset(words)


@rule("rollback-triggers")
def rollback_mechanism_unsupported(review: Review) -> Iterator[Violation]:
    """A way back that no platform of the component has."""
    for back in _at_users(review):
        component = review.related.components.get(back.component)
        place = review.graph.environments.get(back.environment)
        ways = ways_back(component, place) if component else {}
        why = _unsupported(review, back, ways)
        if why:
            yield Violation(
                ("rollbackPlan", back.id, "mechanism"),
                f"rollback {back.id!r} uses {back.mechanism!r}, {why}",
                repair=lambda plan, back=back: _supported(review, plan, back),
                allowed=tuple(ways),
                source=back.evidence[0] if back.evidence else None,
            )


def _unsupported(review: Review, back: Rollback, ways: dict[str, WayBack]) -> str | None:
    """Say what is wrong with the word of a way back: nobody offers it, or it does not go by itself as it is said."""
    way = ways.get(back.mechanism)
    if way is None:
        return f"which no platform of {back.component!r} offers"
    if back.origin != "existing" and _rests_on_more(review, back):
        return "which needs what nothing shows to be there: no strategy of the environment uses it"
    if back.restores != way.restores:
        return f"which restores {way.restores}, and not {back.restores}"
    if back.automatic and not way.automatic and not _begins(review, back):
        return "which somebody must start: no stage does `onFailure`, and the platform does not by itself"
    return None


def _begins(review: Review, back: Rollback) -> bool:
    """Whether the pipeline takes the release back itself: by a stage's `onFailure`, or by one that follows it whatever happens."""
    return back.id in review.related.begun or any(
        stage.kind == "rollback" and stage.environment == back.environment and bool(stage.optional_needs)
        for stage in review.graph.stages_of(back.component)
    )


def _rests_on_more(review: Review, back: Rollback) -> bool:
    """Whether a way back belongs to a mechanism that must be installed and that the plan neither uses nor assumes."""
    component = review.related.components.get(back.component)
    places = carriers(component) if component else ()
    able = {word for place in places for word in place.capabilities}
    owners = [
        name
        for place in places
        for name, mechanism in place.mechanisms.items()
        if back.mechanism.startswith(f"{name}-") and not set(mechanism.requires) <= able
    ]
    rows = review.related.strategies_in.get((back.component, back.environment), ())
    used = {row.mechanism for row in rows}
    assumed = f"rollbackPlan/{back.id}" in review.related.assumed
    family = any(word == name or word.startswith(f"{name}-") for word in used for name in owners)
    return bool(owners) and not family and not assumed


def _supported(review: Review, plan: Plan, back: Rollback) -> Plan | None:
    now = Review(plan, review.assessment)
    component, release = component_of(plan, back.component), _release_of(now, back)
    if component is None or release is None:
        return None
    ways = ways_back(component, now.graph.place(release))
    word = chosen_way(plan, component, release, ways)
    if word is None:
        return None
    way = ways[word]
    return amend(
        plan, "rollbackPlan", back.id, mechanism=word, restores=way.restores, automatic=way.automatic
    )


@rule("rollback-triggers")
def rollback_unowned(review: Review) -> Iterator[Violation]:
    """A way back without someone who answers for it, or without a time limit."""
    known = review.related.owners
    for back in _at_users(review):
        lacking = (
            "an owner"
            if not back.owner or back.owner not in known
            else None
            if back.time_limit and seconds(back.time_limit) <= LONGEST_SECONDS
            else "a time limit within a day"
            if back.time_limit
            else "a time limit"
        )
        if lacking:
            yield Violation(
                ("rollbackPlan", back.id, "owner" if lacking == "an owner" else "timeLimit"),
                f"rollback {back.id!r} lacks {lacking}",
                repair=lambda plan, back=back: _owned(review, plan, back),
                allowed=tuple(sorted(known)) if lacking == "an owner" else (),
                source=back.evidence[0] if back.evidence else None,
            )


def _owned(review: Review, plan: Plan, back: Rollback) -> Plan:
    known = {owner.id for owner in plan.owners}
    owner = back.owner if back.owner in known else owner_of(review, plan, back.component)
    kept = back.time_limit if back.time_limit and seconds(back.time_limit) <= LONGEST_SECONDS else None
    plan = amend(plan, "rollbackPlan", back.id, owner=owner, time_limit=kept or TIME_LIMIT)
    return with_owner(plan, owner or "", (f"rollbackPlan/{back.id}/owner",))


@rule("rollback-triggers")
def migration_without_expand_contract(review: Review) -> Iterator[Violation]:
    """A component with schema migrations whose way back says nothing of the data."""
    for back in _at_users(review):
        component = review.related.components.get(back.component)
        today = review.related_today.components.get(back.component) if review.related_today else None
        stores = [store for known in (component, today) if known is not None for store in known.data_stores]
        migrating = any(store.migrations for store in stores)
        migrating = migrating or any(
            stage.kind == "migrate" for stage in review.graph.stages_of(back.component)
        )
        place = review.graph.environments.get(back.environment)
        if not migrating or (place is not None and place.kind == "registry"):
            continue
        if back.data is None or back.data.stance == "none":
            yield Violation(
                ("rollbackPlan", back.id, "data"),
                f"{back.component!r} migrates its schema, and rollback {back.id!r} says nothing of the data",
                repair=lambda plan, back=back: amend(
                    plan, "rollbackPlan", back.id, data=DataPlan(stance="expand-contract")
                ),
                allowed=("expand-contract", "forward-only", "restore"),
            )


@rule("rollback-triggers")
def rollback_trigger_after_rollout(review: Review) -> Iterator[Violation]:
    """The rollout changes production before the rollback and its triggers are defined."""
    position = {name: step.order for step in review.plan.rollout for name in step.implements}
    for back in _at_users(review):
        waits = {name: position[name] for name in _told_by(back) if name in position}
        late = max(waits, key=lambda name: (waits[name], name), default=None)
        if late is None:
            continue
        for release in review.graph.releases_of(back.component):
            changed = position.get(f"pipelineStages/{release.id}")
            if release.environment != back.environment or changed is None:
                continue
            if changed < waits[late]:
                yield Violation(
                    ("rollbackPlan", back.id, "triggers"),
                    f"the rollout changes {release.id!r} in step {changed}, and its rollback {back.id!r} "
                    f"rests on {late} of step {waits[late]}",
                )


def _told_by(back: Rollback) -> tuple[str, ...]:
    """Return a rollback and the entries whose signals start it."""
    homes = {"slo": "slos", "alert": "alerts", "stage": "pipelineStages"}
    signals = [trigger.signal.partition(":") for trigger in back.triggers]
    return (
        f"rollbackPlan/{back.id}",
        *(f"{homes[kind]}/{name}" for kind, _, name in signals if kind in homes),
    )
