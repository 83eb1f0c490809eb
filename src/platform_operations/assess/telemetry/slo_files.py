"""Service level objectives as code: OpenSLO, Sloth, Pyrra; others are recognised only."""

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal, DecimalException
from typing import NamedTuple

from platform_operations.assess.places import aside, documents, kebab, lines_of, text_of, unique
from platform_operations.assess.telemetry.rule_files import RawAlert, Rules
from platform_operations.model.assessment import Fact
from platform_operations.model.evidence import repo_uri
from platform_operations.model.reliability import Sli, Slo
from platform_operations.model.words import SliKind, SliSource
from platform_operations.patterns import regex
from platform_operations.repository import Repository
from platform_operations.repository.yaml_lines import Node
from platform_operations.slo.durations import duration, range_seconds

MAX_FILES = 1_000
_HELM = frozenset({"templates"})
_LIKELY = ("slo", "sloth", "pyrra", "objective", "reliab", "monitor", "observab", "alert")
_WORDS = (
    *(
        "openslo",
        "sloth",
        "pyrra",
        "ServiceLevel",
        "slos:",
        "n9/v1alpha",
        "kind: SLO",
        "prometheus/v1",
        '_slo"',
    ),
    *("SLOs:", "service_level", "sre.google.com", "_slo_", "DatadogSLO"),
)
_OBJECTIVE = regex(
    r"^[ \t]*(kind:[ \t]*['\"]?(SLO|ServiceLevelObjective|PrometheusServiceLevel)\b|slos:)", re.M
)
_OTHERS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("datadog", regex(r"^\s*resource\s+\"datadog_service_level_objective\"")),
    ("google-cloud-operations", regex(r"^\s*resource\s+\"google_monitoring_slo\"")),
    ("newrelic", regex(r"^\s*resource\s+\"newrelic_service_level\"")),
    ("grafana", regex(r"^\s*resource\s+\"grafana_slo\"")),
    ("nobl9", regex(r"^\s*resource\s+\"nobl9_slo\"|^\s*apiVersion:\s*n9/v1alpha")),
    ("cloudwatch", regex(r"AWS::ApplicationSignals::ServiceLevelObjective|^\s*resource\s+\"awscc_applicationsignals_service_level_objective\"")),
    ("datadog", regex(r"^\s*kind:\s*DatadogSLO\s*$")),
    ("dynatrace", regex(r"^\s*resource\s+\"dynatrace_slo(?:_v2)?\"")),
    ("elastic", regex(r"^\s*resource\s+\"elasticstack_kibana_slo\"")),
    ("splunk", regex(r"^\s*resource\s+\"signalfx_slo\"")),
    ("google-cloud-operations", regex(r"^\s*kind:\s*MonitoringServiceLevelObjective\s*$")),
    ("honeycomb", regex(r"^\s*resource\s+\"honeycombio_slo\"")),
    ("slo-generator", regex(r"^\s*apiVersion:\s*['\"]?sre\.google\.com/")),
)  # fmt: skip
_OTHER_WORDS = (
    "service_level", "_slo\"", "n9/v1alpha", "ServiceLevelObjective", "sre.google.com", "_slo_", "DatadogSLO"
)  # fmt: skip
"""One of them stands in every line that one of _OTHERS finds."""
_THIRTY_DAYS = "30d"


class _Found(NamedTuple):
    """One objective as a file declares it; lines are of the file."""

    name: str
    objective: str | None
    window: str
    sli: Sli
    owner: str | None
    first: int
    last: int


def read_slos(
    repository: Repository, component_of: Callable[[str], str], rules: Rules | None = None
) -> tuple[tuple[Slo, ...], tuple[Fact, ...]]:
    """Return every objective declared in the repository's own files, and whether there is any.

    Objectives with a number are `active`: whether history supports them is not a file's to say. Calendar
    windows become their length in days (a month 30). Where `rules` that were read already alert on an objective by name
    and compare with its number, or another tool holds the queries (Datadog, Google
    Cloud) the practice is present and no entry is made up.
    """
    slos: list[Slo] = []
    facts: list[Fact] = []
    elsewhere: list[str] = []
    for path in _candidates(repository):
        text = text_of(repository, path)
        if text is None or not any(word in text for word in _WORDS):
            continue
        lines = _of_a_mixin(lines_of(text)) if path.endswith(".libsonnet") else _others(text)
        elsewhere += [repo_uri(path, line) for line in lines]
        if not path.endswith((".yml", ".yaml")):
            continue
        read = documents(path, text)
        if isinstance(read, Fact):
            facts += [read] if _OBJECTIVE.search(text) else []
            continue
        for document in read:
            for found in _declared(document):
                slos.append(_slo(found, path, component_of(path), [slo.id for slo in slos]))
    elsewhere += _alerted(rules.alerts if rules else ())
    return tuple(slos), (*facts, _practice(repository, slos, elsewhere))


_OF_AN_OBJECTIVE = regex(r"(?:^|[^A-Z])SLO(?:[^a-z]|$)|Error_?Budget|Burn_?Rate")
_NUMBER = regex(r"(?<![\w.])(?:0?\.\d+|9\d(?:\.\d+)?)(?![\w.])")


def _alerted(alerts: Sequence[RawAlert]) -> Iterator[str]:
    """Yield the lines of alerts that are named after an objective; those of the stack's own cluster are nobody's choice."""
    for alert in alerts:
        if alert.name.startswith("Kube") or not _OF_AN_OBJECTIVE.search(alert.name):
            continue
        if _NUMBER.search(alert.expression or alert.hint):
            yield repo_uri(alert.path, alert.expression_line)


def _candidates(repository: Repository) -> list[str]:
    own = [
        path
        for path in repository.paths
        if path.endswith((".yml", ".yaml", ".tf", "config.libsonnet"))
        and not aside(path, but=_HELM)
        and not path.startswith(".github/")
    ]
    likely = [path for path in own if any(word in path.lower() for word in _LIKELY)]
    known = set(likely)
    rest = sorted((path for path in own if path not in known), key=lambda path: (path.count("/"), path))
    return [*likely, *rest][:MAX_FILES]


_TARGETS = regex(r"^\s*SLOs\s*:\s*\{")
_TARGET = regex(r"^\s*(?:target|objective)\s*:\s*(?:0?\.\d+|9\d(?:\.\d+)?)\b")


def _of_a_mixin(rows: Sequence[str]) -> Iterator[int]:
    """Yield the line of the objectives that the settings of a mixin hold, where one has a number."""
    for number, row in enumerate(rows, 1):
        if _TARGETS.match(row) and any(_TARGET.match(one[:200]) for one in rows[number : number + 10]):
            yield number


def _others(text: str) -> Iterator[int]:
    if not any(word in text for word in _OTHER_WORDS):
        return
    for number, row in enumerate(lines_of(text), 1):
        if len(row) < 1_000 and any(pattern.search(row) for _, pattern in _OTHERS):
            yield number


def _declared(document: Node) -> Iterator[_Found]:
    version, named = document.string("apiVersion") or "", document.string("kind") or ""
    if version.startswith(("openslo/", "openslo.com/")) and named == "SLO":
        yield from _openslo(document)
    elif version.startswith("sloth.slok.dev/") and named == "PrometheusServiceLevel":
        spec = document.get("spec")
        yield from _sloth(spec, spec) if spec is not None else ()
    elif (document.string("version") or "").startswith("prometheus/v1") and document.get("slos") is not None:
        yield from _sloth(document, document)
    elif version.startswith("pyrra.dev/") and named == "ServiceLevelObjective":
        yield from _pyrra(document)


def _openslo(document: Node) -> Iterator[_Found]:
    name = document.string("metadata", "name") or "slo"
    spec = document.get("spec")
    if spec is None:
        return
    window = next(
        (_window(item) for item in spec.children("timeWindow") or spec.children("timeWindows")), _THIRTY_DAYS
    )
    sli = _openslo_sli(spec)
    targets = spec.children("objectives")
    for number, target in enumerate(targets, 1):
        share, percent = target.string("target"), target.string("targetPercent")
        objective = _percent(percent, 1) if percent else _percent(share, 100)
        label = kebab(target.string("displayName") or "") or str(number)
        own = f"{name}-{label}" if len(targets) > 1 else name
        yield _Found(
            own,
            objective,
            window,
            sli,
            document.string("metadata", "labels", "owner"),
            document.first,
            document.last,
        )


def _openslo_sli(spec: Node) -> Sli:
    metric = spec.get("indicator", "spec", "ratioMetric") or spec.get("sli", "spec", "ratioMetric")
    good = _query(metric, "good")
    bad = _query(metric, "bad")
    total = _query(metric, "total")
    if good is None and bad and total:
        good = f"({total}) - ({bad})"
    source: SliSource = "prometheus" if total and good else "none"
    kind = _kind(" ".join(filter(None, (spec.string("description"), good, total))))
    return Sli(kind=kind, source=source, good=good, total=total)


def _query(metric: Node | None, side: str) -> str | None:
    if metric is None:
        return None
    source = metric.get(side, "metricSource")
    if source is None:
        return None
    named = (source.string("type") or "").lower()
    query = source.string("spec", "query") or source.string("spec", "promql")
    return _windowed(query) if query and (not named or "prom" in named) else None


def _sloth(document: Node, holder: Node) -> Iterator[_Found]:
    service = holder.string("service") or ""
    owner = holder.string("labels", "owner") or holder.string("labels", "team")
    for item in document.children("slos"):
        name = item.string("name") or "slo"
        errors = _windowed(
            item.string("sli", "events", "error_query") or item.string("sli", "events", "errorQuery")
        )
        total = _windowed(
            item.string("sli", "events", "total_query") or item.string("sli", "events", "totalQuery")
        )
        good = f"({total}) - ({errors})" if errors and total else None
        own = item.string("labels", "owner") or item.string("labels", "team") or owner
        said = " ".join(filter(None, (name, item.string("description"), errors)))
        sli = Sli(kind=_kind(said), source="prometheus", good=good, total=total if good else None)
        named = name if not service or kebab(name).startswith(kebab(service)) else f"{service}-{name}"
        yield _Found(
            named, _percent(item.string("objective"), 1), _THIRTY_DAYS, sli, own, item.first, item.last
        )


def _pyrra(document: Node) -> Iterator[_Found]:
    spec = document.get("spec")
    if spec is None:
        return
    labels = document.get("metadata", "labels")
    owner = next(
        (
            value.text
            for key, value in (labels.pairs if labels else ())
            if key.text.endswith(("team", "owner"))
        ),
        None,
    )
    yield _Found(
        document.string("metadata", "name") or "slo",
        _percent(spec.string("target"), 1),
        _days(spec.string("window")) or _THIRTY_DAYS,
        _pyrra_sli(spec),
        owner,
        document.first,
        document.last,
    )


def _pyrra_sli(spec: Node) -> Sli:
    for key in ("ratio", "latency"):
        total = spec.string("indicator", key, "total", "metric")
        if not total:
            continue
        whole = f"sum(increase({total}[$window]))"
        errors = spec.string("indicator", key, "errors", "metric")
        success = spec.string("indicator", key, "success", "metric")
        good = (
            f"sum(increase({success}[$window]))"
            if success
            else f"{whole} - (sum(increase({errors}[$window])) or vector(0))"
        )
        if not (errors or success):
            continue
        kind: SliKind = "latency" if key == "latency" else "availability"
        bound = re.search(r"le=\"([0-9.]{1,12})\"", success or "") if key == "latency" else None
        threshold = bound[1] if bound and _percent(bound[1], 1) is not None else None
        return Sli(kind=kind, source="prometheus", good=good, total=whole, threshold_seconds=threshold)
    return Sli(kind="availability", source="none")


def _slo(found: _Found, path: str, component: str, taken: list[str]) -> Slo:
    return Slo(
        id=unique(kebab(found.name) or "slo", taken),
        component=component,
        sli=found.sli,
        objective=found.objective,
        window=found.window,
        status="active" if found.objective else "needs-baseline",
        owner=found.owner,
        origin="existing",
        evidence=(repo_uri(path, found.first, min(found.last, found.first + 59)),),
    )


def _windowed(query: str | None) -> str | None:
    """Return a query with the tool's own placeholder for the range replaced by ours."""
    if query is None or not query.strip():
        return None
    return re.sub(r"\{\{\s*\.window\s*\}\}|\$__rate_interval|\$window", "$window", query.strip()[:5_000])


def _percent(text: str | None, factor: int) -> str | None:
    """Return a number times `factor` as a percentage in plain digits, None unless it lies in 0 to 100."""
    try:
        value = Decimal((text or "").strip().rstrip("%")[:20]) * factor
    except DecimalException:
        return None
    if not value.is_finite() or not 0 < value <= 100:
        return None
    plain = f"{value.normalize():f}"
    return plain if len(plain) <= 12 else None


def _window(item: Node) -> str:
    return _days(item.string("duration")) or _THIRTY_DAYS


def _days(text: str | None) -> str | None:
    """Return a duration of a plan from 28d, 4w, 1M, 1Q or 1Y; None when it is none."""
    found = re.fullmatch(r"([1-9]\d{0,3})(M|Q|Y|y)", (text or "").strip())
    if found:
        return f"{int(found[1]) * {'M': 30, 'Q': 90, 'Y': 365, 'y': 365}[found[2]]}d"
    seconds = range_seconds((text or "").strip())
    return duration(seconds) if seconds and seconds < 9_999_999 else None


def _kind(said: str) -> SliKind:
    if re.search(r"latency|duration|_bucket|slow|response.?time", said, re.I):
        return "latency"
    if re.search(r"fresh|staleness|last_success", said, re.I):
        return "freshness"
    return "correctness" if re.search(r"correctness|\bquality\b", said, re.I) else "availability"


def _practice(repository: Repository, slos: list[Slo], elsewhere: list[str]) -> Fact:
    uris = [uri for slo in slos if slo.objective for uri in slo.evidence] or elsewhere
    if uris:
        return Fact(
            subject="practices",
            aspect="slos",
            outcome="present",
            strength="present",
            reason=f"{len(slos) or len(elsewhere)} objectives declared",
            evidence=tuple(uris[:3]),
        )
    return Fact(
        subject="practices",
        aspect="slos",
        outcome="unknown" if repository.cut else "absent",
        reason=repository.cut or "no objective is declared in a file of OpenSLO, Sloth, Pyrra or a vendor",
    )
