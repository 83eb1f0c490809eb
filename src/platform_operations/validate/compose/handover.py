"""How a later job knows which bytes an earlier one built: recorded where they are made, read where they are taken."""

import re

from platform_operations.model.delivery import Artifact, Consumed, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import IMMUTABLE, RELEASING
from platform_operations.patterns import regex
from platform_operations.validate.compose.systems import COMMITS, commit_in, system_of
from platform_operations.validate.edits import amend, assume
from platform_operations.validate.rule import Review

_TAGGED = regex(
    r"(?:-t|--tag)[= ][\"']?(?P<image>(?:[\w.{}$/ -]|\$\{\{[^}]*\}\})*?(?:/[\w$.{}-]+|/\$\{\{[^}]*\}\}|\$\{?[A-Z_]+\}?)):(?P<tag>\$\{\{[^}]*\}\}|[^\s\"']+)"
)
_PUSHED = regex(r"\bdocker\s+(?:image\s+)?push\s+(?:--\S+\s+)*[\"']?(?P<name>(?:\$\{\{[^}]*\}\}|[^\s\"'])+)")
_BUILD_ACTION = "uses docker/build-push-action"
_OUTPUT = regex(r"\$\{\{\s*needs\.[\w-]+\.outputs\.[\w-]*digest[\w-]*\s*\}\}")
_OF_MAKE = regex(r"\$\([\w.]+\)")
"""A variable of make, or of Azure Pipelines: to a shell it is a command."""
_ASSIGNED = regex(r"^IMAGE_DIGEST=", re.MULTILINE)


def image_name(review: Review, plan: Plan, artifact: str) -> str | None:
    """Return the name of an artifact's image without the tag: as the pipeline's files give it, else as its stage tags it."""
    named = review.value(f"artifacts/{artifact}", "image")
    if named:
        return named
    for stage in plan.pipeline_stages:
        if artifact in stage.produces:
            for line in stage.runs:
                found = _TAGGED.search(line)
                if found:
                    return found["image"].strip()
    return None


def image_of(review: Review, plan: Plan, artifact: str) -> str:
    """Return the name of an artifact's image: as it is tagged, else a variable named after the artifact."""
    return image_name(review, plan, artifact) or f"${artifact.upper().replace('-', '_')}"


def handed(review: Review, plan: Plan, name: str) -> Plan:
    """Return the plan in which a stage that names an image by $IMAGE_DIGEST gets it from the stage that made it."""
    stage = plan.by_name.get(f"pipelineStages/{name}")
    if not isinstance(stage, Stage):
        return plan
    if not _wants(stage):
        return _carried(plan, stage)
    for artifact in [item.artifact for item in stage.consumes]:
        entry = plan.by_name.get(f"artifacts/{artifact}")
        maker = next((other for other in plan.pipeline_stages if artifact in other.produces), None)
        if not isinstance(entry, Artifact) or entry.kind != "container-image" or maker is None:
            continue
        if maker.id == stage.id:
            return plan
        plan, line = _given(review, plan, stage, maker, artifact)
        return amend(plan, "pipelineStages", name, runs=(line, *stage.runs))
    return plan


_BUILT = regex(
    r"(?:^|[\s/=\"'])(?:dist/|\./\*\.|\*\.(?:tgz|gem|whl)|function\.zip|--prebuilt)|(?<!\S)test -s "
)


def _carried(plan: Plan, stage: Stage) -> Plan:
    """Return the plan in which an assumption says how files that one job builds come into another that takes them."""
    if stage.origin != "proposed" or not any(_BUILT.search(line) for line in stage.runs):
        return plan
    for artifact in [item.artifact for item in stage.consumes]:
        maker = next((other for other in plan.pipeline_stages if artifact in other.produces), None)
        if maker is None or maker.id == stage.id:
            continue
        system = system_of(plan, maker.pipeline)
        plan = assume(
            plan,
            f"handover-{artifact}",
            f"What {maker.id} builds as {artifact} is there in every job that takes it: in {system.id} {system.carries}.",
            fills=(f"pipelineStages/{stage.id}/runs",),
            confirm_with=plan.owners[0].id if plan.owners else None,
        )
    return plan


def _wants(stage: Stage) -> bool:
    spoken = "\n".join(stage.runs)
    return re.search(r"\$\{?IMAGE_DIGEST\b", spoken) is not None and _ASSIGNED.search(spoken) is None


def _given(review: Review, plan: Plan, stage: Stage, maker: Stage, artifact: str) -> tuple[Plan, str]:
    """Return the plan with what records the digest, and the line that reads it."""
    said = [
        found[0] for other in plan.pipeline_stages for line in other.runs for found in _OUTPUT.finditer(line)
    ]
    if said and stage.pipeline == maker.pipeline:
        return plan, f"IMAGE_DIGEST={said[0]}"
    image, commit = image_name(review, plan, artifact), commit_in(maker)
    if stage.pipeline != maker.pipeline and image and commit:
        return (
            plan,
            f"IMAGE_DIGEST=$(docker buildx imagetools inspect {image}:{commit} --format '{{{{.Manifest.Digest}}}}')",
        )
    plan, writer = beside(plan, maker.id, artifact)
    plan = recorded(review, plan, writer, artifact)
    taker = plan.by_name.get(f"pipelineStages/{stage.id}")
    if writer != maker.id and isinstance(taker, Stage) and writer not in taker.needs:
        plan = amend(plan, "pipelineStages", stage.id, needs=(*taker.needs, writer))
    plan = assume(
        plan,
        f"handover-{artifact}",
        f"{artifact}.digest, which {writer} writes, is there in every job that reads it: in "
        f"{system_of(plan, maker.pipeline).id} {system_of(plan, maker.pipeline).carries}.",
        fills=(f"pipelineStages/{stage.id}/runs", f"pipelineStages/{writer}/runs"),
        confirm_with=plan.owners[0].id if plan.owners else None,
    )
    return plan, f"IMAGE_DIGEST=$(cat {artifact}.digest)"


_WORKFLOW = regex(r"^uses \S+\.ya?ml(?:@\S*)?$")
"""A job that calls a reusable workflow holds nothing beside the call (GitHub Docs, "Reuse workflows")."""


def beside(plan: Plan, maker: str, artifact: str) -> tuple[Plan, str]:
    """Return the stage that commands about a new image go to: its maker, or a new one after a job that can hold none."""
    stage = plan.by_name.get(f"pipelineStages/{maker}")
    name = f"record-{artifact}"
    if not isinstance(stage, Stage) or not any(_WORKFLOW.match(line) for line in stage.runs):
        return plan, maker
    if f"pipelineStages/{name}" in plan.by_name:
        return plan, name
    entry = plan.by_name.get(f"artifacts/{artifact}")
    identity = entry.identity if isinstance(entry, Artifact) and entry.identity in IMMUTABLE else "digest"
    after = Stage(
        id=name,
        kind="package",
        pipeline=stage.pipeline,
        component=stage.component,
        needs=(maker,),
        consumes=(Consumed(artifact=artifact, reference=identity),),
    )
    plan = plan.with_entry("pipelineStages", after)
    for other in plan.pipeline_stages:
        if maker in other.needs and other.kind in RELEASING:
            plan = amend(plan, "pipelineStages", other.id, needs=(*other.needs, name))
    return plan, name


def recorded(review: Review, plan: Plan, maker: str, artifact: str) -> Plan:
    """Return the plan in which the stage that makes an image writes its digest into a file."""
    plan, maker = beside(plan, maker, artifact)
    stage = plan.by_name.get(f"pipelineStages/{maker}")
    if not isinstance(stage, Stage) or any(f"> {artifact}.digest" in line for line in stage.runs):
        return plan
    plan = known(review, plan, maker, artifact)
    entry = plan.by_name[f"pipelineStages/{maker}"]
    runs = entry.runs if isinstance(entry, Stage) else ()
    plan = amend(plan, "pipelineStages", maker, runs=(*runs, f'echo "$IMAGE_DIGEST" > {artifact}.digest'))
    return amend(plan, "artifacts", artifact, identity="digest")


def known(review: Review, plan: Plan, maker: str, artifact: str) -> Plan:
    """Return the plan in which the stage that makes an image holds its digest in IMAGE_DIGEST."""
    stage = plan.by_name[f"pipelineStages/{maker}"]
    lines = _digest(review, plan, stage, artifact) if isinstance(stage, Stage) else ()
    if not isinstance(stage, Stage) or not lines:
        return plan
    if any(line.startswith(_BUILD_ACTION) for line in stage.runs):
        plan = assume(
            plan,
            "build-push-step",
            f"In {maker} the step that runs docker/build-push-action has the id build-push, by which later steps read its digest.",
            fills=(f"pipelineStages/{maker}/runs",),
            confirm_with=plan.owners[0].id if plan.owners else None,
        )
    entry, commit = plan.by_name.get(f"artifacts/{artifact}"), system_of(plan, stage.pipeline).commit
    guessed = f"{image_of(review, plan, artifact)}:{commit} " in lines[0] and commit_in(stage) is None
    if guessed and isinstance(entry, Artifact) and entry.identity != "commit":
        plan = assume(
            plan,
            f"tagged-{artifact}",
            f"{artifact} is pushed under the commit's name too: by that name its digest is looked up.",
            fills=(f"pipelineStages/{maker}/runs",),
            confirm_with=plan.owners[0].id if plan.owners else None,
        )
    return amend(plan, "pipelineStages", maker, runs=(*stage.runs, *lines))


def _digest(review: Review, plan: Plan, stage: Stage, artifact: str) -> tuple[str, ...]:
    """Return the command that learns the digest of what a stage pushed, nothing where it knows that already."""
    if any(_ASSIGNED.match(line) for line in stage.runs):
        return ()
    pushed = [
        found["name"]
        for line in stage.runs
        if (found := _PUSHED.search(line)) and not (set(_OF_MAKE.findall(found["name"])) - set(COMMITS))
    ]
    pushed.sort(key=lambda name: any(word in name for word in COMMITS))
    if pushed:
        return (
            f"IMAGE_DIGEST=$(docker image inspect --format '{{{{index .RepoDigests 0}}}}' {pushed[-1]} | cut -d@ -f2)",
        )
    if any(line.startswith(_BUILD_ACTION) for line in stage.runs):
        return ("IMAGE_DIGEST=${{ steps.build-push.outputs.digest }}",)
    tagged = next((found for line in stage.runs if (found := _TAGGED.search(line))), None)
    name = (
        f"{tagged['image'].strip()}:{tagged['tag']}"
        if tagged
        else f"{image_of(review, plan, artifact)}:{system_of(plan, stage.pipeline).commit}"
    )
    return (f"IMAGE_DIGEST=$(docker buildx imagetools inspect {name} --format '{{{{.Manifest.Digest}}}}')",)
