"""Structure before rules: ids unique, references resolved, no cycle. Rules may rely on it."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.validate.graph import graph_of
from platform_operations.validate.rule import Violation


def defects(plan: Plan) -> Iterator[Violation]:
    """Yield what makes a plan malformed."""
    yield from _repeated(plan)
    yield from _dangling(plan)
    for name in graph_of(plan).cycle():
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
    allowed = {name: tuple(sorted(ids)[:20]) for name, ids in known.items()}
    for section, entry_id, field, target, name in references(plan):
        if name not in known[target]:
            where = "stages and gates" if target == "guards" else target
            yield Violation(
                (section, entry_id, *field),
                f"{section}/{entry_id} names {name!r}, which is not in {where}",
                allowed=allowed[target],
            )


Reference: TypeAlias = tuple[str, str, tuple[str | int, ...], str, str]
"""Section, entry id, field path, section referred to, id referred to."""


def references(plan: Plan) -> Iterator[Reference]:
    """Yield every reference from one entry to another; those of sections that an edit left alone are kept."""
    for find, fields in _REFERRING.items():
        yield from plan.kept(find.__name__, fields, lambda plan, find=find: tuple(find(plan)))


def _of_pipelines(plan: Plan) -> Iterator[Reference]:
    for entry in plan.pipelines:
        yield from (("pipelines", entry.id, ("protectedBy",), "guards", name) for name in entry.protected_by)


def _of_gates(plan: Plan) -> Iterator[Reference]:
    for gate in plan.quality_gates:
        yield ("qualityGates", gate.id, ("stage",), "pipelineStages", gate.stage)


def _of_ways_back(plan: Plan) -> Iterator[Reference]:
    for back in plan.rollback_plan:
        yield ("rollbackPlan", back.id, ("environment",), "environments", back.environment)


def _component_of_each(plan: Plan) -> Iterator[Reference]:
    for section in _HAVE_A_COMPONENT:
        for entry in plan.section(section):
            yield (section, entry.id, ("component",), "components", getattr(entry, "component", ""))


_HAVE_A_COMPONENT = (
    "artifacts",
    "deployStrategy",
    "qualityGates",
    "rollbackPlan",
    "observabilityPillars",
    "slos",
    "alerts",
)


def _of_strategy(plan: Plan) -> Iterator[Reference]:
    targets = {"slo": "slos", "stage": "pipelineStages", "alert": "alerts"}
    for row in plan.deploy_strategy.components:
        yield ("deployStrategy", row.id, ("environment",), "environments", row.environment)
        if row.exposure is not None:
            yield ("deployStrategy", row.id, ("exposure", "slo"), "slos", row.exposure.slo)
        for index, step in enumerate(row.steps):
            for signal in step.judged_by:
                kind, _, name = signal.partition(":")
                if kind in targets:
                    yield ("deployStrategy", row.id, ("steps", index, "judgedBy"), targets[kind], name)


def _of_alerts(plan: Plan) -> Iterator[Reference]:
    for alert in plan.alerts:
        if alert.slo:
            yield ("alerts", alert.id, ("slo",), "slos", alert.slo)
        if alert.runbook:
            yield ("alerts", alert.id, ("runbook",), "runbooks", alert.runbook)
    for book in plan.runbooks:
        if book.rollback:
            yield ("runbooks", book.id, ("rollback",), "rollbackPlan", book.rollback)


def _of_stages(plan: Plan) -> Iterator[Reference]:
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


_REFERRING: Mapping[Callable[[Plan], Iterator[Reference]], frozenset[str]] = MappingProxyType(
    {
        _of_pipelines: frozenset({"pipelines"}),
        _component_of_each: frozenset(SECTIONS[name] for name in _HAVE_A_COMPONENT),
        _of_stages: frozenset({"pipeline_stages"}),
        _of_strategy: frozenset({"deploy_strategy"}),
        _of_gates: frozenset({"quality_gates"}),
        _of_ways_back: frozenset({"rollback_plan"}),
        _of_alerts: frozenset({"alerts", "runbooks"}),
    }
)
"""What finds references, with the fields that alone it reads: in wire order of the sections."""
