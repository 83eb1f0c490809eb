"""Fields that are filled in and mean nothing: a bound nobody reaches, a signal turned round, a word for an empty place."""

from collections.abc import Iterator
from typing import Any

from tests.attacks_on_delivery import UNVERIFIED
from tests.mutating import Mutant, amended, at_users, operator

from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import ComponentStrategy
from platform_operations.model.plan import Plan


def hosts_of(plan: Plan) -> dict[str, str]:
    """Return the addresses of the environments."""
    return {place.id: place.url for place in plan.environments if place.url}


@operator("deploy-without-validation", "rollback-trigger-unmeasurable", *UNVERIFIED)
def asks_elsewhere(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    """Let every verification of production ask staging, or the machine that it runs on."""
    urls = hosts_of(plan)
    for place in plan.environments:
        own = urls.get(place.id)
        if place.kind != "production" or own is None:
            continue
        others = [url for name, url in urls.items() if name != place.id and url != own]
        for other in (*others[:1], "http://localhost:8080"):
            stages = tuple(
                stage.model_copy(
                    update={"runs": tuple(run.replace(own, other) for run in stage.runs), "text": None}
                )
                if stage.kind == "verify" and stage.environment == place.id
                else stage
                for stage in plan.pipeline_stages
            )
            asking = [s for s in plan.pipeline_stages if s.kind == "verify" and s.environment == place.id]
            if asking and all(own in run for stage in asking for run in stage.runs):
                yield Mutant(plan.with_section("pipelineStages", stages), f"{place.id} {other}")


@operator("artifact-rebuilt")
def built_while_released(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    made = {stage.component for stage in plan.pipeline_stages if stage.produces}
    for stage in plan.pipeline_stages:
        if stage.kind not in {"deploy", "promote"} or stage.component not in made or not stage.consumes:
            continue
        for command in (
            "docker build -t app .",
            "npm run build",
            "docker compose up -d --build",
            "go build ./...",
        ):
            yield Mutant(
                amended(plan, "pipelineStages", stage.id, runs=(command, *stage.runs)),
                f"{stage.id} {command}",
            )


@operator("deploy-without-health-check")
def health_waited_for_in_vain(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in plan.pipeline_stages:
        if stage.kind == "deploy" and stage.health_check and at_users(plan, stage.environment):
            check = stage.health_check.model_copy(update={"timeout": "7d"})
            yield Mutant(amended(plan, "pipelineStages", stage.id, health_check=check), stage.id)


def stepped(plan: Plan, **fields: Any) -> Iterator[tuple[ComponentStrategy, Plan]]:
    """Yield each stepped strategy with the plan in which all its steps but the last have other fields."""
    for row in plan.deploy_strategy.components:
        if len(row.steps) > 1:
            steps = (*(step.model_copy(update=fields) for step in row.steps[:-1]), row.steps[-1])
            yield row, amended(plan, "deployStrategy", row.id, steps=steps)


@operator("canary-blind")
def judged_when_it_is_over(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row, broken in stepped(plan, interval="2d"):
        yield Mutant(broken, row.id)


@operator("strategy-unsupported")
def half_of_the_users_forgotten(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row in plan.deploy_strategy.components:
        if len(row.steps) > 1:
            last = row.steps[-1].model_copy(update={"traffic": "50"})
            yield Mutant(amended(plan, "deployStrategy", row.id, steps=(*row.steps[:-1], last)), row.id)


@operator("rollback-trigger-unmeasurable")
def goes_back_when_all_is_well(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    turned = {">": "<", "failed": "passed", "firing": "resolved"}
    for back in plan.rollback_plan:
        for at, trigger in enumerate(back.triggers):
            kind = trigger.signal.partition(":")[0]
            if kind in {"slo", "stage", "alert"} and trigger.comparison in turned:
                other = trigger.model_copy(update={"comparison": turned[trigger.comparison]})
                triggers = (*back.triggers[:at], other, *back.triggers[at + 1 :])
                yield Mutant(amended(plan, "rollbackPlan", back.id, triggers=triggers), f"{back.id} {at}")


@operator("rollback-trigger-unmeasurable")
def goes_back_when_the_budget_is_gone(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        for at, trigger in enumerate(back.triggers):
            if trigger.burn_rate and trigger.window:
                slow = trigger.model_copy(update={"window": "14d"})
                triggers = (*back.triggers[:at], slow, *back.triggers[at + 1 :])
                yield Mutant(amended(plan, "rollbackPlan", back.id, triggers=triggers), f"{back.id} {at}")


@operator("slo-unalerted")
def outage_opens_a_ticket(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    if plan.target.risk_profile.level == "low":
        return
    for slo in plan.slos:
        pages = [a for a in plan.alerts if a.slo == slo.id and a.kind == "burn-rate" and a.severity == "page"]
        if slo.objective and len(pages) == 1:
            yield Mutant(amended(plan, "alerts", pages[0].id, severity="ticket"), slo.id)


@operator("alert-noisy")
def slow_burn_pages(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if alert.kind == "burn-rate" and alert.severity == "ticket":
            yield Mutant(amended(plan, "alerts", alert.id, severity="page"), alert.id)


@operator("alert-noisy")
def alert_on_nothing(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for alert in plan.alerts:
        if alert.expression and not alert.windows:
            for expression in ("vector(1)", "1 > 0", "scalar(2) > 1"):
                yield Mutant(
                    amended(plan, "alerts", alert.id, expression=expression), f"{alert.id} {expression}"
                )


@operator("slo-query-mismatch")
def promised_for_a_year(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        if slo.objective and slo.baseline:
            yield Mutant(amended(plan, "slos", slo.id, window="365d"), slo.id)


@operator("slo-without-budget-policy")
def budget_spent_for_nothing(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for slo in plan.slos:
        if slo.budget_policy:
            for word in ("nothing", "None.", "TBD"):
                policy = slo.budget_policy.model_copy(update={"exhausted": word})
                yield Mutant(amended(plan, "slos", slo.id, budget_policy=policy), f"{slo.id} {word}")


@operator("pillar-missing")
def pillar_in_name_only(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for row in plan.observability_pillars:
        alone = [other for other in plan.observability_pillars if (other.component, other.pillar) == (row.component, row.pillar)]  # fmt: skip
        if row.pillar in {"metrics", "logs"} and len(alone) == 1 and row.component:
            yield Mutant(amended(plan, "observabilityPillars", row.id, tool="none"), row.id)


@operator("drift-unchecked")
def compared_never(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for schedule in ("never", "manual", ""):
        checks = tuple(
            check.model_copy(update={"schedule": schedule, "text": None}) for check in plan.drift_checks
        )
        if checks:
            yield Mutant(plan.with_section("driftChecks", checks), schedule or "empty")


@operator("runbook-not-actionable")
def runbook_of_platitudes(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    used = {alert.runbook for alert in plan.alerts}
    for book in plan.runbooks:
        if book.id in used and not book.url:
            for confirm, mitigate in (
                ("Check it.", "Fix it."),
                ("Investigate the issue.", "Resolve the problem as needed."),
            ):
                yield Mutant(
                    amended(plan, "runbooks", book.id, confirm=(confirm,), mitigate=(mitigate,)),
                    f"{book.id} {confirm}",
                )


@operator("approval-missing")
def released_from_a_pull_request(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    starting = {
        s.pipeline for s in plan.pipeline_stages if s.exposure == "full" and at_users(plan, s.environment)
    }
    places = {place.id: place.kind for place in plan.environments}
    for pipeline in plan.pipelines:
        into = {places.get(s.environment or "") for s in plan.pipeline_stages if s.pipeline == pipeline.id}
        if pipeline.id in starting and "production" in into:
            yield Mutant(amended(plan, "pipelines", pipeline.id, triggers=("pull-request",)), pipeline.id)


@operator("environment-kind-contradicted")
def staging_is_production(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    urls = [place.url for place in plan.environments if place.kind == "production" and place.url]
    for place in plan.environments:
        if place.kind == "staging" and urls and place.url not in urls:
            yield Mutant(amended(plan, "environments", place.id, url=urls[0]), place.id)
