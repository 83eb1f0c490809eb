"""Render: services of a Blueprint, deployed with a health check before traffic moves."""

import re
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
from platform_operations.platforms.reading import environments, files, health, images, pipelines
from platform_operations.repository import Repository

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

_CLI = (
    r"api\.render\.com|\bRENDER_(?:DEPLOY_HOOK|API_KEY|SERVICE_ID)|\brender\s+(?:deploys|services|blueprints)\s"
    r"|uses:\s*[\"']?(?:johnbeynon|JorgeLNJunior)/render-deploy"
)
_TYPES: dict[str, ComponentType] = {
    "web": "http-service",
    "pserv": "http-service",
    "worker": "worker",
    "cron": "scheduled-job",
    "static": "static-site",
}


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every service of every Blueprint, and every pipeline that calls a deploy hook or the API."""
    found: list[Sighting] = []
    for path in files.named(repository, frozenset({"render.yaml", "render.yml"})):
        content = files.text(repository, path)
        if content is not None:
            found.extend(_blueprint(path, content))
    found.extend(pipelines.runs(repository, _CLI, "render"))
    return tuple(found)


def _blueprint(path: str, content: str) -> Iterator[Sighting]:
    root = files.first_document(content)
    last = files.line_count(content)
    if root is None:
        yield Sighting(path, 1, last, "Blueprint", unreadable="the file is no YAML mapping")
        return
    if not any(root.get(word) is not None for word in ("services", "databases", "projects", "envVarGroups")):
        return
    yield Sighting(path, root.first, last, "Blueprint")
    for service in root.children("services"):
        yield from _service(path, service, None)
    for project in root.children("projects"):
        for environment in project.children("environments"):
            name = environment.string("name")
            for service in environment.children("services"):
                yield from _service(path, service, name)


def _service(path: str, service: "Node", environment: str | None) -> Iterator[Sighting]:
    name = service.string("name")
    kind = service.string("type")
    if name is None or kind not in {*_TYPES, "keyvalue", "redis"}:
        return
    static = "static" in {service.string("runtime"), service.string("env")}
    target = service.string("healthCheckPath")
    key = service.key("healthCheckPath")
    image = service.string("image", "url")
    instances = service.string("numInstances") or service.string("scaling", "minInstances")
    found = environment or environments.word_in(name)
    if kind in {"keyvalue", "redis"}:
        yield Sighting(path, service.first, service.last, f"data store {name}", found)
        return
    yield Sighting(
        path,
        service.first,
        service.last,
        f"{kind} service {name}",
        found,
        Workload(
            name=name,
            component_type="static-site" if static else _TYPES[kind],
            image=image,
            reference=images.reference_kind(image) if image else None,
            health=health.check("http", target, None) if target else None,
            probe_lines=(path, key.first, key.first) if target and key else None,
            replicas=int(instances) if instances and instances.isdigit() and len(instances) < 6 else None,
            strategy="atomic-promote"
            if static
            else ("rolling" if kind in {"web", "pserv", "worker"} else None),
            mechanism="render-static-publish" if static else _mechanism(kind),
            region=service.string("region"),
            source=_source(path, service),
        ),
    )


def _source(path: str, service: "Node") -> str | None:
    """Return the folder that a service runs: its root, or where its start command goes first."""
    started = re.match(r"cd\s+([\w./-]+)\s*&&", service.string("startCommand") or "")
    told = service.string("rootDir") or service.string("dockerContext")
    return files.folder_named(
        path, "/".join(part for part in (told, started[1] if started else None) if part)
    )


def _mechanism(kind: str) -> str | None:
    return "render-zero-downtime" if kind in {"web", "pserv", "worker"} else None


PLATFORM = Platform(
    id="render",
    title="Render",
    detect=detect,
    capabilities=frozenset({"health-gated-rollout", "image-digest", "preview-deployment", "zero-downtime"}),
    health=("http", "platform"),
    actions={
        "render-deploy": Action(
            kinds=("deploy",),
            commands=("render deploys create {service}{image} --wait --confirm --output json",),
            waits=True,
            seen=("render deploys create",),
        ),
        "render-deploy-hook": Action(
            kinds=("deploy",),
            commands=('curl --fail --silent --show-error -X POST "{hook}"',),
            waits=False,
            uses=("johnbeynon/render-deploy-action", "JorgeLNJunior/render-deploy"),
        ),
    },
    mechanisms={
        "render-zero-downtime": Mechanism("rolling", ("health-gated-rollout", "zero-downtime")),
        "render-static-publish": Mechanism("atomic-promote"),
    },
    rollbacks={
        "render-rollback": Rollback(
            "previous-artifact",
            automatic=False,
            commands=("render deploys create {service}{previous} --wait --confirm --output json",),
            signals=("deploy-failed", "service-unhealthy"),
        ),
        "render-cancelled-deploy": Rollback(
            "halted-rollout", automatic=True, signals=("health-check-failed",)
        ),
    },
    parameters={
        "service": Parameter(
            "the id of {component}'s service of {environment} on Render",
            ("render deploys create",),
            operand=0,
        ),
        "image": Parameter("what is deployed", otherwise=" --commit {commit}"),
        "previous": Parameter("what ran before", otherwise=' --commit "$PREVIOUS_COMMIT"'),
        "commit": Parameter("the commit that was verified"),
        "hook": Parameter("the deploy hook of {component} in {environment}"),
    },
    signals=frozenset({"deploy-failed", "health-check-failed", "service-unhealthy"}),
    environments="Environments of a project, services per stage, and previews.",
)
