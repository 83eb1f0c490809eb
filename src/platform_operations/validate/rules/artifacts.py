"""Build once, deploy everywhere: one producer, an immutable name, and production takes what was verified."""

import re
from collections.abc import Iterator
from functools import lru_cache

from platform_operations.model.delivery import Artifact, Consumed, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import IMMUTABLE, RELEASING
from platform_operations.patterns import regex
from platform_operations.platforms.reading.builds import makes_anew
from platform_operations.platforms.reading.scripts import calls
from platform_operations.validate.compose.attesting import attested
from platform_operations.validate.compose.handover import handed
from platform_operations.validate.compose.kubernetes import pinned_apply
from platform_operations.validate.compose.parties import with_pipeline
from platform_operations.validate.compose.stages import (
    IDENTITY,
    VARIABLE,
    add_need,
    component_of,
    consumed,
    reference_of,
    with_artifact,
)
from platform_operations.validate.edits import amend
from platform_operations.validate.elsewhere import called_elsewhere
from platform_operations.validate.rule import Review, Violation, rule

MUTABLE_TAG = regex(
    r"(?<![\w$.{}-])(?<![\w$.{}-]/)(?P<image>[\w$.{}-]++(?:(?:/[\w$.{}-]++)++|(?=:latest\b))):(?P<tag>latest|main|master|develop|dev|edge|nightly|staging|stage|prod|production|stable|current|next|release|qa|uat)\b(?!/)"
)
"""An image reference by a tag that moves.

A path of at least two parts, a colon, and a name that is reused; of `latest` one part is enough, where other
words may be targets of a script (`npm run build:prod`). It begins where a path begins, so that it reads a line
once, however long.
"""


_IMAGE = r"(?<![\w$.{}-])(?<![\w$.{}-]/)(?P<image>[\w$.{}-]++(?:/[\w$.{}-]++)++)"
_BRANCHES = (
    r"(?P<tag>\$\{\{\s*github\.(?:ref_name|head_ref|ref)\s*\}\}|\$\{?(?:CI_COMMIT_(?:REF_NAME|REF_SLUG|BRANCH)"
    r"|GITHUB_(?:REF_NAME|HEAD_REF)|GIT_BRANCH|BRANCH(?:_NAME)?|BUILDKITE_BRANCH|CIRCLE_BRANCH|BITBUCKET_BRANCH)\b\}?)"
)
BRANCH_TAG = regex(f"{_IMAGE}:{_BRANCHES}")
"""An image reference by the name of a branch, which moves with it; in a pipeline that only tags start it is a version."""

TAGGED = frozenset({"tag", "release"})


@rule("build-once")
def artifact_rebuilt(review: Review) -> Iterator[Violation]:
    """Two stages produce the same artifact, or one that takes it builds it again."""
    yield from _rebuilt_on_the_way(review)
    makers: dict[str, list[Stage]] = {}
    for name in review.graph.order:
        for artifact in review.graph.stages[name].produces:
            makers.setdefault(artifact, []).append(review.graph.stages[name])
    for artifact, stages in makers.items():
        for again in stages[1:]:
            yield Violation(
                ("pipelineStages", again.id, "produces"),
                f"{again.id!r} builds {artifact!r} again, which {stages[0].id!r} already built",
                repair=lambda plan, first=stages[0].id, again=again.id, artifact=artifact: _built_once(
                    plan, first, again, artifact
                ),
                source=again.evidence[0] if again.evidence else None,
            )


def _rebuilt_on_the_way(review: Review) -> Iterator[Violation]:
    """Yield where a stage that takes an artifact which another stage made builds it again before it puts it up."""
    for stage in review.graph.stages.values():
        taken = {item.artifact for item in stage.consumes} & (review.graph.made - {*stage.produces})
        line = _building(stage) if stage.kind in RELEASING and taken else None
        if line is not None and stage.origin != "existing":
            yield Violation(
                ("pipelineStages", stage.id, "runs"),
                f"{stage.id!r} takes what was built before and builds again: {line[:120]!r}",
                repair=lambda plan, name=stage.id, line=line: _without_line(plan, name, line),
                source=stage.evidence[0] if stage.evidence else None,
            )


def _building(stage: Stage) -> str | None:
    """Return the text of a stage that builds from source, None where none does."""
    for line, found in zip(stage.runs, calls(stage.runs), strict=True):
        if "build-push-action" in line or any(makes_anew(call.text) for call in found):
            return line
    return None


def _without_line(plan: Plan, name: str, line: str) -> Plan | None:
    stage = plan.by_name.get(f"pipelineStages/{name}")
    if not isinstance(stage, Stage):
        return None
    return amend(plan, "pipelineStages", name, runs=tuple(one for one in stage.runs if one != line))


def _built_once(plan: Plan, first: str, again: str, artifact: str) -> Plan | None:
    stage = plan.by_name.get(f"pipelineStages/{again}")
    if not isinstance(stage, Stage):
        return None
    produces = tuple(name for name in stage.produces if name != artifact)
    takes = stage.consumes
    if artifact not in {item.artifact for item in takes}:
        takes = (*takes, Consumed(artifact=artifact, reference=reference_of(plan, artifact)))
    runs = tuple(
        line
        for line in stage.runs
        if not re.search(r"\b(docker|buildah|podman)\b.*(?<![-\w])(build|push)\b|build-push-action", line)
    )
    plan = amend(plan, "pipelineStages", again, produces=produces, consumes=takes, runs=runs)
    return add_need(plan, again, first)


@rule("build-once")
def artifact_mutable_reference(review: Review) -> Iterator[Violation]:
    """A stage that releases or verifies names its artifact by something that moves."""
    released = {
        name
        for stage in review.graph.stages.values()
        if stage.kind in RELEASING
        for name in review.graph.consumed(stage)
    }
    for artifact in review.plan.artifacts:
        if artifact.id in released and artifact.identity not in IMMUTABLE:
            yield Violation(
                ("artifacts", artifact.id, "identity"),
                f"artifact {artifact.id!r} is named by {artifact.identity}, which can be moved to other "
                "bytes",
                repair=lambda plan, artifact=artifact: amend(
                    plan, "artifacts", artifact.id, identity=IDENTITY[artifact.kind]
                ),
                allowed=(IDENTITY[artifact.kind],),
                source=artifact.evidence[0] if artifact.evidence else None,
            )
    triggers = {pipeline.id: pipeline.triggers for pipeline in review.plan.pipelines}
    images = {entry.id for entry in review.plan.artifacts if entry.kind == "container-image"}
    for stage in review.graph.stages.values():
        if stage.kind not in RELEASING and stage.kind != "verify":
            continue
        yield from _by_no_version(review, stage, images)
        moving = [item for item in stage.consumes if item.reference not in IMMUTABLE]
        tags = _tags(stage.runs, MUTABLE_TAG)
        if stage.kind in RELEASING and images & review.graph.consumed(stage):
            tags += _major_tags(stage)
        if not TAGGED.issuperset(triggers.get(stage.pipeline) or ("",)):
            tags += _tags(stage.runs, BRANCH_TAG)
        if moving or tags:
            what = (
                f"takes {moving[0].artifact!r} by {moving[0].reference}"
                if moving
                else f"runs a command on the tag {tags[0]!r}"
            )
            yield Violation(
                ("pipelineStages", stage.id, "consumes" if moving else "runs"),
                f"{stage.id!r} {what}, which can name other bytes than those that were verified",
                repair=lambda plan, name=stage.id: _immutable(review, plan, name),
                allowed=tuple(sorted({reference_of(review.plan, item.artifact) for item in stage.consumes})),
                source=stage.evidence[0] if stage.evidence else None,
            )


_MAJORS = frozenset({*map(str, range(100)), *(f"v{number}" for number in range(100))})


def _major_tags(stage: Stage) -> tuple[str, ...]:
    """Return the tags of a major version only (`:v1`) by which commands that the plan adds set an image: every release moves them."""
    if stage.origin == "existing":
        return ()
    found: list[str] = []
    for line in stage.runs:
        if " set image " in line or "--image" in line or "image.tag=" in line or line.startswith("IMAGE="):
            for word in line.split():
                name, colon, tag = word.strip("\"'").rpartition(":")
                if colon and "/" in name and tag in _MAJORS:
                    found.append(tag)
                elif word.rpartition("image.tag=")[2] in _MAJORS and "image.tag=" in word:
                    found.append(word.rpartition("=")[2])
    return tuple(found)


def _by_no_version(review: Review, stage: Stage, images: set[str]) -> Iterator[Violation]:
    """Yield where a stage says that it takes an image by its version, and no command of it names one."""
    today = review.graph_today.stages.get(stage.id) if review.graph_today is not None else None
    before = today.consumes if today is not None else ()
    said = " ".join(stage.runs).lower()
    if stage.origin == "existing" or not said or any(word in said for word in _VERSIONED):
        return
    for item in stage.consumes:
        if item.reference == "version" and item.artifact in images and item not in before:
            yield Violation(
                ("pipelineStages", stage.id, "consumes"),
                f"{stage.id!r} takes {item.artifact!r} by version, and no command of it names a version; a tag can be "
                "pushed again, a digest cannot",
                repair=lambda plan, name=stage.id, artifact=item.artifact: _by_digest(
                    review, plan, name, artifact
                ),
                allowed=("digest",),
            )


_VERSIONED = ("version", "tag", "release", "uses ", "ref_name", "semver")
"""What a command that names a version has in it, or what holds it out of sight."""


def _by_digest(review: Review, plan: Plan, name: str, artifact: str) -> Plan | None:
    stage = plan.by_name.get(f"pipelineStages/{name}")
    if not isinstance(stage, Stage):
        return None
    takes = tuple(
        item.model_copy(update={"reference": "digest"}) if item.artifact == artifact else item
        for item in stage.consumes
    )
    return handed(review, amend(plan, "pipelineStages", name, consumes=takes), name)


@lru_cache(maxsize=4096)
def _tags(runs: tuple[str, ...], kind: re.Pattern[str]) -> tuple[str, ...]:
    return tuple(sorted({found["tag"] for line in runs for found in kind.finditer(line)}))


def _immutable(review: Review, plan: Plan, name: str) -> Plan | None:
    stage = plan.by_name.get(f"pipelineStages/{name}")
    if not isinstance(stage, Stage):
        return None
    takes = tuple(
        item
        if item.reference in IMMUTABLE
        else item.model_copy(update={"reference": reference_of(plan, item.artifact)})
        for item in stage.consumes
    )
    runs = tuple(BRANCH_TAG.sub(_pin, MUTABLE_TAG.sub(_pin, line)) for line in stage.runs)
    plan = amend(plan, "pipelineStages", name, consumes=takes, runs=runs)
    if any(item.reference == "digest" for item in takes):
        pinned = pinned_apply(review, plan, stage.model_copy(update={"runs": runs}))
        plan = amend(plan, "pipelineStages", name, runs=pinned)
        for item in takes:
            entry = plan.by_name.get(f"artifacts/{item.artifact}")
            if isinstance(entry, Artifact) and entry.kind == "container-image":
                plan = amend(plan, "artifacts", item.artifact, identity="digest")
    return handed(review, plan, name)


def _pin(found: re.Match[str]) -> str:
    return f"{found['image']}@{VARIABLE['digest']}"


@rule("build-once")
def artifact_not_promoted(review: Review) -> Iterator[Violation]:
    """A release puts something before users that no stage of the plan built."""
    made = review.graph.made
    yield from _smuggled(review, made)
    for release in review.graph.releases:
        taken = review.graph.consumed(release)
        if taken & made or (taken and _made_elsewhere(review, release)):
            continue
        what = f"takes {', '.join(sorted(taken))}, which no stage produces" if taken else "names no artifact"
        yield Violation(
            ("pipelineStages", release.id, "consumes"),
            f"release {release.id!r} {what}: what users meet is not what was built and verified",
            question=None if taken else called_elsewhere(review, release),
            repair=lambda plan, name=release.id: _with_built(review, plan, name),
            allowed=tuple(
                sorted(
                    artifact.id for artifact in review.related.artifacts_of.get(release.component or "", ())
                )
            ),
            source=release.evidence[0] if release.evidence else None,
        )


def _smuggled(review: Review, made: frozenset[str]) -> Iterator[Violation]:
    """Yield where a release takes something that was built beside what its verification took."""
    fixed = {entry.id for entry in review.plan.artifacts if entry.kind == "configuration"}
    for release in review.graph.full_releases:
        found = review.graph.lower_verifications(release)
        verified = {name for stage in found for name in review.graph.consumed(stage)}
        for name in sorted((review.graph.consumed(release) & made) - verified - fixed) if found else ():
            yield Violation(
                ("pipelineStages", release.id, "consumes"),
                f"release {release.id!r} takes {name!r}, and no stage that verifies below it took that",
                repair=lambda plan, name=name, stage=found[0]: _taken_too(plan, stage, name),
                allowed=tuple(sorted(verified)),
                source=release.evidence[0] if release.evidence else None,
            )


def _taken_too(plan: Plan, stage: Stage, name: str) -> Plan | None:
    entry = plan.by_name.get(f"pipelineStages/{stage.id}")
    if not isinstance(entry, Stage):
        return None
    return amend(plan, "pipelineStages", stage.id, consumes=(*entry.consumes, *consumed(plan, name)))


def _made_elsewhere(review: Review, release: Stage) -> bool:
    """Whether all that is taken is configuration, or a deployment that an earlier stage put up."""
    kinds = {entry.id: entry.kind for entry in review.plan.artifacts}
    before = {
        name
        for stage in review.graph.guards(release.id)
        if stage.kind == "deploy"
        for name in review.graph.consumed(stage)
    }
    return all(
        kinds.get(name) == "configuration" or (kinds.get(name) == "platform-deployment" and name in before)
        for name in review.graph.consumed(release)
    )


def _with_built(review: Review, plan: Plan, name: str) -> Plan | None:
    release = plan.by_name.get(f"pipelineStages/{name}")
    component = component_of(plan, release.component) if isinstance(release, Stage) else None
    if not isinstance(release, Stage) or component is None:
        return None
    plan, artifact = with_artifact(review, plan, component, with_pipeline(plan, component.id)[1])
    plan = amend(plan, "pipelineStages", name, consumes=consumed(plan, artifact.id))
    graph = Review(plan).graph
    makers = [stage.id for stage in graph.stages.values() if artifact.id in stage.produces]
    free = [maker for maker in makers if maker != name and not graph.guarded_by(maker, name)]
    same = [maker for maker in free if graph.stages[maker].pipeline == release.pipeline]
    return add_need(plan, name, (same or free)[0]) if same or free else plan


@rule("build-once", "warning")
def artifact_unattested(review: Review) -> Iterator[Violation]:
    """What is released carries no provenance, signature or bill of materials."""
    released = {name for stage in review.graph.releases for name in review.graph.consumed(stage)}
    for artifact in review.plan.artifacts:
        if (
            artifact.id in released
            and artifact.kind in {"container-image", "package"}
            and not artifact.attestations
        ):
            yield Violation(
                ("artifacts", artifact.id, "attestations"),
                f"artifact {artifact.id!r} is released without provenance, signature or bill of materials",
                repair=lambda plan, artifact=artifact: attested(review, plan, _now(plan, artifact)),
                allowed=("provenance", "sbom", "signature"),
                source=artifact.evidence[0] if artifact.evidence else None,
            )


def _now(plan: Plan, artifact: Artifact) -> Artifact:
    entry = plan.by_name.get(f"artifacts/{artifact.id}")
    return entry if isinstance(entry, Artifact) else artifact
