"""The practices of today, each with an outcome, a strength and the lines that show it (design: shared vocabulary).

*absent* means that the places were read and nothing points outside; where something named does (a remote workflow, a
platform that is set up in its dashboard) the practice is *unknown*.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

from platform_operations.assess.declared_probes import probes_in_code
from platform_operations.assess.local_hooks import hooks_that
from platform_operations.assess.places import VENDORED
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

HEALTHLESS = frozenset({"vercel", "netlify", "cloudflare", "heroku"})
"""Those among them that ask nothing of a new version: neither a file nor a setting holds a health check."""

ORCHESTRATED = frozenset({"kubernetes", "helm", "aws", "digitalocean", "render", "pulumi"})
"""Platforms whose files name the images that run; a compose file may as well be for development."""

_ROLLBACK_HEADING = re.compile(r"^#{1,6}\s.*\b(roll(ing)?[ -]?back|revert)", re.IGNORECASE)


def practices_of(
    repository: Repository, plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], facts: Iterable[Fact]
) -> tuple[Fact, ...]:
    """Return the practices that follow from the as-is plan; those of telemetry and ownership come from their readers."""
    known = tuple(facts)
    elsewhere = _elsewhere(known)
    outside = elsewhere or _dashboard(plan, sightings, DASHBOARD)
    answers = (
        _dockerfile(sightings),
        _rollback(repository, plan, sightings, outside),
        _staged(plan, outside),
        _scan(repository, plan, "securityScan", SECURITY, elsewhere),
        _scan(repository, plan, "dependencyScan", frozenset({"dependency-scan"}), elsewhere),
        _pinning(plan, sightings, known, outside),
        _health(
            repository, plan, sightings, elsewhere or _dashboard(plan, sightings, DASHBOARD - HEALTHLESS)
        ),
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


def _elsewhere(facts: tuple[Fact, ...]) -> str | None:
    """Return what a pipeline hands over to outside the repository, None when it hands nothing over."""
    for fact in facts:
        in_pipeline = fact.aspect != "readable" or ".github/" in fact.subject or "ci" in fact.subject
        if fact.outcome == "unknown" and fact.aspect in OUTSIDE and in_pipeline:
            return f"{fact.subject.removeprefix('file:')}: {fact.reason}"
    return None


def _dashboard(
    plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], platforms: frozenset[str]
) -> str | None:
    """Return which platform may deploy by settings that no file shows. Resources in Terraform are no such sign."""
    if any(stage.kind in RELEASING for stage in plan.pipeline_stages):
        return None
    for name in sorted(platforms & set(sightings)):
        if not all(row.path.endswith((".tf", ".tofu")) for row in sightings[name]):
            return f"{name} is set up in its dashboard, not in the repository"
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


def _rollback(
    repository: Repository, plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], outside: str | None
) -> Fact:
    uris = [uri for row in plan.rollback_plan for uri in row.evidence]
    if uris:
        automatic = any(row.automatic for row in plan.rollback_plan)
        return _fact("rollback", uris, "enforced" if automatic else "present", "", None)
    declared = [
        repo_uri(*row.workload.strategy_lines) if row.workload.strategy_lines else _at(row)
        for group in sightings.values()
        for row in group
        if row.workload is not None and row.workload.rollback is not None
    ]
    if declared:
        return _fact("rollback", declared, "enforced", "", None)
    return _fact(
        "rollback", _documented(repository), "documented", "no stage, workflow or page rolls back", outside
    )


def _documented(repository: Repository) -> Iterator[str]:
    pages = [
        path
        for path in repository.paths
        if path.lower().endswith((".md", ".rst", ".adoc")) and _about_operating(path) and not _borrowed(path)
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


_TOOLING = frozenset({"templates", "template", "skills", "prompts", "fixtures", "examples", "testdata"})


def _borrowed(path: str) -> bool:
    """Whether a page comes with other people's code or a tool, or is one to be filled in."""
    folders = path.lower().split("/")[:-1]
    hidden = any(part.startswith(".") and part not in {".github", ".gitlab"} for part in folders)
    return hidden or not (VENDORED | _TOOLING).isdisjoint(folders)


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


def _scan(
    repository: Repository, plan: Plan, aspect: str, kinds: frozenset[str], elsewhere: str | None
) -> Fact:
    gates = [gate for gate in plan.quality_gates if gate.kind in kinds]
    strength: Strength = "enforced" if any(gate.blocking for gate in gates) else "present"
    uris = [uri for gate in gates for uri in gate.evidence] or list(hooks_that(repository, kinds))
    return _fact(aspect, uris, strength, "no stage runs such a check", elsewhere)


def _pinning(
    plan: Plan,
    sightings: Mapping[str, tuple[Sighting, ...]],
    facts: tuple[Fact, ...],
    outside: str | None,
) -> Fact:
    releases = [stage for stage in plan.pipeline_stages if stage.kind in RELEASING]
    named = [(stage, item) for stage in releases for item in stage.consumes]
    moving = [stage for stage, item in named if item.reference not in IMMUTABLE]
    moving = moving or [stage for stage in releases if not stage.consumes and _pulls(stage.runs)]
    if moving:
        return Fact(
            subject="practices",
            aspect="artifactPinning",
            outcome="absent",
            reason=f"{moving[0].id} names its artifact by a tag that can move",
            evidence=moving[0].evidence[:1],
        )
    uris = [uri for stage, _ in named for uri in stage.evidence]
    uris = uris or _fixed_images(sightings) or ([] if releases else _unique_builds(plan))
    unknown = next(
        (fact for fact in facts if fact.aspect == "artifact-reference" and fact.outcome == "unknown"), None
    )
    reason = outside or (unknown.reason if unknown and not named else None)
    return _fact("artifactPinning", uris, "enforced", "no release names an immutable artifact", reason)


def _pulls(runs: Iterable[str]) -> bool:
    """Whether commands take whatever a branch holds at that moment."""
    return any(re.search(r"\bgit\s+pull\b|\bgit\s+reset\s+--hard\s+origin/", line) for line in runs)


def _fixed_images(sightings: Mapping[str, tuple[Sighting, ...]]) -> list[str]:
    """Return where manifests name images that cannot move; nothing when one of them can."""
    loads = [
        (row, row.workload)
        for name in sorted(ORCHESTRATED & set(sightings))
        for row in sightings[name]
        if row.workload is not None and row.workload.image
    ]
    if any(load.reference is not None and load.reference not in IMMUTABLE for _, load in loads):
        return []
    return [_at(row) for row, load in loads if load.reference in IMMUTABLE]


def _unique_builds(plan: Plan) -> list[str]:
    """Return where pipelines that hand over to nobody name what they build, if by names that cannot move."""
    if any(item.identity not in IMMUTABLE for item in plan.artifacts):
        return []
    return [uri for item in plan.artifacts for uri in item.evidence]


def _health(
    repository: Repository, plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], outside: str | None
) -> Fact:
    declared = [
        repo_uri(*row.workload.probe_lines) if row.workload.probe_lines else _at(row)
        for group in sightings.values()
        for row in group
        if row.workload is not None
        and row.workload.health is not None
        and row.workload.health.kind not in {"none", "install"}
    ]
    declared += probes_in_code(repository, sightings)
    waited = any(stage.waits and stage.health_check for stage in plan.pipeline_stages)
    outside = outside or _library_chart(repository, sightings)
    return _fact(
        "healthChecks",
        declared,
        "enforced" if waited else "present",
        "no platform file declares a health check",
        outside,
    )


def _library_chart(repository: Repository, sightings: Mapping[str, tuple[Sighting, ...]]) -> str | None:
    """Return the first chart whose workloads another chart makes: the probes are that chart's."""
    for row in sightings.get("helm", ()):
        text = repository.read(row.path) if row.path.endswith("Chart.yaml") else ""
        if (
            row.workload is None
            and isinstance(text, str)
            and re.search(r"^dependencies\s*:", text, re.MULTILINE)
        ):
            return f"{row.path}: the workloads come from charts outside the repository"
    return None


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
