"""Operators that take something away."""

from collections.abc import Iterator

from tests.mutating import Mutant, amended, at_users, operator, releases, validates, without_stage

from platform_operations.model.assessment import Assessment
from platform_operations.model.plan import Plan
from platform_operations.validate import Review
from platform_operations.validate.expectations import requires, runs_for_users


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
