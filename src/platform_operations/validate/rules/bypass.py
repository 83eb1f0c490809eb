"""Ways to users that go round the gates: no release starts without one of each kind that its component has."""

from collections.abc import Iterator

from platform_operations.model.delivery import QualityGate, Stage
from platform_operations.model.plan import Plan
from platform_operations.validate.compose.gates import without_matrix
from platform_operations.validate.compose.stages import add_need, reference_of
from platform_operations.validate.edits import amend, fresh
from platform_operations.validate.rule import Review, Violation, rule
from platform_operations.validate.rules.gates import gates_in, judging


@rule("release-gates")
def gate_bypassable(review: Review) -> Iterator[Violation]:
    """A release can be reached without passing any gate of a kind that the component has."""
    yield from _protected_in_words(review)
    for component in review.plan.components:
        for release in review.graph.first_releases(component.id):
            seen: set[str] = set()
            for gate in sorted(review.related.gates_of.get(component.id, ()), key=lambda gate: gate.id):
                if (
                    gate.kind in seen
                    or not judging(gate)
                    or gate.kind == "approval"
                    or _after(review, gate, release)
                ):
                    continue
                seen.add(gate.kind)
                same = gates_in(review, component.id, (gate.kind,))
                if any(
                    review.graph.guarded_by(release.id, other.stage) or other.stage == release.id
                    for other in same
                ):
                    continue
                yield Violation(
                    ("qualityGates", gate.id, "stage"),
                    f"{release.id!r} releases {component.id!r} without waiting for {gate.stage!r}, where"
                    f" {gate.tool} ({gate.kind}) runs{_crossing(review, release)}",
                    question=_asked(
                        review,
                        release.pipeline,
                        any(_required(review, release.pipeline, other) for other in same if other.blocking),
                    ),
                    repair=lambda plan, gate=gate, release=release: _in_the_way(review, plan, gate, release),
                    source=gate.evidence[0] if gate.evidence else None,
                )


def _asked(review: Review, pipeline: str, named: bool) -> tuple[str, str] | None:
    """Return the question which checks the hosting requires before a pipeline, None where it is answered without this one."""
    fact = review.fact(f"pipelines/{pipeline}", "required-checks")
    return None if fact is not None and not named else (f"pipelines/{pipeline}", "required-checks")


def _required(review: Review, pipeline: str, gate: QualityGate) -> bool:
    """Whether the user's answer names a gate's check: the gate, its stage, or the job that the stage is of."""
    stage = review.graph.stages.get(gate.stage)
    names = {gate.id, gate.stage, gate.stage.removeprefix(f"{stage.pipeline}-" if stage else "")}
    return bool(names & _said(review, pipeline))


def _said(review: Review, pipeline: str) -> set[str]:
    value = review.value(f"pipelines/{pipeline}", "required-checks") or ""
    return {word.strip().lower() for word in value.split(",")}


def _crossing(review: Review, release: Stage) -> str:
    """Say where a need on the way to a release holds nothing, because it crosses pipelines that start by themselves."""
    for stage in (*review.graph.guards(release.id), release):
        loose = sorted({*stage.needs} - {*review.graph.held(stage)})
        if loose:
            return (
                f"; {stage.id!r} cannot wait for {loose[0]!r} of another pipeline, which is not all that "
                f"starts {stage.pipeline!r}"
            )
    return ""


def _protected_in_words(review: Review) -> Iterator[Violation]:
    """Yield where a plan says that something guards the way into a pipeline, which nobody saw and no assumption owns up to."""
    today = (
        {pipeline.id: pipeline.protected_by for pipeline in review.as_is.pipelines} if review.as_is else None
    )
    for pipeline in review.plan.pipelines if today is not None else ():
        new = tuple(name for name in pipeline.protected_by if name not in (today or {}).get(pipeline.id, ()))
        if not new or f"pipelines/{pipeline.id}/protectedBy" in review.related.assumed:
            continue
        yield Violation(
            ("pipelines", pipeline.id, "protectedBy"),
            f"pipeline {pipeline.id!r} is said to wait for {', '.join(new)}, which nothing in the repository shows",
            question=_asked(review, pipeline.id, set(new) <= _said(review, pipeline.id)),
            repair=lambda plan, pipeline=pipeline, new=new: amend(
                plan,
                "pipelines",
                pipeline.id,
                protected_by=tuple(name for name in pipeline.protected_by if name not in new),
            ),
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
            "runs": tuple(without_matrix(line) for line in stage.runs),
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
