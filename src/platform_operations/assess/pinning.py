"""Whether what is deployed is named so that it is always the same bytes: by digest, commit or unique version."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from platform_operations.assess.ci.names import environment_kind
from platform_operations.assess.pipeline_words import moved_by, narrowed, unique_names
from platform_operations.assess.places import aside, lines_of, text_of
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Stage
from platform_operations.model.evidence import repo_uri
from platform_operations.model.plan import Plan
from platform_operations.model.words import IMMUTABLE, RELEASING, Strength
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Sighting, Workload
from platform_operations.platforms.reading.environments import of_path
from platform_operations.platforms.reading.images import tag_kind
from platform_operations.repository import Repository

ORCHESTRATED = frozenset({"kubernetes", "helm", "aws", "digitalocean", "render", "pulumi"})
"""Platforms whose files name the images that run; a compose file may as well be for development."""

_KEPT = frozenset({"argocd", "flux"})
"""Platforms under which the files of the repository are what runs."""

SHARE = 0.8
"""How much of what a repository of manifests runs must be named for good: a few moving tags do not undo the rule."""

MAX_FILES = 600


def pinning_practice(
    repository: Repository,
    plan: Plan,
    sightings: Mapping[str, tuple[Sighting, ...]],
    facts: Collection[Fact],
    handed: str | None,
    outside: str | None,
    *,
    passed_on: bool = False,
    built_by: str | None = None,
) -> Fact:
    """Return the practice artifactPinning.

    `handed` is what a pipeline leaves to something unreadable, `outside` that or any other place that may decide.
    `passed_on` says that a pipeline hands versions to another repository, which releases them; `built_by` is which
    platform may build what it runs itself, so that names of what pipelines build name nothing that runs.
    """
    releases = [stage for stage in plan.pipeline_stages if stage.kind in RELEASING]
    told = {
        fact.subject.removeprefix("pipelineStages/")
        for fact in facts
        if fact.aspect == "artifact-reference" and fact.outcome == "present"
    }
    kinds = {item.id: item.kind for item in plan.artifacts}
    naming = [stage for stage in releases if _named(stage, kinds) or stage.id in told]
    named = _beside_deployments(plan, releases, _of_production(plan, naming))
    moving = [stage for stage in named if any(item.reference not in IMMUTABLE for item in stage.consumes)]
    if moving:
        return _fact(
            "absent", f"{moving[0].id} names its artifact by a tag that can move", moving[0].evidence[:1]
        )
    pulls = [
        uri for stage in releases if not stage.consumes and _pulls(stage.runs) for uri in stage.evidence[:1]
    ]
    pulls = pulls or [*moved_by(repository)]
    if pulls and not named:
        return _fact("absent", "a server takes whatever a branch holds at that moment", pulls[:1])
    if handed and not any(stage.kind in {"deploy", "promote"} for stage in named):
        moved = _moved_manifests(sightings, only_production=True)
        reason = "a manifest of production names what runs by a tag that can move"
        return _fact("absent", reason, moved[:1]) if moved else _fact("unknown", handed)
    first = [stage for stage in named if stage.kind != "publish"]
    uris = [uri for stage in first + named for uri in stage.evidence]
    uris = [*narrowed(repository, uris)]
    uris = uris or _fixed_images(repository, sightings) or _kept_images(repository, sightings)
    if uris:
        return _fact("present", None, uris)
    if releases or passed_on or any(stage.kind == "provision" for stage in plan.pipeline_stages):
        uris = [*unique_names(repository)] or [*_digests_of_terraform(repository, sightings)]
        if uris:
            return _fact("present", None, uris, "present")
    elif uris := [] if built_by else _unique_builds(plan):
        return _fact("present", None, narrowed(repository, uris))
    return _unnamed(plan, sightings, facts, outside)


def _unnamed(
    plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], facts: Iterable[Fact], outside: str | None
) -> Fact:
    moved = _moved_manifests(sightings)
    if moved:
        return _fact("absent", "manifests name what runs by a tag that can move", moved[:1])
    images = [item for item in plan.artifacts if item.kind == "container-image"]
    if images and all(item.identity not in IMMUTABLE for item in images):
        return _fact("absent", "the image is only named by tags that can move", images[0].evidence[:1])
    if outside:
        return _fact("unknown", outside)
    open_ = [fact for fact in facts if fact.aspect == "artifact-reference" and fact.outcome == "unknown"]
    left = next((fact.reason for fact in open_ if "does not name" not in (fact.reason or "")), None)
    return _fact("unknown", left) if left else _fact("absent", "no release names an immutable artifact")


def _moved_manifests(
    sightings: Mapping[str, tuple[Sighting, ...]], *, only_production: bool = False
) -> list[str]:
    return [
        repo_uri(row.path, row.first, row.last)
        for row in sightings.get("kubernetes", ())
        if row.workload is not None
        and row.workload.image
        and row.workload.reference == "tag"
        and (not only_production or (row.environment or "").lower().startswith("prod"))
    ]


def _fact(
    outcome: str, reason: str | None, evidence: Iterable[str] = (), strength: Strength = "enforced"
) -> Fact:
    return Fact(
        subject="practices",
        aspect="artifactPinning",
        outcome="present" if outcome == "present" else "absent" if outcome == "absent" else "unknown",
        strength=strength if outcome == "present" else None,
        reason=reason,
        evidence=tuple(dict.fromkeys(evidence))[:8],
    )


_HANDED_OVER = frozenset({"static-bundle", "function-archive"})
"""Files that a run makes and puts up by itself: nothing but the run tells which they are."""


def _named(stage: Stage, kinds: Mapping[str, str]) -> bool:
    """Whether a release names what it puts up: what a platform builds from the checkout has no name before it runs."""
    return any(
        item.reference != "deployment" and kinds.get(item.artifact) not in _HANDED_OVER
        for item in stage.consumes
    )


def _beside_deployments(plan: Plan, releases: list[Stage], named: list[Stage]) -> list[Stage]:
    """Drop packages that are published beside deployments of images to production: their versions name nothing that runs."""
    kinds = {place.id: place.kind for place in plan.environments}
    made = {item.id: item.kind for item in plan.artifacts}
    deployed = any(
        stage.kind in {"deploy", "promote"} and kinds.get(stage.environment or "") == "production"
        for stage in releases
    )
    if not (deployed and "container-image" in made.values()):
        return named
    if any(not stage.consumes for stage in named):
        return named
    if any(made.get(item.artifact) != "package" for stage in named for item in stage.consumes):
        return named
    return []


def _of_production(plan: Plan, stages: list[Stage]) -> list[Stage]:
    """Return those that release to users; all of them where none says so."""
    kinds = {place.id: place.kind for place in plan.environments}
    to_users = [stage for stage in stages if kinds.get(stage.environment or "") in {"production", "registry"}]
    return to_users or stages


def _pulls(runs: Iterable[str]) -> bool:
    """Whether commands take whatever a branch holds at that moment."""
    return any(re.search(r"\bgit\s+pull\b|\bgit\s+reset\s+--hard\s+origin/", line) for line in runs)


def _fixed_images(repository: Repository, sightings: Mapping[str, tuple[Sighting, ...]]) -> list[str]:
    """Return where manifests name images that cannot move; nothing when one of them can."""
    loads = [
        (row, row.workload)
        for name in sorted(ORCHESTRATED & set(sightings))
        for row in sightings[name]
        if row.workload is not None and row.workload.image
    ]
    if any(load.reference is not None and load.reference not in IMMUTABLE for _, load in loads):
        return []
    return [_image_line(repository, row, load) for row, load in loads if load.reference in IMMUTABLE]


def _image_line(repository: Repository, row: Sighting, load: Workload) -> str:
    """Return the line that names a workload's image; all of where it shows when no single line does."""
    if load.image_lines is not None:
        return repo_uri(*load.image_lines)
    rows = lines_of(text_of(repository, row.path) or "")[row.first - 1 : row.last]
    found = next(
        (number for number, text in enumerate(rows, row.first) if load.image and load.image in text), None
    )
    return repo_uri(row.path, found) if found is not None else repo_uri(row.path, row.first, row.last)


_DIGEST_GIVEN = regex(r"^\s*\w*image\w*\s*=\s*\"?[^\"]*(?:@\$\{|@sha256:|\.sha256_digest|\.image_digest)")


def _digests_of_terraform(
    repository: Repository, sightings: Mapping[str, tuple[Sighting, ...]]
) -> Iterator[str]:
    """Yield where Terraform gives what it runs the digest of an image, as the registry or the build told it."""
    paths = [path for path in repository.paths if path.endswith((".tf", ".tofu")) and not aside(path)]
    for path in paths[:MAX_FILES] if "terraform" in sightings else ():
        text = text_of(repository, path) or ""
        if "sha256" in text or "digest" in text:
            yield from (
                repo_uri(path, number)
                for number, row in enumerate(lines_of(text), 1)
                if len(row) < 400 and _DIGEST_GIVEN.match(row)
            )


_TAG = regex(
    r"^\s*(?:-\s+)?[\"']?(?:tag|imageTag|image_tag|newTag|digest)[\"']?\s*:\s*[\"']?([\w][\w.@:+-]*)[\"']?\s*(?:#.*)?$"
)
_IMAGE = regex(
    r"^\s*(?:-\s+)?[\"']?image[\"']?\s*:\s*[\"']?([\w][\w./-]*(?::[\w][\w.+-]*)?(?:@sha256:[0-9a-f]{64})?)[\"']?\s*(?:#.*)?$"
)
_DATED = regex(r"(?<!\d)\d+(?:[._-]\d+){2,}")


def _kept_images(repository: Repository, sightings: Mapping[str, tuple[Sighting, ...]]) -> list[str]:
    """Return where the values of releases and stacks name images for good, if nearly all do: of production, where some are its."""
    paths = [path for path in repository.paths if _holds_images(path, bool(_KEPT & set(sightings)))]
    found: list[tuple[str, bool]] = []
    of_production: list[tuple[str, bool]] = []
    for path in paths[:MAX_FILES]:
        rows = [*_named_images(path, lines_of(text_of(repository, path) or ""))]
        found += rows
        of_production += rows if environment_kind(of_path(path) or "") == "production" else []
    found = of_production or found
    fixed = [uri for uri, for_good in found if for_good]
    return fixed if fixed and len(fixed) >= SHARE * len(found) else []


_OF_DEVELOPERS = ("compose", "skaffold", "devspace", "tilt", "minikube")
"""Files by which developers run the system for themselves."""


def _holds_images(path: str, kept: bool) -> bool:
    if not path.endswith((".yaml", ".yml")) or aside(path):
        return False
    if re.search(r"(?:^|/)Pulumi\.[\w-]+\.ya?ml$", path):
        return True
    low = path.lower()
    return kept and not path.startswith(".") and not any(word in low for word in _OF_DEVELOPERS)


def _named_images(path: str, rows: list[str]) -> Iterator[tuple[str, bool]]:
    for number, row in enumerate(rows, 1):
        match = _TAG.match(row) if len(row) < 400 else None
        if match is None:
            match = _IMAGE.match(row) if len(row) < 400 else None
            if match is None or ("/" not in match[1] and ":" not in match[1]):
                continue
            tag = match[1].rpartition("/")[2].partition(":")[2]
        else:
            tag = match[1]
        for_good = "sha256:" in row or tag_kind(tag) in IMMUTABLE or _DATED.search(tag) is not None
        yield repo_uri(path, number), for_good


def _unique_builds(plan: Plan) -> list[str]:
    """Return where pipelines that hand over to nobody name what they build, if by names that cannot move."""
    if any(item.identity not in IMMUTABLE for item in plan.artifacts):
        return []
    return [uri for item in plan.artifacts for uri in item.evidence]
