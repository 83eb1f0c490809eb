"""The rules for people: a list, and one rule's page."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from platform_operations.cli.page import Page
from platform_operations.cli.sarif_rules import summary_of_rule
from platform_operations.resources import reference_page


def show_rules(rows: Sequence[Mapping[str, str]]) -> Page:
    """Return the list of rules by constraint."""
    page = Page()
    ordered = sorted(rows, key=lambda row: row["constraint"])
    for constraint, group in groupby(ordered, key=lambda row: row["constraint"]):
        page.heading(constraint)
        for row in group:
            severity = "" if row["severity"] == "error" else ("  (warning)", "dim")
            page.row([row["id"]], [summary_of_rule(row["id"]), severity], width=36)
    page.blank()
    page.write([(f"{len(rows)} rules; one in full: platform-ops rules RULE", "dim")])
    return page


def rule_page(row: Mapping[str, str]) -> str:
    """Return the rule's reference page, or what the rule says of itself where this build has none."""
    page = reference_page(row["page"])
    if page is not None:
        return page
    return f"# {row['id']}\n\n{summary_of_rule(row['id'])}\n\nSeverity {row['severity']}, constraint {row['constraint']}.\n"
