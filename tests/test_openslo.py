"""OpenSLO files against the structure that the specification and its Go SDK state (README and validation, 2026-11-23)."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
import yaml
from tests.rendered_plans import Promise, plan_of

from platform_operations.deliver.rendering import render
from platform_operations.model.plan import Plan
from platform_operations.model.reliability import Sli

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
DURATION = re.compile(r"[0-9]+[mhdwMQY]")
ANNOTATION = re.compile(
    r"([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?/)?[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?"
)
KEYS = {
    "SLO": {"description", "service", "indicator", "timeWindow", "budgetingMethod", "objectives", "alertPolicies"},
    "AlertPolicy": {
        "description", "alertWhenNoData", "alertWhenBreaching", "alertWhenResolved", "conditions",
        "notificationTargets",
    },
    "AlertNotificationTarget": {"description", "target"},
}  # fmt: skip


def objects(plan: Plan) -> list[dict[str, Any]]:
    texts = [file.text for file in render(plan, ["openslo"]).artifacts]
    return [found for text in texts for found in yaml.safe_load_all(text)]


def faults(found: dict[str, Any]) -> list[str]:
    """What the SDK would refuse in an object."""
    kind, spec, metadata = found["kind"], found["spec"], found["metadata"]
    wrong = [] if found["apiVersion"] == "openslo/v1" else ["apiVersion"]
    wrong += [f"unknown {key}" for key in spec.keys() - KEYS[kind]]
    wrong += [] if DNS_LABEL.fullmatch(metadata["name"]) else ["name"]
    wrong += [key for key in metadata.get("annotations", {}) if not ANNOTATION.fullmatch(key)]
    wrong += [] if len(spec.get("description", "")) <= 1050 else ["description"]
    return [*wrong, *{"SLO": slo_faults, "AlertPolicy": policy_faults}.get(kind, target_faults)(spec)]


def slo_faults(spec: dict[str, Any]) -> list[str]:
    ratio = spec["indicator"]["spec"]["ratioMetric"]
    (window,) = spec["timeWindow"]
    (objective,) = spec["objectives"]
    checks = {
        "counter": isinstance(ratio["counter"], bool),
        "queries": all(ratio[part]["metricSource"]["spec"]["query"] for part in ("good", "total")),
        "window": window["isRolling"] is True and bool(DURATION.fullmatch(window["duration"])),
        "method": spec["budgetingMethod"] in {"Occurrences", "Timeslices", "RatioTimeslices"},
        "objective": list(objective) == ["targetPercent"] and 0 <= objective["targetPercent"] < 100,
        "placeholder": "$" not in str(ratio),
    }
    return [name for name, good in checks.items() if not good]


def policy_faults(spec: dict[str, Any]) -> list[str]:
    (inline,) = spec["conditions"]
    condition = inline["spec"]["condition"]
    checks = {
        "kind": (inline["kind"], condition["kind"]) == ("AlertCondition", "burnrate"),
        "condition name": DNS_LABEL.fullmatch(inline["metadata"]["name"]),
        "severity": inline["spec"]["severity"],
        "op": condition["op"] in {"gt", "lt", "gte", "lte"},
        "threshold": isinstance(condition["threshold"], (int, float)),
        "window": DURATION.fullmatch(condition["lookbackWindow"]),
        "targets": spec["notificationTargets"]
        and all(DNS_LABEL.fullmatch(row["targetRef"]) for row in spec["notificationTargets"]),
    }
    return [name for name, good in checks.items() if not good]


def target_faults(spec: dict[str, Any]) -> list[str]:
    return [] if spec["target"] else ["target"]


@pytest.mark.parametrize("objective", ["90", "95", "99", "99.95", "99.99"])
@pytest.mark.parametrize("window", ["7d", "28d", "30d"])
def test_every_object_is_one_that_the_sdk_accepts_and_every_reference_resolves(
    objective: str, window: str
) -> None:
    found = objects(plan_of(Promise(objective=objective, window=window)))
    assert [faults(row) for row in found] == [[]] * len(found)
    names = {(row["kind"], row["metadata"]["name"]) for row in found}
    (slo,) = [row for row in found if row["kind"] == "SLO"]
    for row in slo["spec"]["alertPolicies"]:
        assert ("AlertPolicy", row["alertPolicyRef"]) in names
    for row in found:
        for target in row["spec"].get("notificationTargets", ()):
            assert ("AlertNotificationTarget", target["targetRef"]) in names
    assert Decimal(str(slo["spec"]["objectives"][0]["targetPercent"])) == Decimal(objective)


def test_each_window_pair_is_a_policy_over_its_long_window_that_names_the_short_one() -> None:
    found = [row for row in objects(plan_of(Promise())) if row["kind"] == "AlertPolicy"]
    assert [
        (
            row["spec"]["conditions"][0]["spec"]["condition"]["lookbackWindow"],
            row["metadata"]["annotations"]["platform-ops/short-window"],
            row["spec"]["conditions"][0]["spec"]["condition"]["threshold"],
            row["spec"]["conditions"][0]["spec"]["severity"],
        )
        for row in found
    ] == [
        ("1h", "5m", 14.4, "page"),
        ("6h", "30m", 6, "page"),
        ("1d", "2h", 3, "ticket"),
        ("3d", "6h", 1, "ticket"),
    ]
    assert all(row["spec"]["alertWhenNoData"] is True for row in found)


def test_counters_stand_in_the_indicator_and_other_queries_over_the_whole_window() -> None:
    ratio = objects(plan_of(Promise()))[0]["spec"]["indicator"]["spec"]["ratioMetric"]
    assert ratio["counter"] is True
    assert ratio["total"]["metricSource"]["spec"]["query"] == 'sum(http_requests_total{job="checkout"})'
    probe = Sli(
        kind="availability",
        source="prometheus",
        good='sum(sum_over_time(probe_success{job="b"}[$window]))',
        total='sum(count_over_time(probe_success{job="b"}[$window]))',
    )
    ratio = objects(plan_of(Promise(sli=probe)))[0]["spec"]["indicator"]["spec"]["ratioMetric"]
    assert ratio["counter"] is False
    assert ratio["good"]["metricSource"]["spec"]["query"] == 'sum(sum_over_time(probe_success{job="b"}[28d]))'


def test_long_and_odd_names_become_dns_labels_that_stay_different() -> None:
    long = "checkout-" + "very-" * 14 + "available"
    plan = plan_of(Promise(id=f"{long}-a"), Promise(id=f"{long}-b"))
    odd = tuple(alert.model_copy(update={"route": "#Pay Me!"}) for alert in plan.alerts)
    found = objects(plan.model_copy(update={"alerts": odd}))
    assert [faults(row) for row in found] == [[]] * len(found)
    policies = [row["metadata"]["name"] for row in found if row["kind"] != "AlertNotificationTarget"]
    assert len(set(policies)) == len(policies) == 10


def test_an_slo_without_a_number_or_a_query_is_left_out_with_the_reason() -> None:
    measured = Promise(id="from-a-file", sli=Sli(kind="latency", source="file"))
    plan = plan_of(measured, replace(Promise(), id="open"))
    open_slo = plan.slos[1].model_copy(
        update={"objective": None, "status": "needs-baseline", "baseline": None}
    )
    rendering = render(plan.model_copy(update={"slos": (plan.slos[0], open_slo)}), ["openslo"])
    assert rendering.artifacts == ()
    assert [row.entry for row in rendering.left_out] == ["slos/from-a-file", "slos/open"]
