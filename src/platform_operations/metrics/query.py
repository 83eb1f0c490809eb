"""SLI queries that a file of samples can answer: sums of counter increases, added and subtracted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from platform_operations.slo.promql import (
    Node,
    Selector,
    Unreadable,
    bare,
    kind,
    number,
    parsed,
    selector_of,
)

Amount: TypeAlias = Fraction | int


@dataclass(frozen=True, slots=True)
class Term:
    """The increase of the selected series, times a factor; an optional one counts 0 where there are none."""

    selector: Selector
    factor: int = 1
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """Why only a Prometheus can answer a query."""

    reason: str


def terms(query: str) -> tuple[Term, ...] | Unanswerable:
    """The increases that a query adds up."""
    tree = parsed(query)
    if isinstance(tree, Unreadable):
        return Unanswerable(f"{query!r} is not read: {tree.reason}")
    found = _terms(tree)
    if found is None:
        return Unanswerable(
            f"{query!r} is more than sums of increases, which is all that a file of samples answers"
        )
    return found


def _terms(tree: Node) -> tuple[Term, ...] | None:
    tree = bare(tree)
    if kind(tree) == "AggregateExpr" and str(tree.op) == "sum" and tree.modifier is None:
        return _increase(bare(tree.expr))
    if kind(tree) != "BinaryExpr":
        return None
    left, operator = _terms(tree.lhs), str(tree.op)
    if left is None:
        return None
    if operator == "or":
        return (
            tuple(Term(term.selector, term.factor, optional=True) for term in left)
            if _zero(tree.rhs)
            else None
        )
    right = _terms(tree.rhs)
    if right is None or operator not in ("+", "-"):
        return None
    sign = 1 if operator == "+" else -1
    return (*left, *(Term(term.selector, sign * term.factor, term.optional) for term in right))


def _increase(tree: Node) -> tuple[Term, ...] | None:
    if kind(tree) != "Call" or tree.func.name != "increase" or kind(tree.args[0]) != "MatrixSelector":
        return None
    selector = selector_of(tree.args[0])
    return (Term(Selector(selector.name, selector.matchers)),) if selector.plain else None


def _zero(tree: Node) -> bool:
    tree = bare(tree)
    return kind(tree) == "Call" and tree.func.name == "vector" and number(tree.args[0]) == 0


def value(parts: Sequence[tuple[Term, Mapping[int, Amount]]], slot: int) -> Amount | None:
    """What the query gives from each term's increases by slot; None where one that it needs is missing."""
    found: Amount = 0
    for part, increases in parts:
        increase = increases.get(slot)
        if increase is not None:
            found += part.factor * increase
        elif not part.optional:
            return None
    return found


def expected_scrapes(counts: Sequence[int]) -> int:
    """How many scrapes a full slot has: the upper median of the slots that have any."""
    found = sorted(count for count in counts if count)
    return found[len(found) // 2] if found else 0


def seen(count: int, expected: int) -> Fraction:
    """The share of a slot that was observed."""
    return min(Fraction(1), Fraction(count, expected)) if expected else Fraction(0)
