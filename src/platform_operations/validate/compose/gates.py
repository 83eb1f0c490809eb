"""New gates: the stage that runs a check, the gate on it, and the release that waits for both."""

import re

from platform_operations.model.delivery import Component, FailsOn, QualityGate, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import GateKind
from platform_operations.platforms.checks import Check, proposals
from platform_operations.validate.compose.parties import evidence_of, owner_of, with_owner
from platform_operations.validate.compose.stages import add_stage, scoped
from platform_operations.validate.edits import amend, assume, fresh, kebab, united
from platform_operations.validate.rule import Review

_LEAST = re.compile(r"--(?:audit-level|severity-threshold|severity)[= ](?P<word>[A-Za-z]+)")


def checking(review: Review, plan: Plan, component: Component, gate: GateKind) -> Check | None:
    """Return the check that we propose for a kind of gate on a component."""
    del review, plan
    found = proposals(gate, component.languages, "docker" in component.platforms)
    return next((check for check in found if check.run), None)


def gate_stage(review: Review, plan: Plan, component: Component, check: Check, release: Stage) -> Plan:
    """Return the plan with a stage that runs `check`, a gate on it, and the release waiting for both."""
    artifact = next((item.artifact for item in release.consumes), None)
    producer = _producer(review, plan, release, artifact)
    if check.stage == "package" or check.gate == "image-scan":
        return _scan_of_artifact(plan, component, check, producer, artifact)
    asked = check.gate == "dependency-scan"
    seen = evidence_of(review, f"components/{component.id}", "dependencies") if asked else ()
    stage = Stage(
        id=fresh(plan, "pipelineStages", scoped(plan, component, check.id)),
        kind="analyze" if check.stage not in {"test", "analyze"} else check.stage,
        pipeline=release.pipeline,
        component=component.id,
        runs=(check.run,) if check.run else (),
        evidence=seen,
    )
    beside = producer is not None and _pipeline_of(plan, producer) == release.pipeline
    plan = add_stage(review, plan, stage, before=producer if beside else release.id)
    return with_gate(plan, component, check, stage.id)


def _scan_of_artifact(
    plan: Plan, component: Component, check: Check, producer: str | None, artifact: str | None
) -> Plan:
    if producer is None or artifact is None:
        return plan
    entry = plan.by_name[f"pipelineStages/{producer}"]
    runs = entry.runs if isinstance(entry, Stage) else ()
    plan = amend(plan, "pipelineStages", producer, runs=united(runs, (check.run or check.id,)))
    return with_gate(plan, component, check, producer)


def _producer(review: Review, plan: Plan, release: Stage, artifact: str | None) -> str | None:
    graph = Review(plan, review.assessment).graph
    for stage in graph.guards(release.id):
        if artifact in stage.produces:
            return stage.id
    return None


def _pipeline_of(plan: Plan, name: str) -> str | None:
    """Return the pipeline of a stage: a new stage can only be waited for by one that starts with it."""
    entry = plan.by_name.get(f"pipelineStages/{name}")
    return entry.pipeline if isinstance(entry, Stage) else None


def _of_stage(plan: Plan, name: str) -> tuple[str, ...]:
    entry = plan.by_name.get(f"pipelineStages/{name}")
    return entry.evidence if entry is not None else ()


def with_gate(plan: Plan, component: Component, check: Check, stage: str) -> Plan:
    """Return the plan with a blocking gate of `check` on `stage`."""
    assert check.gate is not None, f"{check.id} is a linter"
    metric, bound = check.fails_on
    asked = _LEAST.search(check.run or "") if metric == "severity" else None
    gate = QualityGate(
        id=fresh(plan, "qualityGates", scoped(plan, component, check.id)),
        kind=check.gate,
        component=component.id,
        stage=stage,
        tool=check.id,
        fails_on=FailsOn(metric=metric, at_least=asked["word"].lower() if asked else bound),
        blocking=True,
        evidence=_of_stage(plan, stage),
    )
    return plan.with_entry("qualityGates", gate)


def approval(review: Review, plan: Plan, component: Component, release: Stage) -> Plan:
    """Return the plan with an approval before `release`, its gate, and the assumption that it is enforced."""
    owner = owner_of(review, plan, component.id)
    place = release.environment or "production"
    name = fresh(plan, "pipelineStages", scoped(plan, component, f"approve-{place}"))
    stage = Stage(
        id=name,
        kind="approve",
        pipeline=release.pipeline,
        component=component.id,
        environment=release.environment,
        needs=release.needs,
    )
    gate = QualityGate(
        id=fresh(plan, "qualityGates", kebab(f"{place}-approval")),
        kind="approval",
        component=component.id,
        stage=name,
        tool="github-environment",
        fails_on=FailsOn(metric="approvals", below="1"),
        blocking=True,
        owner=owner,
    )
    plan = plan.with_entry("pipelineStages", stage).with_entry("qualityGates", gate)
    plan = amend(plan, "pipelineStages", release.id, needs=(name,))
    plan = with_owner(plan, owner, (f"qualityGates/{gate.id}/owner",))
    return assume(
        plan,
        f"{place}-protection",
        f"The environment {place} is protected: a release waits there until {owner} approves it.",
        about=f"environments/{place}#approval",
        fills=(f"qualityGates/{gate.id}/tool",),
        confirm_with=owner,
    )
