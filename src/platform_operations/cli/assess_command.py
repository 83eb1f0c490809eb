"""`platform-ops assess`: how a repository ships today, what would hurt first, what could not be seen."""

from argparse import Namespace
from pathlib import Path

from platform_operations.cli.output import note, print_document, progress
from platform_operations.cli.targets import metrics_of, target_of
from platform_operations.toolbox import assess_document, assessed, gaps_of


def run(arguments: Namespace) -> int:
    """Assess and print; exit code 1 where `--fail-on` is met."""
    with progress() as tell:
        target = target_of(arguments)
        source = metrics_of(arguments)
        tell("reading the repository")
        assessment = assessed(target, metrics=source, as_of=arguments.as_of)
        today = gaps_of(target, assessment)
    match arguments.format:
        case "json":
            print_document(assess_document(target, assessment, today))
        case "sarif":
            from platform_operations.cli.sarif_rules import rule_texts
            from platform_operations.deliver.sarif import sarif

            print_document(sarif(today.findings, rule_texts(today.findings)))
        case _:
            from platform_operations.cli.show_assessment import show_assessment

            show_assessment(assessment, today, arguments.path).print()
    if arguments.output:
        from platform_operations.cli.saving import assessment_file, metrics_file, saved

        files = [assessment_file(target, assessment, today)]
        if source is not None and arguments.metrics.lower().startswith(("http://", "https://")):
            files.append(metrics_file(assessment, source, arguments.as_of))
        note(saved(Path(arguments.output), files))
    met = {"error": {"error"}, "warning": {"error", "warning"}}.get(arguments.fail_on or "", set[str]())
    return 1 if any(gap.severity in met for gap in today.findings) else 0
