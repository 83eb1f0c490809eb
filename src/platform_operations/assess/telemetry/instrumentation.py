"""Which signals the components send, and which observability tools the repository configures."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from platform_operations.assess.manifests import Dependency, Manifest
from platform_operations.assess.places import (
    MAX_READ,
    aside,
    file_name,
    kebab,
    lines_of,
    test_file,
    text_of,
    vendored,
    within,
)
from platform_operations.assess.telemetry.instruments import INSTRUMENTS, LOGGERS, STANDARD_OUTPUT
from platform_operations.assess.units import read_manifests
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component
from platform_operations.model.evidence import repo_uri
from platform_operations.model.reliability import ObservabilityPillar
from platform_operations.model.words import Pillar
from platform_operations.repository import Repository

MAX_SOURCES = 400
MAX_CONFIG = 1_200
_PILLARS: tuple[Pillar, ...] = ("metrics", "logs", "traces", "profiles", "events")
_SOURCE = (
    ".py",
    ".js",
    ".mjs",
    ".ts",
    ".tsx",
    ".go",
    ".rs",
    ".rb",
    ".java",
    ".kt",
    ".cs",
    ".php",
    ".ex",
    ".exs",
    ".scala",
)
_HELM = frozenset({"templates"})
_CONFIG = (
    ".yml",
    ".yaml",
    ".toml",
    ".json",
    ".tf",
    ".tf.json",
    ".conf",
    ".alloy",
    ".river",
    ".hcl",
    ".cfg",
    ".ini",
    ".bicep",
)


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that shows a tool in use: the first match of `line` in files whose path matches `path`."""

    tool: str
    line: re.Pattern[str]
    path: re.Pattern[str] = re.compile("")


def _mark(tool: str, line: str, path: str = "") -> Mark:
    return Mark(tool, re.compile(line), re.compile(path, re.I))


def _image(tool: str, names: str) -> Mark:
    return _mark(tool, rf"^\s*image:\s*['\"]?\S*({names})")


def _kind(tool: str, kinds: str) -> Mark:
    return _mark(tool, rf"^\s*kind:\s*({kinds})\s*$")


def _resource(tool: str, prefix: str) -> Mark:
    return _mark(tool, rf"^\s*resource\s+\"{prefix}\w+\"")


MARKS: tuple[Mark, ...] = (
    _mark("prometheus", r"^\s*scrape_configs\s*:"),
    _kind("prometheus", "ServiceMonitor|PodMonitor|PrometheusRule|Prometheus|Probe|ScrapeConfig"),
    _mark("prometheus", r"prometheus\.io/scrape['\"]?\s*:\s*['\"]?true"),
    _image("prometheus", "prom/prometheus|prometheus/prometheus|kube-prometheus-stack"),
    _mark("prometheus", r"(chart|name):\s*['\"]?(kube-)?prometheus(-stack|-community\S*)?['\"]?\s*$"),
    _image("alertmanager", "prom/alertmanager|prometheus/alertmanager"),
    _kind("alertmanager", "Alertmanager|AlertmanagerConfig"),
    _mark("alertmanager", r"^\s*alertmanagers\s*:"),
    _kind("opentelemetry", "OpenTelemetryCollector|Instrumentation"),
    _image("opentelemetry", "opentelemetry-collector|otel/"),
    _mark("opentelemetry", r"OTEL_(EXPORTER_OTLP_|SERVICE_NAME|TRACES_|METRICS_)"),
    _mark("opentelemetry", r"^\s*otlp\s*:", r"otel|collector"),
    _image("grafana", r"grafana/grafana\b"),
    _kind("grafana", "Grafana|GrafanaDashboard|GrafanaDatasource"),
    _mark("grafana", r"\"schemaVersion\"\s*:\s*\d+", r"dashboard|grafana|monitoring|observab"),
    _resource("grafana", "grafana_"),
    _mark("grafana", r"grafana_dashboard\s*:\s*['\"]?1"),
    _image("loki", "grafana/(loki|promtail)"),
    _image("tempo", "grafana/tempo"),
    _image("jaeger", "jaegertracing/"),
    _image("fluentd", "fluent/fluentd|fluentd-kubernetes"),
    _image("fluentbit", "fluent-bit"),
    _image("vector", "timberio/vector"),
    _resource("datadog", "datadog_"),
    _mark("datadog", r"\b(DD_API_KEY|DD_SERVICE|DD_AGENT_HOST|DD_ENV|DD_TRACE_ENABLED)\b"),
    _mark("datadog", r"ad\.datadoghq\.com/|tags\.datadoghq\.com/"),
    _image("datadog", "datadog/agent"),
    _resource("newrelic", "newrelic_"),
    _mark("newrelic", r"\bNEW_RELIC_(LICENSE_KEY|APP_NAME)\b"),
    _mark("sentry", r"\bSENTRY_(DSN|AUTH_TOKEN|PROJECT)\b"),
    _mark("cloudwatch", r"AWS::CloudWatch::(Alarm|CompositeAlarm|Dashboard)"),
    _mark("cloudwatch", r"AWS::Logs::(LogGroup|MetricFilter)"),
    _resource("cloudwatch", "aws_cloudwatch_"),
    _mark("cloudwatch", r"awslogs-group|\"logDriver\"\s*:\s*\"awslogs\""),
    _mark("xray", r"Tracing(Config)?\s*:\s*(Active|\{)|tracing_mode\s*=\s*\"Active\""),
    _mark("applicationinsights", r"Microsoft\.Insights/components|azurerm_application_insights"),
    _mark("applicationinsights", "APPLICATIONINSIGHTS_CONNECTION_STRING|APPINSIGHTS_INSTRUMENTATIONKEY"),
    _mark("splunk", r"\"?splunk-(url|token)\"?\s*[:=]|splunk_hec|SPLUNK_(HEC|TOKEN|ACCESS_TOKEN|REALM)"),
    _image("splunk", "splunk/"),
    _resource("splunk", "splunk_"),
    _resource("pagerduty", "pagerduty_"),
    _mark("pagerduty", r"pagerduty_configs|events\.pagerduty\.com"),
    _resource("opsgenie", "opsgenie_"),
    _mark("opsgenie", r"opsgenie_configs|api\.opsgenie\.com"),
    _mark("honeycomb", r"api\.honeycomb\.io|HONEYCOMB_API_KEY"),
    _resource("honeycomb", "honeycombio_"),
    _mark("statsd", r"\bSTATSD_(HOST|ADDR|URL|PORT)\b|^\s*statsd\s*:"),
    _resource("google-cloud-operations", "google_monitoring_"),
    _image("uptime-kuma", "louislam/uptime-kuma"),
    _resource("checkly", "checkly_"),
)
"""Configuration that shows a tool in use; the words are those of each tool's own files."""

_ANY = re.compile(
    r"scrape|kind:|prometheus|alertmanager|OTEL_|otlp|otel|grafana|schemaVersion|loki|tempo|jaeger|fluent|"
    r"vector|datadog|DD_|newrelic|NEW_RELIC|SENTRY|CloudWatch|cloudwatch|AWS::Logs|awslogs|racing|nsights|"
    r"APPINSIGHTS|splunk|SPLUNK|pagerduty|opsgenie|honeycomb|HONEYCOMB|statsd|STATSD|google_monitoring|"
    r"uptime|checkly"
)
"""What some mark needs: lines without it are not tried one mark after another."""


def read_instrumentation(
    repository: Repository, components: Sequence[Component], manifests: Sequence[Manifest] | None = None
) -> tuple[tuple[ObservabilityPillar, ...], tuple[Fact, ...]]:
    """Return a pillar for each signal and component that a library sends, and the tools that are in use.

    A library counts from the dependency on; `instrumentation` names the source file that imports it where
    one does. A tool is present when a library speaks to it or configuration names it: a fact each, with the
    first lines that show it. What an agent outside the repository collects cannot be seen here.
    """
    known = manifests if manifests is not None else read_manifests(repository)[0]
    shown: dict[str, str] = {}
    pillars: list[ObservabilityPillar] = []
    places = [component.path for component in components]
    for component in components:
        own = list(_dependencies(component, known, places))
        imports = _imports(repository, component, places, [dependency.name for dependency in own])
        pillars += _pillars(component, own, imports, [pillar.id for pillar in pillars], len(components) > 1)
    for manifest in known:
        for dependency in manifest.by_name.values():
            for instrument in INSTRUMENTS.get(dependency.name, ()):
                shown.setdefault(instrument.tool, repo_uri(dependency.path, dependency.line))
    for tool, uri in _configured(repository):
        shown.setdefault(tool, uri)
    facts = tuple(
        Fact(subject="observability", aspect=tool, outcome="present", strength="present", evidence=(uri,))
        for tool, uri in sorted(shown.items())
    )
    return tuple(pillars), facts


def _dependencies(
    component: Component, manifests: Sequence[Manifest], places: Sequence[str]
) -> Iterator[Dependency]:
    """Yield what the component's manifests name, and those of folders without a component."""
    seen: set[str] = set()
    for manifest in manifests:
        holders = [place for place in places if within(manifest.path, place)]
        nearest = max(holders, key=lambda place: 0 if place == "." else len(place), default=None)
        if nearest != component.path:
            continue
        for name, dependency in manifest.by_name.items():
            if name not in seen and (name in INSTRUMENTS or name in LOGGERS):
                seen.add(name)
                yield dependency


def _pillars(
    component: Component,
    own: Sequence[Dependency],
    imports: Mapping[str, tuple[str, int]],
    taken: Sequence[str],
    several: bool,
) -> Iterator[ObservabilityPillar]:
    done: set[Pillar] = set()
    for pillar in _PILLARS:
        for dependency in own:
            sent = [one for one in INSTRUMENTS.get(dependency.name, ()) if pillar in one.pillars]
            logger = pillar == "logs" and dependency.name in LOGGERS
            if not (sent or logger) or pillar in done:
                continue
            done.add(pillar)
            place = imports.get(dependency.name)
            where = f"{dependency.name} in {place[0]}" if place else f"{dependency.name} in {dependency.path}"
            uris = [repo_uri(*place)] if place else []
            name = f"{component.id}-{pillar}" if several or pillar in taken else pillar
            yield ObservabilityPillar(
                id=kebab(name),
                pillar=pillar,
                component=component.id,
                tool=sent[0].tool if sent else STANDARD_OUTPUT,
                instrumentation=where,
                origin="existing",
                evidence=(*uris, repo_uri(dependency.path, dependency.line)),
            )


def _imports(
    repository: Repository, component: Component, places: Sequence[str], names: Sequence[str]
) -> dict[str, tuple[str, int]]:
    """Return for each library the first line that imports it, within MAX_SOURCES files."""
    if not names:
        return {}
    modules = {module: name for name in names for module in _modules(name)}
    pattern = re.compile("|".join(re.escape(module) for module in sorted(modules, key=len, reverse=True)))
    others = [place for place in places if place != component.path and within(place, component.path)]
    sources = [
        path
        for path in repository.paths
        if path.endswith(_SOURCE)
        and within(path, component.path)
        and not aside(path)
        and not test_file(path)
        and not any(within(path, other) for other in others)
    ]
    telling = re.compile(
        r"metric|telemetry|instrument|tracing|trace|log|otel|monitor|sentry|app|main|server|index", re.I
    )
    ranked = sorted(sources, key=lambda path: (not telling.search(file_name(path)), path.count("/"), path))
    found: dict[str, tuple[str, int]] = {}
    for path in ranked[:MAX_SOURCES]:
        text = text_of(repository, path)
        if text is None or not pattern.search(text):
            continue
        for number, row in enumerate(lines_of(text), 1):
            match = pattern.search(row)
            if match and _IMPORT.search(row):
                found.setdefault(modules[match[0]], (path, number))
        if len(found) == len(names):
            break
    return found


_IMPORT = re.compile(
    r"^\s*(import|from|use|using|require|require_once|extern|alias)\b|require\(|import\(|^\s*(\w+\s+)?\"[\w./-]+\"$"
)


def _modules(name: str) -> tuple[str, ...]:
    special = {
        "simpleclient": "io.prometheus",
        "micrometer-registry-prometheus": "io.micrometer",
        "spring-boot-starter-actuator": "io.micrometer",
        "python-json-logger": "pythonjsonlogger",
        "opentelemetry-distro": "opentelemetry",
        "logback-classic": "org.slf4j",
        "prometheus-net": "Prometheus",
    }
    if name in special:
        return (special[name],)
    if name.startswith("opentelemetry-"):
        return (name, "opentelemetry")
    return tuple(dict.fromkeys((name, name.replace("-", "_"), name.replace("-", "."))))


def _configured(repository: Repository) -> Iterator[tuple[str, str]]:
    """Yield each tool that a configuration file names, with the line."""
    telling = re.compile(
        r"prom|alert|grafana|otel|monitor|observ|telemetry|datadog|loki|tempo|jaeger|fluent|dashboard|collector|logging|"
        r"docker-compose|compose|values|deploy|k8s|kube|infra|terraform|\.tf$|template|helm|sentry|newrelic",
        re.I,
    )
    wanted = [
        path
        for path in repository.paths
        if path.endswith(_CONFIG)
        and not vendored(path)
        and not aside(path, but=_HELM)
        and file_name(path) not in {"package.json", "package-lock.json", "pnpm-lock.yaml", "composer.lock"}
    ]
    ranked = sorted(
        wanted, key=lambda path: (path.startswith("."), not telling.search(path), path.count("/"), path)
    )
    found: set[str] = set()
    for path in ranked[: min(MAX_CONFIG, MAX_READ)]:
        text = text_of(repository, path)
        if text is None or not _ANY.search(text):
            continue
        marks = [mark for mark in MARKS if mark.tool not in found and mark.path.search(path)]
        for number, row in enumerate(lines_of(text), 1):
            if len(row) > 2_000 or not _ANY.search(row) or row.lstrip().startswith(("#", "//")):
                continue
            for mark in marks:
                if mark.tool not in found and mark.line.search(row):
                    found.add(mark.tool)
                    yield mark.tool, repo_uri(path, number)
