"""How a release's artifact is put into a lower environment, and what makes a deploy wait for the result."""

import re
from collections.abc import Iterator

from platform_operations.model.delivery import Component, Environment, Stage
from platform_operations.model.plan import Plan
from platform_operations.patterns import regex
from platform_operations.platforms import platform
from platform_operations.validate.compose.kubernetes import (
    namespace_flag,
    pinned_apply,
    waits_for_rollout,
    with_image_set,
)
from platform_operations.validate.compose.parameters import commands_of
from platform_operations.validate.compose.parties import action_for
from platform_operations.validate.compose.release import taken as taken_by
from platform_operations.validate.compose.stages import component_of, consumed
from platform_operations.validate.compose.systems import commit_in
from platform_operations.validate.edits import united
from platform_operations.validate.rule import Review


def acting_in(
    review: Review, plan: Plan, release: Stage, place: Environment
) -> tuple[str | None, tuple[str, ...]]:
    """Return how the release's artifact is put into a lower environment.

    By the overlay that the repository has for it, else by the release's own commands where they name their
    environment, else by the platform's default action.
    """
    component = component_of(plan, release.component)
    folder = review.value(f"environments/{place.id}", "manifests")
    if folder and (release.action or "").startswith(("kubernetes", "argo-rollouts")):
        taken = consumed(plan, *sorted(item.artifact for item in release.consumes))
        applied = release.model_copy(update={"runs": (f"kubectl apply -k {folder}",), "consumes": taken})
        pinned = pinned_apply(review, plan, applied, commit_in(release))
        images = {entry.id for entry in plan.artifacts if entry.kind == "container-image"}
        image = next((item.artifact for item in taken if item.artifact in images), None)
        if len(pinned) > 1 or component is None or image is None:
            return "kubernetes-apply", pinned
        kubernetes = platform("kubernetes")
        assert kubernetes is not None, "Kubernetes is one of the platforms"
        given = taken_by(review, plan, component, image, place, release.pipeline)
        rows = with_image_set(pinned)[1:]
        return "kubernetes-apply", (
            *pinned,
            *commands_of(review, plan, component, place.id, kubernetes, rows, **given),
        )
    runs = _moved(review, release, component, place)
    if runs != release.runs and release.kind == "deploy":
        return release.action, runs
    found = action_for(component, "deploy") if component else None
    if found is None or component is None:
        return (release.action if release.kind == "deploy" else None), runs
    artifact = release.consumes[0].artifact if release.consumes else component.id
    given = taken_by(review, plan, component, artifact, place, release.pipeline)
    return found[1], commands_of(review, plan, component, place.id, found[0], found[2].commands, **given)


def by_digest(runs: tuple[str, ...]) -> bool:
    """Return whether commands name an image by its digest."""
    return any("IMAGE_DIGEST" in line for line in runs)


def _moved(
    review: Review, release: Stage, component: Component | None, place: Environment
) -> tuple[str, ...]:
    """Return a release's commands with the names of another environment in them: its id, namespace and workload."""
    named = release.environment or ""
    own = re.compile(rf"(?<![A-Za-z0-9]){re.escape(named)}(?![A-Za-z0-9])") if named else None
    runs = tuple(own.sub(place.id, line) if own else line for line in release.runs)
    name = component.id if component else None
    here = namespace_flag(review, name, release, release.environment)
    there = namespace_flag(review, name, None, place.id)
    if here and there and here != there:
        runs = tuple(line.replace(f"{here} ", f"{there} ") for line in runs)
    return runs


def waiting(review: Review, plan: Plan, component: Component, stage: Stage) -> tuple[str, ...]:
    """Return the commands of an action that does not wait, with what makes them wait."""
    action = stage.action or ""
    if action.startswith("helm"):
        return tuple(_HELM.sub(r"\g<0> --wait --timeout 10m", line, count=1) for line in stage.runs)
    if action.startswith(("kubernetes", "argo-rollouts")):
        return united(stage.runs, waits_for_rollout(review, plan, component, stage, stage.environment))
    aws = platform("aws")
    if action.startswith("ecs") and aws is not None:
        line = ("aws ecs wait services-stable --cluster {cluster} --services {service}",)
        return united(stage.runs, commands_of(review, plan, component, stage.environment, aws, line))
    return tuple(_waited(stage.runs))


def _waited(runs: tuple[str, ...]) -> Iterator[str]:
    """Yield the commands, each that only asks for a deployment with what waits for its end."""
    for line in runs:
        found = next((row for row in _ASKING if row[0].search(line) and not _WAITS.search(line)), None)
        if found is None:
            yield line
            continue
        pattern, instead, after = found
        yield pattern.sub(instead, line, count=1) if "\\" in instead else instead.replace("{line}", line)
        named = _NAMED.search(line)
        yield from (row.replace("{name}", named[1] if named else "$NAME") for row in after)


_WAITS = regex(r"--wait\b")
_NAMED = regex(r"(?:--function-name|--stack-name|argocd app sync)[= ](\S+)")
_ASKING: tuple[tuple[re.Pattern[str], str, tuple[str, ...]], ...] = (
    (
        regex(r"^aws deploy create-deployment\b(?!.*--query)"),
        "DEPLOYMENT_ID=$({line} --query deploymentId --output text)",
        ('aws deploy wait deployment-successful --deployment-id "$DEPLOYMENT_ID"',),
    ),
    (
        regex(r"^aws lambda update-function-code\b"),
        "{line}",
        ("aws lambda wait function-updated-v2 --function-name {name}",),
    ),
    (
        regex(r"^aws cloudformation update-stack\b"),
        "{line}",
        ("aws cloudformation wait stack-update-complete --stack-name {name}",),
    ),
    (regex(r"^argocd app sync\b"), "{line}", ("argocd app wait {name} --sync --health --timeout 600",)),
    (regex(r"\bdoctl apps? (?:create-deployment|update|create)\b"), r"\g<0> --wait", ()),
    (regex(r"\bdocker[ -]compose\b.*?\bup\b"), r"\g<0> --wait", ()),
)
"""Commands that return when a deployment was asked for, how they wait, and what else does."""

_HELM = regex(r"\bhelm (?:secrets )?(?:upgrade|install)\b(?!.*--(?:wait|atomic))")
