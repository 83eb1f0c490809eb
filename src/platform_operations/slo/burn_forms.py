"""Burn-rate expressions of ours, read back: the SLI and the window pairs that one was written from."""

from collections.abc import Sequence
from fractions import Fraction

from platform_operations.model.reliability import Sli
from platform_operations.patterns import regex
from platform_operations.slo.budget import Pair
from platform_operations.slo.durations import range_seconds
from platform_operations.slo.expressions import BurnCondition, burn_expression
from platform_operations.slo.promql import LONGEST
from platform_operations.slo.sli import WINDOW

_PAIR = regex(r"\(\n  (.+)\nand\n  (.+)(?:\nand\n  (.+))?\n\)")
_ABOVE = regex(r"\(1 - \((.+?) or (?:vector\(0\)|0 \* .+?)\) / \(\((.+)\) > 0\)\) > ([0-9]+(?:\.[0-9]+)?)")
_RANGE = regex(r"\[([0-9]+[smhdw])\]")
_AT_LEAST = regex(r".+ >= ([0-9]+)")


def burn_form(expression: str) -> tuple[Sli, tuple[BurnCondition, ...]] | None:
    """Return what a burn-rate expression was written from; None unless writing it again gives the same text.

    The factors and figures of the conditions are not in an expression: they are 0, the limits and windows are exact.
    """
    if len(expression) > LONGEST:
        return None
    found = [_condition(block) for block in expression.split("\nor\n")]
    whole = [row for row in found if row is not None]
    if len(whole) != len(found) or len({row[0] for row in whole}) != 1:
        return None
    good, total = whole[0][0]
    sli = Sli(kind="availability", source="prometheus", good=good, total=total)
    conditions = tuple(row[1] for row in whole)
    return (sli, conditions) if burn_expression(sli, conditions) == expression else None


def _condition(block: str) -> tuple[tuple[str, str], BurnCondition] | None:
    parts = _PAIR.fullmatch(block)
    rows = [_ABOVE.fullmatch(part) for part in parts.groups()[:2]] if parts else []
    long, short = rows if len(rows) == 2 else (None, None)
    if parts is None or long is None or short is None:
        return None
    windows = [_window(row.group(2)) for row in (long, short)]
    guard = _AT_LEAST.fullmatch(parts[3]) if parts[3] else None
    if windows[0] is None or windows[1] is None or bool(parts[3]) != (guard is not None):
        return None
    pair = Pair(windows[0], windows[1], Fraction(0), pages=False)
    limit, least = Fraction(long[3]), int(guard[1]) if guard else None
    return _queries(long.groups()), BurnCondition(pair, limit, Fraction(0), Fraction(0), least)


def _window(query: str) -> int | None:
    found = set(_RANGE.findall(query))
    return range_seconds(found.pop()) if len(found) == 1 else None


def _queries(parts: Sequence[str]) -> tuple[str, str]:
    good, total = (_RANGE.sub(f"[{WINDOW}]", part) for part in parts[:2])
    return good, total
