"""What `plan` prints: the plan section by section, the rollout, what is assumed and asked, and what to do next."""

from shlex import quote

from platform_operations.cli.page import Page, Part
from platform_operations.cli.show_assessment import write_target
from platform_operations.cli.show_findings import verdict_line, write_findings
from platform_operations.cli.show_stages import ORIGIN, WIDEST_NAME, write_pipelines
from platform_operations.model.plan import Plan
from platform_operations.pipeline import Run

SECTIONS: tuple[tuple[str, str], ...] = (
    ("artifacts", "Artifacts"),
    ("deployStrategy", "Deploy strategy"),
    ("qualityGates", "Quality gates"),
    ("rollbackPlan", "Rollback plan"),
    ("observabilityPillars", "Observability"),
    ("slos", "SLOs"),
    ("alerts", "Alerts"),
    ("runbooks", "Runbooks"),
    ("driftChecks", "Drift checks"),
)


def show_plan(done: Run, path: str, saved: str | None) -> Page:
    """Return the page; the verdict comes first and last, for whoever scrolls."""
    page = Page()
    plan = done.plan
    write_target(page, plan.target)
    page.write(["the plan is ", *verdict_line(done.findings)])
    marks = [part for origin, word in _MARKS for part in (ORIGIN[origin], (f" {word}  ", "dim"))]
    page.write(marks)
    page.heading("Pipeline", "each stage below the last one it waits for")
    if not plan.pipelines:
        page.write("None here: what releases is kept elsewhere.", indent=2)
    write_pipelines(page, plan, marks=True)
    _write_commands(page, plan)
    for section, title in SECTIONS:
        entries = plan.section(section)
        if entries:
            page.heading(title)
        for entry in entries:
            quiet = "dim" if entry.origin == "existing" else ""
            page.write([ORIGIN[entry.origin], " ", (entry.summary, quiet)], indent=2, hang=2)
    _write_rollout(page, plan)
    _write_assumed(page, plan)
    if done.findings.findings:
        page.heading("Findings")
        write_findings(page, done.findings.findings)
    _write_next(page, done, path, saved)
    return page


_MARKS = (("existing", "there today"), ("changed", "changed"), ("proposed", "proposed"))


def _write_commands(page: Page, plan: Plan) -> None:
    """Write what the stages that are not as today run: the part of the pipeline that somebody has to write."""
    rows = [stage for stage in plan.pipeline_stages if stage.origin != "existing" and stage.runs]
    if rows:
        page.heading("Commands of these stages")
    width = min(WIDEST_NAME, 2 + max((len(stage.id) for stage in rows), default=0))
    for stage in rows:
        page.row([ORIGIN[stage.origin], " ", stage.id], stage.runs[0], width=width)
        for line in stage.runs[1:]:
            page.row("", line, width=width)


def _write_rollout(page: Page, plan: Plan) -> None:
    page.heading("Rollout", "in this order")
    if not plan.rollout:
        page.write("Nothing is left to do.", indent=2)
    for step in plan.rollout:
        who = f", {step.owner}" if step.owner else ""
        after = f", after {', '.join(step.after)}" if step.after else ""
        page.write(
            [
                f"{step.order:>2}  ",
                (step.id, "bold"),
                (f"  effort {step.effort}, {step.risk} risk{who}{after}", "dim"),
            ],
            indent=1,
            hang=4,
        )
        page.write(step.summary, indent=5)
        page.write([("done when: ", "dim"), step.acceptance], indent=5)


def _write_assumed(page: Page, plan: Plan) -> None:
    if plan.assumptions:
        page.heading("Assumed, until somebody confirms it")
    for row in plan.assumptions:
        asks = f"  ask {row.confirm_with}" if row.confirm_with else ""
        page.write([("? ", "cyan"), row.statement, (asks, "dim")], indent=2, hang=2)
        if row.about:
            page.write([("once it is so: ", "dim"), f'"{row.about}" = "yes"'], indent=4, hang=2)
    if any(row.about for row in plan.assumptions):
        page.write([("Answers go under [facts] in platform-ops.toml.", "dim")], indent=2)
    for reason in plan.not_applicable:
        what = f"{reason.section or reason.constraint}{f' of {reason.component}' if reason.component else ''}"
        page.write([("- ", "dim"), f"{what} does not apply: {reason.because}"], indent=2, hang=2)


def _write_next(page: Page, done: Run, path: str, saved: str | None) -> None:
    page.heading("Next", "")
    page.write(["the plan is ", *verdict_line(done.findings)], indent=2)
    steps: list[tuple[str, str]] = []
    if not done.findings.valid:
        rule = next(row.rule for row in done.findings.findings if row.severity == "error")
        steps.append((f"platform-ops rules {rule}", "what to do about the first error"))
    if saved is None:
        steps.append(
            (f"platform-ops plan {quote(path)} -o plan", "save plan.yaml, assessment.json and report.md")
        )
    else:
        name = f"{saved.rstrip('/')}/plan.yaml"
        steps.append(
            (f"platform-ops validate {quote(name)} --repo {quote(path)}", "check it again after a change")
        )
    if any(owner.id == "unnamed-owner" for owner in done.plan.owners):
        steps.append((f"platform-ops plan {quote(path)} --owner NAME", "say who owns it"))
    if done.plan.rollout:
        steps.append((f"start with {done.plan.rollout[0].id}", "the first step of the rollout"))
    for command, why in steps:
        parts: list[Part] = [command, (f"  # {why}", "dim")]
        page.write(parts, indent=2, hang=4)
