"""Objectives as code, instrumentation by dependency, and tools by configuration."""

from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platform_operations.assess import assess
from platform_operations.assess.components import read_components
from platform_operations.assess.telemetry.instrumentation import read_instrumentation
from platform_operations.assess.telemetry.slo_files import read_slos
from platform_operations.model.assessment import Fact
from platform_operations.model.reliability import ObservabilityPillar, Slo
from platform_operations.repository import InMemoryRepository

OPENSLO = dedent("""\
    apiVersion: openslo/v1
    kind: SLO
    metadata: {name: shop-availability}
    spec:
      service: shop
      indicator:
        spec:
          ratioMetric:
            good:
              metricSource:
                type: Prometheus
                spec: {query: 'sum(increase(req{code!~"5.."}[$window]))'}
            total:
              metricSource:
                type: Prometheus
                spec: {query: 'sum(increase(req[$window]))'}
      timeWindow: [{duration: 28d, isRolling: true}]
      objectives:
        - {displayName: Gold, target: 0.9995}
        - {displayName: Silver, targetPercent: 99}
    """)
SLOTH = dedent("""\
    version: "prometheus/v1"
    service: shop
    labels: {owner: payments}
    slos:
      - name: availability
        objective: 99.9
        sli:
          events:
            error_query: sum(rate(req{code=~"5.."}[{{.window}}]))
            total_query: sum(rate(req[{{.window}}]))
      - name: raw
        objective: 99
        sli: {raw: {error_ratio_query: "x[{{.window}}]"}}
    """)
PYRRA = dedent("""\
    apiVersion: pyrra.dev/v1alpha1
    kind: ServiceLevelObjective
    metadata: {name: shop-latency, labels: {pyrra.dev/team: payments}}
    spec:
      target: "99.50"
      window: 4w
      indicator:
        latency:
          success: {metric: 'dur_bucket{le="0.5"}'}
          total: {metric: dur_count}
    """)


def slos(files: dict[str, str]) -> tuple[tuple[Slo, ...], tuple[Fact, ...]]:
    return read_slos(InMemoryRepository(files), lambda path: "shop")


def test_openslo_gives_one_objective_each_with_its_queries() -> None:
    gold, silver = slos({"slo/shop.yaml": OPENSLO})[0]
    assert (gold.id, gold.objective, gold.window, gold.status) == (
        "shop-availability-gold",
        "99.95",
        "28d",
        "active",
    )
    assert (silver.id, silver.objective) == ("shop-availability-silver", "99")
    assert gold.sli.good == 'sum(increase(req{code!~"5.."}[$window]))'
    assert gold.evidence == ("repo:slo/shop.yaml#L1-L20",)


def test_sloth_turns_errors_into_good_events_and_keeps_the_owner() -> None:
    events, raw = slos({"sloth/shop.yml": SLOTH})[0]
    assert (events.id, events.objective, events.owner) == ("shop-availability", "99.9", "payments")
    assert events.sli.total == "sum(rate(req[$window]))"
    assert events.sli.good == '(sum(rate(req[$window]))) - (sum(rate(req{code=~"5.."}[$window])))'
    assert raw.sli.good is None


def test_pyrra_latency_has_its_threshold_and_window() -> None:
    (slo,) = slos({"monitoring/slo.yaml": PYRRA})[0]
    assert (slo.objective, slo.window, slo.owner) == ("99.5", "28d", "payments")
    assert (slo.sli.kind, slo.sli.threshold_seconds) == ("latency", "0.5")


def test_an_objective_that_is_no_percentage_is_left_out() -> None:
    broken = SLOTH.replace("objective: 99.9", "objective: .inf").replace(
        "objective: 99\n", "objective: 1e999999999\n"
    )
    assert [slo.status for slo in slos({"slo.yml": broken})[0]] == ["needs-baseline", "needs-baseline"]


def test_objectives_that_a_vendor_holds_make_the_practice_present_without_an_entry() -> None:
    entries, facts = slos({"infra/slo.tf": 'resource "datadog_service_level_objective" "x" {\n}\n'})
    assert entries == ()
    assert (facts[-1].outcome, facts[-1].evidence) == ("present", ("repo:infra/slo.tf#L1-L1",))


@pytest.mark.parametrize(
    "text", ["# SLO: single logout\n", "saml:\n  slo: https://idp.example/slo\n", "slos: []\n"]
)
def test_single_logout_is_no_objective(text: str) -> None:
    entries, facts = slos({"config/slo.yaml": text})
    assert entries == ()
    assert facts[-1].outcome == "absent"


def instrumentation(files: dict[str, str]) -> tuple[tuple[ObservabilityPillar, ...], dict[str, Fact]]:
    repository = InMemoryRepository(files)
    components, _ = read_components(repository, {})
    pillars, facts = read_instrumentation(repository, components)
    return pillars, {fact.aspect: fact for fact in facts}


MUTATIONS = st.lists(
    st.tuples(st.integers(0, 900), st.sampled_from("{}[]:-|&*!'\"\n\t#%@`,$ x0")), max_size=12
)


@given(st.sampled_from([OPENSLO, SLOTH, PYRRA]), MUTATIONS)
def test_mutated_objectives_never_raise(text: str, edits: list[tuple[int, str]]) -> None:
    for place, letter in edits:
        text = text[:place] + letter + text[place + 1 :]
    files = {"slo/a.yaml": text, "prometheus/otel.yaml": text, "requirements.txt": text, "Procfile": text}
    for slo in slos(files)[0]:
        assert slo.evidence[0].startswith("repo:slo/a.yaml#L") or "otel" in slo.evidence[0]
    instrumentation(files)


def test_libraries_give_pillars_with_the_line_that_imports_them() -> None:
    files = {
        "requirements.txt": "flask\nprometheus-client\nstructlog\nopentelemetry-sdk\nsentry-sdk\n",
        "Procfile": "web: gunicorn shop\n",
        "shop/metrics.py": "import os\nfrom prometheus_client import Counter\n",
    }
    pillars, facts = instrumentation(files)
    told = {pillar.id: (pillar.tool, pillar.instrumentation) for pillar in pillars}
    assert told == {
        "metrics": ("prometheus", "prometheus-client in shop/metrics.py"),
        "logs": ("stdout", "structlog in requirements.txt"),
        "traces": ("opentelemetry", "opentelemetry-sdk in requirements.txt"),
        "events": ("sentry", "sentry-sdk in requirements.txt"),
    }
    assert pillars[0].evidence == ("repo:shop/metrics.py#L2-L2", "repo:requirements.txt#L2-L2")
    assert set(facts) == {"prometheus", "opentelemetry", "sentry"}


def test_tools_are_seen_in_configuration_but_not_in_comments_or_examples() -> None:
    files = {
        "deploy/monitor.yaml": "kind: ServiceMonitor\n",
        "infra/main.tf": 'resource "datadog_monitor" "x" {}\n# resource "newrelic_alert" "y" {}\n',
        "examples/x.yaml": "kind: GrafanaDashboard\n",
    }
    _, facts = instrumentation(files)
    assert set(facts) == {"prometheus", "datadog"}
    assert facts["datadog"].evidence == ("repo:infra/main.tf#L1-L1",)


def test_a_development_dependency_is_no_instrumentation() -> None:
    _, facts = instrumentation(
        {"package.json": '{"name": "x", "devDependencies": {"@sentry/node": "8"}}', "a.js": ""}
    )
    assert facts == {}


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("infra/slos.tf", 'resource "awscc_applicationsignals_service_level_objective" "web" {\n}\n', 1),
        ("infra/slos.tf", 'resource "dynatrace_slo_v2" "web" {\n}\n', 1),
        ("k8s/slo.yaml", "apiVersion: datadoghq.com/v1alpha1\nkind: DatadogSLO\n", 2),
        ("config.libsonnet", "{\n  SLOs: {\n    api: {\n      days: 30,\n      target: 0.99,\n    },\n  },\n}\n", 2),
        ("rules/web.yaml", "groups:\n  - name: a\n    rules:\n      - alert: WebErrorBudgetBurn\n        expr: errors:rate1h > 14.4 * 0.001\n", 5),
        ("rules/web.yaml", "groups:\n  - name: a\n    rules:\n      - alert: WebLatencySLOCritical\n        expr: share < 0.95\n", 5),
    ],
)  # fmt: skip
def test_an_objective_of_another_tool_or_in_an_alert_is_one(path: str, text: str, line: int) -> None:
    fact = assess(InMemoryRepository({path: text})).fact("practices", "slos")
    assert fact is not None
    assert (fact.outcome, fact.evidence) == ("present", (f"repo:{path}#L{line}-L{line}",))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("infra/slos.tf", 'data "awscc_applicationsignals_service_level_objective" "web" {\n}\n'),
        ("config.libsonnet", "{\n  SLOs: {\n    api: {\n      days: 30,\n    },\n  },\n}\n"),
        ("rules/web.yaml", "groups:\n  - name: a\n    rules:\n      - alert: KubeAPIErrorBudgetBurn\n        expr: errors > 14.4 * 0.01\n"),
        ("rules/web.yaml", "groups:\n  - name: a\n    rules:\n      - alert: DiskSlow\n        expr: share < 0.95\n"),
        ("rules/web.yaml", "groups:\n  - name: a\n    rules:\n      - alert: SLOFilesMissing\n        expr: absent(slo_info)\n"),
    ],
)  # fmt: skip
def test_what_reads_an_objective_borrows_one_or_has_no_number_is_none(path: str, text: str) -> None:
    fact = assess(InMemoryRepository({path: text})).fact("practices", "slos")
    assert fact is not None
    assert fact.outcome == "absent"
