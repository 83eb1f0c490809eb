"""What someone tries who moves things elsewhere: gates, verifications, environments, builds, releases by other names."""

from collections.abc import Iterator

from tests.attacks_on_delivery import UNVERIFIED, judged_by_steps, lone_scans
from tests.mutating import Mutant, amended, at_users, operator, releases, validates

from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Environment, Pipeline, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import RELEASING
from platform_operations.validate import Review

LOCAL = "curl --fail http://localhost:8080/healthz"


def guarding(plan: Plan, release: Stage) -> list[Stage]:
    """Return what verifies a release at a lower exposure and holds it."""
    graph = Review(plan).graph
    found = graph.lower_verifications(release)
    return [stage for stage in found if graph.guarded_by(release.id, stage.id)]


def beside(plan: Plan) -> Plan:
    return plan.with_entry("pipelines", Pipeline(id="side", triggers=("push-default-branch",)))


@operator("gate-bypassable")
def gate_in_a_pipeline_of_its_own(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate, stage, _own in lone_scans(plan):
        if stage.kind in {"analyze", "test"}:
            moved = amended(beside(plan), "pipelineStages", stage.id, pipeline="side", needs=())
            yield Mutant(moved, gate.id)


@operator(*UNVERIFIED)
def verification_in_a_pipeline_of_its_own(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        found = guarding(plan, release)
        if not judged_by_steps(plan, release) and found:
            rest = beside(plan)
            for stage in found:
                rest = amended(rest, "pipelineStages", stage.id, pipeline="side")
            yield Mutant(rest, release.id)


@operator("release-dropped", *UNVERIFIED)
def environments_swapped(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    graph = Review(plan).graph
    for release in releases(plan):
        for stage in graph.stages_of(release.component or ""):
            place = graph.place(stage)
            if stage.kind in RELEASING and place is not None and place.kind == "staging":
                here = {"environment": stage.environment, "exposure": stage.exposure}
                there = {"environment": release.environment, "exposure": release.exposure}
                rest = amended(plan, "pipelineStages", stage.id, **there)
                yield Mutant(amended(rest, "pipelineStages", release.id, **here), f"{stage.id} {release.id}")


@operator(*UNVERIFIED)
def staging_asked_at_productions_address(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    addresses = {place.id: place.url for place in plan.environments}
    for release in releases(plan):
        found, url = guarding(plan, release), addresses.get(release.environment or "")
        elsewhere = all(stage.environment not in {None, release.environment} for stage in found)
        if url and found and elsewhere and not judged_by_steps(plan, release):
            rest = plan
            for stage in found:
                rest = amended(rest, "pipelineStages", stage.id, runs=(f"curl --fail {url}/",))
            yield Mutant(rest, release.id)


@operator("deploy-without-validation")
def production_asked_at_stagings_address(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    lower = [place.url for place in plan.environments if place.kind == "staging" and place.url]
    for stage in plan.pipeline_stages:
        if validates(plan, stage) and lower:
            yield Mutant(
                amended(plan, "pipelineStages", stage.id, runs=(f"curl --fail {lower[0]}/",)), stage.id
            )


@operator("deploy-without-validation")
def production_asked_on_the_runner(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    kinds = {place.id: place.kind for place in plan.environments}
    for stage in plan.pipeline_stages:
        if validates(plan, stage) and kinds.get(stage.environment or "") == "production":
            yield Mutant(amended(plan, "pipelineStages", stage.id, runs=(LOCAL,)), stage.id)


@operator("environment-kind-contradicted")
def release_to_a_place_called_lower(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        place = next(place for place in plan.environments if place.id == release.environment)
        if place.kind != "production":
            continue
        other = Environment(id="prod-eu", kind="staging", url=place.url)
        hidden = release.model_copy(
            update={"id": "hidden", "environment": other.id, "needs": (), "text": None, "on_failure": None}
        )
        yield Mutant(plan.with_entry("environments", other).with_entry("pipelineStages", hidden), release.id)


@operator("stage-kind-contradicted", "claim-unsupported")
def release_called_something_else(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    deploys = (
        "kubectl set image",
        "kubectl argo rollouts set image",
        "sam deploy",
        "twine upload",
        "vercel promote",
    )
    for release in releases(plan):
        if not any(line.startswith(deploys) for line in release.runs):
            continue
        for kind in ("test", "verify", "build", "analyze"):
            bare = {
                "needs": (),
                "consumes": (),
                "action": None,
                "exposure": None,
                "text": None,
                "on_failure": None,
            }
            hidden = release.model_copy(update={"id": "hidden", "kind": kind, "evidence": (), **bare})
            yield Mutant(plan.with_entry("pipelineStages", hidden), f"{release.id} as {kind}")


@operator("artifact-rebuilt")
def rebuilt_in_the_release(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    lines = {
        "container-image": (
            "docker build --build-arg TARGET=production -t app .",
            "docker compose up --build",
        ),
        "static-bundle": ("npm run build",),
        "function-archive": ("sam build",),
        "platform-deployment": ("npm run build",),
    }
    kinds = {entry.id: entry.kind for entry in plan.artifacts}
    for release in releases(plan):
        taken = {kinds[item.artifact] for item in release.consumes} - {
            kinds[name] for name in release.produces
        }
        for line in (line for kind in sorted(taken) for line in lines.get(kind, ())):
            if release.kind == "deploy":
                runs = (line, *release.runs)
                yield Mutant(amended(plan, "pipelineStages", release.id, runs=runs), f"{release.id} {line}")


@operator("deploy-without-validation", *UNVERIFIED)
def two_names_for_what_is_built(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        for item in release.consumes[:1]:
            entry = plan.by_name[f"artifacts/{item.artifact}"]
            maker = next((one for one in plan.pipeline_stages if item.artifact in one.produces), None)
            if maker is None or maker.id == release.id or not guarding(plan, release):
                continue
            rest = plan.with_entry("artifacts", entry.model_copy(update={"id": "other-name", "text": None}))
            rest = amended(rest, "pipelineStages", maker.id, produces=(*maker.produces, "other-name"))
            taken = (item.model_copy(update={"artifact": "other-name"}),)
            yield Mutant(amended(rest, "pipelineStages", release.id, consumes=taken), release.id)


@operator("artifact-mutable-reference")
def released_by_the_name_of_a_branch(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    tagged = {row.id for row in plan.pipelines if set(row.triggers) <= {"tag", "release"}}
    for release in releases(plan):
        if release.pipeline in tagged:
            continue
        for tag in ("${{ github.ref_name }}", "$CI_COMMIT_REF_SLUG", "${BRANCH}", "current", "next"):
            runs = (*release.runs, f"kubectl set image deployment/app app=ghcr.io/acme/app:{tag}")
            yield Mutant(amended(plan, "pipelineStages", release.id, runs=runs), f"{release.id} {tag}")


@operator("gate-not-run")
def gate_borrowed_from_another_component(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    stages = Review(plan).graph.stages
    for gate in plan.quality_gates:
        own = stages[gate.stage]
        for other in plan.quality_gates:
            stage = stages[other.stage]
            same = (
                other.kind == gate.kind
                and own.component == gate.component
                and own.kind in {"analyze", "test"}
            )
            if same and stage.kind == own.kind and stage.component not in {None, gate.component}:
                fields = {"stage": stage.id, "tool": other.tool}
                yield Mutant(amended(plan, "qualityGates", gate.id, **fields), f"{gate.id} on {stage.id}")


@operator("gate-not-run", "gate-not-blocking")
def runner_that_only_lists(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    flags = {
        "pytest": "--collect-only",
        "go test": "-list .",
        "jest": "--listTests",
        "pip-audit": "--dry-run",
    }
    for gate in plan.quality_gates:
        stage = Review(plan).graph.stages[gate.stage]
        for line in stage.runs:
            flag = next(
                (
                    flag
                    for tool, flag in flags.items()
                    if tool in line and gate.tool.replace("-", " ") in line.replace("-", " ")
                ),
                None,
            )
            alone = sum(
                other.kind == gate.kind and other.component == gate.component for other in plan.quality_gates
            )
            if flag and alone == 1 and sum(gate.tool.split("-")[0] in run for run in stage.runs) == 1:
                runs = tuple(f"{run} {flag}" if run == line else run for run in stage.runs)
                yield Mutant(amended(plan, "pipelineStages", stage.id, runs=runs), f"{gate.id} {flag}")


@operator("gate-not-blocking")
def bound_from_the_wrong_side(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate, _stage, _own in lone_scans(plan):
        limit = gate.fails_on.model_copy(update={"metric": "findings", "at_least": None, "below": "1"})
        yield Mutant(amended(plan, "qualityGates", gate.id, fails_on=limit), gate.id)


@operator("rollback-trigger-unmeasurable")
def failure_takes_back_another_place(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for stage in plan.pipeline_stages:
        for back in plan.rollback_plan:
            other = next((place.id for place in plan.environments if place.id != stage.environment), None)
            if stage.on_failure == back.id and other is not None and at_users(plan, back.environment):
                stray = back.model_copy(update={"id": "stray", "environment": other, "text": None})
                rest = plan.with_entry("rollbackPlan", stray)
                yield Mutant(amended(rest, "pipelineStages", stage.id, on_failure="stray"), stage.id)
