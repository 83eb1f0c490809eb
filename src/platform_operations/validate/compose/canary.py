"""A stepped strategy that the error budget can pay for, with what it needs named as an assumption."""

from fractions import Fraction
from itertools import product

from platform_operations.model.delivery import Component, ComponentStrategy, Rollback, Stage, Step
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Slo
from platform_operations.platforms.platform import Mechanism, Platform
from platform_operations.slo.budget import pairs_for
from platform_operations.slo.durations import seconds
from platform_operations.slo.exposure import exposure, worst_before_everyone
from platform_operations.validate.compose.kubernetes import as_rollouts, in_namespace, namespace_flag
from platform_operations.validate.compose.parties import carriers, commands_of, owner_of
from platform_operations.validate.compose.release import TIME_LIMIT
from platform_operations.validate.compose.stages import VARIABLE, component_of, reference_of
from platform_operations.validate.edits import amend, assume
from platform_operations.validate.rule import Review

LADDERS: tuple[tuple[str, ...], ...] = (
    ("5", "25", "100"),
    ("2", "10", "100"),
    ("1", "5", "100"),
    ("10", "100"),
)
"""Shares of traffic in percent, tried in order: the first whose worst step the budget can pay is taken."""

HOLDS: tuple[tuple[str, ...], ...] = (("10m", "20m", "30m"), ("30m", "1h", "1h"), ("2h", "2h", "2h"))
"""How long the steps hold: longer ones are tried only where a quiet service gives too few events to judge by."""

SETTLING = 15 * 60
"""Seconds beyond the holds that a release may take: pods start, and the last step becomes healthy."""


def canaries(component: Component) -> tuple[tuple[Platform, str, Mechanism], ...]:
    """Return the mechanisms of the component's platforms that show a release to a share of users first."""
    return tuple(
        (place, word, mechanism)
        for place in carriers(component)
        for word, mechanism in place.mechanisms.items()
        if mechanism.strategy == "canary"
    )


def affordable(slo: Slo, event_rate: Fraction | None, limit: int, share: Fraction) -> tuple[Step, ...] | None:
    """Return the steps of the first ladder whose worst costs at most `share` of the budget and whose steps can be judged.

    `limit` is the rollback's time limit in seconds, `event_rate` in events a second at the baseline.
    """
    if slo.objective is None:
        return None
    pairs = pairs_for(slo.objective, seconds(slo.window))
    for holds, ladder in product(HOLDS, LADDERS):
        steps = tuple(
            Step(
                traffic=traffic,
                hold=holds[min(index, len(holds) - 1)],
                interval="1m",
                judged_by=(f"slo:{slo.id}",),
                scope="whole-service" if traffic == "100" else "new-version",
            )
            for index, traffic in enumerate(ladder)
        )
        costs = exposure(steps, slo.objective, seconds(slo.window), limit, pairs, event_rate)
        if worst_before_everyone(costs) <= share and not any(cost.underpowered for cost in costs):
            return steps
    return None


def in_use(review: Review, component: str, word: str) -> bool:
    """Return whether a strategy of today carries the component out by the mechanism, so that it is there."""
    return review.related_today is not None and (component, word) in review.related_today.mechanisms


def canary(
    review: Review, plan: Plan, row: ComponentStrategy, slo: Slo, event_rate: Fraction | None
) -> Plan | None:
    """Return the plan in which `row` is a canary that the budget of `slo` can pay; None when no platform offers one."""
    component = component_of(plan, row.component)
    offered = canaries(component) if component else ()
    back = next(
        (b for b in plan.rollback_plan if (b.component, b.environment) == (row.component, row.environment)),
        None,
    )
    limit = seconds(back.time_limit if back and back.time_limit else TIME_LIMIT)
    steps = affordable(slo, event_rate, limit, Fraction(review.budget_share) / 100)
    if component is None or not offered or steps is None:
        return None
    place, word, mechanism = next((one for one in offered if one[1] == row.mechanism), offered[0])
    plan = amend(
        plan,
        "deployStrategy",
        row.id,
        kind="canary",
        mechanism=word,
        requires=mechanism.requires,
        steps=steps,
        because=plan.target.risk_profile.level,
    )
    missing = [need for need in mechanism.requires if need not in place.capabilities]
    if missing and not in_use(review, row.component, word):
        plan = assume(
            plan,
            f"{word}-available",
            f"{word} can be used for {component.id}: it brings {' and '.join(missing)}, which {place.title} alone does not have.",
            about=f"platforms#{word}",
            fills=(f"deployStrategy/{row.id}/mechanism",),
            confirm_with=owner_of(review, plan, component.id),
        )
    row = row.model_copy(update={"steps": steps})
    return _carried(review, plan, component, row, place, word, back)


def _carried(
    review: Review,
    plan: Plan,
    component: Component,
    row: ComponentStrategy,
    place: Platform,
    word: str,
    back: Rollback | None,
) -> Plan:
    """Return the plan in which the release acts, and is taken back, by the mechanism's own words where it has any."""
    action = next(
        (
            (name, act)
            for name, act in place.actions.items()
            if name.startswith(word) and "deploy" in act.kinds
        ),
        None,
    )
    wait = f"--timeout {(sum(seconds(step.hold) for step in row.steps) + SETTLING) // 60}m"
    for stage in plan.pipeline_stages:
        if action is None or (stage.component, stage.environment) != (row.component, row.environment):
            continue
        if stage.kind == "verify" and word.startswith("argo-"):
            plan = amend(plan, "pipelineStages", stage.id, runs=as_rollouts(stage.runs, component.id))
        if stage.kind != "deploy":
            continue
        reference = reference_of(plan, stage.consumes[0].artifact) if stage.consumes else "digest"
        runs = commands_of(
            action[1],
            name=component.id,
            environment=row.environment,
            artifact=_image(stage) or f"$REGISTRY/{component.id}@{VARIABLE[reference]}",
            path=component.path,
            reference=VARIABLE[reference],
        )
        space = namespace_flag(review, stage, stage.environment)
        runs = tuple(in_namespace(line.replace("--timeout 30m", wait), space) for line in runs)
        plan = amend(plan, "pipelineStages", stage.id, action=action[0], runs=runs, waits=action[1].waits)
    way = next(((name, way) for name, way in place.rollbacks.items() if name.startswith(word)), None)
    if back is not None and way is not None:
        plan = amend(
            plan,
            "rollbackPlan",
            back.id,
            mechanism=way[0],
            restores=way[1].restores,
            automatic=way[1].automatic,
        )
    return plan


def _image(stage: Stage) -> str | None:
    """Return the pinned image that the stage's commands name already."""
    for line in stage.runs:
        for word in line.split():
            name = word.partition("=")[2] or word
            if "@$" in name:
                return name
    return None
