"""Which signals the components send, and which observability tools the repository configures."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from platform_operations.assess.declared_probes import programs
from platform_operations.assess.manifest import Dependency, Manifest
from platform_operations.assess.places import (
    MAX_READ,
    aside,
    below,
    file_name,
    kebab,
    lines_of,
    nearest,
    test_file,
    text_of,
    vendored,
)
from platform_operations.assess.telemetry.instruments import INSTRUMENTS, LOGGERS, STANDARD_OUTPUT
from platform_operations.assess.units import read_manifests
from platform_operations.assess.wording import Wording
from platform_operations.model.assessment import Fact
from platform_operations.model.delivery import Component
from platform_operations.model.evidence import repo_uri
from platform_operations.model.reliability import ObservabilityPillar
from platform_operations.model.words import Pillar
from platform_operations.repository import Repository

MAX_SOURCES = 400
MIN_SOURCES = 20
"""What each component may read however many there are."""
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
    """A line that shows a tool in use: one that holds `needs` and matches `line`, in a file matching `path`."""

    tool: str
    needs: str
    line: str
    path: str = ""


# Few of the marks are met in one repository: the others are never compiled.
_compiled = lru_cache(maxsize=512)(re.compile)


def _mark(tool: str, needs: str, line: str = "", path: str = "") -> Mark:
    return Mark(tool, needs, line or re.escape(needs), path)


def _images(tool: str, *names: str) -> tuple[Mark, ...]:
    return tuple(_mark(tool, name, rf"^\s*image:\s*['\"]?\S*{re.escape(name)}") for name in names)


def _kinds(tool: str, *names: str) -> tuple[Mark, ...]:
    return tuple(_mark(tool, name, rf"^\s*kind:\s*{name}\s*$") for name in names)


def _resources(tool: str, prefix: str) -> tuple[Mark, ...]:
    return (_mark(tool, prefix, rf"^\s*resource\s+\"{prefix}\w+\""),)


def _words(tool: str, *names: str) -> tuple[Mark, ...]:
    return tuple(_mark(tool, name) for name in names)


def _charts(tool: str, *names: str) -> tuple[Mark, ...]:
    return tuple(
        _mark(tool, name, rf"^\s*(?:-\s+)?(?:chart|name):\s*['\"]?(?:[\w-]+/)?{name}['\"]?\s*$", _CHART_FILES)
        for name in names
    )


def _agents(tool: str, *names: str) -> tuple[Mark, ...]:
    return tuple(_mark(tool, name, path=_IMAGES) for name in names)


_CHART_FILES = r"(^|/)(Chart|requirements|helmfile)\.ya?ml$|helm-?release[^/]*\.ya?ml$"
_IMAGES = r"(^|/)([^/]*\.)?(Docker|Container)file[^/]*$"
_OTEL_FILES = r"otel|collector"
_BOARDS = r"dashboard|grafana|monitoring|observab"
MARKS: tuple[Mark, ...] = (
    _mark("prometheus", "scrape_configs", r"^\s*scrape_configs\s*:"),
    *_kinds(
        "prometheus", "ServiceMonitor", "PodMonitor", "PrometheusRule", "Prometheus", "Probe", "ScrapeConfig"
    ),
    _mark("prometheus", "prometheus.io/scrape", r"prometheus\.io/scrape['\"]?\s*:\s*['\"]?true"),
    *_images("prometheus", "prom/prometheus", "prometheus/prometheus", "kube-prometheus-stack"),
    *_images(
        "prometheus",
        "prom/statsd-exporter",
        "prom/node-exporter",
        "prom/blackbox-exporter",
        "prometheuscommunity/",
    ),
    _mark(
        "prometheus",
        "prometheus",
        r"(chart|name):\s*['\"]?(kube-)?prometheus(-stack|-community\S*)?['\"]?\s*$",
    ),
    *_images("alertmanager", "prom/alertmanager", "prometheus/alertmanager"),
    *_kinds("alertmanager", "Alertmanager", "AlertmanagerConfig"),
    _mark("alertmanager", "alertmanagers", r"^\s*alertmanagers\s*:"),
    *_kinds("opentelemetry", "OpenTelemetryCollector", "Instrumentation"),
    *_images("opentelemetry", "opentelemetry-collector", "otel/"),
    *_words("opentelemetry", "OTEL_EXPORTER_OTLP_", "OTEL_SERVICE_NAME", "OTEL_TRACES_", "OTEL_METRICS_"),
    _mark("opentelemetry", "otlp", r"^\s*otlp\s*:", _OTEL_FILES),
    _mark("grafana", "grafana/grafana", r"^\s*image:\s*['\"]?\S*grafana/grafana\b"),
    *_kinds("grafana", "Grafana", "GrafanaDashboard", "GrafanaDatasource"),
    _mark("grafana", "schemaVersion", r"\"schemaVersion\"\s*:\s*\d+", _BOARDS),
    *_resources("grafana", "grafana_"),
    _mark("grafana", "grafonnet", path=r"(^|/)jsonnetfile\.json$"),
    _mark("grafana", "grafana_dashboard", r"grafana_dashboard\s*:\s*['\"]?1"),
    *_images("loki", "grafana/loki", "grafana/promtail"),
    *_images("tempo", "grafana/tempo"),
    *_images("jaeger", "jaegertracing/"),
    *_images("fluentd", "fluent/fluentd", "fluentd-kubernetes"),
    *_images("fluentbit", "fluent-bit"),
    *_images("vector", "timberio/vector"),
    *_charts("grafana", "grafana", "grafana-operator"),
    *_charts("loki", "loki", "loki-stack", "loki-distributed", "promtail"),
    *_charts("tempo", "tempo", "tempo-distributed"),
    *_charts("datadog", "datadog", "datadog-operator"),
    *_charts("newrelic", "nri-bundle"),
    *_charts("opentelemetry", "opentelemetry-collector", "opentelemetry-operator"),
    *_agents("datadog", "dd-java-agent", "ddtrace-run", "datadog-lambda-extension"),
    *_agents("newrelic", "newrelic.jar", "newrelic-java", "newrelic-admin"),
    *_agents("opentelemetry", "opentelemetry-javaagent", "opentelemetry-instrument"),
    *_agents("applicationinsights", "applicationinsights-agent"),
    *_resources("datadog", "datadog_"),
    *_words("datadog", "DD_API_KEY", "DD_SERVICE", "DD_AGENT_HOST", "DD_TRACE_ENABLED"),
    *_words("datadog", "ad.datadoghq.com/", "tags.datadoghq.com/"),
    *_images("datadog", "datadog/agent"),
    *_resources("newrelic", "newrelic_"),
    *_words("newrelic", "NEW_RELIC_LICENSE_KEY", "NEW_RELIC_APP_NAME"),
    *_words("sentry", "SENTRY_DSN", "SENTRY_AUTH_TOKEN", "SENTRY_PROJECT"),
    *_words("cloudwatch", "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"),
    *_words("cloudwatch", "AWS::CloudWatch::Dashboard", "AWS::Logs::LogGroup", "AWS::Logs::MetricFilter"),
    *_resources("cloudwatch", "aws_cloudwatch_"),
    _mark("cloudwatch", "awslogs", r"awslogs-group|\"logDriver\"\s*:\s*\"awslogs\""),
    _mark("xray", "Active", r"Tracing(Config)?\s*:\s*Active|tracing_mode\s*=\s*\"Active\""),
    *_words("applicationinsights", "Microsoft.Insights/components", "azurerm_application_insights"),
    *_words("applicationinsights", "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPINSIGHTS_INSTRUMENTATIONKEY"),
    *_words("splunk", "splunk_hec", "splunk-url", "splunk-token", "SPLUNK_HEC", "SPLUNK_ACCESS_TOKEN"),
    *_images("splunk", "splunk/"),
    *_resources("splunk", "splunk_"),
    *_resources("pagerduty", "pagerduty_"),
    *_words("pagerduty", "pagerduty_configs", "events.pagerduty.com"),
    *_resources("opsgenie", "opsgenie_"),
    *_words("opsgenie", "opsgenie_configs", "api.opsgenie.com"),
    *_words("honeycomb", "api.honeycomb.io", "HONEYCOMB_API_KEY"),
    *_resources("honeycomb", "honeycombio_"),
    *_words("statsd", "STATSD_HOST", "STATSD_ADDR", "STATSD_URL", "STATSD_PORT"),
    _mark("statsd", "statsd", r"^\s*statsd\s*:"),
    *_resources("google-cloud-operations", "google_monitoring_"),
    *_images("uptime-kuma", "louislam/uptime-kuma"),
    *_resources("checkly", "checkly_"),
)
"""Configuration that shows a tool in use; the words are those of each tool's own files."""


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
    held = _by_place(known, places)
    for component in components:
        own = list(_dependencies(held.get(component.path, ())))
        imports = _imports(repository, component, places, [dependency.name for dependency in own])
        pillars += _pillars(component, own, imports, [pillar.id for pillar in pillars], len(components) > 1)
    for manifest in known:
        for dependency in manifest.by_name.values():
            for instrument in INSTRUMENTS.get(dependency.name, ()):
                shown.setdefault(instrument.tool, repo_uri(dependency.path, dependency.line))
    for tool, uri in (*_configured(repository), *_programmed(repository)):
        shown.setdefault(tool, uri)
    facts = tuple(
        Fact(subject="observability", aspect=tool, outcome="present", strength="present", evidence=(uri,))
        for tool, uri in sorted(shown.items())
    )
    return tuple(pillars), facts


def _by_place(manifests: Sequence[Manifest], places: Sequence[str]) -> Mapping[str, list[Manifest]]:
    """Return the manifests by the innermost of the components' folders that holds each."""
    found: dict[str, list[Manifest]] = {}
    known = frozenset(places)
    for manifest in manifests:
        place = nearest(manifest.path, known)
        if place is not None:
            found.setdefault(place, []).append(manifest)
    return found


def _dependencies(manifests: Sequence[Manifest]) -> Iterator[Dependency]:
    """Yield what a component's manifests name, and those of folders without a component."""
    seen: set[str] = set()
    for manifest in manifests:
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


_TELLING = Wording(r"metric|telemetry|instrument|tracing|trace|log|otel|monitor|sentry|app|main|server|index")


def _imports(
    repository: Repository, component: Component, places: Sequence[str], names: Sequence[str]
) -> dict[str, tuple[str, int]]:
    """Return for each library the first line that imports it, within its share of MAX_READ files."""
    if not names:
        return {}
    modules = {module: name for name in names for module in _modules(name)}
    pattern = re.compile("|".join(re.escape(module) for module in sorted(modules, key=len, reverse=True)))
    known = frozenset(places)
    sources = [
        path
        for path in below(repository, component.path)
        if path.endswith(_SOURCE)
        and not aside(path)
        and not test_file(path)
        and nearest(path, known) == component.path
    ]
    ranked = sorted(
        sources, key=lambda path: (not _TELLING.stands_in(file_name(path)), path.count("/"), path)
    )
    found: dict[str, tuple[str, int]] = {}
    most = min(MAX_SOURCES, max(MIN_SOURCES, MAX_READ // max(1, len(places))))
    for path in ranked[:most]:
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


_TELLING_CONFIG = Wording(
    r"prom|alert|grafana|otel|monitor|observ|telemetry|datadog|loki|tempo|jaeger|fluent|dashboard|collector|logging|"
    r"docker-compose|compose|values|deploy|k8s|kube|infra|terraform|\.tf$|template|helm|sentry|newrelic"
)


def _configured(repository: Repository) -> Iterator[tuple[str, str]]:
    """Yield each tool that a configuration file names, with the line."""
    wanted = [
        path
        for path in repository.paths
        if (path.endswith(_CONFIG) or ("file" in path and re.search(_IMAGES, path)))
        and not vendored(path)
        and not aside(path, but=_HELM)
        and file_name(path) not in {"package.json", "package-lock.json", "pnpm-lock.yaml", "composer.lock"}
    ]
    ranked = sorted(
        wanted,
        key=lambda path: (path.startswith("."), not _TELLING_CONFIG.stands_in(path), path.count("/"), path),
    )
    found: set[str] = set()
    for path in ranked[: min(MAX_CONFIG, MAX_READ)]:
        text = text_of(repository, path)
        if text is None:
            continue
        for mark in MARKS:
            if mark.tool not in found and mark.needs in text and _compiled(mark.path, re.I).search(path):
                line = _shown(mark, text)
                if line:
                    found.add(mark.tool)
                    yield mark.tool, repo_uri(path, line)


_WATCHES = re.compile(
    r"[\"'](?:aws-cdk-lib|@aws-cdk)/aws-cloudwatch[\"']|\baws_cloudwatch\b(?! *_)|\baws\.cloudwatch\.(?:\w+\.)*(?:Metric|Composite|Dashboard|Log)\w*"
    r"|\bcloudwatch\.(?:Alarm|Dashboard|CompositeAlarm)\(|\.createAlarm\("
)


def _programmed(repository: Repository) -> Iterator[tuple[str, str]]:
    """Yield Amazon CloudWatch, where an infrastructure program makes alarms or dashboards of it, with the line."""
    for path in programs(repository):
        text = text_of(repository, path)
        if text is None or ("loudwatch" not in text.lower() and "createAlarm" not in text):
            continue
        for number, row in enumerate(lines_of(text), 1):
            if len(row) < 500 and not row.lstrip().startswith(("//", "#")) and _WATCHES.search(row):
                yield "cloudwatch", repo_uri(path, number)
                return


def _shown(mark: Mark, text: str) -> int | None:
    """Return the first line that shows the tool, comments left out; at most 200 places are tried."""
    shows = _compiled(mark.line).search
    at = -1
    for _ in range(200):
        at = text.find(mark.needs, at + 1)
        if at < 0:
            return None
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at)
        row = text[start : end if end >= 0 else len(text)][:2_000]
        if shows(row) and not row.lstrip().startswith(("#", "//")):
            return text.count("\n", 0, at) + 1
    return None
