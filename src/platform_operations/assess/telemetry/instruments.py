"""Dependencies and the observability tools they belong to, spelled as package registries do."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from platform_operations.model.words import Pillar


class Instrument(NamedTuple):
    """A tool and the signals that a library sends it."""

    tool: str
    pillars: tuple[Pillar, ...]


_ROWS: tuple[tuple[str, tuple[Pillar, ...], str], ...] = (
    ("prometheus", ("metrics",),
     """
     prometheus-client prometheus_client prometheus-fastapi-instrumentator starlette-exporter django-prometheus prometheus-flask-exporter
     aioprometheus starlette-prometheus prom-client express-prom-bundle express-prometheus-middleware @willsoto/nestjs-prometheus
     nestjs-prometheus fastify-metrics github.com/prometheus/client_golang micrometer-registry-prometheus simpleclient
     quarkus-micrometer-registry-prometheus micronaut-micrometer-registry-prometheus simpleclient_hotspot prometheus-metrics-core
     metrics-exporter-prometheus axum-prometheus actix-web-prom yabeda-prometheus prometheus-net prometheus-net.aspnetcore
     promphp/prometheus_client_php telemetry_metrics_prometheus prom_ex rocket_prometheus prometheus prometheus_exporter yabeda-prometheus-mmap
     prometheus-client-mmap prometheus-sanic prometheus-api-metrics github.com/zsais/go-gin-prometheus github.com/slok/go-http-metrics
     github.com/grpc-ecosystem/go-grpc-prometheus github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus
     github.com/ansrivas/fiberprometheus/v2 github.com/victoriametrics/metrics simpleclient_httpserver simpleclient_servlet
     prometheus-metrics-exporter-httpserver prometheus-metrics-instrumentation-jvm prometheus-net.dotnetruntime app.metrics.prometheus
     opentelemetry.exporter.prometheus.aspnetcore py-grpc-prometheus spatie/laravel-prometheus artprima/prometheus-metrics-bundle prometheus_ex
     prometheus_plugs telemetry_metrics_prometheus_core
     """),
    ("opentelemetry", ("traces",),
     """
     opentelemetry-sdk opentelemetry-api opentelemetry-distro opentelemetry-exporter-otlp opentelemetry-sdk-trace
     opentelemetry-instrumentation-fastapi opentelemetry-instrumentation-django opentelemetry-instrumentation-flask
     opentelemetry-exporter-otlp-proto-grpc opentelemetry-exporter-otlp-proto-http @opentelemetry/sdk-node
     @opentelemetry/auto-instrumentations-node @opentelemetry/sdk-trace-node @opentelemetry/sdk-trace-base @opentelemetry/api
     @opentelemetry/instrumentation @vercel/otel go.opentelemetry.io/otel go.opentelemetry.io/otel/sdk go.opentelemetry.io/otel/trace
     go.opentelemetry.io/otel/exporters/otlp/otlptrace go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp tracing-opentelemetry
     opentelemetry opentelemetry-otlp opentelemetry_sdk io.opentelemetry opentelemetry-spring-boot-starter quarkus-opentelemetry
     micrometer-tracing-bridge-otel opentelemetry-exporter-otlp-common opentelemetry.extensions.hosting
     opentelemetry.exporter.opentelemetryprotocol opentelemetry.instrumentation.aspnetcore open-telemetry/sdk opentelemetry_api
     opentelemetry_exporter logfire
     """),
    ("opentelemetry", ("metrics",),
     """
     @opentelemetry/sdk-metrics go.opentelemetry.io/otel/sdk/metric opentelemetry-exporter-prometheus go.opentelemetry.io/otel/metric
     go.opentelemetry.io/otel/exporters/prometheus
     """),
    ("micrometer", ("metrics",), "spring-boot-starter-actuator micrometer-core"),
    ("jaeger", ("traces",),
     """
     jaeger-client opentracing github.com/uber/jaeger-client-go opentelemetry-exporter-jaeger github.com/jaegertracing/jaeger-client-go
     jaeger-core opentracing-spring-jaeger-cloud-starter
     """),
    ("zipkin", ("traces",),
     """
     py-zipkin zipkin spring-cloud-starter-zipkin brave spring-cloud-starter-sleuth github.com/openzipkin/zipkin-go zipkin-reporter-brave
     micrometer-tracing-bridge-brave
     """),
    ("datadog", ("traces", "metrics"),
     """
     ddtrace datadog dd-trace datadog-lambda-js datadog-lambda gopkg.in/datadog/dd-trace-go.v1 ddtrace-rb github.com/datadog/dd-trace-go/v2
     github.com/datadog/datadog-go/v5 @datadog/browser-rum datadog.trace datadog-cdk-constructs-v2 dogstatsd-ruby java-dogstatsd-client hot-shots
     dd-java-agent datadog-ci datadog_lambda datadog/dd-trace aiodogstatsd micrometer-registry-datadog spandex_datadog datadog_flutter_plugin
     serilog.sinks.datadog.logs github.com/datadog/datadog-go
     """),
    ("sentry", ("events",),
     """
     sentry-sdk raven @sentry/node @sentry/nextjs @sentry/react @sentry/browser @sentry/vue @sentry/sveltekit @sentry/angular @sentry/serverless
     @sentry/aws-serverless @sentry/bun @sentry/nestjs @sentry/remix @sentry/react-native @sentry/electron @sentry/astro @sentry/core
     @sentry/tracing github.com/getsentry/sentry-go sentry-ruby sentry-rails sentry-raven sentry sentry-spring-boot-starter-jakarta
     sentry-spring-boot-starter sentry.aspnetcore sentry/sentry-laravel sentry_flutter sentry-actix sentry/sentry-symfony sentry-logback
     sentry.serilog sentry-expo github.com/getsentry/raven-go sentry-core sentry-tracing sentry-tower sentry-cocoa serilog.sinks.sentry
     """),
    ("newrelic", ("traces", "metrics"),
     """
     newrelic newrelic_rpm github.com/newrelic/go-agent/v3 newrelic-api @newrelic/next newrelic.agent @newrelic/browser-agent
     newrelic-opentelemetry new_relic_agent micrometer-registry-new-relic @newrelic/pino-enricher @newrelic/winston-enricher
     newrelic/monolog-enricher newrelic-react-native-agent
     """),
    ("cloudwatch", ("metrics",),
     """
     aws-embedded-metrics aws-lambda-powertools @aws-lambda-powertools/metrics watchtower winston-cloudwatch micrometer-registry-cloudwatch2
     aws-sdk-cloudwatch @aws-sdk/client-cloudwatch awssdk.cloudwatch aws.lambda.powertools.metrics powertools-metrics aws_lambda_powertools
     """),
    ("xray", ("traces",),
     """
     aws-xray-sdk aws-xray-sdk-core @aws-lambda-powertools/tracer github.com/aws/aws-xray-sdk-go aws.lambda.powertools.tracing powertools-tracing
     aws-xray-recorder-sdk-core awsxrayrecorder aws-xray-sdk-express
     """),
    ("applicationinsights", ("traces", "metrics"),
     """
     applicationinsights @microsoft/applicationinsights-web microsoft.applicationinsights.aspnetcore microsoft.applicationinsights
     azure-monitor-opentelemetry opencensus-ext-azure applicationinsights-spring-boot-starter microsoft.applicationinsights.workerservice
     @azure/monitor-opentelemetry @microsoft/applicationinsights-react-js azure.monitor.opentelemetry.aspnetcore applicationinsights-agent
     microsoft.azure.functions.worker.applicationinsights serilog.sinks.applicationinsights applicationinsights-core applicationinsights-web
     applicationinsights-runtime-attach micrometer-registry-azure-monitor winston-azure-application-insights
     github.com/microsoft/applicationinsights-go
     """),
    ("google-cloud-operations", ("logs",),
     """
     google-cloud-logging @google-cloud/logging-winston @google-cloud/logging @google-cloud/logging-bunyan cloud.google.com/go/logging
     google-cloud-error-reporting google-cloud-logging-logback spring-cloud-gcp-starter-logging cloud.google.com/go/errorreporting
     @google-cloud/error-reporting google.cloud.diagnostics.aspnetcore google.cloud.diagnostics.aspnetcore3 stackdriver
     """),
    ("google-cloud-operations", ("traces",),
     """
     @google-cloud/trace-agent google-cloud-trace @google-cloud/profiler cloud.google.com/go/profiler opentelemetry-exporter-gcp-trace
     spring-cloud-gcp-starter-trace @google-cloud/opentelemetry-cloud-trace-exporter
     github.com/googlecloudplatform/opentelemetry-operations-go/exporter/trace contrib.go.opencensus.io/exporter/stackdriver
     """),
    ("honeycomb", ("traces",),
     """
     honeycomb-beeline libhoney @honeycombio/opentelemetry-node honeycomb-opentelemetry github.com/honeycombio/beeline-go
     @honeycombio/opentelemetry-web honeycomb-opentelemetry-sdk
     """),
    ("elastic-apm", ("traces",),
     """
     elastic-apm elastic-apm-node go.elastic.co/apm/v2 @elastic/apm-rum apm-agent-api elastic.apm.netcoreall elastic-apm-http-client
     go.elastic.co/apm elastic-apm-rails @elastic/apm-rum-react apm-agent-attach elastic.apm elastic.apm.aspnetcore
     """),
    ("dynatrace", ("traces",),
     """
     @dynatrace/oneagent-sdk oneagent-sdk @dynatrace-sdk/client-query micrometer-registry-dynatrace @dynatrace/react-native-plugin autodynatrace
     """),
    ("appsignal", ("traces",), "appsignal @appsignal/nodejs @appsignal/javascript @appsignal/react appsignal_phoenix"),
    ("skylight", ("traces",), "skylight"),
    ("scout", ("traces",), "scout-apm scout_apm @scout_apm/scout-apm scoutapp/scout-apm-laravel scoutapp/scout-apm-php"),
    ("splunk", ("logs",),
     """
     splunk-sdk splunk-handler splunk-logging @splunk/otel splunk-opentelemetry-java serilog.sinks.splunk splunk-otel-js splunk-opentelemetry
     """),
    ("statsd", ("metrics",),
     """
     statsd statsd-client hot-shots node-statsd pystatsd statsd-instrument django-statsd github.com/cactus/go-statsd-client/v5
     github.com/smira/go-statsd cadence metrics-exporter-statsd gopkg.in/alexcesaro/statsd.v2 github.com/cactus/go-statsd-client league/statsd
     domnikl/statsd liuggio/statsd-php-client slickdeals/statsd statix telemetry_metrics_statsd micrometer-registry-statsd puma-plugin-statsd
     justeat.statsd
     """),
    ("posthog", ("events",),
     """
     posthog posthog-js posthog-node posthog-react-native posthog-ruby github.com/posthog/posthog-go posthog/posthog-php posthog_flutter
     """),
    ("bugsnag", ("events",),
     """
     bugsnag @bugsnag/js @bugsnag/node @bugsnag/react-native bugsnag-go bugsnag-laravel github.com/bugsnag/bugsnag-go
     github.com/bugsnag/bugsnag-go/v2 bugsnag/bugsnag-laravel bugsnag_flutter
     """),
    ("rollbar", ("events",),
     """
     rollbar rollbar-agent github.com/rollbar/rollbar-go rollbar/rollbar rollbar/rollbar-laravel @rollbar/react rollbar-react-native
     rollbar-logback rollbar-web rollbax
     """),
    ("airbrake", ("events",),
     """
     airbrake airbrake-ruby @airbrake/node @airbrake/browser airbrake-js airbrake/phpbrake github.com/airbrake/gobrake/v5 pybrake
     """),
    ("honeybadger", ("events",),
     """
     honeybadger @honeybadger-io/js honeybadger-io/honeybadger-laravel github.com/honeybadger-io/honeybadger-go honeybadger.dotnet.core
     """),
    ("logrocket", ("events",), "logrocket @logrocket/react-native logrocket-react"),
    ("highlight", ("events",), "@highlight-run/next @highlight-run/node highlight-io highlight.run @highlight-run/nest @highlight-run/remix"),
    ("axiom", ("logs",),
     """
     @axiomhq/js @axiomhq/pino next-axiom @axiomhq/winston axiom-py @axiomhq/logging @axiomhq/nextjs github.com/axiomhq/axiom-go
     """),
    ("betterstack", ("logs",),
     """
     @logtail/node @logtail/pino logtail-python @logtail/next @logtail/winston @logtail/js @logtail/edge @logtail/browser logtail logtail-rails
     logtail/monolog-logtail
     """),
    ("loki", ("logs",), "python-logging-loki pino-loki winston-loki logging-loki loki-logback-appender tracing-loki serilog.sinks.grafana.loki"),
    ("pyroscope", ("profiles",), "pyroscope-io @pyroscope/nodejs github.com/grafana/pyroscope-go pyroscope"),
    ("raygun", ("events",),
     """
     raygun raygun4js raygun4py raygun4ruby raygun-apm mindscape.raygun4net mindscape.raygun4net.aspnetcore mindscape.raygun4net.netcore
     mindscapehq/raygun4php github.com/mindscapehq/raygun4go
     """),
    ("instana", ("traces",), "instana @instana/collector github.com/instana/go-sensor"),
    ("crashlytics", ("events",), "firebase-crashlytics firebase-crashlytics-ktx firebase_crashlytics @react-native-firebase/crashlytics"),
    ("fluentd", ("logs",), "fluent-logger @fluent-org/logger github.com/fluent/fluent-logger-golang"),
    ("graylog", ("logs",), "graypy gelf winston-graylog2 logback-gelf serilog.sinks.graylog graylog2/gelf-php"),
    ("logdna", ("logs",), "logdna @logdna/logger logdna-winston"),
    ("seq", ("logs",), "serilog.sinks.seq"),
    ("grafana-faro", ("events",), "@grafana/faro-web-sdk @grafana/faro-react"),
)  # fmt: skip


def _by_library() -> Mapping[str, tuple[Instrument, ...]]:
    found: dict[str, tuple[Instrument, ...]] = {}
    for tool, pillars, names in _ROWS:
        for name in dict.fromkeys(names.split()):
            found[name] = (*found.get(name, ()), Instrument(tool, pillars))
    return MappingProxyType(found)


INSTRUMENTS: Mapping[str, tuple[Instrument, ...]] = _by_library()
"""What each instrumentation library sends, by its name."""


_KIN: tuple[tuple[str, tuple[Pillar, ...], str], ...] = (
    (
        "opentelemetry",
        ("traces",),
        """
        opentelemetry-instrumentation- opentelemetry-exporter- @opentelemetry/instrumentation-
        @opentelemetry/exporter- @opentelemetry/sdk- go.opentelemetry.io/contrib/instrumentation/
        go.opentelemetry.io/otel/exporters/ opentelemetry.instrumentation. opentelemetry.exporter.
        """,
    ),
    (
        "sentry",
        ("events",),
        "@sentry/ io.sentry. sentry-sidekiq sentry-resque sentry-delayed_job sentry-spring- sentry-log4j sentry. sentry/",
    ),
    (
        "applicationinsights",
        ("traces", "metrics"),
        """
        microsoft.applicationinsights. azure.monitor.opentelemetry. azure-monitor-opentelemetry
        @azure/monitor-opentelemetry @microsoft/applicationinsights-
        """,
    ),
    ("datadog", ("traces", "metrics"), "@datadog/browser- github.com/datadog/dd-trace-go/ datadog.trace."),
    ("newrelic", ("traces", "metrics"), "github.com/newrelic/go-agent/ newrelic.agent. com.newrelic.agent."),
    ("bugsnag", ("events",), "@bugsnag/ bugsnag. com.bugsnag."),
    ("honeybadger", ("events",), "@honeybadger-io/"),
)
"""How the names of libraries begin of which new ones come with every framework."""
_FAMILIES = tuple(
    (name, Instrument(tool, pillars)) for tool, pillars, names in _KIN for name in names.split()
)
_BEGINNINGS = tuple(prefix for prefix, _ in _FAMILIES)
_BESIDE = ("@sentry/cli", "@sentry/types", "@sentry/utils")
"""Members of a family that send nothing."""


def instruments_of(name: str) -> tuple[Instrument, ...]:
    """Return what a library sends and where to, by its name in the registry; nothing for most libraries."""
    known = INSTRUMENTS.get(name)
    if known is not None:
        return known
    if not name.startswith(_BEGINNINGS) or name.startswith(_BESIDE):
        return ()
    return tuple(instrument for prefix, instrument in _FAMILIES if name.startswith(prefix))[:1]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LOGGERS: frozenset[str] = _words(
    """structlog python-json-logger loguru ecs-logging logbook aws-lambda-powertools
    @aws-lambda-powertools/logger winston pino bunyan nestjs-pino log4js @fastify/pino consola tslog
    pino-http signale fastify-pino hono-pino go.uber.org/zap github.com/rs/zerolog
    github.com/sirupsen/logrus github.com/go-kit/log github.com/charmbracelet/log tracing-subscriber
    slog tracing-bunyan-formatter logstash-logback-encoder log4j-core logback-classic
    log4j-layout-template-json lograge semantic_logger rails_semantic_logger ougai serilog
    serilog.aspnetcore nlog nlog.web.aspnetcore monolog/monolog logger_json
    """
)
"""Structured loggers; where their lines go is decided by whoever collects standard output."""

STANDARD_OUTPUT = "stdout"
"""The tool of a pillar whose lines only leave through standard output."""
