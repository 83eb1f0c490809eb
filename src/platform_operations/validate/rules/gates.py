"""Security and dependency checks as release gates.

There, able to fail, run, and in the way of the release.
"""

from collections.abc import Iterator

from platform_operations.model.delivery import Component, QualityGate, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import GateKind
from platform_operations.platforms.checks import CHECKS, cannot_fail, check_of, runs_check
from platform_operations.validate.compose.gates import checking, gate_stage
from platform_operations.validate.compose.stages import add_need, reference_of
from platform_operations.validate.edits import amend, fresh
from platform_operations.validate.rule import Review, Violation, rule

SECURITY: tuple[GateKind, ...] = ("sast", "secret-scan", "image-scan", "iac-scan")


def has_dependencies(review: Review, component: Component) -> bool:
    """Whether the component has dependencies.

    As the assessment saw, else as its types and languages suggest.
    """
    fact = review.fact(f"components/{component.id}", "dependencies")
    if fact is not None and fact.outcome != "unknown":
        return fact.outcome == "present"
    quiet = {"static-site", "database", "infrastructure"}
    return bool(component.languages) and not set(component.types) <= quiet


def _gates(review: Review, component: str, kinds: tuple[GateKind, ...]) -> tuple[QualityGate, ...]:
    return tuple(gate for gate in review.graph.gates_of.get(component, ()) if gate.kind in kinds)


def _missing(
    review: Review, kinds: tuple[GateKind, ...], proposed: GateKind, name: str
) -> Iterator[Violation]:
    for component in review.plan.components:
        releases = review.graph.first_releases(component.id)
        if not releases or _gates(review, component.id, kinds):
            continue
        if proposed == "dependency-scan" and not has_dependencies(review, component):
            continue
        release = releases[0]
        yield Violation(
            ("pipelineStages", release.id),
            f"{release.id!r} releases {component.id!r} and no {name} stands before it",
            question=("practices", "dependencyScan" if proposed == "dependency-scan" else "securityScan"),
            repair=lambda plan, component=component, release=release: _proposed(
                review, plan, component, release, proposed
            ),
            allowed=kinds,
            source=release.evidence[0] if release.evidence else None,
        )


def _proposed(
    review: Review, plan: Plan, component: Component, release: Stage, gate: GateKind
) -> Plan | None:
    check = checking(review, plan, component, gate)
    entry = plan.by_name.get(f"pipelineStages/{release.id}")
    if check is None or not isinstance(entry, Stage):
        return None
    return gate_stage(review, plan, component, check, entry)


@rule("release-gates")
def release_without_dependency_check(review: Review) -> Iterator[Violation]:
    """A component with dependencies is released and nothing checks them for known vulnerabilities."""
    yield from _missing(review, ("dependency-scan",), "dependency-scan", "dependency check")


@rule("release-gates")
def release_without_security_check(review: Review) -> Iterator[Violation]:
    """A component is released and nothing looks at its code, secrets, image or infrastructure."""
    yield from _missing(review, SECURITY, "secret-scan", "security check")


def _judging(gate: QualityGate) -> bool:
    """Whether the gate is of a kind that a release must pass."""
    return gate.kind in {
        *SECURITY,
        "dependency-scan",
        "unit-test",
        "integration-test",
        "e2e-test",
        "approval",
    }


@rule("release-gates")
def gate_not_run(review: Review) -> Iterator[Violation]:
    """The stage of a gate does not run the gate's tool."""
    for gate in review.plan.quality_gates:
        stage = review.graph.stages.get(gate.stage)
        if stage is None:
            continue
        if gate.kind == "approval":
            if stage.kind != "approve":
                yield Violation(
                    ("qualityGates", gate.id, "stage"),
                    f"approval gate {gate.id!r} stands on {stage.id!r}, a stage of kind {stage.kind}, "
                    "where nobody is asked",
                    allowed=tuple(
                        other.id for other in review.plan.pipeline_stages if other.kind == "approve"
                    ),
                )
        elif _known(gate.tool) and not runs_check(gate.tool, stage.runs):
            yield Violation(
                ("qualityGates", gate.id, "tool"),
                f"gate {gate.id!r} relies on {gate.tool}, which {stage.id!r} does not run",
                repair=lambda plan, gate=gate: _run(plan, gate),
                source=stage.evidence[0] if stage.evidence else None,
            )
        elif not _known(gate.tool) and not any(gate.tool.lower() in line.lower() for line in stage.runs):
            yield Violation(
                ("qualityGates", gate.id, "tool"),
                f"gate {gate.id!r} relies on {gate.tool}, which {stage.id!r} does not run",
                source=stage.evidence[0] if stage.evidence else None,
            )


def _known(tool: str) -> bool:
    return any(check.id == tool for check in CHECKS)


def _run(plan: Plan, gate: QualityGate) -> Plan | None:
    stage = plan.by_name.get(f"pipelineStages/{gate.stage}")
    command = next((check.run for check in CHECKS if check.id == gate.tool), None)
    if not isinstance(stage, Stage) or command is None:
        return None
    return amend(plan, "pipelineStages", stage.id, runs=(*stage.runs, command))


def _escape(gate: QualityGate, stage: Stage) -> tuple[str, str] | None:
    """Return the command of the gate's tool that cannot fail, and the flag that makes it so."""
    for line in stage.runs:
        check = check_of(line)
        if (check is not None and check.id == gate.tool) or runs_check(gate.tool, (line,)):
            flag = cannot_fail(line)
            if flag:
                return line, flag
    return None


@rule("release-gates")
def gate_not_blocking(review: Review) -> Iterator[Violation]:
    """A kind of check that a release must pass is there only where it cannot stop the release."""
    for gate in review.plan.quality_gates:
        stage = review.graph.stages.get(gate.stage)
        if stage is None or not _judging(gate):
            continue
        escape = _escape(gate, stage)
        if gate.blocking and escape is None:
            continue
        twin = any(
            other.id != gate.id
            and other.kind == gate.kind
            and other.blocking
            and other.component == gate.component
            and (place := review.graph.stages.get(other.stage)) is not None
            and _escape(other, place) is None
            for other in review.plan.quality_gates
        )
        if twin and not (gate.blocking and escape):
            continue
        why = f"its command has {escape[1]!r}" if escape else "it runs, but its failure is ignored"
        yield Violation(
            ("qualityGates", gate.id, "blocking"),
            f"gate {gate.id!r} ({gate.tool} in {gate.stage}) cannot stop the release: {why}",
            repair=lambda plan, gate=gate: _blocking(plan, gate),
            allowed=("true",),
            source=gate.evidence[0] if gate.evidence else None,
        )


def _blocking(plan: Plan, gate: QualityGate) -> Plan | None:
    stage = plan.by_name.get(f"pipelineStages/{gate.stage}")
    if not isinstance(stage, Stage):
        return None
    proposed = next((check.run for check in CHECKS if check.id == gate.tool), None)
    runs: list[str] = []
    for line in stage.runs:
        own = runs_check(gate.tool, (line,)) and cannot_fail(line)
        if own and proposed is None:
            return None
        runs.append(proposed if own and proposed else line)
    plan = amend(plan, "pipelineStages", stage.id, runs=tuple(runs))
    return amend(plan, "qualityGates", gate.id, blocking=True)


@rule("release-gates")
def gate_bypassable(review: Review) -> Iterator[Violation]:
    """A release can be reached without passing any gate of a kind that the component has."""
    for component in review.plan.components:
        for release in review.graph.first_releases(component.id):
            seen: set[str] = set()
            for gate in review.graph.gates_of.get(component.id, ()):
                if (
                    gate.kind in seen
                    or not _judging(gate)
                    or gate.kind == "approval"
                    or _after(review, gate, release)
                ):
                    continue
                seen.add(gate.kind)
                same = _gates(review, component.id, (gate.kind,))
                if any(
                    review.graph.guarded_by(release.id, other.stage) or other.stage == release.id
                    for other in same
                ):
                    continue
                yield Violation(
                    ("qualityGates", gate.id, "stage"),
                    f"{release.id!r} releases {component.id!r} without waiting for {gate.stage!r}, where"
                    f" {gate.tool} ({gate.kind}) runs",
                    question=(f"pipelines/{release.pipeline}", "required-checks"),
                    repair=lambda plan, gate=gate, release=release: _in_the_way(review, plan, gate, release),
                    source=gate.evidence[0] if gate.evidence else None,
                )


def _after(review: Review, gate: QualityGate, release: Stage) -> bool:
    """Whether the gate's stage stands behind the release.

    It judges what users already meet, and guards the next one.
    """
    return review.graph.guarded_by(gate.stage, release.id) and gate.kind == "e2e-test"


def _in_the_way(review: Review, plan: Plan, gate: QualityGate, release: Stage) -> Plan | None:
    graph = Review(plan, review.assessment).graph
    stage = graph.stages.get(gate.stage)
    if stage is None or release.id not in graph.stages:
        return None
    makers = [
        other.id
        for other in graph.guards(release.id)
        if set(other.produces) & graph.consumed(graph.stages[release.id])
        and other.pipeline == release.pipeline
    ]
    target = makers[0] if makers else release.id
    if stage.pipeline == release.pipeline and stage.id != target and not graph.guarded_by(stage.id, target):
        return add_need(plan, target, stage.id)
    if stage.pipeline == release.pipeline and not graph.guarded_by(stage.id, release.id):
        return add_need(plan, release.id, stage.id)
    copy = stage.model_copy(
        update={
            "id": fresh(plan, "pipelineStages", f"{release.pipeline}-{stage.id}"),
            "pipeline": release.pipeline,
            "needs": (),
            "optional_needs": (),
            "produces": (),
            "consumes": tuple(
                item.model_copy(update={"reference": reference_of(plan, item.artifact)})
                for item in stage.consumes
            ),
            "text": None,
        }
    )
    twin = gate.model_copy(
        update={
            "id": fresh(plan, "qualityGates", f"{release.pipeline}-{gate.id}"),
            "stage": copy.id,
            "blocking": True,
        }
    )
    plan = plan.with_entry("pipelineStages", copy).with_entry("qualityGates", twin)
    return add_need(plan, target, copy.id)
