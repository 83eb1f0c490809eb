"""`platform-ops render`: the files of a plan, once it is valid."""

from argparse import Namespace
from pathlib import Path

from platform_operations.cli.output import note, print_text, progress, read_input
from platform_operations.cli.page import Page
from platform_operations.cli.show_findings import note_findings
from platform_operations.cli.validate_command import grounds, verdict_on
from platform_operations.deliver.writer import File, Written, write_folder
from platform_operations.model.artifact import Rendering
from platform_operations.model.finding import Findings
from platform_operations.model.plan import Plan
from platform_operations.toolbox import MAX_PLAN_BYTES, read_plan, render


def run(arguments: Namespace) -> int:
    """Validate, render and write; an invalid plan is not rendered, and exit code 1 says so."""
    text = read_input(arguments.plan, MAX_PLAN_BYTES, "the plan")
    plan = read_plan(text, "the plan" if arguments.plan == "-" else arguments.plan)
    if not isinstance(plan, Plan):
        return _refused(Findings(valid=False, evidence="unchecked", findings=plan))
    with progress() as tell:
        tell("checking the plan")
        findings = verdict_on(plan, *grounds(plan, arguments))
    if not findings.valid:
        return _refused(findings)
    rendering = render(plan, arguments.only)
    files = [File(file.path, file.text) for file in rendering.artifacts]
    written = write_folder(Path(arguments.output), files) if files else ()
    print_text(_page(arguments.output, rendering, written).plain())
    return 0


def _refused(findings: Findings) -> int:
    note_findings(findings)
    note("nothing was rendered: the plan is not valid")
    return 1


def _page(folder: str, rendering: Rendering, written: tuple[Written, ...]) -> Page:
    """Return what was written, and what was left out with the reason: nothing is missing silently."""
    page = Page()
    for row in written:
        page.write([str(Path(folder, row.path)), (f"  {row.state}", "dim")])
    if not written:
        page.write("nothing to render: the plan holds no entry that becomes a file")
    if rendering.left_out:
        page.heading("Left out")
    for row in rendering.left_out:
        page.row([row.entry], [row.reason, (f"  {row.kind}", "dim")], width=34)
    return page
