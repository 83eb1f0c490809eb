"""Whether an alert tells of pain or of a reason for pain: symptom, cause, meta, imminent, or unknown.

Names alone fail (a list of names scores 100% where it was written and 71% next door), so the expression
decides: what its deciding operand computes, whether a numerator is a failing subset of its denominator (the
matcher is tried on sample codes), and only then which words its metrics are made of. Where that says
nothing the answer is unknown.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from platform_operations.assess.telemetry.shares import compared
from platform_operations.assess.telemetry.telling import BURN, RULES, Asked, Verdict, shown
from platform_operations.model.words import AlertKind
from platform_operations.slo.promql import Unreadable, bare, deciding_operands, kind, parsed, selected

Tree: TypeAlias = Any
Word: TypeAlias = Literal["symptom", "cause", "meta", "unknown"]

MAX_RESOLVED = 4
_NO_RECORDS: Mapping[str, str] = MappingProxyType({})


def four_way(kind: AlertKind | None) -> Word:
    """Return the assessment's word: burn-rate and absence are symptoms, imminent is a cause."""
    if kind in {"burn-rate", "symptom", "absence"}:
        return "symptom"
    return "cause" if kind in {"imminent", "cause"} else "meta" if kind == "meta" else "unknown"


def classify(expression: str, records: Mapping[str, str] = _NO_RECORDS) -> Verdict:
    """Return what an alerting expression tells of; `records` are recorded expressions by name.

    Several operands of `or` must agree: where one tells of pain and another of a reason the answer is
    unknown.
    """
    tree = _read(expression)
    if isinstance(tree, Unreadable):
        return Verdict(None, f"not readable: {tree.reason}")
    whole = tuple(selected(tree))
    if not whole:
        return Verdict("meta", "no metric in it: it always or never fires")
    if all(selector.name in {"ALERTS", "ALERTS_FOR_STATE"} for selector in whole):
        return Verdict("meta", "it watches other alerts")
    if re.search(r"\bpredict_linear\s*\(", expression):
        return Verdict("imminent", "it extrapolates with predict_linear")
    verdicts = list(dict.fromkeys(_operand(operand, records, 0) for operand in deciding_operands(tree)))
    decided = [verdict for verdict in verdicts if verdict.kind]
    if not decided:
        return verdicts[0]
    if len({four_way(verdict.kind) for verdict in decided}) > 1:
        return Verdict(None, f"its sides disagree: {decided[0].why}; {decided[1].why}")
    if len(decided) < len(verdicts) and four_way(decided[0].kind) == "symptom":
        return Verdict(None, "one of its sides tells nothing")
    return decided[0]


def _read(expression: str) -> Tree | Unreadable:
    """Return the tree, also of an expression that a comment swallowed (a folded scalar)."""
    tree = parsed(expression)
    if not isinstance(tree, Unreadable) or not expression.startswith("#") or "\n" in expression.strip():
        return tree
    starts = [match.end() for match in re.finditer(r"\s(?=[\w:(]*[({])", expression[:4_000])]
    for start in starts[:40]:
        inner = parsed(expression[start:])
        if not isinstance(inner, Unreadable) and any(selector.matchers for selector in selected(inner)):
            return inner
    return tree


def _operand(tree: Tree, records: Mapping[str, str], depth: int) -> Verdict:
    value, operator, bound = compared(tree)
    found = tuple(selected(value))
    if not found:
        found = tuple(selected(tree))
    resolved = _resolved(value, records, depth)
    if resolved is not None and not any(BURN.search(selector.name or "") for selector in found):
        return _operand(resolved, records, depth + 1)
    for rule in RULES:
        verdict = rule(Asked(value, operator, bound, found))
        if verdict is not None:
            return verdict
    names = ", ".join(sorted({shown(selector) for selector in found})[:2])
    return Verdict(None, f"nothing tells what {names} means to a user")


def _resolved(value: Tree, records: Mapping[str, str], depth: int) -> Tree | None:
    """Return the recorded expression where the value is a recorded series and nothing else."""
    inner = bare(value)
    while kind(inner) == "AggregateExpr":
        inner = bare(inner.expr)
    if kind(inner) != "VectorSelector" or depth >= MAX_RESOLVED or inner.name not in records:
        return None
    tree = parsed(records[inner.name])
    return None if isinstance(tree, Unreadable) or not tuple(selected(tree)) else tree
