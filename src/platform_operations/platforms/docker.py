"""Docker: images built from Dockerfiles, services run with Compose."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from platform_operations.model.delivery import HealthCheck
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
from platform_operations.platforms.reading import dockerfile, environments, files, health, images
from platform_operations.repository import Repository

if TYPE_CHECKING:
    from platform_operations.repository.yaml_lines import Node

_DOCKERFILE = (
    r"(?i)^(?:(?:docker|container)file(?:[._-](?P<after>[\w.-]+))?"
    r"|(?P<before>[\w.-]+)\.(?:dockerfile|containerfile))$"
)
_COMPOSE = r"(?i)^(?:docker-)?compose(?:[._-][\w.-]+)?\.ya?ml$"
_NOT_SHIPPED = frozenset(
    {
        "test", "tests", "testing", "e2e", "ci", "dev", "devel", "develop", "development", "local",
        "lint", "docs", "devcontainer", "debug", "example", "dockerignore", "template", "tmpl", "j2",
        "erb", "md", "bak", "old", "playwright", "selenium", "cypress", "gitpod",
    }
)  # fmt: skip
_VARIANTS = frozenset(
    {
        "alpine",
        "amd64",
        "arm64",
        "bun",
        "debian",
        "distroless",
        "multi",
        "npm",
        "pnpm",
        "slim",
        "ubuntu",
        "yarn",
    }
)
"""Suffixes that tell how an image is built, not what is in it."""
_LOCAL = frozenset(
    {
        "dev",
        "development",
        "local",
        "override",
        "test",
        "tests",
        "ci",
        "e2e",
        "debug",
        "devcontainer",
        "testing",
    }
)
_WORKING_COPY = r"^(?:\.{1,2}/?|\./(?:src|app|lib|server|backend|api|frontend|web)/?)(?::|$)"
_BUILD_TOOL = (
    r"^(?:docker\.io/)?(?:library/)?(?:gradle|maven|golang|rust|mcr\.microsoft\.com/dotnet/sdk)(?::|$)"
)
_WORKER = r"\b(?:celery|rq worker|sidekiq|dramatiq|arq|huey|queue:work|resque|worker)\b"
_SERVER = (
    r"\b(?:uvicorn|gunicorn|hypercorn|daphne|waitress|nginx|httpd|caddy|puma|unicorn|runserver)\b"
    r"|\b(?:next start|flask run)\b"
)


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every Dockerfile of a deliverable and every Compose service."""
    found: list[Sighting] = []
    for path in files.matching(repository, lambda name: _shape(name) is not None):
        image = _shape(files.name_of(path)) == "dockerfile"
        content = None if image and dockerfile.of_tests(path) else files.text(repository, path)
        if content is None:
            continue
        if image:
            found.extend(_dockerfile(repository, path, content))
        else:
            found.extend(_compose(path, content))
    return tuple(found)


def _shape(name: str) -> str | None:
    low = name.lower()
    if "file" in low:
        match = re.match(_DOCKERFILE, name)
        if match is None:
            return None
        words = re.split(r"[._-]", ((match["after"] or "") + "." + (match["before"] or "")).lower())
        return None if _NOT_SHIPPED & set(words) else "dockerfile"
    return "compose" if "compose" in low and re.match(_COMPOSE, name) else None


def _dockerfile(repository: Repository, path: str, content: str) -> Iterator[Sighting]:
    found = dockerfile.instructions(content)
    stage = dockerfile.final_stage(found)
    if not stage:
        return
    base = dockerfile.base_image(_bottom(stage))
    checks = [one for one in stage if one.word == "HEALTHCHECK"]
    last = _last_check(checks, stage)
    checked = dockerfile.health(last) if last else None
    stored = images.store(base) is not None if base else False
    yield Sighting(
        path,
        stage[0].first,
        stage[0].last,
        f"builds on {base or 'an unnamed image'} ({images.reference_kind(base) or 'chosen by a variable'})",
        workload=Workload(
            name=_image_name(repository, path),
            component_type=_component(stage),
            health=None if stored else _docker_health(checked),
            probe_lines=(path, last.first, last.last) if checked and last and not stored else None,
        ),
    )


def _bottom(stage: tuple[dockerfile.Instruction, ...]) -> dockerfile.Instruction:
    return [one for one in stage if one.word == "FROM"][-1]


def _last_check(
    checks: list[dockerfile.Instruction], stage: tuple[dockerfile.Instruction, ...]
) -> dockerfile.Instruction | None:
    """Return the HEALTHCHECK that holds: the last of the nearest stage that has one."""
    nearest: list[dockerfile.Instruction] = []
    for one in stage:
        if one.word == "FROM" and nearest:
            break
        if one.word == "HEALTHCHECK":
            nearest.append(one)
    return nearest[-1] if nearest and checks else None


def _docker_health(found: dockerfile.Health | None) -> HealthCheck | None:
    if found is None:
        return None
    return health.check("exec", found.command, health.span(found.interval), health.whole(found.retries, 3))


def _component(stage: tuple[dockerfile.Instruction, ...]) -> ComponentType | None:
    run = next(
        (one.value for word in ("CMD", "ENTRYPOINT") for one in reversed(stage) if one.word == word), ""
    )
    command = dockerfile.shown(run)
    if re.search(_SERVER, command):
        return "http-service"
    if re.search(_WORKER, command):
        return "worker"
    return "http-service" if any(one.word == "EXPOSE" for one in stage) else None


def _image_name(repository: Repository, path: str) -> str:
    """Name what a Dockerfile builds: its own suffix, its folder, the manifest beside it, the repository."""
    match = re.match(_DOCKERFILE, files.name_of(path))
    own = (match["after"] or match["before"]) if match else None
    if own and environments.word_in(own) is None and own.lower() not in _VARIANTS:
        return own
    folder = files.name_of(files.folder_of(path))
    if folder and folder.lower() not in {"docker", ".docker", "build", "deploy", "container", "containers"}:
        return folder
    return _manifest_name(repository, files.folder_of(path)) or repository.remote or repository.name


_NAMED = r"(?m)^[ \t]*\"?name\"?\s*[:=]\s*[\"'](?:@[\w.-]+/)?([\w.-]+)[\"']"
_MODULE = r"(?m)^module\s+(?:\S*/)?([\w.-]+?)(?:/v\d+)?\s*$"


def _manifest_name(repository: Repository, folder: str) -> str | None:
    for name, pattern in (
        ("pyproject.toml", _NAMED),
        ("package.json", _NAMED),
        ("Cargo.toml", _NAMED),
        ("go.mod", _MODULE),
    ):
        path = f"{folder}/{name}" if folder else name
        content = files.text(repository, path) if repository.exists(path) else None
        match = re.search(pattern, content[:20_000]) if content else None
        if match:
            return match[1]
    return None


def _compose(path: str, content: str) -> Iterator[Sighting]:
    found = files.documents(content)
    if not isinstance(found, tuple):
        if re.search(r"^services\s*:", content, re.MULTILINE):
            yield Sighting(path, found.line, found.line, "Compose file", unreadable=found.reason)
        return
    root = found[0] if found else None
    services = root.get("services") if root is not None and root.kind == "map" else None
    if root is None or services is None or services.kind != "map":
        return
    words = set(re.split(r"[._-]", files.name_of(path).lower()))
    environment = environments.of_path(path)
    local = bool(words & _LOCAL) or (environment or "").lower() in _LOCAL
    local = local or any(_builds_as_it_runs(service) for _, service in services.pairs)
    built = any(service.get("build") is not None for _, service in services.pairs)
    for key, service in services.pairs:
        if service.kind == "map":
            support = local or (built and service.get("build") is None) or _mounts_sources(service)
            yield _service(path, key, service, environment, support)


def _mounts_sources(service: "Node") -> bool:
    """Whether a service that is built here runs the working copy itself: then it is one for developing."""
    return service.get("build") is not None and _mounts(service)


def _builds_as_it_runs(service: "Node") -> bool:
    """Whether a service is a build tool on the working copy: the whole file is one for developing."""
    return re.match(_BUILD_TOOL, service.string("image") or "") is not None and _mounts(service)


def _mounts(service: "Node") -> bool:
    volumes = service.get("volumes")
    return volumes is not None and any(
        re.match(_WORKING_COPY, item.text if item.kind == "text" else item.string("source") or "")
        for item in volumes.items
    )


def _service(path: str, key: "Node", service: "Node", environment: str | None, support: bool) -> Sighting:
    image = service.string("image")
    kept = images.store(image) if image else None
    if kept is not None and service.get("build") is None:
        return Sighting(path, key.first, service.last, f"Compose service {key.text} runs {kept}", environment)
    if support:
        return Sighting(path, key.first, service.last, f"Compose service {key.text}, in support", environment)
    probe = service.get("healthcheck")
    checked = _compose_health(probe) if probe is not None and probe.kind == "map" else None
    declared = service.key("healthcheck")
    return Sighting(
        path,
        key.first,
        service.last,
        f"Compose service {key.text}",
        environment,
        Workload(
            name=key.text,
            component_type=_service_type(service),
            image=image,
            reference=images.reference_kind(image) if image else None,
            health=checked,
            probe_lines=(path, declared.first, probe.last) if checked and declared and probe else None,
            replicas=_replicas(service),
            source=files.folder_named(path, service.string("build") or service.string("build", "context")),
        ),
    )


def _compose_health(probe: "Node") -> HealthCheck | None:
    test = probe.get("test")
    words = [item.text for item in test.items] if test is not None and test.kind == "list" else []
    if (probe.string("disable") or "").lower() == "true" or words[:1] == ["NONE"]:
        return None
    command = " ".join(words[1:]) if words[:1] in (["CMD"], ["CMD-SHELL"]) else health.command(test)
    if not command:
        return None
    period = health.span(probe.string("interval")) or 30
    return health.check("exec", command, period, health.whole(probe.string("retries"), 3))


def _replicas(service: "Node") -> int | None:
    written = service.string("deploy", "replicas") or service.string("scale")
    return int(written) if written and written.isdigit() and len(written) < 6 else None


def _service_type(service: "Node") -> ComponentType | None:
    command = health.command(service.get("command")) or ""
    if re.search(_SERVER, command):
        return "http-service"
    if re.search(_WORKER, command):
        return "worker"
    return "http-service" if service.get("ports") is not None or service.get("expose") is not None else None


PLATFORM = Platform(
    id="docker",
    title="Docker",
    detect=detect,
    capabilities=frozenset({"image-digest", "container-health-check", "local-rollback"}),
    health=("exec",),
    actions={
        "compose-up": Action(
            kinds=("deploy",),
            commands=(
                "IMAGE={artifact} docker compose -f {compose} up --detach --wait --no-build --pull always",
            ),
            waits=True,
            seen=("docker compose up --wait", "docker-compose up --wait"),
        ),
        "compose-up-detached": Action(
            kinds=("deploy",),
            commands=("IMAGE={artifact} docker compose -f {compose} up --detach --no-build --pull always",),
            waits=False,
            seen=("docker compose up", "docker-compose up"),
        ),
        "docker-run": Action(
            kinds=("deploy",),
            commands=("docker run --detach --name {name} --restart unless-stopped {artifact}",),
            waits=False,
            seen=(
                "docker run -d",
                "docker run --detach",
                "docker container run -d",
                "docker container run --detach",
            ),
        ),
        "docker-service-update": Action(
            kinds=("deploy",),
            commands=(
                "docker service update --detach=false --update-failure-action rollback"
                " --image {artifact} {name}",
            ),
            waits=True,
            seen=("docker service update",),
        ),
        "docker-stack-deploy": Action(
            kinds=("deploy",),
            commands=("docker stack deploy --compose-file {compose} {name}",),
            waits=False,
            seen=("docker stack deploy",),
        ),
    },
    mechanisms={
        "compose-recreate": Mechanism("recreate"),
        "swarm-rolling-update": Mechanism("rolling", ("swarm",)),
    },
    rollbacks={
        "compose-previous-tag": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                'IMAGE="$PREVIOUS_IMAGE" docker compose -f {compose} up --detach --wait --no-build --pull always',
            ),
            signals=("health-check-failed",),
        ),
        "swarm-service-rollback": Rollback(
            "previous-artifact",
            automatic=False,
            commands=("docker service rollback {name}",),
            signals=("health-check-failed",),
            seen=("docker service rollback",),
        ),
        "swarm-automatic-rollback": Rollback(
            "previous-artifact", automatic=True, signals=("health-check-failed", "task-failed")
        ),
    },
    parameters={
        "compose": Parameter(
            "the Compose file of {environment}, whose service takes its image from the variable IMAGE",
            ("docker compose", "docker-compose", "docker stack deploy"),
            ("-f", "--file", "--compose-file", "-c"),
        ),
    },
    signals=frozenset({"health-check-failed", "task-failed"}),
    environments="One Compose file or override and one env file per environment, on its own host or context.",
)
