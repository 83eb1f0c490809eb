"""`platform-ops backtest`: what the alerts of a plan or of a rule file would have done, before anyone is paged."""

import re
from argparse import Namespace
from collections.abc import Sequence

from platform_operations.backtests import backtest_document, backtested, cases_of_plan, cases_of_rules
from platform_operations.cli.output import note, print_document, progress, read_input
from platform_operations.cli.page import Page
from platform_operations.cli.show_findings import note_findings
from platform_operations.cli.targets import metrics_of
from platform_operations.metrics import AlertCase
from platform_operations.model.baseline import Backtest
from platform_operations.model.finding import Findings
from platform_operations.model.plan import Plan
from platform_operations.toolbox import MAX_PLAN_BYTES, read_plan

_PLAN = re.compile(r"(?m)^[{\s]*[\"']?schema[\"']?\s*:\s*[\"']?platform-ops/plan")
_STYLE = {"ok": "green", "noisy": "red", "no-data": "yellow", "unsupported": "yellow"}


def run(arguments: Namespace) -> int:
    """Try every alert and print what it would have done; exit code 1 where a plan cannot be read as one."""
    name = "standard input" if arguments.file == "-" else arguments.file
    cases = _cases(read_input(arguments.file, MAX_PLAN_BYTES, "the file"), name)
    if isinstance(cases, Findings):
        note_findings(cases)
        return 1
    source = metrics_of(arguments)
    assert source is not None, "argparse asks for --metrics"
    with progress() as tell:
        tell(f"trying {len(cases)} alerts")
        rows = backtested(cases, source, as_of=arguments.as_of, days=arguments.days)
    for warning in source.warnings:
        note(f"warning: {warning}")
    if arguments.format == "json":
        print_document(backtest_document(rows))
    else:
        _page(rows, arguments.days).print()
    return 0


def _cases(text: str, name: str) -> Sequence[AlertCase | Backtest] | Findings:
    if not _PLAN.search(text):
        return cases_of_rules(text, name)
    plan = read_plan(text, name)
    if isinstance(plan, Plan):
        return cases_of_plan(plan)
    return Findings(valid=False, evidence="unchecked", findings=plan)


def _page(rows: Sequence[Backtest], days: int) -> Page:
    page = Page()
    page.title(f"{len(rows)} alerts", f"over {days} days")
    for row in rows:
        figures = [
            f"{row.hours_firing} h firing" if row.hours_firing is not None else "",
            f"{row.pages_per_week} pages a week" if row.pages_per_week is not None else "",
            f"{row.budget_spent}% of the budget spent" if row.budget_spent is not None else "",
        ]
        told = "; ".join([row.reason, *(word for word in figures if word)])
        page.row([row.name], [(f"{row.status:12}", _STYLE[row.status]), told], width=34)
    return page
