"""SST: full-stack applications on AWS or Cloudflare, one stage per environment."""

import re
from collections.abc import Iterator

from platform_operations.platforms.platform import (
    Action,
    Mechanism,
    Parameter,
    Platform,
    Rollback,
    Sighting,
    Workload,
)
from platform_operations.platforms.reading import dependencies, files, pipelines
from platform_operations.repository import Repository

_NAMES = frozenset({"sst.config.ts", "sst.config.js", "sst.config.mjs", "sst.json"})
_CLI = r"\bsst\s+(?:deploy|diff|remove|refresh|secret)\b|uses:\s*[\"']?[\w-]+/sst[\w-]*"
_COMPONENT = r"new\s+sst\.(?P<cloud>aws|cloudflare|x)\.(?P<kind>[A-Z]\w+)\(\s*[\"'`](?P<name>[\w-]+)[\"'`]"
_TYPES = {
    "Function": "serverless", "ApiGatewayV1": "serverless", "ApiGatewayV2": "serverless",
    "Worker": "serverless", "Nextjs": "serverless", "Remix": "serverless", "Astro": "serverless",
    "SvelteKit": "serverless", "SolidStart": "serverless", "Nuxt": "serverless",
    "TanStackStart": "serverless", "StaticSite": "static-site", "Service": "http-service",
    "Cron": "scheduled-job", "CronV2": "scheduled-job", "Task": "scheduled-job",
}  # fmt: skip
_BRANCH = r"(?:stage|autodeploy)\b"


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every configuration with the components it declares plainly, and every pipeline."""
    found: list[Sighting] = []
    for path in files.named(repository, _NAMES):
        content = files.text(repository, path)
        if content is not None and ("sst" in content or "$config" in content):
            found.extend(_application(path, content))
    found.extend(dependencies.declared(repository, "sst"))
    found.extend(pipelines.runs(repository, _CLI, "sst"))
    return tuple(found)


def _application(path: str, content: str) -> Iterator[Sighting]:
    yield Sighting(path, 1, files.line_count(content), "application")
    search = re.compile(_COMPONENT).search
    for number, line in enumerate(content.split("\n"), 1):
        match = None if line.lstrip().startswith(("//", "*")) else search(line)
        if match is not None and match["kind"] in _TYPES:
            yield Sighting(
                path, number, number, f"{match['kind']} {match['name']}", workload=_workload(match)
            )


def _workload(match: re.Match[str]) -> Workload:
    kind = _TYPES[match["kind"]]
    if kind == "http-service":
        return Workload(match["name"], "http-service", strategy="rolling", mechanism="sst-service-rolling")
    if kind == "scheduled-job":
        return Workload(match["name"], "scheduled-job")
    component = "static-site" if kind == "static-site" else "serverless"
    return Workload(match["name"], component, strategy="atomic-promote", mechanism="sst-deploy")


PLATFORM = Platform(
    id="sst",
    title="SST",
    detect=detect,
    capabilities=frozenset({"plan-review", "preview-stage", "protected-stage"}),
    health=("platform", "http", "exec"),
    actions={
        "sst-deploy": Action(
            kinds=("deploy", "provision", "promote"),
            commands=("npx sst diff --stage {stage}", "npx sst deploy --stage {stage}"),
            waits=True,
            seen=(
                "sst deploy",
                "pnpm sst deploy",
                "yarn sst deploy",
                "bun sst deploy",
                "bunx sst deploy",
            ),
        ),
    },
    mechanisms={
        "sst-deploy": Mechanism("atomic-promote"),
        "sst-service-rolling": Mechanism("rolling", ("container-service",)),
    },
    rollbacks={
        "sst-previous-commit": Rollback(
            "previous-artifact",
            automatic=False,
            commands=('git checkout "$PREVIOUS_COMMIT"', "npx sst deploy --stage {stage}"),
            signals=("deploy-failed",),
        ),
    },
    parameters={
        "stage": Parameter(
            "the SST stage of {environment}", ("sst",), ("--stage",), otherwise="{environment}"
        ),
    },
    signals=frozenset({"deploy-failed"}),
    environments="One stage per environment, person or pull request; the stage is in every resource's name.",
)
