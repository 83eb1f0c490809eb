"""Railway: services built from a repository, configured in code or in its dashboard."""

from collections.abc import Iterator

from platform_operations.model.delivery import HealthCheck
from platform_operations.platforms.platform import (
    Action,
    Mechanism,
    Parameter,
    Platform,
    Rollback,
    Sighting,
    Workload,
)
from platform_operations.platforms.reading import files, health, pipelines, tables
from platform_operations.repository import Repository

_NAMES = frozenset({"railway.toml", "railway.json"})
_CLI = (
    r"\brailway(?:@[\w.^~-]+)?\s+(?:up|redeploy|deploy|run|link|environment)\b|\bRAILWAY_(?:API_)?TOKEN\b"
    r"|ghcr\.io/railwayapp/cli|uses:\s*[\"']?[\w-]+/railway-[\w-]+"
)
_DEFAULT_TIMEOUT = 300  # seconds, "Healthchecks" in Railway's documentation


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every configuration file with its environments, and every pipeline that deploys there."""
    found: list[Sighting] = []
    for path in files.named(repository, _NAMES):
        content = files.text(repository, path)
        if content is None:
            continue
        document = tables.toml(content) if path.endswith(".toml") else tables.loads(content)
        if document is None:
            last = files.line_count(content)
            found.append(
                Sighting(path, 1, last, "service configuration", unreadable="the file cannot be parsed")
            )
        else:
            found.extend(_service(path, content, document))
    found.extend(pipelines.runs(repository, _CLI, "railway"))
    return tuple(found)


def _service(path: str, content: str, document: tables.Table) -> Iterator[Sighting]:
    name = files.name_of(files.folder_of(path)) or "app"
    deploy = tables.table(document, "deploy")
    yield Sighting(
        path,
        1,
        files.line_count(content),
        "service configuration",
        workload=_workload(path, content, name, deploy),
    )
    for environment, over in tables.table(document, "environments").items():
        line = (
            tables.heading_line(content, f"environments.{environment}")
            or tables.key_line(content, environment)
            or 1
        )
        merged = {**deploy, **tables.table(over, "deploy")}
        yield Sighting(
            path,
            line,
            line,
            f"environment {environment}",
            environment,
            _workload(path, content, name, merged),
        )


def _workload(path: str, content: str, name: str, deploy: tables.Table) -> Workload:
    target = tables.string(deploy, "healthcheckPath")
    line = tables.key_line(content, "healthcheckPath") if target else None
    regions = list(tables.table(deploy, "multiRegionConfig"))
    region = regions[0] if len(regions) == 1 else tables.string(deploy, "region")
    replicas = tables.string(deploy, "numReplicas")
    scheduled = tables.string(deploy, "cronSchedule") is not None
    return Workload(
        name=name,
        component_type="scheduled-job" if scheduled else ("http-service" if target else None),
        health=_health(target, deploy),
        probe_lines=(path, line, line) if line else None,
        replicas=int(replicas) if replicas and replicas.isdigit() else None,
        strategy=None if scheduled else "rolling",
        mechanism=None if scheduled else "railway-health-gated",
        region=region,
    )


def _health(target: str | None, deploy: tables.Table) -> HealthCheck | None:
    if target is None:
        return None
    limit = health.span(tables.string(deploy, "healthcheckTimeout")) or _DEFAULT_TIMEOUT
    return HealthCheck(kind="http", target=target, timeout=health.duration(limit))


PLATFORM = Platform(
    id="railway",
    title="Railway",
    detect=detect,
    capabilities=frozenset(
        {"health-gated-rollout", "preview-deployment", "pre-deploy-command", "zero-downtime"}
    ),
    health=("http",),
    actions={
        "railway-up": Action(
            kinds=("deploy",),
            commands=(
                "railway up --ci --service {service} --environment {environment}",
                "railway deployment list --service {service} --environment {environment} --limit 1 --json",
            ),
            waits=False,
            seen=("railway up", "railway deployment up"),
            uses=("bervProject/railway-deploy",),
        ),
        "railway-redeploy": Action(
            kinds=("deploy",),
            commands=("railway redeploy --service {service} --yes",),
            waits=False,
            seen=("railway redeploy", "railway deployment redeploy"),
        ),
    },
    mechanisms={"railway-health-gated": Mechanism("rolling", ("health-gated-rollout",))},
    rollbacks={
        "railway-rollback": Rollback("previous-artifact", automatic=False, signals=("deployment-failed",)),
        "railway-keep-previous": Rollback("halted-rollout", automatic=True, signals=("health-check-failed",)),
    },
    parameters={
        "service": Parameter("the Railway service of {component}", ("railway",), ("--service", "-s")),
    },
    signals=frozenset({"deployment-crashed", "deployment-failed", "health-check-failed"}),
    environments="Persistent environments of one project, each tracking a branch, and one per pull request.",
)
