"""The practices of today, each with an outcome, a strength and the lines that show it (design: shared vocabulary).

*absent* means that the places were read and nothing points outside; where something named does (a remote workflow, a
platform that is set up in its dashboard) the practice is *unknown*.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.model.plan import Plan
from platform_operations.model.words import IMMUTABLE, RELEASING, Strength
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import Repository, Unreadable

SECURITY = frozenset({"sast", "secret-scan", "image-scan", "iac-scan"})
DASHBOARD = frozenset(
    {
        "vercel",
        "netlify",
        "railway",
        "render",
        "coolify",
        "digitalocean",
        "heroku",
        "fly",
        "cloudflare",
        "supabase",
    }
)
"""Platforms that can release, check and roll back by settings that no file of the repository shows."""

_ROLLBACK_HEADING = re.compile(r"^#{1,6}\s.*\b(roll(ing)?[ -]?back|revert)", re.IGNORECASE)


def practices_of(
    repository: Repository, plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], facts: Iterable[Fact]
) -> tuple[Fact, ...]:
    """Return the practices that follow from the as-is plan; those of telemetry and ownership come from their readers."""
    known = tuple(facts)
    outside = _outside(plan, sightings, known)
    answers = (
        _dockerfile(sightings),
        _rollback(repository, plan, outside),
        _staged(plan, outside),
        _scan(plan, "securityScan", SECURITY, outside),
        _scan(plan, "dependencyScan", frozenset({"dependency-scan"}), outside),
        _pinning(plan, known, outside),
        _health(plan, sightings, outside),
        _validation(plan, outside),
        _drift(plan, outside),
    )
    return answers


def _fact(aspect: str, evidence: Iterable[str], strength: Strength, absent: str, outside: str | None) -> Fact:
    uris = tuple(dict.fromkeys(evidence))
    if uris:
        return Fact(
            subject="practices", aspect=aspect, outcome="present", strength=strength, evidence=uris[:8]
        )
    if outside:
        return Fact(subject="practices", aspect=aspect, outcome="unknown", reason=outside)
    return Fact(subject="practices", aspect=aspect, outcome="absent", reason=absent)


OUTSIDE = frozenset(
    {
        "remote-workflow",
        "readable",
        "remote-include",
        "remote-template",
        "remote-orb",
        "shared-library",
        "downstream",
    }
)
"""Aspects under which a pipeline hands over to something that cannot be read here."""


def _outside(
    plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], facts: tuple[Fact, ...]
) -> str | None:
    """Return what points outside the repository, None when nothing does."""
    for fact in facts:
        in_pipeline = fact.aspect != "readable" or ".github/" in fact.subject or "ci" in fact.subject
        if fact.outcome == "unknown" and fact.aspect in OUTSIDE and in_pipeline:
            return f"{fact.subject.removeprefix('file:')}: {fact.reason}"
    deploys = any(stage.kind in RELEASING for stage in plan.pipeline_stages)
    dashboards = sorted(DASHBOARD & set(sightings))
    if dashboards and not deploys:
        return f"{dashboards[0]} is set up in its dashboard, not in the repository"
    return None


def _at(sighting: Sighting) -> str:
    return repo_uri(sighting.path, sighting.first, sighting.last)


def _dockerfile(sightings: Mapping[str, tuple[Sighting, ...]]) -> Fact:
    files = [
        _at(row)
        for row in sightings.get("docker", ())
        if "dockerfile" in row.path.lower() or "containerfile" in row.path.lower()
    ]
    return _fact("dockerfile", files, "present", "no Dockerfile of a deliverable", None)


def _rollback(repository: Repository, plan: Plan, outside: str | None) -> Fact:
    uris = [uri for row in plan.rollback_plan for uri in row.evidence]
    if uris:
        automatic = any(row.automatic for row in plan.rollback_plan)
        return _fact("rollback", uris, "enforced" if automatic else "present", "", None)
    return _fact(
        "rollback", _documented(repository), "documented", "no stage, workflow or page rolls back", outside
    )


def _documented(repository: Repository) -> Iterator[str]:
    pages = [
        path
        for path in repository.paths
        if path.lower().endswith((".md", ".rst", ".adoc")) and _about_operating(path)
    ]
    for path in pages[:60]:
        text = repository.read(path)
        if isinstance(text, Unreadable):
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if _ROLLBACK_HEADING.match(line):
                yield repo_uri(path, number)
                break


def _about_operating(path: str) -> bool:
    low = path.lower()
    return any(
        word in low
        for word in ("runbook", "deploy", "release", "operat", "rollback", "incident", "readme", "docs/")
    )


def _staged(plan: Plan, outside: str | None) -> Fact:
    from platform_operations.assess.guards import verified_releases

    found = verified_releases(plan)
    if found is None:
        reason = outside or "no stage that releases to users was found"
        return Fact(
            subject="practices",
            aspect="stagedVerification",
            outcome="unknown" if outside else "absent",
            reason=reason,
        )
    return _fact(
        "stagedVerification",
        found,
        "enforced",
        "no verification or approval stands between a lower environment and production",
        outside,
    )


def _scan(plan: Plan, aspect: str, kinds: frozenset[str], outside: str | None) -> Fact:
    gates = [gate for gate in plan.quality_gates if gate.kind in kinds]
    strength: Strength = "enforced" if any(gate.blocking for gate in gates) else "present"
    return _fact(
        aspect,
        (uri for gate in gates for uri in gate.evidence),
        strength,
        "no stage runs such a check",
        outside,
    )


def _pinning(plan: Plan, facts: tuple[Fact, ...], outside: str | None) -> Fact:
    releases = [stage for stage in plan.pipeline_stages if stage.kind in RELEASING]
    named = [(stage, item) for stage in releases for item in stage.consumes]
    moving = [stage for stage, item in named if item.reference not in IMMUTABLE]
    if moving:
        return Fact(
            subject="practices",
            aspect="artifactPinning",
            outcome="absent",
            reason=f"{moving[0].id} names its artifact by a tag that can move",
            evidence=moving[0].evidence[:1],
        )
    unknown = next(
        (fact for fact in facts if fact.aspect == "artifact-reference" and fact.outcome == "unknown"), None
    )
    reason = outside or (unknown.reason if unknown and not named else None)
    return _fact(
        "artifactPinning",
        (uri for stage, _ in named for uri in stage.evidence),
        "enforced",
        "no release names an immutable artifact",
        reason,
    )


def _health(plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], outside: str | None) -> Fact:
    declared = [
        repo_uri(*row.workload.probe_lines) if row.workload.probe_lines else _at(row)
        for group in sightings.values()
        for row in group
        if row.workload is not None and row.workload.health is not None and row.workload.health.kind != "none"
    ]
    waited = any(stage.waits and stage.health_check for stage in plan.pipeline_stages)
    return _fact(
        "healthChecks",
        declared,
        "enforced" if waited else "present",
        "no platform file declares a health check",
        outside,
    )


def _validation(plan: Plan, outside: str | None) -> Fact:
    from platform_operations.assess.guards import validations

    return _fact(
        "postDeployValidation",
        validations(plan),
        "enforced",
        "no stage checks an environment after a deploy to it",
        outside,
    )


def _drift(plan: Plan, outside: str | None) -> Fact:
    return _fact(
        "driftCheck",
        (uri for row in plan.drift_checks for uri in row.evidence),
        "present",
        "nothing compares declared with actual state",
        outside,
    )
