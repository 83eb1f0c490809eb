"""Scans that run outside the repository: what a pipeline hands to them, and the settings that they read here."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from platform_operations.assess.pipeline_words import pipeline_paths
from platform_operations.assess.places import lines_of, text_of
from platform_operations.patterns import regex
from platform_operations.repository import Repository

_GRAPH = regex(r"uses:\s*\S*dependency[-_](?:submission|graph)", re.IGNORECASE)
_SECRET = regex(
    r"^\s*(?P<scanner>snyk|sonar|veracode|checkmarx)[-_](?:\w+[-_])?(?:token|key|client[-_](?:id|secret))\s*:",
    re.IGNORECASE,
)
_OWN_SCAN = regex(r"uses:\s*[\"']?snyk/actions/(?:docker|iac|setup)", re.IGNORECASE)
MAX_STEP = 12
"""How many lines above a secret the step that gets it begins."""

_OF_DEPENDENCIES = frozenset({"snyk"})
_SETTINGS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        ".whitesource": frozenset({"dependencyScan"}),
        ".sonarcloud.properties": frozenset({"securityScan"}),
        ".deepsource.toml": frozenset({"securityScan"}),
        ".gitguardian.yaml": frozenset({"securityScan"}),
        ".gitguardian.yml": frozenset({"securityScan"}),
    }
)
"""Settings of services that look at a repository by themselves, by file, and the practice that each may fulfil."""


def scanned_elsewhere(repository: Repository, practice: str) -> str | None:
    """Return what leaves a scan to something outside the repository, and where; None where nothing does.

    `practice` is securityScan or dependencyScan. A secret of a scanner that is handed to what is kept elsewhere, or a
    settings file of a service, says that something scans; what it does cannot be seen here.
    """
    said = "the check of dependencies" if practice == "dependencyScan" else "a security scan"
    for path in pipeline_paths(repository):
        text = text_of(repository, path)
        if text is None or not any(word in text.lower() for word in _WORDS):
            continue
        rows = lines_of(text)
        for number, row in enumerate(rows, 1):
            if len(row) < 1_000 and _hands_over(rows, number, row, practice):
                return f"{path}:{number} leaves {said} to something outside the repository"
    for name in repository.paths:
        if practice in _SETTINGS.get(name, ()) or (name == ".snyk" and practice == _policy(repository)):
            return f"{name} holds the settings of a scan that is started outside the repository"
    return None


_WORDS = ("dependency", "snyk", "sonar", "veracode", "checkmarx")


def _hands_over(rows: Sequence[str], number: int, row: str, practice: str) -> bool:
    if practice == "dependencyScan" and _GRAPH.search(row):
        return True
    secret = _SECRET.match(row)
    if secret is None:
        return False
    if practice == "dependencyScan" and secret["scanner"].lower() not in _OF_DEPENDENCIES:
        return False
    return not any(_OWN_SCAN.search(above) for above in rows[max(0, number - MAX_STEP) : number])


def _policy(repository: Repository) -> str:
    """Return the practice that a policy of Snyk is about: paths that are left out are left out of the scan of code."""
    text = text_of(repository, ".snyk") or ""
    return "securityScan" if re.search(r"^exclude\s*:", text, re.MULTILINE) else "dependencyScan"
