"""A run of the architect: gather first, converse, let the remedies finish, say what happened."""

from dataclasses import dataclass
from typing import Any

from platform_operations.agent.conversation import Trace, converse
from platform_operations.agent.port import ModelPort, Request, Tell
from platform_operations.agent.prompts import first_message, system_prompt
from platform_operations.agent.settings import Settings
from platform_operations.agent.submission import Submission, revised, submitted
from platform_operations.agent.tools import HANDING_IN, reading
from platform_operations.draft import draft, finished
from platform_operations.model.assessment import Assessment
from platform_operations.model.finding import Findings
from platform_operations.model.plan import Plan
from platform_operations.toolbox import Target, gaps_of, judged


@dataclass(frozen=True, slots=True)
class Outcome:
    """The plan of a run, the verdict on it, and how the run went."""

    plan: Plan
    findings: Findings
    trace: Trace


async def architect(
    target: Target,
    assessment: Assessment,
    port: ModelPort,
    settings: Settings,
    *,
    owner: str | None = None,
    metrics: str | None = None,
    tell: Tell = lambda _: None,
) -> Outcome:
    """Return the model's plan once the validator accepts it, else what the remedies make of its last one.

    Without any plan from the model the embedded draft stands, and its provenance says so. The verdict is always the
    validator's: an outcome may be invalid, and then its findings say why.
    """
    first = draft(assessment, owner)
    async with reading(str(target.root or "."), metrics) as tools:
        opening = opening_request(target, assessment, first, settings, tools.tools)
        handed, trace = await converse(
            port,
            opening,
            settings,
            tools.call,
            lambda name, arguments, plan: _handed_in(name, arguments, plan, target, assessment),
            first,
            tell,
        )
    plan = _settled(handed, first, assessment, settings)
    return Outcome(plan, judged(plan, assessment, target.repository, target.ignores), trace)


def opening_request(
    target: Target, assessment: Assessment, first: Plan, settings: Settings, tools: tuple[dict[str, Any], ...]
) -> Request:
    """Return the first request: what `--dry-run` shows."""
    verdict = judged(first, assessment, target.repository, target.ignores)
    message = first_message(assessment, gaps_of(target, assessment), first, verdict)
    return Request(
        model=settings.model,
        system=system_prompt(assessment, turns=settings.turns, repairs=settings.repairs),
        tools=tools or HANDING_IN,
        messages=({"role": "user", "content": message},),
        max_tokens=settings.max_tokens,
        effort=settings.effort,
    )


def _handed_in(
    name: str, arguments: dict[str, Any], plan: Plan | None, target: Target, assessment: Assessment
) -> Submission:
    if name == "submit_plan":
        return submitted(arguments.get("plan"), target, assessment)
    return revised(plan, arguments.get("sections"), arguments.get("remove"), target, assessment)


def _settled(handed: Submission | None, first: Plan, assessment: Assessment, settings: Settings) -> Plan:
    """Return the accepted plan, else the last one finished by the remedies, else the embedded draft."""
    if handed is None or handed.plan is None:
        return first
    if handed.findings.valid:
        provenance = {"drafter": "claude", "model": settings.model, "assessment": assessment.hash()}
        return _with_provenance(handed.plan, provenance)
    mended = finished(
        _with_provenance(handed.plan, {"drafter": "claude", "model": settings.model}), assessment
    )
    return mended


def _with_provenance(plan: Plan, fields: dict[str, Any]) -> Plan:
    return plan.model_copy(update={"provenance": plan.provenance.model_copy(update=fields)})
