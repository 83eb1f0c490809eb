"""The flow on one page: assess the target, let a drafter propose, and let the validator alone decide."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from platform_operations.draft import draft
from platform_operations.errors import InputError
from platform_operations.metrics import MetricSource
from platform_operations.model.assessment import Assessment
from platform_operations.model.finding import Findings
from platform_operations.model.plan import Plan
from platform_operations.toolbox import Target, assessed, gaps_of, judged, stamped
from platform_operations.validate import Verdict

Drafter: TypeAlias = Callable[[Assessment], Plan]
"""Makes a plan of an assessment; whatever it makes is judged."""

Tell: TypeAlias = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Run:
    """One pass through the flow: what is there today, what is proposed, and the verdict on it."""

    target: Target
    assessment: Assessment
    gaps: Verdict
    plan: Plan
    findings: Findings


def run(
    target: Target,
    drafter: Drafter,
    *,
    metrics: MetricSource | None = None,
    as_of: str | None = None,
    tell: Tell = lambda _: None,
) -> Run:
    """Return the drafter's plan for a target with the verdict on it; an invalid plan comes with its findings."""
    tell("reading the repository")
    assessment = assessed(target, metrics=metrics, as_of=as_of)
    tell("drafting the plan")
    plan = drafter(assessment)
    tell("checking the plan")
    findings = judged(plan, assessment, target.repository, target.ignores)
    return Run(target, assessment, gaps_of(target, assessment), stamped(plan, findings), findings)


def drafter(name: str, owner: str | None = None) -> Drafter:
    """Return the drafter of that name; `owner` is who owns what nobody is known to own.

    Raises:
        InputError: there is no such drafter; Claude is `agent.drafting.ArchitectDrafter`, made for one target.
    """
    if name != "embedded":
        raise InputError(f"there is no drafter {name!r}; --drafter embedded needs no model and no network")
    return lambda assessment: draft(assessment, owner)
