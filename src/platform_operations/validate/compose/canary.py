"""A stepped strategy that the error budget can pay for, with what it needs named as an assumption."""

from fractions import Fraction
from itertools import product

from platform_operations.model.delivery import (
    Component,
    ComponentStrategy,
    Environment,
    Rollback,
    Stage,
    Step,
)
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Slo
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Mechanism, Platform
from platform_operations.slo.budget import pairs_for
from platform_operations.slo.durations import seconds
from platform_operations.slo.exposure import exposure, worst_before_everyone
from platform_operations.validate.compose.handover import handed
from platform_operations.validate.compose.kubernetes import as_rollouts, namespace_flag, workload_of
from platform_operations.validate.compose.parameters import commands_of
from platform_operations.validate.compose.parties import carriers, fits, owner_of
from platform_operations.validate.compose.release import TIME_LIMIT, taken
from platform_operations.validate.compose.stages import component_of
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

_INSTEAD = {
    "argo-rollouts": "; in its manifests a Rollout, whose analysis asks these SLOs, takes the Deployment's place"
}
"""What a mechanism asks of the repository beside being installed."""

SETTLING = 15 * 60
"""Seconds beyond the holds that a release may take: pods start, and the last step becomes healthy."""


def canaries(component: Component) -> tuple[tuple[Platform, str, Mechanism], ...]:
    """Return the mechanisms of the component's platforms that show a release to a share of users first."""
    return tuple(
        (place, word, mechanism)
        for place in carriers(component)
        for word, mechanism in place.mechanisms.items()
        if mechanism.strategy == "canary" and fits(component, word)
    )


def affordable(
    slo: Slo, event_rate: Fraction | None, limit: int, share: Fraction, mechanism: Mechanism | None = None
) -> tuple[Step, ...] | None:
    """Return the steps of the first ladder whose worst costs at most `share` of the budget and whose steps can be judged.

    `limit` is the rollback's time limit in seconds, `event_rate` in events a second at the baseline. The mechanism may
    know only ladders of its own, and hold a share only for so long.
    """
    if slo.objective is None:
        return None
    pairs = pairs_for(slo.objective, seconds(slo.window))
    ladders = mechanism.ladders if mechanism and mechanism.ladders else LADDERS
    longest = mechanism.longest_hold if mechanism else None
    possible = [holds for holds in HOLDS if longest is None or seconds(holds[0]) <= longest]
    for holds, ladder in product(possible, ladders):
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
    if component is None or not offered:
        return None
    place, word, mechanism = next((one for one in offered if one[1] == row.mechanism), offered[0])
    steps = affordable(slo, event_rate, limit, Fraction(review.budget_share) / 100, mechanism)
    if steps is None:
        return None
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
            f"{word} can be used for {component.id}: it brings {' and '.join(missing)}, which {place.title} alone does not "
            f"have{_INSTEAD.get(word, '')}.",
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
        named = (
            workload_of(review, plan, component, stage, stage.environment).partition("/")[2] or component.id
        )
        if stage.kind == "verify" and word.startswith("argo-"):
            plan = amend(plan, "pipelineStages", stage.id, runs=as_rollouts(stage.runs, named))
        if stage.kind != "deploy":
            continue
        given = taken(
            review,
            plan,
            component,
            stage.consumes[0].artifact if stage.consumes else component.id,
            _place(plan, row),
            stage.pipeline,
        )
        given |= {"artifact": _image(stage) or given["artifact"]}
        given |= {"rollout": named} if word.startswith("argo-") else {}
        space = namespace_flag(review, component.id, stage, stage.environment)
        given |= {"namespace": space}
        runs = commands_of(review, plan, component, row.environment, place, action[1].commands, **given)
        kept = tuple(line for line in stage.runs if line.startswith("IMAGE_DIGEST="))
        runs = (*kept, *(line.replace("--timeout 30m", wait) for line in runs))
        plan = amend(plan, "pipelineStages", stage.id, action=action[0], runs=runs, waits=action[1].waits)
        plan = handed(review, plan, stage.id)
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


def _place(plan: Plan, row: ComponentStrategy) -> Environment:
    return next(place for place in plan.environments if place.id == row.environment)


_IMAGE = regex(r"=(?P<name>(?:\$\{\{[^}]*\}\}|[^\s\"'=])+(?:@\$|:)(?:\$\{\{[^}]*\}\}|[^\s\"'])+)")


def _image(stage: Stage) -> str | None:
    """Return the pinned image that the stage's commands set already: by digest, or by the commit."""
    for line in stage.runs:
        found = _IMAGE.search(line) if " set image " in line else None
        if found:
            return found["name"]
    return None
