"""Vercel: immutable deployments, preview for each branch, promotion and instant rollback."""

import re

from platform_operations.platforms.platform import Action, Mechanism, Platform, Rollback, Sighting, Workload
from platform_operations.platforms.reading import dependencies, files, pipelines
from platform_operations.repository import Repository

_NAMES = frozenset({"vercel.json", "vercel.ts", "now.json"})
_KEYS = (
    r'"(?:\$schema|version|builds|routes|rewrites|redirects|headers|framework|buildCommand|installCommand|functions'
    r'|crons|regions|git|github|outputDirectory|ignoreCommand|cleanUrls|trailingSlash|public|env|rootDirectory)"\s*:'
)
_CLI = (
    r"\bvercel(?:@[\w.^~-]+)?\s+(?:deploy|build|pull|promote|rollback|alias|rolling-release|--prod|--token)\b"
    r"|uses:\s*[\"']?[\w-]+/vercel-action|\bVERCEL_(?:TOKEN|PROJECT_ID)\b"
)
_LIBRARIES = (
    "@vercel/analytics", "@vercel/speed-insights", "@vercel/functions", "@vercel/edge-config",
    "@sveltejs/adapter-vercel", "@astrojs/vercel",
)  # fmt: skip


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every project configuration, and every pipeline that runs Vercel's CLI or action."""
    found: list[Sighting] = []
    for path in files.named(repository, _NAMES):
        content = files.text(repository, path)
        if content is not None and (
            path.endswith(".ts") or content.strip() == "{}" or re.search(_KEYS, content)
        ):
            found.append(_project(path, content))
    found.extend(dependencies.declared(repository, *_LIBRARIES))
    found.extend(pipelines.runs(repository, _CLI, "vercel"))
    return tuple(found)


def _project(path: str, content: str) -> Sighting:
    first = files.line_with(content, _KEYS) or 1
    folder = files.name_of(files.folder_of(path))
    functions = re.search(r'"functions"\s*:|"crons"\s*:', content)
    return Sighting(
        path,
        first,
        files.line_count(content),
        "project configuration",
        workload=Workload(
            name=folder or "app",
            component_type="serverless" if functions else None,
            strategy="atomic-promote",
            mechanism="vercel-deploy",
            region=_region(content),
        ),
    )


def _region(content: str) -> str | None:
    match = re.search(r'"regions"\s*:\s*\[\s*"([a-z]{3}\d)"\s*\]', content)
    return match[1] if match else None


PLATFORM = Platform(
    id="vercel",
    title="Vercel",
    detect=detect,
    capabilities=frozenset(
        {
            "immutable-deployments",
            "instant-rollback",
            "preview-deployment",
            "promote-without-rebuild",
        }
    ),
    health=("platform", "http"),
    actions={
        "vercel-deploy": Action(
            kinds=("deploy",),
            commands=(
                "vercel pull --yes --environment=production",
                "vercel build --prod",
                "vercel deploy --prebuilt --prod --skip-domain",
            ),
            waits=True,
            seen=("vercel deploy", "vercel"),
            uses=("amondnet/vercel-action", "BetaHuhn/deploy-to-vercel-action"),
        ),
        "vercel-promote": Action(
            kinds=("promote",),
            commands=('vercel promote "$DEPLOYMENT_URL" --yes --timeout=5m',),
            waits=True,
            seen=("vercel promote",),
        ),
        "vercel-rolling-release": Action(
            kinds=("promote",),
            commands=('vercel rolling-release start --dpl="$DEPLOYMENT_URL"',),
            waits=False,
            seen=("vercel rolling-release", "vercel rr"),
        ),
        "vercel-alias": Action(
            kinds=("promote",),
            commands=('vercel alias set "$DEPLOYMENT_URL" {url}',),
            waits=True,
            seen=("vercel alias",),
        ),
    },
    mechanisms={
        "vercel-promote": Mechanism("atomic-promote", ("preview-deployment", "promote-without-rebuild")),
        "vercel-deploy": Mechanism("atomic-promote", ("immutable-deployments",)),
        "vercel-rolling-release": Mechanism("canary", ("traffic-split", "preview-deployment")),
        "vercel-flags": Mechanism("feature-flag", ("feature-flags",)),
    },
    rollbacks={
        "vercel-instant-rollback": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                'vercel rollback "$PREVIOUS_DEPLOYMENT_URL" --yes --timeout=5m',
                "vercel rollback status",
            ),
            signals=("deployment-failed", "check-failed"),
            seen=("vercel rollback",),
        ),
        "vercel-rolling-release-abort": Rollback(
            "halted-rollout",
            automatic=False,
            commands=('vercel rolling-release abort --dpl="$DEPLOYMENT_URL"',),
            signals=("deployment-failed",),
            seen=("vercel rolling-release abort", "vercel rr abort"),
        ),
        "vercel-flag-off": Rollback("flag-off", automatic=False),
    },
    signals=frozenset({"check-failed", "deployment-failed"}),
    environments="Production, Preview (per branch) and Development, with custom environments on paid plans.",
)
