"""Structure before rules: ids unique, references resolved, no cycle. Rules may rely on it."""

from collections import Counter
from collections.abc import Iterator

from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.validate.graph import Graph
from platform_operations.validate.rule import Violation


def defects(plan: Plan) -> Iterator[Violation]:
    """Yield what makes a plan malformed."""
    yield from _repeated(plan)
    yield from _dangling(plan)
    for name in Graph(plan).cycle():
        yield Violation(
            ("pipelineStages", name, "needs"), f"stage {name!r} waits for itself, directly or through others"
        )


def well_formed(plan: Plan) -> bool:
    """Return whether a plan has no structural defect."""
    return next(defects(plan), None) is None


def _repeated(plan: Plan) -> Iterator[Violation]:
    lists = {name: [entry.id for entry in plan.section(name)] for name in SECTIONS}
    lists["owners"] = [owner.id for owner in plan.owners]
    lists["rollout"] = [step.id for step in plan.rollout]
    lists["assumptions"] = [note.id for note in plan.assumptions]
    lists["evidence"] = [entry.uri for entry in plan.evidence]
    for name, ids in lists.items():
        if len(set(ids)) == len(ids):
            continue
        for entry_id, count in Counter(ids).items():
            if count > 1:
                yield Violation((name, entry_id), f"{name} has {count} entries named {entry_id!r}")


def _dangling(plan: Plan) -> Iterator[Violation]:
    known = {name: {entry.id for entry in plan.section(name)} for name in SECTIONS}
    known["guards"] = known["pipelineStages"] | known["qualityGates"]
    for section, entry_id, field, target, name in references(plan):
        if name not in known[target]:
            where = "stages and gates" if target == "guards" else target
            yield Violation(
                (section, entry_id, *field),
                f"{section}/{entry_id} names {name!r}, which is not in {where}",
                allowed=tuple(sorted(known[target]))[:20],
            )


def references(plan: Plan) -> Iterator[tuple[str, str, tuple[str | int, ...], str, str]]:
    """Yield every reference as (section, entry id, field path, section referred to, id)."""
    for entry in plan.pipelines:
        yield from (("pipelines", entry.id, ("protectedBy",), "guards", name) for name in entry.protected_by)
    for entry in plan.artifacts:
        yield ("artifacts", entry.id, ("component",), "components", entry.component)
    yield from _of_stages(plan)
    for row in plan.deploy_strategy.components:
        yield ("deployStrategy", row.id, ("component",), "components", row.component)
        yield ("deployStrategy", row.id, ("environment",), "environments", row.environment)
        if row.exposure is not None:
            yield ("deployStrategy", row.id, ("exposure", "slo"), "slos", row.exposure.slo)
        for index, step in enumerate(row.steps):
            for signal in step.judged_by:
                kind, _, name = signal.partition(":")
                target = {"slo": "slos", "stage": "pipelineStages", "alert": "alerts"}.get(kind)
                if target:
                    yield ("deployStrategy", row.id, ("steps", index, "judgedBy"), target, name)
    for gate in plan.quality_gates:
        yield ("qualityGates", gate.id, ("component",), "components", gate.component)
        yield ("qualityGates", gate.id, ("stage",), "pipelineStages", gate.stage)
    for back in plan.rollback_plan:
        yield ("rollbackPlan", back.id, ("component",), "components", back.component)
        yield ("rollbackPlan", back.id, ("environment",), "environments", back.environment)
    for pillar in plan.observability_pillars:
        yield ("observabilityPillars", pillar.id, ("component",), "components", pillar.component)
    for slo in plan.slos:
        yield ("slos", slo.id, ("component",), "components", slo.component)
    for alert in plan.alerts:
        yield ("alerts", alert.id, ("component",), "components", alert.component)
        if alert.slo:
            yield ("alerts", alert.id, ("slo",), "slos", alert.slo)
        if alert.runbook:
            yield ("alerts", alert.id, ("runbook",), "runbooks", alert.runbook)
    for book in plan.runbooks:
        if book.rollback:
            yield ("runbooks", book.id, ("rollback",), "rollbackPlan", book.rollback)


def _of_stages(plan: Plan) -> Iterator[tuple[str, str, tuple[str | int, ...], str, str]]:
    for stage in plan.pipeline_stages:
        at = ("pipelineStages", stage.id)
        yield (*at, ("pipeline",), "pipelines", stage.pipeline)
        for field, target, name in (
            ("component", "components", stage.component),
            ("environment", "environments", stage.environment),
            ("onFailure", "rollbackPlan", stage.on_failure),
        ):
            if name is not None:
                yield (*at, (field,), target, name)
        yield from ((*at, ("needs",), "pipelineStages", name) for name in stage.needs)
        yield from ((*at, ("optionalNeeds",), "pipelineStages", name) for name in stage.optional_needs)
        yield from ((*at, ("produces",), "artifacts", name) for name in stage.produces)
        yield from ((*at, ("consumes",), "artifacts", item.artifact) for item in stage.consumes)
