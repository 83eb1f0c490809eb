"""Whether something is tried, or decided by a person, between a lower environment and those who use what is released."""

import re
from collections.abc import Iterator, Mapping

from platform_operations.assess.pipeline_words import checked_between, pipeline_paths
from platform_operations.assess.places import lines_of, text_of
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.model.plan import Plan
from platform_operations.model.words import RELEASING, Strength
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import Repository

MAX_FOUND = 8


def staged_practice(
    repository: Repository, plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], outside: str | None
) -> Fact:
    """Return the practice stagedVerification; `outside` is what else may decide about releases."""
    from platform_operations.assess.guards import verified_before, verified_releases

    found = verified_releases(plan)
    held = (*(found or ()), *judged_shares(plan, sightings), *published_drafts(repository, plan))
    if held:
        return _fact("present", "enforced", None, held)
    between = checked_between(repository, released=found is not None) if found is not None or outside else ()
    beside = (
        *verified_before(plan),
        *between,
        *(tried_previews(plan) if outside or found is not None else ()),
    )
    if beside:
        return _fact("present", "present", None, beside)
    outside = outside or left_to_a_store(repository, plan)
    if outside:
        return _fact("unknown", None, outside)
    nothing = "no stage that releases to users was found"
    between_them = "no verification or approval stands between a lower environment and production"
    return _fact("absent", None, nothing if found is None else between_them)


def _fact(
    outcome: str, strength: Strength | None, reason: str | None, evidence: tuple[str, ...] = ()
) -> Fact:
    return Fact(
        subject="practices",
        aspect="stagedVerification",
        outcome="present" if outcome == "present" else "unknown" if outcome == "unknown" else "absent",
        strength=strength,
        reason=reason,
        evidence=tuple(dict.fromkeys(evidence))[:MAX_FOUND],
    )


_SHARES = frozenset({"canary", "linear", "blue-green"})


def judged_shares(plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]]) -> Iterator[str]:
    """Yield where a rollout to production gives a share of users the new version and takes it back when it judges badly."""
    kinds = {place.id: place.kind for place in plan.environments}
    for group in sightings.values():
        for row in group:
            load = row.workload
            if load is None or load.strategy not in _SHARES or load.rollback not in _JUDGED:
                continue
            if kinds.get(row.environment or "", "production") == "production":
                yield (
                    repo_uri(*load.strategy_lines)
                    if load.strategy_lines
                    else repo_uri(row.path, row.first, row.last)
                )


_JUDGED = frozenset({"flagger-rollback", "argo-rollouts-abort", "codedeploy-auto-rollback"})
"""Ways back that are taken because of what was measured of the share, not because a task did not start."""

_DRAFTS = regex(
    r"^\s*(?:-\s+)?(?:uses\s*:\s*[\"']?release-drafter/release-drafter@|draft\s*:\s*[\"']?true\b|run\s*:.*gh release create\b.*--draft\b|.*gh release create\b.*\s(?:--draft|-d)\b)",
    re.IGNORECASE,
)


def published_drafts(repository: Repository, plan: Plan) -> Iterator[str]:
    """Yield where a release is drafted whose publishing, by a person, starts production after a lower environment was put up."""
    kinds = {place.id: place.kind for place in plan.environments}
    published = {one.id for one in plan.pipelines if set(one.triggers) == {"release"}}
    put = {kinds.get(stage.environment or "") for stage in plan.pipeline_stages if stage.kind in RELEASING}
    started = any(
        stage.pipeline in published
        and kinds.get(stage.environment or "") == "production"
        and stage.kind in RELEASING
        for stage in plan.pipeline_stages
    )
    if not started or not {"staging", "development"} & put:
        return
    for path in pipeline_paths(repository):
        text = text_of(repository, path)
        if text is None or "draft" not in text or not path.startswith(".github/"):
            continue
        for number, row in enumerate(lines_of(text), 1):
            if _DRAFTS.match(row):
                yield repo_uri(path, number)
                break


def tried_previews(plan: Plan) -> Iterator[str]:
    """Yield where the preview of a change is tried that a platform puts up by itself."""
    kinds = {place.id: place.kind for place in plan.environments}
    put = {stage.environment for stage in plan.pipeline_stages if stage.kind in RELEASING}
    for stage in plan.pipeline_stages:
        if (
            stage.kind == "verify"
            and kinds.get(stage.environment or "") == "ephemeral"
            and stage.environment not in put
        ):
            yield from stage.evidence[:1]


_STORE_FILES = frozenset({"build.gradle", "build.gradle.kts", "Fastfile"})
_FOR_TESTERS = regex(
    r"^\s*(?:track(?:\.set\(|\s*[:=(]\s*|\s+)[\"'](?:internal|alpha|beta|qa)[\"']|(?:upload_to_testflight|pilot)\b)",
    re.IGNORECASE,
)
_FOR_EVERYBODY = regex(
    r"^[^#/]*(?:\b(?:upload_to_app_store|deliver|appstore)\b|track_promote_to|promote(?:Track|Artifact)|\btrack\W{1,6}(?:set\W{1,3})?production\b)",
    re.IGNORECASE,
)


def left_to_a_store(repository: Repository, plan: Plan) -> str | None:
    """Return where an app goes to a store's testers only, so that people release it there; None where anything here does."""
    if not any("mobile-app" in one.types for one in plan.components):
        return None
    found: str | None = None
    for path in (path for path in repository.paths if path.rpartition("/")[2] in _STORE_FILES):
        for number, row in enumerate(lines_of(text_of(repository, path) or ""), 1):
            if len(row) < 300 and _FOR_EVERYBODY.search(row):
                return None
            if found is None and len(row) < 300 and _FOR_TESTERS.match(row):
                found = f"{path}:{number} hands the app to testers, and what becomes of it is decided in the store"
    return found
