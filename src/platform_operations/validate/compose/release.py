"""New releases: the way to production, the strategy that carries it, and the way back."""

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from platform_operations.model.delivery import (
    Artifact,
    Component,
    DataPlan,
    Environment,
    Pipeline,
    Rollback,
    RollbackTrigger,
    Stage,
)
from platform_operations.model.plan import Plan
from platform_operations.model.words import Exposure
from platform_operations.platforms import platform
from platform_operations.platforms.platform import Action, Platform
from platform_operations.platforms.platform import Rollback as WayBack
from platform_operations.slo.budget import pairs_for
from platform_operations.slo.durations import duration, seconds
from platform_operations.validate.compose.handover import image_of
from platform_operations.validate.compose.kubernetes import with_image_set
from platform_operations.validate.compose.parameters import commands_of
from platform_operations.validate.compose.parties import (
    REGISTRIES,
    action_for,
    carriers,
    fits,
    owner_of,
    url_of,
    with_environment,
    with_owner,
    with_pipeline,
)
from platform_operations.validate.compose.stages import (
    VARIABLE,
    add_stage,
    component_of,
    consumed,
    reference_of,
    with_artifact,
)
from platform_operations.validate.compose.systems import commit_in, system_of
from platform_operations.validate.compose.verification import health_of
from platform_operations.validate.edits import amend, assume, fresh
from platform_operations.validate.expectations import is_installed
from platform_operations.validate.rule import Review

TIME_LIMIT = "10m"
"""Within which a rollback must have run: the time limit that reference/rollback-and-security.md proposes."""


def production_path(review: Review, plan: Plan, component: Component) -> Plan | None:
    """Return the plan with a way to everyone for the component; None when no platform of it offers one."""
    plan, pipeline = with_pipeline(_replaced(review, plan, component), component.id)
    plan, artifact = with_artifact(review, plan, component, pipeline)
    producer = next(stage.id for stage in plan.pipeline_stages if artifact.id in stage.produces)
    if is_installed(component):
        return _released(review, plan, component, pipeline, producer, artifact.id, "publish")
    if action_for(component, "promote") and not action_for(component, "deploy"):
        return _released(review, plan, component, pipeline, producer, artifact.id, "promote")
    for kind in ("deploy", "provision", "migrate", "publish"):
        if action_for(component, kind):
            return _released(review, plan, component, pipeline, producer, artifact.id, kind)
    return None


def _replaced(review: Review, plan: Plan, component: Component) -> Plan:
    """Return the plan with what it takes the place of, where something outside the repository releases today."""
    fact = review.fact(f"components/{component.id}", "production-path")
    if fact is None or fact.outcome != "unknown":
        return plan
    said = (
        f"What puts {component.id} before its users today lies outside the repository ({fact.reason}), and the stages "
        f'proposed here take its place; if it stays, say so: "components/{component.id}#production-path" = "yes".'
    )
    return assume(plan, f"path-of-{component.id}", said)


def _released(
    review: Review, plan: Plan, component: Component, pipeline: str, producer: str, artifact: str, kind: str
) -> Plan | None:
    word = "publish" if kind == "publish" else "promote" if kind == "promote" else "deploy"
    found = action_for(component, kind if kind in {"provision", "migrate"} else word)  # type: ignore[arg-type]
    if found is None:
        return None
    place_of, name, action = found
    registry = kind == "publish"
    plan, place = with_environment(
        plan, "registry" if registry else "production", name.split("-")[0] if registry else "production"
    )
    stage_id = fresh(
        plan,
        "pipelineStages",
        f"{word}-{place.id}" if len(plan.components) == 1 else f"{word}-{component.id}",
    )
    plan, health = health_of(review, plan, component, stage_id)
    exposure: Exposure = "full"
    stage = Stage(
        id=stage_id,
        kind=word,
        pipeline=pipeline,
        component=component.id,
        environment=place.id,
        exposure=exposure,
        needs=(producer,),
        consumes=consumed(plan, artifact),
        runs=_running(review, plan, component, place_of, action, place, artifact, pipeline),
        waits=True,
        health_check=health,
        action=name,
    )
    plan = _merged_only(supposed(review, plan, component, stage), stage)
    if not any("IMAGE_DIGEST" in line for line in stage.runs) and commit_in(stage):
        takes = tuple(item.model_copy(update={"reference": "commit"}) for item in stage.consumes)
        stage = stage.model_copy(update={"consumes": takes})
    return add_stage(review, plan, stage)


def _merged_only(plan: Plan, stage: Stage) -> Plan:
    """Return the plan in which an assumption keeps a new release from what a pull request only proposes, where both start its pipeline."""
    row = plan.by_name.get(f"pipelines/{stage.pipeline}")
    if not isinstance(row, Pipeline) or "pull-request" not in row.triggers:
        return plan
    return assume(
        plan,
        f"{row.id}-releases-merged",
        f"In pipeline {row.id}, which pull requests start too, {stage.id} and what it waits for beside the checks run only "
        "for the default branch.",
        about=f"pipelines/{row.id}#releases",
        fills=(f"pipelineStages/{stage.id}/pipeline",),
        confirm_with=plan.owners[0].id if plan.owners else None,
    )


def supposed(review: Review, plan: Plan, component: Component, stage: Stage) -> Plan:
    """Return the plan in which an assumption names the service of AWS that a new stage releases to, where nothing shows it."""
    told = review.value(f"components/{component.id}", "aws.ecs")
    acting = any(
        (other.action or "").startswith(("ecs", "codedeploy"))
        for other in plan.pipeline_stages
        if other.id != stage.id
    )
    if not (stage.action or "").startswith("ecs") or told or acting:
        return plan
    return assume(
        plan,
        f"{component.id}-on-ecs",
        f"{component.id} runs on ECS: the repository shows AWS, and not which of its services.",
        about=f"components/{component.id}#aws-service",
        fills=(f"pipelineStages/{stage.id}/runs",),
        confirm_with=owner_of(review, plan, component.id),
    )


def _running(
    review: Review,
    plan: Plan,
    component: Component,
    carrier: Platform,
    action: Action,
    place: Environment,
    artifact: str,
    pipeline: str,
) -> tuple[str, ...]:
    """Return the commands of a platform's action that put an artifact into an environment.

    A controller that keeps the environment equal to Git is given the image by a commit.
    """
    folder = review.value(f"environments/{place.id}", "manifests")
    named = image_of(review, plan, artifact)
    written: tuple[str, ...] = ()
    entry = plan.by_name.get(f"artifacts/{artifact}")
    image = isinstance(entry, Artifact) and entry.kind == "container-image"
    if carrier.id in {"argocd", "flux"} and folder and image:
        written = (
            f"(cd {folder} && kustomize edit set image {named}={named}@$IMAGE_DIGEST)",
            f'git commit --all --message "Deploy {component.id} to {place.id}"',
            "git push origin HEAD",
        )
    given = taken(review, plan, component, artifact, place, pipeline)
    template = with_image_set(action.commands) if carrier.id == "kubernetes" and image else action.commands
    return (*written, *commands_of(review, plan, component, place.id, carrier, template, **given))


def taken(
    review: Review, plan: Plan, component: Component, artifact: str, place: Environment, pipeline: str
) -> dict[str, str]:
    """Return what command templates are given of an artifact and the environment it goes to."""
    named = image_of(review, plan, artifact)
    known = {
        "artifact": f"{named}@$IMAGE_DIGEST",
        "reference": VARIABLE[reference_of(plan, artifact)],
        "url": url_of(plan, component, place),
        "commit": system_of(plan, pipeline).commit,
        "draft": " --prod" if place.kind == "production" else f" --alias={place.id}",
    }
    entry = plan.by_name.get(f"artifacts/{artifact}")
    if isinstance(entry, Artifact) and entry.kind == "container-image":
        known["code"] = f"--image-uri {named}@$IMAGE_DIGEST"
        if "render" in component.platforms:
            known |= {"image": f" --image {named}@$IMAGE_DIGEST"}
    return known


def ways_back(component: Component, environment: Environment | None) -> dict[str, WayBack]:
    """Return the rollback words of the component's platforms, the best first.

    What is in a registry is taken back in the registry, by its own words and by none of the platforms'.
    """
    extra = platform(REGISTRIES)
    places: tuple[Platform, ...] = carriers(component)
    if extra is not None and environment is not None and environment.kind == "registry":
        own = _REGISTRY_WORDS.get(environment.id, ())
        return {word: extra.rollbacks[word] for word in (*own, "forward-fix") if word in extra.rollbacks}
    if extra is not None and not any(place.rollbacks for place in places):
        places = (*places, extra)
    return {word: back for place in places for word, back in place.rollbacks.items()}


_REGISTRY_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "pypi": ("pypi-yank",),
        "npm": ("npm-deprecate",),
        "crates-io": ("cargo-yank",),
        "cargo": ("cargo-yank",),
        "rubygems": ("gem-yank",),
        "gem": ("gem-yank",),
        "nuget": ("nuget-unlist",),
    }
)
"""How each registry takes a version back, by the id of its environment; any takes a fixed version."""


def rollback_entry(review: Review, plan: Plan, release: Stage) -> Plan | None:
    """Return the plan with the way back of what `release` puts before users.

    None when no platform offers one.
    """
    component = component_of(plan, release.component)
    if component is None or release.environment is None:
        return None
    place = plan.by_name.get(f"environments/{release.environment}")
    ways = ways_back(component, place if isinstance(place, Environment) else None)
    word = chosen_way(plan, component, release, ways)
    if word is None:
        return None
    owner = owner_of(review, plan, component.id)
    scoped = (
        f"rollback-{release.environment}"
        if len(plan.components) == 1
        else f"rollback-{component.id}-{release.environment}"
    )
    name = fresh(plan, "rollbackPlan", scoped)
    migrates = any(store.migrations for store in component.data_stores)
    entry = Rollback(
        id=name,
        component=component.id,
        environment=release.environment,
        triggers=triggers_of(review, plan, component, release, ways[word]),
        mechanism=word,
        restores=ways[word].restores,
        automatic=ways[word].automatic,
        owner=owner,
        time_limit=TIME_LIMIT,
        data=DataPlan(stance="expand-contract" if migrates else "none"),
    )
    plan = started_by(plan.with_entry("rollbackPlan", entry), entry)
    return with_owner(plan, owner, (f"rollbackPlan/{name}/owner",))


def started_by(plan: Plan, back: Rollback) -> Plan:
    """Return the plan in which the new verifications that a way back listens to start it when they fail."""
    for trigger in back.triggers:
        stage = plan.by_name.get(f"pipelineStages/{trigger.signal.removeprefix('stage:')}")
        if isinstance(stage, Stage) and stage.origin == "proposed" and stage.on_failure is None:
            plan = amend(plan, "pipelineStages", stage.id, on_failure=back.id)
    return plan


def chosen_way(plan: Plan, component: Component, release: Stage, ways: dict[str, WayBack]) -> str | None:
    """Return the way back that fits the release's action or strategy, else the platforms' first."""
    mechanism = next(
        (
            row.mechanism
            for row in plan.deploy_strategy.components
            if row.component == component.id and row.environment == release.environment
        ),
        "",
    )
    for hint in (mechanism, release.action or ""):
        stem = hint.rsplit("-", 1)[0] if hint else ""
        for word in ways:
            if stem and word.startswith(stem) and fits(component, word):
                return word
    return next((word for word in ways if fits(component, word)), next(iter(ways), None))


def triggers_of(
    review: Review, plan: Plan, component: Component, release: Stage, way: WayBack
) -> tuple[RollbackTrigger, ...]:
    """Return what starts a rollback.

    The failed verification, a burning SLO, and what the platform itself detects.
    """
    graph = Review(plan, review.assessment).graph
    there = [
        stage.id
        for stage in graph.full_releases
        if (stage.component, stage.environment) == (component.id, release.environment)
    ]
    found: list[RollbackTrigger] = [
        RollbackTrigger(signal=f"stage:{stage.id}", comparison="failed")
        for stage in graph.verifications.get(component.id, ())
        if stage.environment == release.environment
        and any(graph.guarded_by(stage.id, name) for name in (*there, release.id))
        and not any(graph.guarded_by(name, stage.id) for name in there)
    ]
    for slo in plan.slos:
        if slo.component == component.id and slo.status == "active" and slo.objective is not None:
            pairs = [pair for pair in pairs_for(slo.objective, seconds(slo.window)) if pair.pages]
            if pairs:
                factor = pairs[0].factor
                found.append(
                    RollbackTrigger(
                        signal=f"slo:{slo.id}",
                        comparison=">",
                        burn_rate=str(float(factor)).removesuffix(".0")
                        if factor == Fraction(str(float(factor)))
                        else str(factor),
                        window=duration(pairs[0].short),
                        scope="whole-service",
                    )
                )
                break
    if not found:
        found = [
            RollbackTrigger(signal=f"platform:{word}", comparison="detected") for word in way.signals[:1]
        ]
    return tuple(found)
