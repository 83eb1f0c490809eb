"""A run of the architect: gather first, converse, let the remedies finish, say what happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from platform_operations.agent.conversation import Trace, converse
from platform_operations.agent.port import ModelPort, Request, Tell
from platform_operations.agent.progress import counted
from platform_operations.agent.prompts import draft_part, first_message, nonce_of, system_prompt
from platform_operations.agent.settings import Settings
from platform_operations.agent.submission import Submission, revised, submitted
from platform_operations.agent.tools import HANDING_IN, reading
from platform_operations.draft import draft, finished
from platform_operations.model.assessment import Assessment
from platform_operations.model.finding import Findings
from platform_operations.model.plan import Plan
from platform_operations.model.record import canonical
from platform_operations.toolbox import Target, gaps_of, judged


@dataclass(frozen=True, slots=True)
class Outcome:
    """The plan of a run, the verdict on it, and how the run went."""

    plan: Plan
    findings: Findings
    trace: Trace


@dataclass(frozen=True, slots=True)
class Opening:
    """What a run begins with: the embedded draft, and the two texts of the stable prefix."""

    draft: Plan
    system: str
    message: str
    quoted_draft: str

    def request(self, settings: Settings, tools: tuple[dict[str, Any], ...] = HANDING_IN) -> Request:
        """Return the first request."""
        return Request(
            model=settings.model,
            system=self.system,
            tools=tools,
            messages=({"role": "user", "content": self.message},),
            max_tokens=settings.max_tokens,
            effort=settings.effort,
        )


async def architect(
    target: Target,
    assessment: Assessment,
    port: ModelPort,
    settings: Settings,
    *,
    owner: str | None = None,
    metrics: str | None = None,
    tell: Tell = lambda _: None,
    note: Tell = lambda _: None,
    opening: "Opening | None" = None,
) -> Outcome:
    """Return the model's plan once the validator accepts it, else what the remedies make of its last one.

    `tell` hears what is being done, `note` what was done. `opening` is what `opened` gave for the same target before, made anew unless given. Without a well-formed plan from the model the embedded draft stands, and its provenance says so. The verdict is
    always the validator's: an outcome may be invalid, and then its findings say why.
    """
    opening = opening or opened(target, assessment, settings, owner)

    def hand_in(name: str, arguments: dict[str, Any], plan: Plan | None) -> Submission:
        if name == "submit_plan":
            return submitted(arguments.get("plan"), target, assessment, opening.draft)
        sections, remove = arguments.get("sections"), arguments.get("remove")
        return revised(plan, sections, remove, target, assessment, opening.draft)

    root = str(target.root) if target.root is not None else None
    note(_budget(opening, settings))
    async with reading(root, metrics, nonce_of(assessment)) as tools:
        request = opening.request(settings, tools.tools)
        handed, trace = await converse(
            port, request, settings, tools.call, hand_in, opening.draft, tell, note
        )
    plan = _settled(handed, opening.draft, assessment, settings)
    return Outcome(plan, judged(plan, assessment, target.repository, target.ignores), trace)


def _budget(opening: Opening, settings: Settings) -> str:
    size = _bytes(opening.system) + _bytes(opening.message)
    return (
        f"asks {settings.model} with {size:,} bytes: at most {counted(settings.turns, 'reply', 'replies')},"
        f" {counted(settings.tokens, 'token')}, {counted(round(settings.seconds), 'second')}"
    )


@dataclass(frozen=True, slots=True)
class Preview:
    """The first request of a run, with the bytes that each source brings into it."""

    request: Request
    sizes: Mapping[str, int]


async def preview(
    target: Target,
    assessment: Assessment,
    settings: Settings,
    *,
    owner: str | None = None,
    metrics: str | None = None,
) -> Preview:
    """Return what a run would send first: what `--dry-run` shows. It takes neither key nor network."""
    opening = opened(target, assessment, settings, owner)
    root = str(target.root) if target.root is not None else None
    async with reading(root, metrics, nonce_of(assessment)) as tools:
        request = opening.request(settings, tools.tools)
    drafted = _bytes(opening.quoted_draft)
    sizes = {
        "system": _bytes(request.system),
        "tools": _bytes(canonical(list(request.tools))),
        "assessment": _bytes(opening.message) - drafted,
        "draft": drafted,
    }
    return Preview(request, sizes)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8"))


def opened(target: Target, assessment: Assessment, settings: Settings, owner: str | None = None) -> Opening:
    """Return what a run begins with; everything that can be gathered without a model is in it."""
    first = draft(assessment, owner)
    verdict = judged(first, assessment, target.repository, target.ignores)
    part = draft_part(assessment, first)
    return Opening(
        first,
        system_prompt(assessment, turns=settings.turns, repairs=settings.repairs),
        first_message(assessment, gaps_of(target, assessment), part, verdict, len(target.repository.paths)),
        part,
    )


def _settled(handed: Submission | None, first: Plan, assessment: Assessment, settings: Settings) -> Plan:
    """Return the accepted plan, else the last one finished by the remedies, else the embedded draft."""
    if handed is None or handed.plan is None:
        return first
    fields = {"drafter": "claude", "model": settings.model, "assessment": assessment.hash()}
    provenance = handed.plan.provenance.model_copy(update=fields)
    plan = handed.plan.model_copy(update={"provenance": provenance})
    return plan if handed.findings.valid else finished(plan, assessment)
