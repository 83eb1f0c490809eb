"""The plan as a report in Markdown, for a pull request or a wiki."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from platform_operations.deliver.markdown import code, link, prose, table
from platform_operations.deliver.mermaid import diagram
from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Entry
from platform_operations.model.evidence import LedgerEntry, repo_place
from platform_operations.model.finding import Finding, Findings, Question
from platform_operations.model.plan import SECTIONS, Plan
from platform_operations.model.words import Constraint

CONSTRAINTS: tuple[tuple[Constraint, str], ...] = (
    ("build-once", "Build once, deploy everywhere using immutable artifacts"),
    ("release-gates", "Security and dependency checks are release gates"),
    ("rollback-triggers", "Rollback triggers are defined before production rollout"),
    ("actionable-alerts", "Alerts lead to runbooks and owners"),
    ("observed-slos", "SLO targets rest on the observed baseline"),
    ("staged-verification", "Nothing reaches production without staged verification"),
    ("symptom-alerts", "Alerts are about users' symptoms"),
    ("checks-and-rollback", "Health checks, post-deploy validation and rollback are there"),
)
"""The eight constraints, in the words of the report."""

TITLES = {
    "components": "Components",
    "environments": "Environments",
    "pipelines": "Pipelines",
    "artifacts": "Artifacts",
    "pipelineStages": "Pipeline stages",
    "deployStrategy": "Deploy strategy",
    "qualityGates": "Quality gates",
    "rollbackPlan": "Rollback plan",
    "observabilityPillars": "Observability pillars",
    "slos": "SLOs",
    "alerts": "Alerts",
    "runbooks": "Runbooks",
    "driftChecks": "Drift checks",
}
MOST_CITED = 3


def report(
    plan: Plan,
    findings: Findings,
    assessment: Assessment,
    gaps: Sequence[Finding] = (),
    questions: Sequence[Question] = (),
    *,
    links: str = "",
) -> str:
    """Return the report, ended by one LF.

    `gaps` and `questions` are of today's plan, `findings` the verdict on `plan`. `links` goes before every path that
    is linked: the way from the report to the repository's root, empty or ended by a slash.
    """
    lines = [
        *_summary(plan, findings, assessment, gaps),
        *_today(assessment.as_is, links),
        *_gaps(gaps, links),
        *_plan(plan, links),
        *_rollout(plan),
        *_open(plan, questions),
        *_findings(findings, links),
        *_evidence(plan, links),
    ]
    return "\n".join(lines).rstrip("\n") + "\n"


def _summary(
    plan: Plan, findings: Findings, assessment: Assessment, gaps: Sequence[Finding]
) -> Iterator[str]:
    target = plan.target
    yield f"# Platform operations plan: {prose(target.name)}"
    yield ""
    at = f"commit {code(target.commit[:12])}" if target.commit else "a folder without a commit"
    when = f", as of {target.as_of}" if target.as_of else ""
    yield f"For {at}{when}. Drafted by {plan.provenance.drafter} from assessment {code(assessment.hash()[:19])}."
    yield ""
    word = "**valid**" if findings.valid else "**invalid**"
    seen = (
        "every citation was looked up"
        if findings.evidence == "checked"
        else "its citations were not looked up"
    )
    user = (
        f"; {findings.on_user_word} constraints rest on the user's word alone"
        if findings.on_user_word
        else ""
    )
    yield f"The plan is {word}: {_tally(findings.findings)}; {seen}{user}."
    risk = target.risk_profile
    why = f": {prose(', '.join(risk.reasons))}" if risk.reasons else ""
    yield ""
    yield f"The risk of a bad release is **{risk.level}**{why}."
    yield ""
    rows = [(says, _count(gaps, name), _count(findings.findings, name)) for name, says in CONSTRAINTS]
    yield from table(("constraint", "findings today", "findings in the plan"), rows)


def _count(findings: Iterable[Finding], constraint: str) -> str:
    return str(sum(row.constraint == constraint for row in findings))


def _tally(findings: Sequence[Finding]) -> str:
    errors = sum(row.severity == "error" for row in findings)
    warnings = len(findings) - errors
    return f"{errors} error{'' if errors == 1 else 's'}, {warnings} warning{'' if warnings == 1 else 's'}"


def _today(today: Plan, links: str) -> Iterator[str]:
    yield "## How it ships today"
    yield ""
    if not today.pipelines:
        yield "No pipeline was found in the repository."
        yield ""
    for pipeline in today.pipelines:
        started = ", ".join(pipeline.triggers) or "a trigger that is not known"
        yield f"**{pipeline.id}** starts on {started} ({_cited(pipeline.evidence, links)}):"
        yield ""
        stages = [row for row in today.pipeline_stages if row.pipeline == pipeline.id]
        yield from table(
            ("stage", "kind", "after", "environment", "where"),
            [
                (
                    code(row.id),
                    row.kind,
                    " ".join(code(name) for name in (*row.needs, *row.optional_needs)) or "-",
                    code(row.environment or "") or "-",
                    _cited(row.evidence, links),
                )
                for row in stages
            ],
        )


def _gaps(gaps: Sequence[Finding], links: str) -> Iterator[str]:
    yield "## Gaps today"
    yield ""
    if not gaps:
        yield "The rules find nothing."
        yield ""
    yield from _table_of(gaps, links)


def _table_of(findings: Sequence[Finding], links: str) -> list[str]:
    return table(
        ("severity", "rule", "what", "where"),
        [
            (
                row.severity,
                code(row.rule),
                prose(row.message),
                _cited((row.source,), links) if row.source else code(row.entry or row.at),
            )
            for row in findings
        ],
    )


def _plan(plan: Plan, links: str) -> Iterator[str]:
    yield "## The plan"
    yield ""
    if plan.pipeline_stages:
        yield "Green is proposed, yellow changed, grey as it is today."
        yield ""
        yield "```mermaid"
        yield from diagram(plan)
        yield "```"
        yield ""
    for section in SECTIONS:
        entries = plan.section(section)
        if not entries:
            continue
        yield f"### {TITLES[section]}"
        yield ""
        if section == "deployStrategy" and plan.deploy_strategy.text:
            yield prose(plan.deploy_strategy.summary)
            yield ""
        yield from table(
            ("entry", "origin", "what", "evidence"),
            [
                (code(row.id), _origin(row), prose(row.summary), _cited(row.evidence, links))
                for row in entries
            ],
        )
    for reason in plan.not_applicable:
        what = f"{reason.section or reason.constraint}"
        of = f" of {code(reason.component)}" if reason.component else ""
        yield f"- {prose(what)}{of} does not apply: {prose(reason.because)}"
    yield ""


def _origin(entry: Entry) -> str:
    return f"changed: {prose(', '.join(entry.changes))}" if entry.changes else entry.origin


def _rollout(plan: Plan) -> Iterator[str]:
    yield "## Rollout, in this order"
    yield ""
    if not plan.rollout:
        yield "Nothing is left to do."
        yield ""
    for step in plan.rollout:
        who = f", {code(step.owner)}" if step.owner else ""
        after = f", after {' '.join(code(name) for name in step.after)}" if step.after else ""
        yield f"### {step.order}. {code(step.id)}"
        yield ""
        yield f"{prose(step.summary)}"
        yield ""
        yield f"- effort {step.effort}, {step.risk} risk{who}{after}"
        for word, names in (("writes", step.implements), ("retires", step.retires)):
            if names:
                yield f"- {word} {' '.join(code(name) for name in names)}"
        yield f"- done when: {prose(step.acceptance)}"
        yield ""


def _open(plan: Plan, questions: Sequence[Question]) -> Iterator[str]:
    if plan.assumptions:
        yield "## Assumptions"
        yield ""
        for row in plan.assumptions:
            asks = f" Ask {code(row.confirm_with)}." if row.confirm_with else ""
            about = f" Answers {code(row.about)}." if row.about else ""
            yield f"- {prose(row.statement)}{asks}{about}"
        yield ""
    if questions:
        yield "## Questions that the repository does not answer"
        yield ""
        yield f"Answer them under {code('[facts]')} in {code('platform-ops.toml')}."
        yield ""
        for question in questions:
            answer = f'"{question.key}" = "yes"'
            yield f"- {prose(question.reason)}: {code(answer)} (or no)"
        yield ""


def _findings(findings: Findings, links: str) -> Iterator[str]:
    if findings.findings:
        yield "## Findings on the plan"
        yield ""
        yield from _table_of(findings.findings, links)


def _evidence(plan: Plan, links: str) -> Iterator[str]:
    if plan.evidence:
        yield "## Evidence"
        yield ""
        yield "What the plan cites, with the sha256 of the cited lines or what was measured."
        yield ""
        yield from table(
            ("source", "held"), [(_cited((row.uri,), links), _held(row)) for row in plan.evidence]
        )


def _held(row: LedgerEntry) -> str:
    if row.observed is not None:
        events = f" of {row.total_events} events" if row.total_events else ""
        span = f", {row.start} to {row.end}" if row.start and row.end else ""
        seen = f", coverage {row.coverage}%" if row.coverage else ""
        return f"observed {row.observed}%{events}{span}{seen}"
    if row.value is not None:
        return prose(row.value)
    digest: Any = row.sha256 or row.hash or ""
    return code(str(digest).removeprefix("sha256:")[:16])


def _cited(uris: Iterable[str | None], links: str) -> str:
    rows = [uri for uri in uris if uri]
    shown = [_one_citation(uri, links) for uri in rows[:MOST_CITED]]
    more = [f"and {len(rows) - MOST_CITED} more"] if len(rows) > MOST_CITED else []
    return ", ".join((*shown, *more)) or "-"


def _one_citation(uri: str, links: str) -> str:
    place = repo_place(uri)
    if place is None:
        return code(uri)
    anchor = f"L{place.first}" if place.first == place.last else f"L{place.first}-L{place.last}"
    return link(f"{place.path}:{place.first}", f"{links}{place.path}", anchor)
