"""Whether an alert tells of pain, of a cause, or of nothing that can be known."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platform_operations.assess.telemetry.classify import classify, four_way
from platform_operations.assess.telemetry.dead_alerts import dead_reason

SYMPTOMS = [
    'sum(rate(req_total{job="shop",code=~"5.."}[5m])) / sum(rate(req_total{job="shop"}[5m])) > 0.02',
    '1 - (sum(rate(grpc_handled_total{grpc_code="OK"}[5m])) / sum(rate(grpc_handled_total[5m]))) > 0.1',
    'rate(istio_requests_total{response_code!~"(2|3|4).."}[5m]) / rate(istio_requests_total[5m]) > 0.1',
    "histogram_quantile(0.99, sum by (le) (rate(http_request_duration_seconds_bucket[5m]))) > 2",
    'rate(request_duration_seconds_bucket{le="1.0"}[5m]) / rate(request_duration_seconds_count[5m]) < 0.9',
    "rate(jobs_failed_total[5m]) / (rate(jobs_failed_total[5m]) + rate(jobs_succeeded_total[5m])) > 0.1",
    "probe_success == 0",
    "route:http_request_duration_seconds:99quantile > 1",
    'cassandra_stats{name="org:apache:clientrequest:read:latency:99thpercentile"} > 500',
]
CAUSES = [
    'rate(container_cpu_usage_seconds_total{container="shop"}[5m]) > 0.9',
    "increase(kube_pod_container_status_restarts_total[15m]) > 3",
    'up{job="shop"} == 0',
    "pg_up == 0",
    'rate(nginx_http_requests_total{status=~"4.."}[1m]) / rate(nginx_http_requests_total[1m]) > 0.2',
    'rate(rest_client_requests_total{code=~"5.."}[5m]) / rate(rest_client_requests_total[5m]) > 0.01',
    "rate(node_network_receive_errs_total[2m]) / rate(node_network_receive_packets_total[2m]) > 0.01",
    "histogram_quantile(0.99, rate(etcd_disk_wal_fsync_duration_seconds_bucket[5m])) > 0.5",
    "sum(rate(http_requests_total[5m])) > 1000",
    "rabbitmq_queue_messages_ready > 1000",
]


@pytest.mark.parametrize("expression", SYMPTOMS)
def test_what_users_feel_is_a_symptom(expression: str) -> None:
    assert classify(expression).kind == "symptom", classify(expression)


@pytest.mark.parametrize("expression", CAUSES)
def test_state_of_the_inside_is_a_cause(expression: str) -> None:
    assert classify(expression).kind == "cause", classify(expression)


def test_the_deciding_side_of_and_is_the_left_one() -> None:
    errors = 'sum(rate(requests_total{code="500"}[5m])) / sum(rate(requests_total[5m])) > 0.1'
    assert classify(f"({errors}) and node_load1 > 1").kind == "symptom"
    assert classify(f"node_load1 > 1 and ({errors})").kind == "cause"


def test_sides_of_or_that_disagree_leave_it_unknown() -> None:
    errors = 'sum(rate(requests_total{code="500"}[5m])) / sum(rate(requests_total[5m])) > 0.1'
    verdict = classify(f"({errors}) or node_load1 > 10")
    assert verdict.kind is None
    assert "disagree" in verdict.why


def test_a_burn_rate_is_told_by_name_and_by_its_recorded_expression() -> None:
    assert classify("job:slo_burnrate1h > 14.4").kind == "burn-rate"
    records = {"shop:bad": 'sum(rate(requests_total{code=~"5.."}[5m])) / sum(rate(requests_total[5m]))'}
    assert classify("shop:bad > 0.1", records).kind == "symptom"


def test_a_rule_that_records_itself_ends() -> None:
    assert classify("loop:x > 1", {"loop:x": "loop:x + 0"}).kind is None


def test_the_absence_of_a_serving_job_is_a_symptom_and_of_a_helper_a_cause() -> None:
    assert classify('absent(up{job="shop"})').kind == "absence"
    assert classify('absent(up{job="thanos-sidecar"})').kind == "cause"


def test_a_known_day_and_an_extrapolation_are_imminent() -> None:
    assert classify("probe_ssl_earliest_cert_expiry - time() < 86400").kind == "imminent"
    assert classify("predict_linear(node_filesystem_avail_bytes[6h], 86400) < 0").kind == "imminent"


def test_an_alert_without_metrics_or_on_alerts_is_meta() -> None:
    assert classify("vector(1)").kind == "meta"
    assert classify('ALERTS{severity="none"} == 1').kind == "meta"


@pytest.mark.parametrize("expression", ["quux_total > 3", "sum(frobs) by (x)", "((", "", "rate(x)"])
def test_what_nothing_tells_is_unknown_with_a_reason(expression: str) -> None:
    verdict = classify(expression)
    assert verdict.kind is None
    assert verdict.why


def test_the_four_words_of_the_assessment() -> None:
    words = [
        four_way(kind) for kind in ("burn-rate", "symptom", "absence", "imminent", "cause", "meta", None)
    ]
    assert words == ["symptom", "symptom", "symptom", "cause", "cause", "meta", "unknown"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ('a{window="1h"} > 1 and a{window="5m"} > 1', "window"),
        ('sum(rate(x{code="500"}[5m])) / sum(rate(x[5m])) > 1.44', "1.44"),
        ("count(kafka_up) == 0", "count()"),
        ("count by (service) (traefik_server_up) < 1", "count()"),
        ("histogram_quantile(0.9, sum by (job) (rate(x_seconds_bucket[5m]))) > 1", "`le`"),
        ("histogram_quantile(0.9, sum without (le) (rate(x_seconds_bucket[5m]))) > 1", "`le`"),
        ("up != 0", "while the target is up"),
    ],
)
def test_an_alert_that_cannot_fire_is_called_dead(expression: str, said: str) -> None:
    assert said in (dead_reason(expression) or "")


@pytest.mark.parametrize(
    "expression",
    [
        'a{window="1h"} > 1 and ignoring(window) a{window="5m"} > 1',
        'a{window="1h"} > 1 and on(job) a{window="5m"} > 1',
        'sum(a{window="1h"}) > 1 and sum(a{window="5m"}) > 1',
        'sum(rate(x{code="500"}[5m])) / sum(rate(x[5m])) > 0.9',
        '100 * sum(rate(x{code="500"}[5m])) / sum(rate(x[5m])) > 5',
        "count(kafka_up == 1) > 2",
        "(count(kafka_up) or vector(0)) == 0",
        "histogram_quantile(0.9, sum by (job, le) (rate(x_seconds_bucket[5m]))) > 1",
        "histogram_quantile(0.9, rate(x_seconds_bucket[5m])) > 1",
        "histogram_quantile(0.9, sum(rate(native_seconds[5m]))) > 1",
        "up == 0",
        "count(kafka_up) == 0 or kafka_brokers < 3",
        "((((",
    ],
)
def test_an_alert_that_can_fire_is_not(expression: str) -> None:
    assert dead_reason(expression) is None


PIECES = st.sampled_from(
    [
        *SYMPTOMS,
        *CAUSES,
        "(",
        ")",
        " and ",
        " or ",
        " / ",
        "[5m]",
        "sum(",
        "up",
        '{a="b"}',
        "> 1",
        "\n",
        "#",
        "'",
        "\\",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_text_gets_a_verdict(expression: str) -> None:
    assert classify(expression).why
    dead_reason(expression)


@pytest.mark.parametrize(
    "expression", ["(" * 5_000 + "up" + ")" * 5_000, "-" * 9_000 + "up", "up+" * 6_000 + "up"]
)
def test_a_hostile_expression_is_refused_before_it_is_parsed(expression: str) -> None:
    assert classify(expression).kind is None
    assert dead_reason(expression) is None


def test_a_workload_of_which_no_container_is_left_is_absent() -> None:
    gone = classify('absent(container_last_seen{container="kafka",pod=~".+-kafka-[0-9]+"})')
    assert gone.kind == "absence"
    assert classify('absent(container_last_seen{container="oauth-sidecar"})').kind == "cause"


def test_a_share_of_refused_callers_is_unknown_and_of_failed_requests_about_them_a_symptom() -> None:
    refused = "rate(auth_failures_total[5m]) / (rate(auth_failures_total[5m]) + rate(auth_successes_total[5m])) > 0.3"
    assert classify(refused).kind is None
    requests = 'sum(rate(http_requests_total{handler="/auth",code=~"5.."}[5m])) / sum(rate(http_requests_total{handler="/auth"}[5m]))'
    assert classify(f"{requests} > 0.05").kind == "symptom"


@pytest.mark.parametrize(
    "expression",
    [
        "minio_disks_offline != 0",
        "kafka_server_replicamanager_offlinereplicacount > 0",
        "kafka_log_logmanager_offlinelogdirectorycount > 0",
        'ceph_health_detail{name="PG_RECOVERY_FULL"} == 1',
        "rate(shop_operator_list_operations_failed_total[5m]) / rate(shop_operator_list_operations_total[5m]) > 0.4",
        'sum(up{job="fluent-logshipping-app"}) by (cluster) == 0',
    ],
)
def test_a_part_that_others_stand_in_for_and_a_helper_are_no_symptom(expression: str) -> None:
    assert four_way(classify(expression).kind) != "symptom"


def test_partitions_that_nobody_can_reach_stay_a_symptom() -> None:
    assert classify("kafka_controller_kafkacontroller_offlinepartitionscount > 0").kind == "symptom"
