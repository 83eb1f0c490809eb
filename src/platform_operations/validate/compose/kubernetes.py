"""Commands for Kubernetes, with the names that this repository's manifests and pipelines give."""

import re
from collections.abc import Iterator
from itertools import pairwise

from platform_operations.model.delivery import Component, Stage
from platform_operations.model.plan import Plan
from platform_operations.patterns import regex
from platform_operations.platforms import platform
from platform_operations.validate.compose.handover import image_name
from platform_operations.validate.compose.parameters import commands_of, value_for
from platform_operations.validate.compose.systems import commit_in
from platform_operations.validate.rule import Review

_WORKLOAD = regex(
    r"\b(?P<kind>deployment|deploy|statefulset|sts|daemonset|ds|cronjob)s?(?:\.apps)?[/ ](?P<name>[a-z0-9][a-z0-9-]*)(?![\w/.-])"
)
_KINDS = {"deploy": "deployment", "sts": "statefulset", "ds": "daemonset"}
_POD = {"cronjob": "{.spec.jobTemplate.spec.template.spec.containers[*].image}"}
_SET = regex(r"\sset image \S+ [a-z0-9-]+=((?:\$\{\{[^}]*\}\}|\S)+)")
_PODS = "{.spec.template.spec.containers[*].image}"


def namespace_flag(
    review: Review, component: str | None, stage: Stage | None, environment: str | None
) -> str:
    """Return ` -n NAMESPACE` as commands of today, the manifests or the overlay name it; nothing when none does."""
    for line in stage.runs if stage and stage.environment == environment else ():
        for flag, value in pairwise(line.split()):
            if flag in {"-n", "--namespace"}:
                return f" -n {value}"
    named = review.value(f"environments/{environment}", "namespace")
    if named:
        return f" -n {named}"
    for aspect in (f"kubernetes.namespace@{environment}", "kubernetes.namespace"):
        said = review.value(f"components/{component}", aspect)
        if said:
            return said
    return _spoken(review, component, environment)


def _spoken(review: Review, component: str | None, environment: str | None) -> str:
    """Return the namespace that other commands of the component in the environment go to."""
    for stage in (review.as_is or review.plan).pipeline_stages:
        if (stage.component, stage.environment) == (component, environment):
            for line in stage.runs:
                for flag, value in pairwise(line.split()):
                    if flag in {"-n", "--namespace"} and line.startswith(("kubectl", "helm")):
                        return f" -n {value}"
    return ""


def as_rollouts(lines: tuple[str, ...], rollout: str) -> tuple[str, ...]:
    """Return commands that read a Rollout where they read the Deployment that it replaces."""
    found = re.compile(rf" get (?:deployment|deploy)/{re.escape(rollout)} ")
    return tuple(found.sub(f" get rollout/{rollout} ", line) for line in lines)


def workload_of(
    review: Review, plan: Plan, component: Component, stage: Stage | None, environment: str | None
) -> str:
    """Return KIND/NAME of what runs a component: as a stage's commands or the manifests name it, else as a variable."""
    for line in stage.runs if stage else ():
        found = _WORKLOAD.search(line)
        if found:
            return f"{_KINDS.get(found['kind'], found['kind'])}/{found['name']}"
        rollout = re.search(
            r"\bkubectl argo rollouts\b.*? (?:set image|status|promote) ([a-z0-9][a-z0-9-]*)", line
        )
        if rollout:
            return f"rollout/{rollout[1]}"
    place = platform("kubernetes")
    assert place is not None, "Kubernetes is one of the platforms"
    rolled = value_for(review, plan, component, environment, place, "rollout")
    if rolled and not _deployed(review, component, environment):
        return f"rollout/{rolled}"
    return commands_of(review, plan, component, environment, place, ("{workload}",))[0]


def _deployed(review: Review, component: Component, environment: str | None) -> bool:
    subject = f"components/{component.id}"
    return review.value(subject, f"kubernetes.workload@{environment}") is not None


def waits_for_rollout(
    review: Review, plan: Plan, component: Component, stage: Stage, environment: str | None
) -> tuple[str, ...]:
    """Return the command that ends when the new version is up, or fails after five minutes; of what only a schedule starts, that it takes the new image."""
    what = workload_of(review, plan, component, stage, environment)
    space = namespace_flag(review, component.id, stage, environment)
    if what.startswith("cronjob/"):
        image = next((found[1] for line in stage.runs if (found := _SET.search(line))), None)
        path = f"{_POD['cronjob'].replace('[*]', '[0]')[:-1]}}}"
        return (f"kubectl{space} wait {what} --for=jsonpath='{path}'={image} --timeout=1m",) if image else ()
    if what.startswith("rollout/"):
        return (f"kubectl argo rollouts status {what.removeprefix('rollout/')} --timeout 30m{space}",)
    return (f"kubectl{space} rollout status {what} --timeout=5m",)


def runs_reference(
    review: Review, plan: Plan, component: Component, release: Stage, environment: str | None
) -> str | None:
    """Return the command that fails unless what was released is what the workload names; None where nothing says by which name."""
    token = token_of(release)
    if token is None:
        return None
    space = namespace_flag(review, component.id, release, environment)
    if "helm" in component.platforms and (release.action or "").startswith("helm"):
        place = platform("helm")
        assert place is not None, "Helm is one of the platforms"
        name = commands_of(review, plan, component, environment, place, ("{release}",))[0]
        return f"helm get manifest {name}{space} | grep --fixed-strings {token}"
    what = workload_of(review, plan, component, release, environment)
    path = _POD.get(what.partition("/")[0], _PODS)
    line = f'kubectl{space} get {what} -o jsonpath="{path}"'
    rolls = any(
        (row.component, row.environment) == (component.id, environment) and row.mechanism.startswith("argo-")
        for row in plan.deploy_strategy.components
    )
    if rolls:
        line = as_rollouts((line,), what.partition("/")[2])[0]
    return f"{line} | grep --fixed-strings {token}"


_SET_IMAGE = "kubectl{namespace} set image {workload} {container}={artifact}"


def with_image_set(templates: tuple[str, ...]) -> tuple[str, ...]:
    """Return command templates that apply manifests and then set the image that was built: what manifests name is an older one."""
    if not templates[0].startswith("kubectl apply") or any(" set image " in line for line in templates):
        return templates
    return (templates[0], _SET_IMAGE, *templates[1:])


def token_of(release: Stage) -> str | None:
    """Return the word by which a release names what it takes, quoted for the shell; an unset digest fails."""
    kinds = {item.reference for item in release.consumes}
    commit = commit_in(release)
    if "digest" in kinds and (commit is None or any("IMAGE_DIGEST" in line for line in release.runs)):
        return '"${IMAGE_DIGEST:?}"'
    return f'"{commit}"' if commit is not None and "commit" in kinds else None


def pinned_apply(review: Review, plan: Plan, stage: Stage, commit: str | None = None) -> tuple[str, ...]:
    """Return the commands of a stage that applies an overlay, with the image set in the overlay first.

    By its digest, or by the commit where the release names it so.
    """
    return tuple(_pinned(review, plan, stage, f":{commit}" if commit else "@$IMAGE_DIGEST"))


def _pinned(review: Review, plan: Plan, stage: Stage, name: str) -> Iterator[str]:
    artifact = next((item.artifact for item in stage.consumes), None)
    image = image_name(review, plan, artifact) if artifact else None
    for line in stage.runs:
        found = re.search(r"kubectl\b.*\bapply\b.*(?:-k|--kustomize)[= ](\S+)", line)
        if found and image and not any("edit set image" in other for other in stage.runs):
            yield f"(cd {found[1]} && kustomize edit set image {image}={image}{name})"
        yield line
