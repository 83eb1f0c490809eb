"""New stages: what builds, checks, deploys, verifies and approves, in the words of the repository and its platforms."""

from platform_operations.model.delivery import (
    Artifact,
    Component,
    Consumed,
    Environment,
    FailsOn,
    HealthCheck,
    QualityGate,
    Stage,
)
from platform_operations.model.plan import Plan
from platform_operations.model.words import ArtifactKind, GateKind, HealthKind, Identity
from platform_operations.platforms.checks import Check, proposals
from platform_operations.validate.compose.parties import cited, evidence_of, owner_of, url_of, with_owner
from platform_operations.validate.edits import amend, assume, fresh, kebab, united
from platform_operations.validate.expectations import health_kinds, is_installed, runs_for_users
from platform_operations.validate.rule import Review

IDENTITY: dict[ArtifactKind, Identity] = {
    "container-image": "digest",
    "function-archive": "checksum",
    "static-bundle": "checksum",
    "platform-deployment": "deployment",
    "package": "version",
    "mobile-binary": "version",
    "configuration": "commit",
}
"""The immutable name that each kind of artifact goes by."""

VARIABLE: dict[Identity, str] = {
    "digest": "$IMAGE_DIGEST",
    "checksum": "$ARTIFACT_SHA256",
    "version": "$VERSION",
    "deployment": "$DEPLOYMENT_ID",
    "commit": "$COMMIT",
}

CURL = "curl --fail --silent --show-error --retry 10 --retry-delay 3 --retry-connrefused"


def component_of(plan: Plan, name: str | None) -> Component | None:
    """Return a component by id."""
    return next((component for component in plan.components if component.id == name), None)


def artifact_kind(component: Component) -> ArtifactKind:
    """Return the kind of artifact that a component is released as."""
    if is_installed(component):
        return "mobile-binary" if "mobile-app" in component.types else "package"
    if "docker" in component.platforms:
        return "container-image"
    if {"vercel", "netlify", "railway", "render", "coolify"} & set(component.platforms):
        return "platform-deployment"
    if "serverless" in component.types:
        return "function-archive"
    return "static-bundle" if "static-site" in component.types else "configuration"


_PACKAGING = {
    "container-image": ("docker build --tag {artifact} {path}", "docker push {artifact}"),
    "package:python": ("python -m build",),
    "package:javascript": ("npm pack",),
    "package:typescript": ("npm pack",),
    "package:rust": ("cargo package",),
    "package:java": ("mvn --batch-mode package",),
    "package:go": ("go build ./...",),
    "package:ruby": ("gem build",),
    "platform-deployment": ("vercel build --prod",),
    "static-bundle:javascript": ("npm ci", "npm run build"),
    "static-bundle:typescript": ("npm ci", "npm run build"),
}

_TESTS = {
    "python": "python -m pytest",
    "javascript": "npm test",
    "typescript": "npm test",
    "go": "go test ./...",
    "rust": "cargo test",
    "java": "mvn --batch-mode test",
    "kotlin": "gradle test",
    "ruby": "bundle exec rspec",
    "php": "vendor/bin/phpunit",
    "csharp": "dotnet test",
}


def packaging(component: Component, kind: ArtifactKind, artifact: str) -> tuple[str, ...]:
    """Return the commands that make an artifact of `kind` from the component."""
    keys = [f"{kind}:{language}" for language in component.languages]
    lines = next((_PACKAGING[key] for key in (*keys, kind) if key in _PACKAGING), ("git rev-parse HEAD",))
    return tuple(line.replace("{artifact}", f"$REGISTRY/{artifact}").replace("{path}", component.path) for line in lines)


def assumed_commands(plan: Plan, stage: Stage) -> Plan:
    """Return the plan in which an assumption stands for the commands of a stage that nothing in the repository shows."""
    if not stage.runs:
        return plan
    return assume(
        plan,
        "commands",
        "These commands run in the repository's CI as they stand; variables in capitals are set there.",
        fills=(f"pipelineStages/{stage.id}/runs",),
        confirm_with=plan.owners[0].id if plan.owners else None,
    )


def add_stage(review: Review, plan: Plan, stage: Stage, *, before: str | None = None) -> Plan:
    """Return the plan with a new stage, which `before` then waits for."""
    plan = cited(review, plan, stage.evidence)
    plan = assumed_commands(plan.with_entry("pipelineStages", stage), stage)
    return add_need(plan, before, stage.id) if before else plan


def add_need(plan: Plan, stage: str, need: str) -> Plan:
    """Return the plan in which `stage` cannot start before `need` succeeded."""
    entry = plan.by_name.get(f"pipelineStages/{stage}")
    if not isinstance(entry, Stage) or need in entry.needs:
        return plan
    optional = tuple(name for name in entry.optional_needs if name != need)
    return plan.with_entry(
        "pipelineStages", entry.model_copy(update={"needs": (*entry.needs, need), "optional_needs": optional})
    )


def with_artifact(review: Review, plan: Plan, component: Component, pipeline: str) -> tuple[Plan, Artifact]:
    """Return the plan with an artifact of the component and a stage that produces it once."""
    made = {name for stage in plan.pipeline_stages for name in stage.produces}
    known = [entry for entry in plan.artifacts if entry.component == component.id]
    for entry in known:
        if entry.id in made:
            return plan, entry
    kind = known[0].kind if known else artifact_kind(component)
    suffix = {"container-image": "image", "package": "package"}.get(kind, "artifact")
    entry = known[0] if known else Artifact(
        id=fresh(plan, "artifacts", f"{component.id}-{suffix}"),
        component=component.id,
        kind=kind,
        identity=IDENTITY[kind],
        attestations=("provenance",),
    )
    plan = plan.with_entry("artifacts", entry)
    tests = [stage.id for stage in plan.pipeline_stages if stage.component == component.id and stage.kind == "test" and stage.pipeline == pipeline]
    stage = Stage(
        id=fresh(plan, "pipelineStages", f"package-{component.id}" if len(plan.components) > 1 else "package"),
        kind="package",
        pipeline=pipeline,
        component=component.id,
        needs=tuple(tests),
        runs=packaging(component, kind, entry.id),
        produces=(entry.id,),
        evidence=component.evidence[:1],
    )
    return add_stage(review, plan, stage), entry


def test_stage(review: Review, plan: Plan, component: Component, pipeline: str) -> tuple[Plan, Stage]:
    """Return the plan with a stage that runs the component's tests, and a gate on it."""
    del review
    known = [stage for stage in plan.pipeline_stages if stage.kind == "test" and stage.component == component.id]
    runs = known[0].runs if known else tuple(_TESTS[name] for name in component.languages if name in _TESTS)[:1]
    stage = Stage(
        id=fresh(plan, "pipelineStages", _scoped(plan, component, "test")),
        kind="test",
        pipeline=pipeline,
        component=component.id,
        runs=runs or ("make test",),
        evidence=known[0].evidence if known else component.evidence[:1],
    )
    plan = plan.with_entry("pipelineStages", stage)
    return (plan if known else assumed_commands(plan, stage)), stage


def _scoped(plan: Plan, component: Component, word: str) -> str:
    return f"{word}-{component.id}" if len(plan.components) > 1 else word


def health_of(review: Review, plan: Plan, component: Component, stage: str) -> tuple[Plan, HealthCheck]:
    """Return how a new version of the component shows that it is up: as seen today, else as its type allows."""
    for known in plan.pipeline_stages:
        if known.component == component.id and known.health_check and known.health_check.kind != "none":
            return plan, known.health_check
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


def verification(review: Review, plan: Plan, component: Component, environment: Environment | None) -> tuple[str, ...]:
    """Return the commands that meet the artifact in `environment` (None: in CI) and fail when it does not serve."""
    subject = f"components/{component.id}"
    if is_installed(component):
        return (_install(component, released=environment is not None and environment.kind == "registry"),)
    smoke = review.value(subject, "smoke-test")
    path = review.value(subject, "health-endpoint") or "/healthz"
    port = review.value(subject, "port") or "8080"
    if environment is None:
        if "docker" in component.platforms and runs_for_users(component) and "http-service" in component.types:
            start = f"docker run --detach --publish 127.0.0.1:{port}:{port} $REGISTRY/{component.id}@$IMAGE_DIGEST"
            tail = (f"BASE_URL=http://127.0.0.1:{port} {smoke}",) if smoke else ()
            return (start, f"{CURL} http://127.0.0.1:{port}{path}", *tail)
        return (f"make verify COMPONENT={component.id}",)
    if "http-service" in component.types or "static-site" in component.types or "serverless" in component.types:
        url = url_of(environment)
        tail = (f"BASE_URL={url} {smoke}",) if smoke else ()
        return (f"{CURL} {url}{path if 'http-service' in component.types else '/'}", *tail)
    if "kubernetes" in component.platforms:
        return (f"kubectl rollout status deployment/{component.id} --timeout=5m",)
    return (f"make verify COMPONENT={component.id} ENVIRONMENT={environment.id}",)


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


def verify_stage(
    review: Review, plan: Plan, release: Stage, environment: Environment | None, needs: tuple[str, ...], *, on_failure: str | None = None
) -> Stage | None:
    """Return a stage that verifies in `environment` what `release` takes; None when its component is unknown."""
    component = component_of(plan, release.component)
    if component is None:
        return None
    smoke = evidence_of(review, f"components/{component.id}", "smoke-test")
    health = evidence_of(review, f"components/{component.id}", "health-endpoint")
    place = environment.id if environment is not None else "artifact"
    journey = bool(review.value(f"components/{component.id}", "smoke-test"))
    return Stage(
        id=fresh(plan, "pipelineStages", _scoped(plan, component, f"verify-{place}")),
        kind="verify",
        pipeline=release.pipeline,
        component=component.id,
        environment=environment.id if environment is not None else None,
        needs=needs,
        consumes=tuple(item.model_copy(update={"reference": reference_of(plan, item.artifact)}) for item in release.consumes),
        runs=verification(review, plan, component, environment),
        asserts=("version", "user-journey") if journey else ("version", "reachable"),
        on_failure=on_failure,
        evidence=united(smoke, health),
    )


def reference_of(plan: Plan, artifact: str) -> Identity:
    """Return the immutable name that an artifact is to be taken by."""
    entry = plan.by_name.get(f"artifacts/{artifact}")
    return IDENTITY[entry.kind] if isinstance(entry, Artifact) else "digest"


def consumed(plan: Plan, *artifacts: str) -> tuple[Consumed, ...]:
    """Return how a stage takes `artifacts`: each by its immutable name."""
    return tuple(Consumed(artifact=name, reference=reference_of(plan, name)) for name in artifacts)


def checking(review: Review, plan: Plan, component: Component, gate: GateKind) -> Check | None:
    """Return the check that we propose for a kind of gate on a component."""
    del review, plan
    found = proposals(gate, component.languages, "docker" in component.platforms)
    return next((check for check in found if check.run), None)


def gate_stage(review: Review, plan: Plan, component: Component, check: Check, release: Stage) -> Plan:
    """Return the plan with a stage that runs `check`, a gate on it, and the release waiting for both."""
    artifact = next((item.artifact for item in release.consumes), None)
    producer = _producer(review, plan, release, artifact)
    if check.stage == "package" or check.gate == "image-scan":
        return _scan_of_artifact(plan, component, check, release, producer, artifact)
    stage = Stage(
        id=fresh(plan, "pipelineStages", _scoped(plan, component, check.id)),
        kind="analyze" if check.stage not in {"test", "analyze"} else check.stage,
        pipeline=release.pipeline,
        component=component.id,
        runs=(check.run,) if check.run else (),
        evidence=component.evidence[:1],
    )
    plan = add_stage(review, plan, stage, before=producer or release.id)
    return with_gate(plan, component, check, stage.id)


def _scan_of_artifact(
    plan: Plan, component: Component, check: Check, release: Stage, producer: str | None, artifact: str | None
) -> Plan:
    if producer is None or artifact is None:
        return plan
    entry = plan.by_name[f"pipelineStages/{producer}"]
    runs = entry.runs if isinstance(entry, Stage) else ()
    plan = amend(plan, "pipelineStages", producer, runs=united(runs, (check.run or check.id,)))
    del release
    return with_gate(plan, component, check, producer)


def _producer(review: Review, plan: Plan, release: Stage, artifact: str | None) -> str | None:
    graph = Review(plan, review.assessment).graph
    for stage in graph.guards(release.id):
        if artifact in stage.produces:
            return stage.id
    return None


def with_gate(plan: Plan, component: Component, check: Check, stage: str) -> Plan:
    """Return the plan with a blocking gate of `check` on `stage`."""
    metric, bound = check.fails_on
    gate = QualityGate(
        id=fresh(plan, "qualityGates", _scoped(plan, component, check.id)),
        kind=check.gate,
        component=component.id,
        stage=stage,
        tool=check.id,
        fails_on=FailsOn(metric=metric, at_least=bound),
        blocking=True,
        evidence=component.evidence[:1],
    )
    return plan.with_entry("qualityGates", gate)


def approval(review: Review, plan: Plan, component: Component, release: Stage) -> Plan:
    """Return the plan with a stage of kind approve before `release`, its gate, and the assumption that hosting enforces it."""
    owner = owner_of(review, plan, component.id)
    place = release.environment or "production"
    name = fresh(plan, "pipelineStages", _scoped(plan, component, f"approve-{place}"))
    stage = Stage(
        id=name,
        kind="approve",
        pipeline=release.pipeline,
        component=component.id,
        environment=release.environment,
        needs=release.needs,
    )
    gate = QualityGate(
        id=fresh(plan, "qualityGates", kebab(f"{place}-approval")),
        kind="approval",
        component=component.id,
        stage=name,
        tool="github-environment",
        fails_on=FailsOn(metric="approvals", below="1"),
        blocking=True,
        owner=owner,
    )
    plan = plan.with_entry("pipelineStages", stage).with_entry("qualityGates", gate)
    plan = amend(plan, "pipelineStages", release.id, needs=(name,))
    plan = with_owner(plan, owner, (f"qualityGates/{gate.id}/owner",))
    return assume(
        plan,
        f"{place}-protection",
        f"The environment {place} is protected: a release waits there until {owner} approves it.",
        about=f"environments/{place}#approval",
        fills=(f"qualityGates/{gate.id}/tool",),
        confirm_with=owner,
    )
