"""Summaries: generated from typed fields, so that no sentence of a plan can say what its fields do not.

Every section has one template. An entry with a `text` (a person's or a model's wording) gets that text with
its placeholders filled: `{field}` of the entry, `{field.inner}`, `{metric:ID.field}` of the ledger.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

from platform_operations.model.delivery import (
    Artifact,
    Component,
    ComponentStrategy,
    Entry,
    Environment,
    Pipeline,
    QualityGate,
    Rollback,
    RollbackTrigger,
    Stage,
)
from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.model.record import Document
from platform_operations.model.reliability import Alert, DriftCheck, ObservabilityPillar, Runbook, Slo
from platform_operations.patterns import regex

PLACEHOLDER = regex(r"\{([a-zA-Z][\w.:-]*)\}")
BARE_NUMBER = regex(r"(?<![\w{])\d[\d.,]*(?![\w}])|(?<!\d)\d++\s*+%|(?<!\w)\d+(?:ms|s|m|h|d)\b")
LONGEST_COMMAND = 90


def and_list(words: tuple[str, ...] | list[str]) -> str:
    """Return `a`, `a and b` or `a, b and c`."""
    return words[0] if len(words) == 1 else " and ".join((", ".join(words[:-1]), words[-1])) if words else ""


def command(text: str) -> str:
    """Return a command on one line, cut to a length a summary can carry."""
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_COMMAND else flat[: LONGEST_COMMAND - 1] + "…"


def _component(entry: Component) -> str:
    built = f" in {and_list(entry.languages)}" if entry.languages else ""
    runs = f", on {and_list(entry.platforms)}" if entry.platforms else ""
    stores = [store.kind for store in entry.data_stores]
    keeps = f", with data in {and_list(stores)}" if stores else ""
    where = "the repository root" if entry.path == "." else entry.path
    return f"{entry.id}: {and_list(entry.types)}{built} at {where}{runs}{keeps}."


def _environment(entry: Environment) -> str:
    at = f" at {entry.url}" if entry.url else ""
    region = f" in {entry.region}" if entry.region else ""
    return f"{entry.id}: {entry.kind} environment{at}{region}."


def _pipeline(entry: Pipeline) -> str:
    on = and_list(entry.triggers) or "a trigger that is not known"
    guard = f", guarded by {and_list(entry.protected_by)}" if entry.protected_by else ""
    return f"Pipeline {entry.id} starts on {on}{guard}."


def _artifact(entry: Artifact) -> str:
    proof = f", with {and_list(entry.attestations)}" if entry.attestations else ""
    return f"{entry.id}: {entry.kind} of {entry.component}, named by {entry.identity}{proof}."


_VERBS: Mapping[str, str] = {
    "build": "Build",
    "test": "Test",
    "analyze": "Analyze",
    "package": "Package",
    "publish": "Publish",
    "provision": "Provision",
    "migrate": "Migrate",
    "deploy": "Deploy",
    "promote": "Promote",
    "verify": "Verify",
    "approve": "Approve",
    "rollback": "Roll back",
}


def _stage(entry: Stage) -> str:
    taken = [f"{item.artifact} by {item.reference}" for item in entry.consumes]
    subject = and_list(taken) or entry.component or entry.id
    made = f" into {and_list(entry.produces)}" if entry.produces else ""
    place = (
        f" {'to' if entry.kind in {'deploy', 'promote', 'publish'} else 'in'} {entry.environment}"
        if entry.environment
        else ""
    )
    seen = f" (exposure {entry.exposure})" if entry.exposure else ""
    how = f" with {entry.action}" if entry.action else ""
    runs = [f"`{command(line)}`" for line in entry.runs[:3]]
    more = f" and {len(entry.runs) - 3} more commands" if len(entry.runs) > 3 else ""
    doing = f": {', '.join(runs)}{more}" if runs else ""
    health = entry.health_check
    up = ""
    if health is not None and health.kind == "none":
        up = f"; no health check because {health.because}"
    elif health is not None:
        up = f"; up when the {health.kind} check{f' of {health.target}' if health.target else ''} passes"
    after = f"; after {and_list(entry.needs)}" if entry.needs else ""
    undone = f"; on failure {entry.on_failure}" if entry.on_failure else ""
    return (
        f"{_VERBS[entry.kind]} {subject}{made}{place}{seen}{how} (job {entry.id} of "
        f"{entry.pipeline}){doing}{up}{after}{undone}."
    )


def _strategy(entry: ComponentStrategy) -> str:
    shares = [f"{step.traffic}%" for step in entry.steps]
    steps = f" in steps of {and_list(shares)} of traffic" if shares else ""
    cost = (
        f"; a wholly failed release spends at most {entry.exposure.worst}% of the error budget of "
        f"{entry.exposure.slo} before everyone meets it"
        if entry.exposure
        else ""
    )
    return (
        f"{entry.component} goes to {entry.environment} by {entry.kind} with {entry.mechanism}{steps}, "
        f"chosen for {entry.because} risk{cost}."
    )


def _gate(entry: QualityGate) -> str:
    limit = entry.fails_on
    bound = f"at least {limit.at_least}" if limit.at_least is not None else f"below {limit.below}"
    effect = "stops the release" if entry.blocking else "is only reported"
    by = f", given by {entry.owner}" if entry.owner else ""
    return (
        f"{entry.tool} ({entry.kind}) in {entry.stage} {effect} of {entry.component} when {limit.metric} "
        f"{'are' if limit.metric.endswith('s') else 'is'} {bound}{by}."
    )


def _trigger(trigger: RollbackTrigger) -> str:
    if trigger.burn_rate is not None:
        over = f" over {trigger.window}" if trigger.window else ""
        return f"{trigger.signal} burns {trigger.burn_rate} times too fast{over}"
    if trigger.value is not None:
        return f"{trigger.signal} is {trigger.comparison} {trigger.value}"
    return f"{trigger.signal} {'has ' if trigger.comparison == 'failed' else 'is '}{trigger.comparison}"


def _rollback(entry: Rollback) -> str:
    who = "automatically" if entry.automatic else f"by {entry.owner or 'nobody named'}"
    within = f" within {entry.time_limit}" if entry.time_limit else ""
    when = " or ".join(_trigger(trigger) for trigger in entry.triggers) or "no trigger"
    data = f"; data: {entry.data.stance}" if entry.data and entry.data.stance != "none" else ""
    return (
        f"{entry.component} in {entry.environment} goes back to {entry.restores} with {entry.mechanism}, "
        f"{who}{within}, when {when}{data}."
    )


def _pillar(entry: ObservabilityPillar) -> str:
    by = f" by {entry.instrumentation}" if entry.instrumentation else ""
    keys = f", correlated by {and_list(entry.correlation)}" if entry.correlation else ""
    kept = f", kept {entry.retention}" if entry.retention else ""
    sampled = f", sampled at {entry.sampling}%" if entry.sampling else ""
    shown = f", shown on {and_list(entry.dashboards)}" if entry.dashboards else ""
    return f"{entry.pillar} of {entry.component} in {entry.tool}{by}{keys}{kept}{sampled}{shown}."


_SOURCES = {"none": ", which nothing measures yet"}


def _slo(entry: Slo) -> str:
    what = f"{entry.sli.kind} of {entry.component}"
    limit = f" within {entry.sli.threshold_seconds} s" if entry.sli.threshold_seconds else ""
    if entry.objective is None:
        return (
            f"{what}{limit} over {entry.window}: no objective until a baseline is measured"
            f"{_SOURCES.get(entry.sli.source, f' from {entry.sli.source}')}."
        )
    seen = f" (observed {entry.observed}%)" if entry.observed else ""
    aim = f", aspirational until {entry.by}" if entry.status == "aspirational" else ""
    return f"{what}{limit}: {entry.objective}% over {entry.window}{seen}{aim}."


def _alert(entry: Alert) -> str:
    does = "Pages" if entry.severity == "page" else "Opens a ticket for"
    who = entry.owner or "nobody named"
    route = f" through {entry.route}" if entry.route else ""
    if entry.windows:
        pairs = " or ".join(
            f"{pair.factor} times too fast over {pair.long} and {pair.short}" for pair in entry.windows
        )
        when = f"{entry.slo or entry.id} burns its budget {pairs}"
    elif entry.kind == "absence":
        when = f"{entry.slo or entry.component} stops reporting{f' for {entry.for_}' if entry.for_ else ''}"
    else:
        when = f"{entry.id} holds{f' for {entry.for_}' if entry.for_ else ''}"
    book = f"; runbook {entry.runbook}" if entry.runbook else "; no runbook"
    return f"{does} {who}{route} when {when} ({entry.kind or 'kind unknown'}){book}."


def _runbook(entry: Runbook) -> str:
    where = entry.path or entry.url or "text of this plan"
    does = f": {command(entry.impact)}" if entry.impact else ""
    return f"{entry.id} ({where}){does}"


def _drift(entry: DriftCheck) -> str:
    who = f", answered by {entry.owner}" if entry.owner else ""
    return f"{entry.what} is compared with what runs, by `{command(entry.tool)}`, {entry.schedule}{who}."


TEMPLATES: Mapping[str, Callable[[Any], str]] = {
    "components": _component,
    "environments": _environment,
    "pipelines": _pipeline,
    "artifacts": _artifact,
    "pipelineStages": _stage,
    "deployStrategy": _strategy,
    "qualityGates": _gate,
    "rollbackPlan": _rollback,
    "observabilityPillars": _pillar,
    "slos": _slo,
    "alerts": _alert,
    "runbooks": _runbook,
    "driftChecks": _drift,
}


def summary_of(section: str, entry: Entry, plan: Plan) -> str:
    """Return the summary that an entry must have."""
    return filled(entry.text, entry.document(), plan) if entry.text else TEMPLATES[section](entry)


def strategy_summary(plan: Plan) -> str:
    """Return the summary that `deployStrategy` must have.

    Its wording, else the sentences of its components.
    """
    strategy = plan.deploy_strategy
    if strategy.text:
        return filled(strategy.text, {}, plan)
    return " ".join(summary_of("deployStrategy", entry, plan) for entry in strategy.components)


def filled(text: str, document: Document, plan: Plan) -> str:
    """Return `text` with its placeholders filled; one that names nothing stays as it is."""

    def value(found: re.Match[str]) -> str:
        path = found[1]
        if path.startswith("metric:"):
            uri, _, field = path.rpartition(".")
            entry = plan.ledger.get(uri)
            return _said(entry.document().get(field) if entry else None, found[0])
        inside: Any = document
        for key in path.split("."):
            inside = cast("Document", inside).get(key) if isinstance(inside, dict) else None
        return _said(inside, found[0])

    return PLACEHOLDER.sub(value, text)


def _said(value: Any, otherwise: str) -> str:
    if value is None or isinstance(value, dict):
        return otherwise
    if isinstance(value, list):
        words = [word for word in cast("list[Any]", value) if isinstance(word, str)]
        return and_list(words) or otherwise
    return str(value)


def summarised(plan: Plan) -> Plan:
    """Return the plan with every summary generated."""
    for section in SECTIONS:
        entries = tuple(
            entry.model_copy(update={"summary": summary_of(section, entry, plan)})
            for entry in plan.section(section)
        )
        plan = plan.with_section(section, entries)
    strategy = plan.deploy_strategy.model_copy(update={"summary": strategy_summary(plan)})
    return plan.model_copy(update={"deploy_strategy": strategy})
