"""New verifications: how a version shows that it is up, and what meets the artifact before users do."""

from platform_operations.model.delivery import Component, Environment, HealthCheck, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import Assertion, HealthKind
from platform_operations.validate.compose.kubernetes import runs_digest, waits_for_rollout
from platform_operations.validate.compose.parties import cited, evidence_of, owner_of, url_of
from platform_operations.validate.compose.stages import component_of, reference_of, scoped
from platform_operations.validate.edits import assume, fresh, united
from platform_operations.validate.expectations import health_kinds, is_installed, runs_for_users
from platform_operations.validate.rule import Review

CURL = "curl --fail --silent --show-error --retry 10 --retry-delay 3 --retry-connrefused"


def health_of(review: Review, plan: Plan, component: Component, stage: str) -> tuple[Plan, HealthCheck]:
    """Return how a new version of the component shows that it is up: as seen today, else as its type allows."""
    for known in plan.pipeline_stages:
        check = known.health_check if known.component == component.id else None
        if (
            check is not None
            and check.kind in health_kinds(component.types)
            and (check.target or check.kind != "http")
        ):
            return plan, check
    subject = f"components/{component.id}"
    path = review.value(subject, "health-endpoint")
    kinds = health_kinds(component.types)
    if path and "http" in kinds:
        return cited(review, plan, evidence_of(review, subject, "health-endpoint")), _http(path)
    kind: HealthKind = kinds[0] if kinds else "platform"
    if kind == "http":
        plan = assume(
            plan,
            f"{component.id}-health-endpoint",
            f"{component.id} answers GET /healthz with 200 once it can serve, and with 503 while it cannot.",
            about=f"{subject}#health-endpoint",
            fills=(f"pipelineStages/{stage}/healthCheck",),
            confirm_with=owner_of(review, plan, component.id),
        )
        return plan, _http("/healthz")
    if kind in {"heartbeat", "exec", "tcp"}:
        plan = assume(
            plan,
            f"{component.id}-{kind}",
            f"{component.id} offers a {kind} check to its platform.",
            about=f"{subject}#health-endpoint",
            fills=(f"pipelineStages/{stage}/healthCheck",),
            confirm_with=owner_of(review, plan, component.id),
        )
    return plan, HealthCheck(kind=kind, period="10s" if kind == "heartbeat" else None, timeout="5m")


def _http(path: str) -> HealthCheck:
    return HealthCheck(kind="http", target=path, period="10s", timeout="2m")


def verification(
    review: Review, component: Component, environment: Environment | None, release: Stage
) -> tuple[str, ...]:
    """Return the commands that meet the artifact in `environment` and fail when it does not serve.

    None stands for a run of the artifact in CI. On Kubernetes they fail too when another image runs there.
    """
    subject = f"components/{component.id}"
    by_digest = any(item.reference == "digest" for item in release.consumes)
    named = (
        (runs_digest(review, component, None, environment.id),)
        if environment is not None and "kubernetes" in component.platforms and by_digest
        else ()
    )
    if environment is not None and environment.kind == "registry":
        return (_from_registry(component, release),)
    if is_installed(component):
        return (_install(component, released=False),)
    smoke = review.value(subject, "smoke-test")
    path = review.value(subject, "health-endpoint") or "/healthz"
    port = review.value(subject, "port") or "8080"
    if environment is None:
        if by_digest and runs_for_users(component) and "http-service" in component.types:
            image = next(item.artifact for item in release.consumes if item.reference == "digest")
            start = f"docker run --detach --publish 127.0.0.1:{port}:{port} $REGISTRY/{image}@$IMAGE_DIGEST"
            tail = (f"BASE_URL=http://127.0.0.1:{port} {smoke}",) if smoke else ()
            return (start, f"{CURL} http://127.0.0.1:{port}{path}", *tail)
        packed = release.action == "helm-push"
        return ("helm template ./*.tgz" if packed else f"make verify COMPONENT={component.id}",)
    if (
        "http-service" in component.types
        or "static-site" in component.types
        or "serverless" in component.types
    ):
        url = url_of(environment)
        tail = (f"BASE_URL={url} {smoke}",) if smoke else ()
        return (*named, f"{CURL} {url}{path if 'http-service' in component.types else '/'}", *tail)
    if named:
        return (waits_for_rollout(review, component.id, release), *named)
    return (f"make verify COMPONENT={component.id} ENVIRONMENT={environment.id}",)


_REGISTRY_CHECKS = {
    "helm-push": 'helm show chart "$CHART" --version "$VERSION"',
    "container-push": 'docker pull "$REGISTRY/{name}@$IMAGE_DIGEST"',
    "github-release": 'gh release view "$VERSION" --json assets',
    "maven-deploy": 'mvn dependency:get -Dartifact="$GROUP:{name}:$VERSION"',
    "gem-push": 'gem install {name} --version "$VERSION"',
}


def _from_registry(component: Component, release: Stage) -> str:
    """Return the command that gets the published version from its registry, as a user would."""
    found = _REGISTRY_CHECKS.get(release.action or "")
    return found.replace("{name}", component.id) if found else _install(component, released=True)


def _install(component: Component, *, released: bool) -> str:
    name = component.id
    lines = {
        "python": (f'python -m pip install "{name}==$VERSION"', "python -m pip install dist/*.whl"),
        "javascript": (f"npm install {name}@$VERSION", "npm install ./*.tgz"),
        "typescript": (f"npm install {name}@$VERSION", "npm install ./*.tgz"),
        "rust": (f"cargo install {name} --version $VERSION", "cargo package"),
        "go": (f"go install {name}@$VERSION", "go vet ./..."),
    }
    for language in component.languages:
        if language in lines:
            return lines[language][0 if released else 1]
    return f"make verify COMPONENT={name}"


def _asserted(runs: tuple[str, ...], journey: bool) -> tuple[Assertion, ...]:
    """Return what the commands really assert."""
    installs = any("$VERSION" in line for line in runs)
    version = installs or any("IMAGE_DIGEST" in line for line in runs)
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
        item.model_copy(update={"reference": reference_of(plan, item.artifact)}) for item in release.consumes
    )
    runs = verification(review, component, environment, release.model_copy(update={"consumes": takes}))
    return Stage(
        id=fresh(plan, "pipelineStages", scoped(plan, component, f"verify-{place}")),
        kind="verify",
        pipeline=release.pipeline,
        component=component.id,
        environment=environment.id if environment is not None else None,
        needs=needs,
        consumes=takes,
        runs=runs,
        asserts=_asserted(runs, bool(smoke)),
        on_failure=on_failure,
        evidence=united(smoke, health),
    )
