"""`platform-ops plan`: draft, validate, print, and save."""

import sys
from argparse import Namespace
from pathlib import Path

from platform_operations.agent.choice import Choice, chosen
from platform_operations.cli.model_runs import model_drafter, show_request
from platform_operations.cli.output import note, print_document, print_text, progress, redacted
from platform_operations.cli.saving import plan_files, saved
from platform_operations.cli.show_findings import note_findings
from platform_operations.cli.show_plan import show_plan
from platform_operations.cli.targets import metrics_of, target_of
from platform_operations.documents import yaml_text
from platform_operations.pipeline import Run, drafter
from platform_operations.pipeline import run as flow


def run(arguments: Namespace) -> int:
    """Draft and validate; an invalid plan is still printed, with its findings on standard error, and exit code 1."""
    choice = _choice(arguments)
    if choice.drafter == "claude" and arguments.dry_run:
        return show_request(arguments, choice)
    with progress() as tell:
        target = target_of(arguments)
        asked = model_drafter(arguments, choice, target, tell) if choice.drafter == "claude" else None
        drafting = asked or drafter(choice.drafter, arguments.owner)
        done = flow(target, drafting, metrics=metrics_of(arguments), as_of=arguments.as_of, tell=tell)
    if asked is not None:
        note(asked.summary() or "")
    _print(done, arguments)
    shown = arguments.format == "text" and sys.stdout.isatty()
    if not done.findings.valid and not shown:
        sys.stdout.flush()
        note_findings(done.findings)
    if arguments.output:
        _save(done, arguments)
    return 0 if done.findings.valid else 1


def _choice(arguments: Namespace) -> Choice:
    names = ("model", "effort", "turns", "tokens", "seconds")
    return chosen(arguments.drafter, {name: getattr(arguments, name) for name in names})


def _print(done: Run, arguments: Namespace) -> None:
    plan = done.plan
    match arguments.format:
        case "json":
            print_document(plan.document())
        case "yaml":
            sys.stdout.write(yaml_text(redacted(plan.document())))
        case "interface":
            print_document(plan.interface())
        case "markdown":
            from platform_operations.deliver.report import report

            print_text(report(plan, done.findings, done.assessment, done.gaps.findings, done.gaps.questions))
        case _:
            show_plan(done, arguments.path, arguments.output).print()


def _save(done: Run, arguments: Namespace) -> None:
    files = plan_files(done, Path(arguments.output), Path(arguments.path))
    if arguments.dry_run:
        note(f"would write {', '.join(file.path for file in files)} to {arguments.output}")
        return
    note(saved(Path(arguments.output), files))
