"""What the rules say of themselves, for lists and for SARIF."""

from collections.abc import Iterable

from platform_operations.deliver.sarif import RuleText
from platform_operations.model.finding import Finding
from platform_operations.resources import reference_section
from platform_operations.validate import BY_ID

ELSEWHERE = {
    "plan-malformed": "The document is no well-formed plan.",
    "entry-untyped": "An entry is plain text where a typed one belongs.",
    "ignore-expired": "A finding was accepted until a day that is over.",
}
"""Rules whose findings are made where documents and configuration are read."""


def summary_of_rule(rule_id: str) -> str:
    """Return the rule's one sentence: what its finding means."""
    said = ELSEWHERE.get(rule_id) or (BY_ID[rule_id].check.__doc__ or rule_id).strip()
    return " ".join(said.partition("\n\n")[0].split())


def rule_texts(findings: Iterable[Finding]) -> tuple[RuleText, ...]:
    """Return the texts of the rules that fired, each once, sorted by id."""
    fired = sorted({finding.rule for finding in findings})
    return tuple(
        RuleText(name, BY_ID[name].severity, summary_of_rule(name), reference_section(f"rules/{name}#repair"))
        for name in fired
    )
