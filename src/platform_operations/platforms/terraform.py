"""Terraform and OpenTofu: declared infrastructure, a plan that is reviewed, state per environment."""

from collections.abc import Iterator

from platform_operations.platforms.platform import Action, Mechanism, Parameter, Platform, Rollback, Sighting
from platform_operations.platforms.reading import environments, files, hcl, pipelines
from platform_operations.repository import Repository

_CLI = (
    r"\b(?:terraform|tofu|terragrunt)\s+(?:-chdir=\S+\s+)?(?:run-all\s+)?(?:init|plan|apply)\b"
    r"|uses:\s*[\"']?(?:hashicorp/setup-terraform|opentofu/setup-opentofu|dflook/terraform-)"
)


def detect(repository: Repository) -> tuple[Sighting, ...]:
    """Return each folder with configuration, each variable file of an environment, and each pipeline."""
    found: list[Sighting] = []
    folders: set[str] = set()
    for path, content in hcl.terraform(repository):
        folder = files.folder_of(path)
        block = next(hcl.blocks(content, path), None)
        if folder in folders or block is None:
            continue
        folders.add(folder)
        detail = " ".join((block.type, *block.labels))
        found.append(Sighting(path, block.first, block.last, detail, environments.of_folder(folder)))
    found.extend(_variables(repository))
    for path in files.named(repository, frozenset({"terragrunt.hcl"})):
        content = files.text(repository, path) or ""
        environment = environments.of_folder(files.folder_of(path))
        found.append(Sighting(path, 1, files.line_count(content), "Terragrunt", environment))
    found.extend(pipelines.runs(repository, _CLI, "terraform", "tofu", "terragrunt"))
    return tuple(found)


def _variables(repository: Repository) -> Iterator[Sighting]:
    for path in files.ending(repository, ".tfvars", ".tfvars.json", ".tfbackend"):
        environment = environments.of_path(path) or _stem(path)
        content = files.text(repository, path)
        if environment is not None and content is not None:
            yield Sighting(path, 1, files.line_count(content), "variables", environment)


def _stem(path: str) -> str | None:
    stem = files.name_of(path).partition(".")[0]
    return None if stem in {"terraform", "common", "shared", "default", "variables", ""} else stem


PLATFORM = Platform(
    id="terraform",
    title="Terraform",
    detect=detect,
    capabilities=frozenset({"drift-detection", "plan-review", "state-versions"}),
    health=("platform",),
    actions={
        "terraform-apply": Action(
            kinds=("provision", "deploy", "promote"),
            commands=(
                "terraform -chdir={module} init -input=false -lockfile=readonly",
                "terraform -chdir={module} plan -input=false -out=tfplan{variables}",
                "terraform -chdir={module} apply -input=false tfplan",
            ),
            waits=True,
            seen=(
                "terraform apply",
                "tofu apply",
                "terragrunt apply",
                "terragrunt run-all apply",
                "terragrunt run --all apply",
                "atlantis apply",
            ),
            uses=("dflook/terraform-apply", "dflook/tofu-apply"),
        ),
    },
    mechanisms={"terraform-apply": Mechanism("recreate"), "create-before-destroy": Mechanism("blue-green")},
    rollbacks={
        "terraform-previous-commit": Rollback(
            "previous-config",
            automatic=False,
            commands=(
                'git revert --no-edit "$RELEASE_COMMIT"',
                "terraform -chdir={module} plan -input=false -out=tfplan{variables}",
                "terraform -chdir={module} apply -input=false tfplan",
            ),
            signals=("apply-failed", "check-failed"),
        ),
        "terraform-previous-state": Rollback(
            "point-in-time",
            automatic=False,
            commands=(
                "terraform -chdir={module} state pull",
                'terraform -chdir={module} state push "$PREVIOUS_STATE"',
            ),
            signals=("apply-failed",),
            seen=("terraform state push",),
        ),
    },
    parameters={
        "module": Parameter(
            "the root module of {environment}", ("terraform", "tofu"), ("-chdir",), otherwise="{path}"
        ),
        "variables": Parameter(
            "the variable file of {environment}",
            ("terraform", "tofu"),
            ("-var-file",),
            form=" -var-file={}",
            otherwise="",
        ),
    },
    signals=frozenset({"apply-failed", "check-failed", "drift-detected"}),
    environments="One root module folder, variable file with backend key, or workspace per environment.",
)
