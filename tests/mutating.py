"""Mutation operators: each takes a valid plan to broken ones and names the rules of which one must fire.

A mutant is re-derived (origins, summaries, ledger, rollout) unless it forges just those, so that nothing gives it
away but the defect itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from platform_operations.draft import consistent
from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Stage
from platform_operations.model.difference import changed_entries, retired_entries
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import RolloutStep
from platform_operations.validate import Review


@dataclass(frozen=True)
class Mutant:
    """A broken plan; `raw` ones are judged as they are, the others are re-derived first."""

    plan: Plan
    about: str
    raw: bool = False


Mutate = Callable[[Plan, Assessment], Iterator[Mutant]]


@dataclass(frozen=True)
class Operator:
    """A way to break a plan and the rules of which at least one must then fire."""

    name: str
    rules: frozenset[str]
    mutate: Mutate


OPERATORS: list[Operator] = []


def operator(*rules: str) -> Callable[[Mutate], Mutate]:
    """Return a decorator that lists an operator with the rules that must catch it."""

    def listed(mutate: Mutate) -> Mutate:
        OPERATORS.append(Operator(mutate.__name__.replace("_", "-"), frozenset(rules), mutate))
        return mutate

    return listed


def settled(mutant: Mutant, assessment: Assessment) -> Plan:
    """Return the mutant as an attacker would hand it in: consistent in everything that is derived.

    Its rollout is one step that does everything at once: proving an order takes ten times as long as judging.
    """
    if mutant.raw:
        return mutant.plan
    plan = consistent(mutant.plan, assessment)
    at_once = RolloutStep(
        id="at-once",
        order=1,
        summary="Everything at once.",
        implements=changed_entries(plan, assessment.as_is),
        retires=retired_entries(plan, assessment.as_is),
        effort="L",
        risk="high",
        acceptance="It is as planned.",
    )
    return plan.model_copy(update={"rollout": (at_once,)})


def amended(plan: Plan, section: str, entry_id: str, **fields: Any) -> Plan:
    """Return the plan with fields of one entry replaced."""
    entry = plan.by_name[f"{section}/{entry_id}"]
    return plan.with_entry(section, entry.model_copy(update=fields))


def without_stage(plan: Plan, gone: str) -> Plan:
    """Return the plan without a stage: who waited for it waits for what it waited for, gates and signals on it go too."""
    stage = next(stage for stage in plan.pipeline_stages if stage.id == gone)
    stages = tuple(
        other.model_copy(
            update={
                "needs": tuple(
                    dict.fromkeys(
                        n for need in other.needs for n in (stage.needs if need == gone else (need,))
                    )
                ),
                "optional_needs": tuple(need for need in other.optional_needs if need != gone),
            }
        )
        for other in plan.pipeline_stages
        if other.id != gone
    )
    signal = f"stage:{gone}"
    backs = tuple(
        back.model_copy(update={"triggers": tuple(t for t in back.triggers if t.signal != signal)})
        for back in plan.rollback_plan
    )
    strategy = tuple(
        row.model_copy(
            update={
                "steps": tuple(
                    step.model_copy(update={"judged_by": tuple(s for s in step.judged_by if s != signal)})
                    for step in row.steps
                )
            }
        )
        for row in plan.deploy_strategy.components
    )
    plan = plan.with_section("pipelineStages", stages).with_section("rollbackPlan", backs)
    plan = plan.with_section("deployStrategy", strategy)
    gates = tuple(gate for gate in plan.quality_gates if gate.stage != gone)
    return plan.with_section("qualityGates", gates)


def unguarded(plan: Plan, stage: str, guard: str) -> Plan:
    """Return the plan in which nothing on the way to `stage` waits for `guard` any more."""
    return (
        plan.with_section(
            "pipelineStages",
            tuple(
                other.model_copy(update={"needs": tuple(need for need in other.needs if need != guard)})
                if other.id != guard
                else other
                for other in plan.pipeline_stages
            ),
        )
        if stage
        else plan
    )


def releases(plan: Plan) -> tuple[Stage, ...]:
    """Return the stages that put something before everyone."""
    return Review(plan).graph.full_releases


def at_users(plan: Plan, environment: str | None) -> bool:
    """Return whether users meet what is in an environment."""
    return any(
        place.id == environment and place.kind in {"production", "registry"} for place in plan.environments
    )


def validates(plan: Plan, stage: Stage) -> bool:
    """Return whether a stage looks at what everyone meets already."""
    graph = Review(plan).graph
    return stage.kind == "verify" and any(
        graph.guarded_by(stage.id, release.id) and release.environment == stage.environment
        for release in graph.full_releases
    )
