"""What `-o DIR` writes."""

import os
from collections.abc import Sequence
from pathlib import Path

from platform_operations.cli.output import redacted
from platform_operations.deliver.report import report
from platform_operations.deliver.writer import File, write_folder
from platform_operations.documents import json_text, yaml_text
from platform_operations.metrics import MetricSource, slis_of
from platform_operations.model.assessment import Assessment
from platform_operations.pipeline import Run
from platform_operations.repository import redact
from platform_operations.toolbox import Target, assess_document
from platform_operations.validate import Verdict


def plan_files(done: Run, folder: Path, repository: Path) -> tuple[File, ...]:
    """Return plan.yaml, assessment.json and report.md; the report's links start where the report will lie."""
    text = report(
        done.plan,
        done.findings,
        done.assessment,
        done.gaps.findings,
        done.gaps.questions,
        links=_way_back(folder, repository),
    )
    return (
        File("plan.yaml", yaml_text(redacted(done.plan.document()))),
        assessment_file(done.target, done.assessment, done.gaps),
        File("report.md", redact(text)),
    )


def assessment_file(target: Target, assessment: Assessment, today: Verdict) -> File:
    """Return assessment.json; `today` are the gaps of the assessment."""
    return File("assessment.json", json_text(redacted(assess_document(target, assessment, today))))


def metrics_file(assessment: Assessment, source: MetricSource, as_of: str | None) -> File:
    """Return metrics.json: what a live source gave, to be judged again without it."""
    from platform_operations.metrics.snapshot import taken, written

    slis = slis_of(assessment, source)
    return File("metrics.json", written(taken(source, slis, as_of=as_of or assessment.as_is.target.as_of)))


def saved(folder: Path, files: Sequence[File]) -> str:
    """Write the files and return one line that says so.

    Raises:
        InputError: see `write_folder`.
    """
    done = write_folder(folder, files)
    return "; ".join(f"{folder / row.path} {row.state}" for row in done)


def _way_back(folder: Path, repository: Path) -> str:
    """Return the relative way from a folder inside the repository to its root; elsewhere nothing."""
    inside, root = folder.resolve(), repository.resolve()
    if inside == root or not inside.is_relative_to(root):
        return ""
    return Path(os.path.relpath(root, inside)).as_posix() + "/"
