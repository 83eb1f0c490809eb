"""Findings for people: by rule, with the places where they show."""

import sys
from collections.abc import Iterable, Sequence

from platform_operations.cli.page import PLAIN_WIDTH, Page, Part
from platform_operations.model.evidence import repo_place
from platform_operations.model.finding import Finding, Findings

MARK = {"error": ("✗", "red"), "warning": ("!", "yellow")}
MOST_PLACES = 4


def place_of(finding: Finding) -> str:
    """Return where a finding shows: FILE:LINE of the repository, else the pointer into the plan."""
    found = repo_place(finding.source) if finding.source else None
    return f"{found.path}:{found.first}" if found else finding.at


def counted(number: int, word: str) -> str:
    """Return `1 error`, `2 errors`."""
    return f"{number} {word}{'' if number == 1 else 's'}"


def tally(findings: Sequence[Finding]) -> str:
    """Return how many errors and warnings there are."""
    errors = sum(row.severity == "error" for row in findings)
    rest = len(findings) - errors
    return ", ".join([counted(errors, "error"), *([counted(rest, "warning")] if rest else [])])


def verdict_line(findings: Findings) -> list[Part]:
    """Return the verdict in one line."""
    word = ("valid", "bold green") if findings.valid else ("invalid", "bold red")
    seen = "every citation looked up" if findings.evidence == "checked" else "its evidence was not looked up"
    word_only = findings.on_user_word
    rests = f"; {counted(word_only, 'constraint')} on your word alone" if word_only else ""
    return [word, f": {tally(findings.findings)}; {seen}{rests}"]


def write_findings(page: Page, findings: Iterable[Finding]) -> None:
    """Write findings by rule in their order, each with its place."""
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.rule, []).append(finding)
    for rule, rows in groups.items():
        first = rows[0]
        page.row([MARK[first.severity], f" {rule}"], _told(rows), indent=2, width=34)


def _told(rows: Sequence[Finding]) -> list[Part]:
    first = rows[0]
    if len(rows) == 1:
        return [first.message, ("  " + place_of(first), "dim")]
    names = [row.entry.rpartition("/")[2] if row.entry else row.message for row in rows[1:]]
    listed = [name for name in dict.fromkeys(names) if name not in first.message]
    places = list(dict.fromkeys(place for row in rows[1:] if (place := place_of(row)) != place_of(first)))
    listed = listed or places
    more = f" and {len(listed) - MOST_PLACES} more" if len(listed) > MOST_PLACES else ""
    also = f"; also {', '.join(listed[:MOST_PLACES])}{more}" if listed else f"; {len(rows)} times"
    return [first.message, also, ("  " + place_of(first), "dim")]


def show_findings(findings: Findings, name: str) -> Page:
    """Return the page that `validate` prints: every finding, and the verdict last, where the eye ends."""
    page = Page()
    for finding in findings.findings:
        page.row([MARK[finding.severity], f" {finding.rule}"], [finding.message], indent=0, width=34)
        page.row("", [(place_of(finding), "dim"), *_allowed(finding)], indent=0, width=34)
    page.blank()
    page.write([("the plan" if name == "-" else name), " is ", *verdict_line(findings)])
    if findings.findings:
        page.write([("What to do about a finding: platform-ops rules RULE", "dim")])
    return page


def _allowed(finding: Finding) -> list[Part]:
    return [("  allowed: " + ", ".join(finding.allowed[:6]), "dim")] if finding.allowed else []


def note_findings(findings: Findings) -> None:
    """Put findings and verdict on standard error, one line each."""
    page = Page(PLAIN_WIDTH * 10)
    for finding in findings.findings:
        page.write(f"{finding.severity}: {finding.rule}: {finding.message} ({place_of(finding)})")
    page.write(["the plan is ", *verdict_line(findings)])
    sys.stderr.write(page.plain())
