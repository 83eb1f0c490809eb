"""Workflows that write a new version into another repository, from which something else releases it."""

import re

from platform_operations.assess.pipeline_words import pipeline_paths
from platform_operations.assess.places import lines_of, text_of
from platform_operations.repository import Repository

MAX_LINE = 500

_CHECKOUT = re.compile(r"^\s*(?:-\s+)?repository\s*:\s*[\"']?([\w.-]+)/([\w.-]+)[\"']?\s*(?:#.*)?$")
_OTHER_PURPOSE = re.compile(
    r"homebrew|\btap\b|docs?\b|website|wiki|^\.github$|bucket|packages?$|actions?$|sdk|schema|tests?$|e2e",
    re.IGNORECASE,
)
_JOB = re.compile(r"^  [\w-]+:\s*$")
_WRITES = re.compile(
    r"\bgit push\b(?!.*--(?:delete|tags))|uses:\s*\S*(?:git-auto-commit-action|add-and-commit)@"
)
_VERSION = re.compile(r"version|image|\btags?\b|newTag|kustomize edit|\bsha\b|values", re.IGNORECASE)


def written_elsewhere(repository: Repository) -> str | None:
    """Return where a workflow writes what was built into another repository, and which; None where none does."""
    owner, _, own = (repository.remote or "").rpartition("/")
    for path in pipeline_paths(repository):
        text = text_of(repository, path) if path.startswith(".github/workflows/") else None
        if text is None or "repository:" not in text:
            continue
        rows = lines_of(text)
        for number, row in enumerate(rows, 1):
            named = _CHECKOUT.match(row) if len(row) <= MAX_LINE else None
            if (
                named is None
                or named[2] == own
                or (owner and named[1] != owner)
                or _OTHER_PURPOSE.search(named[2])
            ):
                continue
            if _written(rows[number:]):
                return f"{path}:{number} writes a version into {named[1]}/{named[2]}, which releases it"
    return None


def _written(rows: list[str]) -> bool:
    """Whether the rest of a job changes a version and writes it."""
    told = False
    for row in rows[:80]:
        if _JOB.match(row):
            return False
        told = told or (_VERSION.search(row[:MAX_LINE]) is not None and "uses:" not in row)
        if told and _WRITES.search(row[:MAX_LINE]):
            return True
    return False
