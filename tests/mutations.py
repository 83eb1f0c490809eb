"""Mutation operators: each takes a valid plan to broken ones and names the rules of which one must fire.

A mutant is re-derived (origins, summaries, ledger, rollout) unless it forges just those, so that nothing gives it
away but the defect itself.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from platform_operations.draft import consistent
from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Consumed, Pipeline, Stage
from platform_operations.model.difference import changed_entries, retired_entries
from platform_operations.model.evidence import LedgerEntry
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import RolloutStep
from platform_operations.model.words import RELEASING
from platform_operations.validate import Review
from platform_operations.validate.expectations import requires, runs_for_users


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


# --- drop -------------------------------------------------------------------------------------------------------


@operator("component-missing")
def drop_component(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for component in plan.components:
        if len(plan.components) < 2:
            continue
        rest = plan
        for stage in [stage.id for stage in plan.pipeline_stages if stage.component == component.id]:
            rest = without_stage(rest, stage)
        for section in (
            "artifacts",
            "deployStrategy",
            "qualityGates",
            "rollbackPlan",
            "observabilityPillars",
            "alerts",
            "slos",
        ):
            rest = rest.with_section(
                section,
                tuple(e for e in rest.section(section) if getattr(e, "component", None) != component.id),
            )
        backs = {back.id for back in rest.rollback_plan}
        books = tuple(
            book.model_copy(update={"rollback": None}) if book.rollback not in backs else book
            for book in rest.runbooks
        )
        kept = {artifact.id for artifact in rest.artifacts}
        stages = tuple(
            stage.model_copy(
                update={
                    "consumes": tuple(item for item in stage.consumes if item.artifact in kept),
                    "produces": tuple(name for name in stage.produces if name in kept),
                    "on_failure": stage.on_failure if stage.on_failure in backs else None,
                }
            )
            for stage in rest.pipeline_stages
        )
        rest = rest.with_section("runbooks", books).with_section("pipelineStages", stages)
        yield Mutant(rest.without_entry("components", component.id), component.id)


@operator("release-dropped", "production-path-missing", "approval-missing", "production-unverified")
def drop_release(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in releases(plan):
        yield Mutant(without_stage(plan, stage.id), stage.id, raw=True)


@operator("production-unverified", "verification-not-before-exposure")
def drop_lower_verification(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    graph = Review(plan).graph
    for release in releases(plan):
        rest, found = plan, graph.lower_verifications(release)
        judged = any(
            row.steps and row.component == release.component for row in plan.deploy_strategy.components
        )
        if not found or judged:
            continue
        for stage in found:
            rest = without_stage(rest, stage.id)
        yield Mutant(rest, release.id)


@operator("deploy-without-validation")
def drop_validation(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in plan.pipeline_stages:
        if validates(plan, stage):
            yield Mutant(without_stage(plan, stage.id), stage.id)


@operator("approval-missing")
def drop_approval(plan: Plan, assessment: Assessment) -> Iterator[Mutant]:
    if plan.target.risk_profile.level == "high":
        for stage in plan.pipeline_stages:
            fact = assessment.fact(f"environments/{stage.environment}", "approval")
            if stage.kind == "approve" and not (fact is not None and fact.outcome == "present"):
                yield Mutant(without_stage(plan, stage.id), stage.id)


@operator("release-without-dependency-check")
def drop_dependency_gates(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    yield from _without_gates(plan, {"dependency-scan"})


@operator("release-without-security-check")
def drop_security_gates(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    yield from _without_gates(plan, {"sast", "secret-scan", "image-scan", "iac-scan"})


def _without_gates(plan: Plan, kinds: set[str]) -> Iterator[Mutant]:
    for component in plan.components:
        left = tuple(g for g in plan.quality_gates if g.kind not in kinds or g.component != component.id)
        released = any(stage.component == component.id for stage in releases(plan))
        if len(left) < len(plan.quality_gates) and released:
            yield Mutant(plan.with_section("qualityGates", left), component.id)


@operator("deploy-without-rollback")
def drop_rollback(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        books = tuple(
            book.model_copy(update={"rollback": None}) if book.rollback == back.id else book
            for book in plan.runbooks
        )
        stages = tuple(
            stage.model_copy(update={"on_failure": None}) if stage.on_failure == back.id else stage
            for stage in plan.pipeline_stages
        )
        rest = plan.without_entry("rollbackPlan", back.id)
        yield Mutant(rest.with_section("runbooks", books).with_section("pipelineStages", stages), back.id)


@operator("rollback-trigger-missing")
def drop_triggers(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        yield Mutant(amended(plan, "rollbackPlan", back.id, triggers=()), back.id)


@operator("rollback-unowned")
def drop_rollback_owner(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        yield Mutant(amended(plan, "rollbackPlan", back.id, owner=None), back.id)
        yield Mutant(amended(plan, "rollbackPlan", back.id, time_limit=None), f"{back.id} time limit")


@operator("slo-missing", "section-missing")
def drop_slos(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for component in plan.components:
        gone = {slo.id for slo in plan.slos if slo.component == component.id}
        if not gone or not requires(component, "slos"):
            continue
        rest = plan.with_section("slos", tuple(slo for slo in plan.slos if slo.id not in gone))
        rest = rest.with_section("alerts", tuple(a for a in rest.alerts if a.slo not in gone))
        backs = tuple(
            back.model_copy(
                update={
                    "triggers": tuple(t for t in back.triggers if t.signal.removeprefix("slo:") not in gone)
                }
            )
            for back in rest.rollback_plan
        )
        strategy = tuple(
            row.model_copy(
                update={
                    "exposure": None,
                    "steps": tuple(
                        step.model_copy(
                            update={
                                "judged_by": tuple(
                                    s for s in step.judged_by if s.removeprefix("slo:") not in gone
                                )
                            }
                        )
                        for step in row.steps
                    ),
                }
            )
            for row in rest.deploy_strategy.components
        )
        yield Mutant(
            rest.with_section("rollbackPlan", backs).with_section("deployStrategy", strategy), component.id
        )


@operator("slo-unalerted")
def drop_burn_alerts(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        left = tuple(alert for alert in plan.alerts if alert.slo != slo.id)
        triggered = any(t.signal.startswith("alert:") for back in plan.rollback_plan for t in back.triggers)
        if slo.objective is not None and len(left) < len(plan.alerts) and not triggered:
            yield Mutant(plan.with_section("alerts", left), slo.id)


@operator("alert-without-runbook")
def drop_runbook(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        yield Mutant(amended(plan, "alerts", alert.id, runbook=None), alert.id)


@operator("alert-without-owner")
def drop_alert_owner(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        yield Mutant(amended(plan, "alerts", alert.id, owner=None), alert.id)


@operator("alert-without-route", "constraint-unproven")
def drop_route(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        yield Mutant(amended(plan, "alerts", alert.id, route=None), alert.id)


@operator("deploy-without-health-check")
def drop_health_check(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in plan.pipeline_stages:
        if stage.kind in {"deploy", "promote"} and stage.health_check and at_users(plan, stage.environment):
            yield Mutant(amended(plan, "pipelineStages", stage.id, health_check=None), stage.id)


@operator("pillar-missing")
def drop_pillar(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row in plan.observability_pillars:
        component = next(c for c in plan.components if c.id == row.component)
        twins = [
            r for r in plan.observability_pillars if (r.component, r.pillar) == (row.component, row.pillar)
        ]
        needed = row.pillar in {"metrics", "logs"} or {"http-service", "serverless"} & set(component.types)
        if runs_for_users(component) and needed and len(twins) == 1:
            yield Mutant(plan.without_entry("observabilityPillars", row.id), row.id)


@operator("drift-unchecked")
def drop_drift_checks(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    if plan.drift_checks:
        yield Mutant(plan.with_section("driftChecks", ()), "all")


@operator("slo-without-budget-policy")
def drop_budget_policy(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        yield Mutant(amended(plan, "slos", slo.id, budget_policy=None), slo.id)


@operator("section-missing")
def empty_strategy(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    if any(requires(component, "deployStrategy") for component in plan.components):
        yield Mutant(plan.with_section("deployStrategy", ()), "deployStrategy")


@operator("runbook-not-actionable")
def empty_runbook(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    led_to = {alert.runbook for alert in plan.alerts}
    for book in plan.runbooks:
        if book.id in led_to and book.url is None:
            yield Mutant(amended(plan, "runbooks", book.id, mitigate=()), book.id)
            yield Mutant(amended(plan, "runbooks", book.id, escalate=None), f"{book.id} escalation")


# --- reorder, bypass --------------------------------------------------------------------------------------------


@operator("verification-not-before-exposure", "production-unverified")
def verify_after_release(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    graph = Review(plan).graph
    for release in releases(plan):
        found = graph.lower_verifications(release)
        judged = any(
            row.steps and row.component == release.component for row in plan.deploy_strategy.components
        )
        if not found or judged:
            continue
        rest = plan
        for stage in found:
            rest = unguarded(rest, release.id, stage.id)
        yield Mutant(rest, release.id)


@operator("gate-bypassable", "verification-not-before-exposure", "production-unverified")
def need_becomes_optional(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    graph = Review(plan).graph
    gate_stages = {gate.stage for gate in plan.quality_gates if gate.blocking and gate.kind != "approval"}
    for release in graph.full_releases:
        for guard in graph.guards(release.id):
            same = [
                gate
                for gate in plan.quality_gates
                if gate.stage == guard.id
                and gate.kind in {"dependency-scan", "secret-scan", "unit-test", "sast"}
            ]
            alone = same and not any(
                other.kind == same[0].kind
                and other.stage != guard.id
                and graph.guarded_by(release.id, other.stage)
                for other in plan.quality_gates
            )
            if guard.id not in gate_stages or not alone:
                continue
            stages = tuple(
                s.model_copy(
                    update={
                        "needs": tuple(n for n in s.needs if n != guard.id),
                        "optional_needs": (*s.optional_needs, guard.id),
                    }
                )
                if guard.id in s.needs
                else s
                for s in plan.pipeline_stages
            )
            yield Mutant(plan.with_section("pipelineStages", stages), f"{release.id} {guard.id}")


@operator("gate-bypassable")
def gate_beside_the_way(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    graph = Review(plan).graph
    for gate in plan.quality_gates:
        if gate.kind not in {"dependency-scan", "secret-scan", "sast"} or not gate.blocking:
            continue
        twins = [
            o
            for o in plan.quality_gates
            if o.kind == gate.kind and o.component == gate.component and o.stage != gate.stage
        ]
        if twins or not any(graph.guarded_by(release.id, gate.stage) for release in releases(plan)):
            continue
        if any(
            graph.stages[gate.stage].produces or (stage.needs == (gate.stage,) and stage.kind == "package")
            for stage in ()
        ):
            continue
        if graph.stages[gate.stage].kind == "analyze":
            yield Mutant(unguarded(plan, releases(plan)[0].id, gate.stage), gate.id)


@operator(
    "gate-bypassable",
    "release-without-dependency-check",
    "production-unverified",
    "verification-not-before-exposure",
)
def hotfix_pipeline(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        graph = Review(plan).graph
        producer = next(
            (s.id for s in plan.pipeline_stages if set(s.produces) & graph.consumed(release)), None
        )
        judged = any(
            row.steps and row.component == release.component for row in plan.deploy_strategy.components
        )
        gates = [g for g in plan.quality_gates if g.component == release.component and g.kind != "approval"]
        if producer is None or (judged and not gates):
            continue
        pipeline = Pipeline(id="hotfix", triggers=("manual",))
        stage = release.model_copy(
            update={"id": "hotfix-release", "pipeline": "hotfix", "needs": (), "text": None, "evidence": ()}
        )
        yield Mutant(plan.with_entry("pipelines", pipeline).with_entry("pipelineStages", stage), release.id)


@operator("rollback-trigger-after-rollout", "rollout-unordered")
def rollback_last_in_rollout(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    names = {f"rollbackPlan/{back.id}" for back in plan.rollback_plan}
    released = {f"pipelineStages/{stage.id}" for stage in releases(plan)}
    moved = [name for step in plan.rollout for name in step.implements if name in names]
    if not moved or not any(released & set(step.implements) for step in plan.rollout):
        return
    steps = [
        step.model_copy(update={"implements": tuple(n for n in step.implements if n not in names)})
        for step in plan.rollout
    ]
    last = steps[-1].model_copy(
        update={
            "id": "later",
            "order": len(steps) + 1,
            "implements": tuple(moved),
            "retires": (),
            "after": (),
        }
    )
    yield Mutant(plan.model_copy(update={"rollout": (*steps, last)}), "rollback", raw=True)


@operator("rollout-unordered")
def rollout_step_dropped(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    if any(step.implements for step in plan.rollout):
        steps = tuple(step.model_copy(update={"implements": step.implements[1:]}) for step in plan.rollout)
        yield Mutant(plan.model_copy(update={"rollout": steps}), "first entry of each step", raw=True)


# --- retag, rename, swap ----------------------------------------------------------------------------------------


@operator("artifact-mutable-reference")
def by_tag(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in plan.pipeline_stages:
        if stage.kind in RELEASING and stage.consumes:
            moved = tuple(item.model_copy(update={"reference": "tag"}) for item in stage.consumes)
            yield Mutant(amended(plan, "pipelineStages", stage.id, consumes=moved), stage.id)


@operator("artifact-mutable-reference")
def identity_by_tag(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    taken = {item.artifact for stage in releases(plan) for item in stage.consumes}
    for artifact in plan.artifacts:
        if artifact.id in taken:
            yield Mutant(amended(plan, "artifacts", artifact.id, identity="tag"), artifact.id)


@operator("artifact-mutable-reference")
def command_by_tag(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in releases(plan):
        line = "kubectl set image deployment/app app=ghcr.io/acme/app:latest"
        yield Mutant(amended(plan, "pipelineStages", stage.id, runs=(*stage.runs, line)), stage.id)


@operator("artifact-rebuilt")
def built_twice(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for artifact in plan.artifacts:
        makers = [stage for stage in plan.pipeline_stages if artifact.id in stage.produces]
        if makers:
            twin = makers[0].model_copy(update={"id": "build-again", "text": None, "evidence": ()})
            yield Mutant(plan.with_entry("pipelineStages", twin), artifact.id)


@operator("production-unverified", "artifact-not-promoted", "verification-not-before-exposure")
def another_artifact(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        judged = any(
            row.steps and row.component == release.component for row in plan.deploy_strategy.components
        )
        known = next(
            (a for a in plan.artifacts if release.consumes and a.id == release.consumes[0].artifact), None
        )
        if known is None or judged:
            continue
        other = known.model_copy(update={"id": "other-artifact", "text": None, "evidence": ()})
        rest = plan.with_entry("artifacts", other)
        takes = (Consumed(artifact="other-artifact", reference=release.consumes[0].reference),)
        rest = amended(rest, "pipelineStages", release.id, consumes=takes)
        yield Mutant(rest, release.id)


@operator("gate-not-run")
def tool_not_run(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate in plan.quality_gates:
        if gate.kind != "approval":
            yield Mutant(
                amended(plan, "qualityGates", gate.id, tool="snyk" if gate.tool != "snyk" else "grype"),
                gate.id,
            )


@operator("rollback-mechanism-unsupported")
def foreign_rollback(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        yield Mutant(amended(plan, "rollbackPlan", back.id, mechanism="press-the-red-button"), back.id)


@operator("strategy-unsupported")
def foreign_strategy(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row in plan.deploy_strategy.components:
        yield Mutant(amended(plan, "deployStrategy", row.id, mechanism="wishful-thinking"), row.id)


@operator("strategy-mismatches-risk")
def chosen_for_other_risk(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    level = plan.target.risk_profile.level
    for row in plan.deploy_strategy.components:
        place = next(place for place in plan.environments if place.id == row.environment)
        if place.kind == "production":
            yield Mutant(
                amended(plan, "deployStrategy", row.id, because="low" if level != "low" else "high"), row.id
            )


# --- relabel, retype --------------------------------------------------------------------------------------------


@operator("environment-kind-contradicted", "production-path-missing", "release-dropped")
def production_called_staging(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for place in plan.environments:
        if place.kind == "production":
            yield Mutant(amended(plan, "environments", place.id, kind="staging"), place.id)


@operator("production-path-missing", "release-dropped", "deploy-without-validation", "production-unverified")
def full_called_internal(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in releases(plan):
        rest = amended(plan, "pipelineStages", stage.id, exposure="internal")
        for follower in Review(plan).graph.followers(stage.id):
            if follower.kind == "verify" and follower.environment == stage.environment:
                rest = without_stage(rest, follower.id)
        yield Mutant(rest, stage.id)


@operator("component-type-contradicted")
def service_called_library(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for component in plan.components:
        if component.types != ("library",):
            yield Mutant(amended(plan, "components", component.id, types=("library",)), component.id)


@operator("section-missing")
def waived_without_right(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    from platform_operations.model.reliability import NotApplicable

    for component in plan.components:
        if not requires(component, "slos") or not plan.slos:
            continue
        for mutant in drop_slos(plan, _):
            if mutant.about == component.id:
                row = NotApplicable(
                    section="slos", component=component.id, because="we are sure that it works"
                )
                rows = (*mutant.plan.not_applicable, row)
                yield Mutant(mutant.plan.model_copy(update={"not_applicable": rows}), component.id)


@operator("alert-on-cause")
def cause_called_symptom(plan: Plan, assessment: Assessment) -> Iterator[Mutant]:
    today = {alert.id: alert for alert in assessment.as_is.alerts}
    for alert in plan.alerts:
        if alert.id in today and today[alert.id].kind == "cause":
            yield Mutant(amended(plan, "alerts", alert.id, kind="symptom", severity="page"), alert.id)


@operator("alert-on-cause")
def cause_pages(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if alert.kind == "cause" and alert.severity == "ticket":
            yield Mutant(amended(plan, "alerts", alert.id, severity="page"), alert.id)


@operator("production-unverified", "deploy-without-validation", "verification-not-before-exposure")
def verify_called_test(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in plan.pipeline_stages:
        if validates(plan, stage):
            yield Mutant(amended(plan, "pipelineStages", stage.id, kind="test"), stage.id)


# --- loosen, off by one -----------------------------------------------------------------------------------------


@operator("slo-above-baseline")
def objective_above_baseline(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        if slo.objective is not None and slo.objective != "99.99" and slo.baseline is not None:
            yield Mutant(amended(plan, "slos", slo.id, objective="99.99"), slo.id)


@operator("slo-too-loose")
def objective_far_below(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        if slo.objective is not None and float(slo.objective) > 98:
            yield Mutant(amended(plan, "slos", slo.id, objective="90"), slo.id)


@operator("slo-without-baseline")
def objective_without_baseline(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        fields: dict[str, Any] = {"objective": "99.9", "status": "active", "baseline": None}
        yield Mutant(amended(plan, "slos", slo.id, **fields), slo.id)


@operator("gate-not-blocking", "gate-bypassable")
def gate_cannot_stop(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate in plan.quality_gates:
        twins = [
            o
            for o in plan.quality_gates
            if o.kind == gate.kind and o.component == gate.component and o.id != gate.id
        ]
        if (
            gate.blocking
            and not twins
            and gate.kind in {"dependency-scan", "secret-scan", "unit-test", "sast"}
        ):
            yield Mutant(amended(plan, "qualityGates", gate.id, blocking=False), gate.id)


@operator("gate-not-blocking")
def failure_swallowed(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate in plan.quality_gates:
        stage = next(stage for stage in plan.pipeline_stages if stage.id == gate.stage)
        own = [
            line for line in stage.runs if gate.tool.split("-")[0] in line and not line.startswith("uses ")
        ]
        if gate.blocking and gate.kind in {"dependency-scan", "secret-scan"} and own:
            runs = tuple(f"{line} || true" if line in own else line for line in stage.runs)
            yield Mutant(amended(plan, "pipelineStages", stage.id, runs=runs), gate.id)


@operator("deploy-without-health-check")
def does_not_wait(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in plan.pipeline_stages:
        checked = stage.health_check is not None and stage.health_check.kind != "none"
        place = next((p.kind for p in plan.environments if p.id == stage.environment), None)
        if stage.kind in {"deploy", "promote"} and checked and place in {"production", "staging"}:
            yield Mutant(amended(plan, "pipelineStages", stage.id, waits=False), stage.id)


@operator("burn-rate-inconsistent")
def burn_below_one(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if alert.windows:
            windows = tuple(pair.model_copy(update={"factor": "0.9"}) for pair in alert.windows)
            yield Mutant(amended(plan, "alerts", alert.id, windows=windows), alert.id)


@operator("burn-rate-inconsistent")
def burn_beyond_total(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if alert.windows:
            windows = tuple(pair.model_copy(update={"factor": "100000"}) for pair in alert.windows)
            yield Mutant(amended(plan, "alerts", alert.id, windows=windows), alert.id)


@operator("burn-rate-inconsistent")
def windows_swapped(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if alert.windows:
            windows = tuple(p.model_copy(update={"long": p.short, "short": p.long}) for p in alert.windows)
            yield Mutant(amended(plan, "alerts", alert.id, windows=windows), alert.id)


@operator("canary-blind")
def canary_judged_by_all(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row in plan.deploy_strategy.components:
        small = [step for step in row.steps if float(step.traffic) < 0.6 * 1]
        del small
        if row.steps and any(s.startswith("slo:") for s in row.steps[0].judged_by):
            first = row.steps[0].model_copy(update={"scope": "whole-service", "traffic": "0.1"})
            yield Mutant(amended(plan, "deployStrategy", row.id, steps=(first, *row.steps[1:])), row.id)


@operator("strategy-exceeds-budget")
def canary_too_wide(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row in plan.deploy_strategy.components:
        if len(row.steps) > 1:
            first = row.steps[0].model_copy(update={"traffic": "90"})
            yield Mutant(amended(plan, "deployStrategy", row.id, steps=(first, *row.steps[1:])), row.id)


@operator("migration-without-expand-contract")
def data_forgotten(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    migrating = {c.id for c in plan.components if any(store.migrations for store in c.data_stores)}
    for back in plan.rollback_plan:
        place = next(place for place in plan.environments if place.id == back.environment)
        if back.component in migrating and place.kind != "registry":
            yield Mutant(amended(plan, "rollbackPlan", back.id, data=None), back.id)


@operator("rollback-trigger-unmeasurable")
def trigger_on_nothing(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        for signal in ("slo:imagined", "metric:imagined", "platform:imagined", "a feeling"):
            triggers = tuple(t.model_copy(update={"signal": signal}) for t in back.triggers[:1])
            yield Mutant(amended(plan, "rollbackPlan", back.id, triggers=triggers), f"{back.id} {signal}")


@operator("alert-duplicated")
def alert_twice(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if alert.windows or alert.expression:
            twin = alert.model_copy(
                update={"id": f"{alert.id}-again"[:120], "backtest": None, "evidence": (), "text": None}
            )
            yield Mutant(plan.with_entry("alerts", twin), alert.id)


@operator("alert-without-window")
def alert_at_once(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if not alert.windows and alert.kind in {"symptom", "absence", "cause"}:
            yield Mutant(amended(plan, "alerts", alert.id, for_=None), alert.id)


# --- forge ------------------------------------------------------------------------------------------------------


@operator("alert-without-owner")
def invented_owner(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        yield Mutant(amended(plan, "alerts", alert.id, owner="@acme/nobody"), alert.id)


@operator("evidence-stale", "evidence-unresolved")
def altered_citation(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for entry in plan.evidence:
        if entry.uri.startswith("repo:"):
            rows = tuple(
                e.model_copy(update={"sha256": "0" * 64}) if e.uri == entry.uri else e for e in plan.evidence
            )
            yield Mutant(plan.model_copy(update={"evidence": rows}), entry.uri, raw=True)
            return


@operator("evidence-unresolved")
def invented_citation(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    stage = plan.pipeline_stages[0]
    uri = "repo:nowhere/to-be-found.yaml#L1-L2"
    rest = amended(plan, "pipelineStages", stage.id, evidence=(*stage.evidence, uri))
    listed = rest.model_copy(update={"evidence": (*rest.evidence, LedgerEntry(uri=uri, sha256="0" * 64))})
    yield Mutant(rest, "not listed", raw=True)
    yield Mutant(listed, "listed", raw=True)


@operator("evidence-contradicted")
def forged_baseline(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for entry in plan.evidence:
        if entry.uri.startswith("metric:") and entry.observed is not None:
            better = entry.model_copy(update={"observed": "99.999"})
            for row, kept in ((better, "hash kept"), (better.sealed(), "hash renewed")):
                rows = tuple(row if e.uri == entry.uri else e for e in plan.evidence)
                yield Mutant(plan.model_copy(update={"evidence": rows}), kept, raw=True)


@operator("slo-above-baseline", "evidence-contradicted")
def forged_observation(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        if slo.observed is not None and slo.objective is not None:
            yield Mutant(amended(plan, "slos", slo.id, observed="99.999"), slo.id)


@operator("evidence-contradicted")
def forged_summary(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for section in ("slos", "alerts", "rollbackPlan", "pipelineStages", "qualityGates"):
        for entry in plan.section(section)[:2]:
            forged = entry.model_copy(update={"summary": entry.summary + " Approved by audit."})
            yield Mutant(plan.with_entry(section, forged), f"{section}/{entry.id}", raw=True)


@operator("evidence-contradicted")
def number_in_wording(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for section in ("slos", "rollbackPlan"):
        for entry in plan.section(section)[:1]:
            worded = entry.model_copy(update={"text": "Better than 99.999 percent."})
            yield Mutant(plan.with_entry(section, worded), f"{section}/{entry.id}")


@operator("existing-contradicted")
def called_existing(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for name, entry in plan.entries():
        section = name.partition("/")[0]
        if entry.origin == "proposed":
            yield Mutant(
                plan.with_entry(section, entry.model_copy(update={"origin": "existing"})), name, raw=True
            )
        elif entry.origin == "changed" and len(entry.changes) > 1:
            fewer = entry.model_copy(update={"changes": entry.changes[1:]})
            yield Mutant(plan.with_entry(section, fewer), name, raw=True)


@operator("evidence-contradicted")
def forged_cost(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row in plan.deploy_strategy.components:
        if row.exposure is not None:
            cheap = row.exposure.model_copy(update={"worst": "0.1"})
            forged = row.model_copy(update={"exposure": cheap})
            yield Mutant(_resummarised(plan.with_entry("deployStrategy", forged)), row.id, raw=True)


def _resummarised(plan: Plan) -> Plan:
    from platform_operations.model.summary import summarised

    return summarised(plan)


@operator("claim-unsupported")
def hidden_backtest(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if alert.backtest is not None:
            evidence = tuple(uri for uri in alert.evidence if uri != alert.backtest)
            yield Mutant(amended(plan, "alerts", alert.id, backtest=None, evidence=evidence), alert.id)


@operator("plan-malformed")
def dangling_need(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    stage = plan.pipeline_stages[-1]
    yield Mutant(amended(plan, "pipelineStages", stage.id, needs=("no-such-stage",)), stage.id, raw=True)


@operator("plan-malformed")
def cycle(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in plan.pipeline_stages:
        if stage.needs:
            first = plan.by_name[f"pipelineStages/{stage.needs[0]}"]
            yield Mutant(
                plan.with_entry("pipelineStages", first.model_copy(update={"needs": (stage.id,)})),
                stage.id,
                raw=True,
            )
            return


def named(operators: list[Operator]) -> dict[str, Operator]:
    """Return the operators by name."""
    return {entry.name: replace(entry) for entry in operators}
