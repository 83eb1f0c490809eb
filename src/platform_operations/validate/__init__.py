"""The validator: the rules, and the verdict they give on a plan. Pure, total and deterministic."""

from platform_operations.validate.documents import Read, read_document
from platform_operations.validate.judge import Ignore, Verdict, gaps, judge, lowerable, severity_of, validate
from platform_operations.validate.registry import BY_ID, CONSTRAINTS, RULES
from platform_operations.validate.rule import Review, Rule, Violation
from platform_operations.validate.structure import well_formed

__all__ = [
    "BY_ID",
    "CONSTRAINTS",
    "RULES",
    "Ignore",
    "Read",
    "Review",
    "Rule",
    "Verdict",
    "Violation",
    "gaps",
    "judge",
    "lowerable",
    "read_document",
    "severity_of",
    "validate",
    "well_formed",
]
