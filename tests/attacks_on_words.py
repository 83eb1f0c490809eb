"""What someone tries who fills every field and says nothing: stand-ins, platitudes, bounds that never bind."""

from collections.abc import Iterator

from tests.mutating import Mutant, amended, at_users, operator

from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import HealthCheck, RollbackTrigger
from platform_operations.model.plan import Plan
from platform_operations.validate.expectations import runs_for_users

STAND_INS = ("TODO", "n/a", "none", "-")


@operator("slo-without-budget-policy")
def policy_of_nothing(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        for text in (*STAND_INS, "nothing", "ignore it") if slo.budget_policy else ():
            policy = slo.budget_policy.model_copy(update={"exhausted": text}) if slo.budget_policy else None
            yield Mutant(amended(plan, "slos", slo.id, budget_policy=policy), f"{slo.id} {text}")


@operator("alert-without-route")
def route_to_nowhere(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts[:2]:
        for text in (*STAND_INS, "null", "/dev/null", "nobody", "blackhole"):
            yield Mutant(amended(plan, "alerts", alert.id, route=text), f"{alert.id} {text}")


@operator("runbook-not-actionable")
def runbook_of_platitudes(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    led_to = {alert.runbook for alert in plan.alerts}
    for book in plan.runbooks:
        if book.id not in led_to or (book.url and not book.path):
            continue
        empty = {
            "impact": "It is bad.",
            "confirm": ("Look at it.",),
            "mitigate": ("Investigate and fix the issue.",),
        }
        yield Mutant(amended(plan, "runbooks", book.id, rollback=None, **empty), f"{book.id} platitudes")
        yield Mutant(amended(plan, "runbooks", book.id, mitigate=(".",)), f"{book.id} a dot")
        for text in ("nobody", "whoever is awake"):
            yield Mutant(amended(plan, "runbooks", book.id, escalate=text), f"{book.id} {text}")


@operator("section-missing")
def waived_for_no_reason(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for text in (*STAND_INS, "because"):
        rows = tuple(row.model_copy(update={"because": text}) for row in plan.not_applicable)
        if rows:
            yield Mutant(plan.model_copy(update={"not_applicable": rows}), text)


@operator("pillar-missing")
def pillar_of_nothing(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row in plan.observability_pillars:
        if row.pillar in {"metrics", "logs", "traces"} and row.origin != "existing":
            yield Mutant(amended(plan, "observabilityPillars", row.id, tool="none"), row.id)


@operator("drift-unchecked")
def drift_looked_for_where_it_does_not_hurt(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    lower = next((place.id for place in plan.environments if place.kind == "staging"), None)
    changes = [{"schedule": text} for text in ("never", "yearly", "on demand")] + [
        {"tool": "true"},
        {"tool": "n/a"},
    ]
    changes += [{"tool": f"kubectl diff -k deploy/{lower}", "what": f"{lower} manifests"}] if lower else []
    for fields in changes if plan.drift_checks else ():
        rows = tuple(row.model_copy(update=fields) for row in plan.drift_checks)
        yield Mutant(plan.with_section("driftChecks", rows), str(fields))


@operator("rollback-trigger-unmeasurable")
def trigger_by_good_news(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        for text in ("<", "succeeded", "never", "==") if at_users(plan, back.environment) else ():
            rows = tuple(row.model_copy(update={"comparison": text}) for row in back.triggers)
            yield Mutant(amended(plan, "rollbackPlan", back.id, triggers=rows), f"{back.id} {text}")


@operator("rollback-trigger-unmeasurable")
def trigger_of_another_component(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        for alert in plan.alerts:
            if alert.component != back.component:
                row = RollbackTrigger(signal=f"alert:{alert.id}", comparison="firing")
                yield Mutant(amended(plan, "rollbackPlan", back.id, triggers=(row,)), f"{back.id} {alert.id}")
        for slo in plan.slos:
            if slo.component != back.component and slo.objective is not None:
                row = RollbackTrigger(signal=f"slo:{slo.id}", comparison=">", burn_rate="14.4", window="5m")
                yield Mutant(amended(plan, "rollbackPlan", back.id, triggers=(row,)), f"{back.id} {slo.id}")


@operator("rollback-trigger-unmeasurable")
def trigger_out_of_reach(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        for row in back.triggers:
            if row.burn_rate is not None:
                other = row.model_copy(update={"burn_rate": None, "value": "101"})
                yield Mutant(amended(plan, "rollbackPlan", back.id, triggers=(other,)), back.id)


@operator("rollback-trigger-unmeasurable")
def trigger_by_a_ticket(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        for alert in plan.alerts:
            if alert.component == back.component and alert.severity == "ticket" and alert.windows:
                row = RollbackTrigger(signal=f"alert:{alert.id}", comparison="firing")
                yield Mutant(amended(plan, "rollbackPlan", back.id, triggers=(row,)), f"{back.id} {alert.id}")


@operator("alert-noisy")
def slow_burn_that_pages(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if alert.kind == "burn-rate" and alert.severity == "ticket":
            yield Mutant(amended(plan, "alerts", alert.id, severity="page"), alert.id)


@operator("alert-noisy")
def alert_on_a_constant(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        for text in ("vector(1)", "1 == 1", "time() > 0", "up >= 0") if alert.expression else ():
            if not alert.windows:
                fields = {"expression": text, "backtest": None, "evidence": ()}
                yield Mutant(amended(plan, "alerts", alert.id, **fields), f"{alert.id} {text}")


@operator("burn-rate-inconsistent")
def windows_in_other_units(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        for long, short in (("27d", "1d"), ("60s", "5s")) if alert.windows else ():
            rows = tuple(row.model_copy(update={"long": long, "short": short}) for row in alert.windows)
            yield Mutant(amended(plan, "alerts", alert.id, windows=rows, backtest=None), f"{alert.id} {long}")


@operator("burn-rate-inconsistent")
def alert_on_anothers_promise(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        other = next((row.id for row in plan.components if row.id != alert.component), None)
        if alert.slo and alert.kind == "burn-rate" and other is not None:
            yield Mutant(amended(plan, "alerts", alert.id, component=other), alert.id)


@operator("slo-query-mismatch")
def promise_of_another_length_or_kind(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        if slo.objective is None or slo.baseline is None:
            continue
        for window in ("1h", "365d"):
            yield Mutant(amended(plan, "slos", slo.id, window=window), f"{slo.id} {window}")
        kind = "latency" if slo.sli.kind != "latency" else "availability"
        sli = slo.sli.model_copy(update={"kind": kind})
        yield Mutant(amended(plan, "slos", slo.id, sli=sli), f"{slo.id} {kind}")


@operator("strategy-unsupported")
def steps_that_do_not_widen(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row in plan.deploy_strategy.components:
        if len(row.steps) < 2:
            continue
        first, second, *rest = row.steps
        nobody = first.model_copy(update={"traffic": "0"})
        for steps in (row.steps[::-1], (second, first, *rest), row.steps[:-1], (nobody, *row.steps[1:])):
            told = " ".join(step.traffic for step in steps)
            yield Mutant(amended(plan, "deployStrategy", row.id, steps=steps), f"{row.id} {told}")


@operator("canary-blind")
def steps_that_nothing_can_judge(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    others = {slo.component: slo.id for slo in plan.slos}
    for row in plan.deploy_strategy.components:
        if len(row.steps) < 2:
            continue
        changes = [{"hold": "1m", "interval": "1h"}]
        changes += [
            {"judged_by": (f"slo:{name}",)} for owner, name in others.items() if owner != row.component
        ]
        for fields in changes:
            steps = tuple(step.model_copy(update=fields) for step in row.steps)
            yield Mutant(amended(plan, "deployStrategy", row.id, steps=steps), f"{row.id} {fields}")


@operator("deploy-without-health-check", "claim-unsupported")
def health_check_that_cannot_fail(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    kinds = {component.id: component for component in plan.components}
    for stage in plan.pipeline_stages:
        component = kinds.get(stage.component or "")
        if stage.kind not in {"deploy", "promote"} or component is None or not runs_for_users(component):
            continue
        if stage.health_check is None or not at_users(plan, stage.environment):
            continue
        for check in (
            HealthCheck(kind="exec", target="true"),
            HealthCheck(kind="exec", target="exit 0"),
            stage.health_check.model_copy(update={"timeout": "7d"}),
        ):
            told = f"{stage.id} {check.target} {check.timeout}"
            yield Mutant(amended(plan, "pipelineStages", stage.id, health_check=check), told)


@operator("deploy-without-health-check")
def wait_that_nobody_hears(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in plan.pipeline_stages:
        waits = [line for line in stage.runs if " status " in line or " wait " in line]
        if stage.kind in {"deploy", "promote"} and stage.waits and waits and stage.origin != "existing":
            runs = tuple(f"{line} || true" if line in waits else line for line in stage.runs)
            yield Mutant(amended(plan, "pipelineStages", stage.id, runs=runs), stage.id)


@operator("rollout-unordered", "rollback-trigger-after-rollout")
def entries_before_what_they_name(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    """The way back's stage of its own comes in the last step, whoever names it."""
    named = {
        trigger.signal.removeprefix("stage:") for back in plan.rollback_plan for trigger in back.triggers
    }
    for name in sorted(f"pipelineStages/{stage}" for stage in named):
        step = next((step for step in plan.rollout if name in step.implements), None)
        entry = plan.by_name.get(name)
        if step is None or len(plan.rollout) < 2 or step is plan.rollout[-1] or entry is None:
            continue
        steps = [
            row.model_copy(update={"implements": tuple(one for one in row.implements if one != name)})
            for row in plan.rollout
        ]
        last = steps[-1].model_copy(update={"implements": (*steps[-1].implements, name)})
        moved = plan.model_copy(update={"rollout": (*steps[:-1], last)})
        if entry.origin == "proposed":
            yield Mutant(moved, name, raw=True)
