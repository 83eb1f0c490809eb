"""Findings as SARIF 2.1.0, for code scanning and editors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from platform_operations import __version__
from platform_operations.model.evidence import repo_place
from platform_operations.model.finding import Finding
from platform_operations.model.record import Document, sha256

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"


@dataclass(frozen=True, slots=True)
class RuleText:
    """What a rule says of itself: its sentence, and how to repair what it finds."""

    id: str
    severity: str
    summary: str
    repair: str | None = None


def sarif(findings: Sequence[Finding], rules: Sequence[RuleText], document: str | None = None) -> Document:
    """Return the SARIF log of the findings; `rules` holds the text of every rule that fired.

    A finding lies where it shows in the repository, else in `document`, the plan's file, where that is given.
    """
    index = {rule.id: position for position, rule in enumerate(rules)}
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "platform-ops",
                        "semanticVersion": __version__,
                        "rules": [_rule(rule) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {ROOT: {"description": {"text": "The root of the repository."}}},
                "results": [_result(finding, index[finding.rule], document) for finding in findings],
            }
        ],
    }


def _rule(rule: RuleText) -> Document:
    described: Document = {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "defaultConfiguration": {"level": rule.severity},
    }
    return {**described, "help": {"text": rule.repair, "markdown": rule.repair}} if rule.repair else described


def _result(finding: Finding, index: int, document: str | None) -> Document:
    place: dict[str, Any] = {}
    physical = _place(finding, document)
    if physical is not None:
        place["physicalLocation"] = physical
    place["logicalLocations"] = [
        {"fullyQualifiedName": finding.entry or finding.at or "/", "kind": "member"},
    ]
    key = "\n".join((finding.rule, finding.entry or finding.at, finding.source or ""))
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": finding.severity,
        "message": {"text": finding.message},
        "locations": [place],
        "partialFingerprints": {"platformOpsEntry/v1": sha256(key)[:32]},
        "properties": {"constraint": finding.constraint, "at": finding.at},
    }


def _place(finding: Finding, document: str | None) -> Document | None:
    found = repo_place(finding.source) if finding.source else None
    if found is not None:
        return {
            "artifactLocation": {"uri": quote(found.path), "uriBaseId": ROOT},
            "region": {"startLine": found.first, "endLine": found.last},
        }
    return {"artifactLocation": {"uri": quote(document)}} if document else None
