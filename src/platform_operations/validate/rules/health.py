"""No deploy without a health check that can fail and is waited for."""

from collections.abc import Iterator

from platform_operations.model.delivery import HealthCheck, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import ComponentType
from platform_operations.slo.durations import seconds
from platform_operations.validate.compose.acting import waiting
from platform_operations.validate.compose.parties import cited, evidence_of
from platform_operations.validate.compose.stages import assumed_commands, component_of
from platform_operations.validate.compose.verification import health_of
from platform_operations.validate.edits import amend, united
from platform_operations.validate.elsewhere import called_elsewhere
from platform_operations.validate.expectations import UNCHECKED, health_kinds
from platform_operations.validate.idling import idle
from platform_operations.validate.rule import Review, Violation, rule
from platform_operations.validate.waiting import waits_in_deed
from platform_operations.validate.wordings import says_nothing

LONGEST_CHECK = 7_200
"""Seconds after which a version that is not healthy yet has failed, whatever the platform still waits for."""


@rule("checks-and-rollback")
def deploy_without_health_check(review: Review) -> Iterator[Violation]:
    """A deploy ends without the platform saying that the new version is up."""
    for stage in review.plan.pipeline_stages:
        place = review.graph.place(stage)
        if (
            stage.kind not in {"deploy", "promote"}
            or place is None
            or place.kind in {"ephemeral", "registry"}
        ):
            continue
        component = review.related.components.get(stage.component)
        types = component.types if component else ()
        check = stage.health_check
        why, aspect = _says_nothing(check, types) or _unnamed(review, stage), "health-check"
        if why is None and check is not None and check.kind != "none":
            why, aspect = _unwaited(review, stage), "waits"
        if why is None:
            continue
        yield Violation(
            ("pipelineStages", stage.id, "waits" if aspect == "waits" else "healthCheck"),
            f"deploy {stage.id!r} to {place.id} {why}",
            question=called_elsewhere(review, stage)
            or (("practices", "healthChecks") if check is None else None),
            repair=lambda plan, name=stage.id: _healthy(review, plan, name),
            allowed=("true",) if aspect == "waits" else health_kinds(types),
            source=stage.evidence[0] if stage.evidence else None,
        )


def _says_nothing(check: HealthCheck | None, types: tuple[ComponentType, ...]) -> str | None:
    """Say why a health check tells nothing of a component of these types, None where it does."""
    fitting = health_kinds(types)
    kinds = ", ".join(types)
    if check is None:
        return "names no health check"
    if check.kind == "none":
        fits = set(types) <= UNCHECKED and not says_nothing(check.because)
        return None if fits else f"has none, because {check.because!r}, which does not fit a {kinds}"
    if fitting and check.kind not in fitting:
        return f"has a {check.kind} check, which says nothing of a {kinds}"
    if check.kind == "http" and not check.target:
        return "has an http check that asks for no path"
    if check.kind == "exec" and check.target and idle(check.target):
        return f"has a check that cannot fail: {check.target!r}"
    if check.timeout and seconds(check.timeout) > LONGEST_CHECK:
        return f"waits {check.timeout} for its health check, and nobody else does"
    return None


def _unnamed(review: Review, stage: Stage) -> str | None:
    """Say of a check that a plan adds and that runs nothing which anybody has named or owned up to."""
    check = stage.health_check
    bare = check is not None and check.kind == "exec" and not check.target and stage.origin != "existing"
    assumed = f"pipelineStages/{stage.id}/healthCheck" in review.related.assumed
    return "has an exec check that names no command" if bare and not assumed else None


def _unwaited(review: Review, stage: Stage) -> str | None:
    if not stage.waits:
        return "does not wait for the health check's answer"
    return (
        None
        if waits_in_deed(review, stage)
        else "says that it waits for the health check, and no command of it does"
    )


def _healthy(review: Review, plan: Plan, name: str) -> Plan | None:
    stage = plan.by_name.get(f"pipelineStages/{name}")
    component = component_of(plan, stage.component) if isinstance(stage, Stage) else None
    if not isinstance(stage, Stage) or component is None:
        return None
    check = stage.health_check
    uris: tuple[str, ...] = ()
    if check is not None and check.timeout and seconds(check.timeout) > LONGEST_CHECK:
        check = check.model_copy(update={"timeout": "5m"})
    if check is None or check.kind == "none" or _says_nothing(check, component.types) is not None:
        bare = amend(plan, "pipelineStages", name, health_check=None)
        plan, check = health_of(review, bare, component, name)
        uris = evidence_of(review, f"components/{component.id}", "health-endpoint")
    runs = stage.runs
    if not stage.waits or not waits_in_deed(review, stage):
        runs = waiting(review, plan, component, stage)
    plan = cited(review, plan, uris)
    plan = amend(
        plan,
        "pipelineStages",
        name,
        health_check=check,
        waits=True,
        runs=runs,
        evidence=united(stage.evidence, uris),
    )
    return assumed_commands(plan, stage.model_copy(update={"runs": runs})) if runs != stage.runs else plan
