"""Pulumi: infrastructure as programs, one stack per environment."""

from collections.abc import Iterator

from platform_operations.platforms.platform import Action, Mechanism, Parameter, Platform, Rollback, Sighting
from platform_operations.platforms.reading import dependencies, files, pipelines
from platform_operations.repository import Repository

_CLI = (
    r"\bpulumi\s+(?:-\S+\s+)*(?:up|update|preview|refresh|stack|login)\b|uses:\s*[\"']?pulumi/"
    r"|\bPULUMI_ACCESS_TOKEN\b"
)
_PROJECT = r"^\s*(?:runtime|name)\s*:"


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return every project, every stack file with its name as environment, and every pipeline."""
    found: list[Sighting] = []
    for path in files.matching(repository, lambda name: _stack(name) is not None):
        content = files.text(repository, path)
        if content is not None:
            found.extend(_file(path, content))
    found.extend(dependencies.declared(repository, "@pulumi/pulumi", "pulumi"))
    found.extend(pipelines.runs(repository, _CLI, "pulumi"))
    return tuple(found)


def _stack(path: str) -> str | None:
    """Return the stack that a file configures, "" for the project file, None for other files."""
    name = files.name_of(path)
    if not name.startswith("Pulumi.") or not name.endswith((".yaml", ".yml")):
        return None
    return name.removeprefix("Pulumi").rsplit(".", 1)[0].removeprefix(".")


def _file(path: str, content: str) -> Iterator[Sighting]:
    stack = _stack(path)
    last = files.line_count(content)
    if stack:
        yield Sighting(path, 1, last, f"stack {stack}", stack.rpartition("/")[2])
        return
    line = files.line_with(content, _PROJECT)
    if line is not None:
        yield Sighting(path, line, last, "project")


PLATFORM = Platform(
    id="pulumi",
    title="Pulumi",
    detect=detect,
    capabilities=frozenset({"drift-detection", "plan-review", "policy-packs", "state-versions"}),
    health=("platform",),
    actions={
        "pulumi-up": Action(
            kinds=("provision", "deploy", "promote"),
            commands=(
                "pulumi preview --stack {stack} --cwd {project} --diff",
                "pulumi up --stack {stack} --cwd {project} --yes --skip-preview",
            ),
            waits=True,
            seen=("pulumi up", "pulumi update", "pulumi deployment run"),
            uses=("pulumi/actions",),
        ),
    },
    mechanisms={"pulumi-up": Mechanism("recreate"), "pulumi-create-before-delete": Mechanism("blue-green")},
    rollbacks={
        "pulumi-previous-commit": Rollback(
            "previous-config",
            automatic=False,
            commands=(
                'git revert --no-edit "$RELEASE_COMMIT"',
                "pulumi up --stack {stack} --cwd {project} --yes",
            ),
            signals=("policy-violated", "update-failed"),
        ),
        "pulumi-stack-import": Rollback(
            "point-in-time",
            automatic=False,
            commands=(
                "pulumi stack export --stack {stack} --cwd {project} --version $STATE_VERSION"
                " --file state.json",
                "pulumi stack import --stack {stack} --cwd {project} --file state.json",
            ),
            signals=("update-failed",),
            seen=("pulumi stack import",),
        ),
    },
    parameters={
        "stack": Parameter("the Pulumi stack of {environment}", ("pulumi",), ("--stack", "-s")),
        "project": Parameter("the folder of Pulumi.yaml", ("pulumi",), ("--cwd", "-C"), otherwise="."),
    },
    signals=frozenset({"drift-detected", "policy-violated", "update-failed"}),
    environments="One stack per environment, with its settings in Pulumi.STACK.yaml and its own state.",
)
