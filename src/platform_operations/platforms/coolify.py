"""Coolify: a self-hosted platform that builds or pulls images and runs them with Docker."""

import re

from platform_operations.platforms.platform import Action, Mechanism, Parameter, Platform, Rollback, Sighting
from platform_operations.platforms.reading import files, pipelines
from platform_operations.repository import Repository

_COMPOSE = (
    r"^(?:docker-)?compose[._-]coolify\.ya?ml$|^coolify[._-](?:docker-)?compose\.ya?ml$"
    r"|^coolify\.(?:json|ya?ml)$"
)
_MARK = r"^\s*+-?\s*+[\"']?coolify\.[\w.-]+\s*[=:]|\bSERVICE_(?:FQDN|URL|USER|PASSWORD|BASE64)_[A-Z0-9_]+"
_CLI = (
    r"/api/v1/deploy\?|\bCOOLIFY_[A-Z_]+\b|uses:\s*[\"']?[\w-]+/[\w-]*coolify[\w-]*"
    r"|\bcoolify\s+(?:deploy|app)\s"
)


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return Compose files made for Coolify, and every pipeline that calls its webhook, API or CLI."""
    found: list[Sighting] = []
    for path in files.matching(repository, _candidate):
        content = files.text(repository, path)
        if content is None:
            continue
        if re.match(_COMPOSE, files.name_of(path)):
            found.append(Sighting(path, 1, files.line_count(content), "made for Coolify"))
            continue
        line = files.line_with(content, _MARK)
        if line is not None:
            found.append(Sighting(path, line, line, "Coolify's own variable or label"))
    found.extend(pipelines.runs(repository, _CLI, "coolify"))
    return tuple(found)


def _candidate(name: str) -> bool:
    low = name.lower()
    return ("compose" in low or "coolify" in low) and low.endswith((".yml", ".yaml", ".json"))


PLATFORM = Platform(
    id="coolify",
    title="Coolify",
    detect=detect,
    capabilities=frozenset({"health-gated-rollout", "local-rollback", "preview-deployment"}),
    health=("http", "exec"),
    actions={
        "coolify-deploy": Action(
            kinds=("deploy",),
            commands=(
                'curl --fail --silent --show-error -X POST -H "Authorization: Bearer $COOLIFY_TOKEN"'
                ' "$COOLIFY_URL/api/v1/deploy?uuid={resource}"',
            ),
            waits=False,
            seen=("coolify deploy",),
            uses=("themartes/coolify-redeploy", "assaf/coolify-deploy"),
        ),
        "coolify-deploy-tag": Action(
            kinds=("deploy", "promote"),
            commands=("coolify deploy uuid {resource} --docker-tag {reference}",),
            waits=False,
            seen=("coolify deploy uuid",),
        ),
    },
    mechanisms={
        "coolify-rolling-update": Mechanism("rolling", ("health-gated-rollout",)),
        "coolify-compose-recreate": Mechanism("recreate"),
    },
    rollbacks={
        "coolify-rollback": Rollback(
            "previous-artifact", automatic=False, signals=("deployment-failed", "health-check-failed")
        ),
        "coolify-previous-tag": Rollback(
            "previous-artifact",
            automatic=False,
            commands=("coolify deploy uuid {resource} --docker-tag {reference}",),
            signals=("deployment-failed", "health-check-failed"),
        ),
    },
    parameters={
        "resource": Parameter(
            "the id of {component} of {environment} in Coolify", ("coolify deploy uuid",), operand=0
        ),
    },
    signals=frozenset({"deployment-failed", "health-check-failed"}),
    environments="Environments inside a project, one application per branch or stage, and previews.",
)
