"""What someone tries who wants a strategy, a way back or a promise to look better than it is."""

from collections.abc import Iterator
from typing import Any

from tests.attacks_on_delivery import UNVERIFIED
from tests.mutating import Mutant, amended, operator, releases, unguarded

from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Owner
from platform_operations.model.plan import Plan
from platform_operations.validate import Review


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


@operator("gate-bypassable", "deploy-without-validation", *UNVERIFIED)
def guards_only_waited_for(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        rest = unguarded(plan, release.id, "") if not release.needs else plan
        fields: dict[str, Any] = {"needs": (), "optional_needs": release.needs}
        if release.needs:
            yield Mutant(amended(rest, "pipelineStages", release.id, **fields), release.id)
