"""Platforms that are recognised from one table, without a vocabulary of their own."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from platform_operations.platforms.platform import Platform, Sighting
from platform_operations.platforms.reading import dependencies, environments, files, hcl, pipelines
from platform_operations.repository import Repository


class Row(NamedTuple):
    """How one platform is known: its own files (and what must stand in them), Terraform, pipelines.

    `templates` are names that others use too: such a file counts where `schema` stands in it.
    """

    id: str
    title: str
    names: tuple[str, ...]
    mark: str = ""
    prefixes: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    libraries: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    cli: str = ""
    environments: str = ""
    templates: tuple[str, ...] = ()
    schema: str = ""
    left_behind: bool = False
    """Whether its file alone is no sign: repositories that moved on keep it."""


_PUBLIC = (
    r"kaniko-project|distroless|google\.com|google-?containers|google-samples|cloud-builders|cloudsdktool|cloudsql-docker|cloud-sql|k8s-|projectsigstore|tekton"
    r"|oss-fuzz|paketo|buildpacks|kubebuilder|istio|cadvisor|etcd|knative|go-containerregistry|vmwarecloudadvocacy|jetstack|linkerd|spinnaker|heptio|kubecost"
)
"""Projects whose public images anybody pulls, which says nothing of where this runs."""

ROWS = (
    Row(
        "azure", "Azure",
        ("azure.yaml", "host.json", "local.settings.json", "staticwebapp.config.json"),
        prefixes=(".bicep",),
        providers=("azurerm", "azapi"),
        libraries=("@pulumi/azure-native", "@pulumi/azure", "pulumi-azure-native", "pulumi-azure"),
        words=("az ", "az\t", "azd", "azure"),
        cli=r"\baz\s+(?:webapp|functionapp|containerapp|acr|aks|deployment|storage|login|staticwebapp)\b|\bazd\s+(?:up|deploy)\b"
            r"|uses:\s*[\"']?azure/(?!setup-helm|setup-kubectl|k8s-|docker-login|container-scan|trusted-signing|powershell)|\btask:\s*Azure\w+@",
        environments="Resource groups, deployment slots or subscriptions.",
        templates=("template.json", "azuredeploy.json", "maintemplate.json", "main.json"),
        schema=r"schema\.management\.azure\.com/schemas/[^\"]*[dD]eploymentTemplate\.json",
    ),
    Row(
        "cloudflare", "Cloudflare",
        ("wrangler.toml", "wrangler.json", "wrangler.jsonc"),
        providers=("cloudflare",),
        libraries=(
            "wrangler", "@sveltejs/adapter-cloudflare", "@opennextjs/cloudflare", "@astrojs/cloudflare",
            "@pulumi/cloudflare", "pulumi-cloudflare",
        ),
        words=("wrangler", "cloudflare"),
        cli=r"\bwrangler\s+(?:deploy|publish|pages|versions)\b|uses:\s*[\"']?cloudflare/|\bCLOUDFLARE_(?:API_TOKEN|ACCOUNT_ID)\b",
        environments="Environments of a Wrangler file; Pages previews per branch.",
    ),
    Row(
        "cloudfoundry", "Cloud Foundry",
        ("manifest.yml", "manifest.yaml"),
        mark=r"^applications\s*:",
        left_behind=True,
        providers=("cloudfoundry", "cloudfoundry-community"),
        words=("cf ", "cf-", "cloud-gov", "cloud_foundry", "cloudfoundry"),
        cli=r"(?<![\w.-])cf\s+(?:push|login|target|deploy|bg-deploy|blue-green-deploy|zero-downtime-push|set-env)\b"
            r"|uses:\s*[\"']?(?:cloud-gov/cg-cli-tools|citizen-of-planet-earth/cf-cli-action)|\btask:\s*CloudFoundry\w*@",
        environments="One space per environment.",
    ),
    Row(
        "fly", "Fly.io",
        ("fly.toml",),
        mark=r"^\s*(?:app|primary_region)\s*=|^\[",
        words=("fly",),
        cli=r"\bfly(?:ctl)?\s+(?:deploy|launch|apps|secrets)\b|uses:\s*[\"']?superfly/|\bFLY_API_TOKEN\b",
        environments="One app per environment, each with its own fly.toml.",
    ),
    Row(
        "gcp", "Google Cloud",
        ("app.yaml", "app.yml", "cloudbuild.yaml", "cloudbuild.yml", "clouddeploy.yaml", "firebase.json"),
        mark=r"^\s*runtime\s*:|^steps\s*:|deploy\.cloud\.google\.com|^\s*\"(?:hosting|functions|firestore)\"",
        providers=("google", "google-beta"),
        libraries=("@pulumi/gcp", "@pulumi/google-native", "pulumi-gcp", "pulumi_gcp"),
        words=("gcloud", "gsutil", "google-github-actions", "gcr.io", "docker.pkg.dev", "firebase"),
        cli=r"\bgcloud\s+(?:\S+\s+)?(?:run|app|functions|builds|deploy|container|artifacts|auth|compute)\b"
            r"|\bgsutil\s+(?:-\w+\s+)*(?:rsync|cp)\b|\bgcloud\s+storage\s+(?:rsync|cp)\b"
            r"|uses:\s*[\"']?google-github-actions/(?!release-please)|(?<![\w.-])(?:(?:us|eu|asia)\.)?gcr\.io/(?!" + _PUBLIC + r")"
            r"|\b\w+-docker\.pkg\.dev/(?!" + _PUBLIC + r")|\bfirebase\s+deploy\b",
        environments="One project per environment.",
    ),
    Row(
        "heroku", "Heroku",
        ("app.json", "heroku.yml"),
        mark=r"\"(?:buildpacks|addons|formation|stack)\"\s*:|^build\s*:|^run\s*:",
        providers=("heroku",),
        words=("heroku",),
        cli=r"\bheroku\s+(?:container|pipelines|releases|run|ps|git)\S*|git\.heroku\.com|api\.heroku\.com/apps|uses:\s*[\"']?akhileshns/heroku-deploy",
        environments="Apps of a pipeline: review apps, staging, production.",
    ),
    Row(
        "serverless-framework", "Serverless Framework",
        ("serverless.yml", "serverless.yaml", "serverless.ts", "serverless.js", "serverless.json"),
        libraries=("serverless",),
        mark=r"\b(?:service|provider|functions)\b\s*[:=]",
        words=("serverless", "sls"),
        cli=r"\b(?:serverless|sls)\s+deploy\b|uses:\s*[\"']?serverless/github-action",
        environments="One stage per environment.",
    ),
)  # fmt: skip


def _detect(row: Row, repository: Repository) -> tuple[Sighting, ...]:
    found = tuple(_sightings(row, repository))
    return () if row.left_behind and all(files.name_of(one.path) in row.names for one in found) else found


def _sightings(row: Row, repository: Repository) -> Iterator[Sighting]:
    own = files.ending(repository, *row.prefixes) if row.prefixes else ()
    for path in sorted({*files.named(repository, frozenset(row.names)), *own})[: files.MAX_FILES]:
        content = files.text(repository, path)
        line = files.line_with(content, row.mark) if content is not None and row.mark else 1
        if content is not None and line is not None:
            last = max(line, files.line_count(content))
            yield Sighting(path, line, last, f"{row.title} configuration", environments.of_path(path))
    for path in _templates(row, repository):
        content = files.text(repository, path)
        line = files.line_with(content, row.schema) if content is not None else None
        if line is not None:
            yield Sighting(path, line, line, f"{row.title} template", environments.of_path(path))
    if row.providers:
        folders: set[str] = set()
        for path, content in hcl.terraform(repository):
            line = hcl.provider_line(content, *row.providers)
            if line is not None and files.folder_of(path) not in folders:
                folders.add(files.folder_of(path))
                environment = environments.of_folder(files.folder_of(path))
                yield Sighting(path, line, line, f"Terraform resources of {row.title}", environment)
    if row.libraries:
        yield from dependencies.declared(repository, *row.libraries)
    if row.cli:
        yield from pipelines.runs(repository, row.cli, *row.words)


def _templates(row: Row, repository: Repository) -> Iterator[str]:
    if row.templates:
        yield from files.matching(repository, lambda name: name.lower() in row.templates)


def _platform(row: Row) -> Platform:
    return Platform(id=row.id, title=row.title, detect=partial(_detect, row), environments=row.environments)


RECOGNISED: tuple[Platform, ...] = tuple(_platform(row) for row in ROWS)
"""The platforms of the table, in its order."""
