"""What instrumentation exposes: metric families by convention, and which part of them a user feels.

Read from the conventions' own documents: OpenTelemetry HTTP and RPC (old and new names), the Prometheus
client libraries, Micrometer, gRPC middleware, Istio, Envoy, Traefik and ingress-nginx, Celery exporters,
Kafka exporters, Pushgateway jobs and the blackbox exporter.
"""

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

Shape: TypeAlias = Literal["requests", "histogram", "outcomes", "last-success", "age", "probe"]

HTTP_CODES = (
    "http_response_status_code",
    "http_status_code",
    "status_code",
    "response_code",
    "code",
    "status",
    "status_class",
)
GRPC_CODES = ("grpc_code", "rpc_grpc_status_code", "rpc_response_status_code", "grpc_status")
SUBJECTS = ("job", "service_name", "service", "app", "application", "destination_workload", "exported_job")
PATHS = ("http_route", "route", "path", "uri", "handler", "endpoint", "http_target", "url_path")

GRPC_FAULTS = "Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss|UNKNOWN|DEADLINE_EXCEEDED"
GRPC_FAULT_NUMBERS = "2|4|12|13|14|15"
HEALTH_PATH = re.compile(
    r"/(?:api/)?(?:-/)?(?:health(?:z|y|check|_check)?|live(?:z|ness)?|ready(?:z)?|readiness|ping|metrics|status"
    r"|actuator(?:/.*)?|up|heartbeat)/?",
    re.IGNORECASE,
)
"""Paths that probes and scrapers ask for, not users."""


@dataclass(frozen=True, slots=True)
class Family:
    """A metric family by its name: what shape it has, how it is counted, and why it stands for its users.

    `codes` are the labels that may say how a request ended; `extra` is a condition that always applies.
    `unit` is how many of the histogram's units make a second.
    """

    pattern: str
    shape: Shape
    protocol: str
    why: str
    codes: tuple[str, ...] = ()
    extra: str = ""
    unit: int = 1

    def match(self, name: str) -> bool:
        """Whether a metric of this name belongs to the family."""
        return re.fullmatch(self.pattern, name) is not None


FAMILIES = (
    Family(
        r"http_server_request_duration_seconds_count",
        "requests",
        "http",
        "OpenTelemetry HTTP server metric",
        HTTP_CODES,
    ),
    Family(
        r"http_server_duration(?:_milliseconds)?_count",
        "requests",
        "http",
        "OpenTelemetry HTTP server metric (old name)",
        HTTP_CODES,
    ),
    Family(
        r"http_server_requests_seconds_count", "requests", "http", "Micrometer HTTP server metric", HTTP_CODES
    ),
    Family(r"(?:\w+_)?http_requests?_total", "requests", "http", "HTTP requests answered", HTTP_CODES),
    Family(r"(?:\w+_)?(?:api|web|app)_requests?_total", "requests", "http", "requests answered", HTTP_CODES),
    Family(
        r"http_request_duration_(?:seconds|milliseconds)_count",
        "requests",
        "http",
        "HTTP requests timed",
        HTTP_CODES,
    ),
    Family(
        r"istio_requests_total",
        "requests",
        "http",
        "requests at the mesh's server side",
        HTTP_CODES,
        'reporter="destination"',
    ),
    Family(r"traefik_service_requests_total", "requests", "http", "requests through Traefik", HTTP_CODES),
    Family(
        r"nginx_ingress_controller_requests", "requests", "http", "requests through the ingress", HTTP_CODES
    ),
    Family(r"grpc_server_handled_total", "requests", "grpc", "gRPC calls handled", GRPC_CODES),
    Family(
        r"rpc_server_(?:call_)?duration(?:_seconds|_milliseconds)?_count",
        "requests",
        "grpc",
        "OpenTelemetry RPC server metric",
        GRPC_CODES,
    ),
    Family(
        r"http_server_request_duration_seconds_bucket",
        "histogram",
        "http",
        "OpenTelemetry HTTP server metric",
    ),
    Family(
        r"http_server_duration(?:_milliseconds)?_bucket",
        "histogram",
        "http",
        "OpenTelemetry HTTP server metric (old name)",
        unit=1000,
    ),
    Family(r"http_server_requests_seconds_bucket", "histogram", "http", "Micrometer HTTP server metric"),
    Family(r"(?:\w+_)?http_request_duration_seconds_bucket", "histogram", "http", "HTTP requests timed"),
    Family(
        r"(?:\w+_)?http_request_duration_milliseconds_bucket",
        "histogram",
        "http",
        "HTTP requests timed",
        unit=1000,
    ),
    Family(
        r"istio_request_duration_milliseconds_bucket",
        "histogram",
        "http",
        "requests at the mesh's server side",
        (),
        'reporter="destination"',
        1000,
    ),
    Family(r"grpc_server_handling_seconds_bucket", "histogram", "grpc", "gRPC calls handled"),
    Family(
        r"rpc_server_(?:call_)?duration_seconds_bucket",
        "histogram",
        "grpc",
        "OpenTelemetry RPC server metric",
    ),
    Family(
        r"rpc_server_duration_milliseconds_bucket",
        "histogram",
        "grpc",
        "OpenTelemetry RPC server metric",
        unit=1000,
    ),
    Family(
        r"(?:celery_)?tasks?_(?:failed|succeeded)_total", "outcomes", "tasks", "tasks finished, by outcome"
    ),
    Family(
        r"(?:\w+_)?(?:messages|jobs|records)_(?:failed|processed)_total",
        "outcomes",
        "tasks",
        "work finished, by outcome",
    ),
    Family(
        r"(?:\w+_)?last_success(?:ful)?(?:_run|_time)?(?:_timestamp)?(?:_seconds)?",
        "last-success",
        "job",
        "time of the last success",
    ),
    Family(r"kube_cronjob_status_last_successful_time", "last-success", "job", "time of the last success"),
    Family(
        r"(?:\w+_)?(?:queue_(?:oldest_)?(?:message_)?age|consumer\w*_lag|lag)_seconds",
        "age",
        "queue",
        "age of the oldest work",
    ),
    Family(r"probe_success", "probe", "probe", "a probe from outside, as a user would ask"),
)

INTERNAL_NAMES = re.compile(r"(?:promhttp|prometheus|alertmanager|grafana|scrape|kubelet|apiserver|etcd)_\w*")
"""Metrics of the monitoring and the platform about themselves."""

JOB_FRESH_SECONDS = 26 * 3600
"""A daily job and two hours: how old a last success may be where nothing says how often the job runs."""

QUEUE_FRESH_SECONDS = 300
LATENCY_SECONDS = "0.5"
"""The latency threshold that is looked for among the bucket bounds: the next bound from here up is taken."""
