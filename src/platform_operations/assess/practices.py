"""The practices of today, each with an outcome, a strength and the lines that show it (design: shared vocabulary).

*absent* means that the places were read and nothing points outside; where something named does (a remote workflow, a
platform that is set up in its dashboard) the practice is *unknown*.
"""

import re
from collections.abc import Iterable, Mapping

from platform_operations.assess.declared_rollbacks import (
    chosen_versions,
    declared_rollbacks,
    rollback_scripts,
)
from platform_operations.assess.dockerfiles import holds_data, read_dockerfile, runs_nothing
from platform_operations.assess.handed_over import committed_elsewhere, run_from_elsewhere, written_elsewhere
from platform_operations.assess.health_practice import health_practice
from platform_operations.assess.local_hooks import hooks_that
from platform_operations.assess.outside import (
    BUILDS_FROM_GIT,
    DASHBOARD,
    HEALTHLESS,
    by_components,
    dashboard,
    declares_what_runs,
    elsewhere,
    handed_on,
    kept_by_platform,
    set_up_elsewhere,
    unprobed,
)
from platform_operations.assess.pinning import pinning_practice
from platform_operations.assess.pipeline_words import narrowed, said
from platform_operations.assess.places import text_of
from platform_operations.assess.published import serves
from platform_operations.assess.release_signs import documented_rollback, linters_that_scan, remediated
from platform_operations.assess.scanned_elsewhere import scanned_elsewhere
from platform_operations.assess.staging import staged_practice
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.model.plan import Plan
from platform_operations.model.words import Strength
from platform_operations.patterns import regex
from platform_operations.platforms.platform import Sighting
from platform_operations.repository import Repository, all_remembered, remembered

SECURITY = frozenset({"sast", "secret-scan", "image-scan", "iac-scan"})


def practices_of(
    repository: Repository, plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], facts: Iterable[Fact]
) -> tuple[Fact, ...]:
    """Return the practices that follow from the as-is plan; those of telemetry and ownership come from their readers."""
    known = tuple(facts)
    unread = elsewhere(repository, known, "release")
    cloned = remembered(run_from_elsewhere, repository)
    written = remembered(written_elsewhere, repository) or committed_elsewhere(repository, plan)
    handed = unread or cloned
    on = written or handed_on(repository, plan, sightings)
    outside = handed or dashboard(plan, sightings, DASHBOARD) or on
    kept = handed or kept_by_platform(plan, sightings, DASHBOARD) or on
    kept = kept or by_components(plan, sightings) or set_up_elsewhere(plan, sightings)
    settled = HEALTHLESS | {"supabase"} | unprobed(sightings)
    checked = (
        (None if declares_what_runs(sightings) else handed)
        or kept_by_platform(plan, sightings, DASHBOARD - settled)
        or written
        or handed_on(repository, plan, sightings, but=settled)
    )
    return (
        _dockerfile(repository, plan, sightings),
        _rollback(repository, plan, sightings, kept),
        staged_practice(repository, plan, sightings, outside),
        _scan(repository, plan, "securityScan", SECURITY, elsewhere(repository, known, "security")),
        _scan(
            repository,
            plan,
            "dependencyScan",
            frozenset({"dependency-scan"}),
            elsewhere(repository, known, "dependencies"),
        ),
        pinning_practice(
            repository,
            plan,
            sightings,
            known,
            unread,
            outside,
            passed_on=bool(cloned or written),
            built_by=dashboard(plan, sightings, BUILDS_FROM_GIT),
        ),
        remembered(health_practice, repository, plan, sightings, checked),
        _validation(repository, plan, outside),
        _drift(plan, outside),
    )


def _fact(aspect: str, evidence: Iterable[str], strength: Strength, absent: str, outside: str | None) -> Fact:
    uris = tuple(dict.fromkeys(evidence))
    if uris:
        return Fact(
            subject="practices", aspect=aspect, outcome="present", strength=strength, evidence=uris[:8]
        )
    if outside:
        return Fact(subject="practices", aspect=aspect, outcome="unknown", reason=outside)
    return Fact(subject="practices", aspect=aspect, outcome="absent", reason=absent)


def _at(sighting: Sighting) -> str:
    return repo_uri(sighting.path, sighting.first, sighting.last)


def _dockerfile(repository: Repository, plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]]) -> Fact:
    """An image without a command, or of a data store, counts where a pipeline makes images from files: it may be one."""
    made = any(
        _FROM_FILES.search(run) for stage in plan.pipeline_stages if stage.produces for run in stage.runs
    )
    files = [
        _at(row)
        for row in sightings.get("docker", ())
        if ("dockerfile" in row.path.lower() or "containerfile" in row.path.lower())
        and (made or not _serves_developers(repository, row.path))
    ]
    return _fact("dockerfile", files, "present", "no Dockerfile of a deliverable", None)


_FROM_FILES = regex(
    r"docker|buildx|kaniko|buildah|podman|\bbake\b|depot|compose|acr build|builds submit", re.IGNORECASE
)


def _serves_developers(repository: Repository, path: str) -> bool:
    image = read_dockerfile(path, text_of(repository, path) or "")
    return image is not None and (runs_nothing(image) or holds_data(image))


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
    kept = remediated(repository, sightings) or remembered(declared_rollbacks, repository)
    if kept:
        return _fact("rollback", kept, "enforced", "", None)
    named = (
        remembered(said, repository, "rollback")
        or remembered(rollback_scripts, repository)
        or chosen_versions(repository, plan)
    )
    if named:
        return _fact("rollback", named, "present", "", None)
    return _fact(
        "rollback",
        all_remembered(documented_rollback, repository, serves(plan.components)),
        "documented",
        "no stage, workflow or page rolls back",
        outside,
    )


def _scan(
    repository: Repository, plan: Plan, aspect: str, kinds: frozenset[str], elsewhere: str | None
) -> Fact:
    gates = [gate for gate in plan.quality_gates if gate.kind in kinds]
    strength: Strength = "enforced" if any(gate.blocking for gate in gates) else "present"
    uris = [*narrowed(repository, [uri for gate in gates for uri in gate.evidence], aspect)]
    if not uris:
        strength = "present"
        uris = [*remembered(said, repository, aspect)] or [*all_remembered(hooks_that, repository, kinds)]
    if aspect == "securityScan":
        uris = uris or [*linters_that_scan(repository, plan)]
    elsewhere = elsewhere or (None if uris else remembered(scanned_elsewhere, repository, aspect))
    return _fact(aspect, uris, strength, "no stage runs such a check", elsewhere)


def _validation(repository: Repository, plan: Plan, outside: str | None) -> Fact:
    from platform_operations.assess.guards import puts_something_up, validations

    uris, strength = tuple(validations(plan)), "enforced"
    if not uris and (outside or puts_something_up(plan)):
        uris, strength = remembered(said, repository, "postDeployValidation"), "present"
    return _fact(
        "postDeployValidation",
        uris,
        strength,
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
