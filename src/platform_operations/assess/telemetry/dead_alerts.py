"""Alerts that can never fire although checkers call them valid, or that fire while all is well."""

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from platform_operations.slo.promql import Selector, Unreadable, bare, kind, number, parsed, selected

Tree: TypeAlias = Any
_ALL = "*"


def dead_reason(expression: str) -> str | None:
    """Return why an alert can never fire, or fires while all is well; None where nothing shows.

    Five classes that `promtool check rules` accepts: operands of `and` whose label values differ, a share
    compared with 1 or more, a count compared with zero, a quantile over a sum without `le`, an inverted
    `up`.
    """
    tree = parsed(expression)
    if isinstance(tree, Unreadable):
        return None
    operands = list(_alternatives(tree))
    reasons = [next(_reasons(operand), None) for operand in operands]
    return reasons[0] if reasons and all(reasons) else None


def _alternatives(tree: Tree) -> Iterator[Tree]:
    tree = bare(tree)
    if kind(tree) == "BinaryExpr" and str(tree.op).lower() == "or":
        yield from _alternatives(tree.lhs)
        yield from _alternatives(tree.rhs)
    else:
        yield tree


def _reasons(tree: Tree) -> Iterator[str]:
    """Yield what kills an operand: of `and` either side, of `unless` the left one."""
    tree = bare(tree)
    if kind(tree) != "BinaryExpr":
        yield from _quantile(tree)
        return
    operator = str(tree.op).lower()
    if operator in {"and", "unless"}:
        yield from _reasons(tree.lhs)
        if operator == "and":
            yield from _reasons(tree.rhs)
            yield from _mismatch(tree)
        return
    if operator in {"==", "<", "<=", ">", ">=", "!="}:
        yield from _compared(tree, operator)
    yield from _quantile(tree)


_NEVER_COUNTED = {"==": 0.0, "<": 1.0, "<=": 0.0}
_FIRES_WHEN_UP = frozenset({("!=", 0.0), ("==", 1.0), (">", 0.0)})


def _compared(tree: Tree, operator: str) -> Iterator[str]:
    left, bound = bare(tree.lhs), _value(tree.rhs)
    if bound is None or (tree.modifier is not None and tree.modifier.return_bool):
        return
    counted = kind(left) == "AggregateExpr" and str(left.op) == "count"
    if counted and operator in _NEVER_COUNTED and bound <= _NEVER_COUNTED[operator]:
        yield "count() has no result where nothing is counted, so it is never below 1"
    if kind(left) == "VectorSelector" and left.name == "up" and (operator, bound) in _FIRES_WHEN_UP:
        yield "it fires while the target is up"
    if ((operator == ">" and bound >= 1) or (operator == ">=" and bound > 1)) and _share(left):
        yield f"a share of a whole is never above {bound:g}"


def _share(tree: Tree) -> bool:
    """Whether a value is one family over itself with fewer conditions, so at most 1."""
    tree = bare(tree)
    if kind(tree) != "BinaryExpr" or str(tree.op) != "/":
        return False
    top, bottom = tuple(selected(tree.lhs)), tuple(selected(tree.rhs))
    if len(top) != 1 or len(bottom) != 1 or number(tree.lhs) is not None or not _plain_sums(tree):
        return False
    return (
        top[0].name == bottom[0].name
        and set(bottom[0].matchers) < set(top[0].matchers)
        and top[0].range == bottom[0].range
    )


def _plain_sums(tree: Tree) -> bool:
    for side in (bare(tree.lhs), bare(tree.rhs)):
        inner = bare(side.expr) if kind(side) == "AggregateExpr" and str(side.op) == "sum" else side
        if kind(inner) != "Call" or inner.func.name not in {"rate", "increase", "irate"}:
            return False
    return True


def _value(tree: Tree) -> float | None:
    """Return the value of numbers joined by * and /, None for any other expression."""
    tree = bare(tree)
    if kind(tree) == "BinaryExpr" and str(tree.op) in {"*", "/"}:
        left, right = _value(tree.lhs), _value(tree.rhs)
        if left is None or right is None or (str(tree.op) == "/" and not right):
            return None
        return left * right if str(tree.op) == "*" else left / right
    return number(tree)


def _quantile(tree: Tree) -> Iterator[str]:
    """Yield a reason for a classic histogram's quantile whose aggregation dropped the buckets."""
    match kind(tree):
        case "Call":
            if (
                tree.func.name == "histogram_quantile"
                and len(tree.args) > 1
                and _drops_le(bare(tree.args[1]))
            ):
                yield "histogram_quantile() needs the label `le`, which the aggregation drops"
            for argument in tree.args:
                yield from _quantile(argument)
        case "BinaryExpr":
            yield from _quantile(tree.lhs)
            yield from _quantile(tree.rhs)
        case "AggregateExpr" | "ParenExpr" | "UnaryExpr" | "SubqueryExpr":
            yield from _quantile(tree.expr)
        case _:
            return


def _drops_le(tree: Tree) -> bool:
    if kind(tree) != "AggregateExpr":
        return False
    if not all((selector.name or "").endswith("_bucket") for selector in selected(tree)):
        return False
    if tree.modifier is None:
        return True
    grouped = str(tree.modifier.type).endswith("By")
    return ("le" in tree.modifier.labels) != grouped


def _mismatch(tree: Tree) -> Iterator[str]:
    """Yield a reason where both sides of `and` fix one label to different values and matching asks for it."""
    left, right = _fixed(tree.lhs), _fixed(tree.rhs)
    modifier = tree.modifier
    matching = modifier.matching if modifier is not None else None
    on = set(matching.labels) if matching is not None and "Include" in str(matching.type) else None
    ignored = set(matching.labels) if matching is not None and on is None else set[str]()
    for label in sorted(set(left) & set(right)):
        asked = label in on if on is not None else label not in ignored
        if asked and left[label] != right[label]:
            yield f"`and` joins {label}={left[label]!r} to {label}={right[label]!r}, which never match"


def _fixed(tree: Tree) -> Mapping[str, str]:
    """Return the labels that every series of a value carries with one known value."""
    tree = bare(tree)
    match kind(tree):
        case "VectorSelector" | "MatrixSelector":
            found: tuple[Selector, ...] = tuple(selected(tree))
            return {
                one.label: one.value
                for one in found[0].matchers
                if one.op == "=" and one.value and one.label != "__name__"
            }
        case "AggregateExpr":
            inner = _fixed(tree.expr)
            if tree.modifier is None:
                return {}
            named = set(tree.modifier.labels)
            if str(tree.modifier.type).endswith("By"):
                return {label: value for label, value in inner.items() if label in named}
            return {label: value for label, value in inner.items() if label not in named}
        case "Call":
            plain = (
                tree.func.name in {"rate", "increase", "irate", "delta", "abs", "ceil", "floor"}
                or "_over_time" in tree.func.name
            )
            return _fixed(tree.args[-1]) if plain and tree.args and "absent" not in tree.func.name else {}
        case "BinaryExpr":
            operator = str(tree.op).lower()
            if operator in {"and", "unless"} or _value(tree.rhs) is not None:
                return _fixed(tree.lhs)
            return _fixed(tree.rhs) if _value(tree.lhs) is not None else {}
        case "SubqueryExpr" | "UnaryExpr":
            return _fixed(tree.expr)
        case _:
            return {}
