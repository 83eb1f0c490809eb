"""What each tool does: arguments in, a text for the model and a document for programs out.

These run in threads. They raise InputError for what the caller can correct, in a line that says how.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from platform_operations.mcp_server.arguments import Arguments, LoadReference, OnRepository, ValidatePlan
from platform_operations.mcp_server.kept import Assessments, Plans
from platform_operations.mcp_server.pages import CONCISE, DETAILED, LEAST, Portion, compact, portion
from platform_operations.mcp_server.roots import Roots
from platform_operations.mcp_server.watch import Watch

if TYPE_CHECKING:
    from platform_operations.model.finding import Finding
    from platform_operations.model.plan import Plan

Document: TypeAlias = dict[str, Any]

ASSESSMENT_ORDER = (
    "schema",
    "hash",
    "target",
    "ci",
    "platforms",
    "languages",
    "observability",
    "practices",
    "components",
    "gaps",
    "questions",
    "alerts",
    "baseline",
    "backtests",
    "asIs",
)


@dataclass(frozen=True, slots=True)
class Desk:
    """What the tools work with: the folders they may look into, what is known of them, the plans given lately."""

    roots: Roots
    assessments: Assessments
    plans: Plans = field(default_factory=Plans)


@dataclass(frozen=True, slots=True)
class Answer:
    """A tool's answer before redaction: what the model reads, and the part of a document that fits."""

    text: str
    portion: Portion


def assess_repo(desk: Desk, arguments: Arguments, watch: Watch) -> Answer:
    """Return the document platform-ops/assessment@1 of a repository."""
    from platform_operations.mcp_server.texts import assessment_text
    from platform_operations.toolbox import assess_document

    assert isinstance(arguments, OnRepository)
    kept = desk.assessments.of(desk.roots.folder(arguments.path), watch)
    document = assess_document(kept.target, kept.assessment)
    return answer(assessment_text(document), document, arguments, ASSESSMENT_ORDER)


def draft_plan(desk: Desk, arguments: Arguments, watch: Watch) -> Answer:
    """Return the embedded drafter's plan for a repository.

    One that a client can show at all comes whole with detail=detailed; any other in portions, or as a file.
    """
    from platform_operations.mcp_server.texts import plan_text
    from platform_operations.toolbox import gaps_of

    assert isinstance(arguments, OnRepository)
    kept, made = desk.assessments.drafted(desk.roots.folder(arguments.path), watch)
    questions = [question.document() for question in gaps_of(kept.target, kept.assessment).questions]
    document = made.plan.document()
    text = plan_text(document, made.findings.document(), questions, whole_within=DETAILED)
    return answer(text, document, arguments)


def validate_plan(desk: Desk, arguments: Arguments, watch: Watch) -> Answer:
    """Return the document platform-ops/findings@1 of a plan against its repository."""
    from platform_operations.mcp_server.texts import findings_text

    assert isinstance(arguments, ValidatePlan)
    _, document = judged_plan(desk, arguments, watch)
    return answer(findings_text(document), document, arguments)


def judged_plan(desk: Desk, arguments: ValidatePlan, watch: Watch) -> "tuple[Plan | None, Document]":
    """Return the plan that was given, None where it is none, and the document of the verdict on it."""
    from platform_operations.documents import parsed
    from platform_operations.toolbox import MAX_PLAN_BYTES, judged

    place = desk.roots.folder(arguments.path)
    given: object = arguments.plan
    if arguments.plan_path is not None:
        given = parsed(desk.roots.text(arguments.plan_path), arguments.plan_path, MAX_PLAN_BYTES)
    plan = desk.plans.read(given)
    if isinstance(plan, tuple):
        return None, malformed(plan)
    kept = desk.assessments.of(place, watch)
    watch.at("validating")

    def judge() -> Document:
        return judged(plan, kept.assessment, kept.target.repository, kept.target.ignores).document()

    return plan, kept.verdicts.of(plan, judge)


def malformed(findings: "tuple[Finding, ...]") -> Document:
    """Return the verdict on what is no plan at all."""
    from platform_operations.model.finding import Findings

    return Findings(valid=False, evidence="unchecked", findings=findings).document()


def load_reference(desk: Desk, arguments: Arguments, watch: Watch) -> Answer:
    """Return reference pages, one of them, one section, or those that hold some words."""
    from platform_operations.mcp_server.library import library_text, reference_document

    del desk
    assert isinstance(arguments, LoadReference)
    watch.at("reading")
    document = reference_document(arguments.page, arguments.section, arguments.search)
    return answer(library_text(document), document, arguments, said=True)


def answer(
    text: str,
    document: Document,
    arguments: Arguments,
    first_keys: Sequence[str] = (),
    *,
    said: bool = False,
) -> Answer:
    """Return a tool's answer, within what an answer may hold.

    `said`: the text already says all that the document does, in detail too.
    """
    # Clients show a model the text or the document, some of them both.
    written = not said and (arguments.detail == "detailed" or arguments.cursor is not None)
    concise = CONCISE // 2 if written else max(CONCISE - len(text), LEAST)
    limit = DETAILED if arguments.detail == "detailed" else concise
    part = portion(document, limit, arguments.cursor, first_keys)
    if written:
        # The document itself in place of its summary, so that the answer stays below what clients show.
        text = compact(part.document)
    if part.cursor is not None:
        narrower = "" if arguments.detail == "detailed" else ", detail=detailed gives larger portions"
        text += (
            f"\n[a portion of {part.size} characters: cursor={part.cursor} continues{narrower}; "
            "lists of all portions join]"
        )
    return Answer(text, part)
