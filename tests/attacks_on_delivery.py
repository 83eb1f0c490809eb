"""What someone tries who wants an unsafe delivery to pass."""

from collections.abc import Iterator
from typing import Any

from tests.mutating import Mutant, amended, at_users, operator, releases, validates, without_stage

from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Component, Consumed, HealthCheck, Pipeline, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Assumption, NotApplicable
from platform_operations.validate import Review
from platform_operations.validate.expectations import runs_for_users

UNVERIFIED = ("production-unverified", "verification-not-before-exposure")
SCANS = frozenset({"dependency-scan", "secret-scan", "sast"})


def judged_by_steps(plan: Plan, release: Stage) -> bool:
    """Return whether a stepped strategy is the verification of a release."""
    return any(row.steps and row.component == release.component for row in plan.deploy_strategy.components)


def lone_scans(plan: Plan) -> Iterator[tuple[Any, Stage, tuple[str, ...]]]:
    """Yield the blocking scans that no other of their kind stands beside, with their stage and own commands."""
    for gate in plan.quality_gates:
        twins = [g for g in plan.quality_gates if (g.kind, g.component) == (gate.kind, gate.component)]
        stage = next(stage for stage in plan.pipeline_stages if stage.id == gate.stage)
        own = tuple(line for line in stage.runs if gate.tool.split("-")[0] in line)
        if gate.kind in SCANS and gate.blocking and len(twins) == 1 and own:
            yield gate, stage, own


@operator("production-path-missing", "release-dropped", "section-missing")
def release_given_to_a_shadow(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        shadow = Component(id="shadow", types=("infrastructure",))
        rest = plan.with_entry("components", shadow)
        yield Mutant(amended(rest, "pipelineStages", release.id, component="shadow"), release.id)


@operator("artifact-not-promoted", *UNVERIFIED)
def smuggled_beside_the_verified(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        maker = next(
            (s for s in plan.pipeline_stages if s.produces and s.component == release.component), None
        )
        known = next(
            (a for a in plan.artifacts if release.consumes and a.id == release.consumes[0].artifact), None
        )
        if known is None or maker is None:
            continue
        other = known.model_copy(update={"id": "smuggled", "text": None, "evidence": ()})
        made = maker.model_copy(
            update={"id": "smuggle", "produces": ("smuggled",), "text": None, "evidence": ()}
        )
        rest = plan.with_entry("artifacts", other).with_entry("pipelineStages", made)
        takes = (*release.consumes, Consumed(artifact="smuggled", reference=release.consumes[0].reference))
        needs = (*release.needs, "smuggle")
        yield Mutant(amended(rest, "pipelineStages", release.id, consumes=takes, needs=needs), release.id)


@operator("gate-bypassable", "deploy-without-validation", *UNVERIFIED)
def nightly_beside_the_release(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        pipeline = Pipeline(id="nightly", triggers=("schedule",))
        again = {"id": "nightly-release", "pipeline": "nightly", "needs": (), "text": None, "evidence": ()}
        rest = plan.with_entry("pipelines", pipeline)
        yield Mutant(rest.with_entry("pipelineStages", release.model_copy(update=again)), release.id)
        again["exposure"] = "partial"
        yield Mutant(
            rest.with_entry("pipelineStages", release.model_copy(update=again)), f"{release.id} partial"
        )


@operator("gate-bypassable", "constraint-unproven", "deploy-without-validation", *UNVERIFIED)
def protected_by_its_own_word(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        names = tuple(stage.id for stage in Review(plan).graph.guards(release.id))
        pipeline = Pipeline(id="hotfix", triggers=("manual",), protected_by=names)
        rest = plan.with_entry("pipelines", pipeline)
        moved = {"pipeline": "hotfix", "needs": ()}
        followers = [s.id for s in plan.pipeline_stages if release.id in s.needs]
        del followers
        yield Mutant(amended(rest, "pipelineStages", release.id, **moved), release.id)


@operator("approval-missing")
def approved_elsewhere(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    if plan.target.risk_profile.level != "high":
        return
    lower = [place.id for place in plan.environments if place.kind in {"staging", "ephemeral"}]
    for stage in plan.pipeline_stages:
        if stage.kind == "approve" and lower:
            yield Mutant(amended(plan, "pipelineStages", stage.id, environment=lower[0]), stage.id)


@operator("approval-missing")
def approval_only_assumed(plan: Plan, assessment: Assessment) -> Iterator[Mutant]:
    if plan.target.risk_profile.level != "high":
        return
    for stage in plan.pipeline_stages:
        if stage.kind == "approve":
            note = Assumption(
                id="approved-by-custom",
                statement="The team looks at every release in its chat and approves it there.",
                about=f"environments/{stage.environment}#approval",
            )
            rest = without_stage(plan, stage.id)
            notes = tuple(n for n in rest.assumptions if n.about != note.about)
            yield Mutant(rest.model_copy(update={"assumptions": (*notes, note)}), stage.id)


@operator("release-without-dependency-check", "release-without-security-check", "gate-bypassable")
def gates_given_to_another(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for component in plan.components:
        shadow = Component(id="shadow", types=("infrastructure",))
        gates = tuple(
            gate.model_copy(update={"component": "shadow"}) if gate.component == component.id else gate
            for gate in plan.quality_gates
        )
        if gates != plan.quality_gates:
            rest = plan.with_entry("components", shadow)
            yield Mutant(rest.with_section("qualityGates", gates), component.id)


@operator("gate-not-run", "gate-not-blocking")
def tool_called_for_nothing(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate, stage, own in lone_scans(plan):
        for form in (
            "{tool} --version",
            "{tool} --help",
            "# {line}",
            "echo {line}",
            ": {line}",
            "true || {line}",
            "{line} || exit 0",
            "{line} || /bin/true",
            "{line}; true",
            "{line}; exit 0",
            "{line} &",
            "set +e; {line}; :",
        ):
            line = form.format(tool=own[0].split()[0], line=own[0])
            runs = tuple(
                line if run == own[0] else run for run in stage.runs if run == own[0] or run not in own
            )
            if not own[0].startswith("uses "):
                yield Mutant(amended(plan, "pipelineStages", stage.id, runs=runs), f"{gate.id} {form}")


@operator("gate-not-blocking")
def bound_out_of_reach(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate, _stage, _own in lone_scans(plan):
        for metric, bound in (
            ("findings", "2"),
            ("findings", "99999999999999"),
            ("vulnerabilities", "1000"),
            ("severity", "catastrophic"),
        ):
            limit = gate.fails_on.model_copy(update={"metric": metric, "at_least": bound, "below": None})
            yield Mutant(
                amended(plan, "qualityGates", gate.id, fails_on=limit), f"{gate.id} {metric} {bound}"
            )


@operator("deploy-without-validation", "rollback-trigger-unmeasurable", *UNVERIFIED)
def verification_of_nothing(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in plan.pipeline_stages:
        if not validates(plan, stage):
            continue
        for line in (
            "true",
            "sh -c true",
            "/bin/true",
            "python -c pass",
            "sleep 60",
            "echo verified",
            "test 1",
            "exit 0",
        ):
            yield Mutant(amended(plan, "pipelineStages", stage.id, runs=(line,)), f"{stage.id} {line}")
        yield Mutant(amended(plan, "pipelineStages", stage.id, runs=()), f"{stage.id} nothing")


@operator("deploy-without-validation")
def verification_of_another_place(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    lower = next((p.id for p in plan.environments if p.kind in {"staging", "ephemeral"}), None)
    for stage in plan.pipeline_stages:
        if lower is not None and validates(plan, stage):
            yield Mutant(amended(plan, "pipelineStages", stage.id, environment=lower), stage.id)


@operator("deploy-without-health-check")
def health_talked_away(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    kinds = {component.id: component for component in plan.components}
    for stage in plan.pipeline_stages:
        component = kinds.get(stage.component or "")
        if (
            stage.kind in {"deploy", "promote"}
            and component is not None
            and runs_for_users(component)
            and at_users(plan, stage.environment)
            and "scheduled-job" not in component.types
        ):
            check = HealthCheck(kind="none", because="the team watches the release")
            yield Mutant(amended(plan, "pipelineStages", stage.id, health_check=check), stage.id)


@operator("deploy-without-health-check")
def waits_only_in_words(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in releases(plan):
        runs = tuple(line for line in stage.runs if " status " not in line and " wait " not in line)
        asks = stage.action in {
            "kubernetes-set-image",
            "kubernetes-apply",
            "argo-rollouts-request",
            "argo-rollouts-set-image",
        }
        if asks and runs and runs != stage.runs and stage.kind == "deploy":
            yield Mutant(amended(plan, "pipelineStages", stage.id, runs=runs), stage.id)


@operator(*UNVERIFIED)
def constraint_waived(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    graph = Review(plan).graph
    for release in releases(plan):
        if judged_by_steps(plan, release):
            continue
        rest = plan
        for stage in graph.lower_verifications(release):
            rest = without_stage(rest, stage.id)
        row = NotApplicable(
            constraint="staged-verification", component=release.component, because="releases are small"
        )
        yield Mutant(rest.model_copy(update={"not_applicable": (*rest.not_applicable, row)}), release.id)


@operator("production-path-missing", "production-unverified", "approval-missing")
def release_retired(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        yield Mutant(without_stage(plan, release.id), release.id)
