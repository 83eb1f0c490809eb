"""More operators: what someone tries who wants an unsafe plan to pass. Importing this module adds them to OPERATORS."""

from collections.abc import Iterator
from typing import Any

from tests.mutations import Mutant, amended, at_users, operator, releases, unguarded, validates, without_stage

from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Component, Consumed, HealthCheck, Owner, Pipeline, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Alert, Assumption, NotApplicable, Slo
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


# --- aliases ------------------------------------------------------------------------------------------------------


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


# --- approvals, gates -----------------------------------------------------------------------------------------------


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


# --- verification ---------------------------------------------------------------------------------------------------


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


# --- strategy, rollback ---------------------------------------------------------------------------------------------


@operator("strategy-exceeds-budget", *UNVERIFIED)
def everyone_at_the_first_step(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row in plan.deploy_strategy.components:
        if len(row.steps) > 1:
            last = row.steps[-1].model_copy(update={"judged_by": row.steps[0].judged_by})
            yield Mutant(amended(plan, "deployStrategy", row.id, steps=(last,)), row.id)
            yield Mutant(amended(plan, "deployStrategy", row.id, steps=(last, last)), f"{row.id} twice")


@operator("canary-blind", *UNVERIFIED)
def steps_judged_by_nobody(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row in plan.deploy_strategy.components:
        if len(row.steps) > 1:
            steps = tuple(step.model_copy(update={"judged_by": ()}) for step in row.steps)
            yield Mutant(amended(plan, "deployStrategy", row.id, steps=steps), row.id)


@operator("rollback-trigger-unmeasurable")
def trigger_before_the_release(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    graph = Review(plan).graph
    for back in plan.rollback_plan:
        for release in releases(plan):
            if (release.component, release.environment) != (back.component, back.environment):
                continue
            for guard in graph.guards(release.id):
                if guard.environment == back.environment or guard.kind == "verify":
                    first = back.triggers[0].model_copy(
                        update={"signal": f"stage:{guard.id}", "comparison": "failed"}
                    )
                    yield Mutant(
                        amended(plan, "rollbackPlan", back.id, triggers=(first,)), f"{back.id} {guard.id}"
                    )


@operator("rollback-mechanism-unsupported")
def restores_something_else(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        other = "flag-off" if back.restores != "flag-off" else "previous-artifact"
        yield Mutant(amended(plan, "rollbackPlan", back.id, restores=other), back.id)


@operator("rollback-unowned")
def rollback_within_years(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        yield Mutant(amended(plan, "rollbackPlan", back.id, time_limit="9999999d"), back.id)


@operator("existing-contradicted", "strategy-mismatches-risk")
def risk_talked_down(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    profile = plan.target.risk_profile
    if profile.level == "low":
        return
    low = profile.model_copy(update={"level": "low", "reasons": ("small change",)})
    rows = tuple(row.model_copy(update={"because": "low"}) for row in plan.deploy_strategy.components)
    rest = plan.with_section("deployStrategy", rows)
    yield Mutant(
        rest.model_copy(update={"target": plan.target.model_copy(update={"risk_profile": low})}), "risk"
    )


@operator("migration-without-expand-contract", "existing-contradicted")
def data_store_forgotten(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for component in plan.components:
        if not any(store.migrations for store in component.data_stores):
            continue
        rest = amended(plan, "components", component.id, data_stores=())
        for back in plan.rollback_plan:
            if back.component == component.id:
                rest = amended(rest, "rollbackPlan", back.id, data=None)
        stages = tuple(
            stage.model_copy(update={"kind": "provision"}) if stage.kind == "migrate" else stage
            for stage in rest.pipeline_stages
        )
        yield Mutant(rest.with_section("pipelineStages", stages), component.id)


# --- promises, alerts -----------------------------------------------------------------------------------------------


@operator("slo-without-baseline", "slo-missing")
def promise_postponed(plan: Plan, assessment: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        row = assessment.observations.get(slo.id)
        if slo.objective is None or row is None or row.status != "ok":
            continue
        fields: dict[str, Any] = {
            "objective": None,
            "observed": None,
            "status": "needs-baseline",
            "baseline": None,
        }
        rest = amended(plan, "slos", slo.id, **fields)
        alerts = tuple(alert for alert in rest.alerts if alert.slo != slo.id)
        backs = tuple(
            back.model_copy(
                update={
                    "triggers": tuple(t for t in back.triggers if not t.signal.startswith(("slo:", "alert:")))
                }
            )
            for back in rest.rollback_plan
        )
        rows = tuple(
            s.model_copy(update={"steps": (), "exposure": None}) for s in rest.deploy_strategy.components
        )
        rest = rest.with_section("rollbackPlan", backs).with_section("deployStrategy", rows)
        yield Mutant(rest.with_section("alerts", alerts), slo.id)


@operator("slo-above-baseline")
def aspired_for_ever(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        if slo.baseline is not None and slo.objective != "99.99":
            fields = {
                "status": "aspirational",
                "objective": "99.99",
                "owner": plan.owners[0].id,
                "by": "2099-01-01",
            }
            yield Mutant(amended(plan, "slos", slo.id, **fields), slo.id)


@operator("alert-on-cause")
def machine_called_something_else(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    paging = next((alert for alert in plan.alerts if alert.severity == "page"), None)
    if paging is None:
        return
    for kind in ("symptom", "meta", "absence"):
        other = paging.model_copy(
            update={
                "id": "cpu-high",
                "kind": kind,
                "slo": None,
                "windows": (),
                "expression": 'avg(rate(container_cpu_usage_seconds_total{namespace="x"}[5m])) > 0.9',
                "for_": "5m",
                "backtest": None,
                "text": None,
                "evidence": (),
            }
        )
        yield Mutant(plan.with_entry("alerts", other), kind)


@operator("alert-without-window")
def alert_after_years(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if alert.expression and not alert.windows:
            yield Mutant(amended(plan, "alerts", alert.id, for_="9999999d"), alert.id)


@operator("claim-unsupported")
def backtest_hidden_by_a_name(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if alert.backtest is not None:
            evidence = tuple(uri for uri in alert.evidence if uri != alert.backtest)
            other = alert.model_copy(
                update={"id": "another-name", "backtest": None, "evidence": evidence, "text": None}
            )
            yield Mutant(plan.without_entry("alerts", alert.id).with_entry("alerts", other), alert.id)


@operator("alert-without-owner", "claim-unsupported", "existing-contradicted")
def owner_that_looks_alike(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    known = next((owner for owner in plan.owners if owner.id.startswith("@")), None)
    alerts = [alert for alert in plan.alerts if known is not None and alert.owner == known.id]
    for alert in alerts:
        assert known is not None
        alike = Owner(id=known.id.replace("e", "\u0435").replace("o", "\u043e"), evidence=known.evidence)
        rest = plan.model_copy(update={"owners": (*plan.owners, alike)})
        yield Mutant(amended(rest, "alerts", alert.id, owner=alike.id), alert.id)


@operator("evidence-contradicted")
def number_in_other_digits(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        for text in (
            "Better than \uff19\uff19.\uff19 percent.",
            "{nothing} and 99.999% of requests.",
            "{objective}9 percent",
        ):
            yield Mutant(amended(plan, "slos", slo.id, text=text), f"{slo.id} {text}")


def renamed(slo: Slo, alert: Alert) -> str:
    """Return an id that says nothing."""
    return f"{slo.id}-{alert.id}"[:100]


@operator("gate-bypassable", "deploy-without-validation", *UNVERIFIED)
def guards_only_waited_for(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        rest = unguarded(plan, release.id, "") if not release.needs else plan
        fields: dict[str, Any] = {"needs": (), "optional_needs": release.needs}
        if release.needs:
            yield Mutant(amended(rest, "pipelineStages", release.id, **fields), release.id)
