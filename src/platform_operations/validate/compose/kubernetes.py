"""Commands for Kubernetes, with the names that this repository's manifests and pipelines give."""

import re
from collections.abc import Iterator
from itertools import pairwise

from platform_operations.model.delivery import Component, Stage
from platform_operations.model.plan import Plan
from platform_operations.validate.rule import Review

_DEPLOYMENT = re.compile(r"\b(?:deployment|deploy)[/ ]([a-z0-9][a-z0-9-]*)(?![\w/.-])")
_TAGGED = re.compile(r"(?:-t|--tag)[= ](?P<image>[\w$.{}/-]+/[\w$.{}-]+):")


def namespace_flag(review: Review, stage: Stage | None, environment: str | None) -> str:
    """Return ` -n NAMESPACE` as the stage's own commands or the environment's overlay name it; nothing when neither does."""
    for line in stage.runs if stage else ():
        for flag, value in pairwise(line.split()):
            if flag in {"-n", "--namespace"}:
                return f" -n {value}"
    named = review.value(f"environments/{environment}", "namespace")
    return f" -n {named}" if named else ""


def in_namespace(line: str, space: str) -> str:
    """Return a kubectl command with its namespace flag, behind a plugin's own words: kubectl takes no flag before them."""
    return (
        f"{line}{space}" if line.startswith("kubectl argo ") else line.replace("kubectl", f"kubectl{space}")
    )


def as_rollouts(lines: tuple[str, ...], component: str) -> tuple[str, ...]:
    """Return commands that read the Rollout of a component where they read its Deployment, which it replaces."""
    found = re.compile(rf" get (?:deployment|deploy)/{re.escape(component)} ")
    return tuple(found.sub(f" get rollout/{component} ", line) for line in lines)


def deployment_of(component: str, stage: Stage | None) -> str:
    """Return the deployment that a stage's commands name, else one named as the component."""
    for line in stage.runs if stage else ():
        found = _DEPLOYMENT.search(line)
        if found:
            return f"deployment/{found[1]}"
    return f"deployment/{component}"


def waits_for_rollout(review: Review, component: str, stage: Stage) -> str:
    """Return the command that ends when the new version is up, or fails after five minutes."""
    space = namespace_flag(review, stage, stage.environment)
    return f"kubectl{space} rollout status {deployment_of(component, stage)} --timeout=5m"


def runs_digest(review: Review, component: Component, stage: Stage | None, environment: str | None) -> str:
    """Return the command that fails unless the digest that was built is what the deployment names."""
    space = namespace_flag(review, stage, environment)
    path = "{.spec.template.spec.containers[*].image}"
    line = f'kubectl{space} get {deployment_of(component.id, stage)} -o jsonpath="{path}"'
    rolls = any(
        (row.component, row.environment) == (component.id, environment) and row.mechanism.startswith("argo-")
        for row in review.plan.deploy_strategy.components
    )
    line = as_rollouts((line,), component.id)[0] if rolls else line
    return f'{line} | grep --fixed-strings "${{IMAGE_DIGEST:?}}"'


def image_name(plan: Plan, artifact: str) -> str | None:
    """Return the image that the stage which produces an artifact tags, without the tag."""
    for stage in plan.pipeline_stages:
        if artifact in stage.produces:
            for line in stage.runs:
                found = _TAGGED.search(line)
                if found:
                    return found["image"]
    return None


def pinned_apply(plan: Plan, stage: Stage) -> tuple[str, ...]:
    """Return the commands of a stage that applies an overlay, with the digest set in the overlay first."""
    return tuple(_pinned(plan, stage))


def _pinned(plan: Plan, stage: Stage) -> Iterator[str]:
    artifact = next((item.artifact for item in stage.consumes), None)
    image = image_name(plan, artifact) if artifact else None
    for line in stage.runs:
        found = re.search(r"kubectl\b.*\bapply\b.*(?:-k|--kustomize)[= ](\S+)", line)
        if found and image and not any("edit set image" in other for other in stage.runs):
            yield f"cd {found[1]} && kustomize edit set image {image}={image}@$IMAGE_DIGEST && cd -"
        yield line
