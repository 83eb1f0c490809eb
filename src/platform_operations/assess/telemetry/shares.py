"""The arithmetic of an alert: what is compared with what, and which share of which outcomes a ratio is."""

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from platform_operations.assess.telemetry import signal_words as told
from platform_operations.assess.telemetry.signal_words import words
from platform_operations.patterns import regex
from platform_operations.slo.label_regex import UnsupportedPatternError
from platform_operations.slo.promql import Matcher, Selector, bare, kind, number

Tree: TypeAlias = Any

_SERVER_ERRORS = ("500", "502", "503", "5xx")
_CLIENT_ERRORS = ("400", "403", "404", "429", "4xx")
_FINE_CODES = ("200", "201", "204", "2xx")
_FAILED = (
    *("error", "fail", "failed", "failure", "errors", "timeout", "exception", "Error", "false", "rejected"),
    *("dropped", "Internal", "Unavailable", "INTERNAL", "SERVFAIL"),
)
_FINE = ("OK", "ok", "success", "true", "NOERROR", "succeeded", "Success")
_OUTCOME_LABEL = regex(
    r"code|status|result|outcome|response|class|succe|error|state|reason|type|exception|rcode", re.I
)
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


def compared(tree: Tree) -> tuple[Tree, str, float | None]:
    """Return the compared value, the operator as seen from it, and the bound where it is a number."""
    tree = bare(tree)
    operator, bound = "", None
    while kind(tree) == "BinaryExpr" and str(tree.op) in _FLIPPED:
        left, right = constant(tree.lhs), constant(tree.rhs)
        if left is not None and right is None:
            operator, bound, tree = _FLIPPED[str(tree.op)], left, bare(tree.rhs)
        else:
            operator, bound, tree = str(tree.op), right, bare(tree.lhs)
    if kind(tree) == "Call" and tree.func.name in {
        "label_replace",
        "round",
        "abs",
        "clamp_min",
        "clamp_max",
        "sort_desc",
    }:
        inner, inner_operator, inner_bound = compared(tree.args[0])
        return inner, operator or inner_operator, bound if bound is not None else inner_bound
    return tree, operator, bound


def constant(tree: Tree) -> float | None:
    """Return the value of an expression of numbers only, None for any other."""
    tree = bare(tree)
    plain = number(tree)
    if plain is not None or kind(tree) != "BinaryExpr":
        return plain
    left, right = constant(tree.lhs), constant(tree.rhs)
    if left is None or right is None:
        return None
    operator = str(tree.op)
    if operator == "/":
        return left / right if right else None
    return {"*": left * right, "+": left + right, "-": left - right}.get(operator)


def division(tree: Tree) -> tuple[Tree, Tree] | None:
    """Return numerator and denominator below scaling by numbers, `1 - x`, aggregation and rounding."""
    tree = bare(tree)
    for _ in range(20):
        if kind(tree) == "BinaryExpr" and str(tree.op) == "/" and constant(tree.rhs) is None:
            return _parts(tree)
        inner = _unscaled(tree)
        if inner is None:
            return None
        tree = bare(inner)
    return None


def _parts(tree: Tree) -> tuple[Tree, Tree] | None:
    if constant(tree.lhs) is not None:
        return None
    top = bare(tree.lhs)
    scaled = kind(top) == "BinaryExpr" and str(top.op) == "*" and constant(top.lhs) is not None
    return (top.rhs if scaled else tree.lhs), tree.rhs


def _unscaled(tree: Tree) -> Tree | None:
    """Return what a node scales, aggregates or rounds; None where it does none of these."""
    match kind(tree):
        case "AggregateExpr" | "SubqueryExpr":
            return tree.expr
        case "Call":
            keeps = tree.func.name in {"label_replace", "round", "avg_over_time", "abs"}
            return tree.args[0] if keeps and tree.args else None
        case "BinaryExpr":
            operator = str(tree.op)
            if operator in {"*", "-", "+", "/", ">", "<"} and constant(tree.rhs) is not None:
                return tree.lhs
            if operator in {"*", "-", "+"} and constant(tree.lhs) is not None:
                return tree.rhs
            if operator == "*":
                return tree.lhs if _has_division(tree.lhs) else tree.rhs
            return None
        case _:
            return None


def _has_division(tree: Tree) -> bool:
    tree = bare(tree)
    return kind(tree) == "BinaryExpr" and (str(tree.op) == "/" or _has_division(tree.lhs))


def share_of(top: tuple[Selector, ...], bottom: tuple[Selector, ...]) -> str | None:
    """Return which outcomes the numerator is of all in the denominator: failed, good, client or lost."""
    named = words(stem(top[0].name or ""))
    below = frozenset(word for selector in bottom for word in words(stem(selector.name or "")))
    for numerator in top:
        for denominator in bottom:
            if _base(numerator.name) == _base(denominator.name):
                outcome = outcome_of([one for one in numerator.matchers if one not in denominator.matchers])
                if outcome:
                    return outcome
    if named & told.BAD and (not below & told.BAD or len(bottom) > 1):
        return "failed"
    if named & told.LOST and (not below & told.LOST or len(bottom) > 1) and (named | below) & told.DELIVERED:
        return "lost"
    if named & told.GOOD and len(below - named) and (below & told.DELIVERED or len(bottom) > 1):
        return "good"
    return None


def _base(name: str | None) -> str:
    return re.sub(r"_(total|count|sum|bucket|created)$", "", stem(name or "?"))


def outcome_of(matchers: list[Matcher]) -> str | None:
    """Return which outcomes the conditions leave: failed, good, client or slow; None: none tells.

    A condition is tried on sample values of its own kind, codes or words: `!~"2.."` says nothing about
    words.
    """
    for matcher in matchers:
        if matcher.label == "le":
            return "slow"
        if not _OUTCOME_LABEL.search(matcher.label):
            continue
        try:
            outcome = _tried(matcher)
        except UnsupportedPatternError:
            continue
        if outcome:
            return outcome
    return None


def _tried(matcher: Matcher) -> str | None:
    codes = any(letter.isdigit() for letter in matcher.value)
    fine = any(map(matcher.accepts, _FINE_CODES if codes else _FINE))
    failed = any(map(matcher.accepts, _SERVER_ERRORS if codes else _FAILED))
    if fine:
        return "good" if not failed and matcher.op in {"=", "=~"} else None
    if failed:
        return "failed"
    return "client" if codes and any(map(matcher.accepts, _CLIENT_ERRORS)) else None


def stem(name: str) -> str:
    """Return the metric of a recorded name (level:metric:operations), or the name, without suffix."""
    parts = [re.sub(r"_(bucket|sum|count)$", "", part) for part in name.split(":")]
    if len(parts) == 1:
        return parts[0]
    if len(parts) == 2:
        metric = parts[0] if _OPERATION.search(parts[1]) else parts[1]
    else:
        metric = parts[1] if len(parts) == 3 else max(parts, key=lambda part: part.count("_"))
    quantile = [part for part in parts if "quantile" in part or re.fullmatch(r"p\d\d", part)]
    return "_".join([metric, *quantile])


_OPERATION = regex(
    r"^(sum|avg|max|min|mean|p\d\d|\d*quantile|ratio|rate|irate|increase|burnrate|count)[\d_a-z]*$"
)


def calls(tree: Tree) -> Iterator[Tree]:
    """Yield the function calls below a node."""
    match kind(tree):
        case "Call":
            yield tree
            for argument in tree.args:
                yield from calls(argument)
        case "BinaryExpr":
            yield from calls(tree.lhs)
            yield from calls(tree.rhs)
        case "AggregateExpr" | "ParenExpr" | "UnaryExpr" | "SubqueryExpr":
            yield from calls(tree.expr)
        case _:
            return


def grouped_by(tree: Tree, *labels: str) -> bool:
    modifier = tree.modifier
    if modifier is None:
        return False
    named = set(labels) & set(modifier.labels)
    return bool(named) if str(modifier.type).endswith("By") else len(named) < len(labels)


def is_time(name: str) -> bool:
    return bool(
        re.search(r"(seconds|milliseconds|_ms|time|duration|latency)(_total|_sum)?$", name)
    ) and not name.endswith("_count")
