"""New stages: what builds, checks, deploys, verifies and approves, in the repository's own words."""

from platform_operations.model.delivery import (
    Artifact,
    Component,
    Consumed,
    Pipeline,
    Stage,
)
from platform_operations.model.plan import Plan
from platform_operations.model.words import ArtifactKind, Identity
from platform_operations.patterns import regex
from platform_operations.validate.compose.handover import handed
from platform_operations.validate.compose.installing import inside_folder, manager_of, with_dependencies
from platform_operations.validate.compose.parties import cited, evidence_of, is_aside, spoken_by
from platform_operations.validate.compose.systems import system_of
from platform_operations.validate.compose.variables import named_variables
from platform_operations.validate.edits import amend, assume, fresh
from platform_operations.validate.expectations import is_installed
from platform_operations.validate.graph import FOLLOWING
from platform_operations.validate.rule import Review

IDENTITY: dict[ArtifactKind, Identity] = {
    "container-image": "digest",
    "function-archive": "checksum",
    "static-bundle": "checksum",
    "platform-deployment": "deployment",
    "package": "version",
    "mobile-binary": "version",
    "configuration": "commit",
}
"""The immutable name that each kind of artifact goes by."""

VARIABLE: dict[Identity, str] = {
    "digest": "$IMAGE_DIGEST",
    "checksum": "$ARTIFACT_SHA256",
    "version": "$VERSION",
    "deployment": "$DEPLOYMENT_ID",
    "commit": "$COMMIT",
}


def component_of(plan: Plan, name: str | None) -> Component | None:
    """Return a component by id."""
    return next((component for component in plan.components if component.id == name), None)


def artifact_kind(component: Component) -> ArtifactKind:
    """Return the kind of artifact that a component is released as."""
    if is_installed(component):
        return "mobile-binary" if "mobile-app" in component.types else "package"
    if {"vercel", "netlify", "railway"} & set(
        component.platforms
    ) and "kubernetes" not in component.platforms:
        return "platform-deployment"  # these build by themselves from what is uploaded
    if component.types == ("serverless",) and "aws" in component.platforms:
        return "function-archive"
    if "docker" in component.platforms:
        return "container-image"
    if {"vercel", "netlify", "railway", "render", "coolify"} & set(component.platforms):
        return "platform-deployment"
    if "serverless" in component.types:
        return "function-archive"
    return "static-bundle" if "static-site" in component.types else "configuration"


_PACKAGING = {
    "container-image": ("docker build --tag {artifact}:{commit} {path}", "docker push {artifact}:{commit}"),
    "package:python": ("python -m build",),
    "package:javascript": ("{pack}",),
    "package:typescript": ("{pack}",),
    "package:rust": ("cargo package",),
    "package:java": ("mvn --batch-mode package",),
    "package:go": ("go build ./...",),
    "package:ruby": ("gem build",),
    "static-bundle:javascript": ("{manager} run build",),
    "static-bundle:typescript": ("{manager} run build",),
}

_TESTS = {
    "python": "python -m pytest",
    "javascript": "{manager} test",
    "typescript": "{manager} test",
    "go": "go test ./...",
    "rust": "cargo test",
    "java": "mvn -B verify",
    "kotlin": "gradle check",
    "ruby": "bundle exec rspec",
    "php": "vendor/bin/phpunit",
    "csharp": "dotnet test",
    "elixir": "mix test",
    "dart": "flutter test",
    "swift": "swift test",
}
"""How each language's packages are tested by habit, where the component shows no way of its own."""


def packaging(
    review: Review, component: Component, kind: ArtifactKind, artifact: str, commit: str = "$COMMIT"
) -> tuple[str, ...]:
    """Return the commands that make an artifact of `kind` from the component."""
    if kind == "platform-deployment" and "vercel" in component.platforms:
        return ("vercel pull --yes --environment=production", "vercel build --prod")
    if kind == "package" and "helm" in component.platforms:
        return (f"helm package {component.path}",)
    if kind == "function-archive" and "aws" in component.platforms:
        template = review.value(f"components/{component.id}", "aws.template")
        return (f"sam build --template-file {template}" if template else "sam build",)
    like = "static-bundle" if kind == "platform-deployment" else kind
    keys = [f"{like}:{language}" for language in spoken_by(component)]
    lines = next(
        (_PACKAGING[key] for key in (*keys, kind) if key in _PACKAGING),
        ("git rev-parse --verify HEAD",),
    )
    named = f"$REGISTRY/{artifact}" if kind == "container-image" else artifact
    manager = manager_of(review, component)
    pack = {"bun": "bun pm pack", "npm": "npm pack"}.get(manager, f"{manager} pack")
    own = review.value(f"components/{component.id}", "build-command")
    if "{pack}" in lines and own:
        lines = (own, *lines)
    filled = tuple(
        line.replace("{artifact}", named)
        .replace("{commit}", commit)
        .replace("{path}", dockerfile_and_context(component))
        .replace("{manager}", manager)
        .replace("{pack}", pack)
        for line in lines
    )
    if kind in {"container-image", "configuration"} or not keys or lines[0].startswith("git "):
        return filled
    if any("{pack}" in line or "{manager}" in line for line in lines):
        return with_dependencies(review, component, filled)
    return inside_folder(component, filled)


def dockerfile_and_context(component: Component) -> str:
    """Return what `docker build` takes for a component: its folder, with --file where its Dockerfile lies elsewhere or is named otherwise."""
    for uri in component.evidence:
        path = uri.removeprefix("repo:").partition("#")[0]
        folder, _, name = path.rpartition("/")
        if "dockerfile" not in name.lower() and name != "Containerfile":
            continue
        own = "" if component.path in {".", ""} else component.path
        context = component.path if folder == own or not own or folder.startswith(f"{own}/") else "."
        plain = name in {"Dockerfile", "Containerfile"} and folder == ("" if context == "." else context)
        return context if plain else f"--file {path} {context}"
    return component.path


def assumed_commands(plan: Plan, stage: Stage) -> Plan:
    """Return the plan in which an assumption stands for commands that nothing in the repository shows."""
    if not stage.runs:
        return plan
    confirm = plan.owners[0].id if plan.owners else None
    fills = (f"pipelineStages/{stage.id}/runs",)
    made = sorted({line.split()[1] for line in stage.runs if line.startswith("make ")})
    for target in made:
        plan = assume(
            plan,
            f"make-{target}",
            f"The repository has a target `make {target}`, or gets one before the stage that runs it: "
            "it fails unless what it is named after holds.",
            fills=fills,
            confirm_with=confirm,
        )
    for name, meaning in named_variables(plan, stage):
        plan = assume(
            plan, f"variable-{name}", f"{name} is set in CI: {meaning}.", fills=fills, confirm_with=confirm
        )
    return assume(
        plan,
        "commands",
        "The tools of these commands are installed in CI, and the lines of a stage run as one script that ends at the first failure.",
        fills=fills,
        confirm_with=confirm,
    )


def add_stage(review: Review, plan: Plan, stage: Stage, *, before: str | None = None) -> Plan:
    """Return the plan with a new stage, which `before` then waits for."""
    plan = cited(review, plan, stage.evidence)
    plan = assumed_commands(handed(review, plan.with_entry("pipelineStages", stage), stage.id), stage)
    plan = _composed(_listening(review, plan, stage), stage)
    return add_need(plan, before, stage.id) if before else plan


_COMPOSED = regex(r"^IMAGE=\S+ docker compose -f ([^\s$]+) ")


def _composed(plan: Plan, stage: Stage) -> Plan:
    """Return the plan in which an assumption says that a Compose file takes the image that a stage hands it."""
    found = next((match[1] for line in stage.runs if (match := _COMPOSED.match(line))), None)
    if found is None:
        return plan
    return assume(
        plan,
        f"compose-image-{stage.component or 'all'}",
        f"In {found} the image of {stage.component}'s service is the variable IMAGE.",
        fills=(f"pipelineStages/{stage.id}/runs",),
        confirm_with=plan.owners[0].id if plan.owners else None,
    )


_LOCAL = regex(r"127\.0\.0\.1:(\d+)")


def _listening(review: Review, plan: Plan, stage: Stage) -> Plan:
    """Return the plan in which an assumption names the port that a verification asks, where no file shows it."""
    asked = next((found[1] for line in stage.runs if (found := _LOCAL.search(line))), None)
    if asked is None or stage.component is None or review.value(f"components/{stage.component}", "port"):
        return plan
    return assume(
        plan,
        f"{stage.component}-port",
        f"{stage.component} listens on port {asked} where it is started in CI: nothing in the repository shows its port.",
        fills=(f"pipelineStages/{stage.id}/runs",),
        confirm_with=plan.owners[0].id if plan.owners else None,
    )


def add_need(plan: Plan, stage: str, need: str) -> Plan:
    """Return the plan in which `stage` cannot start before `need` succeeded.

    Where that is a stage of another pipeline the stage's own pipeline is started by it, if a push started both; one
    that starts otherwise cannot wait, and stays as it is.
    """
    entry = plan.by_name.get(f"pipelineStages/{stage}")
    if not isinstance(entry, Stage) or need in entry.needs:
        return plan
    joined = _following(plan, entry.pipeline, need)
    if joined is None:
        return plan
    plan = joined
    optional = tuple(name for name in entry.optional_needs if name != need)
    return plan.with_entry(
        "pipelineStages", entry.model_copy(update={"needs": (*entry.needs, need), "optional_needs": optional})
    )


def _following(plan: Plan, pipeline: str, need: str) -> Plan | None:
    """Return the plan in which a pipeline can wait for a stage, None where it cannot."""
    entry, other = plan.by_name.get(f"pipelines/{pipeline}"), plan.by_name.get(f"pipelineStages/{need}")
    if not isinstance(entry, Pipeline) or not isinstance(other, Stage) or other.pipeline == pipeline:
        return plan
    if entry.triggers and FOLLOWING.issuperset(entry.triggers):
        return plan
    if not {"push-default-branch", "push-branch"}.issuperset(entry.triggers):
        return None
    return amend(plan, "pipelines", pipeline, triggers=("upstream",))


def with_artifact(review: Review, plan: Plan, component: Component, pipeline: str) -> tuple[Plan, Artifact]:
    """Return the plan with an artifact of the component and a stage that produces it once."""
    made = {name: stage for stage in plan.pipeline_stages for name in stage.produces}
    known = [entry for entry in plan.artifacts if entry.component == component.id]
    known.sort(
        key=lambda entry: (
            entry.id in made and (is_aside(made[entry.id].pipeline) or is_aside(made[entry.id].id)),
            entry.id in made and made[entry.id].pipeline != pipeline,
        )
    )
    proposing = {row.id for row in plan.pipelines if set(row.triggers) == {"pull-request"}}
    for entry in known:
        if entry.id in made and (made[entry.id].pipeline not in proposing or pipeline in proposing):
            return plan, entry
    known = [entry for entry in known if entry.id not in made]
    kind = known[0].kind if known else artifact_kind(component)
    suffix = {"container-image": "image", "package": "package"}.get(kind, "artifact")
    entry = (
        known[0]
        if known
        else Artifact(
            id=fresh(plan, "artifacts", f"{component.id}-{suffix}"),
            component=component.id,
            kind=kind,
            identity=IDENTITY[kind],
        )
    )
    plan = plan.with_entry("artifacts", entry)
    tests = [
        stage.id
        for stage in plan.pipeline_stages
        if stage.component == component.id and stage.kind == "test" and stage.pipeline == pipeline
    ]
    stage = Stage(
        id=fresh(
            plan, "pipelineStages", f"package-{component.id}" if len(plan.components) > 1 else "package"
        ),
        kind="package",
        pipeline=pipeline,
        component=component.id,
        needs=tuple(tests),
        runs=packaging(review, component, kind, entry.id, system_of(plan, pipeline).commit),
        produces=(entry.id,),
    )
    return add_stage(review, plan, stage), entry


def test_stage(review: Review, plan: Plan, component: Component, pipeline: str) -> tuple[Plan, Stage]:
    """Return the plan with a stage that runs the component's tests: as another pipeline does, else as its package says."""
    known = [
        stage for stage in plan.pipeline_stages if stage.kind == "test" and stage.component == component.id
    ]
    own = review.value(f"components/{component.id}", "test-command")
    habit = next((_TESTS[name] for name in spoken_by(component) if name in _TESTS), "make test")
    manager = manager_of(review, component)
    habit = habit.replace("{manager}", "bun run" if manager == "bun" else manager)
    runs = known[0].runs if known else with_dependencies(review, component, (own or habit,))
    uris = evidence_of(review, f"components/{component.id}", "test-command") if own and not known else ()
    stage = Stage(
        id=fresh(plan, "pipelineStages", scoped(plan, component, "test")),
        kind="test",
        pipeline=pipeline,
        component=component.id,
        runs=runs,
        evidence=known[0].evidence if known else uris,
    )
    plan = cited(review, plan.with_entry("pipelineStages", stage), uris)
    if known or own or not runs[-1]:
        return (plan if known else assumed_commands(plan, stage)), stage
    plan = assume(
        plan,
        f"{component.id}-tests",
        f"{component.id} has tests that `{runs[-1]}` runs, or gets them: nothing in the repository shows any.",
        fills=(f"pipelineStages/{stage.id}/runs",),
        confirm_with=plan.owners[0].id if plan.owners else None,
    )
    return assumed_commands(plan, stage), stage


def scoped(plan: Plan, component: Component, word: str) -> str:
    return f"{word}-{component.id}" if len(plan.components) > 1 else word


def reference_of(plan: Plan, artifact: str) -> Identity:
    """Return the immutable name that an artifact is to be taken by."""
    entry = plan.by_name.get(f"artifacts/{artifact}")
    return IDENTITY[entry.kind] if isinstance(entry, Artifact) else "digest"


def consumed(plan: Plan, *artifacts: str) -> tuple[Consumed, ...]:
    """Return how a stage takes `artifacts`: each by its immutable name."""
    return tuple(Consumed(artifact=name, reference=reference_of(plan, name)) for name in artifacts)
