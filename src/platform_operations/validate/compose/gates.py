"""New gates: the stage that runs a check, the gate on it, and the release that waits for both."""

from platform_operations.model.delivery import Component, FailsOn, QualityGate, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import GateKind
from platform_operations.patterns import regex
from platform_operations.platforms.checks import CHECKS, Check, proposals
from platform_operations.validate.compose.parties import evidence_of, owner_of, with_owner
from platform_operations.validate.compose.stages import add_need, add_stage, scoped
from platform_operations.validate.compose.systems import system_of
from platform_operations.validate.edits import amend, assume, fresh, kebab, united
from platform_operations.validate.rule import Review

_LEAST = regex(r"--(?:audit-level|severity-threshold|severity|level)[= ](?P<word>[A-Za-z]+)")


def checking(review: Review, plan: Plan, component: Component, gate: GateKind) -> Check | None:
    """Return the check that we propose for a kind of gate on a component: for dependencies one that reads its lock file."""
    del plan
    found = [
        check for check in proposals(gate, component.languages, "docker" in component.platforms) if check.run
    ]
    if gate == "dependency-scan":
        wanted = auditing(review, component)[0]
        return next((check for check in CHECKS if check.id == wanted), None)
    return found[0] if found else None


def auditing(review: Review, component: Component) -> tuple[str, tuple[str, ...]]:
    """Return the check that knows the file which locks or names a component's dependencies, with its commands.

    Where no file shows, OSV-Scanner looks for one below the component's folder.
    """
    subject = f"components/{component.id}"
    path = review.value(subject, "lock-file")
    if path is None:
        return "osv-scanner", (f"osv-scanner scan source --recursive {component.path}",)
    folder, _, name = path.rpartition("/")
    if name == "yarn.lock" and review.value(subject, "yarn") != "classic":
        name = "yarn.lock 2"
    tool, lines = next(
        (row for word, row in _AUDITS if word == name or (word == "*.txt" and name.endswith(".txt"))), _SCAN
    )
    where = folder or "."
    filled = tuple(line.format(file=path, folder=where) for line in lines)
    if "gradlew" in filled[0]:
        return tool, filled
    return tool, (f"cd {folder}", *filled) if folder and not any("{f" in line for line in lines) else filled


_SCAN = ("osv-scanner", ("osv-scanner scan source --lockfile {file}",))
_AUDITS: tuple[tuple[str, tuple[str, tuple[str, ...]]], ...] = (
    ("package-lock.json", ("npm-audit", ("npm audit --audit-level=high",))),
    ("npm-shrinkwrap.json", ("npm-audit", ("npm audit --audit-level=high",))),
    ("pnpm-lock.yaml", ("pnpm-audit", ("pnpm audit --audit-level=high",))),
    ("yarn.lock", ("yarn-audit", ("yarn audit --level high",))),
    ("yarn.lock 2", ("yarn-audit", ("yarn npm audit --all --recursive --severity high",))),
    ("bun.lock", ("bun-audit", ("bun audit",))),
    ("uv.lock", ("pip-audit", ("uv export --frozen --no-emit-project --output-file audited.txt", "pip-audit --disable-pip --requirement audited.txt"))),
    ("*.txt", ("pip-audit", ("pip-audit --requirement {file}",))),
    ("pyproject.toml", ("pip-audit", ("pip-audit {folder}",))),
    ("setup.py", ("osv-scanner", ("osv-scanner scan source --recursive {folder}",))),
    ("go.mod", ("govulncheck", ("govulncheck -C {folder} ./...",))),
    ("Cargo.lock", ("cargo-audit", ("cargo audit --file {file}",))),
    ("Cargo.toml", ("cargo-audit", ("cargo generate-lockfile", "cargo audit"))),
    ("Gemfile.lock", ("bundler-audit", ("bundle-audit check --update --gemfile-lock {file}",))),
    ("Gemfile", ("bundler-audit", ("bundle lock", "bundle-audit check --update"))),
    ("package.json", ("npm-audit", ("npm install --package-lock-only", "npm audit --audit-level=high"))),
    ("composer.lock", ("composer-audit", ("composer audit --locked",))),
    ("mix.lock", ("mix-audit", ("mix deps.audit",))),
    ("packages.lock.json", ("dotnet-vulnerable", ("dotnet restore -p:NuGetAudit=true -warnaserror:NU1901,NU1902,NU1903,NU1904",))),
    ("build.gradle", ("dependency-check", ("./gradlew dependencyCheckAnalyze",))),
    ("build.gradle.kts", ("dependency-check", ("./gradlew dependencyCheckAnalyze",))),
    ("pom.xml", ("dependency-check", ("mvn org.owasp:dependency-check-maven:check -DfailBuildOnCVSS=7",))),
)  # fmt: skip
"""What audits each kind of lock file. uv's is read by way of what uv exports; poetry's, pdm's and others by OSV-Scanner, whose
supported lock files are on its page "Supported artifacts and manifests"."""


def gate_stage(review: Review, plan: Plan, component: Component, check: Check, release: Stage) -> Plan:
    """Return the plan with a stage that runs `check`, a gate on it, and the release waiting for both.

    What looks at the whole repository runs once in a pipeline: another component's gate stands on the same stage.
    """
    artifact = next((item.artifact for item in release.consumes), None)
    producer = _producer(review, plan, release, artifact)
    if check.stage == "package" or check.gate == "image-scan":
        return _scan_of_artifact(plan, component, check, producer, artifact)
    asked = check.gate == "dependency-scan"
    seen = evidence_of(review, f"components/{component.id}", "dependencies") if asked else ()
    runs = auditing(review, component)[1] if asked else (check.run,) if check.run else ()
    beside = producer is not None and _pipeline_of(plan, producer) == release.pipeline
    before = producer if beside else release.id
    same = next(
        (
            stage
            for stage in plan.pipeline_stages
            if stage.pipeline == release.pipeline and stage.origin == "proposed" and stage.runs == runs
        ),
        None,
    )
    if same is not None and before is not None:
        if same.component not in {None, component.id}:
            plan = amend(plan, "pipelineStages", same.id, component=None)
        return with_gate(add_need(plan, before, same.id), component, check, same.id)
    whole = check.gate == "secret-scan"
    stage = Stage(
        id=fresh(plan, "pipelineStages", check.id if whole else scoped(plan, component, check.id)),
        kind="analyze" if check.stage not in {"test", "analyze"} else check.stage,
        pipeline=release.pipeline,
        component=None if whole and len(plan.components) > 1 else component.id,
        runs=runs,
        evidence=seen,
    )
    plan = add_stage(review, plan, stage, before=before)
    if any("dependencyCheckAnalyze" in line for line in runs):
        plan = assume(
            plan,
            "dependency-check-plugin",
            "The Gradle build applies the plugin org.owasp.dependencycheck with a failBuildOnCVSS of seven.",
            fills=(f"pipelineStages/{stage.id}/runs",),
            confirm_with=owner_of(review, plan, component.id),
        )
    return with_gate(plan, component, check, stage.id)


_MATRIX_WORD = regex(
    r"\s+(?!\S*=?[\w./-]+:)(?:-[\w-]*[= ]?)?[^\s$]*\$\{\{\s*matrix\.[^}]*\}\}(?:[^\s$]|\$\{\{\s*matrix\.[^}]*\}\})*"
)


def without_matrix(line: str) -> str:
    """Return a command of a matrix job without what each of its jobs has of its own, as one job runs it whole."""
    return line if line.startswith(("uses ", "docker build", "docker push")) else _MATRIX_WORD.sub("", line)


def _scan_of_artifact(
    plan: Plan, component: Component, check: Check, producer: str | None, artifact: str | None
) -> Plan:
    if producer is None or artifact is None:
        return plan
    entry = plan.by_name[f"pipelineStages/{producer}"]
    runs = entry.runs if isinstance(entry, Stage) else ()
    plan = amend(plan, "pipelineStages", producer, runs=united(runs, (check.run or check.id,)))
    return with_gate(plan, component, check, producer)


def _producer(review: Review, plan: Plan, release: Stage, artifact: str | None) -> str | None:
    graph = Review(plan, review.assessment).graph
    for stage in graph.guards(release.id):
        if artifact in stage.produces:
            return stage.id
    return None


def _pipeline_of(plan: Plan, name: str) -> str | None:
    """Return the pipeline of a stage: a new stage can only be waited for by one that starts with it."""
    entry = plan.by_name.get(f"pipelineStages/{name}")
    return entry.pipeline if isinstance(entry, Stage) else None


def _of_stage(plan: Plan, name: str) -> tuple[str, ...]:
    entry = plan.by_name.get(f"pipelineStages/{name}")
    return entry.evidence if entry is not None else ()


def with_gate(plan: Plan, component: Component, check: Check, stage: str) -> Plan:
    """Return the plan with a blocking gate of `check` on `stage`."""
    assert check.gate is not None, f"{check.id} is a linter"
    metric, bound = check.fails_on
    entry = plan.by_name.get(f"pipelineStages/{stage}")
    spoken = " ".join(entry.runs) if isinstance(entry, Stage) else check.run or ""
    asked = _LEAST.search(spoken) if metric == "severity" else None
    gate = QualityGate(
        id=fresh(plan, "qualityGates", scoped(plan, component, check.id)),
        kind=check.gate,
        component=component.id,
        stage=stage,
        tool=check.id,
        fails_on=FailsOn(metric=metric, at_least=asked["word"].lower() if asked else bound),
        blocking=True,
        evidence=_of_stage(plan, stage),
    )
    return plan.with_entry("qualityGates", gate)


def approval(review: Review, plan: Plan, component: Component, release: Stage) -> Plan:
    """Return the plan with an approval before `release`, its gate, and the assumption that it is enforced."""
    owner = owner_of(review, plan, component.id)
    place = release.environment or "production"
    name = fresh(plan, "pipelineStages", scoped(plan, component, f"approve-{place}"))
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
        tool=system_of(plan, release.pipeline).approval,
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
