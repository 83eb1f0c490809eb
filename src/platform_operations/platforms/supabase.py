"""Supabase: a managed Postgres whose migrations and Edge Functions are released from the repository."""

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
from platform_operations.platforms.reading import files, pipelines, tables
from platform_operations.repository import Repository

_CLI = (
    r"\bsupabase(?:@[\w.^~-]+)?\s+(?:db|link|functions|migration|secrets|branches|config)\b"
    r"|uses:\s*[\"']?supabase/|\bSUPABASE_(?:ACCESS_TOKEN|DB_PASSWORD|PROJECT_(?:ID|REF))\b"
)


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every project folder with its migrations, functions and remotes, and every pipeline."""
    found: list[Sighting] = []
    configured: set[str] = set()
    for path in repository.paths:
        if path == "supabase/config.toml" or path.endswith("/supabase/config.toml"):
            content = files.text(repository, path) if files.counts(path) else None
            if content is not None:
                configured.add(files.folder_of(path))
                found.extend(_project(path, content))
    found.extend(_folders(repository, configured))
    found.extend(pipelines.runs(repository, _CLI, "supabase"))
    return tuple(found)


def _project(path: str, content: str) -> Iterator[Sighting]:
    document = tables.toml(content)
    last = files.line_count(content)
    if document is None:
        yield Sighting(path, 1, last, "project", unreadable="config.toml is no TOML")
        return
    name = tables.string(document, "project_id") or "supabase"
    line = tables.key_line(content, "project_id") or 1
    yield Sighting(path, line, line, "project", workload=Workload(name=name, component_type="database"))
    for remote in tables.table(document, "remotes"):
        heading = tables.heading_line(content, f"remotes.{remote}") or 1
        yield Sighting(path, heading, heading, f"remote {remote}", remote)


def _folders(repository: Repository, configured: set[str]) -> Iterator[Sighting]:
    """Yield the first migration of each project, and each Edge Function's entry point."""
    seen: set[str] = set()
    for path in files.bounded(
        path for path in repository.paths if "supabase/" in path and files.counts(path)
    ):
        project, part, rest = _split(path)
        if part == "migrations" and path.endswith(".sql") and project not in seen:
            seen.add(project)
            content = files.text(repository, path) or ""
            yield Sighting(path, 1, files.line_count(content), "migrations")
        elif part == "functions" and rest.endswith(("/index.ts", "/index.js")) and not rest.startswith("_"):
            content = files.text(repository, path) or ""
            name = rest.split("/")[0]
            workload = Workload(
                name, "serverless", strategy="atomic-promote", mechanism="supabase-functions-deploy"
            )
            yield Sighting(path, 1, files.line_count(content), f"Edge Function {name}", workload=workload)


def _split(path: str) -> tuple[str, str, str]:
    """Return the project folder, the part of it and the rest of a path below a `supabase` folder."""
    head, _, tail = ("/" + path).partition("/supabase/")
    part, _, rest = tail.partition("/")
    return f"{head}/supabase", part, rest


PLATFORM = Platform(
    id="supabase",
    title="Supabase",
    detect=detect,
    capabilities=frozenset({"daily-backups", "migration-history", "preview-branch"}),
    health=("platform",),
    actions={
        "supabase-db-push": Action(
            kinds=("migrate",),
            commands=(
                "supabase link --project-ref {project}",
                "supabase db push --dry-run",
                "supabase db push",
            ),
            waits=True,
            seen=("supabase db push",),
        ),
        "supabase-functions-deploy": Action(
            kinds=("deploy", "promote"),
            commands=("supabase functions deploy --project-ref {project}",),
            waits=True,
            seen=("supabase functions deploy",),
        ),
        "supabase-config-push": Action(
            kinds=("provision",),
            commands=("supabase config push --project-ref {project}",),
            waits=True,
            seen=("supabase config push",),
        ),
    },
    mechanisms={
        "supabase-functions-deploy": Mechanism("atomic-promote"),
        "supabase-db-push": Mechanism("recreate", ("migration-history",)),
    },
    rollbacks={
        "supabase-forward-fix": Rollback(
            "forward-fix",
            automatic=False,
            commands=("supabase migration new take-back", "supabase db push"),
            signals=("migration-failed",),
        ),
        "supabase-pitr": Rollback("point-in-time", automatic=False, signals=("migration-failed",)),
        "supabase-functions-previous-commit": Rollback(
            "previous-artifact",
            automatic=False,
            commands=(
                'git checkout "$PREVIOUS_COMMIT"',
                "supabase functions deploy --project-ref {project}",
            ),
            signals=("function-errors",),
        ),
    },
    parameters={
        "project": Parameter(
            "the reference of the Supabase project of {environment}", ("supabase",), ("--project-ref",)
        ),
    },
    signals=frozenset({"function-errors", "migration-failed"}),
    environments="One project per environment, or branches of one project: per pull request and persistent.",
)
