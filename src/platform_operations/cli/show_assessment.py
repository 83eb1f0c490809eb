"""What `assess` prints: how this ships today, what would hurt first, what could not be seen."""

from shlex import quote

from platform_operations.cli.page import Page, Part
from platform_operations.cli.show_findings import counted, tally, write_findings
from platform_operations.cli.show_stages import write_pipelines
from platform_operations.model.assessment import Assessment
from platform_operations.model.delivery import Environment
from platform_operations.model.finding import Finding
from platform_operations.model.plan import Plan, Target
from platform_operations.validate import Verdict

HURTS: tuple[tuple[str, str], ...] = (
    ("staged-verification", "Production is verified first"),
    ("checks-and-rollback", "Health checks, validation, a way back"),
    ("rollback-triggers", "What starts a rollback"),
    ("release-gates", "Checks that can stop a release"),
    ("build-once", "Build once, promote the same bytes"),
    ("symptom-alerts", "Pages are about users"),
    ("actionable-alerts", "Every page has an owner and a runbook"),
    ("observed-slos", "Objectives rest on what was measured"),
    ("workflow", "The rest of the workflow"),
    ("truth", "What the repository says of itself"),
)
"""Constraints in the order in which breaking them reaches users: what lets a bad release through comes first."""

MOST_QUESTIONS = 12


def write_target(page: Page, target: Target) -> None:
    """Write what is looked at: name, commit, the time that ages are judged by, and the risk."""
    commit = f"commit {target.commit[:12]}" if target.commit else "no commit"
    page.title(target.name, commit, f"as of {target.as_of}" if target.as_of else "age unknown")
    risk = target.risk_profile
    why = f": {', '.join(risk.reasons)}" if risk.reasons else ""
    page.write([("risk ", "dim"), (risk.level, "bold"), (why, "dim")], hang=2)


def show_assessment(assessment: Assessment, today: Verdict, path: str) -> Page:
    """Return the page."""
    page = Page()
    plan = assessment.as_is
    write_target(page, plan.target)
    page.heading("How it ships today")
    _write_today(page, plan)
    _write_gaps(page, today.findings)
    _write_unseen(page, assessment, today)
    page.blank()
    page.write([("Next: ", "dim"), f"platform-ops plan {quote(path)}"])
    return page


def _write_today(page: Page, plan: Plan) -> None:
    if not plan.components:
        page.write("Nothing was found here that is built, shipped or run.", indent=2)
    for component in plan.components[:12]:
        built = ", ".join((*component.types, *component.languages, *component.platforms))
        page.row([(component.id, "bold")], [built, (f"  {component.path}", "dim")], width=20)
    if len(plan.components) > 12:
        page.write([(f"and {len(plan.components) - 12} more components", "dim")], indent=2)
    if not plan.pipelines:
        page.write([("No pipeline was found.", "yellow")], indent=2)
    write_pipelines(page, plan, marks=False)
    _write_gates(page, plan)
    for place in plan.environments[:8]:
        page.row([("environment ", "dim"), place.id], _about_place(plan, place), width=28)
    if plan.alerts or plan.slos:
        watched = [
            counted(len(plan.alerts), "alert"),
            counted(len(plan.slos), "SLO"),
            counted(len(plan.runbooks), "runbook"),
        ]
        page.row([("watched by", "dim")], ", ".join(watched), width=20)


def _write_gates(page: Page, plan: Plan) -> None:
    if plan.quality_gates:
        gates: list[Part] = []
        for gate in plan.quality_gates[:12]:
            gates += [", " if gates else "", f"{gate.tool} in {gate.stage}"]
            if not gate.blocking:
                gates.append((" (cannot stop the release)", "yellow"))
        if len(plan.quality_gates) > 12:
            gates.append((f" and {len(plan.quality_gates) - 12} more", "dim"))
        page.row([("gates", "dim")], gates, width=20)


def _about_place(plan: Plan, place: Environment) -> list[Part]:
    how = [
        f"{row.kind} with {row.mechanism}"
        for row in plan.deploy_strategy.components
        if row.environment == place.id
    ]
    back = [row.mechanism for row in plan.rollback_plan if row.environment == place.id]
    parts: list[Part] = [
        place.kind,
        f", {place.url}" if place.url else "",
        "; " + ", ".join(how) if how else "",
    ]
    if place.kind == "production":
        parts.append(
            f"; back with {', '.join(back)}" if back else ("; no way back is written down", "yellow")
        )
    return parts


def _write_gaps(page: Page, gaps: tuple[Finding, ...]) -> None:
    page.heading("What would hurt first", tally(gaps))
    if not gaps:
        page.write([("No rule finds anything.", "green")], indent=2)
    for constraint, says in HURTS:
        rows = [row for row in gaps if row.constraint == constraint]
        if rows:
            page.write([(says, "bold")], indent=2)
            write_findings(page, rows)


def _write_unseen(page: Page, assessment: Assessment, today: Verdict) -> None:
    unread = [
        fact
        for fact in assessment.facts
        if fact.outcome == "unknown" and fact.subject.startswith(("file:", "repository"))
    ]
    page.heading("What could not be seen", counted(len(today.questions), "question"))
    if not today.questions and not unread:
        page.write("Everything that the rules ask about was found in the repository.", indent=2)
    for question in today.questions[:MOST_QUESTIONS]:
        page.write([("? ", "cyan"), question.reason[:1].upper() + question.reason[1:], "."], indent=2, hang=2)
        page.write([("if it is there after all: ", "dim"), f'"{question.key}" = "yes"'], indent=4, hang=2)
    if len(today.questions) > MOST_QUESTIONS:
        page.write([(f"and {len(today.questions) - MOST_QUESTIONS} more questions", "dim")], indent=2)
    for fact in unread[:8]:
        page.row([fact.subject.removeprefix("file:")], [fact.reason or ""], width=34)
    if len(unread) > 8:
        page.write([(f"and {len(unread) - 8} more", "dim")], indent=2)
    if today.questions:
        page.write(
            [
                (
                    "Answer under [facts] in platform-ops.toml, or give what the hosting's API says with --facts FILE.",
                    "dim",
                )
            ],
            indent=2,
        )
