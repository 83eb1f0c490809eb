"""New verifications: how a version shows that it is up, and what meets the artifact before users do."""

from collections.abc import Mapping

from platform_operations.model.delivery import Component, Environment, HealthCheck, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import IMMUTABLE, Assertion, HealthKind
from platform_operations.patterns import regex
from platform_operations.platforms import platform
from platform_operations.validate.compose.handover import image_of
from platform_operations.validate.compose.installing import inside_folder, with_dependencies
from platform_operations.validate.compose.kubernetes import runs_reference, token_of, waits_for_rollout
from platform_operations.validate.compose.parameters import commands_of
from platform_operations.validate.compose.parties import (
    asked_path,
    asked_port,
    carriers,
    cited,
    evidence_of,
    owner_of,
    spoken_by,
    url_of,
)
from platform_operations.validate.compose.stages import component_of, reference_of, scoped
from platform_operations.validate.compose.systems import commit_in
from platform_operations.validate.edits import assume, fresh, united
from platform_operations.validate.expectations import health_kinds, is_installed
from platform_operations.validate.graph import proves
from platform_operations.validate.rule import Review

CURL = "curl --fail --silent --show-error --retry 10 --retry-delay 3 --retry-connrefused"


def health_of(review: Review, plan: Plan, component: Component, stage: str) -> tuple[Plan, HealthCheck]:
    """Return how a new version of the component shows that it is up: as seen today, else as its type allows."""
    for known in plan.pipeline_stages:
        check = known.health_check if known.component == component.id else None
        if (
            check is not None
            and check.kind in health_kinds(component.types)
            and (check.target or check.kind not in {"http", "exec"})
        ):
            return plan, check
    subject = f"components/{component.id}"
    path = review.value(subject, "health-endpoint")
    kinds = health_kinds(component.types)
    if path and "http" in kinds:
        return cited(review, plan, evidence_of(review, subject, "health-endpoint")), _http(path)
    fitting: tuple[HealthKind, ...] = tuple(
        kind for kind in _BY_ITSELF if kind in kinds and _shows(kind, component)
    )
    kind = fitting[0] if fitting else "platform"
    if kind == "http":
        if "http-service" not in component.types:
            return plan, _http("/")
        return _assumed(review, plan, component, stage, "health-endpoint", _ENDPOINT), _http("/healthz")
    if kind == "heartbeat":
        steady = "worker" in component.types
        says = _HEARTBEAT if steady else _LAST_SUCCESS
        plan = _assumed(review, plan, component, stage, "heartbeat", says)
        return plan, HealthCheck(kind="heartbeat", period="1m" if steady else None, timeout="5m")
    return plan, HealthCheck(kind=kind, timeout="5m")


_BY_ITSELF: tuple[HealthKind, ...] = ("http", "heartbeat", "platform", "install")
_ENDPOINT = "answers GET /healthz with 200 once it can serve, and with 503 while it cannot"
_HEARTBEAT = (
    "tells at least once a minute that it works: by a gauge with the time of its last success, or by a ping"
)
_LAST_SUCCESS = "tells when a run ended well: by a gauge with the time of its last success, or by a ping"


def _shows(kind: HealthKind, component: Component) -> bool:
    """Whether components of this type show by such a check that they are up, where nothing says how this one does."""
    if kind == "http":
        return bool({"http-service", "static-site"} & set(component.types))
    return kind != "heartbeat" or bool({"worker", "scheduled-job", "data-pipeline"} & set(component.types))


def _assumed(review: Review, plan: Plan, component: Component, stage: str, what: str, says: str) -> Plan:
    return assume(
        plan,
        f"{component.id}-{what}",
        f"{component.id} {says}.",
        about=f"components/{component.id}#health-endpoint",
        fills=(f"pipelineStages/{stage}/healthCheck",),
        confirm_with=owner_of(review, plan, component.id),
    )


def _http(path: str) -> HealthCheck:
    return HealthCheck(kind="http", target=path, period="10s", timeout="2m")


def verification(
    review: Review, plan: Plan, component: Component, environment: Environment | None, release: Stage
) -> tuple[str, ...]:
    """Return the commands that meet the artifact in `environment` and fail when it does not serve.

    None stands for a run of the artifact in CI. Where the workload can be asked, they fail too when it runs something else.
    """
    if environment is not None and environment.kind == "registry":
        return (_from_registry(review, component, release),)
    if is_installed(component):
        return _install(review, component, released=False)
    if environment is None:
        return _in_ci(review, plan, component, release)
    named = identity_checks(review, plan, component, release, environment.id)
    if {"http-service", "static-site", "serverless"} & set(component.types):
        return (*named, *_asked(review, plan, component, environment, release))
    if "kubernetes" in component.platforms and "infrastructure" not in component.types:
        waits = waits_for_rollout(review, plan, component, release, environment.id)
        if waits or named:
            return (*waits, *named)
    return named or _applied(review, plan, component, environment, release)


def identity_checks(
    review: Review, plan: Plan, component: Component, release: Stage, environment: str
) -> tuple[str, ...]:
    """Return the command that asks the platform which artifact it runs, where it can be asked."""
    if "kubernetes" in component.platforms and "infrastructure" not in component.types:
        found = runs_reference(review, plan, component, release, environment)
        return (found,) if found else ()
    aws, token = platform("aws"), token_of(release)
    if (
        aws is not None
        and "aws" in component.platforms
        and token
        and (release.action or "").startswith("ecs")
    ):
        return commands_of(review, plan, component, environment, aws, _ECS_RUNS, token=token)
    return ()


_ECS_RUNS = (
    "RUNNING=$(aws ecs describe-services --cluster {cluster} --services {service}"
    " --query 'services[0].taskDefinition' --output text)",
    'aws ecs describe-task-definition --task-definition "$RUNNING"'
    " --query 'taskDefinition.containerDefinitions[].image' --output text | grep --fixed-strings {token}",
)


def _asked(
    review: Review, plan: Plan, component: Component, environment: Environment, release: Stage
) -> tuple[str, ...]:
    """Return what asks the component as users do: as its other verification does, else by its health path and smoke tests."""
    url = url_of(plan, component, environment)
    like = _like_elsewhere(plan, component, environment, url)
    if like:
        return like
    smoke = review.value(f"components/{component.id}", "smoke-test")
    tail = (f"BASE_URL={url} {smoke}",) if smoke else ()
    return (f"{CURL} {url}{asked_path(review, plan, component, release)}", *tail)


_ADDRESS = regex(r"https?://(?!localhost|127\.|\$)[\w.-]+(?::\d+)?")


def _like_elsewhere(plan: Plan, component: Component, environment: Environment, url: str) -> tuple[str, ...]:
    """Return the commands that verify the component in another environment, with this one's address in them."""
    for stage in plan.pipeline_stages:
        if (
            stage.origin == "existing"
            and stage.kind == "verify"
            and stage.component == component.id
            and stage.environment not in {environment.id, None}
            and stage.runs
            and proves(stage)
            and all(_ADDRESS.search(line) and not line.startswith("uses ") for line in stage.runs)
        ):
            return tuple(_ADDRESS.sub(lambda _: url, line) for line in stage.runs)
    return ()


def _in_ci(review: Review, plan: Plan, component: Component, release: Stage) -> tuple[str, ...]:
    """Return the commands that try the artifact where it was built."""
    if release.action == "helm-push":
        return ("helm template ./*.tgz",)
    kinds = {entry.id: entry.kind for entry in plan.artifacts}
    images = [
        item for item in release.consumes if kinds.get(item.artifact, "container-image") == "container-image"
    ]
    if images and "docker" in component.platforms:
        commit = commit_in(release)
        name = image_of(review, plan, images[0].artifact)
        named = f"{name}:{commit}" if commit and images[0].reference == "commit" else f"{name}@$IMAGE_DIGEST"
        started = _started(review, plan, component, named, release)
        if started:
            return started
    place = platform("netlify") if "netlify" in component.platforms else platform("aws")
    if "static-site" in component.types and place is not None:
        folder = commands_of(review, plan, component, None, place, ("{bundle}",))[0]
        return (f"test -s {folder}/index.html",)
    return _served(review, plan, component, release) or _checked(review, plan, component, release.environment)


def _served(review: Review, plan: Plan, component: Component, release: Stage) -> tuple[str, ...]:
    """Return the commands that start a service by its package's own script and ask it; nothing where it has none."""
    start = review.value(f"components/{component.id}", "start-command")
    if not start or "http-service" not in component.types:
        return ()
    port = asked_port(review, plan, component)
    built = review.value(f"components/{component.id}", "build-command")
    path = asked_path(review, plan, component, release)
    lines = (*([built] if built else []), f"PORT={port} {start} &", f"{CURL} http://127.0.0.1:{port}{path}")
    return with_dependencies(review, component, lines)


def _started(review: Review, plan: Plan, component: Component, image: str, release: Stage) -> tuple[str, ...]:
    subject = f"components/{component.id}"
    if "http-service" in component.types:
        port = asked_port(review, plan, component)
        smoke = review.value(subject, "smoke-test")
        tail = (f"BASE_URL=http://127.0.0.1:{port} {smoke}",) if smoke else ()
        path = asked_path(review, plan, component, release)
        return (
            f"docker run --detach --publish 127.0.0.1:{port}:{port} {image}",
            f"{CURL} http://127.0.0.1:{port}{path}",
            *tail,
        )
    if "worker" in component.types:
        return (
            f"docker run --detach --name {component.id} {image}",
            "sleep 30",
            f"docker inspect --format '{{{{.State.Running}}}}' {component.id} | grep --fixed-strings true",
        )
    return ()


_BEFORE = {
    "terraform": (
        "terraform -chdir={module} init -input=false -lockfile=readonly",
        "terraform -chdir={module} validate",
    ),
    "pulumi": ("pulumi preview --stack {stack} --cwd {project} --diff",),
    "helm": ("helm template {release} {chart}{values}",),
    "kubernetes": ("kubectl apply --dry-run=server {manifests}",),
    "aws": ("aws cloudformation validate-template --template-body file://{template}",),
    "sst": ("npx sst diff --stage {stage}",),
    "cloudflare": ("(cd {path} && npx wrangler deploy --dry-run)",),
}
"""How a platform's tool judges configuration before it is applied."""

_RUNNING = {
    "railway": (
        "railway deployment list --service {service} --environment {environment} --limit 1 --json"
        " | grep --fixed-strings SUCCESS",
    ),
    "docker": (
        "docker compose -f {compose} ps --services --status running | grep --line-regexp --fixed-strings {name}",
    ),
}
"""How a platform tells that what nobody can ask by an address is running."""

_AFTER = {
    "terraform": ("terraform -chdir={module} plan -input=false -detailed-exitcode{variables}",),
    "pulumi": ("pulumi preview --stack {stack} --cwd {project} --expect-no-changes",),
    "argocd": ("argocd app wait {application} --sync --health --timeout 600",),
    "flux": ("flux reconcile kustomization {kustomization} --timeout=10m",),
    "helm": ("helm status {release}{namespace}", "helm test {release}{namespace}"),
    "kubernetes": ("kubectl diff {manifests}",),
    "aws": (
        "aws cloudformation describe-stacks --stack-name {stack} --query 'Stacks[0].StackStatus' --output text"
        " | grep --extended-regexp '^(CREATE|UPDATE|IMPORT)_COMPLETE$'",
    ),
    "sst": ("npx sst diff --stage {stage}",),
}
"""How a platform's tool tells that what was applied is there and whole."""


def _checked(review: Review, plan: Plan, component: Component, environment: str | None) -> tuple[str, ...]:
    return _by_tool(review, plan, component, environment, _BEFORE) or (
        f"make verify COMPONENT={component.id}",
    )


def _applied(
    review: Review, plan: Plan, component: Component, environment: Environment, release: Stage
) -> tuple[str, ...]:
    for place in carriers(component) if {"worker", "scheduled-job"} & set(component.types) else ():
        acts = release.action in place.actions
        if place.id in _RUNNING and acts:
            return commands_of(review, plan, component, environment.id, place, _RUNNING[place.id])
    return _by_tool(review, plan, component, environment.id, _AFTER) or (
        f"make verify COMPONENT={component.id} ENVIRONMENT={environment.id}",
    )


def _by_tool(
    review: Review,
    plan: Plan,
    component: Component,
    environment: str | None,
    lines: Mapping[str, tuple[str, ...]],
) -> tuple[str, ...]:
    """Return the lines of the first platform that has some, for what is configuration and nothing else."""
    if not {"infrastructure", "serverless"} & set(component.types):
        return ()
    for place in carriers(component):
        if place.id in lines:
            return commands_of(review, plan, component, environment, place, lines[place.id])
    return ()


_REGISTRY_CHECKS = {
    "helm-push": 'helm show chart "$CHART" --version "$VERSION"',
    "container-push": 'docker pull "$REGISTRY/{name}@$IMAGE_DIGEST"',
    "github-release": 'gh release view "$VERSION" --json assets',
    "maven-deploy": 'mvn dependency:get -Dartifact="$GROUP:{name}:$VERSION"',
    "gem-push": 'gem install {name} --version "$VERSION"',
}


def _from_registry(review: Review, component: Component, release: Stage) -> str:
    """Return the command that gets the published version from its registry, as a user would."""
    found = _REGISTRY_CHECKS.get(release.action or "")
    return found.replace("{name}", component.id) if found else _install(review, component, released=True)[-1]


def _install(review: Review, component: Component, *, released: bool) -> tuple[str, ...]:
    name = review.value(f"components/{component.id}", "package-name") or component.id
    lines = {
        "python": (f'python -m pip install "{name}==$VERSION"', "python -m pip install dist/*.whl"),
        "javascript": (f'npm install "{name}@$VERSION"', "npm install ./*.tgz"),
        "typescript": (f'npm install "{name}@$VERSION"', "npm install ./*.tgz"),
        "rust": (f'cargo info "{name}@$VERSION"', "cargo publish --dry-run"),
        "go": ('go list -m "$MODULE@$VERSION"', "go build ./..."),
        "ruby": (f'gem install {name} --version "$VERSION"', "gem install ./*.gem"),
    }
    for language in spoken_by(component):
        if language in lines:
            line = lines[language][0 if released else 1]
            return (line,) if released else inside_folder(component, (line,))
    return (f"make verify COMPONENT={name}",)


def _asserted(runs: tuple[str, ...], commit: str | None, journey: bool) -> tuple[Assertion, ...]:
    """Return what the commands really assert."""
    installs = any("$VERSION" in line for line in runs)
    version = installs or any("grep --fixed-strings" in line for line in runs)
    version = version or any(
        line.startswith("docker ") and ("@$IMAGE_DIGEST" in line or (commit is not None and commit in line))
        for line in runs
    )
    reach: Assertion = "user-journey" if journey and not installs else "reachable"
    return ("version", reach) if version else (reach,)


def verify_stage(
    review: Review,
    plan: Plan,
    release: Stage,
    environment: Environment | None,
    needs: tuple[str, ...],
    *,
    on_failure: str | None = None,
) -> Stage | None:
    """Return a stage that verifies in `environment` what `release` takes.

    None when its component is unknown.
    """
    component = component_of(plan, release.component)
    if component is None:
        return None
    smoke = evidence_of(review, f"components/{component.id}", "smoke-test")
    health = evidence_of(review, f"components/{component.id}", "health-endpoint")
    place = environment.id if environment is not None else "artifact"
    takes = tuple(
        item
        if item.reference in IMMUTABLE
        else item.model_copy(update={"reference": reference_of(plan, item.artifact)})
        for item in release.consumes
    )
    runs = verification(review, plan, component, environment, release.model_copy(update={"consumes": takes}))
    return Stage(
        id=fresh(plan, "pipelineStages", scoped(plan, component, f"verify-{place}")),
        kind="verify",
        pipeline=release.pipeline,
        component=component.id,
        environment=environment.id if environment is not None else None,
        needs=needs,
        consumes=takes,
        runs=runs,
        asserts=_asserted(runs, commit_in(release), bool(smoke)),
        on_failure=on_failure,
        evidence=united(smoke, health),
    )
