"""Whether an alert tells of pain or of a reason for pain: symptom, cause, meta, imminent, or unknown.

Names alone fail (a list of names scores 100% where it was written and 71% next door), so the expression
decides: what its deciding operand computes, whether a numerator is a failing subset of its denominator (the
matcher is tried on sample codes), and only then which words its metrics are made of. Where that says
nothing the answer is unknown.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from platform_operations.assess.telemetry import signal_words as told
from platform_operations.assess.telemetry.signal_words import words
from platform_operations.model.words import AlertKind
from platform_operations.slo.label_regex import UnsupportedPatternError
from platform_operations.slo.promql import (
    Matcher,
    Selector,
    Unreadable,
    bare,
    deciding_operands,
    kind,
    number,
    parsed,
    selected,
)

Tree: TypeAlias = Any
Word: TypeAlias = Literal["symptom", "cause", "meta", "unknown"]

MAX_RESOLVED = 4
_NO_RECORDS: Mapping[str, str] = MappingProxyType({})
_SERVER_ERRORS = ("500", "502", "503", "5xx", "Internal", "Unavailable", "INTERNAL", "SERVFAIL")
_CLIENT_ERRORS = ("400", "403", "404", "429", "4xx")
_FAILED = (
    "error",
    "fail",
    "failed",
    "failure",
    "errors",
    "timeout",
    "exception",
    "Error",
    "false",
    "rejected",
    "dropped",
)
_FINE = ("200", "201", "204", "2xx", "OK", "ok", "success", "true", "NOERROR", "succeeded", "Success")
_OUTCOME_LABEL = re.compile(
    r"code|status|result|outcome|response|class|success|error|state|reason|type|exception|rcode", re.I
)
_BURN = re.compile(r"burn_?rate|error_?budget|(^|[:_])slo[:_]", re.I)
_STATE_LABELS = frozenset({"name", "state", "status", "type", "condition", "check", "reason"})


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an alert is and why; None where nothing told."""

    kind: AlertKind | None
    why: str


def four_way(kind: AlertKind | None) -> Word:
    """Return the word of the assessment: burn-rate and absence are symptoms, imminent is a cause, None is unknown."""
    if kind in {"burn-rate", "symptom", "absence"}:
        return "symptom"
    return "cause" if kind in {"imminent", "cause"} else "meta" if kind == "meta" else "unknown"


def classify(expression: str, records: Mapping[str, str] = _NO_RECORDS) -> Verdict:
    """Return what an alerting expression tells of; `records` are recorded expressions by name.

    Several operands of `or` must agree: where one tells of pain and another of a reason the answer is
    unknown.
    """
    tree = parsed(expression)
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


def _operand(tree: Tree, records: Mapping[str, str], depth: int) -> Verdict:
    value, operator, bound = _compared(tree)
    found = tuple(selected(value))
    if not found:
        found = tuple(selected(tree))
    resolved = _resolved(value, records, depth)
    if resolved is not None and not any(_BURN.search(selector.name or "") for selector in found):
        return _operand(resolved, records, depth + 1)
    for rule in _RULES:
        verdict = rule(Asked(value, operator, bound, found))
        if verdict is not None:
            return verdict
    shown = ", ".join(sorted({_shown(selector) for selector in found})[:2])
    return Verdict(None, f"nothing tells what {shown} means to a user")


@dataclass(frozen=True, slots=True)
class Asked:
    """An operand without its comparison: the value, how it is compared and with what, and its selectors."""

    value: Tree
    operator: str
    bound: float | None
    found: tuple[Selector, ...]

    @property
    def words(self) -> frozenset[str]:
        """The words of all its metric names."""
        return frozenset(word for selector in self.found for word in words(_stem(selector.name or "")))

    @property
    def names(self) -> str:
        """Its first metric, for the reason given."""
        return _shown(self.found[0]) if self.found else "it"


def _compared(tree: Tree) -> tuple[Tree, str, float | None]:
    """Return the value that is compared, the operator read from the value's side, and the bound where it is a number."""
    tree = bare(tree)
    operator, bound = "", None
    while kind(tree) == "BinaryExpr" and str(tree.op) in _FLIPPED:
        left, right = _constant(tree.lhs), _constant(tree.rhs)
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
        inner, inner_operator, inner_bound = _compared(tree.args[0])
        return inner, operator or inner_operator, bound if bound is not None else inner_bound
    return tree, operator, bound


_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


@lru_cache(maxsize=4096)
def _constant_text(text: str) -> float | None:
    tree = parsed(text)
    return None if isinstance(tree, Unreadable) else _constant(tree)


def _constant(tree: Tree) -> float | None:
    """Return the value of an expression of numbers only, None for any other."""
    tree = bare(tree)
    plain = number(tree)
    if plain is not None or kind(tree) != "BinaryExpr":
        return plain
    left, right = _constant(tree.lhs), _constant(tree.rhs)
    if left is None or right is None:
        return None
    operator = str(tree.op)
    if operator == "/":
        return left / right if right else None
    return {"*": left * right, "+": left + right, "-": left - right}.get(operator)


def _resolved(value: Tree, records: Mapping[str, str], depth: int) -> Tree | None:
    """Return the recorded expression where the value is a recorded series and nothing else."""
    inner = bare(value)
    while kind(inner) == "AggregateExpr":
        inner = bare(inner.expr)
    if kind(inner) != "VectorSelector" or depth >= MAX_RESOLVED or inner.name not in records:
        return None
    tree = parsed(records[inner.name])
    return None if isinstance(tree, Unreadable) or not tuple(selected(tree)) else tree


def _stem(name: str) -> str:
    """Return the metric in a recorded name such as `job:http_requests:rate5m`, any other name unchanged."""
    parts = [part.removesuffix("_bucket") for part in name.split(":")]
    if len(parts) < 2:
        return parts[0]
    metric = max(parts, key=lambda part: part.count("_"))
    quantile = [part for part in parts if "quantile" in part or re.fullmatch(r"p\d\d", part)]
    return "_".join([metric, *quantile])


def _shown(selector: Selector) -> str:
    return selector.name or str(selector)[:60]


def _burn(asked: Asked) -> Verdict | None:
    for selector in asked.found:
        if _BURN.search(selector.name or ""):
            return Verdict("burn-rate", f"{selector.name} is an error budget or burn rate")
    return None


def _probe(asked: Asked) -> Verdict | None:
    name = asked.found[0].name or ""
    if not re.match(r"probe_|.*test_case|synthetic|blackbox_probe", name):
        return None
    if words(name) & told.EXPIRY:
        return Verdict("imminent", f"{name} expires on a known day")
    if re.search(r"probe_(success|http|duration|icmp|dns|tcp|grpc)|test_case|synthetic", name):
        return Verdict("symptom", f"{name} is measured from outside")
    return None


def _expiry(asked: Asked) -> Verdict | None:
    if asked.words & told.EXPIRY and not {"failed", "errors"} & asked.words:
        return Verdict("imminent", f"{asked.names} expires on a known day")
    return None


def _absent(asked: Asked) -> Verdict | None:
    inner = bare(asked.value.expr) if kind(asked.value) == "AggregateExpr" else asked.value
    absent = kind(inner) == "Call" and inner.func.name in {"absent", "absent_over_time"}
    whole = kind(asked.value) == "AggregateExpr" and asked.bound == 0 and asked.operator == "=="
    up = bool(asked.found) and all(selector.name == "up" for selector in asked.found)
    down = (
        whole
        and up
        and str(asked.value.op) in {"sum", "max"}
        and not _grouped_by(asked.value, "instance", "pod")
    )
    if not absent and not down:
        return None
    if not up:
        if asked.words & told.REQUEST and not asked.words & told.DEPENDENCY:
            return Verdict("absence", f"{asked.names} is missing altogether")
        return None
    job = " ".join(
        matcher.value for matcher in asked.found[0].matchers if matcher.label in {"job", "app", "service"}
    )
    if words(job) & told.HELPER:
        return Verdict("cause", f"job {job} is a helper: users notice later or never")
    return Verdict("absence", f"no instance of job {job} is left") if job else None


def _grouped_by(tree: Tree, *labels: str) -> bool:
    modifier = tree.modifier
    if modifier is None:
        return False
    named = set(labels) & set(modifier.labels)
    return bool(named) if str(modifier.type).endswith("By") else len(named) < len(labels)


def _up(asked: Asked) -> Verdict | None:
    for selector in asked.found:
        name = selector.name or ""
        if name == "up" or name.endswith("_up"):
            return Verdict("cause", f"{name} is one instance as the monitoring sees it")
    return None


def _nobody_left(asked: Asked) -> Verdict | None:
    """A pool that serves requests has no member left: every request fails."""
    if asked.bound == 0 and asked.operator in {"==", "<="} and {"active", "alive", "healthy"} & asked.words:
        if {"backend", "backends", "upstream", "servers"} & asked.words and kind(asked.value) != "Call":
            return Verdict("symptom", f"{asked.names} at zero leaves nobody to answer")
    return None


def _in_label(asked: Asked) -> Verdict | None:
    """A metric that is one state per label value: the label says what is wrong."""
    values = " ".join(
        matcher.value
        for selector in asked.found[:1]
        for matcher in selector.matchers
        if matcher.op == "=" and matcher.label in _STATE_LABELS and matcher.value.isupper()
    )
    said = words(values)
    if not said:
        return None
    if said & {"availability", "unavailable", "unfound", "offline"} or said >= {"all", "down"}:
        return Verdict("symptom", f"state {values}: what users ask for is unavailable")
    if "full" in said and not said & {"near", "nearfull", "backfill", "backfillfull"}:
        return Verdict("symptom", f"state {values}: writes are refused")
    return Verdict("cause", f"state {values} of the inside")


def _unavailable(asked: Asked) -> Verdict | None:
    if asked.words & {"unavailable", "offline"} and not asked.words & {
        "replicas",
        "node",
        "kube",
        "daemonset",
        "deployment",
    }:
        return Verdict("symptom", f"{asked.names} counts what users cannot reach")
    if {"slow", "ops"} <= asked.words and not asked.words & told.PHYSICAL:
        return Verdict("symptom", f"{asked.names} counts operations that take too long")
    return None


def _ratio(asked: Asked) -> Verdict | None:
    """A share of failed, or of good, outcomes."""
    pair = _division(asked.value)
    if pair is None:
        return None
    top, bottom = tuple(selected(pair[0])), tuple(selected(pair[1]))
    if not top or not bottom:
        return None
    share = _share(top, bottom)
    if share is None:
        return None
    said = frozenset(word for selector in (*top, *bottom) for word in words(_stem(selector.name or "")))
    if {"hit", "hits", "miss", "misses"} & said:
        return Verdict("cause", f"{asked.names} is the efficiency of a cache")
    if share == "client":
        return Verdict("cause", f"{asked.names} counts requests that their sender got wrong (4xx)")
    if said & told.PHYSICAL and not said & {"http", "grpc", "request", "requests"}:
        return Verdict("cause", f"{asked.names} counts failures below any request")
    if _dependency(said):
        return Verdict("cause", f"{asked.names} is the error ratio of a call that the service makes itself")
    return Verdict("symptom", f"{asked.names} is a share of {share} outcomes")


def _dependency(said: frozenset[str]) -> bool:
    """Whether the words name a call made by the service; `client` beside `server` or HTTP handling is its caller."""
    dependency = said & told.DEPENDENCY
    if dependency <= {"dns"} and said & {"coredns", "responses"} and "lookups" not in said:
        return bool(dependency - {"dns"})
    return bool(dependency)


def _division(tree: Tree) -> tuple[Tree, Tree] | None:
    """Return numerator and denominator below scaling by numbers, `1 - x`, aggregation and rounding."""
    tree = bare(tree)
    for _ in range(20):
        if kind(tree) == "AggregateExpr":
            tree = bare(tree.expr)
        elif (
            kind(tree) == "Call"
            and tree.args
            and tree.func.name in {"label_replace", "round", "avg_over_time", "abs"}
        ):
            tree = bare(tree.args[0])
        elif kind(tree) == "SubqueryExpr":
            tree = bare(tree.expr)
        elif (
            kind(tree) == "BinaryExpr"
            and str(tree.op) in {"*", "-", "+", "/", ">", "<"}
            and _constant(tree.rhs) is not None
        ):
            tree = bare(tree.lhs)
        elif (
            kind(tree) == "BinaryExpr" and str(tree.op) in {"*", "-", "+"} and _constant(tree.lhs) is not None
        ):
            tree = bare(tree.rhs)
        elif kind(tree) == "BinaryExpr" and str(tree.op) == "*":
            tree = bare(tree.lhs) if _has_division(tree.lhs) else bare(tree.rhs)
        elif kind(tree) == "BinaryExpr" and str(tree.op) == "/":
            if _constant(tree.lhs) is not None:
                return None
            inner = bare(tree.lhs)
            if kind(inner) == "BinaryExpr" and str(inner.op) == "*" and _constant(inner.lhs) is not None:
                return inner.rhs, tree.rhs
            return tree.lhs, tree.rhs
        else:
            return None
    return None


def _has_division(tree: Tree) -> bool:
    tree = bare(tree)
    return kind(tree) == "BinaryExpr" and (str(tree.op) == "/" or _has_division(tree.lhs))


def _share(top: tuple[Selector, ...], bottom: tuple[Selector, ...]) -> str | None:
    """Return which outcomes the numerator is of all in the denominator: failed, good, client or lost."""
    named = words(_stem(top[0].name or ""))
    below = frozenset(word for selector in bottom for word in words(_stem(selector.name or "")))
    for numerator in top:
        for denominator in bottom:
            if _base(numerator.name) == _base(denominator.name):
                outcome = _outcome([one for one in numerator.matchers if one not in denominator.matchers])
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
    return re.sub(r"_(total|count|sum|bucket|created)$", "", _stem(name or "?"))


def _outcome(matchers: list[Matcher]) -> str | None:
    for matcher in matchers:
        if not _OUTCOME_LABEL.search(matcher.label):
            continue
        try:
            server = any(map(matcher.accepts, _SERVER_ERRORS))
            client = any(map(matcher.accepts, _CLIENT_ERRORS))
            failed = any(map(matcher.accepts, _FAILED))
            fine = any(map(matcher.accepts, _FINE))
        except UnsupportedPatternError:
            continue
        if fine:
            good = not (server or failed) and matcher.op in {"=", "=~"}
            if good:
                return "good"
            continue
        if server or failed:
            return "failed"
        if client:
            return "client"
    return None


def _latency(asked: Asked) -> Verdict | None:
    """How long a unit of work took: a quantile, a recorded quantile, or time over count."""
    said = asked.words
    quantile = any(call.func.name == "histogram_quantile" for call in _calls(asked.value))
    labelled = any(matcher.label == "quantile" for selector in asked.found for matcher in selector.matchers)
    recorded = any("quantile" in word or re.fullmatch(r"p\d\d", word) for word in said)
    pair = _division(asked.value)
    mean = False
    if pair is not None:
        top, bottom = tuple(selected(pair[0])), tuple(selected(pair[1]))
        mean = (
            bool(top and bottom)
            and _is_time(top[0].name or "")
            and not _is_time(bottom[0].name or "x_seconds_count"[:1])
        )
    if not (quantile or labelled or recorded or mean) or asked.operator.startswith("<"):
        return None
    internal = (
        said & told.INTERNAL_LATENCY - {"dns"}
        if "dns" in said and "coredns" in said
        else said & told.INTERNAL_LATENCY
    )
    if internal:
        return Verdict(
            "cause",
            f"{asked.names} times a part ({', '.join(sorted(internal)[:2])}), not what a caller waits for",
        )
    if said & told.REQUEST and said & (told.DURATION | {"sum"}):
        return Verdict("symptom", f"{asked.names} is how long callers wait")
    return None


def _is_time(name: str) -> bool:
    return bool(
        re.search(r"(seconds|milliseconds|_ms|_time|duration|latency)(_total|_sum)?$", name)
    ) and not name.endswith("_count")


def _lost(asked: Asked) -> Verdict | None:
    if not asked.words & told.LOST and not any(
        words(matcher.value) & told.LOST
        for selector in asked.found
        for matcher in selector.matchers
        if matcher.op == "="
    ):
        return None
    if asked.words & {
        "logs",
        "log",
        "packets",
        "packet",
        "spans",
        "events",
        "samples",
        "metrics",
        "targets",
        "receive",
        "transmit",
    }:
        return Verdict("cause", f"{asked.names} loses telemetry or packets, not requests")
    if asked.words & told.DELIVERED and not _dependency(asked.words) and not asked.words & told.PHYSICAL:
        return Verdict("symptom", f"{asked.names} counts what users handed over and lost")
    return None


def _failures(asked: Asked) -> Verdict | None:
    """A bare count of failures: noisy, a ratio would say how many users it hits."""
    if not {call.func.name for call in _calls(asked.value)} & {"rate", "increase", "irate", "delta"}:
        return None
    said = asked.words
    if said & told.BAD:
        if _dependency(said) or said & told.PHYSICAL or said & {"internal", "panic", "panics"}:
            return Verdict("cause", f"{asked.names} counts failures inside or of a dependency")
        if said & told.PRODUCT:
            return Verdict(
                "symptom",
                f"{asked.names} counts failed work that a user asked for (a ratio would be less noisy)",
            )
        return None
    outcome = _outcome([matcher for selector in asked.found for matcher in selector.matchers])
    if outcome == "client":
        return Verdict("cause", f"{asked.names} counts requests that their sender got wrong (4xx)")
    if (
        outcome == "failed"
        and said & {"http", "requests", "request", "responses", "grpc"}
        and not _dependency(said)
    ):
        return Verdict("symptom", f"{asked.names} counts failed requests (a ratio would be less noisy)")
    return None


def _inside(asked: Asked) -> Verdict | None:
    said = asked.words
    if {call.func.name for call in _calls(asked.value)} & {"deriv", "changes", "resets"}:
        return Verdict("cause", f"{asked.names} changes: state of the inside")
    if said & {"requests", "request", "queries"} and not said & told.BAD and asked.operator.startswith(">"):
        if {call.func.name for call in _calls(asked.value)} & {"rate", "increase", "irate"}:
            return Verdict("cause", f"{asked.names} is traffic, which hurts nobody by itself")
    inside = said & (told.RESOURCE | told.PHYSICAL | told.DEPENDENCY)
    waits = said & {"duration", "latency"} or ({"response", "time"} <= said)
    if inside and not waits and not said & {"unavailable", "offline"}:
        return Verdict("cause", f"{asked.names} is a state of the inside ({', '.join(sorted(inside)[:2])})")
    if waits and inside & told.INTERNAL_LATENCY:
        return Verdict("cause", f"{asked.names} times a part of the inside")
    return None


_RULES = (
    _burn, _probe, _expiry, _absent, _nobody_left, _in_label, _up, _unavailable, _ratio, _latency, _lost, _failures, _inside,
)  # fmt: skip


def _calls(tree: Tree) -> Iterator[Tree]:
    """Yield the function calls below a node."""
    match kind(tree):
        case "Call":
            yield tree
            for argument in tree.args:
                yield from _calls(argument)
        case "BinaryExpr":
            yield from _calls(tree.lhs)
            yield from _calls(tree.rhs)
        case "AggregateExpr" | "ParenExpr" | "UnaryExpr" | "SubqueryExpr":
            yield from _calls(tree.expr)
        case _:
            return
