"""What the model is told: templates from prompts/, with the assessment packed small and quoted as data."""

from collections.abc import Iterable
from typing import Any

from platform_operations.agent.packing import allowance, pack, size_of, within_bytes
from platform_operations.documents import plan_text
from platform_operations.model.assessment import Assessment
from platform_operations.model.finding import Finding, Findings
from platform_operations.model.plan import Plan
from platform_operations.model.record import sha256
from platform_operations.repository import redact
from platform_operations.resources import reference_section, resource
from platform_operations.validate import Verdict

CONSTRAINTS = (
    "Always: build once, deploy everywhere using immutable artifacts.",
    "Always: security and dependency checks are release gates.",
    "Always: rollback triggers are defined before the production rollout.",
    "Always: alerts are tied to actionable runbooks and clear ownership.",
    "Always: SLO targets rest on observed baseline metrics.",
    "Never: production without staged verification.",
    "Never: alerts on noisy or internal-only signals when user symptoms are available.",
    "Never: skipped health checks, post-deploy validation or rollback capability.",
)

MOST_QUESTIONS = 20
_AROUND = 800
"""Bytes that the first message takes besides what it quotes: the template's own words and the marks."""
LONGEST_PLAN = 60_000
MOST_FINDINGS = 40


def rendered(template: str, /, **values: Any) -> str:
    """Return a template of prompts/ filled in; a value that it names and nobody gives is an error."""
    from jinja2 import Environment, StrictUndefined

    source = resource("prompts", f"{template}.md.jinja").read_text(encoding="utf-8")
    environment = Environment(
        undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True
    )
    return environment.from_string(source).render(**values).strip() + "\n"


def nonce_of(assessment: Assessment) -> str:
    """Return the mark that quotes repository text: of this assessment, so that no file can hold it beforehand."""
    return "quoted-" + sha256(assessment.hash() + (assessment.as_is.target.commit or ""))[:16]


def system_prompt(assessment: Assessment, *, turns: int, repairs: int) -> str:
    """Return the persona and the rules of the work."""
    return rendered(
        "architect", turns=turns, repairs=repairs, constraints=CONSTRAINTS, nonce=nonce_of(assessment)
    )


def first_message(
    assessment: Assessment, gaps: Verdict, plan: str, findings: Findings, files: int = 0
) -> str:
    """Return the assessment, its gaps and the draft, quoted; `plan` is the draft's part of it.

    Without that part it takes at most what `allowance` gives a repository of so many `files`.
    """
    nonce = nonce_of(assessment)
    room = allowance(files) - _AROUND
    questions = within_bytes(
        [_quoted(question.text, nonce) for question in gaps.questions[:MOST_QUESTIONS]],
        room // 4,
        "questions",
    )
    return rendered(
        "assessment",
        name=_quoted(assessment.as_is.target.name, nonce)[:100],
        nonce=nonce,
        pack=_quoted(pack(assessment, gaps, room - size_of(questions)), nonce),
        plan=plan,
        verdict="valid" if findings.valid else f"{len(findings.findings)} findings",
        questions=questions,
    )


def draft_part(assessment: Assessment, draft: Plan) -> str:
    """Return the draft as the first message quotes it."""
    return _cut(_quoted(_without_ledger(draft), nonce_of(assessment)))


def _quoted(text: str, nonce: str) -> str:
    return redact(text).replace(nonce, "quoted")


def _cut(text: str) -> str:
    """Return the text, cut at a line where it is too long, with a line that says so."""
    if len(text) <= LONGEST_PLAN:
        return text
    head = text[:LONGEST_PLAN].rpartition("\n")[0]
    return f"{head}\n# cut here: {len(text) - len(head):,} more characters; revise_plan reaches every entry by its id\n"


def quoted_result(text: str, nonce: str) -> str:
    """Return what a tool read in the repository, between the marks that the system prompt speaks of."""
    return f"<{nonce}>\n{_quoted(text, nonce)}\n</{nonce}>"


def _without_ledger(plan: Plan) -> str:
    """Return the plan as YAML without what the model never writes."""
    slim = plan.model_copy(update={"evidence": (), "rollout": ()})
    return plan_text(slim)


def findings_message(findings: Findings, left: int) -> str:
    """Return all findings of a verdict with what each rule's page says of repairing it."""
    shown = findings.findings[:MOST_FINDINGS]
    return redact(
        rendered("findings", valid=findings.valid, findings=shown, left=left, repairs=dict(_repairs(shown)))
    )


def _repairs(findings: Iterable[Finding]) -> Iterable[tuple[str, str]]:
    for rule in dict.fromkeys(finding.rule for finding in findings):
        text = reference_section(f"rules/{rule}#repair")
        if text is not None:
            yield (
                rule,
                " ".join(line for line in text.splitlines() if not line.startswith("#")).strip()[:1200],
            )
