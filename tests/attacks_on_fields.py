"""What is filled in and comes too late or wakes nobody, and releases of what was never built, checked or merged."""

from collections.abc import Iterator

from tests.mutating import Mutant, amended, at_users, operator

from platform_operations.model.assessment import Assessment
from platform_operations.model.plan import Plan


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
