"""New strategies: which mechanisms a component's platforms offer, and the one that suits the risk."""

from collections.abc import Mapping

from platform_operations.model.delivery import Component, ComponentStrategy, Environment
from platform_operations.model.plan import Plan
from platform_operations.platforms import PLATFORMS, platform
from platform_operations.platforms.platform import Mechanism
from platform_operations.validate.compose.parties import REGISTRIES, carriers, fits
from platform_operations.validate.edits import fresh
from platform_operations.validate.expectations import runs_for_users
from platform_operations.validate.rule import Review


def mechanisms_of(component: Component, environment: Environment | None) -> dict[str, Mechanism]:
    """Return the strategy mechanisms of the component's platforms whose needs are met, in their order."""
    registry = environment is not None and environment.kind == "registry"
    places = carriers(component)
    extra = platform(REGISTRIES)
    if extra is not None and (registry or not any(place.mechanisms for place in places)):
        places = (extra, *places) if registry else (*places, extra)
    able = frozenset(word for place in places for word in place.capabilities)
    return {
        word: mechanism
        for place in places
        for word, mechanism in place.mechanisms.items()
        if set(mechanism.requires) <= able
    }


def services_acting(plan: Plan, component: Component, environment: Environment) -> frozenset[str]:
    """Return the services that the component's stages in an environment act on: of AWS each by its name, else the platform."""
    words = {
        stage.action
        for stage in plan.pipeline_stages
        if stage.action and (stage.component, stage.environment) == (component.id, environment.id)
    }
    return frozenset(_service(word) for word in words)


def _service(word: str) -> str:
    owner = next((place.id for place in PLATFORMS if word in place.actions or word in place.mechanisms), "")
    return word.partition("-")[0] if owner == "aws" else owner


def unstopping(plan: Plan, component: Component, environment: Environment) -> tuple[str, ...]:
    """Return the mechanisms that start the new version before the old one stops, on the service that the component is on."""
    acting = services_acting(plan, component, environment)
    return tuple(
        word
        for word, mechanism in mechanisms_of(component, environment).items()
        if mechanism.strategy != "recreate" and (not acting or _service(word) in acting)
    )


def _shown(
    review: Review, component: Component, offered: Mapping[str, Mechanism], acting: frozenset[str]
) -> tuple[str, ...]:
    """Return the mechanisms without those of AWS where the component is on another platform, and nothing shows a service of AWS."""
    aws = platform("aws")
    own = set(aws.mechanisms) & set(offered) if aws is not None else set[str]()
    elsewhere = [word for word in offered if word not in own and _service(word) not in _DECLARING]
    on_aws = {_service(word) for word in own} & acting or review.value(
        f"components/{component.id}", "aws.ecs"
    )
    return tuple(elsewhere) if own and elsewhere and not on_aws else tuple(offered)


_DECLARING = frozenset({"terraform", "pulumi", "docker"})
"""Platforms that a component on AWS has beside it."""


def strategy_entry(review: Review, plan: Plan, component: Component, environment: Environment) -> Plan | None:
    """Return the plan with a strategy for the component in `environment` that its platforms can carry out."""
    offered = mechanisms_of(component, environment)
    level = plan.target.risk_profile.level
    judged = any(slo.component == component.id and slo.objective is not None for slo in plan.slos)
    preferred = {
        "high": ("canary", "blue-green", "atomic-promote", "rolling", "publish", "feature-flag", "recreate"),
        "medium": (
            "rolling",
            "blue-green",
            "atomic-promote",
            "canary",
            "publish",
            "feature-flag",
            "recreate",
        ),
        "low": ("rolling", "atomic-promote", "publish", "blue-green", "recreate", "canary", "feature-flag"),
    }[level]
    if not judged:  # nothing measured could tell a bad step from a good one
        preferred = (*(word for word in preferred if word != "canary"), "canary")
    acting = {
        (stage.action or "").partition("-")[0]
        for stage in plan.pipeline_stages
        if (stage.component, stage.environment) == (component.id, environment.id)
    }
    if "serverless" in component.types and acting & {"sam", "cdk", "cloudformation"}:
        acting |= {"lambda"}  # what they deploy where nothing shows CodeDeploy
    families = {word.partition("-")[0] for word in offered} & acting
    stops = level != "low" and runs_for_users(component) and bool(unstopping(plan, component, environment))
    ranked = sorted(
        _shown(review, component, offered, services_acting(plan, component, environment)),
        key=lambda word: (
            not fits(component, word),
            stops and offered[word].strategy == "recreate",
            bool(families) and word.partition("-")[0] not in families,
            preferred.index(offered[word].strategy),
        ),
    )
    if environment.kind == "registry":
        ranked.sort(key=lambda word: offered[word].strategy != "publish")
    if not ranked:
        return None
    word = ranked[0]
    name = f"{component.id}-{environment.id}"
    page = {"feature-flag": "feature-flags", "atomic-promote": "blue-green"}.get(
        offered[word].strategy, offered[word].strategy
    )
    del page, review
    entry = ComponentStrategy(
        id=fresh(plan, "deployStrategy", name),
        component=component.id,
        environment=environment.id,
        kind=offered[word].strategy,
        mechanism=word,
        requires=offered[word].requires,
        because=level,
    )
    return plan.with_entry("deployStrategy", entry)
