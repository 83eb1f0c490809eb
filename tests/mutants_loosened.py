"""Operators that loosen a bound, miss it by one, or forge what is told of it."""

from collections.abc import Iterator
from typing import Any

from tests.mutating import Mutant, amended, operator

from platform_operations.model.assessment import Assessment
from platform_operations.model.evidence import LedgerEntry
from platform_operations.model.plan import Plan
from platform_operations.model.summary import summarised


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
