"""Candidate SLIs from what instrumentation exposes."""

from collections.abc import Sequence

import pytest

from platform_operations.metrics.discovery import discover
from platform_operations.metrics.source import History, Span
from platform_operations.slo.promql import Unreadable, parsed
from platform_operations.slo.sli import NamedSli


class Exposed:
    """A source that exposes metrics with the values that their labels take."""

    name = "exposed"
    warnings: tuple[str, ...] = ()

    def __init__(self, metrics: dict[str, dict[str, list[str]]]) -> None:
        self.metrics = metrics

    def listed(self) -> tuple[NamedSli, ...]:
        return ()

    def newest(self, slis: object, not_after: int | None) -> int | None:
        return None

    def histories(self, slis: Sequence[NamedSli], span: Span) -> tuple[History, ...]:
        return tuple(History((), span.step) for _ in slis)

    def metric_names(self) -> tuple[str, ...]:
        return tuple(sorted(self.metrics))

    def label_values(self, metric: str, labels: Sequence[str]) -> dict[str, tuple[str, ...]]:
        found = self.metrics[metric]
        return {label: tuple(sorted(found[label])) for label in labels if label in found}


def found(metrics: dict[str, dict[str, list[str]]], *names: str) -> dict[str, tuple[str | None, str | None]]:
    slis = discover(Exposed(metrics), names).slis
    for sli in slis:
        for query in (sli.sli.good, sli.sli.total):
            assert query is not None
            assert not isinstance(parsed(query), Unreadable), query
            assert sli.why
    return {sli.id: (sli.sli.good, sli.sli.total) for sli in slis}


@pytest.mark.parametrize(
    ("metric", "labels", "good"),
    [
        ("http_requests_total", {"code": ["200", "503"]}, 'code!~"5.."'),
        ("shop_http_requests_total", {"status": ["2xx", "5xx"]}, 'status!~"5.."'),
        ("http_requests_total", {"status": ["success", "error"]}, 'status!~"error"'),
        ("http_server_request_duration_seconds_count", {"http_response_status_code": ["200"]}, 'http_response_status_code!~"5.."'),
        ("http_server_duration_milliseconds_count", {"http_status_code": ["200"]}, 'http_status_code!~"5.."'),
        ("http_server_requests_seconds_count", {"status": ["200", "404"]}, 'status!~"5.."'),
        ("traefik_service_requests_total", {"code": ["200"]}, 'code!~"5.."'),
    ],
)  # fmt: skip
def test_each_http_convention_gives_availability_by_its_own_status_label(
    metric: str, labels: dict[str, list[str]], good: str
) -> None:
    assert found({metric: {"job": ["checkout"], **labels}}, "checkout") == {
        "checkout-availability": (
            f'sum(increase({metric}{{job="checkout",{good}}}[$window]))',
            f'sum(increase({metric}{{job="checkout"}}[$window]))',
        )
    }


def test_istio_is_counted_at_the_destination_alone() -> None:
    labels = {
        "destination_workload": ["checkout"],
        "response_code": ["200"],
        "reporter": ["destination", "source"],
    }
    assert found({"istio_requests_total": labels}, "checkout")["checkout-availability"][1] == (
        'sum(increase(istio_requests_total{destination_workload="checkout",reporter="destination"}[$window]))'
    )


@pytest.mark.parametrize(
    ("metric", "label", "values", "faults"),
    [
        ("grpc_server_handled_total", "grpc_code", ["OK", "Internal"], "Unknown|DeadlineExceeded|"),
        ("rpc_server_duration_milliseconds_count", "rpc_grpc_status_code", ["0", "13"], "2|4|12|13|14|15"),
    ],
)
def test_grpc_faults_are_the_server_s_not_the_caller_s(
    metric: str, label: str, values: list[str], faults: str
) -> None:
    (good, _) = found({metric: {"job": ["pay"], label: values}}, "pay")["pay-grpc-availability"]
    assert good is not None
    assert f'{label}!~"{faults}' in good
    assert "InvalidArgument" not in good


@pytest.mark.parametrize(
    ("bounds", "chosen", "seconds"),
    [
        (["0.1", "0.5", "1.0", "+Inf"], "0.5", "0.5"),
        (["0.25", "0.75", "2.5", "+Inf"], "0.75", "0.75"),
        (["0.1", "0.2", "+Inf"], "0.2", "0.2"),
    ],
)
def test_a_latency_threshold_lies_on_a_bucket_bound(bounds: list[str], chosen: str, seconds: str) -> None:
    metric = "http_request_duration_seconds"
    source = Exposed({f"{metric}_bucket": {"job": ["checkout"], "le": bounds}})
    (sli,) = discover(source, ["checkout"]).slis
    assert (sli.id, sli.sli.threshold_seconds) == ("checkout-latency", seconds)
    assert sli.sli.good == f'sum(increase({metric}_bucket{{job="checkout",le="{chosen}"}}[$window]))'
    assert sli.sli.total == f'sum(increase({metric}_count{{job="checkout"}}[$window]))'


def test_milliseconds_are_told_in_seconds() -> None:
    labels = {"job": ["x"], "le": ["100", "500", "1000"]}
    (sli,) = discover(Exposed({"http_server_duration_milliseconds_bucket": labels})).slis
    assert sli.sli.threshold_seconds == "0.5"
    assert sli.sli.good is not None and 'le="500"' in sli.sli.good


def test_health_checks_are_left_out_where_a_label_shows_them_and_the_reason_says_so() -> None:
    labels = {
        "job": ["checkout"],
        "code": ["200"],
        "route": ["/healthz", "/orders", "/actuator/health", "/metrics"],
    }
    (sli,) = discover(Exposed({"http_requests_total": labels}), ["checkout"]).slis
    assert sli.sli.total is not None
    assert 'route!~"/actuator/health|/healthz|/metrics"' in sli.sli.total
    assert "without /actuator/health, /healthz, /metrics" in sli.why


def test_task_counters_are_paired_by_outcome() -> None:
    assert found(
        {"celery_task_failed_total": {"job": ["w"]}, "celery_task_succeeded_total": {"job": ["w"]}}
    ) == {
        "w-availability": (
            'sum(increase(celery_task_succeeded_total{job="w"}[$window]))',
            'sum(increase(celery_task_succeeded_total{job="w"}[$window]))'
            ' + (sum(increase(celery_task_failed_total{job="w"}[$window])) or vector(0))',
        )
    }


def test_ages_and_last_successes_are_time_slices() -> None:
    metrics = {
        "backup_last_success_timestamp_seconds": {"job": ["backup"]},
        "orders_queue_age_seconds": {"job": ["orders"]},
    }
    slis = found(metrics)
    assert slis["backup-freshness"][0] == (
        'sum_over_time((time() - max(backup_last_success_timestamp_seconds{job="backup"}) <= bool 93600)[$window:1m])'
    )
    assert (
        slis["orders-freshness"][1]
        == 'count_over_time((max(orders_queue_age_seconds{job="orders"}))[$window:1m])'
    )


def test_a_probe_counts_each_of_its_tries() -> None:
    assert found({"probe_success": {"job": ["shop"], "instance": ["https://shop.example"]}}, "shop") == {
        "shop-probe-availability": (
            'sum(sum_over_time(probe_success{job="shop"}[$window]))',
            'sum(count_over_time(probe_success{job="shop"}[$window]))',
        )
    }


def test_only_the_component_s_own_series_are_taken_and_the_others_named_as_passed_over() -> None:
    metrics = {"http_requests_total": {"job": ["checkout", "billing", "checkout-canary"], "code": ["200"]}}
    assert sorted(found(metrics, "checkout-api", "checkout")) == [
        "checkout-availability",
        "checkout-canary-availability",
    ]
    other = discover(Exposed(metrics), ["search"])
    assert other.slis == ()
    assert other.passed == (
        "http_requests_total: no job is called like search (billing, checkout, checkout-canary)",
    )


def test_a_source_with_one_subject_needs_no_matching_name() -> None:
    metrics = {"http_requests_total": {"job": ["app"], "code": ["200"]}}
    assert list(found(metrics, "storefront")) == ["app-availability"]


def test_metrics_of_the_monitoring_itself_and_those_without_an_outcome_are_passed_over() -> None:
    metrics = {
        "prometheus_http_requests_total": {"job": ["prometheus"], "code": ["200"]},
        "http_requests_total": {"job": ["checkout"]},
        "celery_task_failed_total": {"job": ["w"]},
        "node_cpu_seconds_total": {"job": ["node"]},
    }
    result = discover(Exposed(metrics))
    assert result.slis == ()
    assert [line.partition(":")[0] for line in result.passed] == [
        "http_requests_total",
        "prometheus_http_requests_total",
        "celery_task_failed_total",
    ]


def test_two_conventions_for_one_thing_give_one_sli_and_say_which() -> None:
    metrics = {
        "http_server_request_duration_seconds_count": {"job": ["a"], "http_response_status_code": ["200"]},
        "http_requests_total": {"job": ["a"], "code": ["200"]},
    }
    result = discover(Exposed(metrics))
    assert [sli.why for sli in result.slis] == [
        "http_server_request_duration_seconds_count: OpenTelemetry HTTP server metric"
    ]
    assert result.passed[0].startswith("http_requests_total: a-availability is measured already")


def test_a_hostile_label_value_stays_inside_its_quotes() -> None:
    metrics = {
        "http_requests_total": {
            "job": ['x"} or vector(1) #'],
            "code": ["200"],
            "route": ['/health"}', "/ping"],
        }
    }
    ((_, total),) = found(metrics).values()
    assert total is not None
    assert r'job="x\"} or vector(1) #"' in total
