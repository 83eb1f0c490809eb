"""Operators that go round a check, name something else, or call a thing what it is not."""

from collections.abc import Iterator

from tests.mutants_dropped import drop_slos
from tests.mutating import Mutant, amended, operator, releases, unguarded, validates, without_stage

from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Consumed, Pipeline
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import NotApplicable
from platform_operations.model.words import RELEASING
from platform_operations.validate import Review
from platform_operations.validate.expectations import requires


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
