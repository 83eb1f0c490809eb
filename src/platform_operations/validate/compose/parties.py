"""Who and where: owners, pipelines, environments, and the platform that carries a component."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from platform_operations.model.delivery import Component, Environment, Owner, Pipeline, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import EnvironmentKind, StageKind
from platform_operations.patterns import regex
from platform_operations.platforms import platform
from platform_operations.platforms.platform import Action, Platform
from platform_operations.validate.edits import assume, cite, fresh, kebab, united
from platform_operations.validate.expectations import is_installed
from platform_operations.validate.rule import Review

UNNAMED = "to-be-named"
"""The owner of what nobody is known to own.

An assumption says so, and the rollout begins with naming someone.
"""

REGISTRIES = "registries"


def evidence_of(review: Review, subject: str, aspect: str) -> tuple[str, ...]:
    """Return the URIs behind a fact, nothing when there is none."""
    fact = review.fact(subject, aspect)
    return fact.evidence if fact is not None else ()


def cited(review: Review, plan: Plan, uris: Iterable[str]) -> Plan:
    """Return the plan with the assessment's ledger entries of `uris` added."""
    if review.assessment is None:
        return plan
    known = review.assessment.ledger
    return cite(plan, *(known[uri] for uri in uris if uri in known))


def owner_of(review: Review, plan: Plan, component: str | None) -> str:
    """Return who owns a component: by its own fact, else the first owner known, else UNNAMED."""
    named = review.value(f"components/{component}", "owner") if component else None
    known = [owner.id for owner in plan.owners]
    if named and named in known:
        return named
    return next((owner for owner in known if owner != UNNAMED), UNNAMED)


def with_owner(plan: Plan, owner: str, filled: tuple[str, ...]) -> Plan:
    """Return the plan in which `owner` may be named; for UNNAMED with the assumption that fills `filled`."""
    if owner != UNNAMED:
        return plan
    if UNNAMED not in {known.id for known in plan.owners}:
        plan = plan.model_copy(update={"owners": (*plan.owners, Owner(id=UNNAMED))})
    return assume(
        plan,
        "owner-to-be-named",
        "Nobody is named as owner in the repository; a person or team takes this on before anything else.",
        about="owners#name",
        fills=filled,
    )


_PROGRAMS = frozenset({"pulumi", "serverless-framework", "sst"})
"""Programs that declare what runs on a cloud: where one is there, a release goes through it and not past it."""


def carriers(component: Component) -> tuple[Platform, ...]:
    """Return the platforms of a component: those that deploy first, docker and terraform last."""
    known = [found for name in component.platforms if (found := platform(name)) is not None]

    def rank(found: Platform) -> tuple[bool, bool, bool, str]:
        deploys = any(
            "deploy" in action.kinds or "promote" in action.kinds for action in found.actions.values()
        )
        return (not deploys, found.id in {"docker", "terraform"}, found.id not in _PROGRAMS, found.id)

    return tuple(sorted(known, key=rank))


def action_for(component: Component, kind: StageKind) -> tuple[Platform, str, Action] | None:
    """Return the first action for a stage kind that fits the component, with its platform and word.

    What users install goes to a registry of its language and nowhere else; what runs for them goes to none.
    """
    registries = platform(REGISTRIES)
    installed = kind == "publish" and is_installed(component)
    places = (registries,) if installed and registries is not None else carriers(component)
    for place in places:
        for word, action in place.actions.items():
            if kind in action.kinds and (_publishes(component, word) if installed else fits(component, word)):
                return place, word, action
    return None


_STEADY = frozenset({"http-service", "worker", "static-site", "infrastructure", "serverless", "database"})
"""Types whose processes stay, so that new ones can take the place of old ones step by step."""

_RUNS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "ecs": frozenset({"http-service", "worker", "scheduled-job", "data-pipeline"}),
        "elastic-beanstalk": frozenset({"http-service", "worker"}),
        "codedeploy": frozenset({"http-service", "worker", "serverless"}),
        "beanstalk": frozenset({"http-service", "worker"}),
        "lambda": frozenset({"serverless"}),
        "sam": frozenset({"serverless"}),
        "s3": frozenset({"static-site"}),
        "cloudformation": frozenset({"infrastructure"}),
        "cdk": frozenset({"infrastructure"}),
        "kubernetes-rollout": _STEADY,
        "kubernetes-rolling": _STEADY,
        "argo-rollouts": _STEADY,
        "flagger": frozenset({"http-service"}),
        "supabase-functions": frozenset({"serverless"}),
        "supabase-db": frozenset({"database"}),
        "vercel": frozenset({"http-service", "static-site", "serverless"}),
        "netlify": frozenset({"static-site", "serverless", "http-service"}),
        "functions": frozenset({"serverless"}),
        "app-platform-static": frozenset({"static-site"}),
        "render-static": frozenset({"static-site"}),
    }
)
"""What the services of a platform with several run, by the first part of their words; other words run anything."""


def fits(component: Component, word: str) -> bool:
    """Return whether a word of a platform is about a service that runs what the component is."""
    kinds = next((kinds for stem, kinds in _RUNS.items() if word.startswith(f"{stem}-")), None)
    return kinds is None or bool(kinds & set(component.types))


_REGISTRY_OF = {
    "python": "pypi-publish",
    "javascript": "npm-publish",
    "typescript": "npm-publish",
    "rust": "cargo-publish",
    "java": "maven-deploy",
    "kotlin": "maven-deploy",
    "ruby": "gem-push",
    "csharp": "nuget-push",
}


_MANIFESTS = {
    "package.json": "javascript",
    "Cargo.toml": "rust",
    "pyproject.toml": "python",
    "setup.py": "python",
}


def spoken_by(component: Component) -> tuple[str, ...]:
    """Return the languages of a component; of one without source, that of the manifest that shows it."""
    if component.languages:
        return component.languages
    names = {uri.partition("#")[0].rpartition("/")[2].removeprefix("repo:") for uri in component.evidence}
    return tuple(language for name, language in _MANIFESTS.items() if name in names)


def _publishes(component: Component, word: str) -> bool:
    wanted = [_REGISTRY_OF[language] for language in spoken_by(component) if language in _REGISTRY_OF]
    return word in (wanted or ["github-release"]) or word == "github-release"


def environment_of(plan: Plan, kind: EnvironmentKind) -> Environment | None:
    """Return the first environment of a kind."""
    return next((place for place in plan.environments if place.kind == kind), None)


def lower_environment(plan: Plan, component: str | None, beside: str | None = None) -> Environment | None:
    """Return the environment below production that the component is in already, else the first there is."""
    lower = [place for place in plan.environments if place.kind in {"staging", "ephemeral", "development"}]
    lower.sort(key=lambda place: {"staging": 0, "ephemeral": 1, "development": 2}[place.kind])
    used = {stage.environment for stage in plan.pipeline_stages if stage.component == component}
    return next((place for place in lower if place.id in used), lower[0] if lower else None)


REGISTRY_IDS = frozenset(
    {
        "npm",
        "pypi",
        "crates-io",
        "rubygems",
        "nuget",
        "maven-central",
        "github-releases",
        "helm-repository",
        "oci-registry",
    }
)
"""Registries by the ids that the assessment gives them: a package of one language goes to none of another's."""
_REGISTRY_CALLED = {
    "cargo": "crates-io",
    "gem": "rubygems",
    "maven": "maven-central",
    "helm": "helm-repository",
    "github": "github-releases",
}


def with_environment(plan: Plan, kind: EnvironmentKind, wanted: str) -> tuple[Plan, Environment]:
    """Return the plan with an environment of `kind`, proposed under `wanted` where there is none."""
    places = [place for place in plan.environments if place.kind == kind]
    if kind == "registry":
        wanted = _REGISTRY_CALLED.get(wanted, wanted)
        places = [place for place in places if wanted in place.id or place.id not in REGISTRY_IDS]
    if places:
        return plan, places[0]
    name = fresh(plan, "environments", wanted)
    place = Environment(id=name, kind=kind)
    plan = plan.with_entry("environments", place)
    if kind == "registry":
        return plan, place
    plan = assume(
        plan,
        f"environment-{name}",
        f"The environment {name} exists or can be created; nothing in the repository names it.",
        about=f"environments#{name}",
        fills=(f"environments/{name}/kind",),
        confirm_with=_anyone(plan),
    )
    return plan, place


def with_pipeline(plan: Plan, component: str) -> tuple[Plan, str]:
    """Return the plan with the pipeline of a component's release stages, proposed where there is none."""
    proposing = {row.id for row in plan.pipelines if set(row.triggers) == {"pull-request"}}
    stages = [
        stage
        for stage in plan.pipeline_stages
        if stage.component == component and stage.pipeline not in proposing
    ]
    released = [stage for stage in stages if stage.kind in {"deploy", "promote", "publish", "package"}]
    if released:
        return plan, min(released, key=lambda stage: _beside(plan, stage.pipeline)).pipeline
    for trigger in ("release", "tag", "push-default-branch"):
        for pipeline in plan.pipelines:
            if trigger in pipeline.triggers:
                return plan, pipeline.id
    name = fresh(plan, "pipelines", "release")
    plan = plan.with_entry("pipelines", Pipeline(id=name, triggers=("push-default-branch",)))
    return plan, name


_ASIDE = regex(
    r"(?:^|-)(?:perf|performance|nightly|tests?|testing|load|docs?|lint|preview|pr|bench\w*|e2e)(?:-|$)"
)
"""Words in the names of pipelines and artifacts that are made to try something, and are not what users get."""

_STARTS = (
    "release",
    "tag",
    "push-default-branch",
    "manual",
    "upstream",
    "merge-queue",
    "push-branch",
    "schedule",
)


def _beside(plan: Plan, pipeline: str) -> tuple[bool, int, str]:
    """Return how far from releasing a pipeline is: made to try something, started by less than a release, by name."""
    triggers = next((row.triggers for row in plan.pipelines if row.id == pipeline), ())
    first = min((_STARTS.index(word) for word in triggers if word in _STARTS), default=len(_STARTS))
    return is_aside(pipeline), first, pipeline


def is_aside(name: str) -> bool:
    """Return whether a pipeline or an artifact is, by its name, made to try something."""
    return _ASIDE.search(name) is not None


def _anyone(plan: Plan) -> str | None:
    return plan.owners[0].id if plan.owners else None


SERVING = frozenset({"http-service", "static-site", "serverless"})
"""Types that users reach by an address."""


def url_of(plan: Plan, component: Component, environment: Environment | None) -> str:
    """Return where a component is reached in an environment, else the variable that holds it when the pipeline runs.

    An environment has one address: where several components are reached, each has a variable of its own.
    """
    several = sum(bool(SERVING & set(other.types)) for other in plan.components) > 1
    if environment is not None and environment.url and not several:
        return environment.url.rstrip("/")
    place = kebab(environment.id if environment else "production")
    name = f"{component.id}-{place}" if several else place
    return f"${name.upper().replace('-', '_')}_URL"


_LOCALLY = regex(
    r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::(?P<port>\d{1,5}))?(?P<path>/[^\s'\")]*)"
)


def asked_port(review: Review, plan: Plan, component: Component) -> str:
    """Return the port that a component listens on in its container: by its health command, by EXPOSE, else 8080."""
    for stage in plan.pipeline_stages:
        check = stage.health_check if stage.component == component.id else None
        asked = _LOCALLY.search(check.target or "") if check is not None and check.kind == "exec" else None
        if asked and asked["port"]:
            return asked["port"]
    return review.value(f"components/{component.id}", "port") or "8080"


def asked_path(review: Review, plan: Plan, component: Component, release: Stage | None = None) -> str:
    """Return the path that shows whether a component serves: its deploys' http check, else its health endpoint, else /."""
    if "static-site" in component.types:
        return "/"
    deploys = (stage for stage in plan.pipeline_stages if stage.component == component.id)
    for stage in (*([release] if release else []), *deploys):
        check = stage.health_check
        if check is not None and check.kind == "http" and check.target:
            return check.target
        asked = _LOCALLY.search(check.target or "") if check is not None and check.kind == "exec" else None
        if asked:
            return asked["path"]
    return review.value(f"components/{component.id}", "health-endpoint") or "/"


def widen_platforms(plan: Plan, component: Component, word: str) -> Plan:
    """Return the plan in which the component's platforms include `word`."""
    if word in component.platforms:
        return plan
    return plan.with_entry(
        "components", component.model_copy(update={"platforms": united(component.platforms, (word,))})
    )


def stage_names(stages: Iterable[Stage]) -> tuple[str, ...]:
    """Return the ids of stages."""
    return tuple(stage.id for stage in stages)
