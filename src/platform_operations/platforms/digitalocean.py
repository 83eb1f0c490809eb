"""DigitalOcean: App Platform above all, with its registry, Kubernetes and Functions."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from platform_operations.model.words import ComponentType
from platform_operations.platforms.platform import (
    Action,
    Mechanism,
    Parameter,
    Platform,
    Rollback,
    Sighting,
    Workload,
)
from platform_operations.platforms.reading import environments, files, hcl, health, images, pipelines
from platform_operations.repository import Repository

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

_CLI = (
    r"\bdoctl\s+(?:apps|app|registry|kubernetes|k8s|serverless|compute|auth)\b|uses:\s*[\"']?digitalocean/"
    r"|registry\.digitalocean\.com|\bDIGITALOCEAN_(?:ACCESS_)?TOKEN\b"
)
_PARTS: dict[str, ComponentType] = {
    "services": "http-service",
    "workers": "worker",
    "static_sites": "static-site",
    "functions": "serverless",
    "jobs": "scheduled-job",
}


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every component of every app specification, Terraform of DigitalOcean, and pipelines."""
    found: list[Sighting] = []
    for path in files.bounded(path for path in repository.paths if _is_spec(path) and files.counts(path)):
        content = files.text(repository, path)
        if content is not None:
            found.extend(_specification(path, content))
    folders: set[str] = set()
    for path, content in hcl.terraform(repository):
        line = hcl.provider_line(content, "digitalocean")
        if line is not None and files.folder_of(path) not in folders:
            folders.add(files.folder_of(path))
            found.append(Sighting(path, line, line, "Terraform resources of DigitalOcean"))
    found.extend(pipelines.runs(repository, _CLI, "doctl", "digitalocean"))
    return tuple(found)


def _is_spec(path: str) -> bool:
    if not path.endswith((".yaml", ".yml")):
        return False
    inside = path.startswith(".do/") or "/.do/" in path
    return inside or files.name_of(path) in {"app-spec.yaml", "app.spec.yaml", "do-app.yaml"}


def _specification(path: str, content: str) -> Iterator[Sighting]:
    root = files.first_document(content)
    last = files.line_count(content)
    if root is None:
        yield Sighting(path, 1, last, "app specification", unreadable="the file is no YAML mapping")
        return
    nested = root.get("spec")
    spec = nested if nested is not None else root
    if not any(spec.get(part) is not None for part in (*_PARTS, "databases")):
        return
    environment = environments.of_file(path) or environments.word_in(spec.string("name") or "")
    yield Sighting(path, root.first, last, "app specification", environment)
    for part in _PARTS:
        for component in spec.children(part):
            if component.string("name"):
                yield _component(path, part, component, environment, spec.string("region"))


def _component(
    path: str, part: str, component: "Node", environment: str | None, region: str | None
) -> Sighting:
    kind, name = _PARTS[part], component.string("name") or "app"
    if component.string("kind") in {"PRE_DEPLOY", "POST_DEPLOY", "FAILED_DEPLOY"}:
        return Sighting(
            path, component.first, component.last, f"{component.string('kind')} job {name}", environment
        )
    check, key = component.get("health_check"), component.key("health_check")
    image = _image(component.get("image"))
    count = component.string("instance_count") or component.string("autoscaling", "min_instance_count")
    target = check.string("http_path") if check is not None else None
    probed = check is not None and key is not None
    period = (health.span(check.string("period_seconds")) or 10) if check is not None else None
    failures = health.whole(check.string("failure_threshold"), 9) if check is not None else None
    rolls = kind in {"http-service", "worker"}
    return Sighting(
        path,
        component.first,
        component.last,
        f"{part.removesuffix('s')} {name}",
        environment,
        Workload(
            name=name,
            component_type=kind,
            image=image,
            reference=images.reference_kind(image) if image else None,
            health=health.check("http" if target else "tcp", target, period, failures) if probed else None,
            probe_lines=(path, key.first, max(key.first, check.last)) if check is not None and key else None,
            replicas=int(count) if count and count.isdigit() and len(count) < 6 else None,
            strategy="rolling" if rolls else ("atomic-promote" if kind == "static-site" else None),
            mechanism="app-platform-rolling"
            if rolls
            else ("app-platform-static" if kind == "static-site" else None),
            region=region,
            source=files.folder_named("", component.string("source_dir")),
        ),
    )


def _image(node: "Node | None") -> str | None:
    if node is None or node.kind != "map" or not node.string("repository"):
        return None
    registry = node.string("registry")
    name = f"{registry}/{node.string('repository')}" if registry else f"{node.string('repository')}"
    if node.string("digest"):
        return f"{name}@{node.string('digest')}"
    return f"{name}:{node.string('tag')}" if node.string("tag") else name


PLATFORM = Platform(
    id="digitalocean",
    title="DigitalOcean",
    detect=detect,
    capabilities=frozenset({"deploy-jobs", "health-gated-rollout", "image-digest", "zero-downtime"}),
    health=("http", "tcp"),
    actions={
        "app-platform-deploy": Action(
            kinds=("deploy",),
            commands=("doctl apps create-deployment {app} --wait",),
            waits=True,
            seen=("doctl apps create-deployment --wait", "doctl app create-deployment --wait"),
            uses=("digitalocean/app_action/deploy", "digitalocean/app_action"),
        ),
        "app-platform-update": Action(
            kinds=("deploy", "provision", "promote"),
            commands=("doctl apps update {app} --spec {specification} --wait",),
            waits=True,
            seen=("doctl apps update --wait", "doctl apps create --wait"),
        ),
        "app-platform-request": Action(
            kinds=("deploy",),
            commands=("doctl apps create-deployment {app}",),
            waits=False,
            seen=("doctl apps create-deployment", "doctl apps update", "doctl apps create"),
        ),
        "functions-deploy": Action(
            kinds=("deploy",),
            commands=("doctl serverless deploy {path}",),
            waits=True,
            seen=("doctl serverless deploy", "doctl sls deploy"),
        ),
    },
    mechanisms={
        "app-platform-rolling": Mechanism("rolling", ("health-gated-rollout",)),
        "app-platform-static": Mechanism("atomic-promote"),
    },
    rollbacks={
        "app-platform-rollback": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                "jq --null-input --arg id $PREVIOUS_DEPLOYMENT_ID '.deployment_id=$id' |"
                ' curl --fail --silent --show-error --json @- -H "Authorization: Bearer $DIGITALOCEAN_TOKEN"'
                " https://api.digitalocean.com/v2/apps/{app}/rollback",
            ),
            signals=("deployment-failed", "health-check-failed"),
        ),
        "app-platform-failed-deploy": Rollback(
            "halted-rollout", automatic=True, signals=("deployment-failed", "health-check-failed")
        ),
    },
    parameters={
        "app": Parameter(
            "the id of the app of {component} in {environment}",
            ("doctl apps create-deployment", "doctl apps update"),
            operand=0,
        ),
        "specification": Parameter("the app specification of {environment}", ("doctl apps",), ("--spec",)),
    },
    signals=frozenset({"deployment-failed", "domain-failed", "health-check-failed"}),
    environments="One app, each with its own specification, per environment; previews are further apps.",
)
