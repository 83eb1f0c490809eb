"""What someone tries who keeps every name and takes the substance out: checks of nothing, names that move, ways back that go on."""

from collections.abc import Iterator, Set

from tests.mutating import Mutant, amended, at_users, operator, releases

from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import QualityGate, Stage
from platform_operations.model.plan import Plan
from platform_operations.platforms.checks import check_of, runs_check

SCANS = {"sast", "secret-scan", "dependency-scan", "iac-scan"}
FILTERS = {
    "go-test": ("-run NOTHING", "-run '^$'"),
    "pytest": ("-k nothing", "-k no_such_test"),
    "jest": ("-t nothing", "--testPathPattern=none"),
    "vitest": ("-t nothing",),
    "npm-test": ("-- -t nothing", "-- --grep none"),
}


def run_by(plan: Plan, gate: QualityGate) -> tuple[Stage, int] | None:
    """Return the stage of a gate with the line that runs its tool, if one does and can fail."""
    stage = plan.by_name.get(f"pipelineStages/{gate.stage}")
    if not isinstance(stage, Stage) or not gate.blocking:
        return None
    own = [at for at, line in enumerate(stage.runs) if runs_check(gate.tool, (line,))]
    plain = len(own) == 1 and not stage.runs[own[0]].startswith("uses ") and " | " not in stage.runs[own[0]]
    return (stage, own[0]) if plain and check_of(stage.runs[own[0]]) else None


def gates_that_run(plan: Plan, kinds: Set[str]) -> Iterator[tuple[QualityGate, Stage, int]]:
    """Yield the gates of some kinds that `run_by` finds, with the stage and the line."""
    for gate in plan.quality_gates:
        found = run_by(plan, gate) if gate.kind in kinds else None
        if found is not None:
            yield gate, *found


def with_line(plan: Plan, stage: Stage, at: int, line: str) -> Plan:
    runs = (*stage.runs[:at], line, *stage.runs[at + 1 :])
    return amended(plan, "pipelineStages", stage.id, runs=runs)


@operator("gate-not-blocking", "gate-not-run")
def tests_that_no_name_fits(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate, stage, at in gates_that_run(plan, {"unit-test"}):
        for words in FILTERS.get(gate.tool, ()):
            yield Mutant(with_line(plan, stage, at, f"{stage.runs[at]} {words}"), f"{gate.id} {words}")


@operator("gate-not-blocking", "gate-not-run")
def scan_that_leaves_all_out(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate, stage, at in gates_that_run(plan, SCANS):
        for words in ('--ignore-vuln "*"', "--exclude=**", "--skip-dirs ."):
            yield Mutant(with_line(plan, stage, at, f"{stage.runs[at]} {words}"), f"{gate.id} {words}")


@operator("gate-not-blocking", "gate-not-run")
def scan_of_an_empty_place(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate, stage, at in gates_that_run(plan, SCANS):
        for words in ("/tmp/empty", "--source /tmp/empty", "--requirement /dev/null"):
            yield Mutant(with_line(plan, stage, at, f"{stage.runs[at]} {words}"), f"{gate.id} {words}")
        if gate.origin != "existing":
            runs = (*stage.runs[:at], "cd /tmp/empty", *stage.runs[at:])
            yield Mutant(amended(plan, "pipelineStages", stage.id, runs=runs), f"{gate.id} cd")


@operator("artifact-mutable-reference")
def released_by_a_major_version(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    kinds = {entry.id: entry.kind for entry in plan.artifacts}
    for stage in releases(plan):
        if any(kinds.get(item.artifact) == "container-image" for item in stage.consumes):
            line = "kubectl set image deployment/shop shop=ghcr.io/acme/shop:v1"
            yield Mutant(amended(plan, "pipelineStages", stage.id, runs=(*stage.runs, line)), stage.id)


@operator("artifact-mutable-reference")
def image_called_by_a_version_that_nobody_names(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    kinds = {entry.id: entry.kind for entry in plan.artifacts}
    for stage in releases(plan):
        takes = tuple(
            item.model_copy(update={"reference": "version"})
            if kinds.get(item.artifact) == "container-image"
            else item
            for item in stage.consumes
        )
        said = " ".join(stage.runs).lower()
        if (
            takes != stage.consumes
            and said
            and not any(word in said for word in ("version", "tag", "release", "uses "))
        ):
            yield Mutant(amended(plan, "pipelineStages", stage.id, consumes=takes), stage.id)


@operator("stage-kind-contradicted")
def way_back_that_goes_on(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for release in releases(plan):
        for line in (
            "alembic upgrade head",
            "kubectl set image deployment/shop shop=shop@$IMAGE_DIGEST",
            "npm publish",
        ):
            stage = release.model_copy(
                update={
                    "id": "take-back", "kind": "rollback", "needs": (), "optional_needs": (release.id,), "runs": (line,),
                    "exposure": None, "health_check": None, "action": None, "consumes": (), "produces": (), "origin": "proposed",
                    "evidence": (), "on_failure": None, "asserts": (),
                }
            )  # fmt: skip
            yield Mutant(plan.with_entry("pipelineStages", stage), f"{release.id} {line}")
        return


@operator("rollback-trigger-unmeasurable")
def taken_back_on_a_ticket_about_a_cause(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for back in plan.rollback_plan:
        for alert in plan.alerts if at_users(plan, back.environment) else ():
            if (
                alert.component == back.component
                and not alert.windows
                and alert.severity == "ticket"
                and back.triggers
            ):
                trigger = back.triggers[0].model_copy(
                    update={
                        "signal": f"alert:{alert.id}",
                        "comparison": "firing",
                        "burn_rate": None,
                        "window": None,
                    }
                )
                rest = amended(plan, "alerts", alert.id, kind="cause")
                yield Mutant(
                    amended(rest, "rollbackPlan", back.id, triggers=(trigger,)), f"{back.id} {alert.id}"
                )


@operator("exposure-contradicted")
def release_that_nobody_is_said_to_meet(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    places = {place.id: place.kind for place in plan.environments}
    for stage in releases(plan):
        after = any(
            stage.id in other.needs and other.kind in {"deploy", "promote"} for other in plan.pipeline_stages
        )
        if places.get(stage.environment or "") == "production" and not after:
            yield Mutant(amended(plan, "pipelineStages", stage.id, exposure="none"), stage.id)


@operator("approval-unowned")
def approved_by_nobody(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    for gate in plan.quality_gates:
        if gate.kind == "approval" and gate.owner and gate.origin != "existing":
            yield Mutant(amended(plan, "qualityGates", gate.id, owner=None), gate.id)


@operator("existing-contradicted")
def plan_of_another_target(plan: Plan, _: Assessment) -> Iterator[Mutant]:
    yield Mutant(
        plan.model_copy(update={"target": plan.target.model_copy(update={"name": "elsewhere"})}), "name"
    )
