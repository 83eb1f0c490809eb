"""Netlify: atomic deploys, a preview for each pull request, any earlier deploy published again."""

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
from platform_operations.platforms.reading import dependencies, files, pipelines, tables
from platform_operations.repository import Repository

_CLI = (
    r"\b(?:netlify|ntl)(?:-cli)?(?:@[\w.^~-]+)?\s+(?:deploy|build|api)\b"
    r"|uses:\s*[\"']?(?:nwtgck/actions-netlify|netlify/actions)|api\.netlify\.com|\bNETLIFY_(?:AUTH_TOKEN|SITE_ID)\b"
)
_CONTEXTS = {"production": "production", "deploy-preview": "deploy-preview", "branch-deploy": "branch-deploy"}
_LIBRARIES = (
    "@netlify/functions", "@netlify/edge-functions", "@netlify/plugin-nextjs", "@sveltejs/adapter-netlify",
    "@astrojs/netlify",
)  # fmt: skip


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every netlify.toml with the contexts it configures, and every pipeline that deploys there."""
    found: list[Sighting] = []
    for path in files.named(repository, frozenset({"netlify.toml"})):
        content = files.text(repository, path)
        if content is not None:
            found.extend(_site(path, content))
    found.extend(dependencies.declared(repository, *_LIBRARIES))
    found.extend(pipelines.runs(repository, _CLI, "netlify"))
    return tuple(found)


def _site(path: str, content: str) -> Iterator[Sighting]:
    document = tables.toml(content)
    last = files.line_count(content)
    if document is None:
        yield Sighting(path, 1, last, "site configuration", unreadable="the file is no TOML")
        return
    functions = bool(document.get("functions") or document.get("edge_functions"))
    workload = Workload(
        name=files.name_of(files.folder_of(path)) or "site",
        component_type="serverless" if functions else "static-site",
        strategy="atomic-promote",
        mechanism="netlify-publish",
        source=files.folder_named(path, tables.string(tables.table(document, "build"), "base")),
    )
    yield Sighting(path, 1, last, "site configuration", workload=workload)
    for name in tables.table(document, "context"):
        line = (
            tables.heading_line(content, f"context.{name}")
            or tables.heading_line(content, f'context."{name}"')
            or 1
        )
        yield Sighting(path, line, line, f"context {name}", _CONTEXTS.get(name, name))


PLATFORM = Platform(
    id="netlify",
    title="Netlify",
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
        "netlify-deploy": Action(
            kinds=("deploy",),
            commands=("netlify deploy --no-build --dir={bundle}{draft} --json",),
            waits=True,
            seen=("netlify deploy", "ntl deploy", "netlify-cli deploy"),
            uses=("nwtgck/actions-netlify", "netlify/actions/cli", "South-Paw/action-netlify-deploy"),
        ),
        "netlify-publish": Action(
            kinds=("promote",),
            commands=(
                'curl --fail --silent --show-error -X POST -H "Authorization: Bearer $NETLIFY_AUTH_TOKEN"'
                ' "https://api.netlify.com/api/v1/sites/{site}/deploys/$DEPLOY_ID/restore"',
            ),
            waits=True,
            seen=("netlify api restoreSiteDeploy", "netlify-cli api restoreSiteDeploy"),
        ),
    },
    mechanisms={
        "netlify-publish": Mechanism("atomic-promote", ("preview-deployment", "promote-without-rebuild")),
        "netlify-split-testing": Mechanism("canary", ("branch-split",)),
    },
    rollbacks={
        "netlify-restore-deploy": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                'curl --fail --silent --show-error -X POST -H "Authorization: Bearer $NETLIFY_AUTH_TOKEN"'
                ' "https://api.netlify.com/api/v1/sites/{site}/deploys/$PREVIOUS_DEPLOY_ID/restore"',
            ),
            signals=("deploy-failed",),
        ),
    },
    parameters={
        "site": Parameter("the id of {component}'s site", ("netlify deploy", "ntl deploy"), ("--site", "-s")),
        "bundle": Parameter(
            "the folder that the build writes", ("netlify deploy", "ntl deploy"), ("--dir", "-d")
        ),
        "draft": Parameter("who meets the deploy", otherwise=""),
    },
    signals=frozenset({"deploy-failed"}),
    environments="Deploy contexts: production, deploy-preview, branch-deploy, and single branches.",
)
