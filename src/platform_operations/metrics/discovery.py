"""Candidate SLIs: what the metrics of a source measure that users of a component feel.

The families are looked up by convention, matched to the component by the labels that name it, freed of
health-check traffic where a label shows it, and given with the reason for each choice. No metric is ever
made up: a query names only what the source has.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, runtime_checkable

from platform_operations.metrics.instrumentation import (
    FAMILIES,
    GRPC_CODES,
    GRPC_FAULT_NUMBERS,
    GRPC_FAULTS,
    HEALTH_PATH,
    HTTP_CODES,
    INTERNAL_NAMES,
    JOB_FRESH_SECONDS,
    LATENCY_SECONDS,
    PATHS,
    QUEUE_FRESH_SECONDS,
    SUBJECTS,
    Family,
)
from platform_operations.metrics.source import MetricSource
from platform_operations.model.reliability import Sli
from platform_operations.slo.budget import decimal
from platform_operations.slo.promql import Matcher
from platform_operations.slo.sli import NamedSli

MOST_VALUES = 2000
_LABELS = (
    *SUBJECTS,
    *HTTP_CODES,
    *GRPC_CODES,
    *PATHS,
    "grpc_service",
    "le",
    "instance",
    "queue",
    "name",
    "reporter",
)
_PLAIN = re.compile(r"[a-z0-9]+")


@runtime_checkable
class Catalogue(Protocol):
    """A source whose metrics can be listed."""

    def metric_names(self) -> tuple[str, ...]:
        """Every metric name, sorted."""
        ...

    def label_values(self, metric: str, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The values that those of the labels which a metric has take, sorted."""
        ...


@dataclass(frozen=True, slots=True)
class Discovery:
    """The SLIs found, by id, and why other metrics were passed over."""

    slis: tuple[NamedSli, ...]
    passed: tuple[str, ...] = ()


def discover(source: MetricSource, names: Sequence[str] = ()) -> Discovery:
    """The candidate SLIs of a source for a component that goes by any of `names`.

    What the source lists itself comes first. Without names every subject is taken; with names those that
    share one, and a subject that is the source's only one.
    """
    listed = source.listed()
    if listed or not isinstance(source, Catalogue):
        return Discovery(listed)
    found: dict[str, NamedSli] = {}
    passed: list[str] = []
    metrics = source.metric_names()
    for family in FAMILIES:
        for metric in metrics:
            if not family.match(metric):
                continue
            if INTERNAL_NAMES.fullmatch(metric):
                passed.append(f"{metric}: about the monitoring or the platform itself")
                continue
            values = source.label_values(metric, _LABELS)
            for sli in _candidates(family, metric, metrics, values, names, passed):
                if sli.id in found:
                    passed.append(f"{metric}: {sli.id} is measured already ({found[sli.id].why})")
                found.setdefault(sli.id, sli)
    return Discovery(tuple(found[key] for key in sorted(found)), tuple(dict.fromkeys(passed)))


def _candidates(
    family: Family,
    metric: str,
    metrics: Sequence[str],
    values: dict[str, tuple[str, ...]],
    names: Sequence[str],
    passed: list[str],
) -> list[NamedSli]:
    label = next((label for label in SUBJECTS if values.get(label)), None)
    subjects = values[label] if label is not None else ()
    if label is None:
        subject = names[0] if names else family.protocol
        return _sli(family, metric, metrics, values, subject, ()) or _none(metric, passed)
    chosen = [subject for subject in subjects if not names or any(_same(subject, name) for name in names)]
    if not chosen and len(subjects) == 1:
        chosen = list(subjects)
    if not chosen:
        passed.append(f"{metric}: no {label} is called like {' or '.join(names)} ({', '.join(subjects[:5])})")
    return [
        sli
        for subject in chosen
        for sli in _sli(family, metric, metrics, values, subject, (Matcher(label, "=", subject),))
        or _none(metric, passed)
    ]


def _none(metric: str, passed: list[str]) -> list[NamedSli]:
    passed.append(f"{metric}: no label tells good from bad, or its partner metric is missing")
    return []


def _same(subject: str, name: str) -> bool:
    """Whether one name is the other, or begins it word by word: checkout and checkout-api."""
    left, right = _PLAIN.findall(subject.lower()), _PLAIN.findall(name.lower())
    short, long = sorted((left, right), key=len)
    return bool(short) and (long[: len(short)] == short or long[-len(short) :] == short)


def _sli(
    family: Family,
    metric: str,
    metrics: Sequence[str],
    values: dict[str, tuple[str, ...]],
    subject: str,
    matchers: tuple[Matcher, ...],
) -> list[NamedSli]:
    conditions = [str(matcher) for matcher in matchers]
    conditions += [family.extra] if family.extra.partition("=")[0] in values else []
    health = _health(values)
    reason = f"{metric}: {family.why}" + (f"; without {health[1]}" if health else "")
    conditions += [health[0]] if health else []
    made = _queries(family, metric, metrics, values, conditions)
    if made is None:
        return []
    kind = made.kind
    key = "-".join(_PLAIN.findall(subject.lower())) or family.protocol
    middle = "" if family.protocol in ("http", "tasks", "job", "queue") else f"{family.protocol}-"
    what = f"{kind} of {subject}" if not middle else f"{kind} of {subject} ({family.protocol})"
    return [NamedSli(f"{key}-{middle}{kind}", what, made, reason)]


def _health(values: dict[str, tuple[str, ...]]) -> tuple[str, str] | None:
    """The condition that leaves health checks out, and the values it names; None where no label shows any."""
    for label in PATHS:
        found = [value for value in values.get(label, ()) if HEALTH_PATH.fullmatch(value)]
        if found:
            pattern = "|".join(re.escape(value).replace("\\/", "/").replace("\\-", "-") for value in found)
            return str(Matcher(label, "!~", pattern)), ", ".join(found)
    services = [value for value in values.get("grpc_service", ()) if value == "grpc.health.v1.Health"]
    return (str(Matcher("grpc_service", "!=", services[0])), services[0]) if services else None


def _queries(
    family: Family,
    metric: str,
    metrics: Sequence[str],
    values: dict[str, tuple[str, ...]],
    conditions: list[str],
) -> Sli | None:
    match family.shape:
        case "requests":
            good = _good(family, values)
            return None if good is None else _ratio(metric, conditions, good)
        case "histogram":
            return _latency(family, metric, values, conditions)
        case "outcomes":
            return _outcomes(metric, metrics, conditions)
        case "last-success":
            return _slices(f"time() - max({_selected(metric, conditions)})", JOB_FRESH_SECONDS)
        case "age":
            return _slices(f"max({_selected(metric, conditions)})", QUEUE_FRESH_SECONDS)
        case "probe":
            probe = _selected(metric, conditions)
            good = f"sum(sum_over_time({probe}[$window]))"
            return Sli(
                kind="availability",
                source="prometheus",
                good=good,
                total=f"sum(count_over_time({probe}[$window]))",
            )


def _good(family: Family, values: dict[str, tuple[str, ...]]) -> str | None:
    for label in family.codes:
        seen = values.get(label, ())
        if not seen:
            continue
        if family.protocol == "grpc":
            numeric = all(value.isdigit() for value in seen)
            return str(Matcher(label, "!~", GRPC_FAULT_NUMBERS if numeric else GRPC_FAULTS))
        if all(re.fullmatch(r"[1-5](?:[0-9]{2}|xx|XX)|0|unknown|", value) for value in seen):
            return str(Matcher(label, "!~", "5.."))
        bad = [
            value
            for value in seen
            if re.fullmatch(r"(?i)errors?|fail(?:ed|ure)?|exception|.*server_error", value)
        ]
        if bad:
            return str(Matcher(label, "!~", "|".join(map(re.escape, bad))))
    return None


def _ratio(metric: str, conditions: list[str], good: str) -> Sli:
    return Sli(
        kind="availability",
        source="prometheus",
        good=f"sum(increase({_selected(metric, [*conditions, good])}[$window]))",
        total=f"sum(increase({_selected(metric, conditions)}[$window]))",
    )


def _latency(
    family: Family, metric: str, values: dict[str, tuple[str, ...]], conditions: list[str]
) -> Sli | None:
    bounds = {text: Fraction(text) / family.unit for text in values.get("le", ()) if _BOUND.fullmatch(text)}
    enough = [text for text in bounds if bounds[text] >= Fraction(LATENCY_SECONDS)]
    chosen = (
        min(enough, key=bounds.__getitem__) if enough else max(bounds, key=bounds.__getitem__, default=None)
    )
    if chosen is None:
        return None
    bucket = _selected(metric, [*conditions, str(Matcher("le", "=", chosen))])
    count = _selected(metric.removesuffix("_bucket") + "_count", conditions)
    return Sli(
        kind="latency",
        source="prometheus",
        threshold_seconds=decimal(bounds[chosen]),
        good=f"sum(increase({bucket}[$window]))",
        total=f"sum(increase({count}[$window]))",
    )


_BOUND = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?", re.ASCII)


def _outcomes(metric: str, metrics: Sequence[str], conditions: list[str]) -> Sli | None:
    """Succeeded and failed work in two counters; asked once, from the failed one."""
    if "_failed_" not in metric:
        return None
    for word, includes_failed in (("succeeded", False), ("processed", True)):
        partner = metric.replace("_failed_", f"_{word}_")
        if partner in metrics:
            done = f"sum(increase({_selected(partner, conditions)}[$window]))"
            failed = f"(sum(increase({_selected(metric, conditions)}[$window])) or vector(0))"
            good, total = (f"{done} - {failed}", done) if includes_failed else (done, f"{done} + {failed}")
            return Sli(kind="availability", source="prometheus", good=good, total=total)
    return None


def _slices(age: str, threshold: int) -> Sli:
    """Minutes in which the age was within the threshold, of all minutes in which it was known."""
    return Sli(
        kind="freshness",
        source="prometheus",
        slice="1m",
        threshold_seconds=str(threshold),
        good=f"sum_over_time(({age} <= bool {threshold})[$window:1m])",
        total=f"count_over_time(({age})[$window:1m])",
    )


def _selected(metric: str, conditions: Sequence[str]) -> str:
    return f"{metric}{{{','.join(conditions)}}}" if conditions else metric
