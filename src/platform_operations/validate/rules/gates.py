"""Security and dependency checks as release gates.

There, able to fail, run, and in the way of the release.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from platform_operations.model.delivery import Component, QualityGate, Stage
from platform_operations.model.plan import Plan
from platform_operations.model.words import GateKind
from platform_operations.patterns import regex
from platform_operations.platforms.checks import CHECKS, cannot_fail, check_of, runs_check
from platform_operations.platforms.reading.narrowing import looks_away
from platform_operations.validate.compose.gates import checking, gate_stage
from platform_operations.validate.compose.parties import owner_of, with_owner
from platform_operations.validate.edits import amend
from platform_operations.validate.idling import asks_only, told
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


def gates_in(review: Review, component: str, kinds: tuple[GateKind, ...]) -> tuple[QualityGate, ...]:
    return tuple(gate for gate in review.related.gates_of.get(component, ()) if gate.kind in kinds)


def _missing(
    review: Review, kinds: tuple[GateKind, ...], proposed: GateKind, name: str
) -> Iterator[Violation]:
    for component in review.plan.components:
        releases = review.graph.first_releases(component.id)
        if not releases or gates_in(review, component.id, kinds):
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


def judging(gate: QualityGate) -> bool:
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
            continue
        why = _not_run(gate, stage) or _of_another(gate, stage) or _beside(review, gate, stage)
        if why:
            yield Violation(
                ("qualityGates", gate.id, "tool"),
                f"gate {gate.id!r} relies on {gate.tool}, {why}",
                repair=lambda plan, gate=gate: _run(plan, gate),
                source=stage.evidence[0] if stage.evidence else None,
            )


def _of_another(gate: QualityGate, stage: Stage) -> str | None:
    """Say of a stage that checks one component that a gate of another one stands on it."""
    single = stage.kind in {"test", "analyze"} and stage.component not in {None, gate.component}
    written = gate.origin != "existing"
    return (
        f"and {stage.id!r} looks at {stage.component}, not at {gate.component}"
        if single and written
        else None
    )


def _beside(review: Review, gate: QualityGate, stage: Stage) -> str | None:
    """Say of a scan that it looks into nothing but the folder of another component, or where no repository lies."""
    own = review.related.components.get(gate.component)
    if own is None or gate.origin == "existing" or gate.kind not in {*SECURITY, "dependency-scan"}:
        return None
    texts = [one.text for one in told(stage.runs)]
    away = next((text for text in texts if text.startswith("cd ") and looks_away(tuple(text.split()))), None)
    if away:
        return f"after {away!r}, where the repository is not"
    others = [
        row for row in review.plan.components if row.id != own.id and row.path not in {".", "", own.path}
    ]
    found = [
        next((row.id for row in others if _within(word, row.path) and not _within(own.path, row.path)), "")
        for text in texts
        if runs_check(gate.tool, (text,)) or text.startswith("cd ")
        for word in (part.removeprefix("./") for part in text.split()[1:])
        if "/" in word or any(word == row.path for row in others)
        if not word.startswith(("-", "/", "$"))
    ]
    return f"and its command looks into {found[0]}, not into {own.id}" if found and all(found) else None


def _within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


_FAMILIES: tuple[frozenset[str], ...] = (
    frozenset({"unit-test", "integration-test", "e2e-test", "coverage", "performance"}),
    frozenset({"sast", "secret-scan", "iac-scan"}),
    frozenset({"dependency-scan", "image-scan", "licence", "provenance"}),
)
"""Kinds that one tool may serve: a test runner runs all tests, a scanner of packages looks into images too."""

_VERSATILE = ("trivy", "snyk", "semgrep", "sonar", "codeql", "gitlab-", "grype", "mend")
"""Beginnings of tools that judge code, packages and images alike."""


def _not_run(gate: QualityGate, stage: Stage) -> str | None:
    """Say why a gate's tool does not do in its stage what the gate is about, None where it does."""
    check = next((check for check in CHECKS if check.id == gate.tool), None)
    calls = tuple(one.text for one in told(stage.runs) if not asks_only(one.text))
    if check is None:
        spoken = any(_mentions(line, gate.tool) for line in calls)
        return None if spoken else f"which {stage.id!r} does not run"
    if not runs_check(gate.tool, calls):
        return f"which {stage.id!r} does not run"
    if all(_LISTS.search(line) and not cannot_fail(line) for line in calls if runs_check(gate.tool, (line,))):
        return f"which {stage.id!r} only asks what it would do"
    fits = gate.tool.startswith(_VERSATILE) or any({gate.kind, check.gate} <= kinds for kinds in _FAMILIES)
    return None if fits or gate.kind == check.gate else f"which is no {gate.kind}"


_LISTS = regex(
    r"\s(--collect-only|--co|--listTests|--list-tests|--list|--no-run|--dry-?run|-list|--version|--help)(?=\s|$|=)"
    r"|\bvitest list\b"
)
"""What makes a runner or scanner list what it would look at, and look at nothing."""


def _mentions(line: str, tool: str) -> bool:
    """Whether a command calls a tool that we do not know, or hands it on; printing its name is neither."""
    if not tool.strip() or line.split(maxsplit=1)[:1] in (["echo"], ["printf"], ["#"], [":"]):
        return False
    return re.search(rf"(?<![\w-]){re.escape(tool.strip())}(?![\w-])", line, re.IGNORECASE) is not None


def _run(plan: Plan, gate: QualityGate) -> Plan | None:
    stage = plan.by_name.get(f"pipelineStages/{gate.stage}")
    command = next((check.run for check in CHECKS if check.id == gate.tool), None)
    if not isinstance(stage, Stage):
        return None
    if _of_another(gate, stage):
        return None
    instead = [
        check for line in stage.runs if (check := check_of(line)) is not None and check.gate == gate.kind
    ]
    if instead:
        return amend(plan, "qualityGates", gate.id, tool=instead[0].id)
    if command is None or runs_check(gate.tool, stage.runs):
        return None
    return amend(plan, "pipelineStages", stage.id, runs=(*stage.runs, command))


def _escape(gate: QualityGate, stage: Stage) -> tuple[str, str] | None:
    """Return the command of the gate's tool that cannot fail, and the flag that makes it so."""
    own = [one for one in told(stage.runs) if runs_check(gate.tool, (one.text,))]
    return (own[0].text, own[0].hidden) if own and own[0].hidden and all(one.hidden for one in own) else None


@rule("release-gates")
def gate_not_blocking(review: Review) -> Iterator[Violation]:
    """A kind of check that a release must pass is there only where it cannot stop the release."""
    for gate in review.plan.quality_gates:
        stage = review.graph.stages.get(gate.stage)
        if stage is None or not judging(gate):
            continue
        escape = _escape(gate, stage)
        if gate.blocking and escape is None and not _never(gate):
            continue
        twin = any(
            other.id != gate.id
            and other.kind == gate.kind
            and other.blocking
            and (place := review.graph.stages.get(other.stage)) is not None
            and _escape(other, place) is None
            for other in review.related.gates_of[gate.component]
        )
        if twin and not (gate.blocking and escape):
            continue
        why = _why_not(gate, escape)
        yield Violation(
            ("qualityGates", gate.id, "blocking"),
            f"gate {gate.id!r} ({gate.tool} in {gate.stage}) cannot stop the release: {why}",
            repair=lambda plan, gate=gate: _blocking(plan, gate),
            allowed=("true",),
            source=gate.evidence[0] if gate.evidence else None,
        )


def _why_not(gate: QualityGate, escape: tuple[str, str] | None) -> str:
    if escape:
        return f"its command has {escape[1]!r}"
    return "it runs, but its failure is ignored" if not gate.blocking else f"it lets {_never(gate)}"


_SEVERITIES = frozenset(
    {"info", "low", "minor", "medium", "moderate", "high", "major", "error", "critical", "blocker"}
)
"""Words for how bad a finding is, from which on a gate may stop the release."""

_COUNTED = frozenset({"findings", "failures", "errors", "vulnerabilities", "severity", "cvss"})
"""What a gate counts, or rates, of the bad: the release stops from a bound on, not below it."""

_BOUNDS = {"cvss": 9, "score": 9, "severity": 9}
"""The highest bound of what is rated, not counted: CVSS calls 9 and more critical."""


def _never(gate: QualityGate) -> str | None:
    """Say what a gate's bound lets through that it must not: a first failure, or a release nobody approved."""
    limit = gate.fails_on
    bound = limit.at_least if limit.at_least is not None else limit.below
    bound = bound[:40] if bound is not None else ""
    if not re.fullmatch(r"-?\d+(\.\d*)?", bound):
        counts = limit.at_least is not None and gate.kind != "approval"
        return f"all below {bound!r} pass" if counts and bound.lower() not in _SEVERITIES else None
    if limit.at_least is not None and Decimal(bound) > _BOUNDS.get(limit.metric, 1) and judging(gate):
        return f"{limit.metric} below {bound} pass"
    if limit.below is not None and limit.metric in _COUNTED:
        return f"{limit.metric} from {bound} on pass"
    if limit.below is not None and limit.metric == "approvals" and Decimal(bound) < 1:
        return "a release pass that nobody approved"
    return None


def _blocking(plan: Plan, gate: QualityGate) -> Plan | None:
    stage = plan.by_name.get(f"pipelineStages/{gate.stage}")
    if not isinstance(stage, Stage):
        return None
    proposed = next((check.run for check in CHECKS if check.id == gate.tool), None)
    runs: list[str] = []
    lost = {one.entry for one in told(stage.runs) if one.hidden and runs_check(gate.tool, (one.text,))}
    if lost and proposed is None:
        return None
    for entry, line in enumerate(stage.runs):
        runs.append(proposed if entry in lost and proposed else line)
    plan = amend(plan, "pipelineStages", stage.id, runs=tuple(runs))
    if not _never(gate):
        return amend(plan, "qualityGates", gate.id, blocking=True)
    field = "at_least" if gate.fails_on.at_least is not None else "below"
    limit = gate.fails_on.model_copy(update={field: "1"})
    return amend(plan, "qualityGates", gate.id, blocking=True, fails_on=limit)


@rule("workflow")
def approval_unowned(review: Review) -> Iterator[Violation]:
    """An approval that the plan asks for, and nobody is named who gives it."""
    for gate in review.plan.quality_gates:
        if gate.kind != "approval" or gate.origin == "existing" or gate.owner:
            continue
        yield Violation(
            ("qualityGates", gate.id, "owner"),
            f"approval gate {gate.id!r} names nobody who approves",
            repair=lambda plan, gate=gate: _asked(review, plan, gate),
            allowed=tuple(sorted(review.related.owners)),
            source=gate.evidence[0] if gate.evidence else None,
        )


def _asked(review: Review, plan: Plan, gate: QualityGate) -> Plan:
    owner = owner_of(review, plan, gate.component)
    plan = amend(plan, "qualityGates", gate.id, owner=owner)
    return with_owner(plan, owner, (f"qualityGates/{gate.id}/owner",))
