"""`platform-ops validate`: is a plan valid, and does its evidence hold?"""

import sys
from argparse import Namespace
from pathlib import Path

from platform_operations.assess import configuration_file
from platform_operations.cli.output import note, print_document, progress, read_input, redacted
from platform_operations.cli.show_findings import note_findings, show_findings
from platform_operations.cli.targets import metrics_of
from platform_operations.deliver.writer import File, sealed, write_named
from platform_operations.documents import json_text, read_assessment, yaml_text
from platform_operations.draft import derived, repaired
from platform_operations.errors import InputError
from platform_operations.metrics import measured
from platform_operations.model.assessment import Assessment
from platform_operations.model.evidence import repo_entry, repo_place
from platform_operations.model.finding import Finding, Findings
from platform_operations.model.plan import Plan
from platform_operations.repository import cited_lines
from platform_operations.toolbox import (
    MAX_PLAN_BYTES,
    Target,
    assessed,
    judged,
    open_target,
    read_plan,
    stamped,
)
from platform_operations.validate import Ignore

MAX_ASSESSMENT_BYTES = 64 * 1024 * 1024
BESIDE = "assessment.json"


def run(arguments: Namespace) -> int:
    """Judge a plan; exit code 1 where it has errors, or where nobody could look at what it cites."""
    if arguments.output and not arguments.fix:
        raise InputError("-o writes the repaired plan: give --fix with it")
    if arguments.fix and arguments.format != "text":
        raise InputError(f"--fix prints the plan; run validate again for the findings as {arguments.format}")
    text = read_input(arguments.plan, MAX_PLAN_BYTES, "the plan")
    read = read_plan(text, "the plan" if arguments.plan == "-" else arguments.plan)
    if not isinstance(read, Plan):
        return _answer(Findings(valid=False, evidence="unchecked", findings=read), arguments)
    with progress() as tell:
        tell("checking the plan")
        assessment, target, ignores = grounds(read, arguments)
        if arguments.fix:
            return _fix(read, assessment, target, ignores, arguments)
        return _answer(verdict_on(read, assessment, target, ignores), arguments)


def grounds(plan: Plan, arguments: Namespace) -> tuple[Assessment | None, Target | None, tuple[Ignore, ...]]:
    """Return what to judge by: the repository and the metrics that are named, for each else what lies beside the plan.

    Both are looked at as of the plan's own time, so that a baseline is measured again over the same interval.
    """
    config = Path(arguments.config) if arguments.config else None
    as_of = arguments.as_of or plan.target.as_of
    source = metrics_of(arguments)
    beside = _beside(plan, arguments.plan)
    if not arguments.repo:
        rows = configuration_file(config).ignore if config else ()
        ignores = tuple(Ignore(row.rule, row.reason, row.entry, row.expires) for row in rows)
        return measured(beside, source, as_of) if beside and source else beside, None, ignores
    target = open_target(arguments.repo, config)
    found = assessed(target, metrics=source, as_of=as_of)
    if beside is not None and source is None and target.configuration.metrics is None:
        found = found.model_copy(update={"baseline": beside.baseline, "backtests": beside.backtests})
    return found, target, target.ignores


def _beside(plan: Plan, name: str) -> Assessment | None:
    path = Path(name).parent / BESIDE
    if name == "-" or plan.provenance.assessment is None or not path.is_file():
        return None
    found = read_assessment(read_input(str(path), MAX_ASSESSMENT_BYTES, BESIDE), str(path))
    return found if found.hash() == plan.provenance.assessment else None


def verdict_on(
    plan: Plan, assessment: Assessment | None, target: Target | None, ignores: tuple[Ignore, ...]
) -> Findings:
    """Return the verdict on a plan; one whose ground nobody knows is not valid."""
    findings = judged(plan, assessment, target.repository if target else None, ignores)
    if assessment is not None or any(row.rule == "evidence-unchecked" for row in findings.findings):
        return findings if assessment is not None else findings.model_copy(update={"evidence": "unchecked"})
    said = Finding(
        rule="evidence-unchecked",
        severity="error",
        constraint="truth",
        at="/provenance/assessment",
        message="nothing says what the plan rests on; give --repo, or keep assessment.json beside the plan",
        repair="reference rules/evidence-unchecked#repair",
    )
    rows = (*findings.findings, said)
    return findings.model_copy(update={"valid": False, "evidence": "unchecked", "findings": rows})


def _answer(findings: Findings, arguments: Namespace) -> int:
    match arguments.format:
        case "json":
            print_document(findings.document())
        case "sarif":
            from platform_operations.cli.sarif_rules import rule_texts
            from platform_operations.deliver.sarif import sarif

            name = None if arguments.plan == "-" else arguments.plan
            print_document(sarif(findings.findings, rule_texts(findings.findings), document=name))
        case _:
            show_findings(findings, arguments.plan).print()
    return 0 if findings.valid else 1


def _fix(
    plan: Plan,
    assessment: Assessment | None,
    target: Target | None,
    ignores: tuple[Ignore, ...],
    arguments: Namespace,
) -> int:
    """Print or write the repaired plan; the verdict on it goes to standard error."""
    if assessment is None:
        raise InputError(
            "--fix repairs against an assessment: give --repo, or keep assessment.json beside the plan"
        )
    mended = derived(repaired(_listed(plan, target), assessment), assessment)
    provenance = mended.provenance.model_copy(update={"assessment": assessment.hash()})
    mended = mended.model_copy(update={"provenance": provenance})
    findings = verdict_on(mended, assessment, target, ignores)
    document = redacted(stamped(mended, findings).document())
    if arguments.output:
        path = Path(arguments.output)
        as_json = path.suffix == ".json"
        write_named(path, json_text(document) if as_json else sealed(File("plan.yaml", yaml_text(document))))
        note(f"{path} written")
    else:
        sys.stdout.write(yaml_text(document))
        sys.stdout.flush()
    _note_rewritten(plan, mended)
    note_findings(findings)
    return 0 if findings.valid else 1


def _listed(plan: Plan, target: Target | None) -> Plan:
    """Return the plan whose ledger holds the lines that its entries cite and it does not list, where they exist."""
    listed = {row.uri: row for row in plan.evidence}
    for uri in plan.cited:
        place, row = repo_place(uri), listed.get(uri)
        if target is None or place is None or (row is not None and row.sha256 is not None):
            continue
        text = target.repository.read(place.path)
        lines = cited_lines(text, place.first, place.last) if isinstance(text, str) else None
        if lines is not None:
            listed[uri] = repo_entry(uri, lines)
    return plan.model_copy(update={"evidence": tuple(listed.values())})


def _note_rewritten(before: Plan, after: Plan) -> None:
    """Say which entries of the user's plan hold other values now: a remedy may undo what was meant."""
    computed = {"summary", "origin", "changes", "evidence"}
    now = dict(after.entries())
    for name, entry in before.entries():
        old, new = entry.document(), now[name].document() if name in now else {}
        fields = sorted(key for key in {*old, *new} - computed if old.get(key) != new.get(key))
        if fields:
            note(f"{name}: {', '.join(fields)} rewritten" if new else f"{name}: left out")
