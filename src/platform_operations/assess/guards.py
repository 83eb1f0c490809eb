"""What stands between a lower environment and users today, read off the stages' order."""

from collections.abc import Iterator

from platform_operations.model.delivery import Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import RELEASING

_LOWER = frozenset({"staging", "development", "ephemeral"})

_PUTTING = RELEASING | {"provision"}
"""Stage kinds after which an environment is another than before."""


def _before(stages: dict[str, Stage], stage: Stage, *, waited: bool = False) -> frozenset[str]:
    """Return what must succeed before a stage; with `waited` also what it only waits for first."""
    found: set[str] = set()
    pending = [*stage.needs, *(stage.optional_needs if waited else ())]
    while pending:
        name = pending.pop()
        if name not in found and name in stages:
            found.add(name)
            pending.extend(stages[name].needs)
    return frozenset(found)


def verified_releases(plan: Plan) -> tuple[str, ...] | None:
    """Return where a verification or approval holds back a release to users; None when nothing is released."""
    stages = {stage.id: stage for stage in plan.pipeline_stages}
    places = {place.id: place.kind for place in plan.environments}
    releases = [
        stage
        for stage in plan.pipeline_stages
        if stage.kind in RELEASING and places.get(stage.environment or "") in {"production", "registry"}
    ]
    if not releases:
        return None
    lower = {place for place, kind in places.items() if kind in _LOWER}
    put = {
        stage.id
        for stage in plan.pipeline_stages
        if (stage.kind in _PUTTING and stage.environment in lower)
        or (stage.kind == "deploy" and stage.exposure == "none")
        or (stage.kind == "publish" and stage.exposure == "internal")
    }
    return tuple(
        uri
        for release in releases
        for name in sorted(_before(stages, release))
        if (stages[name].kind == "approve" and put) or _checks_lower(stages, stages[name], lower, put)
        for uri in stages[name].evidence[:1]
    )


def _checks_lower(stages: dict[str, Stage], stage: Stage, lower: set[str], put: set[str]) -> bool:
    """Whether a verification looks at a lower environment, or comes after something was put there."""
    if stage.kind != "verify":
        return False
    return stage.environment in lower or not put.isdisjoint(_before(stages, stage))


def validations(plan: Plan) -> Iterator[str]:
    """Yield where a stage checks an environment after a deploy to it."""
    stages = {stage.id: stage for stage in plan.pipeline_stages}
    places = {place.id: place.kind for place in plan.environments}
    for stage in plan.pipeline_stages:
        if stage.kind != "verify":
            continue
        for name in sorted(_before(stages, stage, waited=True)):
            there, here = stages[name].environment, stage.environment
            same = here is None or there is None or there == here or places.get(there) == places.get(here)
            if stages[name].kind in _PUTTING and same:
                yield from stage.evidence[:1]
                break


def verified_before(plan: Plan) -> Iterator[str]:
    """Yield where a lower environment is checked after a deploy to it, when production is released here too.

    Nothing need wait for such a check; where something does, `verified_releases` says so.
    """
    kinds = {place.id: place.kind for place in plan.environments}
    deployed = {
        kinds.get(stage.environment or "") for stage in plan.pipeline_stages if stage.kind in _PUTTING
    }
    if "production" not in deployed:
        return
    lower = {place for place, kind in kinds.items() if kind in _LOWER}
    stages = {stage.id: stage for stage in plan.pipeline_stages}
    for stage in plan.pipeline_stages:
        if stage.kind == "verify" and stage.environment in lower:
            before = [stages[name] for name in _before(stages, stage, waited=True)]
            if any(one.kind in _PUTTING and one.environment in lower for one in before):
                yield from stage.evidence[:1]


def puts_something_up(plan: Plan) -> bool:
    """Whether a stage changes what runs somewhere; a package in a registry runs nowhere yet."""
    return any(stage.kind in {"deploy", "promote", "provision"} for stage in plan.pipeline_stages)
