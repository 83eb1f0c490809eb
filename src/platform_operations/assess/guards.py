"""What stands between a lower environment and users today, read off the stages' order."""

from collections.abc import Iterator

from platform_operations.model.delivery import Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import RELEASING


def _before(stages: dict[str, Stage], stage: Stage) -> frozenset[str]:
    found: set[str] = set()
    pending = list(stage.needs)
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
    return tuple(
        uri
        for release in releases
        for name in sorted(_before(stages, release))
        if stages[name].kind in {"verify", "approve"}
        for uri in stages[name].evidence[:1]
    )


def validations(plan: Plan) -> Iterator[str]:
    """Yield where a stage checks an environment after a deploy to it."""
    stages = {stage.id: stage for stage in plan.pipeline_stages}
    for stage in plan.pipeline_stages:
        if stage.kind != "verify" or stage.environment is None:
            continue
        for name in sorted(_before(stages, stage)):
            if stages[name].kind in RELEASING and stages[name].environment == stage.environment:
                yield from stage.evidence[:1]
                break
