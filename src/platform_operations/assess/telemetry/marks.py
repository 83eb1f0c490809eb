"""Lines of configuration that show an observability tool in use, as each tool's own files are worded."""

import re
from typing import NamedTuple


class Mark(NamedTuple):
    """A line that shows a tool in use: one that holds `needs` and matches `line`, in a file matching `path`.

    Where there is `below`, the next line has to match it too.
    """

    tool: str
    needs: str
    line: str
    path: str = ""
    below: str = ""


def _mark(tool: str, needs: str, line: str = "", path: str = "", below: str = "") -> Mark:
    return Mark(tool, needs, line or re.escape(needs), path, below)


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
    return tuple(_mark(tool, name, path=IMAGES) for name in names)


_ENABLED = r"^\s*(?:enabled|create)\s*:\s*[\"']?true\b"
_CHART_FILES = r"(^|/)(Chart|requirements|helmfile)\.ya?ml$|helm-?release[^/]*\.ya?ml$"
IMAGES = r"(^|/)([^/]*\.)?(Docker|Container)file[^/]*$"
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
    _mark("prometheus", "prometheus-", r"(chart|name):\s*['\"]?[\w-]*prometheus-(?:alerts|rules)['\"]?\s*$"),
    _mark("prometheus", "prometheus:", r"^\s*prometheus\s*:\s*$", below=_ENABLED),
    _mark("prometheus", "Monitor:", r"^\s*(?:service|pod)Monitor\s*:\s*$", below=_ENABLED),
    *_images("alertmanager", "prom/alertmanager", "prometheus/alertmanager"),
    *_kinds("alertmanager", "Alertmanager", "AlertmanagerConfig"),
    _mark("alertmanager", "alertmanagerFiles", r"^\s*alertmanagerFiles\s*:"),
    _mark("alertmanager", "alertmanager:", r"^\s*alertmanager\s*:\s*$", below=_ENABLED),
    _mark("alertmanager", "alertmanagers", r"^\s*alertmanagers\s*:"),
    *_kinds("opentelemetry", "OpenTelemetryCollector", "Instrumentation"),
    _mark("opentelemetry", "autoInstrumentation:", r"^\s*autoInstrumentation\s*:\s*$", below=_ENABLED),
    _mark("opentelemetry", "otelcol.", r"^\s*otelcol\.(?:receiver|processor|exporter)\."),
    _mark("prometheus", "prometheus.remote_write", r"^\s*prometheus\.remote_write\s+\""),
    _mark("loki", "loki.write", r"^\s*loki\.write\s+\""),
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
    _mark("cloudwatch", "aws_cloudwatch_", r"^\s*resource\s+\"aws_cloudwatch_(?!event_)\w+\""),
    _mark("cloudwatch", "awslogs", r"awslogs-group|\"logDriver\"\s*:\s*\"awslogs\""),
    _mark("xray", "Active", r"Tracing(Config)?\s*:\s*Active|tracing_mode\s*=\s*\"Active\""),
    *_words("applicationinsights", "Microsoft.Insights/components", "azurerm_application_insights"),
    *_words("applicationinsights", "APPLICATIONINSIGHTS_CONNECTION_STRING", "APPINSIGHTS_INSTRUMENTATIONKEY"),
    _mark(
        "applicationinsights",
        "ApplicationInsights",
        r"\"ApplicationInsights\"\s*:\s*\{",
        r"(^|/)appsettings[^/]*\.json$",
    ),
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
