"""What a repository hands over to something that cannot be read here, and which practices that may decide."""

import re
from collections.abc import Iterable, Mapping

from platform_operations.assess.pipeline_words import deployer
from platform_operations.assess.purposes import Concern, decides, errand
from platform_operations.assess.release_signs import told_platform, told_where
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import RELEASING
from platform_operations.patterns import regex
from platform_operations.platforms.platform import FILLED_IN_FIRST, Sighting
from platform_operations.repository import Repository

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

BUILDS_FROM_GIT = frozenset({"vercel", "netlify", "render", "heroku"})
"""Those that build what they run from the repository, unless their settings name an image."""

BY_REQUEST = frozenset({"vercel", "netlify", "railway", "render", "coolify", "digitalocean"})
"""Those that keep earlier deployments and their settings to themselves even where a pipeline asks for each release."""

_INSTALLED = frozenset({"library", "cli", "mobile-app", "infrastructure"})

_RUNS_ELSEWHERE = frozenset(
    {
        "aws",
        "azure",
        "cloudfoundry",
        "gcp",
        "kubernetes",
        "helm",
        "argocd",
        "flux",
        "fly",
        "heroku",
        "pulumi",
        "sst",
        "serverless-framework",
    }
)
"""Platforms that pipelines and files of a repository drive: beside them the others carry what is less."""

_WHOLE = frozenset({"readable", "shared-library"})
"""Aspects under which something of any content is handed over."""

_UNREAD = frozenset({"pipelines/codepipeline", "pipelines/concourse", "pipelines/gocd", "pipelines/tekton"})
"""Systems that release and whose steps are not read, though scans are sought in their words; workflows of Argo mostly work on data."""

_CALLED = frozenset({"remote-workflow", "remote-orb", "remote-include", "remote-template"})
"""Aspects under which something is called whose name tells its purpose."""


def elsewhere(repository: Repository, facts: Iterable[Fact], concern: Concern) -> str | None:
    """Return what a pipeline hands over to outside the repository that may decide about `concern`; None for nothing.

    A workflow or command that its name tells to be a chore decides about nothing; one that only ships runs no scan,
    and one that only judges a change releases nothing. What tells nothing may do anything.
    """
    for fact in facts:
        if fact.outcome != "unknown" or not _of_pipeline(fact):
            continue
        unread = concern == "release" and fact.aspect == "modelled" and fact.subject in _UNREAD
        if fact.aspect in _WHOLE or unread:
            return f"{fact.subject.removeprefix('file:')}: {fact.reason}"
        called = [one for one in (fact.value or "").split(", ") if not _here(repository, one)]
        decided = not fact.value or any(decides(one, concern) for one in called)
        if fact.aspect in _CALLED and decided and not errand(repository, fact, concern):
            return f"{fact.subject}: {fact.reason}"
        if fact.aspect == "downstream" and concern == "release" and decided:
            return f"{fact.subject}: {fact.reason}"
    return None


def _here(repository: Repository, called: str) -> bool:
    """Whether a workflow that is called by owner and repository stands in this one."""
    parts = called.partition("@")[0].split("/", 2)
    return len(parts) == 3 and parts[1] == repository.name.partition("+")[2] and repository.exists(parts[2])


def _of_pipeline(fact: Fact) -> bool:
    """Whether a fact speaks of a pipeline; an unreadable file does where it is one of a CI system."""
    if fact.aspect != "readable":
        return True
    path = fact.subject.removeprefix("file:")
    return (
        re.match(
            r"\.github/(?:workflows|actions)/|\.gitlab|\.circleci/|\.buildkite/|(?:.*/)?(?:azure-pipelines|Jenkinsfile)|ci/",
            path,
        )
        is not None
    )


_PAGES = regex(r"actions/deploy-pages|gh-pages|mkdocs gh-deploy|\bmike deploy\b", re.IGNORECASE)


def _releases(plan: Plan) -> list[Stage]:
    """Return the stages that may put before its users what runs here: pages beside a service or an image put none of it there."""
    served = any({"http-service", "worker"} & set(one.types) for one in plan.components)
    served = served or any(item.kind == "container-image" for item in plan.artifacts)
    return [
        stage
        for stage in plan.pipeline_stages
        if not (
            served
            and (stage.environment == "github-pages" or any(_PAGES.search(line) for line in stage.runs))
        )
    ]


def dashboard(
    plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], platforms: frozenset[str]
) -> str | None:
    """Return which platform may deploy by settings that no file shows. Resources in Terraform are no such sign."""
    if any(stage.kind in RELEASING for stage in _releases(plan)):
        return None
    return _set_up_in(sightings, platforms)


def kept_by_platform(
    plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]], platforms: frozenset[str]
) -> str | None:
    """Return which platform may take a release back by its own settings, whoever asks it to release.

    Where a pipeline releases, only a platform that this pipeline speaks to counts, and only where nothing else runs
    what is released: a site of the documentation may lie beside it.
    """
    releases = [stage for stage in _releases(plan) if stage.kind in RELEASING]
    if not releases:
        return _set_up_in(sightings, platforms)
    if _RUNS_ELSEWHERE & set(sightings) or not any(set(one.types) - _INSTALLED for one in plan.components):
        return None
    files = {uri.removeprefix("repo:").partition("#")[0] for stage in releases for uri in stage.evidence}
    asked = {
        name: tuple(row for row in rows if row.path in files)
        for name, rows in sightings.items()
        if name in BY_REQUEST and any(row.path in files for row in rows)
    }
    return _set_up_in(asked, platforms)


def unprobed(sightings: Mapping[str, tuple[Sighting, ...]]) -> frozenset[str]:
    """Return the platforms whose own file says here how each service runs: a health check would stand in it."""
    told = {
        name
        for name in ("render", "railway", "digitalocean")
        if any(row.workload is not None for row in sightings.get(name, ()))
    }
    fly = any(row.path.endswith("fly.toml") for row in sightings.get("fly", ()))
    return frozenset(told | ({"fly"} if fly else set()))


_HOLDS_PROBES = frozenset({"kubernetes", "render", "railway", "digitalocean"})


def declares_what_runs(sightings: Mapping[str, tuple[Sighting, ...]]) -> bool:
    """Whether files here hold what runs and how it is asked, or only platforms run it that ask nothing."""
    if any(row.workload is not None for name in _HOLDS_PROBES for row in sightings.get(name, ())):
        return True
    if any(row.detail in {"Deployment", "StatefulSet"} for row in sightings.get("kubernetes", ())):
        return True
    return asks_nothing(sightings)


def asks_nothing(sightings: Mapping[str, tuple[Sighting, ...]]) -> bool:
    """Whether only platforms run this that have no health check to declare."""
    image = any("file" in row.path.rpartition("/")[2].lower() for row in sightings.get("docker", ()))
    runs = set(sightings) - {"docker", "terraform", "pulumi", "supabase"}
    return bool(runs) and not image and runs <= HEALTHLESS


def _set_up_in(sightings: Mapping[str, tuple[Sighting, ...]], platforms: frozenset[str]) -> str | None:
    for name in sorted(platforms & set(sightings)):
        if not all(_incidental(row.path) for row in sightings[name]):
            return f"{name} is set up in its dashboard, not in the repository"
    return None


def _filled_in(row: Sighting) -> bool:
    """Whether a manifest names what runs only once something fills it in."""
    return row.unreadable == FILLED_IN_FIRST


def _incidental(path: str) -> bool:
    """Whether a platform shows only as a resource or a library: neither says that it deploys this repository."""
    return path.endswith((".tf", ".tofu", "package.json"))


_RUN_BY = frozenset({"aws", "azure"})
"""Clouds on which a service is set up once and only given new versions by pipelines."""

_ON_A_HOST = regex(r"\bssh\b|ssh-action|scp-action|rsync", re.IGNORECASE)
_SETS_UP = regex(
    r"cloudformation|\bsam\b|\bcdk\b|copilot|terra(?:form|grunt)|\baz deployment\b|bicep|arm-deploy|create-service",
    re.I,
)


def set_up_elsewhere(plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]]) -> str | None:
    """Return the cloud on which a pipeline renews services that no file here sets up; None where one is declared.

    How such a service is asked and taken back stands with it: in another repository, or in nobody's.
    """
    if _DECLARED & set(sightings) or declares_a_workload(sightings):
        return None
    if not any({"http-service", "worker"} & set(one.types) for one in plan.components):
        return None
    renewed = [stage for stage in _releases(plan) if stage.kind in RELEASING]
    if not renewed or any(stage.kind == "publish" for stage in renewed):
        return None
    if any(_SETS_UP.search(line) for stage in renewed for line in stage.runs):
        return None
    if all(any(_ON_A_HOST.search(line) for line in stage.runs) for stage in renewed):
        return None
    for name in sorted(_RUN_BY & set(sightings)):
        if all(row.detail == "used by the pipeline" for row in sightings[name]):
            return f"what runs on {name} is set up outside the repository, the pipeline only renews it"
    return None


def declares_a_workload(sightings: Mapping[str, tuple[Sighting, ...]]) -> bool:
    """Say whether a file here declares what runs; images and Compose files do not count."""
    return any(
        row.workload is not None for name, rows in sightings.items() if name != "docker" for row in rows
    )


def by_components(plan: Plan, sightings: Mapping[str, tuple[Sighting, ...]]) -> str | None:
    """Return the SST program whose components decide how services are asked and taken back; None where there is none."""
    if not any({"http-service", "worker"} & set(one.types) for one in plan.components):
        return None
    program = next((row.path for row in sightings.get("sst", ()) if row.detail == "application"), None)
    return f"{program}: what its components do by default is not in the repository" if program else None


_DECLARED = frozenset({"argocd", "flux", "helm", "kubernetes", "pulumi", "terraform", "sst"})
"""Platforms whose files say here what is deployed, whoever applies them."""


def handed_on(
    repository: Repository,
    plan: Plan,
    sightings: Mapping[str, tuple[Sighting, ...]],
    *,
    but: frozenset[str] = frozenset(),
) -> str | None:
    """Return which stage makes what runs somewhere although nothing here puts it there; None where nothing does.

    An image or archive that is only made for tags or releases is a product that others run. `but` are platforms that
    leave nothing open, should a page name them.
    """
    kinds = {place.id: place.kind for place in plan.environments}
    reached = {
        kinds.get(stage.environment or "", "production")
        for stage in _releases(plan)
        if stage.kind in RELEASING | {"provision"}
    } - {"ephemeral", "development"}
    if reached - {"staging"}:
        return None
    named = deployer(repository) if not reached else None
    if named is not None:
        return named
    if not any(set(one.types) - _INSTALLED for one in plan.components):
        return None
    told = (told_platform(repository, but) if not reached else None) or told_where(repository)
    declared = {
        name for name in _DECLARED & set(sightings) if not all(_filled_in(row) for row in sightings[name])
    }
    if told is not None or declared:
        return told
    triggers = {pipeline.id: set(pipeline.triggers) for pipeline in plan.pipelines}
    for stage in plan.pipeline_stages:
        started = triggers.get(stage.pipeline, set[str]())
        if stage.kind == "package" and stage.produces and started & {"push-default-branch", "push-branch"}:
            return f"{stage.id} makes an artifact that is deployed from outside the repository"
    return None


def unseen_paths(plan: Plan, practices: Iterable[Fact]) -> tuple[Fact, ...]:
    """Return, for each component that nothing here puts before its users, who may do so outside the repository."""
    open_ = (
        fact.reason
        for fact in practices
        if fact.outcome == "unknown" and fact.aspect in {"stagedVerification", "postDeployValidation"}
    )
    reason = next(open_, None)
    if reason is None:
        return ()
    places = {place.id: place.kind for place in plan.environments}
    reached = {
        stage.component
        for stage in plan.pipeline_stages
        if stage.kind in RELEASING and places.get(stage.environment or "") in {"production", "registry"}
    }
    return tuple(
        Fact(subject=f"components/{component.id}", aspect="production-path", outcome="unknown", reason=reason)
        for component in plan.components
        if component.id not in reached
    )
