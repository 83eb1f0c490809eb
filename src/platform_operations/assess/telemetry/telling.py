"""What the parts of an alert tell: one function for each way of telling, asked in the order of RULES."""

import re
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from platform_operations.assess.telemetry import signal_words as told
from platform_operations.assess.telemetry.shares import (
    calls,
    division,
    grouped_by,
    is_time,
    outcome_of,
    share_of,
    stem,
)
from platform_operations.assess.telemetry.signal_words import words
from platform_operations.model.words import AlertKind
from platform_operations.patterns import regex
from platform_operations.slo.promql import Selector, bare, kind, selected

Tree: TypeAlias = Any

BURN = regex(r"burn_?rate|error_?budget|(^|[:_])slo[:_](?!info|count|objective)", re.I)
_STATE_LABELS = frozenset({"name", "state", "status", "type", "condition", "check", "reason"})


class Verdict(NamedTuple):
    """What an alert is and why; None where nothing told."""

    kind: AlertKind | None
    why: str


class Asked(NamedTuple):
    """An operand without its comparison: the value, how it is compared and with what, and its selectors."""

    value: Tree
    operator: str
    bound: float | None
    found: tuple[Selector, ...]

    @property
    def words(self) -> frozenset[str]:
        """The words of all its metric names."""
        return frozenset(word for selector in self.found for word in _said(selector))

    @property
    def names(self) -> str:
        """Its first metric, for the reason given."""
        return shown(self.found[0]) if self.found else "it"


def _said(selector: Selector) -> frozenset[str]:
    """Return the words of a metric, and of its label `name` where that tells many measures apart."""
    inside = [
        one.value for one in selector.matchers if one.label == "name" and one.op == "=" and ":" in one.value
    ]
    found = words(" ".join([stem(selector.name or ""), *inside]))
    if "squid" in found:  # a proxy: its clients are its users, its servers what it calls
        found = found - {"client"} if "client" in found else found | {"upstream"}
    begun = re.split(r"[^A-Za-z0-9]", stem(selector.name or ""), maxsplit=1)[0].lower()
    if found & told.STORES and begun not in told.STORES:
        found |= {"dependency"}
    own = any("cluster" in one.label and "local" in one.value.lower() for one in selector.matchers)
    return found - {"upstream"} if own else found


def shown(selector: Selector) -> str:
    return selector.name or str(selector)[:60]


def _burn(asked: Asked) -> Verdict | None:
    for selector in asked.found:
        if BURN.search(selector.name or ""):
            return Verdict("burn-rate", f"{selector.name} is an error budget or burn rate")
    return None


_PROBING = frozenset({"probe", "e2e", "synthetic", "smoke", "canary"})


def _probe(asked: Asked) -> Verdict | None:
    name = asked.found[0].name or ""
    checks = words(
        " ".join(one.value for one in asked.found[0].matchers if one.label in {"check", "probe", "test"})
    )
    if re.match(r"[ck]anary_(up|success)", name) or (
        name.endswith(("_up", "_success")) and checks & _PROBING
    ):
        return Verdict("symptom", f"{name} is a test from outside")
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
    up = bool(asked.found) and all(selector.name in told.HEARTBEATS for selector in asked.found)
    down = (
        whole
        and up
        and str(asked.value.op) in {"sum", "max"}
        and not grouped_by(asked.value, "instance", "pod", "node")
    )
    if not absent and not down:
        return None
    if not up:
        about = {one.label for selector in asked.found for one in selector.matchers}
        alive = re.search(r"_info$|_start_time_seconds$", asked.names) and "job" in about
        helper = words(asked.names) & told.HELPER
        if (asked.words & told.REQUEST and not asked.words & told.DEPENDENCY) or (alive and not helper):
            return Verdict("absence", f"{asked.names} is missing altogether")
        return None
    naming = re.compile(r"^(job|service|deployment|container|app\w*|\w*component|\w*_name)$")
    job = " ".join(one.value for one in asked.found[0].matchers if naming.match(one.label))
    if words(job) & told.HELPER:
        return Verdict("cause", f"job {job} is a helper: users notice later or never")
    return Verdict("absence", f"no instance of job {job} is left") if job else None


def _up(asked: Asked) -> Verdict | None:
    for selector in asked.found:
        name = selector.name or ""
        if name == "up" or name.endswith("_up"):
            return Verdict("cause", f"{name} is one instance as the monitoring sees it")
    return None


def _nobody_left(asked: Asked) -> Verdict | None:
    """A pool that serves requests has no member left: every request fails."""
    none = asked.bound == 0 and asked.operator in {"==", "<="} and kind(asked.value) != "Call"
    serving = {"backend", "backends", "upstream", "servers"} & asked.words
    if none and serving and {"active", "alive", "healthy"} & asked.words:
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
    if "full" in said and not said & {"near", "nearfull", "backfill", "backfillfull", "recovery"}:
        return Verdict("symptom", f"state {values}: writes are refused")
    return Verdict("cause", f"state {values} of the inside")


def _unavailable(asked: Asked) -> Verdict | None:
    if asked.words & {"unavailable", "unavailables", "offline"} and not asked.words & told.PARTS:
        return Verdict("symptom", f"{asked.names} counts what users cannot reach")
    if {"slow", "ops"} <= asked.words and not asked.words & told.PHYSICAL:
        return Verdict("symptom", f"{asked.names} counts operations that take too long")
    return None


def _ratio(asked: Asked) -> Verdict | None:
    """A share of failed, or of good, outcomes."""
    pair = division(asked.value)
    top, bottom = (tuple(selected(part)) for part in pair) if pair else ((), ())
    share = share_of(top, bottom) if top and bottom else None
    if share is None:
        return None
    return _shared(asked, share, frozenset(word for selector in (*top, *bottom) for word in _said(selector)))


def _shared(asked: Asked, share: str, said: frozenset[str]) -> Verdict | None:
    if {"hit", "hits", "miss", "misses"} & said:
        return Verdict("cause", f"{asked.names} is the efficiency of a cache")
    asked_for = said & {"http", "grpc", "request", "requests"}
    if said & told.TELEMETRY and not asked_for and "alerts" not in said:
        return Verdict("cause", f"{asked.names} loses telemetry, not requests")
    if share == "failed" and said & told.REFUSED and not asked_for:
        return Verdict(None, f"{asked.names}: who is refused may be at fault, or the service that refuses")
    if share == "slow":
        return _timed(asked, said)
    if share == "client":
        return Verdict("cause", f"{asked.names} counts requests that their sender got wrong (4xx)")
    if said & told.PHYSICAL and not asked_for:
        return Verdict("cause", f"{asked.names} counts failures below any request")
    if _dependency(said):
        return Verdict("cause", f"{asked.names} is the error ratio of a call that the service makes itself")
    return Verdict("symptom", f"{asked.names} is a share of {share} outcomes")


def _dependency(said: frozenset[str]) -> bool:
    """Whether the words name a call that the service makes itself."""
    dependency = said & (told.DEPENDENCY | {"operator"})
    if dependency <= {"dns"} and said & {"coredns", "responses"} and "lookups" not in said:
        return bool(dependency - {"dns"})
    return bool(dependency)


def _timed(asked: Asked, said: frozenset[str]) -> Verdict | None:
    """A time is a symptom when it is a caller's, a cause when it is a part's."""
    internal = said & told.INTERNAL_LATENCY
    if "coredns" in said:
        internal -= {"dns"}
    if internal:
        parts = ", ".join(sorted(internal)[:2])
        return Verdict("cause", f"{asked.names} times a part ({parts}), not what a caller waits for")
    if said & told.REQUEST and said & told.DURATION:
        return Verdict("symptom", f"{asked.names} is how long callers wait")
    return None


_MEAN = regex(r":(mean|avg|median|p\d\d)")


def _responds(said: frozenset[str]) -> bool:
    """Whether the words are those of a gauge of response times."""
    timed = said & {"latency", "duration"} or {"response", "time"} <= said
    return bool(timed) and bool(said & {"http", "request", "requests", "response", "page", "query"})


def _recorded_share(asked: Asked) -> Verdict | None:
    """A share that was computed elsewhere: its name is all there is."""
    names = " ".join(selector.name or "" for selector in asked.found)
    if len(asked.found) > 1 or not _SHARE.search(names):
        return None
    said = words(names)
    if _dependency(said) or said & (told.PHYSICAL | told.TELEMETRY):
        return None
    if said & (told.DELIVERED | {"http", "grpc", "api", "service", "slo", "sli"}):
        return Verdict("symptom", f"{asked.names} is a share of outcomes by its name")
    return None


_SHARE = regex(
    r"(error|errors|failure|failures|success)[:_](ratio|rate_ratio|percent|percentage|ratio_rate\w*)\b|"
    r"[:_]avail(ability)?(_?\d+[smhd])?(_ratio|_percent)?$|[:_](error|success|failure)_rate(_?\d*[smhd])?$"
)


def _latency(asked: Asked) -> Verdict | None:
    """How long a unit of work took: a quantile, a recorded quantile, or time over count."""
    said = asked.words
    quantile = any(call.func.name == "histogram_quantile" for call in calls(asked.value))
    labelled = any(matcher.label == "quantile" for selector in asked.found for matcher in selector.matchers)
    recorded = any(
        "quantile" in word or "percentile" in word or re.fullmatch(r"p\d\d", word) for word in said
    )
    pair = division(asked.value)
    mean = False
    if pair is not None:
        top, bottom = tuple(selected(pair[0])), tuple(selected(pair[1]))
        mean = (
            bool(top and bottom)
            and is_time(top[0].name or "")
            and not is_time(bottom[0].name or "x_seconds_count"[:1])
        )
    recorded = recorded or any(_MEAN.search(selector.name or "") for selector in asked.found)
    gauge = not {"rate", "increase", "irate", "delta"} & {
        call.func.name for call in calls(asked.value)
    } and _responds(said)
    if not (quantile or labelled or recorded or mean or gauge) or asked.operator.startswith("<"):
        return None
    return _timed(asked, said)


_WAITING = frozenset(
    {"queue", "queues", "message", "messages", "job", "jobs", "task", "tasks", "request", "event"}
)


def _age(asked: Asked) -> Verdict | None:
    """The age of the oldest thing waiting is how long its sender waits."""
    if asked.words & {"oldest", "age"} and asked.words & _WAITING and asked.operator.startswith(">"):
        return Verdict("symptom", f"{asked.names} is how long work has been waiting")
    return None


def _lost(asked: Asked) -> Verdict | None:
    if not asked.words & told.LOST and not any(
        words(matcher.value) & told.LOST
        for selector in asked.found
        for matcher in selector.matchers
        if matcher.op == "="
    ):
        return None
    if asked.words & told.TELEMETRY or {"receive", "transmit", "packets", "packet"} & asked.words:
        return Verdict("cause", f"{asked.names} loses telemetry or packets, not requests")
    if asked.words & told.DELIVERED and not _dependency(asked.words) and not asked.words & told.PHYSICAL:
        return Verdict("symptom", f"{asked.names} counts what users handed over and lost")
    return None


def _failures(asked: Asked) -> Verdict | None:
    """A bare count of failures: noisy, a ratio would say how many users it hits."""
    if not {call.func.name for call in calls(asked.value)} & {"rate", "increase", "irate", "delta"}:
        return None
    said = asked.words
    if "invalid" in said:
        return Verdict("cause", f"{asked.names} counts what its sender got wrong")
    served = said & {"http", "request", "requests", "responses", "grpc", "query", "queries"}
    if said & told.BAD:
        if {"connection", "connections", "connect"} & said and {"backend", "backends", "server"} & said:
            return Verdict("cause", f"{asked.names} counts connections to a backend; retries may hide them")
        if _dependency(said) or said & told.PHYSICAL or said & {"internal", "panic", "panics"}:
            return Verdict("cause", f"{asked.names} counts failures inside or of a dependency")
        if said & told.PRODUCT or served:
            return Verdict(
                "symptom",
                f"{asked.names} counts failed work (a ratio would be less noisy)",
            )
        return None
    outcome = outcome_of([matcher for selector in asked.found for matcher in selector.matchers])
    if outcome == "client":
        return Verdict("cause", f"{asked.names} counts requests that their sender got wrong (4xx)")
    if (
        outcome == "failed"
        and said & {"http", "requests", "request", "responses", "grpc"}
        and not _dependency(said)
    ):
        return Verdict("symptom", f"{asked.names} counts failed requests (a ratio would be less noisy)")
    return None


def _stopped(asked: Asked, called: set[str]) -> bool:
    """Whether it asks for nothing where something should flow: what stopped, names do not tell."""
    none = (asked.operator, asked.bound) in {("==", 0), ("<", 1)}
    flows = bool(called & {"rate", "increase", "irate"})
    stands = {"available", "endpoint"} & asked.words and any(one.matchers for one in asked.found)
    checked = asked.names.endswith("_success")
    return none and bool(flows or stands or checked)


def _inside(asked: Asked) -> Verdict | None:
    said = asked.words
    called = {call.func.name for call in calls(asked.value)}
    if any(re.search(r":i?rate\d", selector.name or "") for selector in asked.found):
        called.add("rate")
    if called & {"deriv", "changes", "resets"}:
        return Verdict("cause", f"{asked.names} changes: state of the inside")
    traffic = said & {"requests", "request", "queries"} and not said & told.BAD
    if (
        traffic
        and division(asked.value) is None
        and asked.operator.startswith(">")
        and called & {"rate", "increase", "irate"}
    ):
        return Verdict("cause", f"{asked.names} is traffic, which hurts nobody by itself")
    if _stopped(asked, called):
        return None
    inside = said & (told.RESOURCE | told.PHYSICAL | told.DEPENDENCY)
    waits = said & {"duration", "latency"} or ({"response", "time"} <= said)
    if inside and not waits and not said & {"unavailable", "offline"}:
        return Verdict("cause", f"{asked.names} is a state of the inside ({', '.join(sorted(inside)[:2])})")
    if waits and said & told.INTERNAL_LATENCY:
        return Verdict("cause", f"{asked.names} times a part of the inside")
    return None


RULES: tuple[Callable[[Asked], Verdict | None], ...] = (
    _burn,
    _probe,
    _expiry,
    _absent,
    _nobody_left,
    _in_label,
    _up,
    _unavailable,
    _ratio,
    _age,
    _recorded_share,
    _latency,
    _lost,
    _failures,
    _inside,
)
"""The ways of telling, surest first."""
